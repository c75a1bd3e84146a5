//! Durations as files and arguments write them: `10s`, `5m`, `1h`.

use std::fmt;
use std::time::Duration;

/// Reads a duration: a whole number and one of the units `s`, `m`, `h`.
pub fn parse(text: &str) -> Result<Duration, DurationFlaw> {
    let unit = match text.chars().next_back() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        _ => return Err(DurationFlaw),
    };
    let digits = &text[..text.len() - 1];
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(DurationFlaw);
    }
    let count: u64 = digits.parse().map_err(|_| DurationFlaw)?;
    // A deadline is added to the clock, which a hundred years does not overflow.
    count
        .checked_mul(unit)
        .filter(|seconds| *seconds <= 100 * 365 * 24 * 3600)
        .map(Duration::from_secs)
        .ok_or(DurationFlaw)
}

/// Not a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DurationFlaw;

impl fmt::Display for DurationFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is no duration, expected a number and a unit: `10s`, `5m` or `1h`")
    }
}

impl std::error::Error for DurationFlaw {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        let rows = [
            ("10s", Some(10)),
            ("5m", Some(300)),
            ("1h", Some(3600)),
            ("0s", Some(0)),
            ("", None),
            ("s", None),
            ("10", None),
            ("10 s", None),
            ("+1s", None),
            ("-1s", None),
            ("1.5h", None),
            ("10ms", None),
            ("1d", None),
            ("1h30m", None),
            ("10é", None),
            ("99999999999999999999s", None),
            ("18446744073709551615h", None),
            ("1000000h", None),
        ];
        for (text, seconds) in rows {
            let parsed = parse(text).ok();
            assert_eq!(parsed, seconds.map(Duration::from_secs), "{text:?}");
        }
    }
}

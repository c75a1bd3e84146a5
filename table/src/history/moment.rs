//! The moment of a commit, in words that sort.

use jiff::Timestamp;

/// Returns the present moment as RFC 3339 in UTC, to the second.
pub(crate) fn now() -> String {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second())
        .unwrap_or(now)
        .to_string()
}

/// Returns the seconds since 1970 of the present moment.
pub(crate) fn now_in_seconds() -> i64 {
    Timestamp::now().as_second()
}

/// Returns the seconds since 1970 of a moment in RFC 3339.
pub(crate) fn seconds(moment: &str) -> Option<i64> {
    Some(moment.parse::<Timestamp>().ok()?.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_utc_to_the_second() {
        let moment = now();
        assert!(
            moment.ends_with('Z') && moment.len() == "2000-02-29T00:00:00Z".len(),
            "{moment}"
        );
        assert!(seconds(&moment).is_some_and(|seconds| seconds > 951_782_400));
    }

    #[test]
    fn what_is_no_moment_has_no_seconds() {
        let rows = [
            ("2000-02-29T00:00:00Z", Some(951_782_400)),
            ("2001-02-29T00:00:00Z", None),
            ("", None),
        ];
        for (moment, expected) in rows {
            assert_eq!(seconds(moment), expected, "{moment}");
        }
    }
}

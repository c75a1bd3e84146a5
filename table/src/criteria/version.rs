//! How a version criterion agrees with a member's version.

use semver::{Version, VersionReq};

/// Tells whether `found` is `wanted` as a string, or meets it as a semver requirement.
///
/// A version may be shorter than semver wants it: `1` is `1.0.0`. A string that is no version at
/// all ("R12", "latest") agrees with itself only.
pub(super) fn agrees(wanted: &str, found: &str) -> bool {
    wanted == found
        || VersionReq::parse(wanted)
            .ok()
            .zip(full(found))
            .is_some_and(|(requirement, version)| requirement.matches(&version))
}

/// Tells whether one version could agree with both.
///
/// Exact for versions and ranges without pre-releases: two ranges that overlap share the lower
/// bound of one of them, or the version just above it.
pub(super) fn together(one: &str, other: &str) -> bool {
    let bounds = |text: &str| -> Vec<Version> {
        let requirement = VersionReq::parse(text).unwrap_or(VersionReq {
            comparators: Vec::new(),
        });
        let lowest = requirement.comparators.into_iter().flat_map(|bound| {
            let mut version = Version::new(
                bound.major,
                bound.minor.unwrap_or(0),
                bound.patch.unwrap_or(0),
            );
            version.pre = bound.pre;
            let Version {
                major,
                minor,
                patch,
                ..
            } = version;
            let above = Version::new(major, minor, patch.saturating_add(1));
            let next_minor = Version::new(major, minor.saturating_add(1), 0);
            let next_major = Version::new(major.saturating_add(1), 0, 0);
            [version, above, next_minor, next_major]
        });
        lowest.chain([Version::new(0, 0, 0)]).collect()
    };
    let literal = [one, other].into_iter().map(str::to_owned);
    literal
        .chain(bounds(one).iter().map(Version::to_string))
        .chain(bounds(other).iter().map(Version::to_string))
        .any(|found| agrees(one, &found) && agrees(other, &found))
}

fn full(text: &str) -> Option<Version> {
    let missing = match text.matches('.').count() {
        _ if text.contains(['-', '+']) => "",
        0 => ".0.0",
        1 => ".0",
        _ => "",
    };
    Version::parse(&format!("{text}{missing}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_agrees_as_a_string_or_as_a_requirement() {
        let rows = [
            ("1", "1", true),
            ("1", "1.4.2", true),
            ("1", "2.0.0", false),
            (">=1.2, <2", "1.2", true),
            (">=1.2, <2", "1", false),
            (">1", "1", false),
            ("=1.2.3", "1.2.3", true),
            ("~1.2", "1.3.0", false),
            ("*", "7", true),
            ("R12", "R12", true),
            ("R12", "R13", false),
            (">=1", "R12", false),
            ("1.2.3-rc.1", "1.2.3-rc.1", true),
            ("1.0.0.7", "1.0.0.7", true),
            ("1", "1.", false),
            ("1", "01", false),
            (">=1", "1-rc1", false),
            (">=1", "", false),
        ];
        for (wanted, found, expected) in rows {
            assert_eq!(agrees(wanted, found), expected, "{wanted:?} and {found:?}");
        }
    }

    #[test]
    fn two_requirements_that_no_version_meets_are_apart() {
        let rows = [
            ("1", "2", false),
            ("1", "1.5", true),
            (">1.2.3", "<1.3", true),
            (">1.2", "<1.3", false),
            (">1", "<3", true),
            ("<1", ">=1", false),
            ("R12", "R13", false),
            ("R12", "R12", true),
            ("R12", "*", false),
            ("<2", "<3", true),
            ("^1.2", "~1.9", true),
            (">18446744073709551615.0.18446744073709551615", ">1", true),
        ];
        for (one, other, expected) in rows {
            assert_eq!(together(one, other), expected, "{one:?} and {other:?}");
            assert_eq!(together(other, one), expected, "{other:?} and {one:?}");
        }
    }
}

//! What has to be true of a store, whatever has happened to it: the next commit finds nothing in its way.

use std::path::Path;

use crate::bench::{Try, acknowledged};

/// Makes the next commit: it takes a number that nobody has had, and removes what was left.
#[track_caller]
pub fn goes_on(tried: &Try<'_>, what: &str) {
    let before = tried.generations();
    let number = acknowledged(&tried.admin("member set after app=x"));
    let highest = before.last().map_or(0, |(highest, _)| *highest);
    assert_eq!(number, Some(highest + 1), "{what}");
    let all = tried.generations();
    let kept = &all[..before.len()];
    assert_eq!(kept, before, "{what}: a number is used twice");
    assert_eq!(tried.strangers(), <[&Path; 0]>::default(), "{what}");
    let checked = tried.admin("check");
    let is_clean = checked.contains(&format!(": generation {}, ", highest + 1))
        && checked.ends_with(", 0 warnings\n");
    assert!(is_clean, "{what}: {checked}");
}

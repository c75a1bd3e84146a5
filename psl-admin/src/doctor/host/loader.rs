//! Whether the loader's cache leads through links: programs find their libraries there without asking anybody.
use super::super::finding::Finding;
use crate::view::Places;
use psl_table::executable::cache::{Cache, FILE};
use psl_table::name::AbsPath;
use psl_table::table::Table;
use std::os::unix::ffi::OsStrExt;

/// Looks for libraries of the cache that lie behind anybody's link.
pub fn check(table: Option<&Table>) -> Finding {
    const NAME: &str = "ld.so.cache";
    let bytes = std::fs::read(FILE).map_err(|error| format!("{FILE:?}: {error}"));
    let parsed = bytes.as_deref().map_err(Clone::clone).and_then(|bytes| {
        Cache::parse(bytes).ok_or_else(|| format!("{FILE:?} has a format that is not known"))
    });
    let cache = match parsed {
        Ok(cache) => cache,
        Err(why) => {
            return Finding::warn(
                NAME,
                format!("cannot be read: {why}"),
                "run `ldconfig`; until then the loader searches its default directories alone",
            );
        }
    };
    let count = cache.entries().count();
    let Some(table) = table else {
        return Finding::ok(
            NAME,
            format!("libraries: {count}; no table to compare them with"),
        );
    };
    let places = Places::of(table);
    let behind = |path: &&[u8]| {
        let path = std::str::from_utf8(path).ok();
        let path = path.and_then(|path| AbsPath::new(path).ok());
        path.is_some_and(|path| places.is_behind_one(&path))
    };
    let paths = || cache.entries().map(|entry| entry.path);
    let behind: Vec<_> = paths().filter(behind).collect();
    match behind.first() {
        None => Finding::ok(NAME, format!("libraries: {count}, none behind a link")),
        Some(first) => Finding::warn(
            NAME,
            format!(
                "libraries behind links: {} of {count}, the first is {:?}",
                behind.len(),
                std::ffi::OsStr::from_bytes(first)
            ),
            "members get their own, by a second start of each program that needs one; RUNPATH in the program saves that",
        ),
    }
}

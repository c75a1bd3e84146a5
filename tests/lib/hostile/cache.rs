//! The loader's cache of libraries.

use std::ops::ControlFlow;

use psl_table::executable::cache::Cache;

/// A cache yields what is in it, and finds each library by its name.
pub fn check(bytes: &[u8]) -> ControlFlow<()> {
    let Some(cache) = Cache::parse(bytes) else {
        return ControlFlow::Break(());
    };
    let inside = bytes.as_ptr_range();
    let count = cache.entries().count();
    assert!(count <= bytes.len() / 24);
    for entry in cache.entries().take(8) {
        for text in [entry.name, entry.path] {
            assert!(
                text.len() <= bytes.len() && inside.contains(&text.as_ptr()) || text.is_empty()
            );
        }
        for path in cache.paths_of(entry.name) {
            let is_its = |other: &psl_table::executable::cache::Entry<'_>| {
                other.name == entry.name && other.path == path
            };
            assert!(cache.entries().any(|other| is_its(&other)));
        }
    }
    ControlFlow::Continue(())
}

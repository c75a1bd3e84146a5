//! The snapshot that a process inherits in a variable.

use std::ops::ControlFlow;
use std::path::Path;

use psl_table::pinned::{Mark, PREFIX, Pinned, View};
use psl_table::snapshot::Entry;

/// What is understood is written so that it is understood alike, and every place of it is found.
///
/// The text is given the checksum that it would have, without which none gets further.
pub fn check(bytes: &[u8]) -> ControlFlow<()> {
    if let Err(malformed) = Pinned::read(bytes) {
        assert!(malformed.to_string().len() < 2000);
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Some(mark) = Mark::read(&format!("{PREFIX}{text}"))
    {
        let again = Mark::text(&mark.pinned, mark.store.as_deref());
        let again = Mark::read(&again).expect("it was just written");
        assert!(again.pinned == mark.pinned && (again.store.is_none() || again == mark));
    }
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let sum = format!(";{:08x}", crc32fast::hash(body));
    let text = [body, sum.as_bytes()].concat();
    let pinned = super::understood(Pinned::read(&text))?;
    let written = pinned.to_string();
    let again = Pinned::read(written.as_bytes()).expect("it was just written");
    if again.view == View::Stored {
        assert!(again.generation == pinned.generation && again.member == pinned.member);
    } else {
        assert_eq!(again, pinned);
    }
    assert_eq!(again.to_string(), written);

    let store = Path::new("/shared/psl");
    let mark = Mark::read(&Mark::text(&pinned, Some(store))).expect("it was just written");
    assert!(mark.pinned.member == pinned.member && mark.pinned.engine == pinned.engine);
    assert!(mark.store.is_none_or(|named| named == store));

    if let View::Resolved(snapshot) = &pinned.view {
        for place in snapshot.places() {
            assert!(snapshot.has_name(&place.name));
            assert!(snapshot.named(&place.name).contains(place));
            assert!(snapshot.directory(&place.dir).has(&place.name));
            if let Entry::Link(link) = &place.entry {
                assert!(link.inode >= 1 << 40 && link.dir.to_bytes() == &*place.dir);
            }
        }
        assert!(!snapshot.has_name(b"no/name"));
    }
    ControlFlow::Continue(())
}

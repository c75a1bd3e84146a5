//! What an instance leaves where others see it, whatever becomes of the environment: in the name of a mapping or mount.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::{Pinned, field};

/// What the text of a mark begins with.
pub const PREFIX: &str = "psl:";

/// The longest text in bytes: what memfd_create(2) takes for a name.
pub const ROOM: usize = 249;

/// What a process is part of, without its view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The generation, the member and the engine.
    pub pinned: Pinned,
    /// The store, from the root on; none where its name is too long, or the host's configuration was not asked for it.
    pub store: Option<PathBuf>,
}

impl Mark {
    /// Returns the text of a mark, as `psl:1;g42,auto=mount;erp1;/shared/psl`.
    ///
    /// The store is left out where it has no [`ROOM`]; a member's name may be longer than that all the same.
    pub fn text(pinned: &Pinned, store: Option<&Path>) -> String {
        let mut text = format!("{PREFIX}{}", pinned.head());
        let length = text.len();
        if let Some(store) = store {
            text.push(';');
            field::write(store.as_os_str().as_bytes(), &mut text);
            if text.len() > ROOM {
                text.truncate(length);
            }
        }
        text
    }

    /// Reads a text; none if it is nobody's mark.
    pub fn read(text: &str) -> Option<Self> {
        let body = text.strip_prefix(PREFIX)?;
        let mut fields = body.splitn(4, ';');
        let head = fields.by_ref().take(3).map(str::len).sum::<usize>() + 2;
        let store = match fields.next() {
            Some(field) => Some(OsString::from_vec(field::read(field)?.into_owned()).into()),
            None => None,
        };
        Some(Self {
            pinned: Pinned::read_body(body.get(..head)?)?,
            store,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pinned::{Engine, View};

    fn pinned(member: &str) -> Pinned {
        Pinned {
            generation: 42,
            member: member.into(),
            engine: Engine::Mount(7),
            view: View::Open,
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for member in ["", "erp1", "a;b", "m (deleted)", "x\n"] {
            for store in [None, Some("/shared/psl"), Some("/a b;,%\n\u{fc}")] {
                let pinned = pinned(member);
                let store = store.map(PathBuf::from);
                let text = Mark::text(&pinned, store.as_deref());
                assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "{text}");
                assert_eq!(Mark::read(&text), Some(Mark { pinned, store }), "{text}");
            }
        }
    }

    #[test]
    fn a_store_is_left_out_where_it_has_no_room() {
        let text = |length| {
            let store = format!("/{}", "s".repeat(length));
            Mark::text(&pinned("erp1"), Some(Path::new(&store)))
        };
        let without = Mark::text(&pinned("erp1"), None);
        let most = ROOM - without.len() - ";/".len();
        assert_eq!(text(most).len(), ROOM);
        assert_eq!(text(most + 1), without);
    }

    #[test]
    fn other_texts_are_nobodys_mark() {
        for text in [
            "",
            "psl:",
            "psl:1",
            "psl:1;g42",
            "psl:1;42;m",
            "psl:1;g42;m%",
            "psl:1;g42;m;%zz",
            "1;g42;m",
        ] {
            assert_eq!(Mark::read(text), None, "{text}");
        }
    }
}

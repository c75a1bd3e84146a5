//! What a member sees of libraries: its links, and what the loader puts into paths.
use psl_table::executable::carriage::Links;
use psl_table::executable::search::{directories, has_places};
use psl_table::executable::tokens::{Values, expand};
use psl_table::snapshot::Snapshot;
use psl_table::tree::{Host, PATH_MAX};
use psl_table::walk::{End, Last, Scratch, walk};
use rustix::fs::CWD;
use std::ffi::{CStr, CString};

/// A snapshot, and how this host's loader expands paths.
#[derive(Clone, Copy, Debug)]
pub struct View<'v> {
    /// What is seen.
    pub snapshot: &'v Snapshot,
    /// What `$LIB` stands for.
    pub lib: &'v [u8],
}

impl View<'_> {
    /// Returns a path as the loader expands it for an object in the directory `origin`; none if it is no path.
    pub fn expanded(&self, path: &[u8], origin: &[u8]) -> Option<CString> {
        let values = Values {
            origin,
            lib: self.lib,
            platform: super::super::libc::platform(),
        };
        CString::new(expand(path, values).ok()?.concat()).ok()
    }

    fn is_near(&self, dir: &CStr) -> bool {
        let mut room = vec![0; PATH_MAX];
        self.lead(dir) || has_places(self.snapshot, dir, Some(&mut room))
    }
}

impl Links for View<'_> {
    fn lead(&self, path: &CStr) -> bool {
        if self.snapshot.is_empty() || path.is_empty() {
            return false;
        }
        let mut scratch = Scratch::new();
        let walked = walk(
            self.snapshot,
            &Host,
            CWD,
            path.to_bytes(),
            Last::Followed,
            &mut scratch,
        );
        !matches!(
            walked,
            Ok(End::Name {
                through_link: false,
                ..
            })
        )
    }

    fn lead_near(&self, list: &[u8], origin: &[u8]) -> bool {
        directories(list).any(|dir| {
            let dir = self.expanded(dir, origin);
            dir.is_none_or(|dir| self.is_near(&dir))
        })
    }
}

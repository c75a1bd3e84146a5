//! Whether the preload engine carries a program: the judgement of [`psl_table`], with this process's links.

use std::ffi::CStr;
use std::sync::atomic::{AtomicBool, Ordering};

use psl_table::executable::carriage::{Links, Search, Told};
use psl_table::executable::script::Header;
use rustix::fd::BorrowedFd;

use crate::environment::{self, Block};
use crate::libraries::{leads_near_link, leads_through_link};
use crate::scratch::Lease;

pub use psl_table::executable::carriage::Carriage;

/// The program that is executed next searches for libraries behind links, whatever its file says.
static AUDIT_NEXT: AtomicBool = AtomicBool::new(false);

/// Has the loader audited in the program that is executed next.
pub fn audit_next() {
    // Relaxed: only this thread looks at it again.
    AUDIT_NEXT.store(true, Ordering::Relaxed);
}

/// The links of this process.
struct Own;

impl Links for Own {
    fn lead(&self, path: &CStr) -> bool {
        leads_through_link(path)
    }

    fn lead_near(&self, list: &[u8], origin: &[u8]) -> bool {
        leads_near_link(list, origin)
    }
}

/// Judges an open program by how it begins, for the environment that it will get.
///
/// # Safety
///
/// `envp` is null or an environment block.
pub unsafe fn judge(file: BorrowedFd<'_>, header: &Header, envp: Block) -> Carriage {
    // SAFETY: the caller's promise.
    let find = |name| unsafe { environment::find(envp, name) }.map(CStr::to_bytes);
    let told = Told {
        library_path: find(b"LD_LIBRARY_PATH"),
        preload: find(b"LD_PRELOAD"),
        shim: environment::own_preload().map_or(b"", CStr::to_bytes),
    };
    let mut leases = (Lease::take(), Lease::take());
    let room = match &mut leases {
        (Some(origin), Some(text)) => Some((&mut origin.buffer()[..], &mut text.buffer()[..])),
        _ => None,
    };
    match Carriage::of(file, header, told, &Own, room) {
        Carriage::Preload if AUDIT_NEXT.load(Ordering::Relaxed) => {
            Carriage::PreloadAndAudit(Search::Loaded)
        }
        judged => judged,
    }
}

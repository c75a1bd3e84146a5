//! What the kernel would run, read from the beginning of a file without allocating, and what a preload cannot carry.

use rustix::fd::BorrowedFd;

pub mod cache;
pub mod carriage;
pub mod elf;
pub mod rights;
pub mod script;
pub mod search;
pub mod tokens;

/// Why a library that is preloaded has no say in a program's path calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uncovered {
    /// It has no loader that could preload anything.
    Static,
    /// It makes system calls without a libc.
    Go,
    /// It is made for another processor, word size or byte order than the library.
    Machine,
    /// Its loader is not that of glibc.
    Loader,
    /// The kernel would take its loader from where the link is, not from where it leads.
    LoaderBehindLink,
    /// It has more rights than its caller, so the loader preloads nothing (`AT_SECURE`).
    Rights,
    /// It may be executed, but not read: nobody can tell.
    Unreadable,
}

impl Uncovered {
    /// Says why, as the rest of a sentence that begins with the program.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Static => "is statically linked",
            Self::Go => "is a Go program, which makes its system calls itself",
            Self::Machine => "is made for another machine or word size",
            Self::Loader => "is not loaded by glibc's loader",
            Self::LoaderBehindLink => "has a loader that lies behind a link",
            Self::Rights => {
                "gains rights when it is executed, so the loader preloads nothing into it"
            }
            Self::Unreadable => "may be executed but not read, so nothing is known of it",
        }
    }
}

/// Reads as much of a file at an offset as there is, at most a buffer full.
fn read_at(file: BorrowedFd<'_>, buffer: &mut [u8], offset: u64) -> Option<usize> {
    loop {
        match rustix::io::pread(file, &mut *buffer, offset) {
            Err(rustix::io::Errno::INTR) => {}
            read => return read.ok(),
        }
    }
}

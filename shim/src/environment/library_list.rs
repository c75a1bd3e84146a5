//! The lists of libraries in `LD_PRELOAD` and `LD_AUDIT`, with or without this one.

use std::ffi::{CStr, c_char};

/// What is loaded before the program's own libraries.
pub const PRELOAD: &[u8] = b"LD_PRELOAD";

/// What the loader asks where libraries lie.
pub const AUDIT: &[u8] = b"LD_AUDIT";

/// A variable that lists libraries, and what is to become of it.
pub struct List<'e, 'o> {
    name: &'static [u8],
    given: Option<&'e CStr>,
    own: &'o CStr,
    change: Change,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    None,
    Add,
    Remove,
}

impl<'e, 'o> List<'e, 'o> {
    /// Compares a list with what is wanted: that it has, or has not, a library, if that is known.
    pub fn of(
        name: &'static [u8],
        find: impl Fn(&[u8]) -> Option<&'e CStr>,
        own: Option<&'o CStr>,
        wanted: Option<bool>,
    ) -> Self {
        let given = find(name);
        let change = match (own, wanted) {
            (Some(own), Some(wanted)) => match (names(given, own), wanted) {
                (false, true) => Change::Add,
                (true, false) => Change::Remove,
                _ => Change::None,
            },
            _ => Change::None,
        };
        Self {
            name,
            given,
            own: own.unwrap_or_default(),
            change,
        }
    }

    /// Whether the variable stays as it is.
    pub fn stays(&self) -> bool {
        self.change == Change::None
    }

    /// Whether a string of the environment is the one that [`List::write`] writes anew.
    pub fn replaces(&self, string: &CStr) -> bool {
        !self.stays() && super::value_of(string, self.name).is_some()
    }

    /// Returns how much room the new string takes at most.
    pub fn size(&self) -> usize {
        if self.stays() {
            return 0;
        }
        let given = self.given.map_or(0, CStr::count_bytes);
        self.name.len() + self.own.count_bytes() + given + 3
    }

    /// Writes the variable as `NAME=VALUE`, this library first and the order of the others kept; none if it goes.
    ///
    /// # Safety
    ///
    /// There are [`List::size`] bytes at `start`.
    pub unsafe fn write(&self, start: *mut u8) -> Option<*const c_char> {
        let own = match self.change {
            Change::None => return None,
            Change::Add => Some(self.own.to_bytes()),
            Change::Remove => None,
        };
        let others = entries(self.given).filter(|&entry| entry != self.own.to_bytes());
        let mut libraries = own.into_iter().chain(others).peekable();
        libraries.peek()?;
        let mut length = 0;
        let mut write = |bytes: &[u8]| {
            // SAFETY: no entry is longer than it was, nor is what separates them.
            unsafe {
                start
                    .add(length)
                    .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            }
            length += bytes.len();
        };
        write(self.name);
        let mut before = b"=";
        for library in libraries {
            write(before);
            write(library);
            before = b":";
        }
        write(b"\0");
        Some(start.cast_const().cast())
    }
}

/// Whether a list has this library.
fn names(list: Option<&CStr>, library: &CStr) -> bool {
    entries(list).any(|entry| entry == library.to_bytes())
}

/// Iterates over a list: between colons or spaces, as ld.so(8) says.
fn entries(list: Option<&CStr>) -> impl Iterator<Item = &[u8]> {
    let list = list.map_or(&[][..], CStr::to_bytes);
    list.split(|byte| b": ".contains(byte))
        .filter(|entry| !entry.is_empty())
}

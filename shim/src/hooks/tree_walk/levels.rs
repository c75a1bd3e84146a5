//! The directories between a walk's start and the object at hand, only so many of them open.

use std::ffi::{CStr, c_char, c_int};
use std::ptr::null_mut;

use libc::DIR;
use rustix::io::Errno;

use crate::hooks::{inner, listing};

/// The directories that are being read, deepest last.
pub struct Levels {
    levels: Vec<Level>,
    /// How many may be open at once, at least one.
    descriptors: usize,
}

struct Level {
    /// Null once a deeper directory needed its descriptor.
    stream: *mut DIR,
    /// The names that were left in it then.
    rest: std::vec::IntoIter<Box<CStr>>,
}

impl Levels {
    /// Makes room for a walk that uses at most so many descriptors, or one.
    pub fn new(descriptors: usize) -> Self {
        Self {
            levels: Vec::new(),
            descriptors: descriptors.max(1),
        }
    }

    /// Leaves one descriptor of several to somebody else.
    pub fn spare_one(&mut self) {
        self.descriptors = (self.descriptors - 1).max(1);
    }

    /// Returns how many directories there are.
    pub fn depth(&self) -> usize {
        self.levels.len()
    }

    /// Returns the descriptor of the deepest directory, if it is open.
    pub fn descriptor(&self) -> Option<c_int> {
        let stream = self.levels.last()?.stream;
        // SAFETY: a stream that is not null is open.
        (!stream.is_null()).then(|| unsafe { libc::dirfd(stream) })
    }

    /// Opens a directory: `entry` is its name in the deepest one, `name` one from the working directory.
    ///
    /// # Safety
    ///
    /// Both are C strings.
    pub unsafe fn enter(&mut self, entry: *const c_char, name: *const c_char) -> Result<(), Errno> {
        let is_open = |level: &&mut Level| !level.stream.is_null();
        if self.levels.iter_mut().filter(is_open).count() >= self.descriptors
            && let Some(oldest) = self.levels.iter_mut().find(is_open)
        {
            oldest.read_to_end();
        }
        // SAFETY: the caller's promise; the descriptor is given away.
        let stream = unsafe {
            match self.descriptor() {
                Some(dir) => {
                    const FLAGS: c_int = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_NONBLOCK;
                    inner::stream_of(inner::open(dir, entry, FLAGS)?)?
                }
                None => inner::open_stream(name)?,
            }
        };
        self.levels.push(Level {
            stream,
            rest: Vec::new().into_iter(),
        });
        Ok(())
    }

    /// Closes the deepest directory; errno stays.
    pub fn leave(&mut self) {
        self.levels.pop();
    }

    /// Appends the name of the deepest directory's next entry; false at the end.
    pub fn next_name(&mut self, to: &mut Vec<u8>) -> bool {
        let Some(level) = self.levels.last_mut() else {
            return false;
        };
        if level.stream.is_null() {
            let name = level.rest.next();
            to.extend(name.iter().flat_map(|name| name.to_bytes()));
            return name.is_some();
        }
        // SAFETY: the stream is open, and nobody else reads it.
        let name = unsafe { next_name(level.stream) };
        to.extend(name.into_iter().flat_map(CStr::to_bytes));
        name.is_some()
    }

    /// Makes the deepest directory the working directory; fails if it is not open.
    pub fn change_to_deepest(&self) -> Result<(), Errno> {
        inner::change_directory_to(self.descriptor().ok_or(Errno::BADF)?)
    }
}

impl Level {
    /// Keeps the names that are left, and closes the stream.
    fn read_to_end(&mut self) {
        let stream = self.stream;
        // SAFETY: the stream is open, and nobody else reads it.
        let names = std::iter::from_fn(|| unsafe { next_name(stream) });
        self.rest = names.map(Box::from).collect::<Vec<_>>().into_iter();
        self.close();
    }

    fn close(&mut self) {
        let stream = std::mem::replace(&mut self.stream, null_mut());
        if !stream.is_null() {
            // SAFETY: it is open, and has just been forgotten.
            unsafe { inner::close_stream(stream) };
        }
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        self.close();
    }
}

/// Reads the next name that is neither `.` nor `..`; an error is the end.
///
/// # Safety
///
/// The stream is open; the name is good until it is read again.
unsafe fn next_name<'a>(stream: *mut DIR) -> Option<&'a CStr> {
    loop {
        // SAFETY: the caller's promise; the name of an entry ends with a NUL.
        let name = unsafe {
            let entry = listing::read(stream).as_ref()?;
            CStr::from_ptr((&raw const entry.d_name).cast())
        };
        if name != c"." && name != c".." {
            return Some(name);
        }
    }
}

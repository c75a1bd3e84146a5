//! The memory that values of this library are in: the program's own, but mappings of its own while a hook looks at the table.
//!
//! A hook may run where the program's allocator must not be called: in a signal handler, or in that allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr::null_mut;

use rustix::mm::{MapFlags, ProtFlags};

use crate::aside;

struct Memory;

#[global_allocator]
static MEMORY: Memory = Memory;

// SAFETY: both kinds of memory hold to the contract; which one a call means is told by the stack that it is made on,
// and nothing that was made on one is given back on the other.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match aside::arena() {
            Some(arena) => arena.take(layout),
            // SAFETY: the caller's promise.
            None => unsafe { System.alloc(layout) },
        }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // An arena is given back as a whole.
        if aside::arena().is_none() {
            // SAFETY: the caller's promise.
            unsafe { System.dealloc(at, layout) };
        }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let Some(arena) = aside::arena() else {
            // SAFETY: the caller's promise.
            return unsafe { System.realloc(at, layout, size) };
        };
        let Ok(grown) = Layout::from_size_align(size, layout.align()) else {
            return null_mut();
        };
        let to = arena.take(grown);
        if !to.is_null() {
            // SAFETY: both have room for the smaller of the two sizes, and the new one is nobody else's.
            unsafe { to.copy_from_nonoverlapping(at, layout.size().min(size)) };
        }
        to
    }
}

/// Memory that is only taken, and given back as a whole when this is dropped.
pub struct Arena {
    first: Chunk,
    last: Cell<Chunk>,
    /// How much of the last chunk is taken.
    used: Cell<usize>,
}

/// A mapping; what it begins with says where the one before it is.
#[derive(Clone, Copy)]
struct Chunk {
    at: *mut u8,
    size: usize,
}

// SAFETY: a chunk is a mapping, whichever thread has it; one thread at a time takes memory from an arena.
unsafe impl Send for Arena {}
// SAFETY: as above: `take` is only called through `aside`, which one thread at a time is on.
unsafe impl Sync for Arena {}

/// The least that is mapped at once.
const CHUNK: usize = 1 << 20;

/// The room that a chunk keeps for where the one before it is, and what all memory is aligned to at least.
const HEAD: usize = size_of::<Chunk>();

impl Arena {
    /// Maps so much at first, which costs nothing before it is used; none where the kernel refuses.
    pub fn new(size: usize) -> Option<Self> {
        let first = Chunk::map(size.max(CHUNK))?;
        Some(Self {
            first,
            last: Cell::new(first),
            used: Cell::new(HEAD),
        })
    }

    /// Takes memory, which is all zeroes; null where there is none left.
    fn take(&self, layout: Layout) -> *mut u8 {
        let last = self.last.get();
        if let Some(at) = self.take_from(last, layout) {
            return at;
        }
        let wanted = layout.size().saturating_add(layout.align() + HEAD);
        let Some(more) = Chunk::map(wanted.max(CHUNK)) else {
            return null_mut();
        };
        // SAFETY: it was just mapped, and is larger than that.
        unsafe { more.at.cast::<Chunk>().write(last) };
        self.last.set(more);
        self.used.set(HEAD);
        self.take_from(more, layout).unwrap_or(null_mut())
    }

    fn take_from(&self, chunk: Chunk, layout: Layout) -> Option<*mut u8> {
        let begin = self.used.get().checked_next_multiple_of(layout.align())?;
        let end = begin.checked_add(layout.size())?;
        if end > chunk.size {
            return None;
        }
        self.used.set(end);
        Some(chunk.at.wrapping_add(begin))
    }
}

impl Chunk {
    fn map(size: usize) -> Option<Self> {
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: a fresh mapping disturbs nothing.
        let mapped = unsafe {
            rustix::mm::mmap_anonymous(null_mut(), size, ProtFlags::READ | ProtFlags::WRITE, flags)
        };
        let at = mapped.ok()?.cast();
        Some(Self { at, size })
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        let mut last = self.last.get();
        loop {
            let is_first = last.at == self.first.at;
            // SAFETY: every chunk but the first one begins with where the one before it is.
            let before = (!is_first).then(|| unsafe { last.at.cast::<Chunk>().read() });
            // SAFETY: this is the mapping's only owner, and nothing in it is used any more.
            let unmapped = unsafe { rustix::mm::munmap(last.at.cast(), last.size) };
            debug_assert!(unmapped.is_ok());
            let Some(before) = before else { return };
            last = before;
        }
    }
}

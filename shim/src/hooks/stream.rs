//! The open directory streams whose directory holds places, and how far each has been read.

use std::cell::UnsafeCell;
use std::ffi::{CStr, c_char, c_long};
use std::mem::{MaybeUninit, offset_of};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use libc::{DIR, DT_LNK, dirent64 as Dirent};
use psl_table::snapshot::Directory;
use psl_table::tree::Host;
use rustix::fd::BorrowedFd;
use rustix::mm::{MapFlags, ProtFlags};

use crate::resolve::snapshot;
use crate::scratch::Lease;

/// What is known of a stream.
///
/// A listing gives what really lies in the directory first, without the names of places, and then the links. That
/// needs no memory of what has been given, so seekdir(3) may go anywhere.
pub struct Stream {
    directory: UnsafeCell<MaybeUninit<Directory<'static>>>,
    /// 0 while the directory itself is read, then one more than the place whose turn it is.
    turn: AtomicUsize,
    /// What readdir(3) returned of the last link.
    entry: UnsafeCell<Dirent>,
}

/// The position of the first link to telldir(3). No file system has it or one below: -1 is an error.
const FIRST: c_long = -2;

impl Stream {
    const fn new() -> Self {
        Self {
            directory: UnsafeCell::new(MaybeUninit::uninit()),
            turn: AtomicUsize::new(0),
            // SAFETY: zeroes are an entry without a name.
            entry: UnsafeCell::new(unsafe { std::mem::zeroed() }),
        }
    }

    fn directory(&self) -> Directory<'static> {
        // SAFETY: it is written before anybody can find the stream, and not after.
        unsafe { (*self.directory.get()).assume_init() }
    }

    /// Whether the end of the directory itself has been reached.
    ///
    /// All orderings here are relaxed: threads that share a stream have to agree on its order themselves.
    pub fn is_among_links(&self) -> bool {
        self.turn.load(Ordering::Relaxed) != 0
    }

    /// Goes on to the links when the directory itself has no more entries.
    pub fn end_directory(&self) {
        // Another thread may have gone on, and have given links already.
        let _ = self
            .turn
            .compare_exchange(0, 1, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Goes back to the directory itself.
    pub fn restart(&self) {
        self.turn.store(0, Ordering::Relaxed);
    }

    /// Returns what telldir(3) says among the links.
    pub fn position(&self) -> Option<c_long> {
        let turn = self.turn.load(Ordering::Relaxed);
        turn.checked_sub(1).map(position)
    }

    /// Goes to a position among the links; says whether it is one.
    pub fn seek(&self, to: c_long) -> bool {
        let place = FIRST
            .checked_sub(to)
            .and_then(|at| usize::try_from(at).ok());
        let Some(place) = place.filter(|&place| place <= self.directory().len()) else {
            return false;
        };
        self.turn.store(place + 1, Ordering::Relaxed);
        true
    }

    /// Whether what really lies in the directory under this name is not listed.
    ///
    /// # Safety
    ///
    /// `entry` is one that libc's readdir(3) returned.
    pub unsafe fn hides(&self, entry: *const Dirent) -> bool {
        // SAFETY: the name of an entry ends with a NUL.
        let name = unsafe { CStr::from_ptr((&raw const (*entry).d_name).cast()) };
        self.directory().has(name.to_bytes())
    }

    /// Writes the next link as an entry; false at the end.
    ///
    /// # Safety
    ///
    /// `into` has room for an entry with the longest name.
    pub unsafe fn next_link(&self, into: *mut Dirent) -> bool {
        let mut turn = self.turn.load(Ordering::Relaxed);
        loop {
            let Some((place, name, link)) = self.directory().link_from(turn.saturating_sub(1))
            else {
                return false;
            };
            if let Err(seen) =
                self.turn
                    .compare_exchange(turn, place + 2, Ordering::Relaxed, Ordering::Relaxed)
            {
                turn = seen;
                continue;
            }
            let Some(length) = record_length(name) else {
                turn = place + 2;
                continue;
            };
            // SAFETY: the caller promises the room, and `record_length` that the name and its NUL have it.
            unsafe {
                (*into).d_ino = link.inode;
                (*into).d_off = position(place + 1);
                (*into).d_reclen = length;
                (*into).d_type = DT_LNK;
                let text: *mut u8 = (&raw mut (*into).d_name).cast();
                text.copy_from_nonoverlapping(name.as_ptr(), name.len());
                text.add(name.len()).write(0);
            }
            return true;
        }
    }

    /// Returns where readdir(3) keeps a link.
    pub fn entry(&self) -> *mut Dirent {
        self.entry.get()
    }
}

fn position(place: usize) -> c_long {
    FIRST - place as c_long
}

/// Returns the length of an entry as the kernel has it: to the next word. None for a name that no file has.
pub fn record_length(name: &[u8]) -> Option<u16> {
    let size = offset_of!(Dirent, d_name) + name.len() + size_of::<c_char>();
    if size > size_of::<Dirent>() {
        return None;
    }
    u16::try_from(size.next_multiple_of(size_of::<u64>())).ok()
}

/// How many streams share a bucket before the next block has to be looked at.
const WAYS: usize = 4;
const BUCKETS: usize = 256;

/// A table of streams by address, and the next one for when a bucket of this one is full.
///
/// It is never given back: streams come and go, and a lookup holds no lock.
struct Block {
    /// 0, or the address of a `DIR`; apart from the streams, so that a bucket is one cache line.
    keys: [[AtomicUsize; WAYS]; BUCKETS],
    streams: [[Stream; WAYS]; BUCKETS],
    next: AtomicPtr<Block>,
}

// SAFETY: a stream's cells are written by who has put its key there, before anyone else knows the key; after
// that by who reads the stream, as by libc's own.
unsafe impl Sync for Block {}

static STREAMS: Block = Block {
    keys: [const { [const { AtomicUsize::new(0) }; WAYS] }; BUCKETS],
    streams: [const { [const { Stream::new() }; WAYS] }; BUCKETS],
    next: AtomicPtr::new(null_mut()),
};

/// At least the number of keys in all blocks: nearly always none.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Finds a stream whose directory holds places.
pub fn find(stream: *mut DIR) -> Option<&'static Stream> {
    // Relaxed: whoever hands a stream to another thread makes all of this visible to it.
    if COUNT.load(Ordering::Relaxed) == 0 {
        return None;
    }
    slot(stream.addr()).map(|(_, stream)| stream)
}

/// Remembers a stream that was just opened, if its directory holds places; false when there is no memory to.
///
/// # Safety
///
/// `stream` is open.
pub unsafe fn opened(stream: *mut DIR) -> bool {
    let Some(snapshot) = snapshot() else {
        return true;
    };
    // Somebody may have closed an earlier one at this address behind our back.
    closed(stream);
    let Some(mut scratch) = Lease::take() else {
        return false;
    };
    // SAFETY: the caller's promise; the descriptor is open as long as the stream is.
    let dir = unsafe { BorrowedFd::borrow_raw(libc::dirfd(stream)) };
    let directory = snapshot.open_directory(&Host, dir, &mut scratch);
    directory.is_empty() || insert(stream.addr(), directory)
}

/// Forgets a stream that is about to be closed: its address may be that of another right after.
pub fn closed(stream: *mut DIR) {
    if COUNT.load(Ordering::Relaxed) == 0 {
        return;
    }
    if let Some((key, _)) = slot(stream.addr()) {
        // Release pairs with the acquire in `insert`: this stream is done with.
        key.store(0, Ordering::Release);
        COUNT.fetch_sub(1, Ordering::Relaxed);
    }
}

fn bucket(address: usize) -> usize {
    // Fibonacci hashing; the lowest bits of an address are zeroes.
    let hash = (address as u64 >> 4).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (hash >> (u64::BITS - BUCKETS.ilog2())) as usize
}

fn slot(address: usize) -> Option<(&'static AtomicUsize, &'static Stream)> {
    // No stream has the key of a free slot.
    if address == 0 {
        return None;
    }
    let bucket = bucket(address);
    let mut block = &STREAMS;
    loop {
        let keys = &block.keys[bucket];
        if let Some(way) = keys
            .iter()
            .position(|key| key.load(Ordering::Relaxed) == address)
        {
            return Some((&keys[way], &block.streams[bucket][way]));
        }
        block = next(block)?;
    }
}

/// Returns the block behind one, if there is.
fn next(block: &Block) -> Option<&'static Block> {
    // Acquire pairs with the release in `add`.
    // SAFETY: a block is never unmapped.
    unsafe { block.next.load(Ordering::Acquire).as_ref() }
}

fn insert(address: usize, directory: Directory<'static>) -> bool {
    COUNT.fetch_add(1, Ordering::Relaxed);
    let bucket = bucket(address);
    let mut block = &STREAMS;
    loop {
        for (key, stream) in block.keys[bucket].iter().zip(&block.streams[bucket]) {
            // Acquire pairs with the release in `closed`.
            let taken = key.compare_exchange(0, address, Ordering::Acquire, Ordering::Relaxed);
            if taken.is_ok() {
                // SAFETY: nobody else knows this address yet as a stream's.
                unsafe { (*stream.directory.get()).write(directory) };
                stream.restart();
                return true;
            }
        }
        let Some(more) = next(block).or_else(|| add(block)) else {
            COUNT.fetch_sub(1, Ordering::Relaxed);
            return false;
        };
        block = more;
    }
}

/// Maps a block behind one, unless another thread is faster.
fn add(block: &Block) -> Option<&'static Block> {
    // SAFETY: a fresh private mapping disturbs nothing.
    let mapped = unsafe {
        rustix::mm::mmap_anonymous(
            null_mut(),
            size_of::<Block>(),
            ProtFlags::READ | ProtFlags::WRITE,
            MapFlags::PRIVATE,
        )
    };
    let mapped: *mut Block = mapped.ok()?.cast();
    // Release pairs with the acquire in `next`.
    match block
        .next
        .compare_exchange(null_mut(), mapped, Ordering::Release, Ordering::Relaxed)
    {
        // SAFETY: it is mapped, and zeroes are a block without streams.
        Ok(_) => unsafe { mapped.as_ref() },
        Err(_) => {
            // SAFETY: nobody else has this mapping's address.
            let unmapped = unsafe { rustix::mm::munmap(mapped.cast(), size_of::<Block>()) };
            debug_assert!(unmapped.is_ok());
            next(block)
        }
    }
}

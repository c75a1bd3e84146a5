//! The memory of walks: it is neither on the stack, which a signal handler may have 8 KiB of, nor on the heap.

use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};

use psl_table::walk::Scratch;
use rustix::mm::{MapFlags, ProtFlags};

/// How many walks can be under way at once before one maps memory of its own.
const SLOTS: usize = u64::BITS as usize;

struct Pool {
    /// Zero pages, so that a slot costs no memory before it is used.
    slots: [UnsafeCell<Scratch>; SLOTS],
}

/// A bit for each slot that is taken.
// Among what the loader relocates: that page is this process's own in any case.
#[unsafe(link_section = ".data")]
static TAKEN: AtomicU64 = AtomicU64::new(0);

// SAFETY: a slot is only touched by who set its bit.
unsafe impl Sync for Pool {}

static POOL: Pool = Pool {
    slots: [const { UnsafeCell::new(Scratch::new()) }; SLOTS],
};

/// Memory for one walk, given back when dropped.
///
/// A thread that is lost in a walk (its process forked, its handler jumped away) takes a slot with it; when none is
/// left, every walk maps its own memory: slower, no less right.
pub struct Lease {
    memory: *mut Scratch,
    slot: Option<u32>,
}

impl Lease {
    /// Takes a free slot, or maps memory; none when the kernel has none to give.
    pub fn take() -> Option<Self> {
        let mut taken = TAKEN.load(Ordering::Relaxed);
        loop {
            let slot = taken.trailing_ones();
            let Some(cell) = POOL.slots.get(slot as usize) else {
                return Self::map();
            };
            // Acquire pairs with the release in `drop`: the last holder is done with the slot.
            match TAKEN.compare_exchange_weak(
                taken,
                taken | 1 << slot,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => {
                    return Some(Self {
                        memory: cell.get(),
                        slot: Some(slot),
                    });
                }
                Err(seen) => taken = seen,
            }
        }
    }

    fn map() -> Option<Self> {
        // SAFETY: a fresh private mapping disturbs nothing; zeroes are a valid Scratch.
        let memory = unsafe {
            rustix::mm::mmap_anonymous(
                std::ptr::null_mut(),
                size_of::<Scratch>(),
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::PRIVATE,
            )
        };
        memory.ok().map(|memory| Self {
            memory: memory.cast(),
            slot: None,
        })
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.release();
        match self.slot {
            // Release pairs with the acquire in `take`.
            Some(slot) => {
                TAKEN.fetch_and(!(1 << slot), Ordering::Release);
            }
            None => {
                // SAFETY: `map` made this mapping, and nobody else has its address.
                let unmapped =
                    unsafe { rustix::mm::munmap(self.memory.cast(), size_of::<Scratch>()) };
                debug_assert!(unmapped.is_ok());
            }
        }
    }
}

impl Deref for Lease {
    type Target = Scratch;

    fn deref(&self) -> &Scratch {
        // SAFETY: the lease is the only way to this memory until it is dropped.
        unsafe { &*self.memory }
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Scratch {
        // SAFETY: as in `deref`.
        unsafe { &mut *self.memory }
    }
}

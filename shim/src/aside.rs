//! A stack of its own, for the one thing in a hook that needs more than a signal handler has: looking at the table.
//!
//! What runs on it has memory of its own, too, and no signal interrupts it: the kernel would put a handler's frame
//! where the stack of an interrupted handler is.

use std::ptr::{from_ref, null_mut};
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags};
use syscalls::Sysno;

use crate::memory::Arena;

/// What the mapping begins with; behind it comes a page that is not there, and then the stack.
pub struct Aside {
    /// Zero at first, in every process, one that was forked while another thread was here included; whoever is to be
    /// here alone keeps that in it.
    pub mark: AtomicU64,
    /// Where memory comes from for who is here.
    arena: AtomicPtr<Arena>,
}

/// The largest page there is.
const PAGE: usize = 1 << 16;

/// The size of the stack: what is not used takes no memory.
const STACK: usize = 1 << 20;

const SIZE: usize = 2 * PAGE + STACK;

static ASIDE: AtomicPtr<Aside> = AtomicPtr::new(null_mut());

/// Makes it, before main; none where the kernel has no memory for it.
pub fn make() -> Option<&'static Aside> {
    // SAFETY: a fresh mapping disturbs nothing; its zeroes are a valid `Aside`, and it is never unmapped.
    unsafe {
        let access = ProtFlags::READ | ProtFlags::WRITE;
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        let mapped = rustix::mm::mmap_anonymous(null_mut(), SIZE, access, flags).ok()?;
        rustix::mm::mprotect(mapped.byte_add(PAGE), PAGE, MprotectFlags::empty()).ok()?;
        // A child of fork(2) has none of the threads that may be here. A kernel before 4.14 does not know it.
        let _ = rustix::mm::madvise(mapped, SIZE, Advice::LinuxWipeOnFork);
        let aside: *mut Aside = mapped.cast();
        // Relaxed: there are no other threads yet that would look.
        ASIDE.store(aside, Ordering::Relaxed);
        aside.as_ref()
    }
}

/// Returns where memory comes from, if the caller runs here.
pub fn arena() -> Option<&'static Arena> {
    let aside = ASIDE.load(Ordering::Relaxed);
    if aside.is_null() {
        return None;
    }
    let stack = aside.addr() + 2 * PAGE..aside.addr() + SIZE;
    if !stack.contains(&psm::stack_pointer().addr()) {
        return None;
    }
    // SAFETY: `run` or `with` has put it there, and it is this thread that is here.
    unsafe { (*aside).arena.load(Ordering::Relaxed).as_ref() }
}

impl Aside {
    /// Runs something here, with all memory from this arena.
    ///
    /// # Safety
    ///
    /// One thread at a time is here, undisturbed. What `work` returns is in the arena, or in no memory at all.
    #[inline(never)]
    pub unsafe fn run<R>(&self, arena: &Arena, work: impl FnOnce() -> R) -> R {
        let stack = from_ref(self)
            .cast_mut()
            .cast::<u8>()
            .wrapping_add(2 * PAGE);
        // Relaxed, here and below: only who is here looks.
        self.arena
            .store(from_ref(arena).cast_mut(), Ordering::Relaxed);
        // SAFETY: the stack is mapped, and nobody else's; panics abort.
        let result = unsafe { psm::on_stack(stack, STACK, work) };
        self.arena.store(null_mut(), Ordering::Relaxed);
        result
    }

    /// Has the memory for something that runs here come from another arena.
    pub fn with<R>(&self, arena: &Arena, work: impl FnOnce() -> R) -> R {
        let before = self
            .arena
            .swap(from_ref(arena).cast_mut(), Ordering::Relaxed);
        let result = work();
        self.arena.store(before, Ordering::Relaxed);
        result
    }
}

/// Does something that no signal interrupts: no handler runs that would jump away from it, or need the stack.
pub fn undisturbed<R>(work: impl FnOnce() -> R) -> R {
    let signals = block(u64::MAX);
    let result = work();
    block(signals);
    result
}

/// Blocks these signals and no others, and returns those that were blocked.
///
/// By the kernel's own call: pthread_sigmask(3) leaves out those by which threads are cancelled.
fn block(signals: u64) -> u64 {
    let mut before = 0_u64;
    // SAFETY: both are sets of signals as large as the kernel is told, and it writes into one of them.
    let done = unsafe {
        syscalls::syscall4(
            Sysno::rt_sigprocmask,
            libc::SIG_SETMASK as usize,
            (&raw const signals).addr(),
            (&raw mut before).addr(),
            size_of::<u64>(),
        )
    };
    debug_assert!(done.is_ok());
    before
}

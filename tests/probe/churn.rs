//! Threads that come, make calls, and go: ten thousand of them, some of them cancelled in the middle of a call.

use std::ffi::{CString, c_void};
use std::mem::MaybeUninit;
use std::ptr::null_mut;

use crate::call::symbol;
use crate::filter;
use crate::strain::check;

/// What pthread_create(3) takes.
type Routine = extern "C" fn(*mut c_void) -> *mut c_void;

/// Ten thousand threads, then whether memory has grown, and whether a call still finds memory for its walk.
pub fn many_threads(root: &str) {
    const AT_ONCE: usize = 50;
    let batch = || {
        let threads: Vec<_> = (0..AT_ONCE).map(|_| start(run, null_mut())).collect();
        for thread in threads {
            join(thread);
        }
    };
    (0..20).for_each(|_| batch());
    let before = private_memory();
    (0..180).for_each(|_| batch());
    let after = private_memory();
    // libc keeps a few stacks, sooner or later.
    let more = after.saturating_sub(before);
    assert!(more < 1 << 20, "{before} bytes have become {after}");
    // It kills whoever maps memory: all that walks need is free again.
    filter::calls_under_strict_filters(root);
}

/// Threads that are cancelled while they wait in a call behind a link.
pub fn cancelled_threads(root: &str) {
    let fifo = CString::new(format!("{root}/shared/version2/fifo")).expect("no NUL");
    let through = CString::new(format!("{root}/shared/version/fifo")).expect("no NUL");
    // SAFETY: both are C strings.
    assert_eq!(unsafe { libc::mkfifo(fifo.as_ptr(), 0o600) }, 0);
    let name: *mut c_void = through.as_ptr().cast_mut().cast();
    // The thread is nothing but the call, which waits for a reader: no frame of this program is in the way.
    // SAFETY: creat(2) takes a pointer first, and looks at a mode only where there is no file yet.
    let creat: Routine = unsafe { std::mem::transmute(symbol("creat")) };
    for _ in 0..200 {
        let threads = [(); 4].map(|()| start(creat, name));
        for thread in threads {
            // SAFETY: it was not joined yet.
            assert_eq!(unsafe { libc::pthread_cancel(thread) }, 0);
        }
        for thread in threads {
            let ended = join(thread);
            assert_eq!(ended.addr() as isize, -1, "it is cancelled, not woken");
        }
    }
    check();
    filter::calls_under_strict_filters(root);
}

extern "C" fn run(_: *mut c_void) -> *mut c_void {
    check();
    null_mut()
}

/// Starts a thread that is as small as a thread may be.
fn start(routine: Routine, argument: *mut c_void) -> libc::pthread_t {
    let mut thread = 0;
    // SAFETY: the attributes are initialised before they are used, and the thread is joined.
    unsafe {
        let mut attributes = MaybeUninit::uninit();
        libc::pthread_attr_init(attributes.as_mut_ptr());
        let size = libc::PTHREAD_STACK_MIN;
        let set = libc::pthread_attr_setstacksize(attributes.as_mut_ptr(), size);
        assert_eq!(set, 0, "a thread may be as small as this");
        let made = libc::pthread_create(&raw mut thread, attributes.as_ptr(), routine, argument);
        assert_eq!(made, 0, "a thread can be made");
    }
    thread
}

fn join(thread: libc::pthread_t) -> *mut c_void {
    let mut ended = null_mut();
    // SAFETY: `start` made it, and nobody has joined it.
    assert_eq!(unsafe { libc::pthread_join(thread, &raw mut ended) }, 0);
    ended
}

/// How many bytes this process has that are nobody else's.
fn private_memory() -> u64 {
    let rollup = procfs::process::Process::myself().and_then(|own| own.smaps_rollup());
    let rollup = rollup.expect("/proc is mounted");
    let (rollup, ..) = rollup
        .memory_map_rollup
        .iter()
        .next()
        .map(|map| (&map.extension.map,))
        .expect("there is one");
    rollup["Private_Dirty"]
}

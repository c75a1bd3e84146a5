//! Calls where there is little room, or where much else happens at the same time.

use std::ffi::{CString, c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Barrier, OnceLock};

use crate::asking::Asking;
use crate::call::symbol;
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect};

/// The names that calls are made with, ready before a handler needs them.
struct Names {
    file: CString,
    link: CString,
    relative: CString,
    program: CString,
    free: CString,
}

static NAMES: OnceLock<Names> = OnceLock::new();

/// Does one of them with the tree at `root`, and says so.
pub fn strain(how: &str, root: &str) {
    let name = |below: &str| CString::new(format!("{root}/{below}")).expect("no NUL");
    let names = Names {
        file: name("alias/version/./back/which"),
        link: name("shared/version"),
        relative: CString::from(c"../version/dir/up"),
        program: name("shared/version/script"),
        free: name("spare/new"),
    };
    assert!(NAMES.set(names).is_ok(), "there is one strain");
    rustix::process::chdir(format!("{root}/shared/version2")).expect("the tree is there");
    let asking = Asking::find();
    asking.expect_links();
    check();
    match how {
        "alternate stack" => on_alternate_stack(),
        "small thread" => in_small_thread(),
        "many threads" => in_many_threads(),
        "interrupted" => interrupted(),
        "forks" => in_forks(),
        "vforks" => in_vforks(),
        #[cfg(target_arch = "x86_64")]
        "vfork by number" => vfork_by_number(),
        "strict filters" => crate::filter::calls_under_strict_filters(root),
        "no readlink" => crate::filter::calls_without_readlink(root),
        "churn" => crate::churn::many_threads(root),
        "cancelled" => crate::churn::cancelled_threads(root),
        "fresh threads" => crate::ending::fresh_threads_allocate_nothing(),
        "closed" => crate::ending::closes_everything(),
        "cleared" => crate::ending::clears_the_environment(root),
        "turns" => crate::turns::turn(root),
        "detours" => crate::detours::close(root),
        "other root" => in_another_root(root),
        other => panic!("nothing is known of {other}"),
    }
    check();
    asking.assert_never_wrong();
    println!("done");
}

/// Makes one call of each shape and ends the process if an answer is wrong: a handler can do no more.
pub fn check() {
    let names = NAMES.get().expect("they are set first");
    let mut text = [0; 64];
    // SAFETY: all names are C strings, and the buffers are as large as the calls are told.
    let failed = unsafe {
        let errno = libc::__errno_location();
        *errno = 4000;
        let mut it: libc::stat64 = MaybeUninit::zeroed().assume_init();
        let file = libc::open64(names.file.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
        let read = libc::read(file, text.as_mut_ptr().cast(), text.len());
        let followed = libc::stat64(names.relative.as_ptr(), &raw mut it) == 0 && it.st_size == 3;
        let itself = libc::lstat64(names.link.as_ptr(), &raw mut it) == 0
            && it.st_mode & libc::S_IFMT == libc::S_IFLNK;
        let kept = *errno == 4000;
        let held = &text[..3] == b"two" && read == 3 && libc::close(file) == 0;
        let length = libc::readlink(names.link.as_ptr(), text.as_mut_ptr().cast(), 5);
        let numbered = libc::syscall(
            libc::SYS_readlinkat,
            libc::AT_FDCWD,
            names.link.as_ptr(),
            text.as_mut_ptr(),
            5_usize,
        );
        let taken = libc::mkdir(names.link.as_ptr(), 0o755) == -1 && *errno == libc::EEXIST;
        let missing =
            libc::rename(names.free.as_ptr(), names.file.as_ptr()) == -1 && *errno == libc::ENOENT;
        *errno = 4000;
        let cut = length == 5 && numbered == 5;
        [held, followed, itself, kept, cut, taken, missing]
            .iter()
            .position(|&fine| !fine)
    };
    if let Some(failed) = failed {
        let message: &[u8] = match failed {
            0 => b"open or read is wrong\n",
            1 => b"stat is wrong\n",
            2 => b"lstat is wrong\n",
            3 => b"errno has changed\n",
            4 => b"readlink is wrong\n",
            5 => b"mkdir is wrong\n",
            _ => b"rename is wrong\n",
        };
        let _ = rustix::io::write(rustix::stdio::stderr(), message);
        // SAFETY: nothing is to be flushed.
        unsafe { libc::_exit(1) };
    }
}

static HANDLED: AtomicU32 = AtomicU32::new(0);

extern "C" fn handle(_: c_int) {
    // SAFETY: errno of this thread can always be read and written.
    let before = unsafe { *libc::__errno_location() };
    check();
    HANDLED.fetch_add(1, Ordering::Relaxed);
    // SAFETY: likewise.
    unsafe { *libc::__errno_location() = before };
}

fn handle_signal(signal: c_int, flags: c_int, handle: extern "C" fn(c_int)) {
    // SAFETY: zeroes are a valid action; the handler makes only calls that a handler may make.
    unsafe {
        let mut action: libc::sigaction = MaybeUninit::zeroed().assume_init();
        action.sa_sigaction = handle as usize;
        action.sa_flags = flags;
        assert_eq!(libc::sigaction(signal, &raw const action, null_mut()), 0);
    }
}

/// Memory below which nothing is mapped: what outgrows it dies.
fn guarded(size: usize) -> *mut c_void {
    const PAGE: usize = 65536;
    // SAFETY: a fresh mapping disturbs nothing, and its first page is nobody's.
    unsafe {
        let flags = ProtFlags::READ | ProtFlags::WRITE;
        let memory = mmap_anonymous(null_mut(), PAGE + size, flags, MapFlags::PRIVATE);
        let memory = memory.expect("there is memory");
        mprotect(memory, PAGE, MprotectFlags::empty()).expect("it was just mapped");
        memory.byte_add(PAGE)
    }
}

/// Has SIGUSR1 handled on a stack of 8 KiB.
pub fn handle_on_alternate_stack(handle: extern "C" fn(c_int)) {
    const SIZE: usize = 8192;
    let stack = libc::stack_t {
        ss_sp: guarded(SIZE),
        ss_flags: 0,
        ss_size: SIZE,
    };
    // SAFETY: the stack is this thread's alone, and stays.
    let set = unsafe { libc::sigaltstack(&raw const stack, null_mut()) };
    assert_eq!(set, 0, "the kernel's own frame fits in 8 KiB");
    handle_signal(libc::SIGUSR1, libc::SA_ONSTACK, handle);
}

fn on_alternate_stack() {
    handle_on_alternate_stack(handle);
    for _ in 0..10 {
        // SAFETY: the signal is handled.
        unsafe { libc::raise(libc::SIGUSR1) };
    }
    assert_eq!(HANDLED.load(Ordering::Relaxed), 10);
}

fn in_small_thread() {
    extern "C" fn run(_: *mut c_void) -> *mut c_void {
        check();
        null_mut()
    }
    // SAFETY: the attributes are initialised before they are used, and the thread is joined.
    unsafe {
        let mut attributes = MaybeUninit::uninit();
        libc::pthread_attr_init(attributes.as_mut_ptr());
        let set = libc::pthread_attr_setstacksize(attributes.as_mut_ptr(), 16384);
        assert_eq!(set, 0, "a thread may be as small as this");
        let mut thread = 0;
        let made = libc::pthread_create(&raw mut thread, attributes.as_ptr(), run, null_mut());
        assert_eq!(made, 0, "a thread can be made");
        assert_eq!(libc::pthread_join(thread, null_mut()), 0);
    }
}

fn in_many_threads() {
    const THREADS: usize = 100;
    let barrier = Barrier::new(THREADS);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                barrier.wait();
                for _ in 0..100 {
                    check();
                }
            });
        }
    });
}

/// The main thread and a handler that interrupts it, over and over, both make calls.
fn interrupted() {
    handle_signal(libc::SIGALRM, libc::SA_RESTART, handle);
    let every = libc::timeval {
        tv_sec: 0,
        tv_usec: 200,
    };
    let set = |every| {
        let timer = libc::itimerval {
            it_interval: every,
            it_value: every,
        };
        // SAFETY: the timer is a valid one.
        let set = unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, null_mut()) };
        assert_eq!(set, 0, "a timer can be set");
    };
    set(every);
    while HANDLED.load(Ordering::Relaxed) < 500 {
        check();
    }
    set(libc::timeval {
        tv_sec: 0,
        tv_usec: 0,
    });
}

pub fn wait(child: c_int) {
    let mut status = 0;
    // SAFETY: the child is ours.
    let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!((waited, status), (child, 0), "a child does as its parent");
}

/// A child whose root is the directory that the links are in, with a file where a link's place would be there.
fn in_another_root(root: &str) {
    let jail = format!("{root}/spare");
    std::fs::create_dir_all(format!("{jail}/{root}/shared/version")).expect("there is room");
    std::fs::write(format!("{jail}/{root}/shared/version/which"), "jailed").expect("likewise");
    if !rustix::process::geteuid().is_root() {
        // SAFETY: nothing here depends on whose user this is.
        unsafe { rustix::thread::unshare_unsafe(rustix::thread::UnshareFlags::NEWUSER) }
            .expect("who is not root may become so in a namespace");
    }
    let jail = CString::new(jail).expect("no NUL");
    let file = CString::new(format!("{root}/shared/version/which")).expect("no NUL");
    let size = || {
        // SAFETY: zeroes are a valid stat, and the name is a C string.
        unsafe {
            let mut it: libc::stat64 = MaybeUninit::zeroed().assume_init();
            libc::stat64(file.as_ptr(), &raw mut it);
            it.st_size
        }
    };
    // SAFETY: the child makes only calls that a handler may make.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: the name is a C string, and nothing is to be flushed.
        unsafe {
            let there = size() == 3 && libc::chroot(jail.as_ptr()) == 0;
            libc::_exit(c_int::from(!there || size() != 6));
        }
    }
    wait(child);
    assert_eq!(size(), 3, "its parent's root stays");
}

/// Children that are made in the middle of other threads' calls make calls themselves.
fn in_forks() {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    check();
                }
            });
        }
        for _ in 0..100 {
            // SAFETY: the child makes only calls that a handler may make.
            let child = unsafe { libc::fork() };
            if child == 0 {
                check();
                // SAFETY: nothing is to be flushed.
                unsafe { libc::_exit(0) };
            }
            wait(child);
        }
        stop.store(true, Ordering::Relaxed);
    });
}

/// A child that `syscall()` returns to first, and that uses the stack below the return address before it ends.
#[cfg(target_arch = "x86_64")]
fn vfork_by_number() {
    for _ in 0..100 {
        let child: i64;
        // SAFETY: the child runs these instructions alone: it fills 1 KiB below what libc's own syscall(), which has
        // no frame, needs to return to the parent. Then both would be lost whose `syscall()` has one.
        unsafe {
            std::arch::asm!(
                "call {function}",
                "test rax, rax",
                "jnz 2f",
                "lea rdi, [rsp - 1032]",
                "mov ecx, 127",
                "rep stosq",
                "xor edi, edi",
                "mov eax, 60",
                "syscall",
                "2:",
                function = in(reg) symbol("syscall"),
                in("rdi") libc::SYS_vfork,
                lateout("rax") child,
                clobber_abi("C"),
            );
        }
        assert!(child > 0, "a child can be made");
        wait(child as c_int);
    }
}

/// More children than there are slots for walks, each in this process's own memory until it ends or executes.
fn in_vforks() {
    extern "C" fn ends(_: *mut c_void) -> c_int {
        check();
        0
    }
    extern "C" fn executes(_: *mut c_void) -> c_int {
        let names = NAMES.get().expect("they are set first");
        let arguments = [names.program.as_ptr(), std::ptr::null()];
        let variables = [std::ptr::null()];
        // SAFETY: both arrays end with a null pointer.
        unsafe {
            libc::execve(
                names.program.as_ptr(),
                arguments.as_ptr(),
                variables.as_ptr(),
            )
        };
        1
    }
    const SIZE: usize = 65536;
    let null = rustix::fs::open(
        c"/dev/null",
        rustix::fs::OFlags::WRONLY,
        rustix::fs::Mode::empty(),
    );
    let out = rustix::io::dup(rustix::stdio::stdout()).expect("descriptors are left");
    rustix::stdio::dup2_stdout(null.expect("there is one")).expect("it can be replaced");
    let top = guarded(SIZE).wrapping_byte_add(SIZE);
    for act in [ends as extern "C" fn(*mut c_void) -> c_int, executes] {
        for _ in 0..100 {
            let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
            // SAFETY: the child has this stack to itself while its parent waits for it.
            let child = unsafe { libc::clone(act, top, flags, null_mut()) };
            assert!(child > 0, "a child can be made");
            wait(child);
        }
    }
    rustix::stdio::dup2_stdout(out).expect("it can be put back");
}

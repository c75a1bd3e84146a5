//! What calls through a live link see while the table changes.

use std::ffi::{CString, c_int};
use std::io::{BufRead, Write as _};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::call::allocations;
use crate::strain;

/// How many threads read at once.
const THREADS: usize = 100;

/// Reads the number in a file; -1 where that fails, or it is not one that was written whole.
fn number(file: &CString) -> i64 {
    let mut text = [0_u8; 64];
    // SAFETY: the name is a C string, and the buffer as large as is said.
    let length = unsafe {
        let file = libc::open64(file.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
        if file < 0 {
            return -1;
        }
        let length = libc::read(file, text.as_mut_ptr().cast(), text.len());
        libc::close(file);
        length
    };
    let text = usize::try_from(length)
        .ok()
        .and_then(|length| text.get(..length));
    let text = text
        .and_then(|text| std::str::from_utf8(text).ok())
        .unwrap_or_default();
    // It is there twice.
    match text.split_once(' ') {
        Some((one, other)) if one == other => one.parse().unwrap_or(-1),
        _ => -1,
    }
}

fn say(line: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .expect("somebody listens");
}

fn c_string(path: &str) -> CString {
    CString::new(path).expect("no NUL")
}

/// Reads by many threads until its input ends; says each number that was not seen before, and what went wrong.
pub fn threads(path: &str) {
    let file = c_string(path);
    let (stop, newest) = (AtomicBool::new(false), AtomicI64::new(0));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let mut last = 0;
                while !stop.load(Ordering::Relaxed) {
                    let seen = number(&file);
                    if seen < last {
                        say(format_args!("{seen} after {last}"));
                        return;
                    }
                    last = seen;
                    if newest.fetch_max(seen, Ordering::Relaxed) < seen {
                        say(seen);
                    }
                    thread::yield_now();
                }
            });
        }
        for line in std::io::stdin().lock().lines() {
            line.expect("it can be read");
        }
        stop.store(true, Ordering::Relaxed);
    });
}

/// Says, for each line of its input, the number, what a program says that is started then, and what a child says.
pub fn asked(path: &str) {
    let file = c_string(path);
    for line in std::io::stdin().lock().lines() {
        line.expect("it can be read");
        let cat = std::process::Command::new("/bin/cat")
            .arg(path)
            .env_clear()
            .output();
        let cat = cat.expect("cat runs").stdout;
        // SAFETY: the child ends by itself, without what is to be done at exit.
        let child = unsafe {
            let child = libc::fork();
            if child == 0 {
                libc::_exit(number(&file) as c_int);
            }
            let mut status = 0;
            libc::waitpid(child, &raw mut status, 0);
            libc::WEXITSTATUS(status)
        };
        let cat = String::from_utf8_lossy(&cat).into_owned();
        say(format_args!("{} {child} {cat}", number(&file)));
    }
}

/// Reads over and over for so many milliseconds, then says what it read last.
pub fn busily(path: &str, milliseconds: &str) {
    let file = c_string(path);
    let milliseconds = milliseconds.parse().expect("a number");
    let start = Instant::now();
    let mut last = 0;
    while start.elapsed() < Duration::from_millis(milliseconds) {
        last = number(&file);
        thread::sleep(Duration::from_millis(2));
    }
    say(last);
}

static PATH: std::sync::OnceLock<CString> = std::sync::OnceLock::new();
static SEEN: AtomicI64 = AtomicI64::new(0);

/// Looks in a handler on a stack of 8 KiB, for each line of its input; says what is seen there.
pub fn handled(path: &str) {
    extern "C" fn handle(_: c_int) {
        // SAFETY: errno of this thread can always be read and written.
        let errno = unsafe { libc::__errno_location() };
        // SAFETY: as above.
        unsafe { *errno = 4000 };
        let seen = number(PATH.get().expect("it is set first"));
        // SAFETY: as above.
        let is_kept = unsafe { *errno } == 4000;
        SEEN.store(if is_kept { seen } else { -2 }, Ordering::Relaxed);
    }
    assert_eq!(PATH.set(c_string(path)), Ok(()), "it is set once");
    strain::handle_on_alternate_stack(handle);
    for line in std::io::stdin().lock().lines() {
        line.expect("it can be read");
        let before = allocations();
        // SAFETY: the signal is handled.
        unsafe { libc::raise(libc::SIGUSR1) };
        let allocated = allocations() - before;
        say(format_args!("{} {allocated}", SEEN.load(Ordering::Relaxed)));
    }
}

/// Reads before and behind a filter that kills who asks for more than the calls of [`number`] do.
pub fn filtered(path: &str) {
    let file = c_string(path);
    say(number(&file));
    for line in std::io::stdin().lock().lines() {
        line.expect("it can be read");
        // SAFETY: the child ends by itself, without what is to be done at exit.
        let status = unsafe {
            let child = libc::fork();
            if child == 0 {
                crate::filter::only(&[libc::SYS_openat, libc::SYS_read, libc::SYS_close]);
                libc::_exit(number(&file) as c_int);
            }
            let mut status = 0;
            libc::waitpid(child, &raw mut status, 0);
            status
        };
        say(match libc::WIFEXITED(status) {
            true => libc::WEXITSTATUS(status),
            false => -libc::WTERMSIG(status),
        });
    }
}

//! What a process does that leaves nothing behind for a library to stand on: threads that begin, descriptors that are
//! all closed, an environment that is emptied.

use std::ffi::{CString, c_char, c_int};
use std::thread;

use crate::call::allocations;
use crate::strain::{check, wait};

/// The first calls of threads, one thread at a time: what they allocate, a hook does.
pub fn fresh_threads_allocate_nothing() {
    for _ in 0..10 {
        let counted = thread::spawn(|| {
            let before = allocations();
            check();
            (before, allocations())
        });
        let (before, after) = counted.join().expect("a thread ends");
        assert!(before > 0, "there is an allocator that counts");
        assert_eq!(
            after, before,
            "the first calls of a thread allocate nothing"
        );
    }
}

/// Calls once all descriptors are closed, but the one that says so: in one go, then one by one.
pub fn closes_everything() {
    // SAFETY: nobody here uses the descriptors any more, and the child makes only calls that a handler may make.
    unsafe {
        let child = libc::fork();
        if child == 0 {
            libc::close_range(0, u32::MAX, 0);
            check();
            libc::_exit(0);
        }
        wait(child);
        for fd in (0..1024).filter(|&fd| fd != libc::STDOUT_FILENO) {
            libc::close(fd);
        }
    }
    check();
}

/// Programs that are started with nothing in the environment.
pub fn clears_the_environment(root: &str) {
    let command = format!("read -r text < {root}/shared/version/which; test \"$text\" = two");
    let command = CString::new(command).expect("no NUL");
    let file = CString::new(format!("cat {root}/shared/version/which")).expect("no NUL");
    let script = CString::new(format!("{root}/shared/version/shell")).expect("no NUL");
    let arguments = [script.as_ptr(), c"from".as_ptr(), std::ptr::null()];
    let nothing: [*const c_char; 1] = [std::ptr::null()];
    let mut said = [0_u8; 8];
    // SAFETY: this is the only thread; all strings end with a NUL and all vectors with a null pointer.
    unsafe {
        assert_eq!(libc::clearenv(), 0);
        assert_eq!(libc::system(command.as_ptr()), 0, "system");
        let stream = libc::popen(file.as_ptr(), c"r".as_ptr());
        let length = libc::fread(said.as_mut_ptr().cast(), 1, said.len(), stream);
        assert_eq!(&said[..length], b"two", "popen");
        assert_eq!(libc::pclose(stream), 0);
        for envp in [std::ptr::null(), nothing.as_ptr()] {
            let child = libc::fork();
            if child == 0 {
                let null = libc::open(c"/dev/null".as_ptr(), libc::O_WRONLY);
                libc::dup2(null, libc::STDOUT_FILENO);
                libc::execve(script.as_ptr(), arguments.as_ptr(), envp);
                libc::_exit(127);
            }
            wait(child);
        }
        let mut child: c_int = 0;
        let spawned = libc::posix_spawn(
            &raw mut child,
            c"/bin/sh".as_ptr(),
            std::ptr::null(),
            std::ptr::null(),
            [
                c"sh".as_ptr(),
                c"-c".as_ptr(),
                command.as_ptr(),
                std::ptr::null(),
            ]
            .as_ptr()
            .cast(),
            nothing.as_ptr().cast(),
        );
        assert_eq!(spawned, 0, "posix_spawn");
        wait(child);
    }
}

//! Files that libc names itself: the shell, shared memory, semaphores.

use std::ffi::{CStr, c_int};

use rustix::fd::{FromRawFd, OwnedFd};

use crate::call::symbol;

/// Says which program libc starts as a shell: with the whole environment, then with nothing in it.
pub fn shells() {
    const WHICH: &CStr = c"readlink /proc/$$/exe";
    for _ in 0..2 {
        // SAFETY: a C string, and this is the only thread.
        unsafe {
            assert_eq!(libc::system(WHICH.as_ptr()), 0);
            let mut said = [0_u8; 4096];
            let stream = libc::popen(WHICH.as_ptr(), c"r".as_ptr());
            let length = libc::fread(said.as_mut_ptr().cast(), 1, said.len(), stream);
            assert_eq!(libc::pclose(stream), 0);
            print!("{}", String::from_utf8_lossy(&said[..length]));
            assert_eq!(libc::fflush(std::ptr::null_mut()), 0);
            std::io::Write::flush(&mut std::io::stdout()).expect("somebody listens");
            libc::clearenv();
        }
    }
}

/// Makes shared memory and a semaphore, finds both again, and removes them when a line comes in.
pub fn shared_memory() {
    const MEMORY: &CStr = c"/psl-memory";
    const SEMAPHORE: &CStr = c"/psl-semaphore";
    const NEW: c_int = libc::O_CREAT | libc::O_EXCL | libc::O_RDWR;
    // SAFETY: the names are C strings; every descriptor is taken by who closes it.
    unsafe {
        let owned = |fd: c_int| {
            assert!(fd >= 0, "{}", std::io::Error::last_os_error());
            OwnedFd::from_raw_fd(fd)
        };
        let made = owned(libc::shm_open(MEMORY.as_ptr(), NEW, 0o600));
        rustix::io::write(&made, b"shared").expect("there is room");
        let again = owned(libc::shm_open(MEMORY.as_ptr(), libc::O_RDONLY, 0));
        let mut read = [0; 6];
        rustix::io::read(&again, &mut read).expect("it can be read");
        assert_eq!(&read, b"shared");
        assert_eq!(
            libc::shm_open(MEMORY.as_ptr(), NEW, 0o600),
            -1,
            "it is there"
        );

        // ABI: variadic and fixed arguments that are integers are passed alike.
        type Open = unsafe extern "C" fn(*const i8, c_int, u32, u32) -> *mut libc::sem_t;
        let open: Open = std::mem::transmute(symbol("sem_open"));
        let semaphore = open(SEMAPHORE.as_ptr().cast(), NEW, 0o600, 1);
        assert!(!semaphore.is_null(), "{}", std::io::Error::last_os_error());
        assert_eq!(libc::sem_trywait(semaphore), 0, "it is one");
        assert_eq!(libc::sem_trywait(semaphore), -1, "it is zero");
        let same = open(SEMAPHORE.as_ptr().cast(), 0, 0, 0);
        assert_eq!(
            same, semaphore,
            "whoever opens it again gets the same address"
        );
        assert_eq!(libc::sem_post(same), 0);
        println!("made");
        std::io::stdin()
            .read_line(&mut String::new())
            .expect("a line comes");
        assert_eq!([libc::sem_close(semaphore), libc::sem_close(same)], [0; 2]);
        assert_eq!(libc::sem_unlink(SEMAPHORE.as_ptr()), 0);
        assert_eq!(libc::shm_unlink(MEMORY.as_ptr()), 0);
        assert_eq!(
            libc::shm_open(MEMORY.as_ptr(), libc::O_RDONLY, 0),
            -1,
            "it is gone"
        );
    }
    println!("removed");
}

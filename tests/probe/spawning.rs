//! What posix_spawn(3) is told to do before the program starts, from words.

use std::ffi::{CString, c_char, c_int};
use std::mem::MaybeUninit;

use libc::{posix_spawn_file_actions_t as FileActions, posix_spawnattr_t as Attributes};

unsafe extern "C" {
    fn posix_spawn_file_actions_addchdir_np(
        actions: *mut FileActions,
        path: *const c_char,
    ) -> c_int;
    fn posix_spawn_file_actions_addfchdir_np(actions: *mut FileActions, fd: c_int) -> c_int;
    fn posix_spawn_file_actions_addclosefrom_np(actions: *mut FileActions, from: c_int) -> c_int;
    fn posix_spawn_file_actions_addtcsetpgrp_np(actions: *mut FileActions, fd: c_int) -> c_int;
}

/// One of either, and the address that a call is given.
pub struct Prepared {
    bytes: Box<[MaybeUninit<FileActions>]>,
}

const _: () = assert!(size_of::<Attributes>() <= 8 * size_of::<FileActions>());

impl Prepared {
    fn new() -> Self {
        // Attributes are larger than file actions.
        Self {
            bytes: Box::new([const { MaybeUninit::uninit() }; 8]),
        }
    }

    /// Returns its address.
    pub fn address(&self) -> usize {
        self.bytes.as_ptr().expose_provenance()
    }

    /// Makes file actions of words: an action and what it is given between `; `, a name last.
    pub fn actions(words: &str) -> Self {
        let mut prepared = Self::new();
        let actions: *mut FileActions = prepared.bytes.as_mut_ptr().cast();
        // SAFETY: there is room for it.
        unsafe { libc::posix_spawn_file_actions_init(actions) };
        for action in words.split("; ") {
            let (what, given) = action
                .split_once(' ')
                .expect("an action is given something");
            // SAFETY: it is initialised; libc copies the names.
            let added = unsafe { add(actions, what, given) };
            assert_eq!(added, 0, "libc takes {action}");
        }
        prepared
    }

    /// Makes attributes of words, between `; `.
    ///
    /// `SIGUSR2` is ignored from here on: that a program gets it back shows what `default` does.
    pub fn attributes(words: &str) -> Self {
        let mut prepared = Self::new();
        let attributes: *mut Attributes = prepared.bytes.as_mut_ptr().cast();
        let mut flags = 0;
        // SAFETY: there is room for it, and it is initialised first; a set of signals is made before it is used.
        unsafe {
            libc::signal(libc::SIGUSR2, libc::SIG_IGN);
            libc::posix_spawnattr_init(attributes);
            let signals = |signal| {
                let mut signals = MaybeUninit::uninit();
                libc::sigemptyset(signals.as_mut_ptr());
                libc::sigaddset(signals.as_mut_ptr(), signal);
                signals
            };
            for word in words.split("; ") {
                flags |= match word {
                    "mask" => {
                        let masked = signals(libc::SIGUSR1);
                        libc::posix_spawnattr_setsigmask(attributes, masked.as_ptr());
                        libc::POSIX_SPAWN_SETSIGMASK
                    }
                    "default" => {
                        let reset = signals(libc::SIGUSR2);
                        libc::posix_spawnattr_setsigdefault(attributes, reset.as_ptr());
                        libc::POSIX_SPAWN_SETSIGDEF
                    }
                    "group" => {
                        libc::posix_spawnattr_setpgroup(attributes, 0);
                        libc::POSIX_SPAWN_SETPGROUP
                    }
                    "session" => libc::POSIX_SPAWN_SETSID as c_int,
                    "ids" => libc::POSIX_SPAWN_RESETIDS,
                    "vfork" => libc::POSIX_SPAWN_USEVFORK as c_int,
                    "none" => 0,
                    other => panic!("no attribute is {other}"),
                };
            }
            libc::posix_spawnattr_setflags(attributes, flags as i16);
        }
        prepared
    }
}

/// Adds an action.
unsafe fn add(actions: *mut FileActions, what: &str, given: &str) -> c_int {
    let number = |text: &str| -> c_int { text.parse().expect("a number") };
    let name = |text: &str| CString::new(text).expect("a line has no NUL");
    let words: Vec<_> = given.splitn(3, ' ').collect();
    // SAFETY: the caller's promise; the names are C strings.
    unsafe {
        match (what, &*words) {
            ("open", [fd, how, path]) => {
                let flags = how.split('+').map(flag).sum();
                let path = name(path);
                let fd = number(fd);
                libc::posix_spawn_file_actions_addopen(actions, fd, path.as_ptr(), flags, 0o640)
            }
            ("dup2", [from, to]) => {
                libc::posix_spawn_file_actions_adddup2(actions, number(from), number(to))
            }
            ("close", [fd]) => libc::posix_spawn_file_actions_addclose(actions, number(fd)),
            ("chdir", _) => posix_spawn_file_actions_addchdir_np(actions, name(given).as_ptr()),
            ("fchdir", [fd]) => posix_spawn_file_actions_addfchdir_np(actions, number(fd)),
            ("closefrom", [fd]) => posix_spawn_file_actions_addclosefrom_np(actions, number(fd)),
            ("foreground", [fd]) => posix_spawn_file_actions_addtcsetpgrp_np(actions, number(fd)),
            _ => panic!("no action is {what} {given}"),
        }
    }
}

fn flag(word: &str) -> c_int {
    match word {
        "read" => libc::O_RDONLY,
        "create" => libc::O_RDWR | libc::O_CREAT,
        "new" => libc::O_EXCL,
        "directory" => libc::O_DIRECTORY,
        "path" => libc::O_PATH,
        "kept" => libc::O_NOFOLLOW,
        other => panic!("no flag is {other}"),
    }
}

//! Calls under a seccomp filter that was written for what the program itself does.

use std::ffi::{CStr, CString, c_int, c_long};
use std::mem::{MaybeUninit, offset_of};

use libc::{AT_FDCWD, seccomp_data, sock_filter};

/// The names that calls are made with.
struct Names {
    file: CString,
    link: CString,
    directory: CString,
    /// A descriptor of the link's directory.
    parent: c_int,
}

/// What any process asks that has only readlink(2) left, and ends.
const ALWAYS: &[c_long] = &[
    libc::SYS_readlinkat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
    libc::SYS_exit_group,
];

const ACCESS: &[c_long] = &[
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
    #[cfg(not(target_arch = "x86_64"))]
    libc::SYS_faccessat,
];

const MKDIR: &[c_long] = &[
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mkdir,
    #[cfg(not(target_arch = "x86_64"))]
    libc::SYS_mkdirat,
];

/// Calls, and what the kernel is asked for each of them on a symlink.
const CASES: &[(&str, &[c_long])] = &[
    ("open", &[libc::SYS_openat]),
    ("open, relative", &[libc::SYS_openat]),
    ("openat", &[libc::SYS_openat]),
    ("stat", &[libc::SYS_newfstatat]),
    ("stat, relative", &[libc::SYS_newfstatat]),
    ("lstat of the link", &[libc::SYS_newfstatat]),
    ("statx", &[libc::SYS_statx]),
    ("readlink of the link", &[]),
    ("access", ACCESS),
    ("mkdir at the link", MKDIR),
    ("getxattr", &[libc::SYS_getxattr]),
    ("chdir", &[libc::SYS_chdir]),
];

/// Makes one of the calls; says whether its answer is right.
fn is_right(call: &str, names: &Names) -> bool {
    const RELATIVE: &CStr = c"../version/which";
    let mut text = [0; 8];
    // SAFETY: the names are C strings, the buffers are as large as the calls are told, and zeroes are what they begin as.
    unsafe {
        let mut it: libc::stat64 = MaybeUninit::zeroed().assume_init();
        let mut more: libc::statx = MaybeUninit::zeroed().assume_init();
        let (file, link) = (names.file.as_ptr(), names.link.as_ptr());
        let errno = libc::__errno_location();
        match call {
            "open" => libc::open64(file, libc::O_RDONLY) >= 0,
            "open, relative" => libc::open64(RELATIVE.as_ptr(), libc::O_RDONLY) >= 0,
            "openat" => {
                libc::openat64(names.parent, c"version/which".as_ptr(), libc::O_RDONLY) >= 0
            }
            "stat" => libc::stat64(file, &raw mut it) == 0 && it.st_size == 3,
            "stat, relative" => {
                libc::stat64(RELATIVE.as_ptr(), &raw mut it) == 0 && it.st_size == 3
            }
            "lstat of the link" => {
                libc::lstat64(link, &raw mut it) == 0 && it.st_mode & libc::S_IFMT == libc::S_IFLNK
            }
            "statx" => {
                libc::statx(AT_FDCWD, file, 0, libc::STATX_SIZE, &raw mut more) == 0
                    && more.stx_size == 3
            }
            "readlink of the link" => libc::readlink(link, text.as_mut_ptr(), text.len()) == 8,
            "access" => libc::access(file, libc::R_OK) == 0,
            "mkdir at the link" => libc::mkdir(link, 0o755) == -1 && *errno == libc::EEXIST,
            "getxattr" => {
                libc::getxattr(file, c"user.none".as_ptr(), std::ptr::null_mut(), 0) == -1
                    && [libc::ENODATA, libc::ENOTSUP].contains(&*errno)
            }
            "chdir" => libc::chdir(names.directory.as_ptr()) == 0,
            _ => false,
        }
    }
}

/// Makes every call under a filter that kills whoever asks the kernel for more than the call does on a symlink.
pub fn calls_under_strict_filters(root: &str) {
    play(root, false, strict);
}

/// Forbids, at the price of this process, all but these calls and what any process asks.
pub fn only(asks: &[c_long]) {
    install(&strict(asks));
}

fn strict(asks: &[c_long]) -> Vec<sock_filter> {
    let mut program = beginning();
    for &number in ALWAYS.iter().chain(asks) {
        program.extend(answer(number, libc::SECCOMP_RET_ALLOW));
    }
    program.push(end_with(libc::SECCOMP_RET_KILL_PROCESS));
    program
}

/// Makes every call under filters that forbid readlink(2), politely.
pub fn calls_without_readlink(root: &str) {
    for errno in [libc::EPERM, libc::ENOSYS] {
        play(root, true, |_| {
            let mut program = beginning();
            for &number in &ALWAYS[..ALWAYS.len() - 1] {
                program.extend(answer(number, libc::SECCOMP_RET_ERRNO | errno as u32));
            }
            program.push(end_with(libc::SECCOMP_RET_ALLOW));
            program
        });
    }
}

fn play(root: &str, forbids_readlink: bool, filter: impl Fn(&[c_long]) -> Vec<sock_filter>) {
    let name = |below: &str| CString::new(format!("{root}/{below}")).expect("no NUL");
    let parent = name("shared");
    let names = Names {
        file: name("shared/version/which"),
        link: name("shared/version"),
        directory: name("shared/version/dir"),
        // SAFETY: the name is a C string.
        parent: unsafe { libc::open64(parent.as_ptr(), libc::O_PATH | libc::O_CLOEXEC) },
    };
    assert!(names.parent >= 0, "the tree is there");
    for (call, asks) in CASES {
        // On a symlink this call is the one that may be forbidden.
        if asks.is_empty() && forbids_readlink {
            continue;
        }
        let filter = filter(asks);
        let mut status = 0;
        // SAFETY: the child makes one call and ends; then it is waited for.
        unsafe {
            let child = libc::fork();
            if child == 0 {
                install(&filter);
                libc::_exit(c_int::from(!is_right(call, &names)));
            }
            assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
        }
        assert_eq!(status, 0, "{call}, when the kernel may be asked {asks:?}");
    }
}

fn install(filter: &[sock_filter]) {
    let program = libc::sock_fprog {
        len: u16::try_from(filter.len()).expect("it is short"),
        filter: filter.as_ptr().cast_mut(),
    };
    // SAFETY: the program is as long as it says.
    unsafe {
        let done = libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        assert_eq!(done, 0, "it can always be set");
        let mode = libc::SECCOMP_MODE_FILTER;
        let done = libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const program);
        assert_eq!(done, 0, "the kernel has filters");
    }
}

/// Loads the number of the system call.
fn beginning() -> Vec<sock_filter> {
    let at = offset_of!(seccomp_data, nr) as u32;
    vec![statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, at)]
}

/// Answers for one system call.
fn answer(number: c_long, with: u32) -> [sock_filter; 2] {
    let mut is_other = statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, number as u32);
    is_other.jf = 1;
    [is_other, end_with(with)]
}

fn end_with(answer: u32) -> sock_filter {
    statement(libc::BPF_RET | libc::BPF_K, answer)
}

fn statement(code: u32, k: u32) -> sock_filter {
    sock_filter {
        code: code as u16,
        jt: 0,
        jf: 0,
        k,
    }
}

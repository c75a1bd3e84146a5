//! Names that lead to a link only from some moment on, because what is on their way changes.

use std::ffi::{CString, c_char, c_int, c_void};
use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// Has `a` in a directory lead to a link.
type Change = fn(&Path, &Path);

/// Has a name lead to the link by every way there is, each right after it was asked for often.
pub fn turn(root: &str) {
    let room = Path::new(root).join("spare/turns");
    fs::create_dir(&room).expect("the tree is there");
    let link = Path::new(root).join("shared/version");
    let ways: [(&str, Change); 5] = [
        ("rename and symlink", rename_and_symlink),
        ("an exchange", exchange),
        ("an exchange by number", exchange_by_number),
        ("a renamed parent", rename_the_parent),
        ("a hard link to a symlink", hard_link),
    ];
    for (number, (way, change)) in ways.iter().enumerate() {
        let place = room.join(number.to_string());
        let name = directory(&place);
        assert_eq!(read_often(&name), "own", "{way}");
        change(&place, &link);
        assert_eq!(read(&name), "two", "{way}");
    }
    let turned = |name: &str| {
        let place = room.join(name);
        fs::create_dir(&place).expect("nothing is there");
        symlink(&link, place.join("a")).expect("likewise");
        place
    };
    let plain = room.join("plain");
    directory(&plain);
    let other = turned("turned");
    in_other_directories(&plain, &other);
    let sides = [(&*plain, "own"), (&*other, "two")];
    let turned = [sides[1], sides[0]];
    in_children(sides);
    in_children(turned);
    // Nothing relative is remembered from here on.
    in_a_thread_of_its_own(sides);
    in_a_thread_of_its_own(turned);
    by_somebody_else(&room.join("else"), &link);
}

/// Makes `place/a/which` and returns its name.
fn directory(place: &Path) -> PathBuf {
    fs::create_dir_all(place.join("a")).expect("nothing is there");
    fs::write(place.join("a/which"), "own").expect("likewise");
    place.join("a/which")
}

/// Returns a file's text, or why there is none.
pub fn read(name: &Path) -> String {
    fs::read_to_string(name).unwrap_or_else(|error| format!("{}: {error}", name.display()))
}

/// Reads a file and asks for its status, often enough for everything to be remembered that ever is.
pub fn read_often(name: &Path) -> String {
    for _ in 0..3 {
        assert!(fs::symlink_metadata(name).is_ok() && fs::metadata(name).is_ok());
        read(name);
    }
    read(name)
}

fn rename_and_symlink(place: &Path, link: &Path) {
    fs::rename(place.join("a"), place.join("before")).expect("ours");
    symlink(link, place.join("a")).expect("the name is free");
}

fn exchange(place: &Path, link: &Path) {
    let [a, b] = names_to_exchange(place, link);
    // SAFETY: C strings.
    let done = unsafe {
        libc::renameat2(
            libc::AT_FDCWD,
            a.as_ptr(),
            libc::AT_FDCWD,
            b.as_ptr(),
            libc::RENAME_EXCHANGE,
        )
    };
    assert_eq!(done, 0);
}

fn exchange_by_number(place: &Path, link: &Path) {
    let [a, b] = names_to_exchange(place, link);
    // SAFETY: C strings.
    let done = unsafe {
        libc::syscall(
            libc::SYS_renameat2,
            libc::AT_FDCWD,
            a.as_ptr(),
            libc::AT_FDCWD,
            b.as_ptr(),
            libc::RENAME_EXCHANGE,
        )
    };
    assert_eq!(done, 0);
}

/// Makes a symlink beside `a`.
fn names_to_exchange(place: &Path, link: &Path) -> [CString; 2] {
    symlink(link, place.join("b")).expect("nothing is there");
    // Asked for once more: the symlink has had everything forgotten.
    assert_eq!(read_often(&place.join("a/which")), "own");
    ["a", "b"].map(|name| {
        let name = place.join(name).into_os_string().into_encoded_bytes();
        CString::new(name).expect("no NUL")
    })
}

fn rename_the_parent(place: &Path, link: &Path) {
    let other = place.with_extension("other");
    fs::create_dir(&other).expect("nothing is there");
    symlink(link, other.join("a")).expect("likewise");
    fs::rename(place, place.with_extension("before")).expect("ours");
    assert!(!place.join("a/which").exists());
    fs::rename(&other, place).expect("the name is free");
}

fn hard_link(place: &Path, link: &Path) {
    symlink(link, place.join("b")).expect("nothing is there");
    fs::rename(place.join("a"), place.join("before")).expect("ours");
    assert!(!place.join("a").exists());
    fs::hard_link(place.join("b"), place.join("a")).expect("the name is free");
}

fn enter(directory: &Path) {
    std::env::set_current_dir(directory).expect("it is there");
}

/// A relative name means something else after chdir(2) and fchdir(2).
fn in_other_directories(plain: &Path, other: &Path) {
    let name = Path::new("a/which");
    let back = fs::File::open(".").expect("it is there");
    for (how, there) in [
        ("chdir", false),
        ("fchdir", true),
        ("fchdir by number", true),
    ] {
        enter(plain);
        assert_eq!(read_often(name), "own", "{how}");
        let open = fs::File::open(other).expect("it is there");
        match there {
            false => enter(other),
            // SAFETY: a descriptor.
            true if how == "fchdir" => assert_eq!(unsafe { libc::fchdir(open.as_raw_fd()) }, 0),
            true => {
                // SAFETY: likewise.
                let done = unsafe { libc::syscall(libc::SYS_fchdir, open.as_raw_fd()) };
                assert_eq!(done, 0);
            }
        }
        assert_eq!(read(name), "two", "{how}");
    }
    // SAFETY: a descriptor.
    assert_eq!(unsafe { libc::fchdir(back.as_raw_fd()) }, 0);
}

/// A directory with `a/which`, and what that is to read.
type Side<'p> = (&'p Path, &'p str);

/// A child's working directory is not its parent's, whoever's memory it has.
fn in_children([here, there]: [Side<'_>; 2]) {
    const STACK: usize = 65536;
    let name = Path::new("a/which");
    let before = std::env::current_dir().expect("it is there");
    let text = |text: &str| CString::new(text).expect("no NUL");
    let path = there.0.to_str().expect("ours");
    let (directory, expected) = (text(path), text(there.1));
    let mut told = [directory.as_ptr(), expected.as_ptr()];
    enter(here.0);
    assert_eq!(read_often(name), here.1);
    let mut stack = vec![0_u8; STACK];
    let top = stack.as_mut_ptr_range().end.cast::<c_void>();
    // SAFETY: an aligned address in the stack.
    let top = unsafe { top.byte_sub(top.addr() % 16) };
    let argument = told.as_mut_ptr().cast();
    for flags in [None, Some(0), Some(libc::CLONE_VM | libc::CLONE_VFORK)] {
        // SAFETY: the child makes system calls and ends, on a stack of its own where it has this memory.
        let child = unsafe {
            match flags {
                Some(flags) => libc::clone(reads_there, top, flags | libc::SIGCHLD, argument),
                None => match libc::fork() {
                    0 => libc::_exit(reads_there(argument)),
                    child => child,
                },
            }
        };
        let mut status = 0;
        // SAFETY: the status is written to what lies here.
        let ended = unsafe { libc::waitpid(child, &raw mut status, 0) };
        assert_eq!((ended, status), (child, 0), "{flags:?}");
        // What the child remembers is of its own directory.
        assert_eq!(read_often(name), here.1, "{flags:?}");
    }
    enter(&before);
}

/// Goes to a directory and says by its status whether the name there leads to what it is told.
extern "C" fn reads_there(told: *mut c_void) -> c_int {
    let mut text = [0_u8; 3];
    // SAFETY: two C strings, and buffers as large as the calls are told.
    unsafe {
        let [directory, expected]: [*const c_char; 2] = *told.cast();
        let entered = libc::chdir(directory);
        let mut status = std::mem::zeroed();
        for _ in 0..3 {
            libc::stat64(c"a/which".as_ptr(), &raw mut status);
        }
        let file = libc::open(c"a/which".as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
        let read = libc::read(file, text.as_mut_ptr().cast(), text.len());
        libc::close(file);
        let is_right = std::ffi::CStr::from_ptr(expected).to_bytes() == text;
        c_int::from(entered != 0 || read != 3 || !is_right)
    }
}

/// A thread may have a working directory of its own.
fn in_a_thread_of_its_own([here, there]: [Side<'_>; 2]) {
    let before = std::env::current_dir().expect("it is there");
    enter(here.0);
    let name = Path::new("a/which");
    assert_eq!(read_often(name), here.1);
    thread::scope(|scope| {
        let own = scope.spawn(|| {
            // SAFETY: nobody counts on the directory of this thread.
            assert_eq!(unsafe { libc::unshare(libc::CLONE_FS) }, 0);
            enter(there.0);
            assert_eq!(read_often(name), there.1);
        });
        own.join().expect("it reads what it is to read");
        assert_eq!(read_often(name), here.1);
    });
    enter(&before);
}

/// What others do is seen in less than a tenth of a second.
fn by_somebody_else(place: &Path, link: &Path) {
    let name = directory(place);
    assert_eq!(read_often(&name), "own");
    let script = r#"mv -T "$1" "$1.before" && ln -s "$2" "$1""#;
    let child = std::process::Command::new("sh")
        .args(["-c", script, "sh"])
        .args([&place.join("a"), link])
        .status();
    assert!(child.is_ok_and(|status| status.success()));
    let since = Instant::now();
    while read(&name) != "two" {
        assert!(
            since.elapsed() < Duration::from_millis(100),
            "it is not seen"
        );
    }
}

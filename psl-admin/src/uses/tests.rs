//! Processes that use a tree in each way, and those that only seem to.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
use super::{How, User, users_of};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A program that does something in `sys.argv[1]`, which has the tree `tree` and, outside of it, `other`.
struct Script(Child);

impl Script {
    /// Starts it, and waits until it has done what it does.
    fn start(dir: &Path, does: &str) -> Self {
        let text = format!(
            "import ctypes, os, sys, threading, time\n\
             libc = ctypes.CDLL(None, use_errno=True)\n\
             def must(result):\n    assert result == 0, os.strerror(ctypes.get_errno())\n\
             def mount(source, place, kind, flags):\n    \
             must(libc.mount(source.encode(), place.encode(), kind, flags, None))\n\
             def own_mounts():\n    must(libc.unshare(0x20000)); mount('none', '/', None, 0x44000)\n\
             dir = sys.argv[1]; tree = dir + '/tree'; other = dir + '/other'\n\
             {does}\nprint('done', flush=True)\ntime.sleep(1000)\n"
        );
        let mut child = Command::new("python3")
            .args(["-c", &text])
            .arg(dir)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = child.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let script = Self(child);
        assert_eq!(line, "done\n", "{does}");
        script
    }

    fn pid(&self) -> i32 {
        self.0.id().cast_signed()
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn site() -> TempDir {
    let dir = TempDir::with_prefix("psl-uses-").unwrap();
    for name in ["tree/sub", "other"] {
        fs::create_dir_all(dir.path().join(name)).unwrap();
    }
    for name in ["tree/f", "tree/sub/g", "other/f"] {
        fs::write(dir.path().join(name), "text").unwrap();
    }
    fs::hard_link(dir.path().join("tree/sub/g"), dir.path().join("other/g")).unwrap();
    dir
}

/// Lists how a process uses the tree, and by which names below the site.
fn uses(dir: &TempDir, script: &Script) -> Vec<(How, String)> {
    let physical = dir.path().canonicalize().unwrap();
    let found = users_of(&dir.path().join("tree")).unwrap();
    let own = |user: &User| user.pid == script.pid();
    let name = |user: User| {
        let path = user.path.strip_prefix(&physical).unwrap_or(&user.path);
        (user.how, path.display().to_string())
    };
    found.users.into_iter().filter(own).map(name).collect()
}

/// What a program does, and how it uses the tree then.
type Row = (&'static str, &'static [(How, &'static str)]);

const ROWS: &[Row] = &[
    ("open(other + '/f')", &[]),
    ("f = open(tree + '/f')", &[(How::Opens, "tree/f")]),
    (
        "f = os.open(tree + '/sub', os.O_PATH)",
        &[(How::Opens, "tree/sub")],
    ),
    (
        "f = open(tree + '/f'); os.remove(tree + '/f')",
        &[(How::Opens, "tree/f (deleted)")],
    ),
    (
        "f = open(tree + '/sub/g'); import shutil; shutil.rmtree(tree + '/sub')",
        &[(How::Opens, "tree/sub/g (deleted)")],
    ),
    (
        "f = open(tree + '/f'); os.rename(tree + '/f', other + '/f')",
        &[],
    ),
    (
        "f = open(other + '/f'); os.rename(other + '/f', tree + '/new')",
        &[(How::Opens, "tree/new")],
    ),
    // One file by two names: the one in the tree is not the one that is used.
    ("f = open(other + '/g')", &[]),
    ("f = open(tree + '/sub/g')", &[(How::Opens, "tree/sub/g")]),
    (
        "f = os.open(tree + '/f', 0); libc.mmap.restype = ctypes.c_void_p\n\
         must(libc.mmap(None, ctypes.c_size_t(4096), 1, 2, f, ctypes.c_long(0)) == 2**64 - 1); os.close(f)",
        &[(How::Maps, "tree/f")],
    ),
    ("os.chdir(tree + '/sub')", &[(How::WorksIn, "tree/sub")]),
    // A directory that is gone is one of the tree's.
    (
        "os.chdir(tree + '/sub'); os.remove('g'); os.rmdir('../sub')",
        &[(How::WorksIn, "tree/sub (deleted)")],
    ),
    (
        "t = threading.Thread(target=lambda: (must(libc.unshare(0x200)), os.chdir(tree), e.set(), time.sleep(1000)))\n\
         e = threading.Event(); t.start(); e.wait()",
        &[(How::WorksIn, "tree")],
    ),
];

/// The same as root.
const ROOT_ROWS: &[Row] = &[
    ("os.chroot(tree)", &[(How::Root, "tree")]),
    (
        "os.chroot(tree); f = open('/f'); os.chdir('/sub')",
        &[
            (How::Opens, "tree/f"),
            (How::WorksIn, "tree/sub"),
            (How::Root, "tree"),
        ],
    ),
    ("own_mounts()", &[]),
    (
        "own_mounts(); mount(tree, other, None, 0x1000)",
        &[(How::Mounts, "other")],
    ),
    (
        "own_mounts(); mount(tree + '/sub', other, None, 0x1000); f = open(other + '/g')",
        &[(How::Opens, "other/g"), (How::Mounts, "other")],
    ),
    (
        "own_mounts(); mount(tree + '/sub', other, None, 0x1000); f = open(other + '/g'); os.remove(other + '/g')",
        &[(How::Opens, "other/g (deleted)"), (How::Mounts, "other")],
    ),
    // To remove a mount point takes away what is mounted there.
    (
        "own_mounts(); mount(other, tree, None, 0x1000)",
        &[(How::Mounts, "tree")],
    ),
    (
        "own_mounts(); mount('none', tree + '/sub', b'tmpfs', 0)",
        &[(How::Mounts, "tree/sub")],
    ),
    // An engine hides a tree from those who do not use it.
    ("own_mounts(); mount('psl:g1;m', tree, b'tmpfs', 0)", &[]),
    ("own_mounts(); mount(other, other, None, 0x1000)", &[]),
];

#[test]
fn every_way_to_use_a_tree_is_found() {
    let is_root = rustix::process::geteuid().is_root();
    let rows = ROWS.iter().chain(ROOT_ROWS.iter().filter(|_| is_root));
    for (does, expected) in rows {
        let dir = site();
        let script = Script::start(dir.path(), does);
        let expected: Vec<_> = expected
            .iter()
            .map(|(how, path)| (*how, (*path).to_owned()))
            .collect();
        assert_eq!(uses(&dir, &script), expected, "{does}");
    }
}

#[test]
fn a_program_of_the_tree_is_found_also_when_it_is_gone() {
    let dir = site();
    let program = dir.path().join("tree/sleep");
    let copied = Command::new("cp").arg("/bin/sleep").arg(&program).status();
    assert!(copied.unwrap().success());
    let script = Script(Command::new(&program).arg("1000").spawn().unwrap());
    for name in ["tree/sleep", "tree/sleep (deleted)"] {
        let both = [How::Executes, How::Maps].map(|how| (how, name.to_owned()));
        assert_eq!(uses(&dir, &script), both);
        let _ = fs::remove_file(&program);
    }
}

#[test]
fn a_mount_that_all_of_a_namespace_see_is_found_once() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let dir = site();
    let does = "own_mounts(); mount(tree, other, None, 0x1000)\n\
                for _ in (1, 2): os.fork() or (libc.prctl(1, 9), time.sleep(1000))";
    let script = Script::start(dir.path(), does);
    let found = users_of(&dir.path().join("tree")).unwrap();
    let mounts = found.users.iter().filter(|user| user.how == How::Mounts);
    let pids: Vec<_> = mounts.map(|user| user.pid).collect();
    assert_eq!(pids, [script.pid()]);
}

#[test]
fn what_was_found_and_what_could_not_be_seen_is_told() {
    let dir = site();
    let script = Script::start(dir.path(), "f = open(tree + '/f'); os.chdir(tree)");
    let mut found = users_of(&dir.path().join("tree")).unwrap();
    found.users.retain(|user| user.pid == script.pid());
    found.unseen = 2;
    found.is_partial = false;
    let told = found.to_string();
    let first = format!("pid {} (", script.pid());
    assert!(
        told.starts_with(&first) && told.contains(" holds open \""),
        "{told}"
    );
    assert!(
        told.ends_with("/tree/f\"; cannot see 2 processes of others"),
        "{told}"
    );
    found.users.clear();
    assert!(
        found
            .to_string()
            .starts_with("no process that can be seen uses it; "),
        "{found}"
    );
}

#[test]
fn a_tree_that_cannot_be_read_is_an_error() {
    let dir = site();
    assert!(users_of(&dir.path().join("gone")).is_err());
    assert!(users_of(&dir.path().join("tree/f")).is_err());
}

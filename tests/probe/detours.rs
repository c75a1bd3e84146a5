//! Names that lead through a link, and no longer do from some moment on.

use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;

use crate::turns::{read, read_often};

/// Takes the way through a link away by all that can do it, each right after it was taken often.
pub fn close(root: &str) {
    let root = Path::new(root);
    let (place, target) = (root.join("shared/room"), root.join("other/house/room"));
    fs::create_dir_all(target.join("own")).expect("the tree is there");
    fs::write(target.join("own/which"), "own").expect("likewise");
    let name = place.join("own/which");
    assert_eq!(read_often(&name), "own");

    let (parent, aside) = (root.join("shared"), root.join("aside"));
    fs::rename(&parent, &aside).expect("it is ours");
    assert_fails(&name, ErrorKind::NotFound);
    fs::create_dir(&parent).expect("the name is free");
    assert_eq!(read_often(&name), "own");
    fs::remove_dir(&parent).expect("it is empty");
    assert_fails(&name, ErrorKind::NotFound);
    fs::rename(&aside, &parent).expect("the name is free");
    assert_eq!(read_often(&name), "own");

    if rustix::process::geteuid().is_root() {
        as_somebody(|| lose_the_right(&parent, &name), &parent);
    }

    fs::rename(target.join("own"), target.join("before")).expect("it is ours");
    assert_fails(&name, ErrorKind::NotFound);
    symlink(root.join("shared/version"), target.join("own")).expect("the name is free");
    assert_eq!(read_often(&name), "two");
}

fn assert_fails(name: &Path, kind: ErrorKind) {
    let failed = fs::read(name).map_err(|error| error.kind());
    assert_eq!(failed, Err(kind), "{}", name.display());
}

fn lose_the_right(parent: &Path, name: &Path) {
    assert_eq!(read_often(name), "own");
    fs::set_permissions(parent, Permissions::from_mode(0o000)).expect("it is ours");
    assert_fails(name, ErrorKind::PermissionDenied);
    fs::set_permissions(parent, Permissions::from_mode(0o755)).expect("it is ours");
    assert_eq!(read(name), "own");
}

/// Does something in a child who is nobody in particular, and owns this directory.
fn as_somebody(act: impl FnOnce(), own: &Path) {
    const NOBODY: u32 = 65534;
    chown(own, Some(NOBODY), None).expect("root may");
    // SAFETY: this process has one thread; the child ends without going back.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: it takes a number.
        assert_eq!(unsafe { libc::setuid(NOBODY) }, 0);
        act();
        // SAFETY: as above.
        unsafe { libc::_exit(0) };
    }
    let mut status = 0;
    // SAFETY: the status is written to what lies here.
    let ended = unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!((ended, status), (child, 0));
    chown(own, Some(0), None).expect("root may");
}

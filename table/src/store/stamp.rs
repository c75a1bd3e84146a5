//! What tells two tables apart without reading them.

use std::ffi::CStr;

use rustix::fs::{CWD, StatxFlags, statx};
use rustix::io::Errno;

use crate::store::shared::FORCE_SYNC;

/// Which file lies somewhere, and when it was last changed: a commit puts another one there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    device: (u32, u32),
    inode: u64,
    /// In bytes.
    pub size: u64,
    modified: (i64, u32),
    changed: (i64, u32),
}

impl Stamp {
    /// Asks the kernel, and over a network the server: what was cached may be a minute old.
    ///
    /// Fails as statx(2) does.
    pub fn of(file: &CStr) -> Result<Self, Errno> {
        let it = statx(CWD, file, FORCE_SYNC, StatxFlags::BASIC_STATS)?;
        Ok(Self {
            device: (it.stx_dev_major, it.stx_dev_minor),
            inode: it.stx_ino,
            size: it.stx_size,
            modified: (it.stx_mtime.tv_sec, it.stx_mtime.tv_nsec),
            changed: (it.stx_ctime.tv_sec, it.stx_ctime.tv_nsec),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;
    use std::fs;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn a_file_that_was_replaced_has_another_stamp() {
        let dir = tempfile::tempdir().expect("a directory can be made");
        let [file, aside] = ["table", "aside"].map(|name| dir.path().join(name));
        let name = CString::new(file.as_os_str().as_bytes()).expect("no NUL");
        assert_eq!(Stamp::of(&name), Err(Errno::NOENT));
        fs::write(&file, "1").expect("it can be written");
        let first = Stamp::of(&name).expect("it is there");
        assert_eq!(Stamp::of(&name), Ok(first));
        fs::write(&aside, "2").expect("it can be written");
        fs::rename(&aside, &file).expect("it can be renamed");
        assert_ne!(Stamp::of(&name), Ok(first));
    }
}

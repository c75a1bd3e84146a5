//! Hard links: names of one file in the tree become names of one file in the copy.
use crate::identity::Identity;
use crate::tour::{Cursor, Step};
use rustix::fs::{AtFlags, linkat};
use rustix::io::Result;
use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The first copied name of each file that has several.
#[derive(Debug)]
pub struct Twins {
    root: OwnedFd,
    first: HashMap<Identity, PathBuf>,
}

impl Twins {
    /// Begins with the root of an empty copy.
    pub fn new(root: OwnedFd) -> Self {
        Self {
            root,
            first: HashMap::new(),
        }
    }

    /// Links the step's name in the copy's directory to the file's first name, and returns true; or remembers it as
    /// the first, and returns false.
    pub fn link(&mut self, step: &Step<'_>, dir: BorrowedFd<'_>) -> Result<bool> {
        if step.stat.st_nlink <= 1 {
            return Ok(false);
        }
        let identity = Identity::from(&step.stat);
        let Some(first) = self.first.get(&identity) else {
            self.first.insert(identity, step.path.to_owned());
            return Ok(false);
        };
        // Its path may be too long for one call.
        let mut cursor = Cursor::at(
            self.root
                .try_clone()
                .map_err(|_| rustix::io::Errno::MFILE)?,
        )?;
        for part in first.parent().into_iter().flat_map(Path::components) {
            cursor.enter(&name(Path::new(part.as_os_str())))?;
        }
        let first = name(Path::new(first.file_name().unwrap_or_default()));
        linkat(
            cursor.dir(),
            first.as_c_str(),
            dir,
            name_of(step),
            AtFlags::empty(),
        )?;
        Ok(true)
    }
}

fn name(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).expect("a name has no NUL")
}

fn name_of<'s>(step: &'s Step<'_>) -> &'s CStr {
    &step.name
}

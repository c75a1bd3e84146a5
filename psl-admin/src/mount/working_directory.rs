//! The working directory, where it lies at a place or below one.
use super::plan::Plan;
use super::refused;
use crate::failure::Failure;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// The directory that this process has to enter again, because what it stands in is covered; none when it is not.
#[derive(Debug)]
pub struct WorkingDirectory(Option<PathBuf>);

impl WorkingDirectory {
    /// Finds out where this process is. A directory that was removed is covered where its former path is.
    pub fn of_this_process(plan: &Plan) -> Result<Self, Failure> {
        let path = rustix::fs::readlink(c"/proc/self/cwd", Vec::new())
            .map_err(|errno| refused(format!("cannot read \"/proc/self/cwd\": {errno}")))?;
        let path = PathBuf::from(OsString::from_vec(path.into_bytes()));
        Ok(Self(Some(path).filter(|path| plan.covers(path))))
    }

    /// Enters it by the same path, which leads to a link's target.
    pub fn enter_again(self) -> Result<(), Failure> {
        let Some(path) = self.0 else {
            return Ok(());
        };
        rustix::process::chdir(&path).map_err(|errno| {
            refused(format!(
                "the working directory {path:?} cannot be entered behind the links: {errno}"
            ))
            .with_help("start it from a directory that the member has, too, such as \"/\"")
        })
    }
}

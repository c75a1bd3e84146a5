//! The private copy of a tree for one member.
use crate::exit::Exit;
use crate::failure::Failure;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Makes `DST` a copy of `SRC`: complete, or not there at all.
pub type Copier<'a> = &'a (dyn Fn(&Path, &Path) -> Result<(), Failure> + Sync);

/// Copies with cp(1) into a name beside `to`, and puts the whole copy into its place.
pub fn with_cp(from: &Path, to: &Path) -> Result<(), Failure> {
    let refused = |message: String| Failure::new(Exit::Storage, message);
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    // A cp(1) whose starter was killed may still be writing into a copy of its own.
    let aside = to.with_file_name(format!(".{name}.psl-copy-{}", std::process::id()));
    let mut command = Command::new("cp");
    command.args(["--archive", "--reflink=auto", "--no-target-directory", "--"]);
    command.arg(from).arg(&aside).stdin(Stdio::null());
    let output = command
        .output()
        .map_err(|error| refused(format!("cannot execute \"cp\": {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let _ = fs::remove_dir_all(&aside);
        return Err(refused(format!("cannot copy {from:?} to {to:?}: {said}")));
    }
    rustix::fs::syncfs(
        fs::File::open(&aside)
            .map_err(|error| refused(format!("cannot open {aside:?}: {error}")))?,
    )
    .map_err(|errno| refused(format!("cannot sync {aside:?}: {errno}")))?;
    // It replaces nothing: what is there by now is no empty directory.
    fs::rename(&aside, to)
        .map_err(|error| refused(format!("cannot rename {aside:?} to {to:?}: {error}")))
}

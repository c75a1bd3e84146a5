//! Where the shim is, and whether LD_PRELOAD can name it.
use crate::exit::Exit;
use crate::failure::Failure;
use psl_table::config::HostConfig;
use rustix::fs::Access;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The file name of the shim.
pub const NAME: &str = "libpsl_shim.so";

/// Finds the shim: `shim` of the host configuration, else beside psl-admin, else in `../lib/psl/`.
pub fn find(host: &HostConfig) -> Result<PathBuf, Failure> {
    let places = places(host)?;
    let found = places.iter().find(|place| place.is_file());
    let found = found.ok_or_else(|| {
        let looked: Vec<_> = places.iter().map(|place| format!("{place:?}")).collect();
        Failure::new(
            Exit::Refused,
            format!("the shim is missing, looked for {}", looked.join(" and ")),
        )
        .with_help("install it there, or set `shim` in the host configuration")
    })?;
    if carried(found.as_os_str()) {
        return Ok(found.clone());
    }
    Err(Failure::new(
        Exit::Refused,
        format!(
            "LD_PRELOAD cannot name the shim {found:?}, expected a path without space, `:` and `$`"
        ),
    )
    .with_help("install the shim elsewhere, and set `shim` in the host configuration"))
}

/// Returns the program that the shim at this path has set the mount engine up: psl-admin beside it, or in `../../bin`.
pub fn admin_of(shim: &Path) -> Option<PathBuf> {
    let dir = shim.parent()?;
    let places = [dir.join("psl-admin"), dir.join("../../bin/psl-admin")];
    let is_there = |path: &PathBuf| rustix::fs::access(path, Access::EXEC_OK).is_ok();
    places.into_iter().find(is_there)
}

fn places(host: &HostConfig) -> Result<Vec<PathBuf>, Failure> {
    if let Some(shim) = &host.shim {
        return Ok(vec![shim.clone()]);
    }
    let program = std::env::current_exe().map_err(|error| {
        Failure::new(
            Exit::Refused,
            format!("cannot find where psl-admin is: {error}"),
        )
        .with_help("set `shim` in the host configuration")
    })?;
    let beside = program.parent().map(|dir| dir.join(NAME));
    let library = program.parent().and_then(|dir| dir.parent());
    let library = library.map(|prefix| prefix.join("lib/psl").join(NAME));
    Ok(beside.into_iter().chain(library).collect())
}

/// The loader splits LD_PRELOAD at spaces and colons, and expands `$ORIGIN` and its like.
fn carried(path: &OsStr) -> bool {
    !path.as_bytes().iter().any(|byte| b" :$".contains(byte))
}

//! The manifests of the trees, which move with them.
use crate::failure::Failure;
use crate::manifest;
use crate::roll::finish::entry::{failed, name};
use crate::roll::finish::plan::{Finish, Form};
use crate::roll::finish::{Entry, Parent};
use rustix::fs::renameat;
use std::ffi::OsStr;
use std::path::Path;

/// Moves the manifests to where the trees are, whatever part of that was done before.
pub fn follow(finish: &Finish) -> Result<(), Failure> {
    let parent = Parent::of(Path::new(&finish.place))?;
    let [place, aside, kept] =
        [&finish.place, &finish.aside, &finish.kept].map(|path| manifest::name(name(path)));
    let is_there = |name: &OsStr| Ok::<_, Failure>(parent.entry(name)? != Entry::Missing);
    let moved = |from: &OsStr, to: &OsStr| {
        renameat(&parent.dir, from, &parent.dir, to)
            .map_err(|errno| failed("move", Path::new(from), errno))
    };
    // The one of the new version is beside the place until the old one has gone.
    let is_old = match finish.form {
        _ if finish.old.is_none() => false,
        Form::Link { .. } => true,
        Form::Replace { .. } => is_there(&aside)?,
    };
    if is_old && is_there(&place)? && !is_there(&kept)? {
        moved(&place, &kept)?;
    }
    if is_there(&aside)? {
        moved(&aside, &place)?;
    }
    parent.sync()
}

//! What was prepared takes the place: in one exchange where the file system can, else in two renames.
//!
//! Between the two renames nothing is at the place. No member of the roll sees that: its link holds there whatever
//! lies below it.
use crate::exit::Exit;
use crate::failure::Failure;
use crate::roll::finish::entry::{failed, name};
use crate::roll::finish::plan::{Finish, Form, Old};
use crate::roll::finish::{Entry, Parent};
use rustix::fs::{RenameFlags, renameat, renameat_with, symlinkat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::path::Path;

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// Everybody has what they had.
    Before,
    /// That is kept, and nothing is at the place.
    Gap,
    /// The two were exchanged.
    Exchanged,
    /// The place is the new version, and what was there is kept.
    Done,
}

/// Looks how far it has come; fails when somebody else has changed what lies there.
pub fn stand(finish: &Finish) -> Result<Stand, Failure> {
    let parent = Parent::of(Path::new(&finish.place))?;
    let entry = |path: &str| parent.entry(name(path));
    let (place, aside, kept) = (
        entry(&finish.place)?,
        entry(&finish.aside)?,
        entry(&finish.kept)?,
    );
    let is_before = match finish.old {
        Some(_) => finish.is_old(&place),
        None => place == Entry::Missing,
    };
    if is_before {
        return Ok(Stand::Before);
    }
    if place == Entry::Missing && finish.is_old(&kept) {
        return Ok(Stand::Gap);
    }
    if finish.is_new(&place) {
        if finish.old.is_none() || finish.is_old(&kept) {
            return Ok(Stand::Done);
        }
        if finish.is_old(&aside) {
            return Ok(Stand::Exchanged);
        }
    }
    let message = format!(
        "somebody else has changed {:?}: neither the old version nor the new one is there as it was left",
        finish.place
    );
    Err(Failure::new(Exit::Refused, message).with_help(format!(
        "the old version was to be kept at {:?}, the new one was made at {:?}: put them back to where they belong",
        finish.kept, finish.aside
    )))
}

/// Goes on until the place is the new version. `may_leave_gap` is asked before the first of two renames.
pub fn carry_out(
    finish: &Finish,
    may_leave_gap: impl Fn() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let parent = Parent::of(Path::new(&finish.place))?;
    let [place, aside, kept] = [&finish.place, &finish.aside, &finish.kept].map(|path| name(path));
    let moved = |from, to| rename(&parent, from, to);
    let stand = stand(finish)?;
    match stand {
        Stand::Before if finish.old.is_none() => moved(aside, place)?,
        Stand::Before => {
            let exchange = RenameFlags::EXCHANGE;
            match renameat_with(&parent.dir, aside, &parent.dir, place, exchange) {
                // What everybody had lies where the new version was prepared.
                Ok(()) => moved(aside, kept)?,
                Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => match finish {
                    // A symlink is replaced by a symlink at once.
                    Finish {
                        form: Form::Link { .. },
                        old: Some(Old::Symlink { to, .. }),
                        ..
                    } => {
                        match symlinkat(to, &parent.dir, kept) {
                            Ok(()) | Err(Errno::EXIST) => {}
                            Err(errno) => {
                                return Err(failed("make", Path::new(&finish.kept), errno));
                            }
                        }
                        renameat(&parent.dir, aside, &parent.dir, place)
                            .map_err(|errno| failed("replace", Path::new(&finish.place), errno))?;
                    }
                    _ => {
                        may_leave_gap()?;
                        moved(place, kept)?;
                        moved(aside, place)?;
                    }
                },
                Err(errno) => return Err(failed("exchange", Path::new(&finish.place), errno)),
            }
        }
        Stand::Gap => moved(aside, place)?,
        Stand::Exchanged => moved(aside, kept)?,
        Stand::Done => {}
    }
    parent.sync()
}

/// Renames to a name that nothing has.
pub fn rename(parent: &Parent, from: &OsStr, to: &OsStr) -> Result<(), Failure> {
    let renamed = match renameat_with(&parent.dir, from, &parent.dir, to, RenameFlags::NOREPLACE) {
        // NFS and others cannot promise it.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => match parent.entry(to)? {
            Entry::Missing => renameat(&parent.dir, from, &parent.dir, to),
            _ => Err(Errno::EXIST),
        },
        renamed => renamed,
    };
    renamed.map_err(|errno| {
        let message = format!("cannot rename {from:?} to {to:?}: {errno}");
        let exit = match errno {
            Errno::EXIST | Errno::BUSY => Exit::Refused,
            _ => Exit::Storage,
        };
        Failure::new(exit, message)
    })
}

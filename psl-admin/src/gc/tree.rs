//! The removal of one tree: out of everybody's way by one rename, looked at again, then removed.
//!
//! A tree that is being removed has no name but `.NAME.psl-gone` beside where it was. A crash leaves that, and the next
//! run goes on with it.
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::gc::journals;
use crate::gc::needs::Needs;
use crate::gc::report::{Kind, Outcome, Report};
use crate::gc::waste::{Proof, Waste};
use crate::manifest;
use crate::removal;
use crate::roll::directory::Rolls;
use crate::roll::fence::LOCK_WAIT;
use crate::roll::finish::entry::{failed, name};
use crate::roll::finish::{Entry, Parent, swap};
use crate::roll::journal::event::Event;
use crate::uses;
use psl_table::history::Author;
use rustix::io::Errno;
use rustix::process::geteuid;
use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// What the name of a tree ends with that is being removed.
const GONE: &str = ".psl-gone";

/// How trees are removed.
pub struct Removal<'a> {
    /// The journals.
    pub rolls: Rolls<'a>,
    /// What is needed.
    pub needs: &'a Needs,
    /// Who removes.
    pub by: Author,
    /// Though not all processes can be seen.
    pub force: bool,
    /// Nothing is removed.
    pub dry_run: bool,
    /// Where doubts are told.
    pub console: Console,
}

impl Removal<'_> {
    /// Removes it, if it still is what the roll has left and nothing uses it.
    pub fn carry_out(&self, waste: &Waste, report: &mut Report) -> Result<(), Failure> {
        let outcome = match self.outcome(waste) {
            // What keeps this one does not keep the others.
            Err(failure) if failure.exit() == Exit::Refused => Some(Outcome::InUse {
                why: failure.told().0,
            }),
            outcome => outcome?,
        };
        if let Some(outcome) = outcome {
            report.add(Kind::Tree, waste.path.clone(), outcome);
        }
        Ok(())
    }

    /// Returns what became of it; none when there is nothing any more.
    fn outcome(&self, waste: &Waste) -> Result<Option<Outcome>, Failure> {
        let path = Path::new(&waste.path);
        let parent = Parent::of(path)?;
        let gone = gone(name(&waste.path));
        if parent.entry(&gone)? != Entry::Missing {
            // Whoever was killed had moved it out of the way.
            return self.remove(waste, &parent, &gone).map(Some);
        }
        let found = parent.entry(name(&waste.path))?;
        if waste.is_collected || found == Entry::Missing {
            self.collected(waste)?;
            return Ok(None);
        }
        if !is_it(&found, &waste.proof) {
            let why = format!("it is not what roll {} has left there", waste.roll);
            return Ok(Some(Outcome::LeftAlone { why }));
        }
        let in_use = match self.needs.of(path) {
            Some(who) => Some(who.to_owned()),
            None => self.used(path, &found)?,
        };
        if let Some(why) = in_use {
            return Ok(Some(Outcome::InUse { why }));
        }
        if self.dry_run {
            return Ok(Some(Outcome::WouldBeRemoved));
        }
        Ok(Some(match self.move_away(path, &parent, &gone)? {
            Some(why) => Outcome::InUse { why },
            None => self.remove(waste, &parent, &gone)?,
        }))
    }

    /// Gives it a name that nobody knows, unless somebody needs it by now; says who does.
    fn move_away(
        &self,
        path: &Path,
        parent: &Parent,
        gone: &OsStr,
    ) -> Result<Option<String>, Failure> {
        let own = path.file_name().unwrap_or_default();
        // Links are committed, and rolls begin, under the same lock.
        (self.rolls.store).exclusively(&self.by, LOCK_WAIT, || {
            if let Some(who) = Needs::of_store(&self.rolls)?.of(path) {
                return Ok(Some(who.to_owned()));
            }
            rename_with_manifest(parent, own, gone)?;
            Ok(None)
        })?
    }

    /// Removes what was moved away; gives it its name back when somebody uses it after all.
    fn remove(&self, waste: &Waste, parent: &Parent, gone: &OsStr) -> Result<Outcome, Failure> {
        let moved = Path::new(&waste.path).with_file_name(gone);
        let own = name(&waste.path);
        let found = parent.entry(gone)?;
        if !is_it(&found, &waste.proof) {
            let why = format!("{moved:?} is not what roll {} has left there", waste.roll);
            return Ok(Outcome::LeftAlone { why });
        }
        let is_nameless = !waste.is_collected && parent.entry(own)? == Entry::Missing;
        if let Some(why) = self.used(&moved, &found)? {
            if !self.dry_run && is_nameless {
                rename_with_manifest(parent, gone, own)?;
            }
            return Ok(Outcome::InUse { why });
        }
        if self.dry_run {
            return Ok(Outcome::WouldBeRemoved);
        }
        if is_nameless {
            move_manifest(parent, own, gone)?;
        }
        self.collected(waste)?;
        // The tree last: as long as it is there, the next run goes on.
        self.unlink(parent, &manifest::name(gone), &moved)?;
        self.unlink(parent, gone, &moved)?;
        parent.sync()?;
        Ok(Outcome::Removed)
    }

    fn unlink(&self, parent: &Parent, gone: &OsStr, moved: &Path) -> Result<(), Failure> {
        let broken = |errno| failed("remove", moved, errno);
        let dir = parent.dir.try_clone();
        let dir = dir.map_err(|error| broken(Errno::from_io_error(&error).unwrap_or(Errno::IO)))?;
        let name =
            CString::new(OsString::from(gone).into_vec()).map_err(|_| broken(Errno::INVAL))?;
        removal::remove(dir, name).map_err(|errno| match errno {
            Errno::XDEV => {
                let message =
                    format!("something is mounted below {moved:?}, which was to be removed");
                Failure::new(Exit::Refused, message)
                    .with_help("unmount it, then type the same again")
            }
            errno => broken(errno),
        })
    }

    /// Says who uses it, or that nobody can know.
    fn used(&self, path: &Path, found: &Entry) -> Result<Option<String>, Failure> {
        if !matches!(found, Entry::Directory { .. }) {
            return Ok(None);
        }
        let uses = uses::users_of(path)?;
        if !uses.users.is_empty() {
            return Ok(Some(uses.to_string()));
        }
        // Root sees all but what the kernel keeps from root as well.
        let is_blind = uses.is_partial || (uses.unseen > 0 && !geteuid().is_root());
        if is_blind && !self.force {
            return Ok(Some(format!(
                "{uses}: run as root of the host, or give --force"
            )));
        }
        let is_first_look = !path.as_os_str().as_bytes().ends_with(GONE.as_bytes());
        if (uses.unseen > 0 || uses.is_partial) && is_first_look {
            self.console.warn(&format!("{path:?}: {uses}"));
        }
        Ok(None)
    }

    /// Writes down that its name is free for others.
    fn collected(&self, waste: &Waste) -> Result<(), Failure> {
        if waste.is_collected || self.dry_run {
            return Ok(());
        }
        let path = waste.path.clone();
        journals::note(
            &self.rolls,
            &waste.roll,
            &self.by,
            Event::Collected { path },
        )
    }
}

fn is_it(found: &Entry, proof: &Proof) -> bool {
    match (found, proof) {
        (Entry::Directory { inode: found }, Proof::Inode(inode)) => found == inode,
        (Entry::Symlink { to }, Proof::Text(text)) => to == text,
        _ => false,
    }
}

/// Renames a tree, and its manifest after it.
fn rename_with_manifest(parent: &Parent, from: &OsStr, to: &OsStr) -> Result<(), Failure> {
    swap::rename(parent, from, to)?;
    move_manifest(parent, from, to)?;
    parent.sync()
}

fn move_manifest(parent: &Parent, from: &OsStr, to: &OsStr) -> Result<(), Failure> {
    let [from, to] = [from, to].map(manifest::name);
    match parent.entry(&from)? {
        Entry::Missing => Ok(()),
        _ => swap::rename(parent, &from, &to),
    }
}

fn gone(name: &OsStr) -> OsString {
    let mut gone = OsString::from(".");
    gone.push(name);
    gone.push(GONE);
    gone
}

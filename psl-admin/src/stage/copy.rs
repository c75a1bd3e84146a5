//! The copying: each file of the tree is made again in the copy, a directory's own attributes after all in it.
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::Signals;
use crate::stage::attributes::{Bearer, carry};
use crate::stage::contents::{Contents, Pair};
use crate::stage::progress::Progress;
use crate::stage::route::{Route, cannot};
use crate::stage::twins::Twins;
use crate::stage::warned::Warned;
use crate::stage::work::Work;
use crate::tour::{Cursor, Event, Step, Tour, below};
use rustix::fs::{
    FileType, Mode, OFlags, Stat, fstat, mkdirat, mknodat, openat, readlinkat, symlinkat,
};
use std::fs::File;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

/// Copies the tree into the work, and returns how many files share their data with it.
pub fn copy(
    route: &Route,
    work: &Work<'_>,
    signals: &Signals,
    progress: &Progress,
    warned: &mut Warned,
) -> Result<u64, Failure> {
    let root = work.open()?;
    let again = work.open()?;
    let mut copying = Copying {
        route,
        cursor: Cursor::at(root).map_err(cannot("read", &work.path()))?,
        twins: Twins::new(again),
        contents: Contents::new(signals, progress),
        entered: Vec::new(),
        warned,
    };
    let mut tour = Tour::of(&route.src)?;
    while let Some(step) = tour.next()? {
        signals.check()?;
        match step.event {
            Event::Enter => copying.enter(&step)?,
            Event::Leave => copying.leave(&step)?,
            Event::File => {
                copying.file(&step)?;
                progress.add_file();
            }
        }
    }
    Ok(copying.contents.shared)
}

/// A copy that is being made, and the directory in it that has been reached.
#[derive(Debug)]
struct Copying<'a> {
    route: &'a Route,
    cursor: Cursor,
    twins: Twins,
    contents: Contents<'a>,
    /// The status of each directory on the way, as it was before its names were read.
    entered: Vec<Stat>,
    warned: &'a mut Warned,
}

impl Copying<'_> {
    fn enter(&mut self, step: &Step<'_>) -> Result<(), Failure> {
        // The root is there already.
        if !self.entered.is_empty() {
            mkdirat(self.cursor.dir(), &step.name, Mode::RWXU)
                .and_then(|()| self.cursor.enter(&step.name))
                .map_err(cannot("copy", &self.source(step)))?;
        }
        self.entered.push(step.stat);
        Ok(())
    }

    fn leave(&mut self, step: &Step<'_>) -> Result<(), Failure> {
        let path = self.source(step);
        let entered = self.entered.pop().expect("it was entered");
        if is_changed(&entered, &step.stat) {
            return Err(changed(&path));
        }
        let carried = Bearer::open(step.dir).and_then(|from| {
            let to = Bearer::open(self.cursor.dir())?;
            carry(&from, &to, &step.stat, self.warned, &path)
        });
        carried.map_err(cannot("copy the attributes of", &path))?;
        if !self.entered.is_empty() {
            self.cursor
                .leave()
                .map_err(cannot("leave the copy of", &path))?;
        }
        Ok(())
    }

    fn file(&mut self, step: &Step<'_>) -> Result<(), Failure> {
        let path = self.source(step);
        let failed = cannot("copy", &path);
        if step.kind() == FileType::Socket {
            return Ok(());
        }
        if self.twins.link(step, self.cursor.dir()).map_err(&failed)? {
            return Ok(());
        }
        let (dir, name) = (self.cursor.dir(), step.name.as_c_str());
        match step.kind() {
            FileType::RegularFile => return self.regular(step, &path),
            FileType::Symlink => {
                let target = readlinkat(step.dir, name, Vec::new()).map_err(&failed)?;
                symlinkat(target, dir, name).map_err(&failed)?;
            }
            kind => {
                mknodat(dir, name, kind, Mode::RUSR | Mode::WUSR, step.stat.st_rdev)
                    .map_err(&failed)?;
            }
        }
        let (from, to) = (Bearer::Named(step.dir, name), Bearer::Named(dir, name));
        carry(&from, &to, &step.stat, self.warned, &path)
            .map_err(cannot("copy the attributes of", &path))
    }

    fn regular(&mut self, step: &Step<'_>, path: &Path) -> Result<(), Failure> {
        let failed = cannot("copy", path);
        let from = step.open().map_err(&failed)?;
        let stat = fstat(&from).map_err(&failed)?;
        if is_changed(&step.stat, &stat) {
            return Err(changed(path));
        }
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let to = openat(
            self.cursor.dir(),
            &step.name,
            flags,
            Mode::RUSR | Mode::WUSR,
        );
        let to = File::from(to.map_err(&failed)?);
        self.contents.copy(&Pair {
            from: &from,
            size: stat.st_size.unsigned_abs(),
            device: stat.st_dev,
            to: &to,
            path,
        })?;
        if is_changed(&stat, &fstat(from.as_fd()).map_err(&failed)?) {
            return Err(changed(path));
        }
        let (from, to) = (Bearer::Open(from), Bearer::Open(to));
        carry(&from, &to, &stat, self.warned, path).map_err(cannot("copy the attributes of", path))
    }

    fn source(&self, step: &Step<'_>) -> PathBuf {
        below(&self.route.src, step.path)
    }
}

/// Tells whether a file has become another, or other contents or attributes, between two looks. Its last status change
/// counts, too: the time of modification can be set back.
fn is_changed(before: &Stat, after: &Stat) -> bool {
    let look = |stat: &Stat| {
        let change = (stat.st_ctime, stat.st_ctime_nsec);
        let modification = (stat.st_mtime, stat.st_mtime_nsec);
        let file = (stat.st_dev, stat.st_ino, stat.st_mode);
        (file, stat.st_size, modification, change)
    };
    look(before) != look(after)
}

fn changed(path: &Path) -> Failure {
    let message = format!("{path:?} changed while it was copied");
    Failure::new(Exit::Storage, message)
        .with_help("stop what writes there, or stage from a tree that rests")
}

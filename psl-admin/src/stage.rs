//! `stage`: a copy of a tree that appears complete or not at all.
// In the order of the flow: what is asked, whether it can be done, the doing, what it stands on.
mod route;
mod survey;

mod rights;
mod room;

mod claim;
mod copy;
mod leftovers;
mod patch;
mod seal;
mod work;

mod attributes;
mod contents;
mod progress;
mod twins;
mod warned;

pub use leftovers::{leftovers, remove_leftovers};

use crate::console::Console;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::manifest;
use crate::signals::Signals;
use claim::Claim;
use clap::Args;
use indicatif::{HumanBytes, HumanDuration};
use progress::Progress;
use route::Route;
use serde::Serialize;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Instant;
use survey::Survey;
use warned::Warned;
use work::Work;

/// How many paths are told by name that have something strange in common.
const WARNINGS: usize = 5;

const AFTER_HELP: &str = "\
Exits with 1 when the patch fails, with 4 when another `stage` is making the same copy, with 5 when DST exists, with 6
when the storage fails or SRC changes meanwhile. Whatever fails, and on Ctrl-C: nothing is at DST.

Examples: psl-admin stage /binaries/version /binaries/version2
          psl-admin stage --patch 'tar xf /media/erp-2.tar' /binaries/version /binaries/version2
          psl-admin check --tree /binaries/version2";

/// Copies a tree, changes the copy, and puts it into its place: DST appears complete or not at all
///
/// Data is shared where the file system can, and copied without its holes otherwise. Owners, modes, times, extended
/// attributes with ACLs, hard links and symlinks stay as they are; sockets are left out. `DST.psl-manifest` says what
/// the copy holds, for `check --tree`.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Stage {
    /// A shell command that changes the copy: its working directory is the copy, $PSL_STAGE_SRC is SRC, $PSL_STAGE_DST
    /// the place where the copy will be. Nothing that it starts stays behind
    #[arg(long, value_name = "CMD")]
    patch: Option<OsString>,
    /// Says what would be copied, and changes nothing
    #[arg(long)]
    dry_run: bool,
    /// The tree to copy; nobody may be writing it
    src: PathBuf,
    /// The place of the copy: nothing may be there, and its directory has to exist
    dst: PathBuf,
}

/// A finished stage, as `stage --json` prints it.
#[derive(Debug, Serialize)]
pub struct Staged {
    source: String,
    destination: String,
    manifest: String,
    dry_run: bool,
    /// Whether the file system shares the data of the two trees, or how it would be.
    reflink: bool,
    files: u64,
    directories: u64,
    symlinks: u64,
    bytes: u64,
    stored_bytes: u64,
    skipped_sockets: Vec<String>,
    seconds: f64,
}

/// A copy that is to be made.
#[derive(Debug)]
pub struct Job<'a> {
    /// The tree.
    pub src: &'a Path,
    /// The place of the copy.
    pub dst: &'a Path,
    /// A shell command that changes the copy.
    pub patch: Option<&'a OsStr>,
    /// Only says what would be done.
    pub dry_run: bool,
    /// Where warnings and progress go.
    pub console: Console,
    /// End it before its time.
    pub signals: &'a Signals,
}

impl Stage {
    /// Makes the copy, or dies from the signal that came meanwhile.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let signals = Signals::listen()?;
        let job = Job {
            src: &self.src,
            dst: &self.dst,
            patch: self.patch.as_deref(),
            dry_run: self.dry_run,
            console: context.console,
            signals: &signals,
        };
        let staged = job.carry_out().inspect_err(|_| {
            if signals.arrived().is_some() {
                let message = format!("interrupted, nothing is at {:?}", self.dst);
                context.console.note(&message);
                signals.die();
            }
        })?;
        let printed = if context.console.json {
            context.console.print_json(&staged)
        } else if context.console.quiet {
            Ok(())
        } else {
            context.console.print(staged.text())
        };
        // A reader that is gone ends it quietly.
        printed.inspect_err(|_| signals.die())?;
        Ok(Exit::Done)
    }
}

impl Job<'_> {
    /// Makes the copy. When it fails or a signal comes, nothing is at its place, and the rest is removed.
    pub fn carry_out(&self) -> Result<Staged, Failure> {
        let began = Instant::now();
        let route = Route::find(self.src, self.dst)?;
        let survey = Survey::of(&route, self.signals)?;
        self.warn(&survey);
        let is_shared = room::is_shared(&route, &survey);
        if self.dry_run {
            if !is_shared {
                room::check(&route, &survey)?;
            }
            return Ok(self.staged(&route, &survey, is_shared, began));
        }
        let claim = Claim::take(&route)?;
        work::remove_leftovers(&route, &self.console, &claim)?;
        route.require_free()?;
        if !is_shared {
            room::check(&route, &survey)?;
        }
        let work = Work::begin(&route, self.console, &claim)?;
        let shared = self.copy(&route, &work, &survey)?;
        if let Some(patch) = self.patch {
            let only_talk = self.console.json;
            patch::run(patch, &work.open()?, &route, only_talk, self.signals)?;
        }
        seal::seal(&route, &work, &survey, &self.console, self.signals)?;
        self.signals.check()?;
        work.publish(&manifest::name(route.name()))?;
        Ok(self.staged(&route, &survey, shared > 0, began))
    }

    fn copy(&self, route: &Route, work: &Work<'_>, survey: &Survey) -> Result<u64, Failure> {
        let mut warned = Warned::default();
        let progress = Progress::begin(&self.console, "copying", survey.bytes, survey.files);
        let shared = copy::copy(route, work, self.signals, &progress, &mut warned)?;
        drop(progress);
        warned.tell(&self.console);
        Ok(shared)
    }

    fn warn(&self, survey: &Survey) {
        self.warn_of(&survey.sockets, |path| {
            format!("{path:?} is a socket, which is not copied")
        });
        self.warn_of(&survey.inward, |path| {
            let src = self.src;
            format!("the symlink {path:?} leads back into {src:?}, in the copy as well")
        });
    }

    /// Warns of the first few, and of how many more there are.
    fn warn_of(&self, paths: &[PathBuf], what: impl Fn(&Path) -> String) {
        for path in paths.iter().take(WARNINGS) {
            self.console.warn(&what(&self.src.join(path)));
        }
        if let Some(last) = paths.last().filter(|_| paths.len() > WARNINGS) {
            let (rest, last) = (paths.len() - WARNINGS, what(&self.src.join(last)));
            self.console
                .warn(&format!("and {rest} more like it; the last: {last}"));
        }
    }

    fn staged(&self, route: &Route, survey: &Survey, reflink: bool, began: Instant) -> Staged {
        let shown = |path: &Path| path.to_string_lossy().into_owned();
        Staged {
            source: shown(&route.src),
            destination: shown(&route.dst),
            manifest: shown(&manifest::path(&route.dst)),
            dry_run: self.dry_run,
            reflink,
            files: survey.files,
            directories: survey.directories,
            symlinks: survey.symlinks,
            bytes: survey.bytes,
            stored_bytes: survey.stored,
            skipped_sockets: survey.sockets.iter().map(|path| shown(path)).collect(),
            seconds: began.elapsed().as_secs_f64(),
        }
    }
}

impl Staged {
    /// Returns how many bytes the copy takes on the storage, beside what it shares.
    pub fn needed(&self) -> u64 {
        if self.reflink { 0 } else { self.stored_bytes }
    }

    fn text(&self) -> String {
        let counted =
            |count, one, several| format!("{count} {}", if count == 1 { one } else { several });
        let what = [
            counted(self.files, "file", "files"),
            counted(self.directories, "directory", "directories"),
            counted(self.symlinks, "symlink", "symlinks"),
            HumanBytes(self.bytes).to_string(),
        ];
        let what = what.join(", ");
        let how = match self.reflink {
            true => "shared",
            false => "copied",
        };
        if self.dry_run {
            return format!("{:?}: {what} would be {how}\n", self.destination);
        }
        let took = HumanDuration(std::time::Duration::from_secs_f64(self.seconds));
        format!("{:?}: {what} {how} in {took}\n", self.destination)
    }
}

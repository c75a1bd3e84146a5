//! The end of the copying: everything in the copy is on the storage, and its manifest says what that is.
use crate::console::Console;
use crate::failure::Failure;
use crate::manifest::{Seen, Taking, Writing};
use crate::signals::Signals;
use crate::stage::progress::Progress;
use crate::stage::route::{Route, cannot};
use crate::stage::survey::Survey;
use crate::stage::work::Work;
use rustix::fs::{Mode, OFlags, fchmod, openat, syncfs};
use std::fs::File;

/// The manifest's mode, whatever the umask: everybody may read.
const MODE: Mode = Mode::from_raw_mode(0o644);

/// Brings the copy to the storage, and writes its manifest beside it under the name that it has until then.
pub fn seal(
    route: &Route,
    work: &Work<'_>,
    survey: &Survey,
    console: &Console,
    signals: &Signals,
) -> Result<(), Failure> {
    let progress = Progress::begin(console, "checking", survey.bytes, survey.files);
    // One call lets the file system write in its own order; each file is asked for its own errors below.
    syncfs(work.open()?).map_err(cannot("sync", &work.path()))?;
    let path = route.beside(&route.work_manifest());
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let file = openat(&route.parent, route.work_manifest(), flags, MODE);
    let file = file.map_err(cannot("make", &path))?;
    fchmod(&file, MODE).map_err(cannot("make", &path))?;
    let mut writing = Writing::begin(File::from(file)).map_err(cannot("write", &path))?;
    let taking = Taking {
        signals,
        sync: true,
        progress: &|seen| match seen {
            Seen::Bytes(count) => progress.add_bytes(count),
            Seen::File => progress.add_file(),
        },
    };
    taking.each(&work.path(), |name, record| {
        let added = writing.add(name, &record);
        added.map_err(cannot("write", &path))
    })?;
    writing.end().map_err(cannot("write", &path))
}

//! The private copy of a tree for one member.
use crate::console::Console;
use crate::failure::Failure;
use crate::signals::Signals;
use crate::stage::Job;
use signal_hook::consts::SIGTERM;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// How often a copy that is being made is asked whether it is still wanted.
const ASKED: Duration = Duration::from_millis(100);

/// Makes `to` a copy of `from` as `stage` does: complete, or not there at all.
///
/// It ends before its time, with a failure, once `is_unwanted` says so.
pub fn make(
    from: &Path,
    to: &Path,
    is_unwanted: &(dyn Fn() -> bool + Sync),
) -> Result<(), Failure> {
    let signals = Signals::deaf();
    thread::scope(|scope| {
        let (sender, done) = mpsc::channel::<()>();
        let stop = signals.clone();
        scope.spawn(move || {
            while done.recv_timeout(ASKED) == Err(RecvTimeoutError::Timeout) {
                if is_unwanted() {
                    return stop.send(SIGTERM);
                }
            }
        });
        let copied = job(from, to, &signals).carry_out();
        drop(sender);
        copied.map(|_| ())
    })
}

/// Returns how many bytes a copy takes, none when the file system shares its data; fails where it cannot be made.
pub fn size(from: &Path, to: &Path, console: Console) -> Result<u64, Failure> {
    let signals = Signals::deaf();
    let job = Job {
        dry_run: true,
        console,
        ..job(from, to, &signals)
    };
    job.carry_out().map(|staged| staged.needed())
}

/// A copy that nobody hears of: what there is to say of it, [`size`] has said.
fn job<'a>(from: &'a Path, to: &'a Path, signals: &'a Signals) -> Job<'a> {
    Job {
        src: from,
        dst: to,
        patch: None,
        dry_run: false,
        console: Console {
            json: false,
            quiet: true,
        },
        signals,
    }
}

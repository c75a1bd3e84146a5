//! How far a stage is, shown on a terminal and nowhere else.
use crate::console::Console;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::cell::Cell;
use std::time::Duration;

/// How often the bar is drawn while nothing moves.
const TICK: Duration = Duration::from_millis(200);

/// A bar on standard error, if that is a terminal; it goes when it is dropped.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    files: u64,
    done: Cell<u64>,
}

impl Progress {
    /// Begins a phase, which is named by what is done.
    pub fn begin(console: &Console, doing: &'static str, bytes: u64, files: u64) -> Self {
        let target = match console.quiet {
            true => ProgressDrawTarget::hidden(),
            false => ProgressDrawTarget::stderr(),
        };
        let bar = ProgressBar::with_draw_target(Some(bytes), target);
        let template = "{msg} {wide_bar} {bytes}/{total_bytes}, {prefix} files, ETA {eta}";
        let style = ProgressStyle::with_template(template).expect("the template is a valid one");
        bar.set_style(style);
        bar.set_message(doing);
        bar.set_prefix(format!("0/{files}"));
        if !bar.is_hidden() {
            bar.enable_steady_tick(TICK);
        }
        Self {
            bar,
            files,
            done: Cell::new(0),
        }
    }

    /// Counts bytes that are done.
    pub fn add_bytes(&self, count: u64) {
        self.bar.inc(count);
    }

    /// Counts a file that is done.
    pub fn add_file(&self) {
        self.done.set(self.done.get() + 1);
        if !self.bar.is_hidden() {
            let (done, files) = (self.done.get(), self.files);
            self.bar.set_prefix(format!("{done}/{files}"));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

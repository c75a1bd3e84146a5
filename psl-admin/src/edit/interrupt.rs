//! Signals during an edit: they end it, and the text is kept.
use crate::edit::draft::{self, Draft};
use crate::exit::Exit;
use crate::failure::Failure;
use rustix::fd::OwnedFd;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use std::ffi::c_int;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Ctrl-C and its kin, and a connection that broke.
const ENDING: [c_int; 4] = [SIGINT, SIGQUIT, SIGTERM, SIGHUP];

/// What a signal has to know of the edit.
#[derive(Debug, Default)]
struct State {
    /// The directory of the draft; none when there is none.
    draft: Option<PathBuf>,
    is_editor_running: bool,
    /// The editor, while it runs, where the kernel has descriptors of processes.
    editor: Option<OwnedFd>,
}

/// Waits for signals beside the edit.
#[derive(Debug)]
pub struct Interrupts(Arc<Mutex<State>>);

/// The editor runs as long as this lives.
#[derive(Debug)]
pub struct Watched<'a>(&'a Interrupts);

impl Interrupts {
    /// Begins to wait. Programs that are started have the default dispositions.
    pub fn listen() -> Result<Self, Failure> {
        let failed = |error| Failure::new(Exit::Refused, format!("cannot handle signals: {error}"));
        let mut signals = Signals::new(ENDING).map_err(failed)?;
        let interrupts = Self(Arc::default());
        let state = Arc::clone(&interrupts.0);
        let thread = std::thread::Builder::new().name("signals".into());
        let wait = move || signals.forever().for_each(|signal| arrived(&state, signal));
        thread.spawn(wait).map_err(failed)?;
        Ok(interrupts)
    }

    /// Tells of this text when a signal ends the edit.
    pub fn keep(&self, draft: &Draft) {
        locked(&self.0).draft = Some(draft.dir().to_owned());
    }

    /// There is no text any more.
    pub fn forget(&self) {
        locked(&self.0).draft = None;
    }

    /// Starts the editor, and passes signals on to it; one that arrives at this moment waits until there is an editor.
    pub fn start(&self, editor: &mut Command) -> io::Result<(Child, Watched<'_>)> {
        let mut state = locked(&self.0);
        let child = editor.spawn()?;
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        state.is_editor_running = true;
        state.editor = pid.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        Ok((child, Watched(self)))
    }
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        let mut state = locked(&self.0.0);
        state.is_editor_running = false;
        state.editor = None;
    }
}

/// Ends this process as the signal would have; a key that the terminal sends to the editor, too, is the editor's.
fn arrived(state: &Mutex<State>, signal: c_int) {
    let state = locked(state);
    if state.is_editor_running && matches!(signal, SIGINT | SIGQUIT) {
        return;
    }
    if let (Some(editor), Some(signal)) = (&state.editor, Signal::from_named_raw(signal)) {
        // It may have ended just now.
        let _ = pidfd_send_signal(editor, signal);
    }
    if let Some(dir) = state.draft.as_deref().filter(|dir| draft::is_changed(dir)) {
        // The terminal may be gone.
        let kept = draft::kept(dir);
        let _ = writeln!(io::stderr().lock(), "psl-admin: interrupted; {kept}");
    }
    // It fails for signals only that cannot be handled.
    let _ = emulate_default_handler(signal);
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // Every field is whole at any time.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

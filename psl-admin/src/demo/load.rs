//! The clients, who ask all the time.
use crate::demo::answer::ask;
use crate::demo::board::Board;
use crate::exit::Exit;
use crate::failure::Failure;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle, sleep};
use std::time::Duration;

/// How many clients there are.
pub const CLIENTS: usize = 3;

/// The time between an answer and the client's next request.
const PAUSE: Duration = Duration::from_millis(10);

/// Sends one request after the other to a port, for each client, until the board says that it is over.
pub fn keep_asking(board: &Arc<Board>, port: u16) -> Result<Vec<JoinHandle<()>>, Failure> {
    let client = || {
        let board = Arc::clone(board);
        thread(move || {
            while !board.is_over() {
                let outcome = ask(port);
                board.change(|shown| shown.tally.count(outcome));
                sleep(PAUSE);
            }
        })
    };
    (0..CLIENTS).map(|_| client()).collect()
}

/// Starts a thread.
pub fn thread(work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Failure> {
    let thread = Builder::new().spawn(work);
    thread.map_err(|error| Failure::new(Exit::Refused, format!("cannot start a thread: {error}")))
}

//! The requests that every instance gets all the time.
use crate::demo::answer::ask;
use crate::demo::board::Board;
use crate::exit::Exit;
use crate::failure::Failure;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The time between an answer and the next request: at most 200 requests a second.
const PAUSE: Duration = Duration::from_millis(5);

/// Sends one request after the other to an instance, in a thread, until the board says that it is over.
pub fn keep_asking(
    board: &Arc<Board>,
    instance: usize,
    port: u16,
) -> Result<JoinHandle<()>, Failure> {
    let board = Arc::clone(board);
    let asking = move || {
        while !board.is_over() {
            let expected = board.traffic()[instance].expected;
            let outcome = ask(port);
            board.change(|traffic| traffic[instance].count(expected, outcome));
            thread::sleep(PAUSE);
        }
    };
    thread::Builder::new()
        .spawn(asking)
        .map_err(|error| Failure::new(Exit::Refused, format!("cannot start a thread: {error}")))
}

//! A small load balancer: one port, behind which the instances are that say that they are healthy.
use crate::demo::board::Board;
use crate::demo::http;
use crate::demo::load::thread;
use crate::exit::Exit;
use crate::failure::Failure;
use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

/// How often each instance is asked for its health.
const INTERVAL: Duration = Duration::from_millis(25);

/// What is said when no instance serves.
const NOBODY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";

/// What is said when an instance broke off.
const BROKEN: &[u8] = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n";

/// The threads that pass requests on, and those that ask for health.
#[derive(Debug)]
pub struct Balancer {
    /// The port at which clients ask.
    pub port: u16,
    closed: Arc<AtomicBool>,
    passing: Vec<JoinHandle<()>>,
    probing: Vec<JoinHandle<()>>,
}

impl Balancer {
    /// Opens it for the instances on the board, and for so many requests at once.
    pub fn open(board: &Arc<Board>, at_once: usize) -> Result<Self, Failure> {
        let failed = |error: io::Error| {
            let message = format!("cannot listen on 127.0.0.1: {error}");
            Failure::new(Exit::Refused, message)
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let closed = Arc::new(AtomicBool::new(false));
        let mut balancer = Self {
            port,
            closed: Arc::clone(&closed),
            passing: Vec::new(),
            probing: Vec::new(),
        };
        for _ in 0..at_once {
            let (board, closed) = (Arc::clone(board), Arc::clone(&closed));
            let listener = listener.try_clone().map_err(failed)?;
            let passing = move || pass_on(&listener, &board, &closed);
            balancer.passing.push(thread(passing)?);
        }
        for index in 0..board.shown().standings.len() {
            let (board, closed) = (Arc::clone(board), Arc::clone(&closed));
            let probing = move || probe(&board, index, &closed);
            balancer.probing.push(thread(probing)?);
        }
        Ok(balancer)
    }

    /// Ends its threads, once no client asks any more.
    pub fn close(self) {
        // Release: pairs with the look at it after the connection that ends the wait for one.
        self.closed.store(true, Ordering::Release);
        for _ in &self.passing {
            // It wakes one of the threads.
            let _ = http::connect(self.port);
        }
        for thread in self.passing.into_iter().chain(self.probing) {
            // Nothing in it panics.
            let _ = thread.join();
        }
    }
}

/// Passes on one request after the other.
fn pass_on(listener: &TcpListener, board: &Board, closed: &AtomicBool) {
    for client in listener.incoming().filter_map(Result::ok) {
        if closed.load(Ordering::Acquire) {
            return;
        }
        // Whoever asked sees what became of it.
        let _ = pass(client, board);
    }
}

/// Passes one request on. Only one that no instance has accepted is sent to another: nobody knows what has become of
/// what was sent.
fn pass(mut client: TcpStream, board: &Board) -> io::Result<()> {
    let request = http::request(&client)?;
    let Some(server) = reach(board) else {
        return client.write_all(NOBODY);
    };
    match http::exchange(server, &request) {
        Ok(answer) => client.write_all(&answer),
        Err(_) => client.write_all(BROKEN),
    }
}

/// Connects to the instance whose turn it is, or to the next one that accepts.
///
/// The board is locked meanwhile: no instance is connected to once it is known to leave, so that it knows, too, when it
/// has accepted everybody.
fn reach(board: &Board) -> Option<TcpStream> {
    board.change(|shown| {
        for _ in 0..shown.standings.len() {
            shown.turn = (shown.turn + 1) % shown.standings.len();
            let standing = &mut shown.standings[shown.turn];
            if !standing.serves {
                continue;
            }
            match http::connect(standing.port) {
                Ok(server) => {
                    standing.requests += 1;
                    return Some(server);
                }
                Err(_) => {
                    standing.set(false, Instant::now());
                    shown.tally.sent_on += 1;
                }
            }
        }
        None
    })
}

/// Asks an instance for its health, again and again.
fn probe(board: &Board, index: usize, closed: &AtomicBool) {
    let port = board.shown().standings[index].port;
    while !closed.load(Ordering::Acquire) {
        let serves = http::get(port, "/health").is_ok_and(|answer| http::is_ok(&answer));
        board.change(|shown| shown.standings[index].set(serves, Instant::now()));
        sleep(INTERVAL);
    }
}

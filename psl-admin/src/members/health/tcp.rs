//! A connection that is accepted.
use psl_table::members::Address;
use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Connects; the first of the host's addresses that accepts will do.
pub fn probe(address: &Address, limit: Duration) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("cannot connect to {address}: {error}");
    let end = Instant::now() + limit;
    let (sender, found) = mpsc::channel();
    let (host, port) = (address.host.clone(), address.port);
    // Name services know no deadline: the thread is left behind when they take too long.
    let resolve = move || {
        let found: io::Result<Vec<_>> = (host.as_str(), port)
            .to_socket_addrs()
            .map(Iterator::collect);
        let _ = sender.send(found);
    };
    thread::Builder::new()
        .spawn(resolve)
        .map_err(|error| failed(&error))?;
    let addresses = found
        .recv_timeout(limit)
        .map_err(|_| failed(&"its name was not resolved in time"))?
        .map_err(|error| failed(&error))?;
    let mut last = String::from("it has no address");
    for candidate in addresses {
        let left = end.saturating_duration_since(Instant::now());
        match TcpStream::connect_timeout(&candidate, left.max(Duration::from_millis(1))) {
            Ok(_) => return Ok(()),
            Err(error) => last = error.to_string(),
        }
    }
    Err(failed(&last))
}

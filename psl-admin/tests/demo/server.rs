//! The demo's server by itself: how it ends.
use crate::bench::{Bench, await_that};
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Child;
use std::time::{Duration, Instant};

/// How long a drain lasts that nobody asks about.
const DRAINED: Duration = Duration::from_secs(5);

/// Starts a server with a page, on a port that was free.
fn start(bench: &Bench, flags: &[&str]) -> (Child, u16) {
    for name in ["share/release", "share/page"] {
        fs::create_dir_all(bench.path("share")).unwrap();
        fs::write(bench.path(name), "1\n").unwrap();
    }
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let mut command = bench.command_of(bench.path("bin/psl-demo-server"), &["--port"]);
    let server = command.arg(port.to_string()).args(flags).spawn().unwrap();
    await_that("the server answers", || {
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    (server, port)
}

fn send(port: u16, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

fn status(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap_or_default().to_owned()
}

fn health(port: u16) -> String {
    status(send(port, "GET /health HTTP/1.1\r\n\r\n"))
}

#[test]
fn a_server_that_drains_answers_all_until_it_has_said_twice_that_it_leaves() {
    let bench = Bench::new();
    let (mut server, port) = start(&bench, &["--drain"]);
    assert_eq!(health(port), "200");
    let mut begun = send(port, "GET / HTTP/1.1\r\n");
    kill_process(Pid::from_child(&server), Signal::TERM).unwrap();
    let asked = Instant::now();
    await_that("it says that it leaves", || health(port) == "503");
    // Who has not heard of it yet is answered still.
    assert_eq!(status(send(port, "GET / HTTP/1.1\r\n\r\n")), "200");
    assert_eq!(health(port), "503");
    assert!(
        asked.elapsed() < DRAINED,
        "it did not wait for the deadline"
    );
    await_that("nobody else gets in", || {
        TcpStream::connect(("127.0.0.1", port)).is_err()
    });
    begun.write_all(b"\r\n").unwrap();
    assert_eq!(status(begun), "200");
    assert!(server.wait().unwrap().success());
}

#[test]
fn a_server_that_nobody_asks_ends_all_the_same() {
    let bench = Bench::new();
    for flags in [&["--drain"][..], &[]] {
        let (mut server, _) = start(&bench, flags);
        kill_process(Pid::from_child(&server), Signal::TERM).unwrap();
        assert!(server.wait().unwrap().success(), "{flags:?}");
    }
}

#[test]
fn a_server_ends_when_nobody_holds_its_file_any_more() {
    let bench = Bench::new();
    let path = bench.path("lock");
    let held = fs::File::create(&path).unwrap();
    flock(&held, FlockOperation::LockExclusive).unwrap();
    let (mut server, port) = start(&bench, &["--while", path.to_str().unwrap()]);
    assert_eq!(health(port), "200");
    drop(held);
    assert_eq!(server.wait().unwrap().code(), Some(1));
    // A file that is not there was nobody's to hold.
    fs::remove_file(&path).unwrap();
    let (mut server, port) = start(&bench, &["--while", path.to_str().unwrap()]);
    assert_eq!(health(port), "200");
    kill_process(Pid::from_child(&server), Signal::TERM).unwrap();
    assert!(server.wait().unwrap().success());
}

//! The small server that `psl-admin demo` upgrades: every answer tells of which version its parts are.
//!
//! It is installed as a program, a file that it reads when it starts, and a file that it opens for every request. It
//! reaches both files by the path that it was started with, as a server with a configured path does. `/health` is
//! answered with 200 as long as requests are welcome, and all other paths alike.
use rustix::fs::{FlockOperation, flock};
use signal_hook::consts::SIGTERM;
use signal_hook::low_level::pipe;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

const USAGE: &str = "usage: /path/of/a/version/bin/server --port PORT [--drain] [--while FILE]\n\
                     --drain: after SIGTERM, ends when whoever asks for /health knows of it, or after 5 s\n\
                     --while FILE: serves only as long as somebody has FILE locked";

/// How long a client may take to ask, or to take its answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest request that is read, in bytes.
const LONGEST: u64 = 8192;

/// How often it is told that no more requests are welcome: who asks again has acted upon the first answer, and all
/// that was sent before has been accepted when the second one is given.
const REFUSALS: usize = 2;

/// How long somebody may take to ask so often.
const DRAINED: Duration = Duration::from_secs(5);

/// What was asked for on the command line.
struct Wanted {
    program: PathBuf,
    port: u16,
    drains: bool,
    leash: Option<PathBuf>,
}

/// A server that has started.
struct Server {
    /// Where this version's page lies, as configured: opened for every request.
    page: PathBuf,
    /// What the version's file held when the server started.
    release: String,
    /// It was asked to end.
    leaves: AtomicBool,
    /// Hears of everyone who was told that it leaves.
    refused: Sender<()>,
}

fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("psl-demo-server: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Serves until SIGTERM, then gives the answers that it owes.
fn serve() -> Result<(), String> {
    let wanted = Wanted::parse(env::args_os()).ok_or(USAGE)?;
    let tree = wanted.program.parent().and_then(Path::parent);
    let tree = tree.ok_or(USAGE)?;
    let release = tree.join("share/release");
    let (refused, refusals) = channel();
    let server = Server {
        page: tree.join("share/page"),
        release: fs::read_to_string(&release)
            .map_err(|error| format!("cannot read {release:?}: {error}"))?,
        leaves: AtomicBool::new(false),
        refused,
    };
    wanted.leash.map_or(Ok(()), leash)?;
    let (mut terminated, on_signal) =
        UnixStream::pair().map_err(|error| format!("cannot make a socket: {error}"))?;
    pipe::register(SIGTERM, on_signal)
        .map_err(|error| format!("cannot handle SIGTERM: {error}"))?;
    let port = wanted.port;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .map_err(|error| format!("cannot listen on port {port}: {error}"))?;
    let (server, ending) = (&server, &AtomicBool::new(false));
    thread::scope(move |threads| {
        threads.spawn(move || {
            let _ = terminated.read(&mut [0]);
            if wanted.drains {
                server.drain(&refusals);
            }
            // Release: pairs with the look at it after the connection that ends the wait for one.
            ending.store(true, Ordering::Release);
            let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, port));
        });
        for client in listener.incoming().filter_map(Result::ok) {
            if ending.load(Ordering::Acquire) {
                break;
            }
            // A client that no thread can be had for is hung up on.
            let answer = move || server.answer(client);
            let _ = thread::Builder::new().spawn_scoped(threads, answer);
        }
        // Nobody is let in while the last answers are given.
        drop(listener);
    });
    Ok(())
}

impl Wanted {
    fn parse(mut arguments: impl Iterator<Item = OsString>) -> Option<Self> {
        let program = PathBuf::from(arguments.next()?);
        let (mut port, mut drains, mut leash) = (None, false, None);
        while let Some(argument) = arguments.next() {
            match argument.to_str()? {
                "--port" => port = Some(arguments.next()?.to_str()?.parse().ok()?),
                "--drain" => drains = true,
                "--while" => leash = Some(PathBuf::from(arguments.next()?)),
                _ => return None,
            }
        }
        Some(Self {
            program,
            port: port?,
            drains,
            leash,
        })
    }
}

impl Server {
    /// Lets everybody know that it leaves, and waits until those who ask know.
    fn drain(&self, refusals: &Receiver<()>) {
        // Relaxed: the flag guards no other memory.
        self.leaves.store(true, Ordering::Relaxed);
        let deadline = Instant::now() + DRAINED;
        for _ in 0..REFUSALS {
            let left = deadline.saturating_duration_since(Instant::now());
            if refusals.recv_timeout(left).is_err() {
                return;
            }
        }
    }

    /// Answers one request; a client that is gone or too slow gets none.
    fn answer(&self, client: TcpStream) {
        let Ok(path) = asked(&client) else {
            return;
        };
        let leaves = path == "/health" && self.leaves.load(Ordering::Relaxed);
        let answer = match self.body() {
            _ if leaves => ("503 Service Unavailable", "leaving\n".to_owned()),
            Ok(body) => ("200 OK", body),
            Err(error) => ("500 Internal Server Error", format!("{error}\n")),
        };
        let _ = reply(&client, answer);
        if leaves {
            // Nobody counts any more once there were enough.
            let _ = self.refused.send(());
        }
    }

    fn body(&self) -> io::Result<String> {
        let page = fs::read_to_string(&self.page)?;
        let program = fs::read_link("/proc/self/exe")?;
        let process = std::process::id();
        let (release, page, program) = (self.release.trim(), page.trim(), program.display());
        Ok(format!(
            "release {release}\npage {page}\nprogram {program}\nprocess {process}\n"
        ))
    }
}

/// Ends the process as soon as nobody has the file locked. One that is missing was nobody's to hold.
fn leash(file: PathBuf) -> Result<(), String> {
    let held = match File::open(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        held => held.map_err(|error| format!("cannot open {file:?}: {error}"))?,
    };
    let wait = move || {
        let taken = rustix::io::retry_on_intr(|| flock(&held, FlockOperation::LockShared));
        if taken.is_ok() {
            std::process::exit(1);
        }
    };
    let thread = thread::Builder::new().spawn(wait);
    thread
        .map(drop)
        .map_err(|error| format!("cannot start a thread: {error}"))
}

/// Reads a request, and returns its path.
fn asked(client: &TcpStream) -> io::Result<String> {
    client.set_read_timeout(Some(PATIENCE))?;
    let mut lines = BufReader::new(client.take(LONGEST)).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    while !lines.next().transpose()?.unwrap_or_default().is_empty() {}
    Ok(first.split(' ').nth(1).unwrap_or_default().to_owned())
}

fn reply(mut client: &TcpStream, (status, body): (&str, String)) -> io::Result<()> {
    client.set_write_timeout(Some(PATIENCE))?;
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    client.write_all(&[head.as_bytes(), body.as_bytes()].concat())
}

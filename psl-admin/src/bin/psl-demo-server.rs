//! The small server that `psl-admin demo` upgrades: every answer tells of which version its parts are.
//!
//! It is installed as a program, a file that it reads when it starts, and a file that it opens for every request. It
//! reaches both files by the path that it was started with, as a server with a configured path does.
use signal_hook::consts::SIGTERM;
use signal_hook::low_level::pipe;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{env, fs, thread};

const USAGE: &str = "usage: /path/of/a/version/bin/server --port PORT";

/// How long a client may take to ask, or to take its answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest request that is read, in bytes.
const LONGEST: u64 = 8192;

/// A server that has started.
struct Server {
    /// Where this version's page lies, as configured: opened for every request.
    page: PathBuf,
    /// What the version's file held when the server started.
    release: String,
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
    let (program, port) = arguments().ok_or(USAGE)?;
    let tree = program.parent().and_then(Path::parent).ok_or(USAGE)?;
    let release = tree.join("share/release");
    let server = Server {
        page: tree.join("share/page"),
        release: fs::read_to_string(&release)
            .map_err(|error| format!("cannot read {release:?}: {error}"))?,
    };
    let (mut terminated, on_signal) =
        UnixStream::pair().map_err(|error| format!("cannot make a socket: {error}"))?;
    pipe::register(SIGTERM, on_signal)
        .map_err(|error| format!("cannot handle SIGTERM: {error}"))?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .map_err(|error| format!("cannot listen on port {port}: {error}"))?;
    let (server, ending) = (&server, AtomicBool::new(false));
    thread::scope(|threads| {
        threads.spawn(|| {
            let _ = terminated.read(&mut [0]);
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
    });
    Ok(())
}

fn arguments() -> Option<(PathBuf, u16)> {
    let mut arguments = env::args_os();
    let program = PathBuf::from(arguments.next()?);
    match (arguments.next()?.to_str()?, arguments.next()?.to_str()?) {
        ("--port", port) if arguments.next().is_none() => Some((program, port.parse().ok()?)),
        _ => None,
    }
}

impl Server {
    /// Answers one request; a client that is gone or too slow gets none.
    fn answer(&self, client: TcpStream) {
        let (status, body) = match self.body() {
            Ok(body) => ("200 OK", body),
            Err(error) => ("500 Internal Server Error", format!("{error}\n")),
        };
        let _ = reply(client, status, &body);
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

fn reply(client: TcpStream, status: &str, body: &str) -> io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_write_timeout(Some(PATIENCE))?;
    let mut request = BufReader::new((&client).take(LONGEST)).lines();
    let _ = request.find(|line| line.as_ref().map_or(true, String::is_empty));
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    (&client).write_all(&[head.as_bytes(), body.as_bytes()].concat())
}

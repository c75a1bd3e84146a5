//! As much of HTTP as a small server, its clients and a balancer between them need: a request a connection.
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// How long anybody may take to ask or to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a connection may take, on the loopback interface.
const CONNECTED: Duration = Duration::from_secs(1);

/// The longest request that is read, in bytes.
const LONGEST: u64 = 8192;

/// Connects to a port of the loopback interface.
pub fn connect(port: u16) -> io::Result<TcpStream> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let stream = TcpStream::connect_timeout(&address, CONNECTED)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Asks a port for a path, and returns the whole answer.
pub fn get(port: u16, path: &str) -> io::Result<String> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let answer = exchange(connect(port)?, request.as_bytes())?;
    String::from_utf8(answer).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Sends a request over a connection, and reads what comes until that is closed.
pub fn exchange(mut server: TcpStream, request: &[u8]) -> io::Result<Vec<u8>> {
    server.write_all(request)?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    Ok(answer)
}

/// Reads a request without a body.
pub fn request(client: &TcpStream) -> io::Result<Vec<u8>> {
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_write_timeout(Some(PATIENCE))?;
    let mut client = BufReader::new(client.take(LONGEST));
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if client.read_until(b'\n', &mut request)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(request)
}

/// Tells whether an answer begins with the status 200.
pub fn is_ok(answer: &str) -> bool {
    answer.starts_with("HTTP/1.1 200 ")
}

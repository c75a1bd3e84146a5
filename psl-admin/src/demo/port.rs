//! A port that is kept for one instance while that is stopped and started.
use crate::exit::Exit;
use crate::failure::Failure;
use rustix::net::{
    AddressFamily, SocketFlags, SocketType, bind, getsockname, socket_with, sockopt,
};
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Duration;

/// How long the loopback interface may take to refuse a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// A port of the loopback interface, given to nobody else as long as this lives.
#[derive(Debug)]
pub struct Port {
    /// Its number.
    pub number: u16,
    _kept: OwnedFd,
}

impl Port {
    /// Takes a free port.
    ///
    /// The socket is bound and never listens: with SO_REUSEADDR on both, the instance can still bind and listen, and
    /// while it does not, connections are refused. The kernel gives the port neither to another server that asks
    /// for any port, nor to a connection, which could meet itself there.
    pub fn take() -> Result<Self, Failure> {
        let keep = || {
            let flags = SocketFlags::CLOEXEC;
            let kept = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
            sockopt::set_socket_reuseaddr(&kept, true)?;
            bind(&kept, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))?;
            let address = SocketAddrV4::try_from(getsockname(&kept)?)?;
            refuses(address).map(|()| Self {
                number: address.port(),
                _kept: kept,
            })
        };
        keep().map_err(|error: io::Error| {
            let message = format!("cannot use a port on 127.0.0.1: {error}");
            Failure::new(Exit::Refused, message).with_help(
                "the demo's servers need the loopback interface; `ip link set lo up` switches it on",
            )
        })
    }
}

/// Makes sure that connections get an answer, which is a refusal as long as nobody listens.
fn refuses(address: SocketAddrV4) -> io::Result<()> {
    match TcpStream::connect_timeout(&address.into(), PATIENCE) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
    }
}

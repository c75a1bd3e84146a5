//! A port that is kept for one instance while that is stopped and started.
use crate::exit::Exit;
use crate::failure::Failure;
use rustix::net::{
    AddressFamily, SocketFlags, SocketType, bind, getsockname, socket_with, sockopt,
};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::OwnedFd;

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
        let take = || {
            let flags = SocketFlags::CLOEXEC;
            let kept = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
            sockopt::set_socket_reuseaddr(&kept, true)?;
            bind(&kept, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))?;
            let address = SocketAddrV4::try_from(getsockname(&kept)?)?;
            let number = address.port();
            Ok(Self {
                number,
                _kept: kept,
            })
        };
        take().map_err(|errno: rustix::io::Errno| {
            Failure::new(
                Exit::Refused,
                format!("cannot take a port on 127.0.0.1: {errno}"),
            )
            .with_help("the demo's servers need the loopback interface")
        })
    }
}

//! What members answer: which version all their parts are of.
use crate::bench::{Bench, SOON};
use rustix::net::{
    AddressFamily, SocketFlags, SocketType, bind, getsockname, socket_with, sockopt,
};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::os::fd::OwnedFd;

impl Bench {
    /// Asks a member for its version, and makes sure that all its parts are of that one.
    pub fn release(&self, member: usize) -> Option<String> {
        let text = self.answer(member)?;
        let of = |what: &str| {
            let mut lines = text.lines();
            let found = lines.find_map(|line| line.strip_prefix(what)).unwrap();
            found.trim().to_owned()
        };
        let (release, page, program) = (of("release "), of("page "), of("program "));
        assert_eq!(release, page, "{text}");
        // A program that was moved is where its version is, and one that was removed is nobody's.
        let tree = std::path::Path::new(&program).ancestors().nth(2).unwrap();
        let own = std::fs::read_to_string(tree.join("share/release"));
        assert_eq!(own.unwrap().trim(), release, "{text}");
        Some(release)
    }

    /// Returns the path of the program that a member runs.
    pub fn program(&self, member: usize) -> String {
        let text = self.answer(member).unwrap();
        let mut lines = text.lines();
        let found = lines.find_map(|line| line.strip_prefix("program "));
        found.unwrap().trim().to_owned()
    }

    /// Returns the versions of all members, none for those that do not answer.
    pub fn releases(&self) -> Vec<Option<String>> {
        (1..=self.ports.len())
            .map(|member| self.release(member))
            .collect()
    }

    /// Asserts that all members run these versions.
    #[track_caller]
    pub fn assert_releases(&self, expected: &[usize]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|version| Some(version.to_string()))
            .collect();
        assert_eq!(self.releases(), expected);
    }

    /// Returns all that a member answers.
    pub fn answer(&self, member: usize) -> Option<String> {
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, self.port(member));
        let mut stream = TcpStream::connect_timeout(&address.into(), SOON).ok()?;
        stream.set_read_timeout(Some(SOON)).unwrap();
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        text.starts_with("HTTP/1.1 200").then_some(text)
    }
}

/// Takes a port that nobody else is given: bound, and never listened at, so that a server may.
pub fn port() -> (u16, OwnedFd) {
    let flags = SocketFlags::CLOEXEC;
    let kept = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None).unwrap();
    sockopt::set_socket_reuseaddr(&kept, true).unwrap();
    bind(&kept, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = SocketAddrV4::try_from(getsockname(&kept).unwrap()).unwrap();
    (address.port(), kept)
}

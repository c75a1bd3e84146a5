//! nginx, whose workers open each version's files.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::os::fd::OwnedFd;

use psl_tests::host::Host;
use psl_tests::instance::DEADLINE;
use psl_tests::packages;
use rustix::net::{
    AddressFamily, SocketFlags, SocketType, bind, getsockname, socket_with, sockopt,
};

use crate::fleet::{self, Server};

/// The configuration of all versions and members; where an instance listens is in a file of its own.
const CONFIGURATION: &str = "\
daemon off;
worker_processes 2;
pid nginx.pid;
error_log stderr notice;
events {}
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {
        include {own}/listen.conf;
        include {host}/binaries/version/conf/default.conf;
        root {host}/binaries/version/html;
    }
}
";

/// nginx, and the port of each member.
struct Nginx(HashMap<String, (u16, OwnedFd)>);

impl Nginx {
    fn new(count: usize) -> Self {
        let ports = (1..=count).map(|number| (format!("erp{number}"), port()));
        Self(ports.collect())
    }

    /// Asks a member for its page, and returns its header and body.
    fn get(&self, member: &str) -> Option<(String, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.0[member].0)).ok()?;
        stream.set_read_timeout(Some(DEADLINE)).ok()?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (header, body) = answer.split_once("\r\n\r\n")?;
        Some((header.to_owned(), body.to_owned()))
    }
}

impl Server for Nginx {
    fn install(&self, host: &Host, members: &[String]) {
        let program = packages::file("/usr/sbin/nginx");
        host.copy(program, "binaries/version/sbin/nginx");
        host.write(
            "binaries/version/conf/default.conf",
            "add_header Default 1;\n",
        );
        host.write("binaries/version/html/index.html", "page of version 1\n");
        for member in members {
            let own = format!("instances/{member}");
            let conf = CONFIGURATION.replace("{own}", &host.path(&own).display().to_string());
            host.write(&format!("{own}/nginx.conf"), &conf);
            let listen = format!("listen 127.0.0.1:{};\n", self.0[member].0);
            host.write(&format!("{own}/listen.conf"), &listen);
        }
    }

    fn patch(&self) -> String {
        "sed -i 's,nginx/1\\.,nginx/2.,g' sbin/nginx && sed -i s/1/2/ conf/default.conf html/index.html"
            .to_owned()
    }

    fn command(&self, host: &Host, member: &str) -> Vec<String> {
        let own = host.path(&format!("instances/{member}"));
        let program = host.path("binaries/version/sbin/nginx");
        let [program, own] = [program, own].map(|path| path.display().to_string());
        let conf = format!("{own}/nginx.conf");
        let words = [&program, "-p", &own, "-c", &conf, "-e", "stderr"];
        words.map(str::to_owned).to_vec()
    }

    fn health(&self, _: &Host, member: &str) -> String {
        format!(
            "{{ http = \"http://127.0.0.1:{}/\", body = \"page of version\" }}",
            self.0[member].0
        )
    }

    fn answers(&self, _: &Host, member: &str) -> bool {
        self.get(member).is_some()
    }

    fn assert_serves(&self, _: &Host, member: &str, version: usize) {
        let (header, page) = self.get(member).expect("it answers");
        assert_eq!(page, format!("page of version {version}\n"), "{member}");
        for line in [
            format!("Server: nginx/{version}."),
            format!("Default: {version}"),
        ] {
            assert!(header.contains(&line), "{member}: {header}");
        }
    }

    fn files(&self) -> &'static [&'static str] {
        &["sbin/nginx"]
    }

    fn processes(&self) -> usize {
        // A master and two workers.
        3
    }
}

/// Takes a port that nobody else is given: bound, and never listened at, so that a server may.
fn port() -> (u16, OwnedFd) {
    let take = || {
        let flags = SocketFlags::CLOEXEC;
        let kept = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
        sockopt::set_socket_reuseaddr(&kept, true)?;
        bind(&kept, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))?;
        let address = SocketAddrV4::try_from(getsockname(&kept)?)?;
        Ok::<_, rustix::io::Errno>((address.port(), kept))
    };
    take().expect("the loopback interface is up")
}

#[test]
fn two_three_and_sixteen_members_get_version_2() {
    for (members, at_once) in [(2, 1), (3, 1), (16, 4)] {
        fleet::upgrade(&Nginx::new(members), members, at_once);
    }
}

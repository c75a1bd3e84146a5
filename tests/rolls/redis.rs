//! redis, whose data outlive the roll.

use std::process::{Command, Output};

use psl_tests::host::Host;
use psl_tests::packages;

use crate::fleet::{self, Server};

const CONFIGURATION: &str = "\
include {host}/binaries/version/conf/default.conf
dir {host}/instances/{member}
unixsocket {host}/instances/{member}/socket
";

/// What all members have in common, which each finds by the one path.
const DEFAULT: &str = "\
port 0
save 3600 1
maxmemory-policy noeviction
";

struct Redis;

impl Server for Redis {
    fn install(&self, host: &Host, members: &[String]) {
        let program = packages::file("/usr/bin/redis-server");
        host.copy(program, "binaries/version/bin/redis-server");
        host.write("binaries/version/conf/default.conf", DEFAULT);
        for member in members {
            let own = CONFIGURATION.replace("{member}", member);
            host.write(&format!("instances/{member}/redis.conf"), &own);
        }
    }

    fn patch(&self) -> String {
        // A program's bytes keep their places.
        let (old, new) = (version(1), version(2));
        let old = old.replace('.', "\\.");
        format!(
            "sed -i 's/{old}/{new}/g' bin/redis-server && \
             sed -i s/noeviction/allkeys-lru/ conf/default.conf"
        )
    }

    fn command(&self, host: &Host, member: &str) -> Vec<String> {
        let program = host.path("binaries/version/bin/redis-server");
        let own = host.path(&format!("instances/{member}/redis.conf"));
        [program, own]
            .map(|path| path.display().to_string())
            .to_vec()
    }

    fn health(&self, host: &Host, member: &str) -> String {
        let client = packages::file("/usr/bin/redis-cli").display();
        let socket = host.path(&format!("instances/{member}/socket"));
        // The client succeeds whatever it is answered, while the data are loaded, too.
        let ping = format!("{client} -s {} ping | grep -q PONG", socket.display());
        format!("{{ exec = {ping:?} }}")
    }

    fn answers(&self, host: &Host, member: &str) -> bool {
        ask(host, member, &["PING"]).stdout == b"PONG\n"
    }

    fn write(&self, host: &Host, member: &str) {
        assert_eq!(ask(host, member, &["SET", "name", member]).stdout, b"OK\n");
    }

    fn assert_serves(&self, host: &Host, member: &str, number: usize) {
        let said = |question: &[&str]| {
            let output = ask(host, member, question);
            String::from_utf8(output.stdout).expect("it prints text")
        };
        let info = said(&["INFO", "server"]);
        let line = format!("redis_version:{}\r\n", version(number));
        assert!(info.contains(&line), "{member}: {info}");
        let policy = ["noeviction", "allkeys-lru"][number - 1];
        let configured = said(&["CONFIG", "GET", "maxmemory-policy"]);
        assert_eq!(configured, format!("maxmemory-policy\n{policy}\n"));
        assert_eq!(said(&["GET", "name"]), format!("{member}\n"));
    }

    fn files(&self) -> &'static [&'static str] {
        &["bin/redis-server"]
    }

    fn processes(&self) -> usize {
        1
    }
}

/// Returns what the program of a version calls itself: `7.0.15`, and `9.0.15`.
fn version(number: usize) -> String {
    let output = Command::new(packages::file("/usr/bin/redis-server"))
        .arg("--version")
        .output()
        .expect("it runs");
    let text = String::from_utf8(output.stdout).expect("it prints text");
    let mut words = text.split_whitespace();
    let found = words.find_map(|word| word.strip_prefix("v="));
    let found = found.expect("it says its version");
    match number {
        1 => found.to_owned(),
        _ => format!("9{}", &found[1..]),
    }
}

/// Asks a member, by a client that has no links.
fn ask(host: &Host, member: &str, question: &[&str]) -> Output {
    let socket = host.path(&format!("instances/{member}/socket"));
    let mut command = host.command(packages::file("/usr/bin/redis-cli"));
    command.arg("-s").arg(socket).args(question);
    command.output().expect("the client runs")
}

#[test]
fn two_three_and_sixteen_members_get_version_2_and_keep_their_data() {
    for (members, at_once) in [(2, 1), (3, 1), (16, 4)] {
        fleet::upgrade(&Redis, members, at_once);
    }
}

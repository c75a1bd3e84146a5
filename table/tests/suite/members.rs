//! How members are started, stopped and checked.

use std::path::Path;
use std::time::Duration;

use psl_table::members::{Address, Command, Health, Members, Start};
use rustix::process::Signal;

fn parse(text: &str) -> psl_table::Result<Members> {
    Members::parse(Path::new("members.toml"), text)
}

#[test]
fn the_three_ways_to_start_are_read() {
    let text = r#"
[member.erp1]
command = ["/binaries/version/bin/erpd", "--port", "8081"]
stop_signal = "SIGQUIT"
stop_deadline = "1h"
health = { http = "http://127.0.0.1:8081/health?x=1#y" }

[member.erp2]
unit = "erp@2.service"
health = { tcp = "[::1]:8082" }

[member.erp3]
host = "nodeb"
start = "ssh nodeb systemctl start erp@3"
stop = ["ssh", "nodeb", ""]
health = { http = "http://nodeb", body = "ok", status = 204 }

[member.erp4]
command = "exec erpd"
health = { exec = ["pg_isready", "-p", "8081"] }
"#;
    let Members(members) = parse(text).unwrap();
    let list = |list: &[&str]| Command::List(list.iter().map(ToString::to_string).collect());
    let shell = |line: &str| Command::Shell(line.to_owned());
    let address = |host: &str, port| Address {
        host: host.to_owned(),
        port,
    };

    let erp1 = &members["erp1"];
    let command = list(&["/binaries/version/bin/erpd", "--port", "8081"]);
    assert_eq!(
        erp1.start,
        Start::Command {
            command,
            stop_signal: Signal::QUIT
        }
    );
    assert_eq!(
        (erp1.stop_deadline, erp1.line),
        (Duration::from_secs(3600), 2)
    );
    let health = Health::Http {
        url: "http://127.0.0.1:8081/health?x=1#y".to_owned(),
        address: address("127.0.0.1", 8081),
        path: "/health?x=1".to_owned(),
        status: None,
        body: None,
    };
    assert_eq!(erp1.health, Some(health));

    let erp2 = &members["erp2"];
    assert_eq!(erp2.start, Start::Unit("erp@2.service".to_owned()));
    assert_eq!(erp2.stop_deadline, Duration::from_secs(30));
    assert_eq!(erp2.health, Some(Health::Tcp(address("::1", 8082))));
    assert_eq!(address("::1", 8082).to_string(), "[::1]:8082");

    let erp3 = &members["erp3"];
    let start = shell("ssh nodeb systemctl start erp@3");
    assert_eq!(
        start.argv(),
        ["sh", "-c", "ssh nodeb systemctl start erp@3"]
    );
    let stop = list(&["ssh", "nodeb", ""]);
    assert_eq!(erp3.start, Start::Commands { start, stop });
    assert_eq!(erp3.host.as_deref(), Some("nodeb"));
    let health = Health::Http {
        url: "http://nodeb".to_owned(),
        address: address("nodeb", 80),
        path: "/".to_owned(),
        status: Some(204),
        body: Some("ok".to_owned()),
    };
    assert_eq!(erp3.health, Some(health));

    let erp4 = &members["erp4"];
    let command = shell("exec erpd");
    assert_eq!(
        erp4.start,
        Start::Command {
            command,
            stop_signal: Signal::TERM
        }
    );
    assert_eq!(
        erp4.health,
        Some(Health::Exec(list(&["pg_isready", "-p", "8081"])))
    );
}

#[test]
fn a_broken_rule_is_refused_at_its_place() {
    let rows = [
        (
            "format = 1",
            "1:1: unknown key `format` in the members file, expected one of `member`",
        ),
        (
            "member = 1",
            "1:10: `member` is the integer 1, expected a table",
        ),
        (
            "[member]\nm = 1",
            "2:5: `m` is the integer 1, expected a table",
        ),
        (
            "[member.\"a/b\"]\nunit = \"u\"",
            "1:9: member \"a/b\" cannot be a file name, expected a name without slash",
        ),
        (
            "[member.m]",
            "1:1: member `m` lacks a way to start, expected `command`, `unit`, or `start` and `stop`",
        ),
        (
            "[member.m]\nhost = \"n\"",
            "1:1: member `m` lacks a way to start, expected `command`, `unit`, or `start` and `stop`",
        ),
        (
            "[member.m]\ncomand = \"x\"",
            "2:1: unknown key `comand` in member `m`, did you mean `command`?",
        ),
        (
            "[member.m]\ncommand = \"x\"\nunit = \"u\"",
            "3:1: `unit` excludes `command` at line 2, expected one way to start and stop",
        ),
        (
            "[member.m]\nunit = \"u\"\ncommand = \"x\"",
            "3:1: `command` excludes `unit` at line 2, expected one way to start and stop",
        ),
        (
            "[member.m]\nunit = \"u\"\nstart = \"x\"",
            "3:1: `start` excludes `unit` at line 2, expected one way to start and stop",
        ),
        (
            "[member.m]\nstop = \"x\"\nunit = \"u\"",
            "3:1: `unit` excludes `stop` at line 2, expected one way to start and stop",
        ),
        (
            "[member.m]\nstart = \"x\"\nstop = \"x\"\ncommand = \"x\"",
            "4:1: `command` excludes `start` at line 2, expected one way to start and stop",
        ),
        (
            "[member.m]\nstart = \"x\"",
            "1:1: member `m` lacks the key `stop`",
        ),
        (
            "[member.m]\nstop = \"x\"",
            "1:1: member `m` lacks the key `start`",
        ),
        (
            "[member.m]\nunit = \"u\"\nstop_signal = \"TERM\"",
            "3:1: `stop_signal` excludes `unit` at line 2, expected one way to start and stop",
        ),
        (
            "[member.m]\nstop_signal = \"TERM\"",
            "1:1: member `m` lacks the key `command`",
        ),
        (
            "[member.m]\ncommand = \"x\"\nstop_signal = \"STOPIT\"",
            "3:15: `stop_signal` \"STOPIT\" is no signal, expected one of `TERM`, `INT`, `QUIT`, `HUP`, `USR1`, `USR2`, `WINCH`, `ABRT`, `ALRM`, `PIPE`, `CONT`, `KILL`",
        ),
        (
            "[member.m]\ncommand = \"x\"\nstop_deadline = \"30\"",
            "3:17: `stop_deadline` \"30\" is no duration, expected a number and a unit: `10s`, `5m` or `1h`",
        ),
        (
            "[member.m]\ncommand = \"\"",
            "2:11: `command` names no program, expected one",
        ),
        (
            "[member.m]\ncommand = []",
            "2:11: `command` is an empty list, expected a program",
        ),
        (
            "[member.m]\ncommand = [\"\", \"x\"]",
            "2:12: `command` names no program, expected one",
        ),
        (
            "[member.m]\ncommand = [\"x\", 1]",
            "2:17: `command` is the integer 1, expected a list of strings",
        ),
        (
            "[member.m]\ncommand = [\"x\", \"\\u0000\"]",
            "2:17: `command` has a NUL character, expected none",
        ),
        (
            "[member.m]\ncommand = 1",
            "2:11: `command` is the integer 1, expected a list of arguments or a string",
        ),
        (
            "[member.m]\nunit = \"\"",
            "2:8: `unit` is empty, expected at least one character",
        ),
        (
            "[member.m]\nunit = \"u\"\nhealth = \"x\"",
            "3:10: `health` is a string, expected a table",
        ),
        (
            "[member.m]\nunit = \"u\"\nhealth = {}",
            "3:10: `health` lacks a check, expected `http`, `tcp` or `exec`",
        ),
        (
            "[member.m]\nunit = \"u\"\nhealth = { htp = \"x\" }",
            "3:12: unknown key `htp` in `health`, did you mean `http`?",
        ),
        (
            "[member.m]\nunit = \"u\"\nhealth = { http = \"http://a\", tcp = \"a:1\" }",
            "3:31: `tcp` excludes `http`, expected one check",
        ),
        (
            "[member.m]\nunit = \"u\"\nhealth = { tcp = \"a:1\", body = \"ok\" }",
            "3:25: `body` goes with `http` only",
        ),
        (
            "[member.m]\nunit = \"u\"\nhealth = { tcp = \"a:1\", status = 200 }",
            "3:25: `status` goes with `http` only",
        ),
        (
            "[member.m]\nunit = \"u\"\nhealth = { http = \"http://a\", status = 600 }",
            "3:40: `status` is 600, expected 200 to 599",
        ),
        (
            "[member.m]\nunit = \"u\"\nhealth = { body = \"ok\" }",
            "3:10: `health` lacks a check, expected `http`, `tcp` or `exec`",
        ),
        (
            "[member.m]\nunit = \"u\"\nhealth = { http = \"https://a/\" }",
            "3:19: `http` \"https://a/\" is no URL that can be checked, expected `http://HOST[:PORT]/PATH`",
        ),
        (
            "[member.m]\nunit = \"u\"\nhealth = { http = \"http:///x\" }",
            "3:19: `http` \"http:///x\" is no URL that can be checked, expected `http://HOST[:PORT]/PATH`",
        ),
        (
            "[member.m]\nunit = \"u\"\nhealth = { http = \"http://a:b/\" }",
            "3:19: `http` \"http://a:b/\" is no URL that can be checked, expected `http://HOST[:PORT]/PATH`",
        ),
        (
            "[member.m]\nunit = \"u\"\nhealth = { http = \"http://a /\" }",
            "3:19: `http` \"http://a /\" is no URL that can be checked, expected `http://HOST[:PORT]/PATH`",
        ),
        (
            "[member.m]\nunit = \"u\"\nhealth = { tcp = \"8080\" }",
            "3:18: `tcp` \"8080\" is no address, expected `HOST:PORT` or `[IPV6]:PORT`",
        ),
        (
            "[member.m]\nunit = \"u\"\nhealth = { tcp = \"a:0\" }",
            "3:18: `tcp` \"a:0\" is no address, expected `HOST:PORT` or `[IPV6]:PORT`",
        ),
        (
            "[member.m]\nunit = \"u\"\nhealth = { tcp = \"a:65536\" }",
            "3:18: `tcp` \"a:65536\" is no address, expected `HOST:PORT` or `[IPV6]:PORT`",
        ),
        (
            "[member.m]\nunit = \"u\"\nhealth = { tcp = \"::1:80\" }",
            "3:18: `tcp` \"::1:80\" is no address, expected `HOST:PORT` or `[IPV6]:PORT`",
        ),
        (
            "[member.m]\nunit = \"u\"\nhealth = { tcp = \"a:\" }",
            "3:18: `tcp` \"a:\" is no address, expected `HOST:PORT` or `[IPV6]:PORT`",
        ),
        (
            "[member.m]\nunit = \"u\"\nhealth = { exec = [] }",
            "3:19: `exec` is an empty list, expected a program",
        ),
    ];
    for (text, expected) in rows {
        let error = parse(text).unwrap_err().to_string();
        assert_eq!(error, format!("members.toml:{expected}"), "{text}");
    }
}

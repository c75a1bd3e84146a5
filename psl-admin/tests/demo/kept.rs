//! A demo whose directory stays.
use crate::bench::{Bench, await_that};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

#[test]
fn a_kept_directory_can_be_gone_on_with_as_the_demo_says() {
    let bench = Bench::new();
    let printed = bench.command(&["demo", "--keep"]).output().unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    let [directory] = &bench.left()[..] else {
        panic!("{:?}", bench.left())
    };
    assert_eq!(
        directory.metadata().unwrap().permissions().mode() & 0o7777,
        0o700
    );
    assert_eq!(bench.processes().len(), 0);

    let (_, next) = printed.split_once(" stays; go on with\n").unwrap();
    let [set, history, picture, run, curl, remove] = &next.lines().collect::<Vec<_>>()[..] else {
        panic!("{next}")
    };
    let url = curl.trim().strip_prefix("curl ").unwrap();
    let port = url.strip_prefix("http://127.0.0.1:").unwrap();
    let port: u16 = port.trim_end_matches('/').parse().unwrap();
    let typed = |lines: &[&str]| {
        let mut shell = bench.command_of("/bin/sh", &["-c", &lines.join("\n")]);
        shell.stdin(Stdio::piped()).stdout(Stdio::piped());
        shell.spawn().unwrap()
    };
    let history = typed(&[set, history]).wait_with_output().unwrap();
    assert_eq!(
        String::from_utf8(history.stdout).unwrap().lines().count(),
        // The header, and a line a generation.
        11
    );
    typed(&[set, picture]).wait_with_output().unwrap();
    let drawn = fs::read_to_string(directory.join("roll.svg")).unwrap();
    assert!(drawn.contains("<svg") && drawn.contains("erp1"), "{drawn}");
    let shell = typed(&[set, run, "read wait", remove]);
    let mut answer = String::new();
    await_that("the server answers", || {
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    let mut server = TcpStream::connect(("127.0.0.1", port)).unwrap();
    server.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    server.read_to_string(&mut answer).unwrap();
    let program = format!(
        "\nprogram {}/binaries/version2/bin/server\n",
        directory.display()
    );
    assert!(answer.contains(&program), "{answer}");
    shell.wait_with_output().unwrap();
    await_that("everything is gone", || {
        bench.processes().is_empty() && bench.left().is_empty()
    });
}

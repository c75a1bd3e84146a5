//! Two instances of nginx from one shared tree: moved to version 2 and back, and asked over sockets all the while.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use psl_tests::host::Host;
use psl_tests::instance::{self, DEADLINE, Instance};
use psl_tests::{packages, usage};
use rustix::process::{Pid, Signal, kill_process};

const ECHO: &str = "modules/ngx_http_echo_module.so";
const HEADERS: &str = "modules/ngx_http_headers_more_filter_module.so";

/// The configuration of both versions, which says everything by the one path that all instances have.
///
/// Where an instance listens and writes is relative to where it was started.
const CONFIGURATION: &str = "\
daemon off;
user www-data;
worker_processes 2;
pid nginx.pid;
error_log stderr notice;
include {host}/binaries/version/conf/modules.conf;
events {}
http {
    include mime.types;
    include {host}/binaries/version/conf/default.conf;
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {
        listen unix:socket;
        root {host}/binaries/version/html;
        location = /module { echo echo; }
    }
}
";

/// Makes the shared tree, and a copy of it that is patched to be version 2.
fn host() -> Host {
    let host = Host::new(&["web1", "web2"]);
    let module = |name: &str| PathBuf::from(packages::file(&format!("/usr/lib/nginx/{name}")));
    let load = |name: &str| format!("load_module {{host}}/binaries/version/{name};\n");

    let program = packages::file("/usr/sbin/nginx");
    host.copy(program, "binaries/version/sbin/nginx");
    host.copy(
        Path::new("/etc/nginx/mime.types"),
        "binaries/version/conf/mime.types",
    );
    host.write("binaries/version/conf/nginx.conf", CONFIGURATION);
    host.write(
        "binaries/version/conf/default.conf",
        "add_header Default version;\n",
    );
    host.copy(&module(ECHO), &format!("binaries/version/{ECHO}"));
    host.write("binaries/version/conf/modules.conf", &load(ECHO));
    host.write("binaries/version/html/index.html", "page of version\n");

    host.copy_tree("binaries/version", "binaries/version2");
    host.patch("binaries/version2/sbin/nginx", b"nginx/1.", b"nginx/2.");
    host.write(
        "binaries/version2/conf/default.conf",
        "add_header Default version2;\nmore_set_headers 'Own: version2';\n",
    );
    host.copy(&module(HEADERS), &format!("binaries/version2/{HEADERS}"));
    host.write(
        "binaries/version2/conf/modules.conf",
        &[load(ECHO), load(HEADERS)].concat(),
    );
    host.write("binaries/version2/html/index.html", "page of version2\n");

    for member in ["web1", "web2"] {
        fs::create_dir_all(own_dir(&host, member)).expect("a directory can be made");
    }
    host
}

/// Returns how a member's nginx is started: its program and the arguments.
fn command_line(host: &Host, member: &str) -> [OsString; 5] {
    let version = host.path("binaries/version");
    [
        version.join("sbin/nginx").into(),
        "-p".into(),
        own_dir(host, member).into(),
        "-c".into(),
        version.join("conf/nginx.conf").into(),
    ]
}

fn own_dir(host: &Host, member: &str) -> PathBuf {
    host.path("instances").join(member)
}

fn start(host: &Host, member: &str) -> Instance {
    let [program, arguments @ ..] = command_line(host, member);
    let mut command = host.run(member, program);
    command.args(arguments).current_dir(own_dir(host, member));
    let mut instance = Instance::start(command);
    wait_for_workers(&mut instance, "start worker process ");
    instance
}

/// Waits until the master has said this of each of two workers.
fn wait_for_workers(instance: &mut Instance, text: &str) {
    for _ in 0..2 {
        instance.wait_for(text);
    }
}

fn stop(instance: Instance) {
    instance.signal(Signal::QUIT);
    let (status, said) = instance.end();
    assert!(status.success(), "{status}: {said:#?}");
}

/// Asks a member for a page, and returns its header, in lower case, and its body.
fn get(host: &Host, member: &str, path: &str) -> (String, String) {
    let socket = own_dir(host, member).join("socket");
    let mut stream = UnixStream::connect(socket).expect("a server that started listens");
    stream
        .set_read_timeout(Some(DEADLINE))
        .expect("it is not zero");
    write!(stream, "GET {path} HTTP/1.0\r\n\r\n").expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let (header, body) = answer.split_once("\r\n\r\n").expect("a header and a body");
    (header.to_lowercase(), body.into())
}

/// Checks what a member answers, and that none of its processes uses a file of another version.
#[track_caller]
fn assert_serves(host: &Host, member: &str, instance: &Instance, version: &str) {
    let (header, page) = get(host, member, "/");
    let has = |text: &str| header.lines().any(|line| line.starts_with(text));
    let is_second = version == "version2";
    assert_eq!(page, format!("page of {version}\n"), "{member}");
    assert_eq!(get(host, member, "/module").1, "echo\n", "{member}");
    assert!(has(&format!("default: {version}")), "{member}: {header}");
    assert_eq!(has("server: nginx/2."), is_second, "{member}: {header}");
    assert_eq!(has("own: version2"), is_second, "{member}: {header}");

    let expected = ["sbin/nginx", ECHO, HEADERS].map(PathBuf::from);
    let expected = BTreeSet::from_iter(expected.into_iter().take(if is_second { 3 } else { 2 }));
    let mut processes = instance.processes();
    // A shell may have started it.
    processes.retain(|process| process.stat().is_ok_and(|stat| stat.comm == "nginx"));
    assert!(processes.len() >= 3, "a master and two workers");
    for process in processes {
        let pid = process.pid();
        for tree in ["version", "version2"] {
            let used = usage::files_of(&host.path("binaries").join(tree), &process);
            let expected = if tree == version {
                &expected
            } else {
                &BTreeSet::new()
            };
            assert_eq!(used, *expected, "{member}: files of {tree} that {pid} uses");
        }
        let program = process.exe().expect("it runs");
        assert_eq!(
            program,
            host.path("binaries").join(version).join("sbin/nginx")
        );
    }
}

#[test]
fn one_of_two_instances_moves_to_version_2_and_back() {
    let host = host();
    let web1 = start(&host, "web1");
    let web2 = start(&host, "web2");
    assert_serves(&host, "web1", &web1, "version");
    assert_serves(&host, "web2", &web2, "version");

    host.link("web2", "binaries/version", "binaries/version2");
    assert_serves(&host, "web2", &web2, "version");
    stop(web2);
    let web2 = start(&host, "web2");
    assert_serves(&host, "web1", &web1, "version");
    assert_serves(&host, "web2", &web2, "version2");

    host.unlink("web2", "binaries/version");
    assert_serves(&host, "web2", &web2, "version2");
    stop(web2);
    let web2 = start(&host, "web2");
    assert_serves(&host, "web1", &web1, "version");
    assert_serves(&host, "web2", &web2, "version");
    stop(web1);
    stop(web2);
}

#[test]
fn an_instance_that_reads_its_configuration_again_stays_with_its_version() {
    let host = host();
    let mut web1 = start(&host, "web1");
    host.link("web1", "binaries/version", "binaries/version2");
    web1.signal(Signal::HUP);
    wait_for_workers(&mut web1, "start worker process ");
    wait_for_workers(&mut web1, "exited with code 0");
    assert_serves(&host, "web1", &web1, "version");
    stop(web1);

    let mut web1 = start(&host, "web1");
    host.unlink("web1", "binaries/version");
    web1.signal(Signal::HUP);
    wait_for_workers(&mut web1, "start worker process ");
    wait_for_workers(&mut web1, "exited with code 0");
    assert_serves(&host, "web1", &web1, "version2");
    stop(web1);
}

#[test]
fn an_instance_that_executes_its_program_again_stays_with_its_version() {
    let host = host();
    host.link("web1", "binaries/version", "binaries/version2");
    // A master whose parent lives takes itself for the second one, and would not make another.
    let mut command = host.run("web1", packages::file("/bin/dash"));
    command
        .args(["-c", "(\"$@\" & read go); echo left alone", "sh"])
        .args(command_line(&host, "web1"))
        .current_dir(own_dir(&host, "web1"));
    let mut web1 = Instance::start(command);
    wait_for_workers(&mut web1, "start worker process ");
    web1.tell("go");
    web1.wait_for("left alone");
    let first = master(&host, "web1");
    host.unlink("web1", "binaries/version");

    // nginx's own upgrade: a second master, from the program's path, in an environment that nginx makes.
    kill_process(first, Signal::USR2).expect("it runs");
    wait_for_workers(&mut web1, "start worker process ");
    let second = master(&host, "web1");
    assert_ne!(first, second);
    assert_serves(&host, "web1", &web1, "version2");
    kill_process(first, Signal::QUIT).expect("it runs");
    instance::wait_until_gone(first);
    assert_serves(&host, "web1", &web1, "version2");
    kill_process(second, Signal::QUIT).expect("it runs");
    let (status, said) = web1.end();
    assert!(status.success(), "{status}: {said:#?}");
}

/// Returns the process that starts a member's workers.
fn master(host: &Host, member: &str) -> Pid {
    let text = fs::read_to_string(own_dir(host, member).join("nginx.pid")).expect("it runs");
    let pid = text.trim().parse().ok().and_then(Pid::from_raw);
    pid.expect("the file has a process's number")
}

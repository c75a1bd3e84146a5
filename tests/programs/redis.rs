//! Two instances of redis from one shared tree, each with data of its own: moved to version 2 and back.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use psl_tests::host::Host;
use psl_tests::instance::{DEADLINE, Instance};
use psl_tests::{packages, usage};
use rustix::process::Signal;

/// The default configuration of a version, which names a file by the one path that all instances have.
const DEFAULT: &str = "\
maxmemory-policy POLICY
aclfile {host}/binaries/version/conf/users.acl
port 0
save 3600 1
enable-debug-command local
enable-module-command local
";

/// Makes the shared tree, and a copy of it that is patched to be version 2.
fn host() -> Host {
    let host = Host::new(&["cache1", "cache2"]);
    let program = packages::file("/usr/bin/redis-server");
    let default = |policy: &str| DEFAULT.replace("POLICY", policy);
    let everybody = "user default on nopass ~* &* +@all\n";

    host.copy(program, "binaries/version/bin/redis-server");
    host.write("binaries/version/conf/default.conf", &default("noeviction"));
    host.write("binaries/version/conf/users.acl", everybody);
    compile(&host, "version");

    host.copy_tree("binaries/version", "binaries/version2");
    let old = version_of(program);
    let new = second(&old);
    host.patch(
        "binaries/version2/bin/redis-server",
        old.as_bytes(),
        new.as_bytes(),
    );
    host.write(
        "binaries/version2/conf/default.conf",
        &default("allkeys-lru"),
    );
    let with_auditor = format!("{everybody}user auditor on nopass ~* &* +@read\n");
    host.write("binaries/version2/conf/users.acl", &with_auditor);
    compile(&host, "version2");

    for member in ["cache1", "cache2"] {
        let own = format!("instances/{member}");
        let configuration = format!(
            "include {{host}}/binaries/version/conf/default.conf\n\
             loadmodule {{host}}/binaries/version/modules/release.so\n\
             dir {{host}}/{own}\n\
             unixsocket {{host}}/{own}/socket\n"
        );
        host.write(&format!("{own}/redis.conf"), &configuration);
    }
    host
}

/// Makes the module of a version.
fn compile(host: &Host, version: &str) {
    let library = format!("binaries/{version}/modules/release.so");
    host.write(&library, "");
    let status = Command::new("cc")
        .args([
            "-shared",
            "-fPIC",
            &format!("-DRELEASE=\"{version}\""),
            "-o",
        ])
        .arg(host.path(&library))
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/c/release.c"))
        .status();
    assert!(
        status
            .expect("a C compiler links Rust programs, too")
            .success()
    );
}

/// Returns `7.0.15` or the like.
fn version_of(program: &Path) -> String {
    let output = Command::new(program)
        .arg("--version")
        .output()
        .expect("it runs");
    let text = String::from_utf8(output.stdout).expect("it prints text");
    let version = text
        .split_whitespace()
        .find_map(|word| word.strip_prefix("v="));
    version.expect("it says its version").into()
}

/// Returns what the patched program calls its version.
fn second(version: &str) -> String {
    format!("9{}", &version[1..])
}

fn start(host: &Host, member: &str) -> Instance {
    let configuration = host.path(&format!("instances/{member}/redis.conf"));
    let mut command = host.run(member, host.path("binaries/version/bin/redis-server"));
    command.arg(configuration);
    let mut instance = Instance::start(command);
    instance.wait_for("ready to accept connections");
    instance
}

fn stop(instance: Instance) {
    instance.signal(Signal::TERM);
    let (status, said) = instance.end();
    assert!(status.success(), "{status}: {said:#?}");
}

/// Asks a member, by a client that has no links.
#[track_caller]
fn ask(host: &Host, member: &str, question: &[&str]) -> String {
    let deadline = DEADLINE.as_secs().to_string();
    let mut command = host.command("timeout");
    command
        .arg(deadline)
        .arg(packages::file("/usr/bin/redis-cli"))
        .arg("-s")
        .arg(host.path(&format!("instances/{member}/socket")))
        .args(question);
    let output = command.output().expect("the client runs");
    let answer = String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned();
    assert!(output.status.success(), "{command:?}: {output:?}");
    answer
}

/// Checks what a member answers, and that it uses no file of another version.
#[track_caller]
fn assert_serves(host: &Host, member: &str, instance: &Instance, version: &str) {
    let is_second = version == "version2";
    let policy = if is_second {
        "allkeys-lru"
    } else {
        "noeviction"
    };
    let program = version_of(packages::file("/usr/bin/redis-server"));
    let program = if is_second { second(&program) } else { program };
    let own = host.path(&format!("binaries/{version}"));

    let info = ask(host, member, &["INFO", "server"]);
    let has = |line: String| info.lines().any(|it| it == line);
    assert!(has(format!("redis_version:{program}")), "{member}: {info}");
    let configured = ask(host, member, &["CONFIG", "GET", "maxmemory-policy"]);
    assert_eq!(
        configured,
        format!("maxmemory-policy\n{policy}"),
        "{member}"
    );
    assert_eq!(ask(host, member, &["RELEASE"]), version, "{member}");
    let users = if is_second {
        "auditor\ndefault"
    } else {
        "default"
    };
    assert_eq!(ask(host, member, &["ACL", "USERS"]), users, "{member}");
    assert_eq!(ask(host, member, &["GET", "name"]), member);

    let expected = BTreeSet::from(["bin/redis-server", "modules/release.so"].map(PathBuf::from));
    let processes = instance.processes();
    assert_eq!(processes.len(), 1, "{member}");
    for process in processes {
        for tree in ["version", "version2"] {
            let used = usage::files_of(&host.path("binaries").join(tree), &process);
            let expected = if tree == version {
                &expected
            } else {
                &BTreeSet::new()
            };
            assert_eq!(used, *expected, "{member}: files of {tree} that it uses");
        }
        assert_eq!(
            process.exe().expect("it runs"),
            own.join("bin/redis-server")
        );
    }
}

#[test]
fn one_of_two_instances_moves_to_version_2_and_back_with_its_data() {
    let host = host();
    let cache1 = start(&host, "cache1");
    let cache2 = start(&host, "cache2");
    for member in ["cache1", "cache2"] {
        assert_eq!(ask(&host, member, &["SET", "name", member]), "OK");
    }
    assert_serves(&host, "cache1", &cache1, "version");
    assert_serves(&host, "cache2", &cache2, "version");

    host.link("cache2", "binaries/version", "binaries/version2");
    assert_serves(&host, "cache2", &cache2, "version");
    stop(cache2);
    let cache2 = start(&host, "cache2");
    assert_serves(&host, "cache1", &cache1, "version");
    assert_serves(&host, "cache2", &cache2, "version2");

    host.unlink("cache2", "binaries/version");
    assert_serves(&host, "cache2", &cache2, "version2");
    stop(cache2);
    let cache2 = start(&host, "cache2");
    assert_serves(&host, "cache1", &cache1, "version");
    assert_serves(&host, "cache2", &cache2, "version");
    stop(cache1);
    stop(cache2);
}

#[test]
fn an_instance_that_loads_files_again_stays_with_its_version() {
    let host = host();
    let cache1 = start(&host, "cache1");
    assert_eq!(ask(&host, "cache1", &["SET", "name", "cache1"]), "OK");
    host.link("cache1", "binaries/version", "binaries/version2");
    assert_eq!(ask(&host, "cache1", &["ACL", "LOAD"]), "OK");
    assert_eq!(ask(&host, "cache1", &["MODULE", "UNLOAD", "release"]), "OK");
    let module = host.path("binaries/version/modules/release.so");
    let module = module.to_str().expect("the host's directory is text");
    assert_eq!(ask(&host, "cache1", &["MODULE", "LOAD", module]), "OK");
    assert_serves(&host, "cache1", &cache1, "version");
    stop(cache1);
}

#[test]
fn an_instance_that_executes_its_program_again_stays_with_its_version() {
    let host = host();
    host.link("cache1", "binaries/version", "binaries/version2");
    let mut cache1 = start(&host, "cache1");
    assert_eq!(ask(&host, "cache1", &["SET", "name", "cache1"]), "OK");
    host.unlink("cache1", "binaries/version");
    // The connection ends without an answer; what it comes to, the instance says.
    let socket = host.path("instances/cache1/socket");
    let mut client = host.command(packages::file("/usr/bin/redis-cli"));
    client.arg("-s").arg(socket).args(["DEBUG", "RESTART"]);
    client.output().expect("the client runs");
    cache1.wait_for("ready to accept connections");
    assert_serves(&host, "cache1", &cache1, "version2");
    stop(cache1);
}

//! Instances that run while the table changes: they, and all that they start, keep what they were started with.

use std::fs;

use psl_tests::host::Host;
use psl_tests::instance::Instance;
use psl_tests::packages;

const MEMBER: &str = "erp1";

/// A host with three versions, whose file `which` says which one it is.
fn host() -> Host {
    let host = Host::new(&[MEMBER]);
    for version in ["version", "version2", "version3"] {
        host.write(
            &format!("binaries/{version}/which"),
            &format!("{version}\n"),
        );
    }
    host
}

/// A program that evaluates one line at a time, and ways to have it print the file's text.
struct Session {
    program: &'static str,
    arguments: &'static [&'static str],
    questions: &'static [&'static str],
}

const SESSIONS: &[Session] = &[
    Session {
        program: "/bin/bash",
        arguments: &[],
        questions: &[
            "read -r text < {host}/binaries/version/which && echo \"$text\"",
            "cat {host}/binaries/version/which",
            "(cd binaries/version && cat which)",
            "env -i /bin/sh -c '/bin/cat {host}/binaries/version/which'",
            "sh -c 'sh -c \"cat binaries/version/which; :\"; :'",
        ],
    },
    Session {
        program: "/usr/bin/python3",
        arguments: &["-ic", "import os, subprocess, sys, threading; sys.ps1 = ''"],
        questions: &[
            "print(open('{host}/binaries/version/which').read(), end='', flush=True)",
            "_ = subprocess.run(['cat', 'binaries/version/which'])",
            "_ = subprocess.run(['/bin/cat', '{host}/binaries/version/which'], env={})",
            "_ = os.spawnv(os.P_WAIT, '/bin/sh', ['sh', '-c', 'cat binaries/version/which'])",
            "_ = os.system('cat binaries/version/which')",
        ],
    },
];

impl Session {
    fn start(&self, host: &Host) -> Instance {
        let mut command = host.run(MEMBER, packages::file(self.program));
        command.args(self.arguments);
        Instance::start(command)
    }

    #[track_caller]
    fn assert_sees(&self, host: &Host, instance: &mut Instance, version: &str) {
        for question in self.questions {
            let root = host.path("").display().to_string();
            instance.tell(&question.replace("{host}/", &root));
            assert_eq!(instance.next_line(), version, "{question}");
        }
    }
}

#[test]
fn a_running_instance_and_its_children_keep_their_view_through_commits() {
    for session in SESSIONS {
        let host = host();
        let mut first = session.start(&host);
        session.assert_sees(&host, &mut first, "version");

        host.link(MEMBER, "binaries/version", "binaries/version2");
        let mut second = session.start(&host);
        session.assert_sees(&host, &mut first, "version");
        session.assert_sees(&host, &mut second, "version2");

        host.unlink(MEMBER, "binaries/version");
        host.link(MEMBER, "binaries/version", "binaries/version3");
        let mut third = session.start(&host);
        session.assert_sees(&host, &mut first, "version");
        session.assert_sees(&host, &mut second, "version2");
        session.assert_sees(&host, &mut third, "version3");

        host.admin(["rollback", "2"]);
        session.assert_sees(&host, &mut second, "version2");
        session.assert_sees(&host, &mut third, "version3");
        for instance in [first, second, third] {
            let (status, said) = instance.end();
            assert!(status.success(), "{}: {status}: {said:?}", session.program);
        }
    }
}

#[test]
fn a_run_inside_an_instance_starts_one_of_its_own() {
    let host = host();
    let mut shell = Instance::start(host.run(MEMBER, packages::file("/bin/bash")));
    shell.tell("echo it runs");
    shell.wait_for("it runs");
    host.link(MEMBER, "binaries/version", "binaries/version2");
    let run = host.run(MEMBER, "cat");
    let run = format!(
        "{:?} run --member {MEMBER} -- cat binaries/version/which",
        run.get_program()
    );
    shell.tell(&format!(
        "cat binaries/version/which; {run}; cat binaries/version/which"
    ));
    let lines = [shell.next_line(), shell.next_line(), shell.next_line()];
    assert_eq!(lines, ["version", "version2", "version"]);
}

#[test]
fn a_running_instance_keeps_its_view_when_the_table_is_broken() {
    let host = host();
    host.link(MEMBER, "binaries/version", "binaries/version2");
    let mut shell = Instance::start(host.run(MEMBER, packages::file("/bin/bash")));
    shell.tell("cat binaries/version/which");
    assert_eq!(shell.next_line(), "version2");
    fs::write(host.path("store/table.toml"), "no table").expect("root and owner may");
    shell.tell("cat binaries/version/which");
    assert_eq!(shell.next_line(), "version2");
    let refused = host.run(MEMBER, "true").output().expect("psl-admin runs");
    assert_eq!(refused.status.code(), Some(3), "{refused:?}");
}

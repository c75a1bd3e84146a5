//! Instances that live through commits.

use psl_tests::instance::Instance;
use psl_tests::packages;

use crate::seen::{MEMBER, Seen, assert_state, host, shell};

/// How many commits happen, and how many children a shell starts between two.
const COMMITS: usize = 20;
const CHILDREN: usize = 50;

#[test]
fn a_thousand_children_of_a_shell_see_its_generation_through_twenty_commits() {
    let host = host();
    let mut bash = shell(&host, MEMBER);
    let file = host.path("binaries/version/file");
    for commit in 0..COMMITS {
        if commit % 2 == 0 {
            host.unlink(MEMBER, "binaries/version");
            assert_state(&host, &bash, "STALE", "has no link at");
        } else {
            let to = ["binaries/version3", "binaries/version2"][commit / 2 % 2];
            host.link(MEMBER, "binaries/version", to);
        }
        bash.tell(&format!(
            "for i in {{1..{CHILDREN}}}; do /bin/cat {}; echo; done",
            file.display()
        ));
        for _ in 0..CHILDREN {
            assert_eq!(bash.next_line(), "version2", "after commit {commit}");
        }
    }
    assert_state(&host, &bash, "CURRENT", "");
    drop(shell(&host, MEMBER));
}

#[test]
fn workers_that_were_forked_before_and_after_a_commit_see_the_same() {
    let host = host();
    let script = "import os, sys\n\
        def worker():\n    \
            if os.fork() == 0:\n        \
                os.read(pipes[0], 1)\n        \
                print(open(sys.argv[1]).read(), flush=True)\n        \
                os.execv('/bin/cat', ['cat', sys.argv[1]])\n\
        pipes = os.pipe()\n\
        worker()\n\
        print('forked', flush=True)\n\
        input()\n\
        worker()\n\
        print('again', flush=True)\n\
        input()\n\
        os.write(pipes[1], b'go')\n\
        for _ in range(2): os.wait()\n\
        print('\\ndone', flush=True)\n";
    let mut command = host.run(MEMBER, packages::file("/usr/bin/python3"));
    command
        .args(["-c", script])
        .arg(host.path("binaries/version/file"));
    let mut python = Instance::start(command);
    python.wait_for("forked");
    host.unlink(MEMBER, "binaries/version");
    python.tell("");
    python.wait_for("again");
    let seen = Seen::of(&host, &[]);
    let row = seen.row(&python);
    assert!(row["processes"] == 3 && row["state"] == "STALE", "{row:#}");
    python.tell("");
    let (status, said) = python.end();
    let said = said.concat();
    assert!(status.success() && said.contains("done"), "{said}");
    assert_eq!(said.matches("version2").count(), 4, "{said}");
    assert_eq!(said.matches("version").count(), 4, "{said}");
}

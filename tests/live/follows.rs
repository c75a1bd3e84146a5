//! What becomes of a commit in processes that run.

use std::thread;
use std::time::{Duration, Instant};

use psl_tests::instance::Instance;

use crate::bench::{Bench, SECOND};

/// How much later than it has to be a commit may be seen on a busy machine.
const SLACK: Duration = Duration::from_millis(500);

#[test]
fn every_read_of_a_hundred_threads_sees_one_of_two_versions_and_the_new_one_in_time() {
    const COMMITS: usize = 100;
    let bench = Bench::new(COMMITS + 4);
    let mut threads = Instance::start(bench.probe("threads", &[]));
    threads.wait_for("1");
    for file in 2..=COMMITS {
        bench.commit(file);
    }
    threads.wait_for(&COMMITS.to_string());
    for file in COMMITS + 1..=COMMITS + 4 {
        bench.commit(file);
        let committed = Instant::now();
        threads.wait_for(&file.to_string());
        let took = committed.elapsed();
        assert!(took < SECOND + SLACK, "{file} was seen after {took:?}");
    }
    let (status, rest) = threads.end();
    assert!(status.success() && rest.is_empty(), "{rest:#?}");
}

#[test]
fn a_process_its_children_and_the_programs_that_it_starts_see_a_commit_a_second_later() {
    let bench = Bench::new(3);
    let mut asked = Instance::start(bench.probe("asked", &[]));
    for file in 1..=3 {
        if file > 1 {
            bench.commit(file);
            thread::sleep(SECOND);
        }
        asked.tell("");
        assert_eq!(asked.next_line(), format!("{file} {file} {file} {file}"));
    }
    let (status, rest) = asked.end();
    assert!(status.success() && rest.is_empty(), "{rest:#?}");
}

#[test]
fn a_program_that_is_started_sees_the_newest_table_at_once() {
    let bench = Bench::new(2);
    let script = format!(
        "echo begun; read -r line; cat {0:?} {1:?}",
        bench.link(),
        bench.fixed()
    );
    let mut shell = bench.command("/bin/bash");
    shell.args(["-c", &script]);
    let mut shell = Instance::start(shell);
    // From here on its table is the one before the commit.
    shell.wait_for("begun");
    bench.commit(2);
    shell.tell("");
    let (status, rest) = shell.end();
    // The other link is the instance's, whenever the program was started.
    assert!(status.success() && rest == ["2 21 1"], "{rest:#?}");
}

#[test]
fn a_handler_on_a_small_stack_looks_without_the_allocator_and_keeps_errno() {
    let bench = Bench::new(3);
    let mut handled = Instance::start(bench.probe("handled", &[]));
    for file in 1..=3 {
        if file > 1 {
            bench.commit(file);
            thread::sleep(SECOND);
        }
        handled.tell("");
        assert_eq!(handled.next_line(), format!("{file} 0"));
    }
    assert!(handled.end().0.success());
}

#[test]
fn what_calls_say_of_the_link_itself_follows_too() {
    let bench = Bench::new(20);
    let look = "import os, sys\nfor line in sys.stdin: s = os.lstat(sys.argv[1]); \
                print(os.readlink(sys.argv[1]).rsplit('/')[-1], s.st_size, \
                sum(e.is_symlink() for e in os.scandir(os.path.dirname(sys.argv[1]))), flush=True)";
    let mut python = bench.command("/usr/bin/python3");
    python.args(["-c", look]).arg(bench.link());
    let mut python = Instance::start(python);
    for file in [1, 20] {
        if file > 1 {
            bench.commit(file);
            thread::sleep(SECOND);
        }
        python.tell("");
        let size = bench.data(file).as_os_str().len();
        assert_eq!(python.next_line(), format!("{file} {size} 2"));
    }
    assert!(python.end().0.success());
}

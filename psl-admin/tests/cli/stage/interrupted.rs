//! A stage that is ended before its time, at many moments.
use super::begun::{Begun, names};
use crate::bench::Bench;
use rustix::process::Signal;
use std::os::unix::process::ExitStatusExt;
use std::time::Instant;

/// At how many moments each signal comes.
const MOMENTS: [(Signal, u32); 4] = [
    (Signal::KILL, 16),
    (Signal::TERM, 12),
    (Signal::INT, 4),
    (Signal::HUP, 4),
];

fn bench() -> Bench {
    let bench = Bench::without_store();
    for dir in 0..12 {
        for file in 0..10 {
            bench.write(&format!("d/src/{dir}/{file}"), [1; 3000]);
        }
    }
    bench
}

fn clear(bench: &Bench) {
    std::fs::remove_dir_all(bench.path("d/dst")).unwrap();
    std::fs::remove_file(bench.path("d/dst.psl-manifest")).unwrap();
}

#[test]
fn at_every_moment_the_copy_is_complete_or_not_there() {
    let bench = bench();
    let stage = || bench.command("-q stage --patch true d/src d/dst");
    let began = Instant::now();
    assert_eq!(bench.ran(&mut stage()).code, 0);
    let whole = began.elapsed();
    clear(&bench);
    for (signal, moments) in MOMENTS {
        let mut was_in_time = 0;
        for moment in 0..moments {
            let stage = Begun::start(&mut stage());
            // The moment itself is what is tried, so that there is no event to wait for.
            std::thread::sleep(whole * moment / moments);
            stage.signal(signal);
            let status = stage.end().status;
            if bench.path("d/dst").exists() {
                bench.ok("check --tree d/dst");
                clear(&bench);
            } else {
                assert_eq!(status.signal(), Some(signal.as_raw()), "{moment}");
                was_in_time += 1;
            }
            if signal != Signal::KILL {
                // Nothing could be cleaned up before it has begun, nor be there then.
                assert_eq!(names(&bench), ["src"], "{signal:?} {moment}");
            }
        }
        assert!(was_in_time > 0, "{signal:?} never came in time");
        assert_eq!(bench.ran(&mut stage()).code, 0);
        assert_eq!(
            names(&bench),
            ["dst", "dst.psl-manifest", "src"],
            "{signal:?}"
        );
        bench.ok("check --tree d/dst");
        clear(&bench);
    }
}

#[test]
fn a_hangup_that_the_caller_ignores_ends_nothing() {
    let bench = bench();
    let script = "trap '' HUP; exec \"$0\" \"$@\"";
    let patch = "kill -HUP $PPID";
    let stage = bench.command_of(&["stage", "--patch", patch, "d/src", "d/dst"]);
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", script]).arg(stage.get_program());
    shell.args(stage.get_args()).current_dir(bench.path(""));
    let ran = bench.ran(&mut shell);
    assert_eq!(ran.code, 0, "{ran:?}");
    bench.ok("check --tree d/dst");
}

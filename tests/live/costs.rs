//! How often the table is looked at, and by whom.

use std::fs;
use std::path::Path;

use psl_tests::packages;

use crate::bench::Bench;

/// Runs the probe on a path for a while; returns what it read, and how often the table was looked at.
fn looks(bench: &Bench, path: &Path) -> (String, usize) {
    let trace = bench.store().with_file_name("trace");
    let probe = bench.probe_with("busily", path, &["3100"]);
    let mut strace = std::process::Command::new(packages::file("/usr/bin/strace"));
    let variables = probe
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    for (name, value) in variables {
        let mut variable = name.to_owned();
        variable.push("=");
        variable.push(value);
        strace.arg("-E").arg(variable);
    }
    let output = strace
        .args(["-f", "-e", "trace=%file,statx", "-o"])
        .arg(&trace)
        .arg(probe.get_program())
        .args(probe.get_args())
        .output()
        .expect("strace runs");
    assert!(output.status.success(), "{output:?}");
    let trace = fs::read_to_string(trace).expect("it was written");
    // A launch reads the table by other calls.
    let is_look = |line: &&str| line.contains("statx(") && line.contains("table.toml");
    let looks = trace.lines().filter(is_look).count();
    (String::from_utf8_lossy(&output.stdout).trim().into(), looks)
}

#[test]
fn only_calls_that_pass_a_live_link_look_at_the_table_and_once_a_second() {
    let bench = Bench::new(1);
    let (read, looked) = looks(&bench, &bench.link());
    assert_eq!(read, "1");
    // The first look asks twice, and three more follow.
    assert!((4..=5).contains(&looked), "{looked}");
    for path in [bench.fixed(), bench.data(1)] {
        assert_eq!(looks(&bench, &path), ("1".into(), 0), "{path:?}");
    }
    // With the live links gone, nobody looks.
    bench.commit_table(&bench.table(1).replace("live = true\n", ""));
    assert_eq!(looks(&bench, &bench.link()), ("1".into(), 0));
}

//! What `history` and `show` print.
use crate::bench::Bench;

#[test]
fn the_newest_commit_comes_first() {
    let bench = Bench::new();
    bench.ok("add --reason roll-7 /a $T");
    bench.ok("add /b $T");
    let listed: serde_json::Value = serde_json::from_str(&bench.ok("history --json")).unwrap();
    let listed = listed.as_array().unwrap();
    let generations: Vec<_> = listed
        .iter()
        .map(|commit| commit["generation"].as_u64().unwrap())
        .collect();
    assert_eq!(generations, [3, 2, 1]);
    assert_eq!(
        (listed[0]["after"].as_u64(), listed[0]["reason"].as_str()),
        (Some(2), None)
    );
    assert_eq!(listed[1]["reason"], "roll-7");
    for commit in listed {
        for key in ["who", "when", "host"] {
            assert!(
                commit[key].as_str().is_some_and(|text| !text.is_empty()),
                "{key}: {commit}"
            );
        }
    }

    let shown = bench.ok("history -n 2");
    let lines: Vec<Vec<_>> = shown
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(lines[0], ["GENERATION", "WHEN", "WHO", "HOST", "REASON"]);
    assert_eq!(
        (lines[1][0], lines[2][0], lines[2][4], lines.len()),
        ("3", "2", "roll-7", 3)
    );
}

#[test]
fn a_generation_is_shown_byte_for_byte() {
    let bench = Bench::new();
    let one = bench.table();
    bench.ok("add /a $T");
    let two = bench.table();
    for (generation, text) in [("1", one), ("2", two)] {
        let stdout = bench
            .command(&format!("show {generation}"))
            .output()
            .unwrap()
            .stdout;
        assert_eq!(stdout, text.as_bytes());
        let json = bench
            .command(&format!("--json show {generation}"))
            .output()
            .unwrap()
            .stdout;
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(json["text"], text);
    }
    let stderr = bench.fails(2, "show 3");
    assert!(stderr.contains("no generation 3"), "{stderr}");
}

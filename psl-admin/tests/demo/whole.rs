//! Whole demos: every instance moves, and everything that is told of it agrees.
use crate::bench::{Bench, summary};
use serde_json::{Value, json};

/// What each instance and whoever has no link has at each moment; 0 is for one in the middle of its turn.
const MOMENTS: [(&str, [u64; 3], u64); 5] = [
    ("before: nobody has moved", [1, 1, 1], 1),
    (
        "between: erp1 has moved, erp2 is in the middle of it",
        [2, 0, 1],
        1,
    ),
    ("after the roll: all have moved", [2, 2, 2], 1),
    ("undone: all are back at version 2", [2, 2, 2], 1),
    ("the end: version 1 is gone", [2, 2, 2], 2),
];

/// Checks everything that a summary tells.
#[track_caller]
pub fn assert_whole(summary: &Value) {
    let directory = summary["directory"].as_str().unwrap();
    let moments = summary["moments"].as_array().unwrap();
    assert_eq!(moments.len(), MOMENTS.len());
    for (moment, (name, versions, shared)) in moments.iter().zip(MOMENTS) {
        assert_eq!(moment["moment"], name);
        let assert_shows = |listing: &Value, version: u64| {
            let shown = (shows_link(listing, directory), shows_directory(listing));
            assert_eq!(shown, (version == 2, version == 1), "{moment:#}");
        };
        assert_shows(&moment["listing"], shared);
        let instances = moment["instances"].as_array().unwrap();
        assert_eq!(instances.len(), versions.len());
        for ((instance, version), member) in
            instances.iter().zip(versions).zip(["erp1", "erp2", "erp3"])
        {
            assert_eq!(instance["member"], member);
            if version == 0 {
                continue;
            }
            let tree = ["", "version", "version2"][version as usize];
            let program = format!("{directory}/binaries/{tree}/bin/server");
            let page = format!("page of version {version}");
            let told = ["release", "page", "program"].map(|part| &instance[part]);
            assert_eq!(told, [&version.to_string(), &page, &program]);
            assert_shows(&instance["listing"], version);
        }
    }
    let generations: Vec<_> = moments.iter().map(|moment| &moment["generation"]).collect();
    assert_eq!([generations[0], generations[2]], [&json!(4), &json!(7)]);
    assert_eq!([generations[3], generations[4]], [&json!(9), &json!(10)]);

    let count = |object: &Value, name: &str| object[name].as_u64().unwrap();
    let [first, second] = [0, 1].map(|version| summary["answers"][version].as_u64().unwrap());
    assert!(first >= 30 && second >= 30, "{summary:#}");
    let counts = ["requests", "failed", "generation"].map(|name| count(summary, name));
    assert_eq!(counts, [first + second, 0, 10]);
    let instances = summary["instances"].as_array().unwrap();
    let passed: u64 = instances.iter().map(|one| count(one, "requests")).sum();
    assert_eq!(passed, count(summary, "requests"));
    for (instance, (generation, times)) in instances.iter().zip([(9, 2), (6, 1), (7, 1)]) {
        assert_eq!(count(instance, "generation"), generation, "{instance:#}");
        // A host that is too busy to answer for its health takes an instance away as well.
        assert!(count(instance, "times_down") >= times, "{instance:#}");
        assert!(count(instance, "down_ms") > 0, "{instance:#}");
    }
}

fn shows_link(listing: &Value, directory: &str) -> bool {
    let end = format!(" version -> {directory}/binaries/version2");
    let mut lines = listing.as_str().unwrap().lines();
    lines.any(|line| line.starts_with("lrwxrwxrwx ") && line.ends_with(&end))
}

fn shows_directory(listing: &Value) -> bool {
    let mut lines = listing.as_str().unwrap().lines();
    lines.any(|line| line.starts_with("drwxr-xr-x ") && line.ends_with(" version"))
}

#[test]
fn every_instance_moves_in_its_turn_and_nothing_is_left() {
    let bench = Bench::new();
    assert_whole(&summary(&mut bench.command(&["demo", "--json"])));
    bench.assert_clean();
}

#[test]
fn the_story_shows_each_command_and_quiet_shows_the_end_alone() {
    let bench = Bench::new();
    let printed = |arguments: &[&str]| {
        let output = bench.command(arguments).output().unwrap();
        assert_eq!(
            (output.status.code(), output.stderr.as_slice()),
            (Some(0), &b""[..])
        );
        String::from_utf8(output.stdout).unwrap()
    };
    let story = printed(&["demo"]);
    for (name, ..) in MOMENTS {
        assert!(story.contains(&format!("\n{name}:\n")), "{story}");
    }
    for line in [
        "  $ psl-admin init $T/store\n    generation 1\n",
        "  $ psl-admin stage --patch 'echo 2 > share/release; ",
        " $T/binaries/version $T/binaries/version2 --members erp1,erp2,erp3 ",
        " erp2: stopping\n  $ kill -9 ",
        "  $ psl-admin upgrade status\n    roll ",
        "  $ psl-admin upgrade resume\n",
        " --on-failure undo-all\n",
        " erp1: is unhealthy: ",
        "  $ psl-admin upgrade finish\n",
        "\n    removed $T/binaries/version.old-9\n",
        "\nINSTANCE  GENERATION  REQUESTS  TIMES DOWN  SECONDS DOWN\n",
    ] {
        assert!(story.contains(line), "{line}: {story}");
    }
    assert!(!story.contains('\u{1b}'), "{story}");
    let last = story.lines().last().unwrap();

    let quiet = printed(&["-q", "demo"]);
    let table: Vec<_> = quiet.trim_start().lines().collect();
    assert_eq!(table.len(), 5, "{quiet}");
    for line in [last, table[4]] {
        assert!(
            line.contains(" requests, 0 failed: ") && line.contains(" 10 generations; "),
            "{line}"
        );
    }
    bench.assert_clean();
}

//! Whole demos: every instance moves, and everything that is told of it agrees.
use crate::bench::{Bench, summary};
use serde_json::{Value, json};

/// Which version each instance has at each moment.
const MOMENTS: [(&str, u64, [u64; 3]); 5] = [
    ("before: nobody has moved", 4, [1, 1, 1]),
    ("between: erp1 has moved", 5, [2, 1, 1]),
    ("between: erp2 has moved, too", 6, [2, 2, 1]),
    ("after: all have moved", 7, [2, 2, 2]),
    ("back: erp1 has returned", 8, [1, 2, 2]),
];

/// Checks everything that a summary tells.
#[track_caller]
pub fn assert_whole(summary: &Value) {
    let directory = summary["directory"].as_str().unwrap();
    let moments = summary["moments"].as_array().unwrap();
    assert_eq!(moments.len(), MOMENTS.len());
    for (moment, (name, generation, versions)) in moments.iter().zip(MOMENTS) {
        assert_eq!(
            (&moment["moment"], &moment["generation"]),
            (&json!(name), &json!(generation))
        );
        assert!(shows_directory(&moment["listing"]), "{moment:#}");
        let instances = moment["instances"].as_array().unwrap();
        assert_eq!(instances.len(), versions.len());
        for ((instance, version), member) in
            instances.iter().zip(versions).zip(["erp1", "erp2", "erp3"])
        {
            let tree = ["", "version", "version2"][version as usize];
            let program = format!("{directory}/binaries/{tree}/bin/server");
            let page = format!("page of version {version}");
            let told = [
                &instance["member"],
                &instance["release"],
                &instance["page"],
                &instance["program"],
            ];
            assert_eq!(told, [member, &version.to_string(), &page, &program]);
            let listing = &instance["listing"];
            assert_eq!(
                (shows_link(listing, directory), shows_directory(listing)),
                (version == 2, version == 1)
            );
        }
    }

    let count = |object: &Value, name: &str| object[name].as_u64().unwrap();
    let instances = summary["instances"].as_array().unwrap();
    for name in ["requests", "while_down", "failed"] {
        let sum: u64 = instances.iter().map(|instance| count(instance, name)).sum();
        assert_eq!(count(summary, name), sum, "{name}");
    }
    for instance in instances {
        let [first, second] = [0, 1].map(|version| instance["answers"][version].as_u64().unwrap());
        assert!(first >= 30 && second >= 30, "{instance:#}");
        let all = first + second + count(instance, "while_down") + count(instance, "failed");
        assert_eq!(count(instance, "requests"), all);
    }
    assert_eq!(
        (count(summary, "failed"), count(summary, "generation")),
        (0, 8)
    );
    let longest = instances
        .iter()
        .map(|instance| count(instance, "longest_gap_ms"))
        .max()
        .unwrap();
    assert!(longest > 0 && count(summary, "longest_gap_ms") == longest);
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
        assert!(story.contains(&format!("\n{name}\n")), "{story}");
    }
    for line in [
        "  $ psl-admin init $T/store\n    generation 1\n",
        "  $ psl-admin add --member erp3 $T/binaries/version $T/binaries/version2\n    generation 7\n",
        "  $ psl-admin remove --member erp1 $T/binaries/version\n    generation 8\n",
        "as seen by erp1 and a process without PSL:\n",
    ] {
        assert!(story.contains(line), "{line}: {story}");
    }
    assert!(!story.contains('\u{1b}'), "{story}");
    let last = story.lines().last().unwrap();

    let quiet = printed(&["-q", "demo"]);
    assert_eq!(quiet.lines().count(), 1);
    for line in [last, &quiet] {
        assert!(
            line.contains(" requests, 0 failed, ") && line.contains(" 8 generations; "),
            "{line}"
        );
    }
    bench.assert_clean();
}

//! What upgrades have left, and who still needs it.
use crate::bench::{Bench, name};
use crate::finish::{Watcher, kept, led_to, restart};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

/// A bench whose members have version 2 in private copies, and whose roll is finished.
fn replaced(members: usize) -> Bench {
    let bench = Bench::new(members);
    fs::create_dir(bench.path("binaries/private")).unwrap();
    let flags = ["--copy-from", "$T/binaries/version2", "--private"];
    let ran = bench.ran(&mut bench.upgrade_to("$T/binaries/private/{member}", &flags));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    bench.ok(&["upgrade", "finish", "--replace"]);
    bench
}

/// A bench whose members have version 2, and whose roll is finished.
fn linked(members: usize) -> Bench {
    let bench = Bench::new(members);
    assert_eq!(bench.ran(&mut bench.upgrade(2, &[])).code, Some(0));
    bench.ok(&["upgrade", "finish"]);
    bench
}

fn old(bench: &Bench) -> PathBuf {
    bench.path("binaries").join(kept(bench).unwrap())
}

/// Returns what `gc --json` says of a path.
fn outcome(bench: &Bench, path: &str) -> (Option<i32>, Value) {
    let ran = bench.run(&["gc", "--json"]);
    let rows: Value = serde_json::from_str(&ran.stdout).unwrap();
    let path = format!("$T/{path}");
    let row = rows
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["name"] == path.as_str());
    (ran.code, row.cloned().unwrap_or_default())
}

#[test]
fn the_old_version_goes_and_private_copies_follow_when_no_instance_needs_them() {
    let bench = replaced(2);
    let old = old(&bench);
    let ran = bench.run(&["gc", "--dry-run"]);
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert!(old.exists());
    let ran = bench.run(&["gc"]);
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert!(!old.exists(), "{ran:?}");
    for member in [1, 2] {
        let line = format!(
            "kept $T/binaries/private/{}, which is in use: process ",
            name(member)
        );
        assert!(ran.stdout.contains(&line), "{ran:?}");
    }
    bench.assert_releases(&[2, 2]);
    bench.stop(1);
    bench.start(1);
    let (code, row) = outcome(&bench, "binaries/private/erp1");
    assert_eq!(
        (code, row["outcome"].as_str()),
        (Some(5), Some("removed")),
        "{row}"
    );
    bench.stop(2);
    bench.start(2);
    let ran = bench.run(&["gc"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(
        fs::read_dir(bench.path("binaries/private"))
            .unwrap()
            .count(),
        0
    );
    bench.assert_releases(&[2, 2]);
    // The tree that the copies were made from is the administrator's.
    assert!(bench.path("binaries/version2/share/page").exists());
    assert_eq!(bench.ok(&["gc"]), "");
}

#[test]
fn what_an_earlier_roll_has_led_everybody_to_goes_when_the_next_one_is_finished() {
    let bench = linked(1);
    bench.ok(&["gc"]);
    assert_eq!(kept(&bench), None);
    assert!(bench.path("binaries/version2/share/page").exists());
    assert_eq!(bench.ran(&mut bench.upgrade(3, &[])).code, Some(0));
    // Until it is finished, the roll can be undone.
    assert_eq!(bench.ok(&["gc"]), "");
    bench.ok(&["upgrade", "finish"]);
    bench.ok(&["gc"]);
    assert!(!bench.path("binaries/version2").exists());
    assert_eq!(kept(&bench), None);
    assert_eq!(
        led_to(&bench.path("binaries/version")).as_deref(),
        Some("version3")
    );
    bench.assert_releases(&[3]);
    // The name is free: a tree that somebody makes there is not the upgrade's.
    bench.version(2);
    assert_eq!(bench.ok(&["gc"]), "");
    assert!(bench.path("binaries/version2/share/page").exists());
}

#[test]
fn a_tree_that_a_process_uses_stays_and_the_process_is_named() {
    let bench = linked(1);
    let old = old(&bench);
    let file = fs::File::open(old.join("share/page")).unwrap();
    let (code, row) = outcome(&bench, &format!("binaries/{}", kept(&bench).unwrap()));
    let own = format!("pid {} ", std::process::id());
    assert_eq!(
        (code, row["outcome"].as_str()),
        (Some(5), Some("in-use")),
        "{row}"
    );
    assert!(row["why"].as_str().unwrap().contains(&own), "{row}");
    assert_eq!(fs::read_to_string(old.join("share/page")).unwrap(), "1");
    drop(file);
    assert_eq!(bench.run(&["gc"]).code, Some(0));
    assert!(!old.exists());
}

#[test]
fn a_mount_that_went_with_the_old_version_keeps_it_until_its_instance_ends() {
    let bench = Bench::new(1);
    assert_eq!(bench.ran(&mut bench.upgrade(2, &[])).code, Some(0));
    let mounted = Watcher::of_member(&bench, 1, "mount", 2);
    bench.ok(&["upgrade", "finish"]);
    let ran = bench.run(&["gc"]);
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert!(
        ran.stdout.contains(&format!("pid {} ", mounted.pid())),
        "{ran:?}"
    );
    assert_eq!(mounted.gaps(), 0);
    assert_eq!(bench.run(&["gc"]).code, Some(0));
    assert_eq!(kept(&bench), None);
}

#[test]
fn a_tree_that_a_link_leads_to_or_that_was_exchanged_stays() {
    let bench = linked(1);
    let old = old(&bench);
    let back = old.to_str().unwrap();
    bench.ok(&[
        "add",
        "--member",
        "erp9",
        "/elsewhere",
        &format!("{back}/bin"),
    ]);
    let ran = bench.run(&["gc"]);
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert!(ran.stdout.contains("the link /elsewhere -> "), "{ran:?}");
    bench.ok(&["remove", "--member", "erp9", "/elsewhere"]);
    // Neither a symlink in its place is followed, nor is another tree taken for it.
    let away = bench.path("away");
    fs::rename(&old, &away).unwrap();
    std::os::unix::fs::symlink(&away, &old).unwrap();
    let ran = bench.run(&["gc"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("is not what roll"), "{ran:?}");
    fs::remove_file(&old).unwrap();
    fs::create_dir(&old).unwrap();
    let ran = bench.run(&["gc"]);
    assert!(ran.stdout.contains("is not what roll"), "{ran:?}");
    assert!(old.exists() && away.join("share/page").exists());
}

#[test]
fn what_an_instance_of_another_host_may_run_stays_and_the_host_is_named() {
    let bench = linked(1);
    let kept = kept(&bench).unwrap();
    let program = "$T/binaries/version/bin/server";
    let file = elsewhere(&bench, "erp7", 3, program);
    let ran = bench.run(&["gc"]);
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert!(
        ran.stdout.contains(&format!("kept $T/binaries/{kept}")),
        "{ran:?}"
    );
    assert!(ran.stdout.contains("host \"nodeb\""), "{ran:?}");
    fs::remove_file(file).unwrap();
    // One that was started with a link, or after everybody had the new version, does not run the old one.
    for (member, generation) in [("erp1", 3), ("erp7", 4)] {
        elsewhere(&bench, member, generation, program);
    }
    let ran = bench.run(&["gc"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(!bench.path("binaries").join(&kept).exists());
}

#[test]
fn a_private_copy_of_an_instance_of_another_host_stays() {
    let bench = replaced(1);
    bench.stop(1);
    bench.start(1);
    // The generation in which erp1 had its link.
    let file = elsewhere(&bench, "erp1", 3, "/bin/true");
    let ran = bench.run(&["gc"]);
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert!(
        ran.stdout.contains("kept $T/binaries/private/erp1"),
        "{ran:?}"
    );
    fs::remove_file(file).unwrap();
    assert_eq!(bench.run(&["gc"]).code, Some(0));
}

/// Registers an instance as another host does.
pub fn elsewhere(bench: &Bench, member: &str, generation: u64, program: &str) -> PathBuf {
    let program = bench.filled(program);
    let text = format!(
        "format = 1\nmember = \"{member}\"\ngeneration = {generation}\nengine = \"preload\"\n\
         program = \"{program}\"\npid = 7\nstart = {generation}\nboot = \"b\"\nnamespace = 1\nhost = \"nodeb\"\n\
         machine = \"m\"\nstarted = \"2031-05-07T09:12:44Z\"\n"
    );
    let name = format!("store/running/nodeb.b.1.7.{generation}.toml");
    bench.write(&name, &text);
    bench.path(&name)
}

#[test]
fn what_a_killed_removal_or_stage_has_left_is_removed() {
    let bench = linked(1);
    let old = old(&bench);
    let name = old.file_name().unwrap().to_str().unwrap();
    let gone = old.with_file_name(format!(".{name}.psl-gone"));
    fs::rename(&old, &gone).unwrap();
    bench.write("binaries/.version2.psl-stage-4194304/x", "");
    bench.write("binaries/.version2.psl-stage-4194304.manifest", "");
    let ran = bench.run(&["gc"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let names = fs::read_dir(bench.path("binaries")).unwrap();
    let mut hidden = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(hidden.find(|name| name.starts_with('.')), None);
    assert!(
        ran.stdout.contains(".version2.psl-stage-4194304"),
        "{ran:?}"
    );
}

#[test]
fn old_generations_go_but_not_those_that_instances_were_started_with() {
    let bench = Bench::new(1);
    for round in 0..6 {
        bench.ok(&["member", "set", "erp8", &format!("version={round}")]);
    }
    let ran = bench.run(&["gc", "--keep", "2"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let generations = || {
        let mut left: Vec<u64> = fs::read_dir(bench.path("store/history"))
            .unwrap()
            .filter_map(|entry| entry.unwrap().path().file_stem()?.to_str()?.parse().ok())
            .collect();
        left.sort_unstable();
        left
    };
    assert_eq!(generations(), [2, 7, 8], "{ran:?}");
    restart(&bench, 1);
    bench.ok(&["gc", "--keep", "1"]);
    assert_eq!(generations(), [8]);
    assert_eq!(bench.run(&["gc", "--keep", "0"]).code, Some(2));
    bench.ok(&["member", "set", "erp8", "version=7"]);
    assert_eq!(generations(), [8, 9]);
}

#[test]
fn copies_of_a_roll_that_was_undone_are_removed() {
    let bench = Bench::new(1);
    fs::create_dir(bench.path("binaries/private")).unwrap();
    let flags = ["--copy-from", "$T/binaries/version2"];
    let to = "$T/binaries/private/{member}";
    assert_eq!(bench.ran(&mut bench.upgrade_to(to, &flags)).code, Some(0));
    let roll = bench.status()["roll"].as_str().unwrap().to_owned();
    // Its links are in force, so that nothing is to be removed.
    assert_eq!(bench.run(&["gc"]).code, Some(5));
    bench.ok(&["upgrade", "undo", &roll]);
    bench.ok(&["gc"]);
    assert_eq!(
        fs::read_dir(bench.path("binaries/private"))
            .unwrap()
            .count(),
        0
    );
    assert_eq!(bench.ran(&mut bench.upgrade_to(to, &flags)).code, Some(0));
    bench.assert_releases(&[2]);
}

//! What is left at the end: memory, descriptors, files.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::counts::Counts;
use crate::gc;
use crate::kills;
use crate::readers::Usage;
use crate::site::{ROLLED, STARTED, Site};

/// How many KiB the memory of a process may vary by.
const VARIES: u64 = 512;

/// How many generations are asked to be kept in the end.
const KEPT: u64 = 20;

/// What a store may have besides its history, journals and registrations.
const KNOWN: [&str; 6] = [
    "history",
    "lock",
    "members.toml",
    "rolls",
    "running",
    "table.toml",
];

/// How many files a roll has in `rolls/`.
const FILES_OF_A_ROLL: u64 = 4;

/// The files of a member whose command psl-admin starts.
const FILES_OF_A_MEMBER: [&str; 3] = ["json", "lock", "log"];

/// Compares what there is with what there may be.
pub fn check(site: &Site, counts: &Counts, before: &[Usage], after: &[Usage]) {
    for (before, after) in before.iter().zip(after) {
        let memory = after.memory.saturating_sub(before.memory);
        counts.memory.reach(memory);
        let descriptors = after.descriptors.saturating_sub(before.descriptors);
        counts.descriptors.add(descriptors);
        if memory > VARIES || descriptors > 0 {
            counts.is_wrong(format!(
                "a long-lived process leaks: {before:?}, then {after:?}"
            ));
        }
    }
    stop_members(site);
    // The next start of an instance, and the next commit, remove what others have left.
    for arguments in [
        &["run", "--member", STARTED[0], "--", "/bin/true"][..],
        &["member", "set", "last", "app=soak"],
    ] {
        let ended = kills::run(site.admin(arguments), None);
        if !ended.is(0) {
            counts.is_wrong(format!("{arguments:?}: {ended:?}"));
        }
    }
    gc::collect(site, counts, KEPT, None);
    let checked = kills::run(site.admin(&["check"]), None);
    if !checked.is(0) || !checked.output.ends_with(", 0 warnings\n") {
        counts.is_wrong(format!("check: {checked:?}"));
    }
    look_at_store(site, counts);
    look_at_trees(site, counts);
}

/// Ends the members that the last roll has left running.
fn stop_members(site: &Site) {
    for member in ROLLED {
        let record = fs::read_to_string(site.host.path(&format!("store/running/{member}.json")));
        let record: Value = serde_json::from_str(&record.unwrap_or_default()).unwrap_or_default();
        let pid = record["pid"]
            .as_i64()
            .and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
        // It may have been stopped by a roll that was not finished.
        let _ = pid.map(|pid| kill_process(pid, Signal::KILL));
    }
}

fn look_at_store(site: &Site, counts: &Counts) {
    let store = site.host.path("store");
    let history = names(&store.join("history"));
    counts.history.add(history.len() as u64);
    if history.len() as u64 > KEPT + 1 || history.iter().any(|name| !name.ends_with(".toml")) {
        counts.is_wrong(format!("the history has {history:?}"));
    }
    let running: Vec<_> = names(&store.join("running"));
    let is_known = |name: &String| {
        let files = ROLLED
            .iter()
            .flat_map(|member| FILES_OF_A_MEMBER.map(|what| format!("{member}.{what}")));
        files.into_iter().any(|known| known == *name)
    };
    let strangers: Vec<_> = running.iter().filter(|name| !is_known(name)).collect();
    if !strangers.is_empty() {
        counts.is_wrong(format!("running/ has {strangers:?}"));
    }
    let rolls = names(&store.join("rolls"));
    if rolls.len() as u64 > counts.rolls.get() * FILES_OF_A_ROLL {
        counts.is_wrong(format!("rolls/ has {rolls:?}"));
    }
    let own: BTreeSet<_> = names(&store).into_iter().collect();
    let known = KNOWN.map(str::to_owned).into();
    if own != known {
        counts.is_wrong(format!("the store has {own:?}, expected {known:?}"));
    }
    counts
        .files
        .add((running.len() + rolls.len() + own.len()) as u64);
}

/// Nothing is beside the versions that upgrades and stages have made, but the last one, and what leads there.
fn look_at_trees(site: &Site, counts: &Counts) {
    let trees = names(&site.host.path("roll"));
    let last = format!("version{}", counts.rolls.get() + 1);
    let known = [
        "version".to_owned(),
        last.clone(),
        format!("{last}.psl-manifest"),
    ];
    let strangers: Vec<_> = trees.iter().filter(|name| !known.contains(name)).collect();
    if !strangers.is_empty() {
        counts.is_wrong(format!("beside {last} there is {strangers:?}"));
    }
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten();
    let names = entries.map(|entry| entry.expect("it can be listed").file_name());
    names
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}

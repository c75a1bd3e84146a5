//! gc, again and again, and killed.

use std::time::Duration;

use psl_tests::host;
use serde_json::Value;

use crate::counts::Counts;
use crate::kills::{self, Risk};
use crate::site::Site;

/// How many generations it keeps: more than are committed while an instance is started and asked.
pub const KEPT: u64 = 200;

const PAUSE: Duration = Duration::from_secs(4);

const RISK: Risk = Risk {
    one_in: 4,
    within: Duration::from_millis(600),
};

/// Collects until it is over.
pub fn collect_on(site: &Site, counts: &Counts) {
    while !site.is_over(counts) {
        std::thread::sleep(PAUSE.mul_f64(fastrand::f64()));
        collect(site, counts, KEPT, Some(RISK));
    }
}

/// Collects once.
pub fn collect(site: &Site, counts: &Counts, keep: u64, risk: Option<Risk>) {
    let keep = keep.to_string();
    let mut command = site.admin(&["gc", "--json", "--keep", &keep]);
    if host::is_contained() {
        // Nobody sees there who else uses a tree; these are nobody else's.
        command.arg("--force");
    }
    let ended = kills::run(command, risk);
    if ended.is_killed() {
        counts.gc_killed.add(1);
        return;
    }
    let report: Value = serde_json::from_str(&ended.output).unwrap_or_default();
    // 4: a commit had the store's lock for too long.
    if !(ended.is(0) || ended.is(5)) || !report.is_array() {
        return counts.is_wrong(format!("gc: {ended:?}"));
    }
    counts.gc.add(1);
    let rows = report.as_array().into_iter().flatten();
    let removed = rows.filter(|row| row["outcome"] == "removed").count();
    counts.gc_removed.add(removed as u64);
}

/// Tells whether a generation is so old that it may have been removed.
pub fn may_have_removed(site: &Site, generation: u64) -> bool {
    let current = site.store().read().map_or(0, |table| table.generation);
    generation + KEPT <= current
}

//! Administrators that commit whole tables, and are killed meanwhile.

use std::time::Duration;

use psl_table::table::Table;

use crate::counts::Counts;
use crate::kills::{self, Ended, Risk};
use crate::site::{READERS, STARTED, Site, VERSIONS, changed};

const RISK: Risk = Risk {
    one_in: 5,
    within: Duration::from_millis(60),
};

/// How long an administrator waits for the next commit at most, in milliseconds.
const PAUSE: u64 = 400;

/// What became of a commit.
pub enum Fate {
    /// It was acknowledged, with this number.
    Acknowledged,
    /// Another one was faster.
    Conflict,
    /// It was killed, and may have been made.
    Killed,
}

/// Commits until it is over: both links of a member, and how many commits this administrator has made.
pub fn commit_on(site: &Site, counts: &Counts, number: usize) {
    let own = format!("count{number}");
    let (mut made, mut asked) = (0, 0);
    while !site.is_over(counts) {
        std::thread::sleep(Duration::from_millis(fastrand::u64(..PAUSE)));
        let table = match site.store().read() {
            Ok(table) => table,
            Err(error) => return counts.is_wrong(format!("the table: {error}")),
        };
        site.acknowledge(table.generation);
        let found = counted(&table, &own);
        if found != Some(made) && found != Some(asked) {
            counts.is_wrong(format!(
                "an update is lost: {own} is {found:?}, expected {made} or {asked}"
            ));
        }
        made = found.unwrap_or(made);
        asked = made + 1;
        let members = [&STARTED[..], &READERS].concat();
        let member = members[fastrand::usize(..members.len())];
        let version = site.path(&format!("app/version{}", fastrand::u64(1..=VERSIONS)));
        let text = changed(table.text(), member, &format!("to = \"{version}\""));
        let text = changed(&text, &own, &format!("version = \"{asked}\""));
        match commit(site, counts, &own, (&table, &text)) {
            Ok(Fate::Acknowledged) => made = asked,
            Ok(Fate::Conflict) => asked = made,
            Ok(Fate::Killed) => {}
            Err(ended) => counts.is_wrong(format!("a commit: {ended:?}")),
        }
    }
}

/// Has psl-admin commit a text in the place of a table, if that is current still.
pub fn commit(
    site: &Site,
    counts: &Counts,
    name: &str,
    (table, text): (&Table, &str),
) -> Result<Fate, Ended> {
    let file = format!("{name}.toml");
    site.host.write(&file, text);
    let generation = table.generation.to_string();
    let ended = kills::run(
        site.admin(&["apply", &file, "--if-generation", &generation]),
        Some(RISK),
    );
    let acknowledged = ended
        .output
        .lines()
        .find_map(|line| line.strip_prefix("generation ")?.parse().ok());
    if let Some(generation) = acknowledged {
        site.acknowledge(generation);
        counts.commits.add(1);
        return Ok(Fate::Acknowledged);
    }
    if ended.is_killed() {
        counts.commits_killed.add(1);
        return Ok(Fate::Killed);
    }
    if ended.is(4) {
        counts.commits_conflicting.add(1);
        return Ok(Fate::Conflict);
    }
    Err(ended)
}

fn counted(table: &Table, member: &str) -> Option<u64> {
    table.members.get(member)?.version.as_deref()?.parse().ok()
}

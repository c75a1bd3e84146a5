//! Instances that start all the time, and programs that they start: each says which version it is.

use std::time::Duration;

use psl_table::error::Error;
use psl_table::pinned::Pinned;

use crate::counts::Counts;
use crate::gc;
use crate::kills::{self, Risk};
use crate::site::{STARTED, Site};

/// How many rounds of programs an instance starts at most.
const ROUNDS: u64 = 12;

/// How many programs answer in a round.
const ANSWERS: usize = 4;

const RISK: Risk = Risk {
    one_in: 6,
    within: Duration::from_millis(400),
};

/// Starts instances until it is over.
pub fn start_on(site: &Site, counts: &Counts) {
    while !site.is_over(counts) {
        let member = STARTED[fastrand::usize(..STARTED.len())];
        if let Err(what) = start(site, counts, member) {
            counts.is_wrong(format!("an instance of {member}: {what}"));
        }
    }
}

fn start(site: &Site, counts: &Counts, member: &str) -> Result<(), String> {
    let program = site.path("app/version/bin/app");
    let mut command = match fastrand::bool() {
        true => site.host.run(member, &program),
        false => site.host.preloaded(member, &program),
    };
    let rounds = fastrand::u64(1..=ROUNDS);
    command.arg(rounds.to_string());
    let floor = site.acknowledged();
    let ended = kills::run(command, Some(RISK));
    let mut lines: Vec<&str> = ended.output.lines().collect();
    if ended.is_killed() {
        counts.starts_killed.add(1);
        if !ended.output.ends_with('\n') {
            lines.pop();
        }
        lines.retain(|line| !line.contains(';'));
        let is_mixed = lines.iter().any(|line| *line != lines[0]);
        return if is_mixed {
            Err(format!("it mixes versions: {lines:?}"))
        } else {
            Ok(())
        };
    }
    if !ended.is(0) || !ended.errors.is_empty() {
        return Err(format!("{ended:?}"));
    }
    let carried = lines.pop().unwrap_or_default();
    let pinned = Pinned::read(carried.as_bytes()).map_err(|error| error.to_string())?;
    if pinned.member != member || pinned.generation < floor {
        return Err(format!("after generation {floor} it is {pinned:?}"));
    }
    let expected = match site.store().read_generation(pinned.generation) {
        Ok(table) => site.version(&table, member),
        Err(Error::UnknownGeneration(_)) if gc::may_have_removed(site, pinned.generation) => {
            counts.collected.add(1);
            lines[0].parse().ok()
        }
        Err(error) => return Err(error.to_string()),
    };
    let expected = expected
        .ok_or("its generation has half a commit")?
        .to_string();
    let count = 1 + ANSWERS * usize::try_from(rounds).expect("it is small");
    if lines.len() != count || lines.iter().any(|line| **line != expected) {
        return Err(format!(
            "expected {count} times {expected:?}, found {lines:?}"
        ));
    }
    counts.starts.add(1);
    counts.programs.add(count as u64);
    Ok(())
}

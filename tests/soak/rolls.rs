//! A roll every minute, whose programs are killed meanwhile: each goes on until all members run the next version.

use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::counts::Counts;
use crate::kills::{self, Ended, Risk};
use crate::site::{ROLLED, Site};

/// How often a roll begins.
const PERIOD: Duration = Duration::from_secs(60);

/// How long a member may take to say what it is.
const SAID: Duration = Duration::from_secs(10);

/// How often a command is given at most until it has done what it was to do.
const ATTEMPTS: usize = 12;

/// Rolls until it is over; the last roll is finished.
pub fn roll_on(site: &Site, counts: &Counts) {
    let mut first: Vec<Child> = ROLLED.iter().map(|member| start(site, member)).collect();
    let mut number = 1;
    while !site.is_over(counts) {
        let begun = Instant::now();
        if let Err(what) = roll(site, counts, number) {
            counts.is_wrong(format!("roll {number}: {what}"));
            break;
        }
        number += 1;
        counts.rolls.add(1);
        while begun.elapsed() < PERIOD && !site.is_over(counts) {
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    for child in &mut first {
        // The first roll has stopped it.
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Starts a member as an administrator would before there are rolls, and waits until it serves.
fn start(site: &Site, member: &str) -> Child {
    let mut command = site
        .host
        .run(member, site.host.path("roll/version/bin/serve"));
    let child = command
        .stdin(Stdio::null())
        .spawn()
        .expect("it can be started");
    let state = site.host.path(&format!("state/{member}"));
    while fs::read_to_string(&state).is_ok_and(|state| state.is_empty()) {
        std::thread::sleep(Duration::from_millis(10));
    }
    child
}

/// Takes all members from one version to the next.
fn roll(site: &Site, counts: &Counts, number: u64) -> Result<(), String> {
    let next = number + 1;
    let from = site.path("roll/version");
    let old = match number {
        1 => from.clone(),
        _ => site.path(&format!("roll/version{number}")),
    };
    let to = site.path(&format!("roll/version{next}"));
    let risk = |within| Risk {
        one_in: 2,
        within: Duration::from_millis(within),
    };
    let run = |arguments: &[&str], risk: Risk| {
        let ended = kills::run(site.admin(arguments), Some(risk));
        counts.rolls_killed.add(u64::from(ended.is_killed()));
        ended
    };

    let patch = format!("echo {next} > which");
    let copy = ["-q", "stage", "--patch", &patch, &old, &to];
    repeat(|| {
        let ended = run(&copy, risk(150));
        let is_there = fs::symlink_metadata(&to).is_ok();
        settled(ended, |_| is_there)
    })?;

    let members = ROLLED.join(",");
    let begin = [
        "-q",
        "upgrade",
        "start",
        &from,
        &to,
        "--members",
        &members,
        "--min-healthy",
        "0s",
    ];
    repeat(|| {
        let phase = phase(site, &to)?;
        let ended = match phase.as_deref() {
            Some("complete") => return Ok(true),
            Some(_) => run(&["-q", "upgrade", "resume"], risk(2000)),
            None => run(&begin, risk(2000)),
        };
        settled(ended, |_| false)
    })?;
    for member in ROLLED {
        serves(site, member, (number, next))?;
    }

    repeat(|| match phase(site, &to)?.as_deref() {
        Some("finished") => Ok(true),
        _ => settled(run(&["-q", "upgrade", "finish"], risk(300)), |_| false),
    })?;
    match fs::read_link(&from) {
        Ok(text) if text.as_os_str() == to.as_str() => Ok(()),
        found => Err(format!("everybody finds {found:?}, expected {to:?}")),
    }
}

/// Waits until a member has said which version it was started with: its health is asked before it can have.
fn serves(site: &Site, member: &str, (old, new): (u64, u64)) -> Result<(), String> {
    let state = site.host.path(&format!("state/{member}"));
    let begun = Instant::now();
    loop {
        let found = fs::read_to_string(&state).unwrap_or_default();
        if found == new.to_string() {
            return Ok(());
        }
        let may_come = found.is_empty() || found == old.to_string();
        if !may_come || begun.elapsed() > SAID {
            return Err(format!("{member} runs {found:?}, expected {new}"));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Does something until it is done.
fn repeat(mut done: impl FnMut() -> Result<bool, String>) -> Result<(), String> {
    for _ in 0..ATTEMPTS {
        if done()? {
            return Ok(());
        }
    }
    Err(format!("it was not done after {ATTEMPTS} attempts"))
}

/// Tells whether a command has done what it was to do; one that was killed may not have.
fn settled(ended: Ended, is_done: impl Fn(&Ended) -> bool) -> Result<bool, String> {
    match ended {
        ended if is_done(&ended) => Ok(true),
        ended if ended.is(0) || ended.is_killed() => Ok(ended.is(0)),
        ended => Err(format!("{ended:?}")),
    }
}

/// Returns where the roll to a tree is; none when there is none.
fn phase(site: &Site, to: &str) -> Result<Option<String>, String> {
    let ended = kills::run(site.admin(&["upgrade", "status", "--json"]), None);
    let rolls: Value = serde_json::from_str(&ended.output).unwrap_or_default();
    let rolls = rolls.as_array().ok_or_else(|| format!("{ended:?}"))?;
    let roll = rolls.iter().find(|roll| roll["to"] == to);
    Ok(roll
        .and_then(|roll| roll["phase"].as_str())
        .map(str::to_owned))
}

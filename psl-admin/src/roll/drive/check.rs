//! Waiting for a member to be healthy, and to stay it.
use crate::members::Member;
use crate::members::bounded::Until;
use crate::members::health::{LONGEST_PAUSE, SHORTEST_PAUSE};
use crate::members::trouble::{State, Trouble};
use std::time::{Duration, Instant};

/// How many changes of a member's health are told.
const TOLD: usize = 40;

/// Waits until the member has been healthy for `least` without a break; `tell` hears of every change.
pub fn await_healthy(
    member: &Member<'_>,
    least: Duration,
    until: &Until<'_>,
    mut tell: impl FnMut(Result<(), String>) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let mut since: Option<Instant> = None;
    let mut longest = None;
    let mut changes = 0;
    let mut pause = SHORTEST_PAUSE;
    loop {
        // As long as the store is away, its health alone tells.
        if matches!(member.has_died(), Ok(true)) {
            let trouble = Trouble::new(State::Died, "its processes have ended");
            return Err(trouble.with_output(member.last_words()));
        }
        let found = member.probe(until);
        if found.is_ok() != since.is_some() && changes < TOLD {
            changes += 1;
            tell(found.clone())?;
        }
        match &found {
            Ok(()) => {
                let healthy = since.get_or_insert_with(Instant::now).elapsed();
                longest = longest.max(Some(healthy));
                if healthy >= least {
                    return Ok(());
                }
                pause = (least / 10)
                    .clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
                    .min(least - healthy);
            }
            Err(_) => {
                pause = (pause * 3 / 2).min(LONGEST_PAUSE);
                since = None;
            }
        }
        if !until.pause(pause)? {
            return Err(too_late(longest, least, found.err()).with_output(member.last_words()));
        }
    }
}

fn too_late(longest: Option<Duration>, least: Duration, found: Option<String>) -> Trouble {
    let last = found.map_or_else(String::new, |why| format!("; at last: {why}"));
    match longest {
        None => Trouble::new(
            State::Unhealthy,
            format!("it never was healthy before the deadline{last}"),
        ),
        Some(longest) => Trouble::new(
            State::Flapping,
            format!(
                "it was healthy for {:.1} s at most before the deadline, expected {} s without a break{last}",
                longest.as_secs_f64(),
                least.as_secs()
            ),
        ),
    }
}

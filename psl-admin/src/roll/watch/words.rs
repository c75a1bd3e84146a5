//! The events of a roll in words.
use crate::roll::finish::{Form, Task};
use crate::roll::journal::event::{Event, Outcome, Step, Way};

/// Says what happened; `None` for what need not be said.
pub fn of(event: &Event) -> Option<String> {
    if let Some(member) = event.member() {
        return Some(format!("{member}: {}", of_member(event)?));
    }
    Some(match event {
        Event::Planned { plan } => {
            let members: Vec<_> = plan.members().collect();
            let (roll, from, to) = (&plan.roll, &plan.from, &plan.to);
            format!(
                "roll {roll}: {from} becomes {to} for {}",
                members.join(", ")
            )
        }
        Event::Taken { who, host, pid } => {
            format!("driven by {who} (process {pid} on {host:?}) from here on")
        }
        Event::Resumed => "goes on".to_owned(),
        Event::Turned { on_failure: None } => "all members go back".to_owned(),
        Event::Turned { .. } => "a member has failed: all members go back".to_owned(),
        Event::Held => "holds after the first members".to_owned(),
        Event::Paused => "pauses before the next member".to_owned(),
        Event::Interrupted { why } => format!("interrupted: {why}"),
        Event::Halted => "halted".to_owned(),
        Event::Finished { outcome } => match outcome {
            Outcome::Complete => "complete".to_owned(),
            Outcome::Undone => "undone".to_owned(),
            Outcome::Settled => "finished".to_owned(),
        },
        Event::Finishing { finish } => {
            let place = &finish.place;
            match &finish.form {
                Form::Link { to } => format!("{place} becomes a link to {to} for everybody"),
                Form::Replace { source } => format!("{place} becomes a copy of {source}"),
            }
        }
        Event::TaskBegun { task } => match task {
            Task::Prepare => "preparing the new version beside the place".to_owned(),
            Task::Exchange => "exchanging it with the old one, which is kept".to_owned(),
            Task::Wait => "waiting until no host remembers what was at the place before".to_owned(),
            Task::Unlink => "removing the private links".to_owned(),
        },
        Event::TaskEnded {
            generation: Some(generation),
            ..
        } => format!("removed, generation {generation}"),
        Event::Collected { path } => format!("removing {path}"),
        _ => return None,
    })
}

/// Says what happened to a member, without its name.
pub fn of_member(event: &Event) -> Option<String> {
    Some(match event {
        Event::Begun { step, way, .. } => {
            let doing = match step {
                Step::Copy => "copying",
                Step::Stop => "stopping",
                Step::Link => "linking",
                Step::Start => "starting",
                Step::Check => "waiting for its health",
            };
            match way {
                Way::There => doing.to_owned(),
                Way::Back => format!("going back: {doing}"),
            }
        }
        Event::Ended {
            step: Step::Link,
            generation: Some(generation),
            ..
        } => format!("linked, generation {generation}"),
        Event::Ended {
            step: Step::Stop, ..
        } => "stopped".to_owned(),
        Event::Healthy { .. } => "healthy".to_owned(),
        Event::Unhealthy { why, .. } => format!("unhealthy: {why}"),
        Event::LeftAlone { why, .. } => format!("its link stays as it is: {why}"),
        Event::Upgraded { .. } => "upgraded".to_owned(),
        Event::Undone { .. } => "has its old version".to_owned(),
        Event::Failed { state, message, .. } => format!("{state}: {message}"),
        _ => return None,
    })
}

/// Tells whether a member's turn begins with it.
pub fn is_first(event: &Event) -> bool {
    matches!(
        event,
        Event::Begun {
            step: Step::Copy | Step::Stop,
            ..
        }
    )
}

/// Tells whether a member's turn ends with it.
pub fn is_last(event: &Event) -> bool {
    matches!(
        event,
        Event::Upgraded { .. } | Event::Undone { .. } | Event::Failed { .. }
    )
}

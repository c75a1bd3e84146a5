//! What each member looked like, from when to when.
use crate::roll::journal::Line;
use crate::roll::journal::event::{Event, Step};
use crate::roll::state::State;

/// What a member looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// It runs its old version.
    Old,
    /// It is down.
    Stopped,
    /// It starts, and is not healthy yet.
    Starting,
    /// It is healthy, and has to stay it.
    Healthy,
    /// It has its new version.
    New,
    /// It has failed.
    Failed,
    /// It has its old version again.
    Undone,
}

impl Look {
    /// All, in the order of a legend.
    pub const ALL: [Look; 7] = [
        Look::Old,
        Look::Stopped,
        Look::Starting,
        Look::Healthy,
        Look::New,
        Look::Failed,
        Look::Undone,
    ];

    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Look::Old => "old version",
            Look::Stopped => "stopped",
            Look::Starting => "starting",
            Look::Healthy => "healthy",
            Look::New => "upgraded",
            Look::Failed => "failed",
            Look::Undone => "undone",
        }
    }

    /// Returns its colour.
    pub fn colour(self) -> &'static str {
        match self {
            Look::Old => "#cfd8dc",
            Look::Stopped => "#455a64",
            Look::Starting => "#fbc02d",
            Look::Healthy => "#aed581",
            Look::New => "#388e3c",
            Look::Failed => "#d32f2f",
            Look::Undone => "#7e57c2",
        }
    }
}

/// A member's look for a while.
#[derive(Debug)]
pub struct Span {
    /// The member's number.
    pub member: usize,
    /// What it looks like.
    pub look: Look,
    /// From when, in seconds since 1970.
    pub from: f64,
    /// To when.
    pub to: f64,
    /// The commits of its link meanwhile: when, and their generations.
    pub commits: Vec<(f64, u64)>,
}

/// Follows all members through a journal, and shows the last of each up to `end`.
pub fn of(state: &State, lines: &[Line], end: f64) -> Vec<Span> {
    let moment = |line: &Line| line.time.as_millisecond() as f64 / 1000.0;
    let begin = lines.first().map_or(0.0, moment);
    let mut all = Vec::new();
    for (index, name) in state.plan.members().enumerate() {
        let span = |look, from| Span {
            member: index,
            look,
            from,
            to: end,
            commits: Vec::new(),
        };
        let mut spans = vec![span(Look::Old, begin)];
        for line in lines
            .iter()
            .filter(|line| line.event.member() == Some(name))
        {
            let now = moment(line);
            let last = spans.last_mut().expect("it begins with one");
            if let Event::Ended {
                generation: Some(generation),
                ..
            } = &line.event
            {
                last.commits.push((now, *generation));
            }
            if let Some(look) = after(&line.event)
                && look != last.look
            {
                last.to = now;
                spans.push(span(look, now));
            }
        }
        all.extend(spans);
    }
    all
}

fn after(event: &Event) -> Option<Look> {
    Some(match event {
        Event::Begun {
            step: Step::Stop, ..
        } => Look::Stopped,
        Event::Begun {
            step: Step::Start, ..
        }
        | Event::Unhealthy { .. } => Look::Starting,
        Event::Healthy { .. } => Look::Healthy,
        Event::Upgraded { .. } => Look::New,
        Event::Undone { .. } => Look::Undone,
        Event::Failed { .. } => Look::Failed,
        _ => return None,
    })
}

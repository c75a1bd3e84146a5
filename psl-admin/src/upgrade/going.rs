//! What `start`, `resume` and `undo` have in common: a roll goes on until it has ended or has to wait.
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::members::detached::Site;
use crate::roll::directory::Rolls;
use crate::roll::drive::Drive;
use crate::roll::fence::Fence;
use crate::roll::journal::event::Event;
use crate::roll::journal::{Journal, Line};
use crate::roll::outcome;
use crate::roll::preflight;
use crate::roll::signals::Signals;
use crate::roll::state::State;
use crate::roll::watch;
use psl_table::history::Author;
use psl_table::members::Members;

/// What a program begins with.
pub enum Begin {
    /// It has planned the roll, and written this line.
    Planned(Line),
    /// It has taken the roll over, and writes this first.
    Taken(Vec<Event>),
}

/// Drives a roll, and says where it stands then.
pub fn on(
    context: &Context,
    rolls: Rolls<'_>,
    members: &Members,
    fence: Fence,
    (journal, state): (Journal, State),
    (signals, begin): (&Signals, Begin),
) -> Result<Exit, Failure> {
    let site = Site::of_store(rolls.store);
    site.prepare()?;
    let watch = watch::chosen(context.console, &state);
    let begin = match begin {
        Begin::Planned(line) => {
            watch.line(&line, &state);
            Vec::new()
        }
        Begin::Taken(events) => events,
    };
    let drive = Drive::new(
        rolls,
        members,
        site,
        fence,
        (journal, state),
        signals,
        watch.as_ref(),
    );
    let state = drive.run(begin)?;
    if !context.console.json {
        context.console.print(outcome::summary(&state))?;
    }
    let exit = outcome::ended(&state)?;
    if let Some(next) = outcome::next(&state).filter(|_| !context.console.json) {
        let (roll, phase) = (&state.plan.roll, outcome::phase(&state));
        context
            .console
            .note(&format!("roll {roll} is {phase}: {next}"));
    }
    Ok(exit)
}

/// Takes a roll over from whoever drove it, and reads where it is.
pub fn taken_over(
    rolls: &Rolls<'_>,
    id: &str,
    by: &Author,
) -> Result<(Fence, Journal, State), Failure> {
    let read = || {
        State::read(rolls, id)?.ok_or_else(|| {
            Failure::new(Exit::No, format!("roll {id:?} ended before it was planned"))
        })
    };
    let (fence, ()) = Fence::take_over(rolls, id, by, || {
        let state = read()?;
        match state.is_live() {
            true => Ok(()),
            // Others may have begun with its members since it ended.
            false => preflight::claim(rolls, &state.plan, id),
        }
    })?;
    let journal = rolls.journal(id);
    let (journal, lines) = Journal::resume(&journal, fence.token, rolls.store.trust())?;
    let state = State::of(&lines)?.map_or_else(read, Ok)?;
    Ok((fence, journal, state))
}

/// Says that this program drives the roll from here on.
pub fn taken(by: &Author) -> Event {
    Event::Taken {
        who: by.who.clone(),
        host: by.host.clone(),
        pid: std::process::id(),
    }
}

/// Returns the line that a roll begins with.
pub fn first(
    journal: &mut Journal,
    rolls: &Rolls<'_>,
    event: Event,
    id: &str,
) -> Result<Line, Failure> {
    let file = rolls.journal(id);
    journal
        .append(event)
        .map_err(|error| crate::roll::directory::failed("write", &file, &error))
}

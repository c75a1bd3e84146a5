//! `upgrade undo`: all members of a roll go back.
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::roll::directory::Rolls;
use crate::roll::driven;
use crate::roll::journal::event::{Event, Outcome, Way};
use crate::roll::link;
use crate::roll::request::Request;
use crate::roll::signals::Signals;
use crate::roll::state::{Phase, State};
use crate::upgrade::{chosen, going};
use clap::Args;
use psl_table::history::Author;
use psl_table::members::Members;
use psl_table::table::Table;
use std::thread;
use std::time::{Duration, Instant};

/// How long whoever drives a roll may take to let go, apart from the step that is being taken.
const LET_GO: Duration = Duration::from_secs(10);

/// Brings all members of a roll back to what they had before it, one after the other
///
/// At any time until the roll is finished: whoever drives it lets go of it as soon as the step that is being taken has
/// ended. Nobody waits for a member to stay healthy.
#[derive(Args, Debug)]
#[command(after_help = "Example: psl-admin upgrade undo --dry-run 2031-05-07.1")]
pub struct Undo {
    /// The roll; without it the only one that has not ended
    #[arg(value_name = "ROLL")]
    roll: Option<String>,
    /// Prints what would be done, and does nothing
    #[arg(long)]
    dry_run: bool,
}

impl Undo {
    /// Has whoever drives it let go, takes it over, and drives it back.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let store = context.open()?;
        let rolls = Rolls { store: &store };
        let members = store.read_members()?;
        let state = chosen::roll(&rolls, self.roll.as_deref())?;
        let roll = state.plan.roll.clone();
        if state.phase == Phase::Finished(Outcome::Undone) {
            return Err(Failure::new(
                Exit::No,
                format!("roll {roll:?} was undone already"),
            ));
        }
        require_links(&state)?;
        if self.dry_run {
            return show(context, &state);
        }
        if !state.is_live() {
            untouched(&store.read()?, &state)?;
        }
        let signals = Signals::listen()?;
        await_end(context, &rolls, &state, &members)?;
        let by = Author::here(None);
        let (fence, journal, state) = going::taken_over(&rolls, &roll, &by)?;
        if let Err(failure) = require_links(&state) {
            fence.release(&rolls, &by);
            return Err(failure);
        }
        let begin = vec![going::taken(&by), Event::Turned { on_failure: None }];
        let going = (journal, state);
        let begin = going::Begin::Taken(begin);
        going::on(context, rolls, &members, fence, going, (&signals, begin))
    }
}

/// Refuses a roll whose new version everybody has, or is about to get.
fn require_links(state: &State) -> Result<(), Failure> {
    let roll = &state.plan.roll;
    let is_finished = match state.phase {
        Phase::Finishing => false,
        Phase::Finished(Outcome::Settled) => true,
        _ => return Ok(()),
    };
    let message = match is_finished {
        true => format!("roll {roll:?} was finished: it has no links to take back"),
        false => format!("roll {roll:?} is being finished: its links are about to go"),
    };
    let from = &state.plan.from;
    let failure = Failure::new(Exit::Refused, message);
    Err(match (&state.finish, is_finished) {
        (Some(finish), true) => failure.with_help(format!(
            "its old version is kept until `gc`: `psl-admin upgrade start {from} {} --members ...` is a roll back to it",
            finish.kept
        )),
        _ => failure.with_help(format!("`psl-admin upgrade finish {roll}` goes on with that")),
    })
}

/// Refuses when somebody has changed the links since the roll has ended.
fn untouched(table: &Table, state: &State) -> Result<(), Failure> {
    let turns = state.plan.members.iter();
    let mut refused = turns.filter_map(|turn| link::refused(table, &state.plan, turn, Way::Back));
    match refused.next() {
        None => Ok(()),
        Some(why) => Err(Failure::new(Exit::Refused, why)
            .with_help("undo the rolls that came later first, or change the links by hand")),
    }
}

/// Asks whoever drives the roll to let go, and waits until it is driven by nobody.
fn await_end(
    context: &Context,
    rolls: &Rolls<'_>,
    state: &State,
    members: &Members,
) -> Result<(), Failure> {
    let roll = &state.plan.roll;
    let Some(owner) = driven::by(rolls, roll)? else {
        return Ok(());
    };
    Request::LetGo.put(rolls, roll)?;
    context.console.note(&format!(
        "roll {roll} is being driven by {owner}, who was asked to let go"
    ));
    let listed = state.plan.members().filter_map(|name| members.0.get(name));
    let longest = listed.map(|member| member.stop_deadline).max();
    let step = longest
        .unwrap_or_default()
        .max(state.plan.options.deadline());
    let deadline = Instant::now() + step + LET_GO;
    while Instant::now() < deadline {
        match driven::by(rolls, roll)? {
            Some(found) if found.token == owner.token => {}
            _ => return Ok(()),
        }
        // One that has stopped without ending is taken over from: its beat tells.
        if owner.is_here()
            && !crate::roll::fence::beat::is_moving(
                &rolls.beat(roll),
                owner.token,
                rolls.store.trust(),
            )?
        {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(50));
    }
    Request::clear(rolls, roll);
    let message =
        format!("roll {roll:?} is still being driven by {owner}, who was asked to let go");
    Err(Failure::new(Exit::Conflict, message)
        .with_help("end that process, then type the same again"))
}

fn show(context: &Context, state: &State) -> Result<Exit, Failure> {
    let mut back = state.clone();
    back.follow(&Event::Turned { on_failure: None });
    let mut order = Vec::new();
    while let Some(index) = back.next_back(&order) {
        order.push(index);
    }
    let turns = order.iter().map(|index| &state.plan.members[*index]);
    if context.console.json {
        let names: Vec<_> = turns.map(|turn| turn.member.as_str()).collect();
        context
            .console
            .print_json(&serde_json::json!({"roll": state.plan.roll, "back": names}))?;
        return Ok(Exit::Done);
    }
    let mut text = String::new();
    for turn in turns {
        let (member, from) = (&turn.member, &state.plan.from);
        let link = match &turn.before {
            Some(link) => format!("{from} leads to {} again", link.to),
            None => format!("the link at {from} is removed"),
        };
        text.push_str(&format!(
            "{member}: stop, {link}, start, wait until it is healthy\n"
        ));
    }
    context.console.print(match text.is_empty() {
        true => "no member has to go back\n".to_owned(),
        false => text,
    })?;
    Ok(Exit::Done)
}

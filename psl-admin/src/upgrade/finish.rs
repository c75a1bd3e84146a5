//! `upgrade finish`: everybody gets the new version, and the private links go.
use crate::add;
use crate::change::Change;
use crate::console::Console;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::roll::directory::Rolls;
use crate::roll::finish::check;
use crate::roll::finish::decide::{self, Wanted};
use crate::roll::finish::drive::{Ending, remembered};
use crate::roll::finish::{Finish as Decided, Form, Task};
use crate::roll::journal::event::{Event, Outcome};
use crate::roll::outcome;
use crate::roll::signals::Signals;
use crate::roll::state::{Phase, State};
use crate::roll::watch;
use crate::upgrade::{chosen, going};
use clap::Args;
use psl_table::history::{Author, Commit};
use psl_table::name::AbsPath;

const AFTER_HELP: &str = "\
Exits with 5 when not every member runs the new version, or when a process without a link runs the old one.

Examples: psl-admin upgrade finish --dry-run
          psl-admin upgrade finish 2031-05-07.1
          psl-admin upgrade finish --replace 2031-05-07.1";

/// Gives everybody the new version at FROM, and removes the private links of a roll that is complete
///
/// FROM becomes a symlink to TO that everybody has; with --replace, a copy of the new version. What was there is kept as
/// FROM.old-GENERATION until `gc`. Instances that run keep what they have. After a crash the same command goes on.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Finish {
    /// The roll; without it the only one that is complete
    #[arg(value_name = "ROLL")]
    roll: Option<String>,
    /// Builds the new version at FROM itself, for members that have private copies
    #[arg(long)]
    replace: bool,
    /// Builds it from this tree; otherwise from the one that the copies were made from, or TO
    #[arg(long, value_name = "TREE", value_parser = add::place, requires = "replace")]
    copy_from: Option<AbsPath>,
    /// Finishes though processes without a link run the old version: they mix two versions from then on
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    change: Change,
}

impl Finish {
    /// Looks whether it can go well, takes the roll over, and finishes it.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let store = context.open()?;
        let rolls = Rolls { store: &store };
        let state = chosen::complete(&rolls, self.roll.as_deref())?;
        let console = context.console;
        require(&state)?;
        if self.change.dry_run {
            let decided = self.decided(&rolls, &state, console)?;
            return show(console, &state, &decided);
        }
        // Before the roll is taken from anybody.
        self.decided(&rolls, &state, console)?;
        let signals = Signals::listen()?;
        let by = Author::here(None);
        let (fence, journal, state) = going::taken_over(&rolls, &state.plan.roll, &by)?;
        let watch = watch::chosen(console, &state);
        let mut begin = vec![going::taken(&by)];
        let ready = require(&state).and_then(|()| match state.phase {
            Phase::Finishing => Ok(None),
            _ => self
                .decided(
                    &rolls,
                    &state,
                    Console {
                        quiet: true,
                        ..console
                    },
                )
                .map(Some),
        });
        match ready {
            Ok(decided) => begin.extend(decided.map(|finish| Event::Finishing {
                finish: Box::new(finish),
            })),
            Err(failure) => {
                fence.release(&rolls, &by);
                return Err(failure);
            }
        }
        let state = Ending {
            rolls,
            fence,
            journal,
            state,
            signals: &signals,
            watch: watch.as_ref(),
            force: self.force,
            reason: self.change.reason.clone(),
        }
        .run(begin)?;
        if !console.json {
            console.print(outcome::summary(&state))?;
            if let Some(generation) = state.settled {
                console.print(format!("generation {generation}\n"))?;
            }
            if let Some(next) = outcome::next(&state) {
                console.note(&format!("roll {} is finished: {next}", state.plan.roll));
            }
        }
        Ok(Exit::Done)
    }

    /// Decides what becomes what, and looks whether that can go well; what was begun already is as it was decided.
    fn decided(
        &self,
        rolls: &Rolls<'_>,
        state: &State,
        console: Console,
    ) -> Result<Decided, Failure> {
        if let (Phase::Finishing, Some(finish)) = (state.phase, &state.finish) {
            return self.as_begun(finish);
        }
        let wanted = Wanted {
            replace: self.replace,
            copy_from: self.copy_from.as_ref().map(|tree| tree.as_str().to_owned()),
            force: self.force,
        };
        let (table, members) = (rolls.store.read()?, rolls.store.read_members()?);
        let by = Commit::of_text(table.text()).map(|commit| commit.to_string());
        self.change.expect_generation(table.generation, by)?;
        let finish = decide::planned(state, &table, &wanted)?;
        check::check(
            rolls,
            (state, &finish),
            &table,
            &members,
            (&wanted, console),
        )?;
        Ok(finish)
    }

    /// Refuses to go on in another way than it was begun.
    fn as_begun(&self, finish: &Decided) -> Result<Decided, Failure> {
        match (&finish.form, self.replace) {
            (Form::Link { .. }, true) => Err(Failure::new(
                Exit::Usage,
                "it was begun without --replace, expected the same",
            )),
            _ => Ok(finish.clone()),
        }
    }
}

/// Refuses a roll that is not complete.
fn require(state: &State) -> Result<(), Failure> {
    let (roll, refused) = (&state.plan.roll, |exit, message: String| {
        Err(Failure::new(exit, message))
    });
    match state.phase {
        Phase::Finishing | Phase::Finished(Outcome::Complete) => Ok(()),
        Phase::Finished(Outcome::Settled) => {
            refused(Exit::No, format!("roll {roll:?} was finished already"))
        }
        Phase::Finished(Outcome::Undone) => refused(
            Exit::Refused,
            format!("roll {roll:?} was undone: there is no new version to give to everybody"),
        ),
        _ => {
            let done = state.count(crate::roll::state::Side::New);
            let message = format!(
                "roll {roll:?} is {}: {done} of {} members have the new version",
                outcome::phase(state),
                state.plan.members.len()
            );
            let failure = Failure::new(Exit::Refused, message);
            Err(match outcome::next(state) {
                Some(next) => failure.with_help(next),
                None => failure,
            })
        }
    }
}

fn show(console: Console, state: &State, finish: &Decided) -> Result<Exit, Failure> {
    if console.json {
        console.print_json(&serde_json::json!({
            "roll": state.plan.roll,
            "finish": finish,
            "done": state.tasks,
        }))?;
        return Ok(Exit::Done);
    }
    let Decided { place, kept, .. } = finish;
    let prepare = match &finish.form {
        Form::Link { to } => format!("make a symlink to {to} beside {place}"),
        Form::Replace { source } => format!("copy {source} beside {place}"),
    };
    let exchange = match &finish.old {
        Some(_) => format!("put it at {place}, and keep what is there as {kept}"),
        None => format!("put it at {place}, where nothing else is to be kept"),
    };
    let members: Vec<_> = state.plan.members().collect();
    let unlink = format!(
        "remove the links at {} of {}, in one commit",
        state.plan.from,
        members.join(", ")
    );
    let seconds = remembered(finish)?.as_secs();
    let wait = format!("wait {seconds} s, for which other hosts may remember what was at {place}");
    let tasks = Task::ALL.into_iter().zip([prepare, exchange, wait, unlink]);
    let left = tasks.filter(|(task, _)| !state.tasks.contains(task));
    let left = left.filter(|(task, _)| *task != Task::Wait || seconds > 0);
    let lines: String = left.map(|(_, line)| format!("{line}\n")).collect();
    console.print(lines)?;
    Ok(Exit::Done)
}

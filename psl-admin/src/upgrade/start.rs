//! `upgrade start`: a roll is planned, and begins.
mod shown;

use crate::add;
use crate::change::Change;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::known;
use crate::members::detached::Site;
use crate::roll::directory::Rolls;
use crate::roll::fence::{Fence, LOCK_WAIT};
use crate::roll::journal::Journal;
use crate::roll::journal::event::Event;
use crate::roll::link;
use crate::roll::plan::{FORMAT, MEMBER, OnFailure, Options, Plan, Turn};
use crate::roll::preflight;
use crate::roll::signals::Signals;
use crate::roll::state::State;
use crate::upgrade::going;
use clap::Args;
use jiff::Timestamp;
use psl_table::duration;
use psl_table::history::{Author, Commit};
use psl_table::name::AbsPath;
use psl_table::table::Table;
use std::time::Duration;

const AFTER_HELP: &str = "\
Exits with 0 when all members are upgraded, and when the roll holds or pauses; with 7 when a member failed.

Examples: psl-admin upgrade start /binaries/version /binaries/version2 --members erp1,erp2
          psl-admin upgrade start /erp /erp2 --members erp1,erp2,erp3 --canary 1 --dry-run
          psl-admin upgrade start /erp /erp/2/{member} --copy-from /staging/2 --members erp1";

/// Upgrades members: each is stopped, gets its link FROM -> TO, is started, and has to become healthy
///
/// members.toml in the store says how. Before the first member is stopped, all of them have to be healthy, and the
/// target has to be there. The first member that fails stops the roll.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Start {
    /// The place: the path by which the members are configured to find their version
    #[arg(value_parser = add::place)]
    from: AbsPath,
    /// The new version; `{member}` in it stands for the member's name, so that each has its own tree
    #[arg(value_parser = add::place)]
    to: AbsPath,
    /// The members, in this order
    #[arg(long, required = true, value_name = "A,B,C", value_delimiter = ',', value_parser = known::member)]
    members: Vec<String>,
    /// How many members may be down at once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = at_least_one)]
    max_unavailable: usize,
    /// Holds after the first N members, until `resume`
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    canary: Option<usize>,
    /// How long a member has to be healthy without a break before the next one is stopped
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration::parse)]
    min_healthy: Duration,
    /// How long a member may take to start and to become healthy for so long
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration::parse)]
    deadline: Duration,
    /// What happens when a member fails; the roll stops in any case
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = OnFailure::UndoMember)]
    on_failure: OnFailure,
    /// Copies this tree to TO, which has {member} in it, just before each member's turn
    #[arg(long, value_name = "TREE", value_parser = add::place)]
    copy_from: Option<AbsPath>,
    /// Hides each target from everyone whom no link leads there
    #[arg(long)]
    private: bool,
    #[command(flatten)]
    change: Change,
}

impl Start {
    /// Plans the roll, looks whether it can go well, and drives it.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        self.check_flags()?;
        let host = context.host()?;
        let store = context.open_with(&host)?;
        let rolls = Rolls { store: &store };
        let members = store.read_members()?;
        let table = store.read()?;
        let by = Author::here(self.change.reason.clone());
        self.expect_generation(&table)?;
        let mut plan = self.plan(&table, &by);
        preflight::claim(&rolls, &plan, "")?;
        let site = Site::of_store(&store);
        site.check()?;
        preflight::check(&plan, &table, &members, &site, (&host, context.console))?;
        if self.change.dry_run {
            return shown::show(context, &plan, &members);
        }
        rolls.prepare()?;
        let signals = Signals::listen()?;
        let begun = store.exclusively(&by, LOCK_WAIT, || {
            let table = store.read()?;
            self.expect_generation(&table)?;
            preflight::claim(&rolls, &plan, "")?;
            // Whoever collects old trees may have been faster; from here on the journal keeps this one.
            preflight::targets::check(&plan, &table)?;
            let today = Timestamp::now().strftime("%Y-%m-%d").to_string();
            plan.roll = rolls.unused(&today)?;
            let fence = Fence::first(&rolls, &plan.roll, &by.who)?;
            let mut journal = Journal::create(&rolls.journal(&plan.roll), fence.token)?;
            let planned = Event::Planned {
                plan: Box::new(plan.clone()),
            };
            let line = going::first(&mut journal, &rolls, planned, &plan.roll)?;
            Ok::<_, Failure>((fence, journal, line))
        });
        let (fence, journal, line) = begun??;
        let state = State::planned(plan);
        let going = (journal, state);
        let begin = going::Begin::Planned(line);
        going::on(context, rolls, &members, fence, going, (&signals, begin))
    }

    fn plan(&self, table: &Table, by: &Author) -> Plan {
        let from = self.from.as_str();
        let turns = self.members.iter().map(|member| Turn {
            member: member.clone(),
            to: self.to.as_str().replace(MEMBER, member),
            before: link::of_member(table, from, member),
        });
        Plan {
            format: FORMAT,
            roll: String::new(),
            from: from.to_owned(),
            to: self.to.as_str().to_owned(),
            members: turns.collect(),
            options: Options {
                max_unavailable: self.max_unavailable,
                canary: self.canary,
                min_healthy: self.min_healthy.as_secs(),
                deadline: self.deadline.as_secs(),
                on_failure: self.on_failure,
                copy_from: self.copy_from.as_ref().map(|tree| tree.as_str().to_owned()),
                private: self.private,
            },
            generation: table.generation,
            who: by.who.clone(),
            host: by.host.clone(),
            reason: self.change.reason.clone(),
        }
    }

    /// Refuses flags that contradict each other.
    fn check_flags(&self) -> Result<(), Failure> {
        let refused = |message: String| Err(Failure::new(Exit::Usage, message));
        let mut sorted = self.members.clone();
        sorted.sort();
        if let Some(twice) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            return refused(format!(
                "--members names {:?} twice, expected it once",
                twice[0]
            ));
        }
        if self.deadline <= self.min_healthy {
            return refused(format!(
                "--deadline is {} s, expected more than the {} s of --min-healthy",
                self.deadline.as_secs(),
                self.min_healthy.as_secs()
            ));
        }
        if self.copy_from.is_some() && !self.to.as_str().contains(MEMBER) {
            return refused(format!(
                "--copy-from makes a copy for each member, expected {MEMBER} in TO, which is {:?}",
                self.to.as_str()
            ));
        }
        Ok(())
    }

    fn expect_generation(&self, table: &Table) -> Result<(), Failure> {
        let by = Commit::of_text(table.text()).map(|commit| commit.to_string());
        Ok(self.change.expect_generation(table.generation, by)?)
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("expected a number of members, at least 1".to_owned()),
        Ok(number) => Ok(number),
    }
}

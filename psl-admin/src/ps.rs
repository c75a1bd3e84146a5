//! `ps`: which instances run, of which generation, and whether they still see what they would be started with.
mod holds;
mod judge;
mod launch;
mod links;
mod row;
mod sight;
mod space;
mod survey;
mod versions;

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::known;
use crate::running::{self, Here, Life, Registrations};
use clap::Args;
use judge::Judge;
use launch::Launch;
use psl_table::store::Store;
use row::{Row, State};
use std::collections::HashMap;
use survey::Survey;

const AFTER_HELP: &str = "\
STATE is one of
  CURRENT    it has the links that it would be started with
  STALE      it has an older generation, whose links for it are others
  MIXED      it maps, executes, holds open, works in or has as its root a file of a version that its links
             do not lead to
  UNCOVERED  it has PSL's variables, and nothing makes it see links
  REMOTE     another host or container has registered it, which alone can tell whether it still runs
Exits with 1 when one is STALE or MIXED.

Examples: psl-admin ps
          psl-admin ps --member erp1 --all
          psl-admin ps --json | jq -r '.[] | select(.state == \"STALE\") | .member'";

/// Lists the running instances of the store: those of this host, and those that other hosts have registered
///
/// An instance is what one launch has started: its first process stands for it, and the worst state of its processes
/// is the instance's. Processes are found by what they say of themselves in /proc, and judged by the files that they
/// really use, by device and inode. Whoever is not root sees their own processes only, and is told how many there are
/// of others.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Ps {
    /// Only the instances of this member
    #[arg(long, value_name = "M", value_parser = known::member)]
    member: Option<String>,
    /// Lists every process of each instance
    #[arg(long)]
    all: bool,
}

impl Ps {
    /// Prints them.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let host = context.host()?;
        let store = context.open_with(&host)?;
        let current = store.read()?;
        let here = Here::new();
        // Registrations come first: an instance that starts meanwhile is seen by its processes.
        let registered = self.registered(context, &store, &here);
        let survey = Survey::take(&store, &current, self.member.as_deref())?;
        let launches = launch::group(&survey.seen, &first_processes(&registered));
        let mut judge = Judge::new(&store, &current, &survey.seen)?;
        let mut rows = Vec::new();
        for launch in &launches {
            rows.extend(self.rows_of(launch, &survey, &mut judge));
        }
        for one in registered
            .found
            .iter()
            .filter(|one| survey.misses(one, &here))
        {
            rows.push(row::of_registration(one, &survey, |member, generation| {
                judge.verdict_unseen(&store, member, generation)
            }));
        }
        rows.sort_by(Row::in_order);
        for skipped in &registered.skipped {
            context.console.warn(&skipped.to_string());
        }
        if context.console.json {
            context.console.print_json(&rows)?;
        } else {
            context.console.print(row::table(&rows))?;
        }
        if let Some(blind) = survey.blind_spot() {
            context.console.note(&blind);
        }
        let is_wrong = |row: &Row| matches!(row.state, State::Stale | State::Mixed);
        Ok(match rows.iter().any(is_wrong) {
            true => Exit::No,
            false => Exit::Done,
        })
    }

    fn registered(&self, context: &Context, store: &Store, here: &Here) -> Registrations {
        let mut all = running::registrations(store, here).unwrap_or_else(|failure| {
            context.console.warn(&failure.told().0);
            Registrations::default()
        });
        let wanted = self.member.as_ref();
        all.found.retain(|one| {
            one.life != Life::Dead
                && wanted.is_none_or(|member| *member == one.entry.launched.member)
        });
        all
    }

    /// Returns a row for an instance, or one for each of its processes.
    fn rows_of(&self, launch: &Launch, survey: &Survey, judge: &mut Judge<'_>) -> Vec<Row> {
        let first = launch.first(survey);
        let processes = launch.processes(survey);
        let mut rows: Vec<_> = processes
            .map(|process| Row::of(process, judge.verdict(first, process)))
            .collect();
        if self.all {
            return rows;
        }
        let count = rows.len();
        let worst = rows
            .iter()
            .enumerate()
            .max_by_key(|(at, row)| (row.state, std::cmp::Reverse(*at)));
        let worst = worst.map_or(0, |(at, _)| at);
        let (state, why) = (rows[worst].state, rows[worst].told_of(worst > 0));
        let mut row = rows.swap_remove(0);
        row.stand_for(count, state, why);
        vec![row]
    }
}

/// Returns the processes that `psl-admin run` has become, with what they are of.
fn first_processes(registered: &Registrations) -> HashMap<i32, &str> {
    let alive = registered.found.iter().filter_map(|one| match one.life {
        Life::Alive(pid) => Some((pid, one.entry.launched.member.as_str())),
        Life::Dead | Life::Unknown => None,
    });
    alive.collect()
}

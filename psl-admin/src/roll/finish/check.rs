//! Whether the end of a roll can go well.
use crate::console::Console;
use crate::engine::Engine;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::members::detached::Site;
use crate::roll::directory::Rolls;
use crate::roll::finish::decide::{Wanted, physical};
use crate::roll::finish::elsewhere;
use crate::roll::finish::links;
use crate::roll::finish::plan::{Finish, Form};
use crate::roll::finish::users::{self, Concerned};
use crate::roll::preflight::health;
use crate::roll::state::State;
use crate::running::{self, Here, Life};
use psl_table::members::Members;
use psl_table::select::select;
use psl_table::subject::Subject;
use psl_table::table::Table;
use std::path::Path;

/// Refuses what cannot go well: nothing was changed, and the message says what to do.
pub fn check(
    rolls: &Rolls<'_>,
    (state, finish): (&State, &Finish),
    table: &Table,
    members: &Members,
    (wanted, console): (&Wanted, Console),
) -> Result<(), Failure> {
    others(rolls, state, finish)?;
    store_elsewhere(rolls, finish)?;
    own_links(state, table)?;
    reached_without(state, finish, table)?;
    health::check(&state.plan, members, &Site::of_store(rolls.store))?;
    in_use(rolls, state, finish, wanted.force, Some(console))
}

/// Refuses as long as somebody runs the old version for whom the place would change; names those who do.
pub fn in_use(
    rolls: &Rolls<'_>,
    state: &State,
    finish: &Finish,
    force: bool,
    console: Option<Console>,
) -> Result<(), Failure> {
    let from = &state.plan.from;
    let Concerned { unlinked, mounted } = users::concerned(rolls.store, from, finish)?;
    elsewhere(rolls, state, finish, force)?;
    if let (Form::Replace { .. }, Some(user)) = (&finish.form, mounted.first()) {
        return Err(mounted_over(&finish.place, user.pid)
            .with_help("stop what has it, or finish without --replace"));
    }
    if !unlinked.users.is_empty() && !force {
        let message = format!(
            "{from:?} would become another version for processes that run the old one: {unlinked}"
        );
        return Err(Failure::new(Exit::Refused, message).with_help(
            "stop them, or upgrade them by a roll of their own; --force lets them mix two versions",
        ));
    }
    let is_doubtful = !unlinked.users.is_empty() || unlinked.unseen > 0 || unlinked.is_partial;
    if let Some(console) = console.filter(|_| is_doubtful) {
        console.warn(&format!("who uses the old version: {unlinked}"));
    }
    Ok(())
}

/// Refuses as long as an instance of another host is registered that would be concerned.
fn elsewhere(
    rolls: &Rolls<'_>,
    state: &State,
    finish: &Finish,
    force: bool,
) -> Result<(), Failure> {
    let (plan, store) = (&state.plan, rolls.store);
    let registered = running::registrations(store, &Here::new())?;
    let unknown = registered.found.iter();
    for found in unknown.filter(|found| found.life == Life::Unknown) {
        let launched = &found.entry.launched;
        let is_linked = elsewhere::is_linked(store, found, &plan.from);
        let message = if is_linked {
            let is_mounted = launched.engine == Engine::Mount.name();
            match &finish.form {
                Form::Replace { .. } if is_mounted => "has its version mounted there",
                _ => continue,
            }
        } else {
            // Members of the roll were stopped and started since.
            let is_member = plan.members().any(|member| member == launched.member);
            let is_there = Path::new(&launched.program).starts_with(&plan.from);
            match is_there && !is_member && !force {
                true => "may run the old version without a link",
                false => continue,
            }
        };
        let message = format!("{} {message}", elsewhere::shown(found));
        return Err(Failure::new(Exit::Refused, message)
            .with_help("stop it, or remove its registration when that host is gone for good"));
    }
    Ok(())
}

/// Refuses to leave nothing at the place for a moment while an instance of the mount engine reaches its version there.
pub fn gap(rolls: &Rolls<'_>, state: &State, finish: &Finish) -> Result<(), Failure> {
    let concerned = users::concerned(rolls.store, &state.plan.from, finish)?;
    match concerned.mounted.first() {
        None => Ok(()),
        Some(user) => Err(mounted_over(&finish.place, user.pid).with_help(
            "the file system cannot exchange two names at once: stop what has it, then type the same again",
        )),
    }
}

fn mounted_over(place: &str, pid: i32) -> Failure {
    let message = format!(
        "process {pid} has its version mounted at {place:?}: the mount would go where the old version goes"
    );
    Failure::new(Exit::Refused, message)
}

/// Refuses to move the store away with the old version.
fn store_elsewhere(rolls: &Rolls<'_>, finish: &Finish) -> Result<(), Failure> {
    let store = rolls.store.dir();
    let physical = store.canonicalize().unwrap_or_else(|_| store.to_owned());
    if finish.old.is_none() || !physical.starts_with(&finish.place) {
        return Ok(());
    }
    let message = format!(
        "the store {store:?} lies in {:?}, which is moved away",
        finish.place
    );
    Err(Failure::new(Exit::Refused, message).with_help("keep the store in a directory of its own"))
}

/// Refuses while another roll is on at the same place.
fn others(rolls: &Rolls<'_>, state: &State, finish: &Finish) -> Result<(), Failure> {
    for other in State::read_all(rolls)? {
        let plan = &other.plan;
        let is_there = || {
            let place = physical(&plan.from).ok();
            plan.from == state.plan.from || place.as_deref() == Some(Path::new(&finish.place))
        };
        if plan.roll != state.plan.roll && other.is_live() && is_there() {
            let message = format!("roll {} is on at {:?}", plan.roll, plan.from);
            return Err(Failure::new(Exit::Conflict, message).with_help(format!(
                "wait for its end; `psl-admin upgrade status {}` says where it is",
                plan.roll
            )));
        }
    }
    Ok(())
}

/// Refuses when a member has another link than the roll has made.
fn own_links(state: &State, table: &Table) -> Result<(), Failure> {
    let (_, left) = links::without(table, &state.plan)?;
    if left.is_empty() {
        return Ok(());
    }
    let message = format!(
        "somebody else has changed the links at {:?} of {}",
        state.plan.from,
        left.join(", ")
    );
    Err(Failure::new(Exit::Refused, message)
        .with_help("a later roll may have: finish that one; `psl-admin list` shows the links"))
}

/// Refuses when, without the roll's links, a member would not reach the new version at the place.
fn reached_without(state: &State, finish: &Finish, table: &Table) -> Result<(), Failure> {
    let (without, _) = links::without(table, &state.plan)?;
    for member in state.plan.members() {
        let selection = select(&without, &Subject::of_member(&without, Some(member)));
        let mut rows = selection.links.iter();
        let beats = rows.find(|row| row.from.as_str() == state.plan.from);
        let why = match (beats, &finish.form) {
            (Some(row), Form::Link { to }) if row.to.as_str() == to => None,
            (Some(row), _) => Some(format!(
                "{:?} would lead to {:?}, because of {}",
                state.plan.from,
                row.to.as_str(),
                row.criteria
            )),
            (None, Form::Link { to }) => {
                let mut hidden = selection.hidden.iter();
                let is_hidden = hidden.any(|path| Path::new(to).starts_with(path));
                is_hidden.then(|| format!("{to:?} is hidden from it by a private link of others"))
            }
            (None, Form::Replace { .. }) => None,
        };
        if let Some(why) = why {
            let message =
                format!("without its link member {member:?} would not have the new version: {why}");
            return Err(
                Failure::new(Exit::Refused, message).with_help("remove or change that row first")
            );
        }
    }
    Ok(())
}

//! What is needed, and by whom: by links, by rolls, by instances of this host and of others.
use crate::failure::Failure;
use crate::gc::instances::{self, Found};
use crate::roll::directory::Rolls;
use crate::roll::finish::plan::Old;
use crate::roll::finish::{Form, decide, elsewhere};
use crate::roll::journal::event::Outcome;
use crate::roll::link;
use crate::roll::state::{Phase, State};
use crate::running::{Life, Registration, Registrations};
use psl_table::table::Table;
use std::path::{Path, PathBuf};

/// Everything that is needed.
#[derive(Debug, Default)]
pub struct Needs(Vec<Need>);

#[derive(Debug)]
struct Need {
    /// None when nobody can know.
    path: Option<PathBuf>,
    who: String,
}

impl Needs {
    /// Finds them.
    pub fn find(
        rolls: &Rolls<'_>,
        instances: &[Found],
        registered: &Registrations,
    ) -> Result<Self, Failure> {
        let mut needs = Self::of_store(rolls)?;
        let store = rolls.store;
        for found in instances {
            let pinned = &found.pinned;
            let who = format!(
                "process {} of an instance of {:?} that was started with generation {}",
                found.pid, pinned.member, pinned.generation
            );
            needs.add_all(found.targets(store), &who);
        }
        let states = State::read_all(rolls)?;
        let elsewhere = registered.found.iter();
        for registration in elsewhere.filter(|found| found.life == Life::Unknown) {
            let launched = &registration.entry.launched;
            let who = elsewhere::shown(registration);
            let targets = instances::targets(store, launched.generation, &launched.member);
            needs.add_all(targets, &who);
            for state in &states {
                if let Some(path) = runs_old(rolls, state, registration) {
                    needs.add(path, &who);
                }
            }
        }
        Ok(needs)
    }

    /// Finds what the store alone tells: by its table, and by rolls that may still go on, or back.
    pub fn of_store(rolls: &Rolls<'_>) -> Result<Self, Failure> {
        let table = rolls.store.read()?;
        let mut needs = Self::default();
        needs.add(rolls.store.dir(), "the store is there");
        for row in &table.links {
            let who = format!("the link {} -> {}", row.from.as_str(), row.to.as_str());
            needs.add(row.to.as_str(), &who);
        }
        for state in State::read_all(rolls)? {
            needs.add_roll(&state, &table);
        }
        Ok(needs)
    }

    /// Says who needs a tree or something in it.
    pub fn of(&self, tree: &Path) -> Option<&str> {
        let mut needs = self.0.iter();
        let found = needs.find(|need| need.path.as_ref().is_none_or(|path| path.starts_with(tree)));
        found.map(|need| need.who.as_str())
    }

    fn add_roll(&mut self, state: &State, table: &Table) {
        let plan = &state.plan;
        let who = format!("roll {} is on", plan.roll);
        // Whoever starts by the path that everybody is configured with.
        let place = format!("{:?} leads everybody there", plan.from);
        if let Ok(physical) = decide::physical(&plan.from) {
            self.add(physical, &place);
        }
        let is_complete = state.phase == Phase::Finished(Outcome::Complete);
        for turn in &plan.members {
            let is_in_place =
                || link::of_member(table, &plan.from, &turn.member) == Some(plan.link(turn));
            let back = turn.before.as_ref().map(|link| link.to.as_str());
            if state.is_live() {
                self.add(&turn.to, &who);
                back.iter().for_each(|to| self.add(to, &who));
            } else if is_complete && is_in_place() {
                let who = format!("roll {} can be undone until it is finished", plan.roll);
                back.iter().for_each(|to| self.add(to, &who));
            }
        }
        if !state.is_live() {
            return;
        }
        if let Some(tree) = &plan.options.copy_from {
            self.add(tree, &who);
        }
        if let Some(finish) = &state.finish {
            let (Form::Link { to: new } | Form::Replace { source: new }) = &finish.form;
            for path in [new, &finish.kept, &finish.aside] {
                self.add(path, &who);
            }
        }
    }

    fn add_all(&mut self, targets: Option<Vec<String>>, who: &str) {
        match targets {
            Some(targets) => targets.iter().for_each(|to| self.add(to, who)),
            None => self.0.push(Need {
                path: None,
                who: format!("{who}, and nobody can know where its links lead"),
            }),
        }
    }

    /// Adds a path as it is written, and as it physically is.
    fn add(&mut self, path: impl AsRef<Path>, who: &str) {
        let path = path.as_ref();
        let written = Some(path.to_owned());
        for path in [written, path.canonicalize().ok()].into_iter().flatten() {
            self.0.push(Need {
                path: Some(path),
                who: who.to_owned(),
            });
        }
    }
}

/// Returns the old version of a finished roll when an instance of another host may run it: it was started before
/// everybody had the new one, without a link, by a path there or as one of the roll's members.
fn runs_old(rolls: &Rolls<'_>, state: &State, registration: &Registration) -> Option<PathBuf> {
    let (plan, launched) = (&state.plan, &registration.entry.launched);
    let finish = state.finish.as_ref()?;
    let is_earlier = state
        .settled
        .is_some_and(|settled| launched.generation < settled);
    let is_concerned = plan.members().any(|member| member == launched.member)
        || Path::new(&launched.program).starts_with(&plan.from);
    let is_linked = || elsewhere::is_linked(rolls.store, registration, &plan.from);
    if !is_earlier || !is_concerned || is_linked() {
        return None;
    }
    match finish.old.as_ref()? {
        Old::Tree { .. } => Some(PathBuf::from(&finish.kept)),
        Old::Symlink { tree, .. } => tree.as_ref().map(|tree| PathBuf::from(&tree.path)),
    }
}

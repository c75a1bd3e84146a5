//! What somebody sees: the table's rows for them, and walks in it.
use crate::engine::Engine;
use crate::exit::Exit;
use crate::explain::reached::{File, Refusal};
use crate::explain::steps::{Recorder, Step};
use crate::failure::Failure;
use crate::within::Within;
use psl_table::select::{self, Edge, Outcome};
use psl_table::snapshot::{Entry, Place, Snapshot};
use psl_table::subject::Subject;
use psl_table::table::Table;
use psl_table::walk::{End, Last, Scratch, watched};
use rustix::fs::CWD;
use rustix::io::Errno;
use std::collections::HashMap;

/// A place: the physical directory, and the name in it.
pub type At = [Box<[u8]>; 2];

/// What somebody sees with a table.
#[derive(Debug)]
pub struct View<'t> {
    pub table: &'t Table,
    pub subject: Subject,
    /// What makes somebody see it; none when nothing does.
    pub engine: Option<Engine>,
    tree: &'t Within,
    snapshot: Snapshot,
    /// What becomes of each row, in the order of the table.
    pub outcomes: Vec<Outcome<'t>>,
    /// Where each row's link has its place, where that can be found.
    pub places: Vec<Option<At>>,
    /// The row that has a place.
    pub winners: HashMap<At, usize>,
    /// The first row of a private target, by the place of the target.
    hiders: HashMap<At, usize>,
}

impl<'t> View<'t> {
    /// Resolves what holds for the subject.
    pub fn new(
        table: &'t Table,
        subject: Subject,
        tree: &'t Within,
        engine: Option<Engine>,
    ) -> Result<Self, Failure> {
        let snapshot = match engine {
            Some(_) => Snapshot::of(table, &subject, tree),
            None => Ok(Snapshot::default()),
        };
        let snapshot = snapshot.map_err(|errno| {
            let message = format!(
                "the links of generation {} cannot be resolved on this host: {errno}",
                table.generation
            );
            Failure::new(Exit::Invalid, message)
        })?;
        let places: Vec<_> = (table.links.iter())
            .map(|row| snapshot.place_of(&row.from, tree).ok())
            .collect();
        let outcomes = select::outcomes(table, &subject);
        let mut winners = HashMap::new();
        for (position, place) in places.iter().enumerate() {
            let Some(place) = place
                .clone()
                .filter(|_| outcomes[position] == Outcome::Wins)
            else {
                continue;
            };
            // Two names of one place: the stronger row has it.
            let best = winners.entry(place).or_insert(position);
            let strength = |position: usize| select::strength(&table.links[position], position);
            if strength(*best) < strength(position) {
                *best = position;
            }
        }
        let mut hiders = HashMap::new();
        let links = table.links.iter().enumerate();
        for (position, row) in links.filter(|(_, row)| row.private) {
            if let Ok(place) = snapshot.place_of(&row.to, tree) {
                hiders.entry(place).or_insert(position);
            }
        }
        Ok(Self {
            table,
            subject,
            engine,
            tree,
            snapshot,
            outcomes,
            places,
            winners,
            hiders,
        })
    }

    /// Walks an absolute name, or an empty one.
    pub fn walk(&self, path: &[u8]) -> (Vec<Step>, Result<File, Refusal>) {
        let mut recorder = Recorder::default();
        let reached = self.reach(path, &mut recorder);
        let reached = reached.map_err(|errno| {
            let refused = recorder
                .steps
                .iter()
                .rev()
                .find(|step| step.errno.is_some());
            let last = refused.or(recorder.steps.last());
            Refusal::new(errno, last.map_or(path, |step| &step.at))
        });
        (recorder.steps, reached)
    }

    fn reach(&self, path: &[u8], recorder: &mut Recorder) -> Result<File, Errno> {
        // The kernel's answer to an empty name; a walk would stand where it starts.
        if path.is_empty() {
            return Err(Errno::NOENT);
        }
        let mut scratch = Scratch::new();
        let (snapshot, tree) = (&self.snapshot, self.tree);
        match watched(
            snapshot,
            tree,
            CWD,
            path,
            Last::Followed,
            &mut scratch,
            recorder,
        )? {
            End::Name { name, .. } => File::of(self.tree, name),
            // A link that is followed is no end.
            End::Link(_) => Err(Errno::LOOP),
        }
    }

    /// Returns the row of the link at a place, if there is one.
    pub fn row_at(&self, dir: &[u8], name: &[u8]) -> Option<usize> {
        self.winners.get(&[dir.into(), name.into()]).copied()
    }

    /// Returns the row that makes the target at a place private, if one names it by a name of its directory.
    pub fn hider_of(&self, dir: &[u8], name: &[u8]) -> Option<usize> {
        self.hiders.get(&[dir.into(), name.into()]).copied()
    }

    /// Returns which row took the place of this one by another name of it, and why.
    pub fn taken_by(&self, position: usize) -> Option<(usize, Edge)> {
        let winner = *self.winners.get(self.places[position].as_ref()?)?;
        (winner != position).then(|| (winner, select::edge(self.table, winner, position)))
    }

    /// Lists the hidden places.
    pub fn hidden(&self) -> impl Iterator<Item = &Place> {
        let places = self.snapshot.places().iter();
        places.filter(|place| place.entry == Entry::Hidden)
    }
}

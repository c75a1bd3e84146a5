//! What somebody sees: the table's rows for them, and walks in it.
use crate::engine::Engine;
use crate::exit::Exit;
use crate::explain::places::At;
use crate::explain::reached::{File, Refusal};
use crate::explain::steps::{Recorder, Step};
use crate::failure::Failure;
use crate::within::Within;
use psl_table::name::AbsPath;
use psl_table::select::{self, Outcome};
use psl_table::snapshot::{Entry, Place, Snapshot};
use psl_table::subject::Subject;
use psl_table::table::Table;
use psl_table::walk::{End, Last, Scratch, watched};
use rustix::fs::CWD;
use rustix::io::Errno;

/// What somebody sees with a table.
#[derive(Debug)]
pub struct View<'t> {
    pub table: &'t Table,
    pub subject: Subject,
    /// What makes somebody see it; none when nothing does.
    pub engine: Option<Engine>,
    /// What becomes of each row, in the order of the table.
    pub outcomes: Vec<Outcome<'t>>,
    tree: &'t Within,
    snapshot: Snapshot,
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
        Ok(Self {
            outcomes: select::outcomes(table, &subject),
            table,
            subject,
            engine,
            tree,
            snapshot,
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

    /// Finds the place that a link called `path` has.
    pub fn place_of(&self, path: &AbsPath) -> Option<At> {
        self.snapshot.place_of(path, self.tree).ok()
    }

    /// Lists the hidden places.
    pub fn hidden(&self) -> impl Iterator<Item = &Place> {
        let places = self.snapshot.places().iter();
        places.filter(|place| place.entry == Entry::Hidden)
    }
}

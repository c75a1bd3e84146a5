//! The whole explanation.
use crate::engine::Engine;
use crate::explain::places::Places;
use crate::explain::reached::{File, Refusal};
use crate::explain::restart::Restart;
use crate::explain::rows::{self, Row};
use crate::explain::steps::{self, Kind, Step};
use crate::explain::view::View;
use serde::{Serialize, Serializer};

/// What is reached by a name, and why.
#[derive(Debug, Serialize)]
pub struct Answer<'t> {
    pub path: String,
    pub member: Option<String>,
    #[serde(flatten)]
    pub process: Option<Process>,
    pub generation: u64,
    /// None when nothing makes the process see its links.
    pub engine: Option<&'static str>,
    /// Every row of the table.
    pub rows: Vec<Row<'t>>,
    pub walk: Vec<ShownStep>,
    /// The names that do not exist for whoever it is.
    pub hidden: Vec<String>,
    #[serde(serialize_with = "either", flatten)]
    pub reached: Result<File, Refusal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart: Option<Restart>,
}

/// Which process.
#[derive(Debug, Serialize)]
pub struct Process {
    pub pid: i32,
    /// The path that its program was executed by.
    pub program: String,
}

/// A step of the walk.
#[derive(Debug, Serialize)]
pub struct ShownStep {
    pub at: String,
    pub kind: Kind,
    /// The text of a link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The line of the row that has the link, or hides the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errno: Option<String>,
}

impl<'t> Answer<'t> {
    /// Walks a name and gathers what has decided the way.
    pub fn of(view: &View<'t>, path: &[u8]) -> Self {
        let (steps, reached) = view.walk(path);
        let places = Places::of(view);
        let lines = rows::lines(view);
        let line_of = |step: &Step| {
            let [dir, name] = step.looked_up()?;
            let row = match step.kind {
                Kind::Link => places.row_at(dir, name),
                Kind::Hidden => places.hider_of(dir, name),
                _ => None,
            };
            Some(lines[row?])
        };
        let walk = steps.iter().map(|step| ShownStep {
            at: lossy(&step.at),
            kind: step.kind,
            to: step.to.as_deref().map(lossy),
            line: line_of(step),
            errno: step.errno.map(|errno| Refusal::new(errno, b"").errno),
        });
        let hidden = view.hidden();
        let hidden = hidden.map(|place| lossy(&steps::joined(&place.dir, &place.name)));
        Self {
            path: lossy(path),
            member: view.subject.member.clone(),
            process: None,
            generation: view.table.generation,
            engine: view.engine.map(Engine::name),
            rows: rows::considered(view, &places, path, &steps),
            walk: walk.collect(),
            hidden: hidden.collect(),
            reached,
            restart: None,
        }
    }
}

/// Writes `reached`, or `error`.
pub fn either<S: Serializer>(
    reached: &Result<File, Refusal>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Either<'a> {
        reached: Option<&'a File>,
        error: Option<&'a Refusal>,
    }
    Either {
        reached: reached.as_ref().ok(),
        error: reached.as_ref().err(),
    }
    .serialize(serializer)
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

//! The rows of the table, won or lost, and why.
use crate::explain::places::{At, Places};
use crate::explain::steps::{Kind, Step};
use crate::explain::view::View;
use crate::shown_link::ShownLink;
use psl_table::criteria::Key;
use psl_table::name::AbsPath;
use psl_table::select::{self, Edge, Outcome};
use psl_table::subject::Subject;
use psl_table::table::LinkRow;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::HashMap;

/// A row that was considered.
#[derive(Debug, Serialize)]
pub struct Row<'t> {
    /// Its line in the table.
    pub line: usize,
    #[serde(flatten)]
    pub shown: ShownLink<'t>,
    #[serde(skip)]
    pub link: &'t LinkRow,
    /// Where the link is, physically; none where its directory cannot be reached.
    pub place: Option<String>,
    /// The walk has looked at the place or has found the target hidden, or the path names the place.
    pub on_the_way: bool,
    pub outcome: Verdict,
    /// What decided: the criterion that does not hold, or what makes the winner stronger.
    pub criterion: Option<String>,
    /// The line of the row that won.
    pub won_by: Option<usize>,
    pub why: String,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Won,
    Lost,
    /// Its criteria do not hold.
    Fails,
}

/// Lists all rows: those at the places that the walk has looked at first, in its order, at each place the strongest first.
pub fn considered<'t>(
    view: &View<'t>,
    places: &Places<'t>,
    path: &[u8],
    steps: &[Step],
) -> Vec<Row<'t>> {
    let mut met = HashMap::new();
    let mut hiding = HashMap::new();
    for (index, step) in steps.iter().enumerate() {
        let Some([dir, name]) = step.looked_up() else {
            continue;
        };
        met.entry([Box::from(dir), Box::from(name)])
            .or_insert(index);
        if step.kind == Kind::Hidden {
            hiding.extend(places.hider_of(dir, name).map(|row| (row, index)));
        }
    }
    let links = &view.table.links;
    let path = std::str::from_utf8(path).ok();
    let path = path.and_then(|path| AbsPath::new(path).ok());
    let met_at = |position: usize| {
        let place = places.of_rows[position].as_ref();
        let met = place.and_then(|place| met.get(place));
        let met = met.or_else(|| hiding.get(&position)).copied();
        // A walk that fails before it comes to the place: the path names it all the same.
        let named = path
            .as_ref()
            .filter(|path| path.is_within(&links[position].from));
        met.or_else(|| named.map(|_| steps.len()))
    };
    let mut order: Vec<usize> = (0..links.len()).collect();
    order.sort_by_cached_key(|&position| {
        (
            met_at(position).unwrap_or(usize::MAX),
            places.of_rows[position].clone(),
            Reverse(select::strength(&links[position], position)),
        )
    });
    let lines = lines(view);
    order
        .into_iter()
        .map(|position| {
            let decided = decided(view, places, position, &lines);
            let link = &links[position];
            Row {
                line: lines[position],
                shown: ShownLink::of(link),
                link,
                place: places.of_rows[position].as_ref().map(shown_place),
                on_the_way: met_at(position).is_some(),
                outcome: decided.outcome,
                criterion: decided.criterion,
                won_by: decided.won_by,
                why: decided.why,
            }
        })
        .collect()
}

/// Returns the line of each row.
pub fn lines(view: &View<'_>) -> Vec<usize> {
    let text = view.table.text().as_bytes();
    let mut spans: Vec<_> = view
        .table
        .links
        .iter()
        .map(|link| link.span.start)
        .enumerate()
        .collect();
    spans.sort_by_key(|&(_, start)| start);
    let mut lines = vec![0; spans.len()];
    let (mut line, mut at) = (1, 0);
    for (position, start) in spans {
        line += text[at..start]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count();
        at = start;
        lines[position] = line;
    }
    lines
}

struct Decided {
    outcome: Verdict,
    criterion: Option<String>,
    won_by: Option<usize>,
    why: String,
}

fn decided(view: &View<'_>, places: &Places<'_>, position: usize, lines: &[usize]) -> Decided {
    let row = &view.table.links[position];
    let lost = |(winner, edge): (usize, Edge)| {
        let keys = |position: usize| view.table.links[position].criteria.keys();
        let (criterion, why) = match edge {
            Edge::Member => ("member", "is the member's own".into()),
            Edge::Keys => (
                "keys",
                format!(
                    "has more criteria: {}, not {}",
                    keys(winner),
                    keys(position)
                ),
            ),
            Edge::Order => ("order", "stands earlier".into()),
        };
        Decided {
            outcome: Verdict::Lost,
            criterion: Some(criterion.into()),
            won_by: Some(lines[winner]),
            why: format!("line {} {why}", lines[winner]),
        }
    };
    match view.outcomes[position] {
        Outcome::Fails(key) => Decided {
            outcome: Verdict::Fails,
            criterion: Some(key.to_string()),
            won_by: None,
            why: unmet(row, key, &view.subject),
        },
        Outcome::Loses(winner, edge) => lost((winner, edge)),
        Outcome::Wins => match places.taken_by(position) {
            Some(taken) => lost(taken),
            None => Decided {
                outcome: Verdict::Won,
                criterion: None,
                won_by: None,
                why: format!("holds for {}", row.criteria),
            },
        },
    }
}

/// Says what a criterion wants and what it finds.
fn unmet(row: &LinkRow, key: Key<'_>, subject: &Subject) -> String {
    let pairs = row.criteria.pairs();
    let wanted = pairs.iter().find(|(given, _)| *given == key);
    let wanted = wanted.map_or("", |(_, wanted)| wanted);
    let lossy = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
    let found = match key {
        Key::Member => subject.member.clone(),
        Key::Group => Some(subject.groups.join(" ")).filter(|groups| !groups.is_empty()),
        Key::App => subject.app.clone(),
        Key::Version => subject.version.clone(),
        Key::Host => Some(subject.host.clone()),
        Key::User => Some(
            subject
                .user
                .clone()
                .unwrap_or_else(|| subject.uid.to_string()),
        ),
        Key::Exe => subject.exe.as_ref().map(lossy),
        Key::Env(name) => {
            let set = subject.env.iter().find(|(set, _)| set == name.as_bytes());
            set.map(|(_, value)| lossy(value))
        }
    };
    match found {
        Some(found) => format!("{key} is {found:?}, not {wanted:?}"),
        None => format!("there is no {key}, expected {wanted:?}"),
    }
}

fn shown_place([dir, name]: &At) -> String {
    String::from_utf8_lossy(&crate::explain::steps::joined(dir, name)).into_owned()
}

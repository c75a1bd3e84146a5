//! Whether the answers to a call of a sequence are what they should be.

use std::sync::LazyLock;

use psl_tests::fixture::{HIDDEN, PLACES};
use psl_tests::script::{Argument, Call};

use crate::cases::{self, Row};

/// What two answers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They are the same, or differ on purpose and both trees are still alike.
    Same,
    /// A symlink can be changed by a call, a link by the table only: what comes next says nothing.
    Diverges,
    /// They should not differ.
    Wrong,
}

/// All rows: where a symbol differs on purpose.
static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| [cases::rows(), cases::changes()].concat());

/// Compares a call's answers.
pub fn verdict(call: &Call, real: &str, private: &str) -> Verdict {
    let [result, seen, changes, allocated] = fields(real);
    let [own_result, own_seen, own_changes, own_allocated] = fields(private);
    if result == "no such symbol" && own_changes.is_empty() {
        return Verdict::Same;
    }
    // A symlink was changed or moved along with its directory, or something hidden was made or moved along.
    let diverges = PLACES.iter().any(|it| has_change(changes, it.at, ""))
        || HIDDEN.iter().any(|it| {
            has_change(changes, it.at, "") || has_change(own_changes, it.at, " -> nothing")
        })
        || makes_second_symlink(call, changes);
    let number = |count: &str| count.parse::<u64>().expect("a number");
    let is_same =
        (result, seen) == (own_result, own_seen) && number(own_allocated) <= number(allocated);
    let nothing_else = own_changes.is_empty();
    let is_known = nothing_else
        && (differs(call, result, own_result) || is_refused(call, result, own_result, changes));
    match (is_same, is_known, diverges) {
        (true, _, false) if changes == own_changes => Verdict::Same,
        (true, _, true) | (_, true, true) => Verdict::Diverges,
        (_, true, false) if changes.is_empty() => Verdict::Same,
        (_, true, false) => Verdict::Diverges,
        _ => Verdict::Wrong,
    }
}

/// Whether a hard link was made of a symlink: one of a private link is another symlink with the same text.
fn makes_second_symlink(call: &Call, changes: &str) -> bool {
    let is_made = changes.contains(": nothing -> symlink to ");
    is_made && !changes.contains(" -> nothing") && !call.symbol.starts_with("symlink")
}

/// Whether the entry at a path has changed, to this.
fn has_change(changes: &str, at: &str, to: &str) -> bool {
    let mut changes = changes.split(", ");
    changes.any(|it| {
        let change = it.strip_prefix(at);
        change.is_some_and(|it| it.starts_with(": ") && it.ends_with(to))
    })
}

fn fields(line: &str) -> [&str; 4] {
    let fields: Vec<_> = line.split(" | ").collect();
    fields
        .try_into()
        .unwrap_or_else(|_| panic!("four fields are not in {line:?}"))
}

/// Whether a row says that they differ like this.
///
/// A link is busy whatever else is wrong; the rows of single calls say what the kernel finds first.
fn differs(call: &Call, real: &str, private: &str) -> bool {
    let of_symbol = ROWS
        .iter()
        .filter(|row| row.symbols.contains(&&*call.symbol));
    let mut differences = of_symbol.flat_map(|row| &row.differs);
    let (busy, places) = ("-1 EBUSY", || PLACES.iter().map(|it| it.at));
    differences.any(|it| {
        it.private == private && (it.real == real || private == busy && names_one(call, places()))
    })
}

/// Whether something was to be made by a name that is hidden: that it is not there comes before all else.
fn is_refused(call: &Call, real: &str, private: &str, changes: &str) -> bool {
    let hidden = || HIDDEN.iter().map(|it| it.at);
    let is_made = hidden().any(|at| has_change(changes, at, ""))
        || real.starts_with("-1 ") && names_one(call, hidden());
    call.changes && is_made && ["-1 ENOENT", "null ENOENT"].contains(&private)
}

/// Whether a name of the call ends as one of these does.
fn names_one<'a>(call: &Call, mut paths: impl Iterator<Item = &'a str>) -> bool {
    let last = |path: &str| {
        let name = path.trim_end_matches('/').rsplit('/').next();
        name.map(String::from)
    };
    let texts = call.arguments.iter().filter_map(|it| match it {
        Argument::Text(text) => last(text),
        _ => None,
    });
    let texts: Vec<_> = texts.collect();
    paths.any(|path| last(path).is_some_and(|name| texts.contains(&name)))
}

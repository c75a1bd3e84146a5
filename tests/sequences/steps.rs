//! Random calls: those that change something more often than all that there are.

use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::select;
use psl_tests::script::{Argument, Call};

use super::names;
use crate::cases::{self, Given, Row};

/// The numbers by which directories stay open.
const KEPT: [i32; 2] = [100, 101];

/// A row with the names that it is given.
#[derive(Clone, Debug)]
pub struct Step {
    row: Row,
    names: [String; 2],
    dir: i32,
}

impl Step {
    /// Returns it as a probe is told it.
    pub fn call(&self, root: &Path) -> Call {
        let mut names = self.names.iter().cycle();
        let mut spell = || {
            let name = names.next().expect("there is always another");
            name.replace("{}", &root.display().to_string())
        };
        Call {
            symbol: self.row.symbols[0].into(),
            start: String::new(),
            shows: self.row.shows.into(),
            changes: self.row.changes,
            arguments: self
                .row
                .spelt(root, &Argument::Number(self.dir.into()), &mut spell),
        }
    }
}

/// The rows that change what the next calls find.
static CHANGES: LazyLock<Vec<Row>> = LazyLock::new(cases::changes);

/// All rows that a sequence can have.
static ALL: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let mut rows = cases::rows();
    rows.retain(is_fit);
    rows
});

/// Whether a row has a name, and is the same in all trees: its arguments are right, and it harms no later call.
fn is_fit(row: &Row) -> bool {
    let walks = row.shows.starts_with("walk") || row.shows.starts_with("hierarchy");
    let waits = |it: &Given| match it {
        // Whoever opens a FIFO waits for somebody else.
        Given::Int(mode) => *mode as u32 & libc::S_IFMT == libc::S_IFIFO,
        // These names have no room where the tree is.
        Given::Address => true,
        _ => false,
    };
    row.has_name()
        && !row.is_wrong
        && (walks || !row.spares_root)
        && !row.symbols[0].contains("fifo")
        && !row.arguments.iter().any(waits)
}

/// Returns any call.
pub fn any() -> impl Strategy<Value = Step> {
    let row = prop_oneof![3 => select(&CHANGES[..]), 2 => select(&ALL[..])];
    let dir = prop_oneof![4 => Just(libc::AT_FDCWD), 1 => select(&KEPT[..])];
    (row, names::any(), names::any(), dir).prop_map(|(row, first, second, dir)| Step {
        row,
        names: [first, second],
        dir,
    })
}

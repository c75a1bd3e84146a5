//! What `docs/hooks.md` says about symbols that are not hooked.

use std::collections::BTreeSet;
use std::path::Path;

use glob::Pattern;

/// A symbol, or a pattern of symbols, in the first column of a table.
#[derive(Clone, Debug)]
pub struct Named {
    /// As it is written.
    pub pattern: Pattern,
    /// The line of the page.
    pub line: usize,
    /// Whether only some libcs have it.
    pub is_rare: bool,
}

/// The heading above what not every version of libc, or not on every machine, has.
const RARE: &str = "### Not in every libc";

/// Reads the page.
pub fn read() -> Vec<Named> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/hooks.md");
    parse(&std::fs::read_to_string(page).expect("the page is there"))
}

/// The head of the tables that are read; others tell of symbols that are hooked.
const HEAD: &str = "| symbols | why |";

/// Returns all names in backticks in the first columns of tables of reasons.
pub fn parse(page: &str) -> Vec<Named> {
    let mut all = Vec::new();
    let mut is_rare = false;
    let mut is_in_table = false;
    for (line, text) in (1..).zip(page.lines()) {
        if text.starts_with('#') {
            is_rare = text == RARE;
        }
        if text == HEAD {
            is_in_table = true;
        }
        let Some(cell) = text.strip_prefix('|').and_then(|it| it.split('|').next()) else {
            is_in_table = false;
            continue;
        };
        if is_in_table {
            all.extend(cell.split('`').skip(1).step_by(2).map(|pattern| Named {
                pattern:
                    Pattern::new(pattern).expect("what is in backticks is a name or a pattern"),
                line,
                is_rare,
            }));
        }
    }
    all
}

impl Named {
    /// Returns the symbols that this names.
    pub fn among<'a>(&self, symbols: &'a BTreeSet<String>) -> Vec<&'a str> {
        let symbols = symbols.iter().map(String::as_str);
        symbols.filter(|it| self.pattern.matches(it)).collect()
    }
}

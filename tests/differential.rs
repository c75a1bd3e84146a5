//! One list of calls, made twice: on symlinks without the preload library, on private links under it.
//!
//! The kernel is the oracle: result, errno, what is seen and what has changed are equal, but where a row says not.

mod cases;
mod sequences;

use std::collections::BTreeSet;
use std::path::Path;

use cases::{Differs, Given, Names, Row, Spelling};
use libc::AT_FDCWD;
use object::{Object as _, ObjectSymbol as _};
use psl_tests::fixture::{HIDDEN, Occupant, Theirs};
use psl_tests::run::{Bench, Library};
use psl_tests::script::{Argument, Call};
use psl_tests::shim;

/// A call and where it comes from.
struct Case {
    number: usize,
    row: Row,
    names: Names,
    call: Call,
}

impl Case {
    fn has_many_links(&self) -> bool {
        let is_hop = |it: &Argument| matches!(it, Argument::Text(text) if text.contains("/hops/"));
        self.call.arguments.iter().any(is_hop)
    }

    fn on_purpose(&self) -> Option<&Differs> {
        self.row.differs.iter().find(|it| it.on == self.names)
    }
}

pub(crate) fn probe() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_probe"))
}

/// Every row with every spelling: relative ones from their directory and, where there is one, by its descriptor.
fn cases(root: &Path, rows: Vec<Row>, spellings: &[Spelling]) -> Vec<Case> {
    let mut cases = Vec::new();
    for row in rows {
        for (twin, symbol) in row.symbols.iter().enumerate() {
            // Twins are the same line of the table: that they are on it, a few names tell.
            let step = if twin > 0 || row.is_twin { 7 } else { 1 };
            let count = if row.has_name() { spellings.len() } else { 1 };
            for spelling in spellings[..count].iter().skip(twin % step).step_by(step) {
                if is_of_host(&row, spelling) {
                    continue;
                }
                let own = root.join(spelling.start).display().to_string();
                let has_template = row
                    .arguments
                    .iter()
                    .any(|it| matches!(it, Given::Template(_)));
                let here = Argument::Number(i64::from(AT_FDCWD));
                let has_dir = row.arguments.iter().any(|it| matches!(it, Given::Dir));
                let mut starts = vec![(own.clone(), here)];
                if has_dir && !spelling.text.starts_with("/proc/") {
                    starts.push(("/".into(), Argument::Open(own)));
                }
                for (start, dir) in starts {
                    let spelt = spelling.text.replace("{}", &root.display().to_string());
                    cases.push(Case {
                        number: cases.len(),
                        row: row.clone(),
                        names: if has_template {
                            Names::Other
                        } else {
                            spelling.names
                        },
                        call: Call {
                            symbol: (*symbol).into(),
                            start,
                            shows: row.shows.into(),
                            changes: row.changes,
                            arguments: row.spelt(root, &dir, || spelt.clone()),
                        },
                    });
                }
            }
        }
    }
    cases
}

/// Whether the call would change something outside of the tree.
fn is_of_host(row: &Row, spelling: &Spelling) -> bool {
    let is_below_root = |it: &Given| matches!(it, Given::Template(text) if text.starts_with('/'));
    let changes = row.changes || row.spares_root || row.arguments.iter().any(is_below_root);
    match spelling.text.as_str() {
        "/" => changes,
        "" => row.arguments.iter().any(is_below_root),
        _ => false,
    }
}

/// Whether two lines of a probe say the same, or what they are expected to.
fn is_right(case: &Case, real: &str, private: &str) -> bool {
    let fields = |line: &str| -> [String; 4] {
        let fields: Vec<_> = line.split(" | ").map(String::from).collect();
        fields.try_into().expect("a line has four fields")
    };
    let [real, real_seen, real_changes, real_allocations] = fields(real);
    let [private, private_seen, private_changes, private_allocations] = fields(private);
    let number = |count: String| count.parse::<u64>().expect("a number");
    // A failure may come before libc has allocated anything.
    if number(private_allocations) > number(real_allocations) {
        return false;
    }
    if let Some(it) = case.on_purpose() {
        let nothing_else = private_seen.is_empty() && private_changes.is_empty();
        return real == it.real && private == it.private && nothing_else;
    }
    if real == "no such symbol" {
        // Our export of what this libc lacks says so.
        let code = format!("{} ", libc::ENOSYS);
        return private == "-1 ENOSYS" || private == code;
    }
    if case.row.is_wrong && ["-1 EINVAL", "-1 EBADF", "-1 ENOENT"].contains(&&*real) {
        return private.starts_with("-1 ") && private_changes.is_empty();
    }
    /// What posix_spawn(3) returns.
    const CODE: &str = "2 ";
    let is_refused =
        ["-1 ENOENT", "null ENOENT", CODE].contains(&&*private) && private_changes.is_empty();
    if makes_hidden(&real_changes) {
        return is_refused;
    }
    let would_make = case.names == Names::HiddenAndSlash && case.row.changes;
    let changes = case.names == Names::Holder || real_changes == private_changes;
    (real, real_seen) == (private, private_seen) && changes || would_make && is_refused
}

/// Whether something was made where nothing can be made that is hidden.
fn makes_hidden(changes: &str) -> bool {
    let made = |it: &Theirs| changes.contains(&format!("{}: nothing -> ", it.at));
    HIDDEN.iter().any(made)
}

/// A case whose answers differ and should not, and both of them.
type Wrong<'a> = (&'a Case, String, String);

/// Plays cases in both trees.
fn differences<'a>(
    bench: &Bench,
    cases: &[&'a Case],
    occupant: Occupant,
    user: Option<u32>,
) -> Vec<Wrong<'a>> {
    let script: Vec<_> = cases.iter().map(|case| case.call.clone()).collect();
    let real = bench.play(Occupant::Itself, user, &script);
    let private = bench.play(occupant, user, &script);
    assert_eq!(real.last(), private.last(), "what has changed in the end");
    let answers = real.into_iter().zip(private);
    let mut wrong = Vec::new();
    for (case, (real, private)) in cases.iter().zip(answers) {
        if !is_right(case, &real, &private) {
            wrong.push((*case, real, private));
        }
    }
    wrong
}

/// Plays cases and fails with those that differ and should not.
fn assert_same(bench: &Bench, cases: &[Case], occupant: Occupant, user: Option<u32>) {
    assert!(
        cases.len() > 500,
        "there are too few cases to mean anything"
    );
    let mut wrong = differences(bench, &cases.iter().collect::<Vec<_>>(), occupant, user);
    // A lookup that a mount somewhere on the host gets in the way of is begun anew by the kernel, which goes on
    // counting links: it says ELOOP to fewer than forty, but not always.
    for _ in 0..20 {
        if wrong.is_empty() || !wrong.iter().all(|(case, ..)| case.has_many_links()) {
            break;
        }
        let again: Vec<_> = wrong.iter().map(|(case, ..)| *case).collect();
        wrong = differences(bench, &again, occupant, user);
    }
    let told: Vec<_> = wrong
        .iter()
        .map(|(case, real, private)| {
            let wanted = case.on_purpose().map_or(String::new(), |it| {
                format!("\n  expected {} and {}", it.real, it.private)
            });
            let call = &case.call;
            format!("{call}{wanted}\n  real     {real}\n  private  {private}")
        })
        .collect();
    assert!(
        told.is_empty(),
        "{} calls differ from the kernel's answer:\n{}",
        told.len(),
        told.join("\n")
    );
}

fn assert_alike(occupant: Occupant, user: Option<u32>, wanted: impl Fn(&Case) -> bool) {
    let bench = Bench::new(probe());
    let mut cases = cases(&bench.root(), cases::rows(), &cases::spellings());
    cases.retain(wanted);
    assert_same(&bench, &cases, occupant, user);
}

fn assert_programs_alike(occupant: Occupant) {
    let bench = Bench::with_programs(probe());
    let (rows, spellings) = cases::programs();
    let cases = cases(&bench.root(), rows, &spellings);
    assert_same(&bench, &cases, occupant, None);
}

#[test]
fn programs_get_what_their_parents_open_for_them() {
    let bench = Bench::with_programs(probe());
    let mut cases = cases(&bench.root(), cases::actions(), &cases::spellings());
    // Where a link comes behind it, `/proc/self` is the parent's.
    let is_own =
        |it: &Argument| matches!(it, Argument::Actions(words) if words.contains(" /proc/"));
    cases.retain(|case| !case.call.arguments.iter().any(is_own));
    assert_same(&bench, &cases, Occupant::Directory, None);
}

#[test]
fn programs_are_alike_where_nothing_lies_at_the_links() {
    assert_programs_alike(Occupant::Nothing);
}

#[test]
fn programs_are_alike_where_directories_lie_at_the_links() {
    assert_programs_alike(Occupant::Directory);
}

// What lies at a link is never asked for: where it is a directory, every case is played, elsewhere each in turn.

#[test]
fn calls_are_alike_where_nothing_lies_at_the_links() {
    assert_alike(Occupant::Nothing, None, |case| case.number % 3 == 0);
}

#[test]
fn calls_are_alike_where_directories_lie_at_the_links() {
    assert_alike(Occupant::Directory, None, |_| true);
}

#[test]
fn calls_are_alike_where_files_lie_at_the_links() {
    assert_alike(Occupant::File, None, |case| case.number % 3 == 1);
}

#[test]
fn calls_are_alike_where_other_symlinks_lie_at_the_links() {
    assert_alike(Occupant::Symlink, None, |case| case.number % 3 == 2);
}

#[test]
fn calls_are_alike_for_somebody_who_may_not_read_everything() {
    const NOBODY: u32 = 65534;
    let may_become = rustix::process::geteuid().is_root();
    // Whoever is not root may not read everything as it is.
    let user = may_become.then_some(NOBODY);
    // The kernel lets only root near a mount, and says so before it looks at a name.
    let wanted = |case: &Case| !case.row.changes && !case.row.spares_root;
    assert_alike(Occupant::Directory, user, wanted);
}

#[test]
fn without_psl_variables_the_library_changes_nothing() {
    let bench = Bench::new(probe());
    let script: Vec<_> = cases(&bench.root(), cases::rows(), &cases::spellings())
        .into_iter()
        .filter(|case| case.number % 7 == 0 && !case.has_many_links())
        .map(|case| case.call)
        .collect();
    let alone = bench.play(Occupant::Itself, None, &script);
    bench.build(Occupant::Itself);
    let inert = bench.play_as_it_is(Library::Inert, Occupant::Itself, None, &script);
    for (call, (alone, inert)) in script.iter().zip(alone.iter().zip(&inert)) {
        // Our export of what this libc lacks says so.
        if !alone.starts_with("no such symbol") {
            assert_eq!(alone, inert, "{call}");
        }
    }
}

#[test]
fn every_hooked_symbol_has_a_row_and_is_exported() {
    let rows = [cases::rows(), cases::programs().0].concat();
    let in_rows: BTreeSet<String> = rows
        .iter()
        .flat_map(|row| row.symbols.iter().chain(row.also))
        .map(|symbol| (*symbol).to_owned())
        .collect();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shim/src");
    let in_table = table_of_hooks(&source);
    assert_same_names("tests/cases.rs", &in_rows, &in_table);

    let library = std::fs::read(shim::library()).expect("the library can be read");
    let library = object::File::parse(&*library).expect("the library is an object");
    let exported: BTreeSet<String> = library
        .dynamic_symbols()
        .filter(|symbol| symbol.is_definition())
        .map(|symbol| symbol.name().expect("a symbol has a name").to_owned())
        .filter(|name| !OWN_EXPORTS.contains(&name.as_str()))
        .collect();
    assert_same_names("libpsl_shim.so", &exported, &in_table);
}

fn assert_same_names(place: &str, names: &BTreeSet<String>, in_table: &BTreeSet<String>) {
    let [missing, more] = [(in_table, names), (names, in_table)]
        .map(|(all, but)| all.difference(but).cloned().collect::<Vec<_>>());
    assert!(
        missing.is_empty() && more.is_empty(),
        "{place} lacks {missing:?} of shim/src/hooks.rs, and has {more:?} that are not there"
    );
}

/// What the library exports that is no symbol of libc's.
const OWN_EXPORTS: &[&str] = &[
    "psl_shim_generation",
    // What the loader asks: rtld-audit(7).
    "la_version",
    "la_objopen",
    "la_objclose",
    "la_objsearch",
];

/// Reads the names of all rows `fn NAME | TWIN (...)`, of those `NAME => ...` with any number of arguments, and of
/// the functions of `dl` and `raw`, which are exported one by one.
fn table_of_hooks(source: &Path) -> BTreeSet<String> {
    let read = |path: &str| {
        let text = std::fs::read_to_string(source.join(path));
        text.unwrap_or_else(|error| panic!("shim/src/{path}: {error}"))
    };
    let (hooks, execl) = (read("hooks.rs"), read("hooks/execl.rs"));
    let others = [read("hooks/dl.rs"), read("hooks/raw.rs")].concat();
    let rows = hooks.split("hooks! {").nth(1).expect("the table is there");
    let named = rows
        .lines()
        .filter_map(|line| line.trim().strip_prefix("fn ")?.split('(').next())
        .flat_map(|names| names.split('|'));
    let stubs = execl
        .split("variadic! {")
        .nth(1)
        .expect("the stubs are there");
    let stubs = stubs
        .lines()
        .filter_map(|line| Some(line.split_once(" => ")?.0));
    let alone = others
        .lines()
        .filter_map(|line| {
            line.strip_prefix("unsafe extern \"C\" fn ")?
                .split_once("() -> ")
        })
        .map(|(name, _)| name);
    named
        .chain(stubs)
        .chain(alone)
        .map(|name| name.trim().to_owned())
        .collect()
}

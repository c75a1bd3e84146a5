//! One list of calls, made twice: on symlinks without the preload library, on private links under it.
//!
//! The kernel is the oracle: result, errno, what is seen and what has changed are equal, but where a row says not.

mod cases;

use std::collections::BTreeSet;
use std::path::Path;

use cases::{Differs, Given, Names, Row, Spelling};
use libc::AT_FDCWD;
use psl_tests::fixture::Occupant;
use psl_tests::run::Bench;
use psl_tests::script::{Argument, Call};
use psl_tests::shim;

/// A call and where it comes from.
struct Case {
    row: Row,
    names: Names,
    call: Call,
}

impl Case {
    fn on_purpose(&self) -> Option<&Differs> {
        self.row.differs.iter().find(|it| it.on == self.names)
    }
}

fn probe() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_probe"))
}

/// Every row with every spelling: relative ones from their directory and, where there is one, by its descriptor.
fn cases(root: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    let spellings = cases::spellings();
    for row in cases::rows() {
        for (twin, symbol) in row.symbols.iter().enumerate() {
            // Looking at what has changed takes longer than the call; twins are the same lines of code.
            let step = if row.changes && twin > 0 { 5 } else { 1 };
            let is_spelt = |it: &Given| matches!(it, Given::Path | Given::Dir);
            let count = if row.arguments.iter().any(is_spelt) {
                spellings.len()
            } else {
                1
            };
            for spelling in spellings[..count].iter().skip(twin % step).step_by(step) {
                let own = root.join(spelling.start).display().to_string();
                let here = Argument::Number(i64::from(AT_FDCWD));
                let has_dir = row.arguments.iter().any(|it| matches!(it, Given::Dir));
                let mut starts = vec![(own.clone(), here)];
                if has_dir && !spelling.text.starts_with("/proc/") {
                    starts.push(("/".into(), Argument::Open(own)));
                }
                for (start, dir) in starts {
                    let arguments = arguments(&row, spelling, root, &dir);
                    cases.push(Case {
                        row: row.clone(),
                        names: spelling.names,
                        call: Call {
                            symbol: (*symbol).into(),
                            start,
                            shows: row.shows.into(),
                            changes: row.changes,
                            arguments,
                        },
                    });
                }
            }
        }
    }
    cases
}

fn arguments(row: &Row, spelling: &Spelling, root: &Path, dir: &Argument) -> Vec<Argument> {
    let root = root.display().to_string();
    let own = |given: &Given| match given {
        Given::Path => Argument::Text(spelling.text.replace("{}", &root)),
        Given::Dir => dir.clone(),
        Given::Fixed(path) => Argument::Text(format!("{root}/{path}")),
        Given::Text(text) => Argument::Text((*text).into()),
        Given::Int(number) => Argument::Number(*number),
        Given::Room(size) => Argument::Buffer(*size),
        Given::Numbers(numbers) => Argument::Numbers(numbers.to_vec()),
        Given::Stream => Argument::Stream,
        Given::Taken(path) => Argument::Taken(format!("{root}/{path}")),
        Given::Function(name) => Argument::Function((*name).into()),
    };
    row.arguments.iter().map(own).collect()
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
        return private == "-1 ENOSYS";
    }
    if case.row.is_wrong && real == "-1 EINVAL" {
        return private.starts_with("-1 ") && private_changes.is_empty();
    }
    let changes = case.names == Names::Holder || real_changes == private_changes;
    (real, real_seen) == (private, private_seen) && changes
}

/// Plays all cases and returns what differs and should not.
fn differences(
    occupant: Occupant,
    user: Option<u32>,
    wanted: impl Fn(&Case) -> bool,
) -> Vec<String> {
    let bench = Bench::new(probe());
    let cases: Vec<_> = cases(&bench.root()).into_iter().filter(wanted).collect();
    assert!(
        cases.len() > 1000,
        "there are too few cases to mean anything"
    );
    let script: Vec<_> = cases.iter().map(|case| case.call.clone()).collect();
    let real = bench.play(Occupant::Itself, user, &script);
    let private = bench.play(occupant, user, &script);

    let mut wrong = Vec::new();
    for (case, (real, private)) in cases.iter().zip(real.iter().zip(&private)) {
        if !is_right(case, real, private) {
            let wanted = case.on_purpose().map_or(String::new(), |it| {
                format!("\n  expected {} and {}", it.real, it.private)
            });
            wrong.push(format!(
                "{}{wanted}\n  real     {real}\n  private  {private}",
                case.call
            ));
        }
    }
    assert_eq!(real.last(), private.last(), "what has changed in the end");
    wrong
}

fn assert_alike(occupant: Occupant, user: Option<u32>, wanted: impl Fn(&Case) -> bool) {
    let wrong = differences(occupant, user, wanted);
    assert!(
        wrong.is_empty(),
        "{} calls differ from the kernel's answer:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn calls_are_alike_where_nothing_lies_at_the_links() {
    assert_alike(Occupant::Nothing, None, |_| true);
}

#[test]
fn calls_are_alike_where_directories_lie_at_the_links() {
    assert_alike(Occupant::Directory, None, |_| true);
}

#[test]
fn calls_are_alike_where_files_lie_at_the_links() {
    assert_alike(Occupant::File, None, |_| true);
}

#[test]
fn calls_are_alike_where_other_symlinks_lie_at_the_links() {
    assert_alike(Occupant::Symlink, None, |_| true);
}

#[test]
fn calls_are_alike_for_somebody_who_may_not_read_everything() {
    const NOBODY: u32 = 65534;
    let may_become = rustix::process::geteuid().is_root();
    // Whoever is not root may not read everything as it is.
    let user = may_become.then_some(NOBODY);
    assert_alike(Occupant::Directory, user, |case| !case.row.changes);
}

#[test]
fn without_psl_variables_the_library_changes_nothing() {
    let bench = Bench::new(probe());
    let _ = bench;
    let _ = shim::library();
    let _: BTreeSet<u8> = BTreeSet::new();
}

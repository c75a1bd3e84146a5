//! How many instructions the preload library takes for a call: a guard that no clock and no load disturbs.
//!
//! Counted is what runs in the library itself, not in libc or the loader, so that one record is good for many machines;
//! another compiler may want another one. The figures of the profile in question are compared with `recorded.txt`.

use std::path::Path;

mod bench;
mod callgrind;
mod record;

use bench::{Bench, Call, Ran};
use record::Record;

/// How far a call's figure may be from the recorded one, in percent; fewer instructions are to be recorded, too.
const OF_CALLS: u64 = 5;

/// The same of a whole process's, which looks at the path of the library: that is another one in each clone.
const OF_PROCESSES: u64 = 30;

/// What is counted for each call.
const CALLS: &[(&str, Call)] = &[
    ("stat", Call::still("stat {tree}/dir/file")),
    ("lstat", Call::still("lstat {tree}/dir/file")),
    ("access", Call::still("access {tree}/dir/file")),
    ("open and close", Call::still("open {tree}/dir/file")),
    ("stat, relative", Call::still("stat dir/file")),
    ("lstat, relative", Call::still("lstat dir/file")),
    ("access, relative", Call::still("access dir/file")),
    ("open and close, relative", Call::still("open dir/file")),
    ("stat through a link", Call::still("stat {tree}/link/file")),
    (
        "open and close through a link",
        Call::still("open {tree}/link/file"),
    ),
    (
        "lstat, new name in a known directory",
        Call::still("missing {tree}/dir"),
    ),
    ("stat, name not known", Call::moving("stat {tree}/dir/file")),
    (
        "stat through a link, name not known",
        Call::moving("stat {tree}/link/file"),
    ),
    ("spawn of /bin/true", Call::still("run /bin/true")),
];

/// What is counted for a whole process.
const PROCESSES: &[(&str, Ran)] = &[
    ("/bin/true, inert", Ran::Inert),
    ("/bin/true, inside an instance", Ran::Inside),
    ("/bin/true, an instance's first process", Ran::First),
];

#[test]
fn a_call_takes_as_many_instructions_as_are_recorded() {
    let bench = Bench::new();
    let mut counted = Vec::new();
    for (what, call) in CALLS {
        counted.push((*what, bench.per_call(call), OF_CALLS));
    }
    for (what, ran) in PROCESSES {
        counted.push((*what, bench.process(*ran), OF_PROCESSES));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("instructions/recorded.txt");
    let profile = if cfg!(debug_assertions) {
        "dev"
    } else {
        "release"
    };
    let mut record = Record::read(&path);
    if std::env::var_os("PSL_RECORD").is_some() {
        for (what, count, _) in &counted {
            record.set(what, profile, *count);
        }
        record.write(&path);
        return;
    }
    let mut wrong = Vec::new();
    for (what, count, tolerance) in &counted {
        let Some(recorded) = record.get(what, profile) else {
            wrong.push(format!("{what}: {count} instructions, none are recorded"));
            continue;
        };
        if count.abs_diff(recorded) * 100 > recorded * tolerance {
            wrong.push(format!(
                "{what}: {count} instructions, recorded are {recorded}, and {tolerance} % are allowed"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "in the {profile} profile:\n{}\n\
         where that is meant: PSL_RECORD=1 cargo test {}-p psl-tests --test instructions",
        wrong.join("\n"),
        if profile == "release" {
            "--release "
        } else {
            ""
        },
    );
}

#[test]
fn what_is_known_is_not_asked_again() {
    let bench = Bench::new();
    for call in ["stat {tree}/dir/file", "stat {tree}/link/file"] {
        let (known, unknown) = (Call::still(call), Call::moving(call));
        let (known, unknown) = (bench.per_call(&known), bench.per_call(&unknown));
        assert!(2 * known < unknown, "{call}: {known}, {unknown}");
    }
}

#[test]
fn a_process_asks_about_each_name_once_before_it_begins() {
    let mut asked = Bench::new().asked();
    assert!(asked.iter().any(|name| name.starts_with("/usr/")));
    let count = asked.len();
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), count, "{asked:?}");
}

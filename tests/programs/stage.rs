//! Scripts that are run three times: on a symlink without the preload library, and on a private link with it, where
//! nothing lies and where the shared version lies.

use std::fs;
use std::os::unix::fs::symlink;

use psl_tests::host::Host;
use psl_tests::instance::Instance;
use psl_tests::inventory::{self, Inventory};
use psl_tests::packages;

const MEMBER: &str = "erp1";

/// The link, and what it leads to, below the root of the tree.
const PLACE: &str = "binaries/version";
const TARGET: &str = "binaries/version2";

/// A script whose working directory is the tree's root; `{root}` in it is that root.
pub struct Row {
    script: &'static str,
    /// What it says of a private link and how it ends, where that is not so on a symlink.
    differs: Option<&'static str>,
    /// Whether the tree becomes what it becomes with a symlink; else it stays as it was.
    changes: bool,
}

/// A script that cannot tell a private link from a symlink.
pub const fn same(script: &'static str) -> Row {
    Row {
        script,
        differs: None,
        changes: true,
    }
}

/// A script that would change the link itself: it is told so, and nothing changes, for a link changes by its table only.
pub const fn refused(script: &'static str, says: &'static str) -> Row {
    Row {
        script,
        differs: Some(says),
        changes: false,
    }
}

/// A script that fails to change the link itself in another way than it fails on a symlink.
pub const fn fails_otherwise(script: &'static str, says: &'static str) -> Row {
    Row {
        script,
        differs: Some(says),
        changes: true,
    }
}

/// What really lies at the link's place.
#[derive(Clone, Copy, Debug)]
enum Occupant {
    Symlink,
    Nothing,
    SharedVersion,
}

/// What a script did, beside what it did to the link's place.
struct Played {
    /// All that it said, and how it ended.
    outcome: String,
    before: Inventory,
    after: Inventory,
    /// What has changed at and below the place.
    at_place: Vec<(String, String)>,
}

/// A program and the option that gives it a script.
pub type Interpreter = [&'static str; 2];

/// Has an interpreter run each script, which may need these programs, and compares.
#[track_caller]
pub fn assert_same(interpreter: Interpreter, programs: &[&str], rows: &[Row]) {
    for program in programs.iter().chain(&interpreter[..1]) {
        packages::file(program);
    }
    let host = Host::new(&[MEMBER]);
    build(&host, Occupant::Nothing);
    host.link(MEMBER, &format!("root/{PLACE}"), &format!("root/{TARGET}"));
    let flaws: Vec<_> = rows
        .iter()
        .flat_map(|row| flaws(&host, interpreter, row))
        .collect();
    assert!(flaws.is_empty(), "{}", flaws.join("\n\n"));
}

fn flaws(host: &Host, interpreter: Interpreter, row: &Row) -> Vec<String> {
    let real = play(host, interpreter, row, Occupant::Symlink);
    let mut flaws = Vec::new();
    let differs = row.differs.map(|says| in_root(host, says));
    if differs.as_ref() == Some(&real.outcome) {
        flaws.push(format!(
            "{}\n  a symlink is treated alike: {}",
            row.script, real.outcome
        ));
    }
    if differs.is_none() && !real.outcome.ends_with("exit status: 0") {
        flaws.push(format!(
            "{}\n  fails on a symlink: {}",
            row.script, real.outcome
        ));
    }
    let expected = differs.as_ref().unwrap_or(&real.outcome);
    for occupant in [Occupant::Nothing, Occupant::SharedVersion] {
        let private = play(host, interpreter, row, occupant);
        let tree = if row.changes {
            &real.after
        } else {
            &private.before
        };
        let mut changes = inventory::difference(tree, &private.after);
        changes.extend(private.at_place);
        if private.outcome != *expected || !changes.is_empty() {
            flaws.push(format!(
                "{}\n  {occupant:?} at the place\n  expected {expected}\n  found {}\n  changed {changes:#?}",
                row.script, private.outcome
            ));
        }
    }
    flaws
}

fn play(host: &Host, [program, option]: Interpreter, row: &Row, occupant: Occupant) -> Played {
    build(host, occupant);
    let root = host.path("root");
    let mut command = match occupant {
        Occupant::Symlink => host.command(program),
        Occupant::Nothing | Occupant::SharedVersion => host.run(MEMBER, program),
    };
    command
        .arg(option)
        .arg(in_root(host, row.script))
        .current_dir(&root);
    let take = || inventory::take(&root).expect("the tree can be read");
    let (place_before, before) = split(take());
    let (status, said) = Instance::start(command).end();
    let (place_after, after) = split(take());
    Played {
        outcome: format!("{}\n{status}", said.join("\n")),
        before,
        after,
        at_place: inventory::difference(&place_before, &place_after),
    }
}

fn in_root(host: &Host, text: &str) -> String {
    text.replace("{root}", &host.path("root").display().to_string())
}

/// Separates what is at and below the place from the rest.
fn split(inventory: Inventory) -> (Inventory, Inventory) {
    inventory.into_iter().partition(|(path, _)| {
        let rest = path.strip_prefix(PLACE);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Puts a fresh tree in place, as long ago as every other.
fn build(host: &Host, occupant: Occupant) {
    if host.path("root").exists() {
        fs::remove_dir_all(host.path("root")).expect("the last tree can be removed");
    }
    let files = [
        ("which", "version2"),
        ("share/one", "1"),
        ("share/two", "2\n2"),
        ("share/deep/three", "3\n3\n3"),
        ("bin/tool", "#!/bin/sh\necho tool of version2: $0 $*"),
        ("bin/script", "#!{host}/root/binaries/version/bin/tool -x"),
        ("lib/package/__init__.py", "from .inner import name"),
        ("lib/package/inner.py", "name = 'package of version2'"),
        (
            "lib/Package.pm",
            "package Package; sub name { 'package of version2' } 1;",
        ),
    ];
    for (name, text) in files {
        host.write(&format!("root/{TARGET}/{name}"), &format!("{text}\n"));
        let first = text.replace("version2", "version1");
        host.write(
            &format!("root/binaries/version1/{name}"),
            &format!("{first}\n"),
        );
    }
    host.write("root/work/file", "a file\n");
    host.write("root/work/dir/inner", "inner\n");
    for version in ["version1", "version2"] {
        for tool in ["tool", "script"] {
            host.allow_to_execute(&format!("root/binaries/{version}/bin/{tool}"));
        }
    }
    let place = host.path("root").join(PLACE);
    let links = [
        (host.path("root/binaries"), "alias"),
        (place.clone(), "binaries/version2/back"),
        ("../version/share".into(), "binaries/version2/relative"),
    ];
    for (text, at) in links {
        symlink(text, host.path("root").join(at)).expect("a symlink can be made");
    }
    match occupant {
        Occupant::Symlink => {
            symlink(host.path("root").join(TARGET), place).expect("a symlink can be made");
        }
        Occupant::SharedVersion => {
            host.copy_tree("root/binaries/version1", &format!("root/{PLACE}"));
        }
        Occupant::Nothing => {}
    }
    let mut touch = host.command("find");
    touch.arg(host.path("root"));
    touch.args(["-exec", "touch", "-h", "-d", "@1000000000", "{}", "+"]);
    assert!(touch.status().expect("find runs").success());
}

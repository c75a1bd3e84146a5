//! The examples in `conf/`: each is what the programs that read it accept.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use psl_table::config::HostConfig;
use psl_table::members::Members;
use psl_table::table::Table;
use psl_tests::packages;

fn conf() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../conf")
}

fn read(name: &str) -> (PathBuf, String) {
    let file = conf().join(name);
    let text = fs::read_to_string(&file).expect("it is there");
    (file, text)
}

#[test]
fn every_example_is_one_that_a_test_reads() {
    let entries = fs::read_dir(conf()).expect("it is there");
    let names = entries.map(|entry| entry.expect("it can be read").file_name());
    let names: BTreeSet<_> = names
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    let read = ["members.toml", "psl.toml", "table.toml"];
    assert_eq!(
        names,
        read.into_iter()
            .chain(UNITS.map(|unit| unit.name))
            .map(String::from)
            .collect()
    );
}

#[test]
fn the_host_configuration_has_every_key_with_its_default() {
    let (file, text) = read("psl.toml");
    let config = HostConfig::parse(&file, &text).expect("it is valid");
    assert_eq!(config.store.as_deref(), Some(Path::new("/shared/psl")));
    assert_eq!(
        config.shim.as_deref(),
        Some(Path::new("/usr/lib/psl/libpsl_shim.so"))
    );
    let rest = HostConfig {
        store: None,
        shim: None,
        ..config
    };
    assert_eq!(rest, HostConfig::default());
}

#[test]
fn the_table_has_every_kind_of_row() {
    let (file, text) = read("table.toml");
    let table = Table::parse(&file, &text).expect("it is valid");
    assert_eq!((table.members.len(), table.links.len()), (3, 5));
    assert_eq!(table.warnings().len(), 0);
    for key in [
        "member", "group", "app", "version", "host", "user", "exe", "env",
    ] {
        let rows = text.lines().filter(|line| !line.starts_with('#'));
        let has = |line: &str| line.contains(&format!("{key} = "));
        assert!(
            rows.filter(|line| has(line)).count() > 0,
            "no row has the criterion `{key}`"
        );
    }
}

#[test]
fn the_members_are_those_of_the_table() {
    let (file, text) = read("members.toml");
    let members = Members::parse(&file, &text).expect("it is valid");
    let (file, text) = read("table.toml");
    let table = Table::parse(&file, &text).expect("it is valid");
    assert!(members.0.len() > 3, "there is one for each way to start");
    assert!(
        table
            .members
            .keys()
            .all(|member| members.0.contains_key(member))
    );
}

/// A unit, and the programs that it names: they are not where they will be installed.
struct Unit {
    name: &'static str,
    programs: &'static [&'static str],
}

const UNITS: [Unit; 2] = [
    Unit {
        name: "psl-nginx@.service",
        programs: &["/usr/bin/psl-admin"],
    },
    Unit {
        name: "psl-redis@.service",
        programs: &[],
    },
];

#[test]
fn systemd_has_nothing_to_say_about_the_units() {
    for Unit { name, programs } in UNITS {
        let dir = tempfile::tempdir().expect("a directory can be made");
        let (_, mut text) = read(name);
        for program in programs {
            assert!(text.contains(program), "{name} does not start {program}");
            text = text.replace(program, "/bin/true");
        }
        assert!(text.contains("PSL_MEMBER=%i"), "{name} is for one member");
        let unit = dir.path().join(name);
        fs::write(&unit, text).expect("a file can be written");
        let output = Command::new(packages::file("/usr/bin/systemd-analyze"))
            .args(["verify", "--man=no"])
            .arg(unit)
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{name}: {said}");
    }
}

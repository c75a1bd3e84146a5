//! The store as this user reaches it: file system, trust, table, clock.
use super::super::finding::Finding;
use super::filesystem;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::warning;
use psl_table::config::{HostConfig, OnError};
use psl_table::error::Error;
use psl_table::store::{Start, Store};
use psl_table::table::Table;
use psl_table::trust::Trust;
use std::time::{SystemTime, UNIX_EPOCH};

/// How far two hosts' clocks may be apart before it is worth a word, in seconds.
const TOLERANCE: i64 = 5;

/// Checks it as far as it can be reached, and returns its table.
pub fn check(context: &Context, host: &HostConfig) -> (Vec<Finding>, Option<Table>) {
    let dir = match context.store_dir(host) {
        Ok(dir) => dir,
        Err(failure) => {
            let (message, help) = failure.told();
            let failure = Failure::new(Exit::Storage, message).with_help(help.unwrap_or_default());
            return (vec![Finding::fail("store", &failure)], None);
        }
    };
    // First of all whether it answers: nothing else would wait for it with an end.
    let anyhow = HostConfig {
        trust: Trust::Any,
        on_error: OnError::Refuse,
        ..host.clone()
    };
    if let Err(error @ Error::Slow { .. }) = Start::read(&anyhow, &dir, None, |_| None) {
        return (vec![Finding::fail("store", &error.into())], None);
    }
    let store = match Store::open(&dir, Trust::Owner) {
        // Distrust hides nothing else.
        Err(error @ Error::NotTrusted { .. }) => {
            Store::open(&dir, Trust::Any).map(|store| (store, Some(error)))
        }
        opened => opened.map(|store| (store, None)),
    };
    let (mut store, mut distrust) = match store {
        Ok(opened) => opened,
        Err(error) => return (vec![Finding::fail("store", &error.into())], None),
    };
    let mut table = read(&store);
    if let Err(error @ Error::NotTrusted { .. }) = table {
        distrust = Some(error);
        table = Store::open(&dir, Trust::Any).and_then(|any| {
            store = any;
            read(&store)
        });
    }
    let mut findings = vec![trusted(&store, distrust, host), filesystem::of(store.dir())];
    let table = match table {
        Ok(table) => table,
        Err(error) => {
            findings.push(Finding::fail("table", &error.into()));
            return (findings, None);
        }
    };
    findings.push(valid(&table));
    findings.push(clock(&table));
    (findings, Some(table))
}

/// Reads table and members.
fn read(store: &Store) -> Result<Table, Error> {
    let table = store.read()?;
    store.read_members()?;
    Ok(table)
}

fn trusted(store: &Store, distrust: Option<Error>, host: &HostConfig) -> Finding {
    const NAME: &str = "store";
    let dir = store.dir();
    match distrust {
        None => Finding::ok(NAME, format!("{dir:?} can be read, and is trusted")),
        Some(error) if host.trust == Trust::Any => Finding::limit(NAME, &error.into()),
        Some(error) => Finding::fail(NAME, &error.into()),
    }
}

fn valid(table: &Table) -> Finding {
    let warnings = warning::of(table).len();
    let found = format!(
        "generation {} is valid, links: {}",
        table.generation,
        table.links.len()
    );
    match warnings {
        0 => Finding::ok("table", found),
        _ => Finding::warn(
            "table",
            format!("{found}, warnings: {warnings}"),
            "`psl-admin check` lists them",
        ),
    }
}

/// Compares this host's clock with that of whoever committed.
fn clock(table: &Table) -> Finding {
    const NAME: &str = "clock";
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |since| since.as_secs().cast_signed());
    let ahead = table.committed() - now;
    match ahead {
        ..=TOLERANCE => Finding::ok(NAME, "the newest commit is not in the future"),
        _ => Finding::warn(
            NAME,
            format!("the newest commit is {ahead} s in the future"),
            "set the clock of this host, or of the one that committed: `timedatectl`, `psl-admin history`",
        ),
    }
}

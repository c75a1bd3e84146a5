//! `check --tree`: how a tree differs from what `stage` made.
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::manifest::{self, Finding, Taking};
use crate::signals::Signals;
use serde::Serialize;
use std::path::Path;

/// What `check --tree --json` prints.
#[derive(Serialize)]
struct Shown<'a> {
    tree: String,
    manifest: String,
    paths: usize,
    drift: &'a [Finding],
}

/// Prints each path that differs from the manifest, and how many there are.
pub fn run(tree: &Path, context: &Context) -> Result<Exit, Failure> {
    let signals = Signals::listen()?;
    let compared = compare(tree, context, &signals);
    signals.die();
    compared
}

fn compare(tree: &Path, context: &Context, signals: &Signals) -> Result<Exit, Failure> {
    let physical = tree.canonicalize().map_err(|error| {
        let message = format!("cannot read {tree:?}: {error}");
        Failure::new(Exit::Storage, message)
    })?;
    let path = manifest::path(&physical);
    let expected = manifest::read(&path)?;
    let paths = expected.len();
    let taking = Taking {
        signals,
        sync: false,
        progress: &|_| {},
    };
    let found = manifest::find(&physical, expected, &taking)?;
    if context.console.json {
        context.console.print_json(&Shown {
            tree: physical.to_string_lossy().into_owned(),
            manifest: path.to_string_lossy().into_owned(),
            paths,
            drift: &found,
        })?;
    } else {
        let mut text: String = found.iter().map(|finding| format!("{finding}\n")).collect();
        let differ = match found.len() {
            0 => "none differs".to_owned(),
            1 => "1 differs".to_owned(),
            count => format!("{count} differ"),
        };
        text += &format!("{}: {paths} paths, {differ}\n", physical.display());
        context.console.print(text)?;
    }
    match found.is_empty() {
        true => Ok(Exit::Done),
        false => Ok(Exit::No),
    }
}

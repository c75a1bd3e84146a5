//! `explain --who`: which members reach a file.
use crate::columns;
use crate::context::Context;
use crate::engine::Engine;
use crate::exit::Exit;
use crate::explain::reached::File;
use crate::explain::view::View;
use crate::explain::{absolute, here};
use crate::failure::Failure;
use crate::known;
use crate::view::subject;
use psl_table::select::Outcome;
use serde::Serialize;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A member that reaches the file.
#[derive(Debug, Serialize)]
struct Member {
    member: String,
    /// By these names: its own, and those that lead through the member's links.
    names: Vec<String>,
}

/// What `explain --who --json` prints.
#[derive(Debug, Serialize)]
struct Shown {
    file: File,
    members: Vec<Member>,
}

/// Prints the members that reach the file at this path, and by what names.
pub fn run(context: &Context, path: &OsStr) -> Result<Exit, Failure> {
    let table = context.open()?.read()?;
    let tree = here()?;
    let path = absolute(&tree, path)?;
    // The file as it is without any links.
    let bare = View::new(&table, subject(&table, None, OsStr::new("")), &tree, None)?;
    let (_, reached) = bare.walk(&path);
    let file = reached.map_err(|refusal| {
        let (path, errno, why) = (
            String::from_utf8_lossy(&path),
            refusal.errno,
            refusal.message,
        );
        Failure::new(
            Exit::No,
            format!(
                "there is no file {path:?}: {errno} ({why}) at {:?}",
                refusal.at
            ),
        )
    })?;
    let mut members = Vec::new();
    for member in known::members(&table) {
        let subject = subject(&table, Some(member), OsStr::new(""));
        let view = View::new(&table, subject, &tree, Some(Engine::Preload))?;
        let names = names(&view, &file);
        if !names.is_empty() {
            let member = member.into();
            members.push(Member { member, names });
        }
    }
    let exit = if members.is_empty() {
        Exit::No
    } else {
        Exit::Done
    };
    if context.console.json {
        context.console.print_json(&Shown { file, members })?;
    } else if members.is_empty() {
        context
            .console
            .note(&format!("no member reaches {:?}", file.physical));
    } else {
        let rows = members.iter().flat_map(|member| {
            let names = member.names.iter();
            names.map(|name| [member.member.clone(), name.clone()])
        });
        context
            .console
            .print(columns::aligned(["MEMBER", "REACHES IT BY"], rows))?;
    }
    Ok(exit)
}

/// Finds the names by which the file is reached: its own, and those of links that lead to it or above it.
fn names(view: &View<'_>, file: &File) -> Vec<String> {
    let links = view.table.links.iter().zip(&view.outcomes);
    let won = links.filter(|(_, outcome)| **outcome == Outcome::Wins);
    let through = won.filter_map(|(link, _)| {
        let (_, target) = view.walk(link.to.as_str().as_bytes());
        let below = file.path.strip_prefix(target.ok()?.path).ok()?;
        let from: &Path = link.from.as_ref();
        // No slash where nothing is below: it would ask for a directory.
        Some(from.components().chain(below.components()).collect())
    });
    let mut names: Vec<PathBuf> = [file.path.clone()].into_iter().chain(through).collect();
    // What is there is what counts: another link may stand in the way, or the file be hidden.
    names.retain(|name| {
        let (_, reached) = view.walk(name.as_os_str().as_bytes());
        reached.is_ok_and(|reached| reached.is(file))
    });
    let shown = names.iter().map(|name| name.to_string_lossy().into_owned());
    shown.collect()
}

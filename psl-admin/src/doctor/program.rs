//! What one program is, where its libraries come from, and what carries it, for a member.

mod chain;
mod kind;
mod libraries;
mod links;
mod object;
mod shown;
mod verdict;

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::{command, exec, known, shim_file, view};
use chain::{Leaf, Step};
use kind::Kind;
use libraries::{Library, Loader};
use links::View;
use psl_table::config::HostConfig;
use psl_table::executable::cache::{self, Cache};
use psl_table::executable::carriage::{Carriage, Search, Told};
use psl_table::snapshot::Snapshot;
use psl_table::table::Table;
use std::ffi::{OsStr, OsString};
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use verdict::Verdict;

/// All that is known of a program.
#[derive(Debug)]
pub struct Diagnosis {
    /// The program as it was named.
    pub program: OsString,
    /// The member that starts it.
    pub member: Option<String>,
    /// The file, and the interpreters of scripts, down to the one that the kernel runs.
    pub steps: Vec<Step>,
    /// What that one is.
    pub kind: Kind,
    /// The same library with and without links.
    pub libraries: Vec<Pair>,
    /// What has the loader audited, in words.
    pub audit: Option<String>,
    /// What carries it.
    pub verdict: Verdict,
}

/// A library as it is found with links and without.
#[derive(Debug)]
pub struct Pair {
    /// Its name, and who needs it.
    pub library: Library,
    /// Where the loader finds it without links.
    pub without: Option<PathBuf>,
}

/// Examines a program, and prints what was found.
pub fn examine(context: &Context, member: Option<&str>, program: &OsStr) -> Result<Exit, Failure> {
    let host = context.host()?;
    let variable = std::env::var_os("PSL_MEMBER").filter(|name| !name.is_empty());
    let member = match (member, variable) {
        (Some(member), _) => Some(member.to_owned()),
        (None, Some(name)) => Some(named(name)?),
        (None, None) => None,
    };
    let table = table(context, &host, member.as_deref())?;
    let diagnosis = diagnose(&host, table.as_ref(), member, program)?;
    if context.console.json {
        context.console.print_json(&shown::json(&diagnosis))?;
    } else {
        context.console.print_styled(&shown::text(&diagnosis))?;
    }
    Ok(diagnosis.verdict.exit())
}

/// Judges what would carry a program as an instance of a member, by this table.
pub fn judge(
    host: &HostConfig,
    table: &Table,
    member: &str,
    program: &OsStr,
) -> Result<Verdict, Failure> {
    let member = Some(member.to_owned());
    diagnose(host, Some(table), member, program).map(|diagnosis| diagnosis.verdict)
}

fn named(name: OsString) -> Result<String, Failure> {
    let usage = |text: String| Failure::new(Exit::Usage, format!("PSL_MEMBER: {text}"));
    let name = name
        .into_string()
        .map_err(|name| usage(format!("{name:?} is not UTF-8, expected a member's name")))?;
    known::member(&name).map_err(usage)
}

/// Reads the table; none where no store is named and no member is asked for.
fn table(
    context: &Context,
    host: &HostConfig,
    member: Option<&str>,
) -> Result<Option<Table>, Failure> {
    if member.is_none() && context.store_dir(host).is_err() {
        return Ok(None);
    }
    let table = context.open_with(host)?.read()?;
    if let Some(member) = member {
        known::require(&table, member)?;
    }
    Ok(Some(table))
}

fn diagnose(
    host: &HostConfig,
    table: Option<&Table>,
    member: Option<String>,
    program: &OsStr,
) -> Result<Diagnosis, Failure> {
    let found = match table {
        Some(table) => command::find(table, member.as_deref(), program),
        None => command::find_with(program, |_| Ok(Snapshot::default())),
    };
    let (path, snapshot) = found.map_err(not_found)?;
    let cache = std::fs::read(cache::FILE).unwrap_or_default();
    let cache = Cache::parse(&cache).unwrap_or_default();
    let lib = libraries::lib(cache);
    let with = View {
        snapshot: &snapshot,
        lib: &lib,
    };
    let variable = |name| std::env::var_os(name).map(OsStringExt::into_vec);
    let (library_path, preload) = (variable("LD_LIBRARY_PATH"), variable("LD_PRELOAD"));
    let shim = shim_file::find(host);
    let own = shim
        .as_ref()
        .map_or(&b""[..], |it| it.as_os_str().as_bytes());
    let told = Told {
        library_path: library_path.as_deref(),
        preload: preload.as_deref(),
        shim: own,
    };
    let (steps, leaf) = chain::follow(with, &path, told)
        .map_err(|(path, error)| not_found(exec::failed(&path, &error)))?;
    let kind = match &leaf.file {
        Some(file) => Kind::of(file.as_fd(), &leaf.beginning),
        None => Kind::unreadable(),
    };
    let loader = Loader {
        library_path: library_path.as_deref(),
        cache,
        path: kind.loader.as_deref().unwrap_or_default().as_bytes(),
    };
    let last = steps.last().map_or(&*path, |step| &*step.path);
    let (libraries, is_near) = match kind.linkage {
        Some("dynamic" | "library") => pairs(loader, with, last),
        _ => (Vec::new(), false),
    };
    let audit = audit(leaf, &libraries, is_near);
    let verdict = verdict::decide(host, &shim, member.is_some(), &snapshot, audit.0);
    Ok(Diagnosis {
        program: program.to_owned(),
        member,
        steps,
        kind,
        libraries,
        audit: audit.1,
        verdict,
    })
}

/// To a shell a missing program is 127; to a question the answer is no.
fn not_found(failure: Failure) -> Failure {
    let (message, help) = failure.told();
    match (failure.exit(), help) {
        (Exit::NotFound | Exit::NotExecutable, None) => Failure::new(Exit::No, message),
        _ => failure,
    }
}

/// Finds the libraries with links and without, in the order of those that the member gets.
fn pairs(loader: Loader<'_>, with: View<'_>, program: &OsStr) -> (Vec<Pair>, bool) {
    let (mine, is_near) = libraries::load(loader, with, program);
    let nothing = Snapshot::default();
    let bare = View {
        snapshot: &nothing,
        ..with
    };
    // Where only links lead to the program, the loader without links would have nothing to begin with.
    let bare_program = match view::physical(&nothing, program) {
        Ok(_) => program.to_owned(),
        Err(_) => view::physical(with.snapshot, program)
            .map_or_else(|_| program.to_owned(), PathBuf::into_os_string),
    };
    let (mut others, _) = libraries::load(loader, bare, &bare_program);
    let mut pairs: Vec<Pair> = Vec::new();
    for library in mine {
        let at = others.iter().position(|other| other.name == library.name);
        let without = at.and_then(|at| others.remove(at).found);
        pairs.push(Pair {
            library,
            without: without.map(|(path, _)| path),
        });
    }
    (pairs, is_near)
}

/// Completes the judgement that is made before a start by what comes to light after it: the cache, and what libraries
/// themselves search.
fn audit(leaf: Leaf, libraries: &[Pair], is_near: bool) -> (Carriage, Option<String>) {
    let differs = |pair: &&Pair| {
        let found = pair.library.found.as_ref().map(|(path, _)| path);
        found != pair.without.as_ref()
    };
    match leaf.carriage {
        Carriage::PreloadAndAudit(search) => {
            let why = format!("{} leads through a link", search.subject());
            (leaf.carriage, Some(why))
        }
        Carriage::Preload if is_near || libraries.iter().any(|pair| differs(&pair)) => {
            let search = Search::Loaded;
            let why = format!(
                "{} leads through a link: seen when it is loaded, so the program is started twice",
                search.subject()
            );
            (Carriage::PreloadAndAudit(search), Some(why))
        }
        carriage => (carriage, None),
    }
}

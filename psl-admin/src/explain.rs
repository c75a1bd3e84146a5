//! `explain`: what a member or a process reaches by a name, and why.
use crate::context::Context;
use crate::engine::{self, Wanted};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::within::Within;
use crate::{known, view as outside};
use clap::Args;
use psl_table::store::Store;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

mod answer;
mod places;
mod reached;
mod restart;
mod rows;
mod steps;
mod text;
mod view;
mod who;

use answer::Answer;
use restart::Restart;
use view::View;

const AFTER_HELP: &str = "\
Exits with 1 when the path does not exist for the member or process, or when no member reaches the file.

Examples: psl-admin explain --member erp1 /binaries/version/bin/erpd
          psl-admin explain --pid 4711 /binaries/version
          psl-admin explain --who /binaries/version2/bin/erpd";

/// Explains what a member or a process reaches by PATH: every row of the table that was considered, won or lost and
/// why, the walk step by step, the file finally reached
///
/// The walk is the one that the processes of the member make, with the rights of whoever asks. Links that depend on the
/// program hold for a process, or with --exe.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Explain {
    #[command(flatten)]
    whom: Whom,
    /// As this program, by the path that it is executed by
    #[arg(long, value_name = "PROGRAM", requires = "member", conflicts_with_all = ["pid", "who"])]
    exe: Option<OsString>,
    /// Lists the rows for other places, too, and everything that is hidden
    #[arg(long)]
    all: bool,
    /// The name, as a process would give it; relative to the working directory: the process's own with --pid
    #[arg(value_name = "PATH")]
    path: OsString,
}

/// For whom.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct Whom {
    /// What an instance of this member, started here by this user, would reach
    #[arg(long, value_name = "M", value_parser = known::member)]
    member: Option<String>,
    /// What this process reaches, which is part of an instance, and whether a restart would change that
    #[arg(long, value_name = "P", value_parser = clap::value_parser!(i32).range(1..))]
    pid: Option<i32>,
    /// Which members reach the file at PATH, and by what names
    #[arg(long)]
    who: bool,
}

impl Explain {
    /// Prints the explanation.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        match (&self.whom.member, self.whom.pid) {
            (Some(member), _) => self.member(context, member),
            (_, Some(pid)) => self.process(context, pid),
            _ => who::run(context, &self.path),
        }
    }

    fn member(&self, context: &Context, member: &str) -> Result<Exit, Failure> {
        let table = context.open()?.read()?;
        known::require(&table, member)?;
        let tree = here()?;
        let subject = outside::subject(
            &table,
            Some(member),
            self.exe.as_deref().unwrap_or_default(),
        );
        // What `run` begins with, unless it is told otherwise.
        let engine = engine::decide(Wanted::Auto);
        let view = View::new(&table, subject, &tree, Some(engine))?;
        let path = absolute(&tree, &self.path)?;
        let answer = Answer::of(&view, &path);
        self.show(context, &answer)
    }

    fn process(&self, context: &Context, pid: i32) -> Result<Exit, Failure> {
        let instance = Instance::of_process(pid)?;
        instance.require_generation(pid)?;
        let store = store_of(context, &instance)?;
        let table = store.read_generation(instance.pinned.generation)?;
        let tree = Within::process(&pid.to_string(), &instance.own_pid.to_string());
        let tree = tree.map_err(|error| {
            let message = format!("cannot look into process {pid}: {error}");
            Failure::new(Exit::Refused, message).with_help("its owner or root may")
        })?;
        let engine = instance.engine();
        let view = View::new(&table, instance.subject(&table), &tree, engine)?;
        let path = absolute(&tree, &self.path)?;
        let mut answer = Answer::of(&view, &path);
        answer.process = Some(answer::Process {
            pid,
            program: String::from_utf8_lossy(&instance.program).into_owned(),
        });
        answer.restart = Some(Restart::of(
            &store,
            &instance,
            &tree,
            &path,
            &answer.reached,
        )?);
        self.show(context, &answer)
    }

    fn show(&self, context: &Context, answer: &Answer<'_>) -> Result<Exit, Failure> {
        if context.console.json {
            context.console.print_json(answer)?;
        } else {
            context
                .console
                .print_styled(&text::glance(answer, self.all))?;
        }
        Ok(match answer.reached {
            Ok(_) => Exit::Done,
            Err(_) => Exit::No,
        })
    }
}

fn here() -> Result<Within, Failure> {
    Within::here().map_err(|error: io::Error| {
        Failure::new(
            Exit::Storage,
            format!("cannot look into \"/proc/self\": {error}"),
        )
    })
}

/// Puts the working directory before a relative path.
fn absolute(tree: &Within, path: &OsStr) -> Result<Vec<u8>, Failure> {
    tree.absolute(path.as_bytes()).map_err(|error| {
        let message = format!("cannot find the working directory for {path:?}: {error}");
        Failure::new(Exit::Storage, message).with_help("give an absolute path")
    })
}

/// Opens the store that the process reads, unless the command line names another.
fn store_of(context: &Context, instance: &Instance) -> Result<Store, Failure> {
    let named = instance.variable("PSL_STORE").filter(|dir| !dir.is_empty());
    match named.filter(|_| context.store.is_none()) {
        Some(dir) => {
            let trust = context.host()?.trust;
            Ok(Store::open(Path::new(OsStr::from_bytes(dir)), trust)?)
        }
        None => context.open(),
    }
}

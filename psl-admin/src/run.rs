//! `run`: starts an instance of a member.
use crate::context::{self, Context};
use crate::engine::{self, Engine, Wanted};
use crate::environment;
use crate::exec;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::launch::Launch;
use crate::running::{self, Here, Launched};
use crate::{command, known, mount, shim_file};
use clap::Args;
use psl_table::config::OnError;
use psl_table::pinned::{self, Pinned, View};
use psl_table::snapshot::{Entry, Place, Snapshot};
use psl_table::store::{Notice, Start, Store};
use psl_table::table::Table;
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

const AFTER_HELP: &str = "\
Exits as CMD does; 127 when CMD is not found, 126 when it cannot be executed.

Examples: psl-admin run --member erp1 -- /binaries/version/bin/erpd --port 8081
          psl-admin run --member erp1 --generation 41 -- ls -l /binaries
          psl-admin run --member erp1 --engine mount -- /binaries/version/bin/static-erpd";

/// Starts an instance of a member: becomes CMD, which sees the member's links, as do the programs that it starts
///
/// The whole instance keeps to one generation of the table, through changes made while it runs. Inside another instance
/// of the preload engine, too, `run` starts one of its own.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct Run {
    /// The member
    #[arg(long, value_name = "M", value_parser = known::member)]
    member: String,
    /// What makes the instance see its links
    #[arg(long, value_enum, default_value_t = Wanted::Auto)]
    engine: Wanted,
    /// Starts on an older generation of the table instead of the current one
    #[arg(long, value_name = "G")]
    generation: Option<u64>,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

impl Run {
    /// Becomes the command; returns only when that fails.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        mount::refuse_inside()?;
        let host = context.host()?;
        let start = match context.launch(&host, self.generation) {
            Err(_) if host.on_error == OnError::Ignore => {
                return Err(
                    self.without_links(&shim_file::find(&host)?, &context.store_dir(&host)?)
                );
            }
            started => started?,
        };
        let Start { table, store, .. } = &start;
        known::require(table, &self.member)?;
        let pinned = Pinned {
            generation: table.generation,
            member: self.member.clone(),
            engine: self.engine.pinned(),
            view: View::Open,
        };
        let engine = engine::decide(self.engine);
        // Removed when this ends without having become the command.
        let _registered = match start.notice {
            // The store is away.
            Some(Notice::LastGood { .. }) => None,
            _ => self.register(context, &Store::open(store, host.trust)?, &pinned, engine),
        };
        Err(match engine {
            Engine::Preload => self.preload(&shim_file::find(&host)?, store, &pinned),
            Engine::Mount => {
                let shim = shim_file::find(&host).ok();
                // The generation as it was committed, as every process of the instance would read it.
                let table =
                    Start::read(&host, store, Some(pinned.generation), context::variable)?.table;
                self.mount(context, shim.as_deref(), store, &table, pinned)?
            }
        })
    }

    /// Becomes the command with what makes it an instance but a generation: the shim says why it has no links.
    fn without_links(&self, shim: &Path, store: &Path) -> Failure {
        let pinned = Pinned {
            generation: 0,
            member: self.member.clone(),
            engine: self.engine.pinned(),
            view: View::Open,
        };
        let environment = environment::with_shim(shim, store, &pinned).into_iter();
        let environment = environment.filter(|(name, _)| name != pinned::VARIABLE);
        let mut command = Command::new(&self.command[0]);
        let error = command
            .args(&self.command[1..])
            .env_clear()
            .envs(environment)
            .exec();
        exec::failed(&self.command[0], &error)
    }

    /// Lets other hosts see the instance. Without that it is an instance all the same.
    fn register(
        &self,
        context: &Context,
        store: &Store,
        pinned: &Pinned,
        engine: Engine,
    ) -> Option<running::Own> {
        let launched = Launched {
            member: self.member.clone(),
            generation: pinned.generation,
            engine: engine.name().to_owned(),
            program: self.command[0].to_string_lossy().into_owned(),
        };
        let error = match running::register(store, &Here::new(), launched) {
            Ok(own) => return Some(own),
            Err(error) => error,
        };
        // Users who cannot write the store are no exception.
        let is_expected = matches!(
            Errno::from_io_error(&error),
            Some(Errno::ACCESS | Errno::PERM | Errno::ROFS)
        );
        let message = format!(
            "other hosts do not see this instance: it cannot be registered in the store: {error}"
        );
        match std::env::var_os("PSL_LOG") {
            Some(level) if level == "error" => {}
            Some(level) if level == "info" || level == "debug" => context.console.note(&message),
            _ if is_expected => {}
            _ => context.console.warn(&message),
        }
        None
    }

    fn preload(&self, shim: &Path, store: &Path, pinned: &Pinned) -> Failure {
        let launch = Launch {
            generation: pinned.generation,
            shim: shim.into(),
            command: self.command.clone(),
        };
        launch.begin(environment::with_shim(shim, store, pinned))
    }

    fn mount(
        &self,
        context: &Context,
        shim: Option<&Path>,
        store: &Path,
        table: &Table,
        mut pinned: Pinned,
    ) -> Result<Failure, Failure> {
        mount::require_procfs()?;
        let (program, view) = command::find(table, Some(&self.member), &self.command[0])?;
        if let Some(message) = unmoved(&view) {
            context.console.warn(&message);
        }
        mount::enter(&view, Some(store), &mut pinned)?;
        let environment = environment::without_shim(shim, store, &pinned);
        let error = exec::become_command(&program, &self.command, environment);
        Ok(exec::failed(&self.command[0], &error))
    }
}

/// Says what cannot change any more, where the table or the environment says that it does.
fn unmoved(view: &Snapshot) -> Option<String> {
    if std::env::var_os("PSL_PIN").is_some_and(|pin| pin == "process") {
        return Some("mounts stay as they are: PSL_PIN has no effect with the mount engine".into());
    }
    let live = |place: &&Place| matches!(&place.entry, Entry::Link(link) if link.live);
    let place = view.places().iter().find(live)?;
    let path = Path::new(OsStr::from_bytes(&place.dir)).join(OsStr::from_bytes(&place.name));
    Some(format!(
        "mounts stay as they are: {path:?} is a live link, and does not follow changes with the mount engine"
    ))
}

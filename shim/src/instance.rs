//! What this process inherits of its instance, or finds out as the first process of a launch.

use std::ffi::{CStr, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use psl_table::choices::Choices;
use psl_table::config::{HostConfig, OnError};
use psl_table::pinned::{self, Engine, Mark, Pinned, View};
use psl_table::snapshot::Snapshot;
use psl_table::store;
use psl_table::subject::Subject;
use psl_table::table::Table;

use crate::asked::Asked;
use crate::environment::Start;
use crate::report::{Level, Report};

/// This process as part of an instance.
pub struct Instance {
    /// What it sees.
    pub snapshot: Snapshot,
    /// What all processes that it starts inherit.
    pub passed_on: Vec<u8>,
    /// What tells others that it is part of the instance.
    pub name: String,
    /// What carries it.
    pub engine: Engine,
    /// Whether it is the first process of a launch.
    pub is_launch: bool,
}

impl Instance {
    /// Takes what is inherited, or reads the store; none if no links can hold in this process.
    ///
    /// A process that inherits reads no file: the store may be away.
    pub fn of(start: &Start, asked: &Asked, report: &Report<'_>) -> Result<Option<Self>, String> {
        let member = member(start)?;
        let text = start.get(pinned::VARIABLE).map(OsStr::as_bytes);
        let is_pinned = start.get("PSL_PIN") != Some(OsStr::new("process"));
        let inherited = match text.map(Pinned::read) {
            Some(Ok(pinned)) if is_mounted(&pinned, start)? => return Ok(None),
            Some(pinned) if is_pinned => Some(pinned.map_err(|error| error.to_string())?),
            _ => None,
        };
        // Another member's is no instance of this one.
        let inherited = inherited.filter(|pinned| pinned.member == member.unwrap_or_default());
        let Some(pinned) = inherited else {
            let launch = Launch {
                engine: Engine::Auto(None),
                generation: None,
                is_first: is_pinned || text.is_none(),
            };
            return launch.read(start, member, asked, report);
        };
        let launch = |is_first| Launch {
            engine: pinned.engine,
            generation: Some(pinned.generation),
            is_first,
        };
        let name = Mark::text(&pinned, start.get("PSL_STORE").map(Path::new));
        let snapshot = match pinned.view {
            View::Open => return launch(true).read(start, member, asked, report),
            View::Stored => return launch(false).read(start, member, asked, report),
            View::Resolved(snapshot) => snapshot,
            View::Choices(choices) => decided(&choices, start, asked)?,
        };
        Ok(Some(Self {
            snapshot,
            passed_on: text.unwrap_or_default().to_vec(),
            name,
            engine: pinned.engine,
            is_launch: false,
        }))
    }
}

/// A process that has to ask the store.
struct Launch {
    engine: Engine,
    /// The generation that the instance was started with, if it was told one.
    generation: Option<u64>,
    is_first: bool,
}

impl Launch {
    fn read(
        self,
        start: &Start,
        member: Option<&str>,
        asked: &Asked,
        report: &Report<'_>,
    ) -> Result<Option<Instance>, String> {
        let config = HostConfig::load(start.get("PSL_CONFIG").map(Path::new));
        let config = config.map_err(|error| error.to_string())?;
        let named = start.get("PSL_STORE").map(PathBuf::from);
        let Some(store) = named.or_else(|| config.store.clone()) else {
            if member.is_some() {
                report.say(Level::Warn, "PSL_MEMBER is set, but neither PSL_STORE nor a configuration names a store: no links hold");
            }
            return Ok(None);
        };
        match self.resolve(start, member, &config, &store, asked, report) {
            Ok(instance) => Ok(Some(instance)),
            // A process in the middle of an instance has links, or does not run.
            Err(reason)
                if config.on_error == OnError::Ignore
                    && (self.is_first || self.generation.is_none()) =>
            {
                report.say(
                    Level::Warn,
                    format_args!("{reason}; no links hold, for on_error is \"ignore\""),
                );
                Ok(None)
            }
            Err(reason) => Err(reason),
        }
    }

    fn resolve(
        &self,
        start: &Start,
        member: Option<&str>,
        config: &HostConfig,
        store: &Path,
        asked: &Asked,
        report: &Report<'_>,
    ) -> Result<Instance, String> {
        let variable = |name: &str| start.get(name).map(OsStr::to_owned);
        let read = store::Start::launch(config, store, self.generation, variable);
        let store::Start {
            table,
            store: dir,
            notice,
        } = read.map_err(|error| error.to_string())?;
        if let Some(notice) = notice {
            report.say(Level::Warn, notice);
        }
        let choices = Choices::of(&table, &subject(start, &table, member));
        let snapshot = decided(&choices, start, asked)
            .map_err(|reason| format!("\"{}\": {reason}", table.file().display()))?;
        let engine = match self.engine {
            Engine::Auto(None) => Engine::Auto(Some(config.on_uncovered)),
            engine => engine,
        };
        let view = match choices.depend_on_program() {
            true => View::Choices(choices),
            false => View::Resolved(snapshot.clone()),
        };
        let pinned = Pinned {
            generation: table.generation,
            member: member.unwrap_or_default().into(),
            engine,
            view,
        };
        Ok(Instance {
            snapshot,
            passed_on: pinned.to_string().into_bytes(),
            name: Mark::text(&pinned, Some(&dir)),
            engine,
            is_launch: self.is_first,
        })
    }
}

/// Returns the member that this process is to be an instance of.
fn member(start: &Start) -> Result<Option<&'static str>, String> {
    match start.get("PSL_MEMBER").filter(|member| !member.is_empty()) {
        None => Ok(None),
        Some(member) => match member.to_str() {
            Some(member) => Ok(Some(member)),
            None => Err("PSL_MEMBER is not UTF-8".into()),
        },
    }
}

/// Describes this process as criteria see it.
fn subject(start: &Start, table: &Table, member: Option<&str>) -> Subject {
    let text = |name| start.get(name).and_then(OsStr::to_str).map(str::to_owned);
    let variables = start.variables();
    Subject::of_member(table, member)
        .or_attributes(table, text("PSL_APP"), text("PSL_APP_VERSION"))
        .with_env(
            variables
                .map(|(name, value)| (name.to_vec(), value.to_vec()))
                .collect(),
        )
}

/// Decides what depends on the program.
fn decided(choices: &Choices, start: &Start, asked: &Asked) -> Result<Snapshot, String> {
    let exe = start.program.map_or(&[][..], CStr::to_bytes);
    choices
        .decide(exe, asked)
        .map_err(|errno| format!("the links lead in a circle on this host: {errno}"))
}

/// Whether the mount engine carries this process: its links are mounts, and there is nothing to do here.
fn is_mounted(pinned: &Pinned, start: &Start) -> Result<bool, String> {
    let Engine::Mount(namespace) = pinned.engine else {
        return Ok(false);
    };
    let of = &pinned.member;
    let is_same = start
        .get("PSL_MEMBER")
        .is_none_or(|member| member == of.as_str());
    let is_mounted = pinned
        .is_mounted()
        .map_err(|errno| format!("cannot read \"/proc/self/ns/mnt\", which tells whether this process sees its links as mounts: {errno}"))?;
    match (is_mounted, is_same) {
        (true, true) => Ok(true),
        (true, false) => Err(format!(
            "this process sees the mounts of member {of:?}, and PSL_MEMBER names another one; start that one outside of this instance"
        )),
        (false, true) => Err(format!(
            "this process has left the mount namespace {namespace}, in which member {of:?} has its links; start it in there, or as a new instance without {}",
            pinned::VARIABLE
        )),
        (false, false) => Ok(false),
    }
}

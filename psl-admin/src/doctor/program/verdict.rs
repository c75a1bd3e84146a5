//! Which engine carries a program, or why it would be refused.
use crate::exit::Exit;
use crate::failure::Failure;
use crate::{mount, shim_file};
use psl_table::config::{HostConfig, OnUncovered};
use psl_table::executable::Uncovered;
use psl_table::executable::carriage::Carriage;
use psl_table::snapshot::Snapshot;
use std::path::{Path, PathBuf};

/// What happens to the program, and why.
#[derive(Debug)]
pub struct Verdict {
    /// What makes it see its links.
    pub engine: Engine,
    /// Why that.
    pub why: String,
    /// The way out, where it is refused.
    pub help: Option<String>,
}

/// What makes a program see its links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// Nothing: it has none.
    None,
    /// The shim.
    Preload,
    /// A private mount namespace.
    Mount,
    /// Nothing, although it has some: the host is configured to run it so.
    Uncovered,
    /// It is not run.
    Refused,
}

impl Verdict {
    /// Returns the exit code that stands for it.
    pub fn exit(&self) -> Exit {
        match self.engine {
            Engine::None | Engine::Preload | Engine::Mount => Exit::Done,
            Engine::Uncovered | Engine::Refused => Exit::Refused,
        }
    }
}

/// Decides as an instance that was started with `--engine auto` does.
pub fn decide(
    host: &HostConfig,
    shim: &Result<PathBuf, Failure>,
    has_member: bool,
    view: &Snapshot,
    carriage: Carriage,
) -> Verdict {
    let verdict = |engine, why: &str| Verdict {
        engine,
        why: why.into(),
        help: None,
    };
    let shim = match shim {
        // Whoever is no member's instance is not started with the shim either.
        Err(_) if view.is_empty() && !has_member => Path::new(""),
        Err(failure) => return refused(failure.told()),
        Ok(shim) => shim,
    };
    match carriage {
        _ if view.is_empty() => verdict(Engine::None, "no link holds for it"),
        Carriage::Preload => verdict(
            Engine::Preload,
            "it is loaded by glibc's loader, for this machine",
        ),
        Carriage::PreloadAndAudit(_) => verdict(
            Engine::Preload,
            "it is loaded by glibc's loader, which is told where libraries lie (LD_AUDIT)",
        ),
        Carriage::Uncovered(reason) => uncovered(host, shim, view, reason),
    }
}

fn uncovered(host: &HostConfig, shim: &Path, view: &Snapshot, reason: Uncovered) -> Verdict {
    let why = format!("it {}", reason.reason());
    let refused = |because: &str, help: Option<String>| {
        let (message, help) = (format!("{why}, and {because}"), help);
        refused((message, help))
    };
    match host.on_uncovered {
        OnUncovered::Warn => Verdict {
            engine: Engine::Uncovered,
            why: format!("{why}, and on_uncovered = \"warn\": it runs without the links"),
            help: Some(
                "set on_uncovered = \"mount\", or start it with `psl-admin run --engine mount`"
                    .into(),
            ),
        },
        OnUncovered::Refuse => refused(
            "on_uncovered = \"refuse\": the preload engine alone may carry programs here",
            Some("start it with `psl-admin run --engine mount`".into()),
        ),
        OnUncovered::Mount if reason == Uncovered::Rights => refused(
            "the mount engine's user namespace would take those rights away",
            Some("start it as the user whose rights it gains, or outside of the instance".into()),
        ),
        OnUncovered::Mount if shim_file::admin_of(shim).is_none() => refused(
            &format!("psl-admin, which sets the mount engine up, is not where the shim {shim:?} belongs to"),
            Some("install psl-admin beside the shim, or the shim in `lib/psl` and psl-admin in `bin` of one directory".into()),
        ),
        OnUncovered::Mount => match mount::rehearse(view) {
            Ok(()) => Verdict {
                engine: Engine::Mount,
                why: format!("{why}; its mounts were tried, and can be made"),
                help: None,
            },
            Err(failure) => {
                let (message, help) = failure.told();
                refused(
                    &format!("the mount engine cannot carry it: {message}"),
                    help,
                )
            }
        },
    }
}

fn refused((why, help): (String, Option<String>)) -> Verdict {
    Verdict {
        engine: Engine::Refused,
        why,
        help,
    }
}

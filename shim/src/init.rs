//! Before main: this process becomes part of an instance, or the library stays out of its way.

use std::ffi::CString;

use psl_table::config::OnUncovered;
use psl_table::pinned::{self, Engine};

use crate::asked::Asked;
use crate::environment::{self, Carried, Start};
use crate::instance::Instance;
use crate::known;
use crate::launch::uncovered::{self, Policy};
use crate::live;
use crate::loaded::LinkMap;
use crate::own_file::{absolute, library_directory, preload_entry};
use crate::real;
use crate::registration;
use crate::report::{Level, Report};
use crate::resolve;
use crate::restart;
use crate::tokens;

/// The variables that make an instance, beside its member.
const VARIABLES: [&str; 7] = [
    "PSL_STORE",
    "PSL_APP",
    "PSL_APP_VERSION",
    "PSL_PIN",
    "PSL_LOG",
    "PSL_LOG_FILE",
    "PSL_CONFIG",
];

#[ctor::ctor(unsafe)]
fn start() {
    // An auditing library makes no call that is hooked.
    if LinkMap::own().is_some() {
        real::bind();
    }
    let start = Start::read();
    if start.secure {
        return;
    }
    let report = Report::of(&start);
    let asked = Asked::default();
    let instance = match Instance::of(&start, &asked, &report) {
        Ok(Some(instance)) => instance,
        Ok(None) => return,
        Err(reason) => report.refuse(reason),
    };
    report.say(
        Level::Info,
        format_args!(
            "generation {}, {} places",
            instance.snapshot.generation,
            instance.snapshot.places().len()
        ),
    );
    begin(&start, instance, &asked, &report);
}

/// Has the links hold in this process, and in those that it starts.
fn begin(start: &Start, instance: Instance, asked: &Asked, report: &Report<'_>) {
    let Instance {
        snapshot,
        passed_on,
        name,
        engine,
        is_launch,
    } = instance;
    let own = LinkMap::own();
    let own_path = own.and_then(absolute);
    let variable = |name: &str| {
        let value = start.get(name)?;
        CString::new([name.as_bytes(), b"=", value.as_encoded_bytes()].concat()).ok()
    };
    let carried: &'static Carried = Box::leak(Box::new(Carried {
        preload: own.and_then(|own| preload_entry(start, own.name().to_bytes())),
        audit: own_path.clone(),
        variables: VARIABLES.iter().filter_map(|name| variable(name)).collect(),
        member: variable("PSL_MEMBER"),
        snapshot: CString::new([pinned::VARIABLE.as_bytes(), b"=", &*passed_on].concat()).ok(),
    }));
    environment::carry(carried);
    if let Some(snapshot) = &carried.snapshot {
        // What stands there may be nothing yet, or another member's: programs that this one starts would read the store.
        // SAFETY: the block is the kernel's, and nobody else reads it yet.
        unsafe { environment::replace(start.environment, pinned::VARIABLE.as_bytes(), snapshot) };
    }
    let on_uncovered = match engine {
        Engine::Auto(policy) => policy.unwrap_or_default(),
        Engine::Preload | Engine::Mount(_) => OnUncovered::Refuse,
    };
    uncovered::decide(Box::leak(Box::new(Policy {
        on_uncovered,
        library: own_path,
        notice: report.notice(),
    })));
    if let Some(directory) = library_directory(own) {
        let _ = tokens::LIB.set(Box::leak(Box::new(directory)));
    }
    // Only this constructor sets it.
    let snapshot = Box::leak(Box::new(snapshot));
    let _ = resolve::SNAPSHOT.set(snapshot);
    live::follow(start, snapshot, report);
    if own.is_none() {
        return;
    }
    known::start();
    if resolve::snapshot().is_some()
        && let Err(reason) = restart::mend(start, asked, is_launch)
    {
        report.refuse(reason);
    }
    registration::register(&name);
}

/// Returns the generation that this process's links are of: 0 where the shim is inert.
#[unsafe(no_mangle)]
pub extern "C" fn psl_shim_generation() -> u64 {
    resolve::SNAPSHOT
        .get()
        .map_or(0, |snapshot| snapshot.generation)
}

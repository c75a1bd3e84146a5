//! Before main: the environment says which member this is, the store what it sees.

use std::ffi::{CStr, CString, OsStr};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use psl_table::config::{HostConfig, OnError, OnUncovered};
use psl_table::pinned::{self, Engine, Pinned};
use psl_table::snapshot::Snapshot;
use psl_table::store::Store;
use psl_table::subject::Subject;
use psl_table::tree::{Host, PATH_MAX, Tree};
use rustix::fs::{Access, CWD};

use crate::environment::{self, Carried, Start};
use crate::launch::uncovered::{self, Policy};
use crate::libraries::directory_of;
use crate::loaded::LinkMap;
use crate::real;
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
    real::bind();
    let start = Start::read();
    if start.secure {
        return;
    }
    let report = Report::of(&start);
    match mounted(&start) {
        Ok(true) => return,
        Ok(false) => {}
        Err(reason) => report.refuse(reason),
    }
    let (config, store) = match configured(&start) {
        Ok((config, Some(store))) => (config, store),
        Ok((_, None)) => {
            if start.get("PSL_MEMBER").is_some() {
                report.say(Level::Warn, "PSL_MEMBER is set, but neither PSL_STORE nor a configuration names a store: no links hold");
            }
            return;
        }
        Err(error) => report.refuse(error),
    };
    let (snapshot, inherited) = match prepare(&start, &config, &store) {
        Ok(prepared) => prepared,
        Err(reason) if config.on_error == OnError::Ignore => {
            report.say(
                Level::Warn,
                format_args!("{reason}; no links hold, for on_error is \"ignore\""),
            );
            return;
        }
        Err(reason) => report.refuse(reason),
    };
    report.say(
        Level::Info,
        format_args!(
            "generation {} of \"{}\", {} places",
            snapshot.generation,
            store.display(),
            snapshot.places().len()
        ),
    );
    let own = LinkMap::own();
    let engine = inherited.as_ref().map_or(Engine::Auto, |it| it.engine);
    carry(&start, &snapshot, own, engine);
    let own_path = own.and_then(absolute).unwrap_or_default();
    let on_uncovered = match engine {
        Engine::Preload => OnUncovered::Refuse,
        Engine::Auto | Engine::Mount(_) => config.on_uncovered,
    };
    let policy = policy(on_uncovered, &own_path, &report);
    uncovered::decide(Box::leak(Box::new(policy)));
    let is_program = own.is_none_or(LinkMap::is_of_program);
    if let Some(lib) = own.and_then(library_directory) {
        let _ = tokens::LIB.set(Box::leak(Box::new(lib)));
    }
    // Only this constructor sets it.
    let _ = resolve::SNAPSHOT.set(Box::leak(Box::new(snapshot)));
    if is_program
        && resolve::snapshot().is_some()
        && let Err(reason) = restart::mend(&start, inherited.is_none())
    {
        report.refuse(reason);
    }
}

/// Reads the host's configuration, and where the store is.
fn configured(start: &Start) -> psl_table::Result<(HostConfig, Option<PathBuf>)> {
    let config = HostConfig::load(start.get("PSL_CONFIG").map(Path::new))?;
    let store = start
        .get("PSL_STORE")
        .map(PathBuf::from)
        .or_else(|| config.store.clone());
    Ok((config, store))
}

/// Makes the snapshot, of the generation that this instance was started with, or of the current one where this is the
/// first process of a launch and inherits nothing.
fn prepare(
    start: &Start,
    config: &HostConfig,
    store: &Path,
) -> Result<(Snapshot, Option<Pinned>), String> {
    let member = match start.get("PSL_MEMBER").filter(|member| !member.is_empty()) {
        None => None,
        Some(member) => Some(member.to_str().ok_or("PSL_MEMBER is not UTF-8")?),
    };
    let carried = start
        .get(pinned::VARIABLE)
        .filter(|_| start.get("PSL_PIN") != Some(OsStr::new("process")));
    let inherited = match carried {
        None => None,
        Some(text) => Some(Pinned::read(text.as_bytes()).map_err(|error| error.to_string())?),
    };
    // Another member's is no instance of this one.
    let inherited = inherited.filter(|pinned| pinned.member == member.unwrap_or_default());
    let store = Store::open(store, config.trust).map_err(|error| error.to_string())?;
    let table = match &inherited {
        Some(pinned) => store.read_generation(pinned.generation),
        None => store.read(),
    };
    let table = table.map_err(|error| error.to_string())?;
    let text = |name| start.get(name).and_then(OsStr::to_str).map(str::to_owned);
    let subject = Subject::of_member(&table, member)
        .or_attributes(&table, text("PSL_APP"), text("PSL_APP_VERSION"))
        .with_exe(start.program.map_or(&[][..], CStr::to_bytes))
        .with_env(
            start
                .variables()
                .map(|(name, value)| (name.to_vec(), value.to_vec()))
                .collect(),
        );
    let snapshot = Snapshot::of(&table, &subject, &Host).map_err(|errno| {
        format!(
            "\"{}\": the links lead in a circle on this host: {errno}",
            table.file().display()
        )
    })?;
    Ok((snapshot, inherited))
}

/// Whether the mount engine carries this process: its links are mounts, and there is nothing to do here.
///
/// A variable that nobody can have written is left to [`prepare`].
fn mounted(start: &Start) -> Result<bool, String> {
    let inherited = start.get(pinned::VARIABLE).map(OsStr::as_bytes);
    let Some(Ok(inherited)) = inherited.map(Pinned::read) else {
        return Ok(false);
    };
    let Engine::Mount(namespace) = inherited.engine else {
        return Ok(false);
    };
    let of = &inherited.member;
    let is_same = start
        .get("PSL_MEMBER")
        .is_none_or(|member| member == of.as_str());
    let is_mounted = inherited
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

/// Keeps what every program that this process starts has to find in its environment.
fn carry(start: &Start, snapshot: &Snapshot, own: Option<&LinkMap>, engine: Engine) {
    let variable = |name: &str| {
        let value = start.get(name)?;
        CString::new([name.as_bytes(), b"=", value.as_bytes()].concat()).ok()
    };
    let pinned = Pinned {
        generation: snapshot.generation,
        member: start
            .get("PSL_MEMBER")
            .and_then(OsStr::to_str)
            .unwrap_or_default()
            .into(),
        engine,
    };
    let carried = Carried {
        preload: own.and_then(|own| own_entry(start, own.name().to_bytes())),
        audit: own.and_then(absolute),
        variables: VARIABLES.iter().filter_map(|name| variable(name)).collect(),
        member: variable("PSL_MEMBER"),
        snapshot: CString::new(format!("{}={pinned}", pinned::VARIABLE)).ok(),
    };
    environment::carry(Box::leak(Box::new(carried)));
}

/// Finds the entry of `LD_PRELOAD` that loaded this library: by its path, or where the entry was expanded
/// (`$LIB`, a search) by its file name.
fn own_entry(start: &Start, own: &[u8]) -> Option<CString> {
    let file_name = |path: &[u8]| path.rsplit(|&byte| byte == b'/').next().map(<[u8]>::to_vec);
    let list = start.get("LD_PRELOAD")?.as_bytes();
    let entries = || {
        list.split(|byte| b": ".contains(byte))
            .filter(|entry| !entry.is_empty())
    };
    let exact = entries().find(|&entry| entry == own);
    let entry = exact.or_else(|| entries().find(|&entry| file_name(entry) == file_name(own)))?;
    CString::new(entry).ok()
}

/// Returns this library's path from everywhere, as the loader can be told it: `LD_AUDIT` has colons between libraries.
fn absolute(own: &LinkMap) -> Option<CString> {
    let name = Path::new(OsStr::from_bytes(own.name().to_bytes()));
    let path = match name.is_absolute() {
        true => name.to_path_buf(),
        false => {
            let mut here = vec![0; PATH_MAX];
            let length = Host.path_of(CWD, &mut here).ok()?;
            Path::new(OsStr::from_bytes(&here[..length])).join(name)
        }
    };
    let path = path.into_os_string().into_vec();
    CString::new(path)
        .ok()
        .filter(|path| !path.to_bytes().contains(&b':'))
}

/// Returns what `$LIB` stands for: where libc lies, below the root or `/usr`.
fn library_directory(own: &LinkMap) -> Option<Box<[u8]>> {
    let is_libc = |name: &&[u8]| name.ends_with(b"/libc.so.6");
    let libc = own
        .namespace()
        .map(|object| object.name().to_bytes())
        .find(is_libc)?;
    let dir = directory_of(libc);
    let dir = dir.strip_prefix(b"/usr").unwrap_or(dir);
    Some(dir.strip_prefix(b"/").unwrap_or(dir).into())
}

/// Says what happens to programs that cannot be carried, and by which program they are.
fn policy(on_uncovered: OnUncovered, own: &CStr, report: &Report<'_>) -> Policy {
    let dir = Path::new(OsStr::from_bytes(directory_of(own.to_bytes())));
    let places = [dir.join("psl-admin"), dir.join("../../bin/psl-admin")];
    let is_there = |path: &&PathBuf| rustix::fs::access(*path, Access::EXEC_OK).is_ok();
    let admin = match on_uncovered {
        OnUncovered::Mount => places.iter().find(is_there),
        OnUncovered::Refuse | OnUncovered::Warn => None,
    };
    Policy {
        on_uncovered,
        admin: admin.and_then(|path| CString::new(path.as_os_str().as_bytes()).ok()),
        notice: report.notice(),
    }
}

/// Returns the generation that this process's links are of: 0 where the shim is inert.
#[unsafe(no_mangle)]
pub extern "C" fn psl_shim_generation() -> u64 {
    resolve::SNAPSHOT
        .get()
        .map_or(0, |snapshot| snapshot.generation)
}

//! The environment of an instance: the caller's, with the variables that make it one.
use crate::shim_file;
use psl_table::pinned::{self, Pinned};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// Variables and their values, each name once.
pub type Environment = Vec<(OsString, OsString)>;

/// Returns the environment of an instance that the shim carries: it stands before the caller's own preloads, which keep
/// their order.
pub fn with_shim(shim: &Path, store: &Path, pinned: &Pinned) -> Environment {
    let mut environment = without_shim(Some(shim), store, pinned);
    let preloads = environment
        .iter()
        .position(|(name, _)| name == "LD_PRELOAD");
    let others = preloads.map(|at| environment.remove(at).1);
    let mut list = shim.as_os_str().to_owned();
    if let Some(others) = others {
        list.push(":");
        list.push(others);
    }
    environment.push(("LD_PRELOAD".into(), list));
    environment
}

/// Returns the environment of an instance that has no use for the shim: the caller's other libraries keep their order.
///
/// `shim` is this host's, where it has one: its file may have any name.
pub fn without_shim(shim: Option<&Path>, store: &Path, pinned: &Pinned) -> Environment {
    let mut own = vec![
        ("PSL_STORE", OsString::from(store)),
        (pinned::VARIABLE, pinned.to_string().into()),
    ];
    if !pinned.member.is_empty() {
        own.push(("PSL_MEMBER", OsString::from(&pinned.member)));
    }
    let is_own = |name: &OsStr| own.iter().any(|(own, _)| name == *own);
    let others = std::env::vars_os().filter(|(name, _)| !is_own(name));
    let mut environment: Environment = others
        .filter_map(|(name, value)| match name.as_bytes() {
            b"LD_PRELOAD" => Some((name, others_of(&value, b" :", shim)?)),
            b"LD_AUDIT" => Some((name, others_of(&value, b":", shim)?)),
            _ => Some((name, value)),
        })
        .collect();
    environment.extend(own.into_iter().map(|(name, value)| (name.into(), value)));
    environment
}

/// Returns what a list of libraries names beside the shim; none when that is nothing.
///
/// A second shim, another installation's, would resolve every name twice: it goes, too.
fn others_of(list: &OsStr, separators: &[u8], shim: Option<&Path>) -> Option<OsString> {
    let is_shim = |path: &[u8]| {
        let name = path.rsplit(|&byte| byte == b'/').next();
        shim.is_some_and(|shim| shim.as_os_str().as_bytes() == path)
            || name == Some(shim_file::NAME.as_bytes())
    };
    let listed = list.as_bytes().split(|byte| separators.contains(byte));
    let others: Vec<_> = listed
        .filter(|other| !other.is_empty() && !is_shim(other))
        .collect();
    (!others.is_empty()).then(|| OsString::from_vec(others.join(&b':')))
}

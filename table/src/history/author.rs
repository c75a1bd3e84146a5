//! Who commits.

use std::path::Path;

use crate::file;
use crate::history::Commit;
use crate::subject;
use crate::users;

/// Who commits, from where and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The administrator.
    pub who: String,
    /// The host's node name.
    pub host: String,
    /// Why; kept in one line.
    pub reason: Option<String>,
}

impl Author {
    /// Describes the calling process: its user, or the one who became root through sudo, and its host.
    pub fn here(reason: Option<String>) -> Author {
        let uid = rustix::process::getuid().as_raw();
        let behind_root = (uid == 0).then(sudo_user).flatten();
        let name = behind_root.or_else(|| users::name_of(uid));
        Author {
            who: name.unwrap_or_else(|| format!("uid {uid}")),
            host: subject::host(),
            reason,
        }
    }

    /// Returns the commit that makes `generation` from `after`.
    pub(crate) fn commits(&self, generation: u64, after: u64, when: String) -> Commit {
        Commit {
            generation,
            after,
            who: self.who.clone(),
            when,
            host: self.host.clone(),
            reason: self.reason.clone(),
        }
    }
}

/// Reads `SUDO_USER` from the environment that the kernel gave to this process.
fn sudo_user() -> Option<String> {
    let environment = file::read_lossy(Path::new("/proc/self/environ")).ok()?;
    let user = environment
        .split('\0')
        .find_map(|variable| variable.strip_prefix("SUDO_USER="))?;
    (!user.is_empty()).then(|| user.to_owned())
}

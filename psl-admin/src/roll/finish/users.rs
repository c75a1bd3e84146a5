//! Who runs the version that everybody had, and would see another one under its names from one moment to the next.
use crate::failure::Failure;
use crate::identity::Identity;
use crate::instance::Instance;
use crate::roll::finish::plan::{Finish, Old};
use crate::roll::link;
use crate::uses::{self, User, Uses};
use psl_table::pinned::View;
use psl_table::snapshot::Entry;
use psl_table::store::Store;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The processes of this host that have to do with the version that everybody had.
#[derive(Debug, Default)]
pub struct Concerned {
    /// Those that use it and have no link at the place: what the place becomes would be theirs at once.
    pub unlinked: Uses,
    /// One process for each mount namespace that has something else mounted at the place.
    pub mounted: Vec<User>,
}

/// Finds them. `from` is the place as the table has it.
pub fn concerned(store: &Store, from: &str, finish: &Finish) -> Result<Concerned, Failure> {
    let tree = match &finish.old {
        Some(Old::Tree { .. }) => Path::new(&finish.place),
        Some(Old::Symlink {
            tree: Some(tree), ..
        }) => Path::new(&tree.path),
        Some(Old::Symlink { tree: None, .. }) | None => return Ok(Concerned::default()),
    };
    let uses = uses::users_of(tree)?;
    let own = Identity::of(tree);
    let mut concerned = Concerned {
        unlinked: Uses {
            users: Vec::new(),
            ..uses
        },
        mounted: Vec::new(),
    };
    for user in uses.users {
        let there = PathBuf::from(format!("/proc/{}/root", user.pid));
        let there = there.join(finish.place.trim_start_matches('/'));
        let sees = Identity::of(&there);
        if sees.is_some() && sees != own {
            concerned.mounted.push(user);
        } else if !has_link(store, from, finish, user.pid) {
            concerned.unlinked.users.push(user);
        }
    }
    concerned.mounted.dedup_by_key(|user| user.pid);
    Ok(concerned)
}

/// Tells whether a process has a link at the place of its own, which holds whatever lies there.
fn has_link(store: &Store, from: &str, finish: &Finish, pid: i32) -> bool {
    let Ok(instance) = Instance::of_process(pid) else {
        return false;
    };
    let place = Path::new(&finish.place);
    let pinned = &instance.pinned;
    // Without an engine its links hold for nobody.
    instance.engine().is_some()
        && instance.require_generation(pid).is_ok()
        && match &pinned.view {
            View::Open => false,
            View::Resolved(view) => view.places().iter().any(|found| {
                matches!(found.entry, Entry::Link(_))
                    && place.parent().map(|dir| dir.as_os_str().as_bytes()) == Some(&found.dir)
                    && place.file_name().map(OsStrExt::as_bytes) == Some(&found.name)
            }),
            View::Choices(choices) => {
                let mut rows = choices.rows.iter();
                rows.any(|row| row.exe.is_none() && row.from == from)
            }
            View::Stored => store
                .read_generation(pinned.generation)
                .is_ok_and(|table| link::of_member(&table, from, &pinned.member).is_some()),
        }
}

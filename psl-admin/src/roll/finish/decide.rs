//! What the end of a roll makes of its place.
use crate::exit::Exit;
use crate::failure::Failure;
use crate::roll::finish::entry::{failed, name};
use crate::roll::finish::plan::{Finish, Form, Old, Tree};
use crate::roll::finish::{Entry, Parent};
use crate::roll::state::State;
use psl_table::table::Table;
use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What the administrator wants.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The new version itself is to be at the place.
    pub replace: bool,
    /// The tree that it is copied from, where that is not the roll's own.
    pub copy_from: Option<String>,
    /// Processes that run the old version without a link are no hindrance.
    pub force: bool,
}

/// Decides what becomes what, for a roll that is complete.
pub fn planned(state: &State, table: &Table, wanted: &Wanted) -> Result<Finish, Failure> {
    let from = &state.plan.from;
    let place = physical(from)?;
    let parent = Parent::of(&place)?;
    let place = text(place)?;
    let form = form(state, wanted)?;
    let mut finish = Finish {
        kept: format!("{place}.old-{}", table.generation),
        aside: match &form {
            Form::Link { .. } => {
                let path = Path::new(&place);
                let aside = format!(".{}.psl-finish", name(&place).to_string_lossy());
                text(path.with_file_name(aside))?
            }
            Form::Replace { .. } => format!("{place}.new-{}", table.generation),
        },
        old: None,
        form,
        place,
    };
    let found = parent.entry(name(&finish.place))?;
    finish.old = match found {
        Entry::Missing => None,
        // Another roll to the same target has been finished.
        ref found if finish.is_new(found) && matches!(finish.form, Form::Link { .. }) => None,
        Entry::Directory { inode } => Some(Old::Tree { inode }),
        Entry::Symlink { to } => Some(Old::Symlink {
            tree: tree(&finish.place)?,
            to,
        }),
        Entry::Other => {
            let message = format!("{from:?} is neither a directory nor a symlink");
            return Err(Failure::new(Exit::Refused, message));
        }
    };
    for path in [&finish.kept, &finish.aside] {
        if parent.entry(name(path))? != Entry::Missing {
            let message = format!("{path:?} is there, expected nothing");
            return Err(Failure::new(Exit::Refused, message)
                .with_help("move it away, then type the same again"));
        }
    }
    movable(&finish.place)?;
    apart(&finish)?;
    Ok(finish)
}

fn form(state: &State, wanted: &Wanted) -> Result<Form, Failure> {
    let plan = &state.plan;
    let mut targets = plan.members.iter().map(|turn| &turn.to);
    let first = targets.next().map(String::as_str).unwrap_or_default();
    let is_shared = targets.all(|to| to == first);
    let source = match (&wanted.copy_from, &plan.options.copy_from) {
        (Some(tree), _) | (None, Some(tree)) => Some(tree.clone()),
        (None, None) => is_shared.then(|| first.to_owned()),
    };
    let refused = |message: &str, help: &str| {
        Err(Failure::new(Exit::Refused, message.to_owned()).with_help(help))
    };
    match (wanted.replace, source) {
        (false, _) if is_shared => Ok(Form::Link {
            to: first.to_owned(),
        }),
        (false, _) => refused(
            "each member has a target of its own, so that no link can lead everybody to it",
            "--replace builds the new version at FROM itself",
        ),
        (true, Some(source)) => Ok(Form::Replace { source }),
        (true, None) => refused(
            "each member has a target of its own, and nothing says which one everybody is to have",
            "name the tree by --copy-from",
        ),
    }
}

/// Refuses a place that cannot be renamed.
fn movable(place: &str) -> Result<(), Failure> {
    let path = Path::new(place);
    let flags = AtFlags::SYMLINK_NOFOLLOW;
    let found = match statx(CWD, path, flags, StatxFlags::BASIC_STATS) {
        Err(rustix::io::Errno::NOENT) => return Ok(()),
        found => found.map_err(|errno| failed("examine", path, errno))?,
    };
    let above = path.parent().unwrap_or(Path::new("/"));
    let above = statx(CWD, above, flags, StatxFlags::BASIC_STATS)
        .map_err(|errno| failed("examine", above, errno))?;
    let device = |found: &rustix::fs::Statx| (found.stx_dev_major, found.stx_dev_minor);
    let is_mount = found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT);
    if !is_mount && device(&found) == device(&above) {
        return Ok(());
    }
    let message = format!("{place:?} is a mount point, which cannot be renamed");
    Err(Failure::new(Exit::Refused, message).with_help(
        "mount the new version there at the next boot, and remove the links of the roll by hand",
    ))
}

/// Refuses a new version that lies within the old one, or around the place.
fn apart(finish: &Finish) -> Result<(), Failure> {
    let (Form::Link { to: source } | Form::Replace { source }) = &finish.form;
    let found = Path::new(source).canonicalize().map_err(|error| {
        let message = format!("the new version {source:?} cannot be used: {error}");
        Failure::new(Exit::Refused, message)
    })?;
    if !found.is_dir() {
        let message = format!("the new version {source:?} is no directory");
        return Err(Failure::new(Exit::Refused, message));
    }
    let place = Path::new(&finish.place);
    let is_around = place.starts_with(&found);
    if finish.old.is_some() && (found.starts_with(place) || is_around) {
        let message = format!("the new version {source:?} and {place:?} lie one inside the other");
        return Err(Failure::new(Exit::Refused, message)
            .with_help("the old version is moved away: the new one has to be a tree apart"));
    }
    Ok(())
}

/// Returns where the place physically is; its last component is not followed.
pub fn physical(from: &str) -> Result<PathBuf, Failure> {
    let path = Path::new(from);
    let above = path.parent().unwrap_or(Path::new("/"));
    let physical = above.canonicalize().map_err(|error| {
        let message = format!("the directory of {from:?} cannot be reached: {error}");
        Failure::new(Exit::Refused, message)
    })?;
    Ok(physical.join(name(from)))
}

/// Returns the tree that a symlink leads to.
fn tree(place: &str) -> Result<Option<Tree>, Failure> {
    let Ok(path) = Path::new(place).canonicalize() else {
        return Ok(None);
    };
    let inode = path.metadata().ok().filter(std::fs::Metadata::is_dir);
    match inode {
        Some(found) => Ok(Some(Tree {
            inode: found.ino(),
            path: text(path)?,
        })),
        None => Ok(None),
    }
}

fn text(path: PathBuf) -> Result<String, Failure> {
    path.into_os_string().into_string().map_err(|path| {
        let message = format!("{path:?} is not UTF-8, and the table and journals are");
        Failure::new(Exit::Refused, message)
    })
}

//! From where to where a tree is copied, and the names beside the copy.
use crate::exit::Exit;
use crate::failure::Failure;
use rustix::fs::{Mode, OFlags};
use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// The longest name that file systems take, in bytes.
const LONGEST_NAME: usize = 255;

/// What the names of a stage have in the middle, between the name of the copy and a process id.
const MARK: &str = ".psl-stage";

/// What follows the process id in the name of a manifest that has no copy.
const MANIFEST: &str = ".manifest";

/// A tree and the place of its copy, both as they physically are.
#[derive(Debug)]
pub struct Route {
    /// The tree.
    pub src: PathBuf,
    /// The place of the copy: nothing is there.
    pub dst: PathBuf,
    /// The directory of that place, open.
    pub parent: OwnedFd,
    name: OsString,
}

impl Route {
    /// Resolves both, and refuses what cannot be copied from one to the other.
    pub fn find(src: &Path, dst: &Path) -> Result<Self, Failure> {
        let source = src.canonicalize().map_err(cannot("read", src))?;
        if !source.is_dir() {
            let message = format!("{src:?} is no directory, expected the tree to copy");
            return Err(Failure::new(Exit::Usage, message));
        }
        let (above, name) = split(dst)?;
        let above = above.canonicalize().map_err(|error| {
            let failure = cannot("find", &above)(error);
            failure.with_help(format!("the directory of {dst:?} has to exist"))
        })?;
        let route = Self {
            parent: open_dir(&above)?,
            src: source,
            dst: above.join(&name),
            name,
        };
        if route.dst.starts_with(&route.src) || route.src.starts_with(&route.dst) {
            let (inner, outer) = match route.dst.starts_with(&route.src) {
                true => (dst, src),
                false => (src, dst),
            };
            let message = format!("{inner:?} lies inside {outer:?}, expected two trees apart");
            return Err(Failure::new(Exit::Usage, message));
        }
        route.require_free()?;
        Ok(route)
    }

    /// Names a place that copies were made for, without a tree to copy.
    pub fn to(dst: &Path) -> Result<Self, Failure> {
        let (above, name) = split(dst)?;
        Ok(Self {
            parent: open_dir(&above)?,
            src: PathBuf::new(),
            dst: dst.to_owned(),
            name,
        })
    }

    /// Fails when something lies at the place of the copy.
    pub fn require_free(&self) -> Result<(), Failure> {
        match self.dst.symlink_metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(cannot("examine", &self.dst)(error)),
            Ok(_) => Err(Failure::new(
                Exit::Refused,
                format!("{:?} exists, expected nothing there", self.dst),
            )
            .with_help("a tree is never overwritten: name another place, or remove it first")),
        }
    }

    /// Returns the name of the copy.
    pub fn name(&self) -> &OsStr {
        &self.name
    }

    /// Returns the path of a name beside the copy, for messages.
    pub fn beside(&self, name: &OsStr) -> PathBuf {
        self.dst.with_file_name(name)
    }

    /// Returns the name of the file that the stages to this place lock.
    pub fn claim(&self) -> OsString {
        let mut name = OsString::from(".");
        name.push(&self.name);
        name.push(MARK);
        name
    }

    /// Returns the name that the copy has until it is complete.
    pub fn work(&self) -> OsString {
        let mut name = self.claim();
        name.push(format!("-{}", rustix::process::getpid()));
        name
    }

    /// Returns the name that the manifest has until then.
    pub fn work_manifest(&self) -> OsString {
        let mut name = self.work();
        name.push(MANIFEST);
        name
    }

    /// Tells whether some stage to this place gives a name like this to its copy or manifest.
    pub fn is_work(&self, name: &[u8]) -> bool {
        copy_of(name) == Some(self.name())
    }
}

/// Returns the name of the copy whose stages lock a file of this name.
pub fn claimed(name: &[u8]) -> Option<&OsStr> {
    let copy = name.strip_suffix(MARK.as_bytes())?.strip_prefix(b".")?;
    (!copy.is_empty()).then(|| OsStr::from_bytes(copy))
}

/// Returns the name of the copy that a stage gives a name like this to until it is complete.
pub fn copy_of(name: &[u8]) -> Option<&OsStr> {
    let rest = name.strip_suffix(MANIFEST.as_bytes()).unwrap_or(name);
    let digits = rest.iter().rev().take_while(|byte| byte.is_ascii_digit());
    let (rest, digits) = rest.split_at(rest.len() - digits.count());
    let copy = claimed(rest.strip_suffix(b"-")?)?;
    (!digits.is_empty()).then_some(copy)
}

/// Splits the place of a copy into the directory and the name.
fn split(dst: &Path) -> Result<(PathBuf, OsString), Failure> {
    let refused = |what: String| Failure::new(Exit::Usage, what);
    let Some(Component::Normal(name)) = dst.components().next_back() else {
        return Err(refused(format!(
            "{dst:?} does not end with a name, expected that of the copy"
        )));
    };
    // A process id has up to ten digits.
    let longest = LONGEST_NAME - ".".len() - MARK.len() - "-".len() - 10 - MANIFEST.len();
    if name.len() > longest {
        return Err(refused(format!(
            "the name of {dst:?} has {} bytes, expected at most {longest}",
            name.len()
        )));
    }
    let above = match dst.parent() {
        Some(above) if above != Path::new("") => above.to_owned(),
        _ => PathBuf::from("."),
    };
    Ok((above, name.to_owned()))
}

fn open_dir(path: &Path) -> Result<OwnedFd, Failure> {
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty()).map_err(cannot("open", path))
}

/// Returns what to make of an error: which deed failed on which path.
pub fn cannot<'a, E: Into<std::io::Error> + 'a>(
    doing: &'a str,
    path: &'a Path,
) -> impl Fn(E) -> Failure + 'a {
    move |error| {
        let error: std::io::Error = error.into();
        Failure::new(Exit::Storage, format!("cannot {doing} {path:?}: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_beside_a_copy_tell_which_copy_it_is() {
        let rows: [(&str, Option<&str>, Option<&str>); 9] = [
            (".v2.psl-stage-17", Some("v2"), None),
            (".v2.psl-stage-17.manifest", Some("v2"), None),
            (".v2.psl-stage", None, Some("v2")),
            ("..psl-stage-1.psl-stage-2", Some(".psl-stage-1"), None),
            (".v2.psl-stage-", None, None),
            (".v2.psl-stage-1x", None, None),
            (".v2.psl-stage.manifest", None, None),
            ("..psl-stage-17", None, None),
            ("v2.psl-stage-17", None, None),
        ];
        for (name, work, claim) in rows {
            assert_eq!(copy_of(name.as_bytes()), work.map(OsStr::new), "{name}");
            assert_eq!(claimed(name.as_bytes()), claim.map(OsStr::new), "{name}");
        }
    }
}

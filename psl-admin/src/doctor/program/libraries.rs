//! The libraries of a program as ld.so(8) finds them, one after the other, for one who has links and one who has none.
use super::links::View;
use super::object::Object;
use psl_table::executable::cache::Cache;
use psl_table::executable::carriage::Links;
use psl_table::executable::elf::LOADER;
use psl_table::executable::search::{List, Source, candidates, directories, directory_of, lists};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// What a library is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// A path in `DT_NEEDED`.
    Path,
    /// `DT_RPATH` of who needs it, or of who needs that one.
    Rpath,
    /// `LD_LIBRARY_PATH`.
    LibraryPath,
    /// `DT_RUNPATH` of who needs it.
    Runpath,
    /// The loader's cache.
    Cache,
    /// A default directory.
    Default,
    /// It is the loader, which is there already.
    Loader,
}

impl From<Source> for By {
    fn from(source: Source) -> Self {
        match source {
            Source::Rpath => Self::Rpath,
            Source::LibraryPath => Self::LibraryPath,
            Source::Runpath => Self::Runpath,
        }
    }
}

/// One library.
#[derive(Debug)]
pub struct Library {
    /// The name in `DT_NEEDED`.
    pub name: Vec<u8>,
    /// The name of who needs it first; none for the program.
    pub needed_by: Option<Vec<u8>>,
    /// Where it lies, and what it was found by; none if it is not found.
    pub found: Option<(PathBuf, By)>,
}

/// What the loader is told.
#[derive(Clone, Copy, Debug)]
pub struct Loader<'l> {
    /// `LD_LIBRARY_PATH`.
    pub library_path: Option<&'l [u8]>,
    /// The cache.
    pub cache: Cache<'l>,
    /// The path of the loader itself, as the program names it.
    pub path: &'l [u8],
}

/// A search under way.
struct Loading<'l> {
    loader: Loader<'l>,
    view: View<'l>,
    /// The program first, each with the position of who needed it.
    objects: Vec<(Object, usize)>,
}

/// Finds all libraries of a program, in the loader's order: breadth first.
///
/// Returns with them whether the search path of a library leads through a link, which the loader meets unprepared.
pub fn load(loader: Loader<'_>, view: View<'_>, program: &OsStr) -> (Vec<Library>, bool) {
    let Some(program) = Object::read(view.snapshot, program.as_bytes(), b"") else {
        return (Vec::new(), false);
    };
    let mut loading = Loading {
        loader,
        view,
        objects: vec![(program, 0)],
    };
    let mut libraries: Vec<Library> = Vec::new();
    let mut next = 0;
    while next < loading.objects.len() {
        for name in loading.objects[next].0.needed.clone() {
            if libraries.iter().any(|it| it.name == name) || loading.is_loaded(&name) {
                continue;
            }
            let found = loading.find(next, &name);
            let needed_by = (next > 0).then(|| loading.objects[next].0.name.clone());
            libraries.push(Library {
                name,
                needed_by,
                found: found.as_ref().map(|(it, by)| (it.physical.clone(), *by)),
            });
            if let Some((object, _)) = found
                && !loading.is_same(&object)
            {
                loading.objects.push((object, next));
            }
        }
        next += 1;
    }
    let is_near = loading.objects.iter().skip(1).any(|(object, _)| {
        [&object.rpath, &object.runpath]
            .into_iter()
            .flatten()
            .any(|list| loading.view.lead_near(list, &object.origin))
    });
    (libraries, is_near)
}

impl Loading<'_> {
    /// Whether a library calls itself so (`DT_SONAME`).
    fn is_loaded(&self, name: &[u8]) -> bool {
        let named = |(object, _): &(Object, usize)| object.soname.as_deref() == Some(name);
        self.objects.iter().skip(1).any(named)
    }

    fn is_same(&self, other: &Object) -> bool {
        self.objects
            .iter()
            .any(|(object, _)| object.identity == other.identity)
    }

    fn find(&self, asking: usize, name: &[u8]) -> Option<(Object, By)> {
        let (object, _) = &self.objects[asking];
        let at = |path: &[u8], by| Some((Object::read(self.view.snapshot, path, name)?, by));
        if name == LOADER.as_bytes() {
            return at(self.loader.path, By::Loader);
        }
        if name.contains(&b'/') {
            return at(
                self.view.expanded(name, &object.origin)?.to_bytes(),
                By::Path,
            );
        }
        for list in self.lists(asking) {
            if let Some(found) = self.in_list(list, name) {
                return Some((found, list.source.into()));
            }
        }
        let mut cached = self.loader.cache.paths_of(name).into_iter();
        let by_cache = cached
            .by_ref()
            .filter(|path| !object.no_defaults || !self.is_default(path))
            .find_map(|path| at(path, By::Cache));
        if by_cache.is_some() || object.no_defaults {
            return by_cache;
        }
        let mut defaults = self.defaults().into_iter();
        defaults.find_map(|dir| Some((self.in_directory(&dir, name)?, By::Default)))
    }

    /// Returns the lists that are searched for a library that the object at a position needs.
    fn lists(&self, asking: usize) -> Vec<List<'_>> {
        let asked_by = |&at: &usize| (at > 0).then(|| self.objects[at].1);
        let mut chain =
            std::iter::successors(Some(asking), asked_by).map(|at| self.objects[at].0.paths());
        let asks = chain.next();
        asks.map(|asks| lists(asks, chain, self.loader.library_path))
            .unwrap_or_default()
    }

    fn in_list(&self, list: List<'_>, name: &[u8]) -> Option<Object> {
        directories(list.text).find_map(|dir| {
            let dir = self.view.expanded(dir, list.origin)?;
            self.in_directory(dir.to_bytes(), name)
        })
    }

    fn in_directory(&self, dir: &[u8], name: &[u8]) -> Option<Object> {
        candidates(dir, name).find_map(|path| Object::read(self.view.snapshot, &path, name))
    }

    /// Returns the directories that glibc was configured with.
    fn defaults(&self) -> [Vec<u8>; 4] {
        [
            [b"/", self.view.lib].concat(),
            [b"/usr/", self.view.lib].concat(),
            b"/lib".to_vec(),
            b"/usr/lib".to_vec(),
        ]
    }

    fn is_default(&self, path: &[u8]) -> bool {
        self.defaults().iter().any(|dir| directory_of(path) == *dir)
    }
}

/// Returns what `$LIB` stands for: where the cache has libc, below the root or `/usr`.
pub fn lib(cache: Cache<'_>) -> Vec<u8> {
    let libc = cache.paths_of(b"libc.so.6").into_iter().next();
    let dir = libc.map_or(&b"/lib64"[..], directory_of);
    let dir = dir.strip_prefix(b"/usr").unwrap_or(dir);
    dir.strip_prefix(b"/").unwrap_or(dir).to_vec()
}

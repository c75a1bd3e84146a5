//! The order in which ld.so(8) searches for a library, followed only where a link has a part in it.

use std::cell::UnsafeCell;
use std::ffi::{CStr, c_char};
use std::ptr::null;

use psl_table::executable::search::{candidates, directories, lists};

use crate::environment;
use crate::libraries::{leads_near_link, member_library};
use crate::loaded::LinkMap;
use crate::tokens::expanded;

/// Who loaded whom.
struct Objects(UnsafeCell<State>);

struct State {
    /// Each object with the one that it was loaded for.
    loaded: Vec<(*const LinkMap, *const LinkMap)>,
    /// Who asked last: what is opened next is for it.
    asking: *const LinkMap,
}

// SAFETY: the loader's lock is held in every function that it calls, so one thread is here at a time.
unsafe impl Sync for Objects {}

static OBJECTS: Objects = Objects(UnsafeCell::new(State {
    loaded: Vec::new(),
    asking: null(),
}));

fn with_objects<R>(then: impl FnOnce(&mut State) -> R) -> R {
    // SAFETY: as above; nothing that `then` does calls the loader.
    then(unsafe { &mut *OBJECTS.0.get() })
}

/// Remembers that an object asks for a library.
pub fn asks(object: *const LinkMap) {
    with_objects(|state| state.asking = object);
}

/// Remembers for whom an object was loaded.
pub fn opened(object: *const LinkMap) {
    with_objects(|state| state.loaded.push((object, state.asking)));
}

/// Forgets an object.
pub fn closed(object: *const LinkMap) {
    with_objects(|state| {
        state.loaded.retain(|&(known, _)| known != object);
        if state.asking == object {
            state.asking = null();
        }
    });
}

/// Iterates over an object and those that it was loaded for, the program last.
fn ancestors(object: &LinkMap) -> Vec<&LinkMap> {
    let mut found = Vec::new();
    let mut next: *const LinkMap = object;
    with_objects(|state| {
        // No object is met twice, whatever the memory of unloaded ones was used for since.
        while !found.contains(&next)
            && let Some(&(known, loader)) = state.loaded.iter().find(|(known, _)| *known == next)
        {
            found.push(known);
            next = loader;
        }
        if let Some(&(program, _)) = state.loaded.first()
            && !found.contains(&program)
        {
            found.push(program);
        }
    });
    let alive = |object: &*const LinkMap| {
        // SAFETY: they are loaded: closed ones were forgotten.
        unsafe { object.as_ref() }
    };
    found.iter().filter_map(alive).collect()
}

/// Finds a library as the loader would if links were symlinks; none if links have no part in the search.
pub fn find(object: &LinkMap, name: &[u8]) -> Option<*const c_char> {
    let loaders = ancestors(object)
        .into_iter()
        .filter(|it| !std::ptr::eq(*it, object));
    let loaders: Vec<_> = loaders.map(|it| (it, it.directory())).collect();
    let origin = object.directory();
    let lists = lists(
        object.paths(&origin),
        loaders.iter().map(|(it, origin)| it.paths(origin)),
        environment::at_start(b"LD_LIBRARY_PATH"),
    );
    if !lists.iter().any(|it| leads_near_link(it.text, it.origin)) {
        return None;
    }
    lists.iter().find_map(|list| {
        directories(list.text).find_map(|dir| {
            let in_directory = |dir: &CStr| {
                candidates(dir.to_bytes(), name).find_map(|path| member_library(&path))
            };
            expanded(dir, list.origin, in_directory).ok().flatten()
        })
    })
}

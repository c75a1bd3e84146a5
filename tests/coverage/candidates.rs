//! Which functions may take, return or walk names of files: those whose prototype does not say otherwise.

use std::collections::BTreeSet;

use crate::prototypes::{Prototype, Prototypes};

/// Types that hold names or lead to them.
const HOLDS_NAMES: [&str; 18] = [
    "DIR",
    "dirent",
    "dirent64",
    "FTS",
    "FTS64",
    "FTSENT",
    "FTSENT64",
    "glob_t",
    "glob64_t",
    "wordexp_t",
    "posix_spawn_file_actions_t",
    "sockaddr",
    "__SOCKADDR_ARG",
    "__CONST_SOCKADDR_ARG",
    "msghdr",
    "mmsghdr",
    "caddr_t",
    "__caddr_t",
];

/// Whether an exported function may have to do with names.
///
/// Without a prototype it is what the functions are that it is a form of. Where there is none, nothing says that it is
/// innocent.
pub fn is_candidate(name: &str, prototypes: &Prototypes) -> bool {
    if let Some(declared) = prototypes.get(name) {
        return declared.iter().any(has_room_for_a_name);
    }
    let forms = forms(name);
    let mut declared = forms
        .iter()
        .filter_map(|form| prototypes.get(form))
        .flatten()
        .peekable();
    declared.peek().is_none() || declared.any(has_room_for_a_name)
}

fn has_room_for_a_name(prototype: &Prototype) -> bool {
    let parameters = &prototype.parameters;
    if parameters.iter().all(Vec::is_empty) {
        // `()` says nothing of parameters.
        return true;
    }
    let takes = |word: &str| parameters.iter().any(|it| it.iter().any(|it| it == word));
    let of_descriptor = parameters
        .first()
        .is_some_and(|it| it.contains(&"int".into()));
    takes("...")
        || (of_descriptor && takes("void") && takes("*"))
        || parameters.iter().chain([&prototype.result]).any(|words| {
            is_text(words)
                || words
                    .iter()
                    .any(|word| HOLDS_NAMES.contains(&word.as_str()))
        })
}

/// Whether this is a pointer to, or an array of, `char`; bytes are `unsigned char`.
fn is_text(words: &[String]) -> bool {
    let mut words = words
        .iter()
        .map(String::as_str)
        .filter(|it| *it != "const")
        .peekable();
    let mut before = "";
    while let Some(word) = words.next() {
        let is_pointed_to = match words.peek() {
            Some(&"*") => true,
            // `char buffer[]`
            Some(_) => words.clone().any(|it| it == "["),
            None => false,
        };
        if word == "char" && before != "unsigned" && is_pointed_to {
            return true;
        }
        before = word;
    }
    false
}

/// Returns the names that a function would have without what marks a form of it: `__open64_2` is one of `open`.
pub fn forms(name: &str) -> BTreeSet<String> {
    const BEFORE: [&str; 6] = [
        "_",
        "_IO_",
        "__libc_",
        "__isoc99_",
        "__isoc23_",
        "__nss_files_",
    ];
    const BEHIND: [&str; 8] = [
        "_chk",
        "64",
        "_2",
        "_l",
        "_np",
        "_r",
        "_internal",
        "_nocancel",
    ];
    let mut forms = BTreeSet::new();
    let mut pending = vec![name.to_owned()];
    while let Some(name) = pending.pop() {
        let before = BEFORE.iter().filter_map(|it| name.strip_prefix(it));
        let behind = BEHIND.iter().filter_map(|it| name.strip_suffix(it));
        // `__lxstat` is lstat with the version of its structure.
        let versioned = name
            .strip_prefix("__")
            .and_then(|it| it.split_once('x'))
            .map(|(head, tail)| format!("{head}{tail}"));
        let shorter = before.chain(behind).map(str::to_owned).chain(versioned);
        pending.extend(shorter.filter(|it| !it.is_empty() && forms.insert(it.clone())));
    }
    forms
}

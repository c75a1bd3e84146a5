//! The prototypes in libc's headers, as the C compiler preprocesses them.
//!
//! Only the preprocessor is asked: every compiler has the same one, and what a compiler prints of prototypes itself
//! (`gcc -aux-info`) is no business of the others'.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Directories of headers that declare functions of libc's; those of the kernel declare types and numbers only.
const DIRECTORIES: [&str; 7] = ["", "arpa", "net", "netinet", "protocols", "rpc", "sys"];

/// What shows all that libc has: extensions, large-file twins and fortified forms.
const EVERYTHING: [&str; 4] = [
    "-D_GNU_SOURCE",
    "-D_LARGEFILE64_SOURCE",
    "-O2",
    "-D_FORTIFY_SOURCE=2",
];

/// A function's declaration, in words of C.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Prototype {
    /// What it returns.
    pub result: Vec<String>,
    /// What it takes; `...` is one, too.
    pub parameters: Vec<Vec<String>>,
}

impl Prototype {
    /// Says it as C does.
    pub fn display(&self, name: &str) -> String {
        let parameters: Vec<_> = self.parameters.iter().map(|it| it.join(" ")).collect();
        format!(
            "{} {name}({})",
            self.result.join(" "),
            parameters.join(", ")
        )
    }
}

/// Prototypes by the names of the functions: headers of others may declare one in their own way.
pub type Prototypes = BTreeMap<String, BTreeSet<Prototype>>;

/// Returns all prototypes in headers that can be included alone.
pub fn installed() -> Prototypes {
    let headers = headers();
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let share = headers.len().div_ceil(workers).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = headers
            .chunks(share)
            .map(|headers| scope.spawn(|| headers.iter().filter_map(|it| preprocess(it)).collect()))
            .collect();
        let mut prototypes = Prototypes::new();
        for worker in workers {
            let texts: Vec<String> = worker.join().expect("a worker does not panic");
            for (name, declared) in texts.iter().flat_map(|text| parse(text)) {
                prototypes.entry(name).or_default().extend(declared);
            }
        }
        prototypes
    })
}

fn compiler() -> Command {
    Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()))
}

/// Names all headers, as `#include` does.
fn headers() -> Vec<String> {
    let mut headers = Vec::new();
    for include in include_directories() {
        for directory in DIRECTORIES {
            let Ok(entries) = std::fs::read_dir(include.join(directory)) else {
                continue;
            };
            for entry in entries {
                let path = Path::new(directory).join(entry.expect("it can be read").file_name());
                if path.extension().is_some_and(|it| it == "h") {
                    headers.push(path.display().to_string());
                }
            }
        }
    }
    headers.sort();
    headers.dedup();
    headers
}

/// Asks the compiler where it looks for headers, and returns those directories that have some of libc's.
fn include_directories() -> Vec<PathBuf> {
    let output = compiler()
        .args(["-E", "-v", "-x", "c", "/dev/null"])
        .env("LC_ALL", "C")
        .output()
        .expect("there is a C compiler: apt-get install gcc libc6-dev");
    let talk = String::from_utf8_lossy(&output.stderr);
    talk.lines()
        .skip_while(|line| !line.starts_with("#include <...>"))
        .take_while(|line| !line.starts_with("End of search list"))
        .map(|line| PathBuf::from(line.trim()))
        .filter(|dir| dir.join("stdio.h").exists() || dir.join("sys/types.h").exists())
        .collect()
}

/// Returns what a header comes to, or nothing if it is not made to be included alone.
fn preprocess(header: &str) -> Option<String> {
    let mut child = compiler()
        .args(["-E", "-P", "-x", "c"])
        .args(EVERYTHING)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("there is a C compiler: apt-get install gcc libc6-dev");
    let mut source = child.stdin.take().expect("it is piped");
    writeln!(source, "#include <{header}>").expect("the compiler reads its input");
    drop(source);
    let output = child.wait_with_output().expect("the compiler ends");
    let text = || String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then(text)
}

/// Returns the functions that a preprocessed text declares at its top level.
pub fn parse(text: &str) -> Prototypes {
    let mut prototypes = Prototypes::new();
    let mut declare = |declaration: &mut Vec<&str>| {
        if let Some((name, prototype)) = function(declaration) {
            prototypes.entry(name).or_default().insert(prototype);
        }
        declaration.clear();
    };
    let mut declaration = Vec::new();
    let mut braces = 0_usize;
    for word in words(text) {
        match word {
            "{" => braces += 1,
            "}" => {
                braces = braces.saturating_sub(1);
                // A function's body ends without a semicolon; whatever follows a type's is no function.
                if braces == 0 && declaration.contains(&")") {
                    declare(&mut declaration);
                }
            }
            _ if braces > 0 => {}
            ";" => declare(&mut declaration),
            _ => declaration.push(word),
        }
    }
    prototypes
}

/// Splits C into words: names and numbers, literals, `...`, and single characters.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let first = rest.chars().next()?;
        let length = match first {
            '"' | '\'' => literal(rest, first),
            _ if is_name(first) => rest.find(|it| !is_name(it)).unwrap_or(rest.len()),
            _ if rest.starts_with("...") => 3,
            _ => first.len_utf8(),
        };
        let word;
        (word, rest) = rest.split_at(length);
        Some(word)
    })
}

fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Returns how long the literal is that begins with its quote.
fn literal(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if letter == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Reads one declaration, which may be of something else.
fn function(declaration: &[&str]) -> Option<(String, Prototype)> {
    let words = without_attributes(declaration);
    if words.contains(&"typedef") || words.contains(&"=") {
        return None;
    }
    let open = words.iter().position(|it| *it == "(")?;
    let (name, result) = words[..open].split_last()?;
    if result.is_empty() || !name.starts_with(is_name) {
        return None;
    }
    let owned = |words: &[&str]| words.iter().map(|it| (*it).to_owned()).collect();
    let prototype = Prototype {
        result: owned(result),
        parameters: parameters(&words[open + 1..])
            .iter()
            .map(|it| owned(it))
            .collect(),
    };
    Some(((*name).to_owned(), prototype))
}

/// Splits what follows an opening parenthesis at its commas.
fn parameters<'a>(words: &[&'a str]) -> Vec<Vec<&'a str>> {
    let mut parameters = vec![Vec::new()];
    let mut depth = 0_usize;
    for word in words {
        match *word {
            ")" if depth == 0 => break,
            "," if depth == 0 => {
                parameters.push(Vec::new());
                continue;
            }
            "(" | "[" => depth += 1,
            ")" | "]" => depth -= 1,
            _ => {}
        }
        parameters.last_mut().expect("there is one").push(*word);
    }
    parameters
}

/// Leaves out what says nothing about types.
fn without_attributes<'a>(words: &[&'a str]) -> Vec<&'a str> {
    const WITH_ARGUMENTS: [&str; 5] = ["__attribute__", "__attribute", "__asm__", "__asm", "asm"];
    const ALONE: [&str; 9] = [
        "extern",
        "static",
        "inline",
        "__inline",
        "__inline__",
        "__extension__",
        "_Noreturn",
        "__restrict",
        "restrict",
    ];
    let mut kept = Vec::new();
    let mut words = words.iter().copied().peekable();
    while let Some(word) = words.next() {
        if WITH_ARGUMENTS.contains(&word) {
            let mut depth = 0_usize;
            for word in words.by_ref() {
                match word {
                    "(" => depth += 1,
                    ")" => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
        } else if !ALONE.contains(&word) {
            kept.push(word);
        }
    }
    kept
}

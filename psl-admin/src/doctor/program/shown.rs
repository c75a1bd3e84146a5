//! A diagnosis as text and as JSON.
use super::kind::Kind;
use super::libraries::By;
use super::verdict::Engine;
use super::{Diagnosis, Pair};
use crate::columns;
use anstyle::{AnsiColor, Style};
use psl_table::visible;
use serde::Serialize;
use std::borrow::Cow;
use std::path::Path;

/// What nobody can tell before the program runs.
const DLOPEN: &str = "libraries that are opened with dlopen(3) are not known beforehand; the preload engine resolves their paths";
const RAW: &str = "system calls without libc (`syscall` instructions, io_uring) are not looked for; the preload engine does not see them";

/// What `doctor PROGRAM --json` prints.
#[derive(Serialize)]
pub struct Shown<'a> {
    program: Cow<'a, str>,
    member: Option<&'a str>,
    path: Vec<ShownStep<'a>>,
    file: &'a Kind,
    libraries: Vec<ShownLibrary<'a>>,
    escapes: Vec<&'static str>,
    audit: Option<&'a str>,
    engine: Engine,
    why: &'a str,
    help: Option<&'a str>,
}

#[derive(Serialize)]
struct ShownStep<'a> {
    path: Cow<'a, str>,
    physical: Cow<'a, str>,
    argument: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
struct ShownLibrary<'a> {
    name: Cow<'a, str>,
    needed_by: Option<Cow<'a, str>>,
    without_links: Option<Cow<'a, str>>,
    member: Option<Cow<'a, str>>,
    found_by: Option<By>,
}

/// Returns what can be printed as JSON.
pub fn json(diagnosis: &Diagnosis) -> Shown<'_> {
    let step = |step: &'_ super::Step| -> ShownStep<'static> {
        ShownStep {
            path: step.path.to_string_lossy().into_owned().into(),
            physical: step.physical.to_string_lossy().into_owned().into(),
            argument: step
                .argument
                .as_ref()
                .map(|it| it.to_string_lossy().into_owned().into()),
        }
    };
    Shown {
        program: diagnosis.program.to_string_lossy(),
        member: diagnosis.member.as_deref(),
        path: diagnosis.steps.iter().map(step).collect(),
        file: &diagnosis.kind,
        libraries: diagnosis.libraries.iter().map(shown_library).collect(),
        escapes: escapes(diagnosis),
        audit: diagnosis.audit.as_deref(),
        engine: diagnosis.verdict.engine,
        why: &diagnosis.verdict.why,
        help: diagnosis.verdict.help.as_deref(),
    }
}

fn shown_library(pair: &Pair) -> ShownLibrary<'_> {
    let library = &pair.library;
    ShownLibrary {
        name: String::from_utf8_lossy(&library.name),
        needed_by: library.needed_by.as_deref().map(String::from_utf8_lossy),
        without_links: pair.without.as_deref().map(Path::to_string_lossy),
        member: library
            .found
            .as_ref()
            .map(|(path, _)| path.to_string_lossy()),
        found_by: library.found.as_ref().map(|(_, by)| *by),
    }
}

/// Lists what escapes the engine, as far as that can be said.
fn escapes(diagnosis: &Diagnosis) -> Vec<&'static str> {
    match diagnosis.verdict.engine {
        Engine::Preload => vec![RAW, DLOPEN],
        Engine::Uncovered => vec!["all of it: it runs without the links"],
        // Mounts hold for the kernel's own names; nothing escapes from there.
        Engine::None | Engine::Mount | Engine::Refused => Vec::new(),
    }
}

/// Writes it as aligned lines, with styles.
pub fn text(diagnosis: &Diagnosis) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        text += &format!("{name:<8}  {}\n", visible::line(value));
    };
    line("program", &diagnosis.program.to_string_lossy());
    line("member", diagnosis.member.as_deref().unwrap_or("none"));
    for (number, step) in diagnosis.steps.iter().enumerate() {
        let name = if number == 0 { "found" } else { "by" };
        let path = step.path.to_string_lossy();
        let mut value = match step.physical == Path::new(&step.path) {
            true => path.into_owned(),
            false => format!("{path} -> {}", step.physical.display()),
        };
        if number + 1 < diagnosis.steps.len() {
            value += ", a script";
        }
        if let Some(argument) = &step.argument {
            value += &format!(" whose interpreter gets {argument:?}");
        }
        line(name, &value);
    }
    line("type", &diagnosis.kind.text());
    let audit = diagnosis.audit.as_deref();
    let audit = audit.map_or_else(|| "off".to_owned(), |why| format!("on: {why}"));
    line("audit", &audit);
    for (number, escape) in escapes(diagnosis).iter().enumerate() {
        line(if number == 0 { "escapes" } else { "" }, escape);
    }
    if !diagnosis.libraries.is_empty() {
        text += "\n";
        let header = [
            "LIBRARY",
            "MEMBER GETS",
            "WITHOUT LINKS",
            "FOUND BY",
            "NEEDED BY",
        ];
        text += &columns::aligned(header, diagnosis.libraries.iter().map(cells));
        text += "\n";
    }
    let (word, style) = engine(diagnosis.verdict.engine);
    let why = visible::line(&diagnosis.verdict.why);
    text += &format!("engine    {style}{word}{style:#}: {why}\n");
    if let Some(help) = &diagnosis.verdict.help {
        text += &format!("          => {}\n", visible::line(help));
    }
    text
}

fn cells(pair: &Pair) -> [String; 5] {
    let library = &pair.library;
    let found = library.found.as_ref().map(|(path, _)| path);
    let shown = |path: Option<&std::path::PathBuf>| {
        path.map_or_else(|| "not found".into(), |path| path.display().to_string())
    };
    let without = match found == pair.without.as_ref() {
        true => "the same".into(),
        false => shown(pair.without.as_ref()),
    };
    let by = library.found.as_ref().map_or("", |(_, by)| match by {
        By::Path => "its path",
        By::Rpath => "RPATH",
        By::LibraryPath => "LD_LIBRARY_PATH",
        By::Runpath => "RUNPATH",
        By::Cache => "cache",
        By::Default => "default",
        By::Loader => "loader",
    });
    let needed_by = library.needed_by.as_deref();
    [
        String::from_utf8_lossy(&library.name).into_owned(),
        shown(found),
        without,
        by.into(),
        needed_by.map_or_else(
            || "the program".into(),
            |name| String::from_utf8_lossy(name).into_owned(),
        ),
    ]
}

fn engine(engine: Engine) -> (&'static str, Style) {
    let (word, color) = match engine {
        Engine::None => ("none needed", AnsiColor::Green),
        Engine::Preload => ("preload", AnsiColor::Green),
        Engine::Mount => ("mount", AnsiColor::Green),
        Engine::Uncovered => ("not carried", AnsiColor::Yellow),
        Engine::Refused => ("refused", AnsiColor::Red),
    };
    (word, color.on_default())
}

//! Sequences that failed once: a file each, a call a line as a probe is told it, with `{}` for the root.

use std::fs;
use std::path::Path;

use psl_tests::script::Call;

/// Returns all of them with their files' names, which say what was wrong.
pub fn all(root: &Path) -> Vec<(String, Vec<Call>)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("sequences/once");
    let entries = fs::read_dir(&dir).expect("the directory is there");
    let mut all: Vec<_> = entries
        .map(|entry| {
            let entry = entry.expect("the directory can be read");
            let name = entry.file_name().to_string_lossy().into_owned();
            let text = fs::read_to_string(entry.path()).expect("it is text");
            let calls = read(&text, root).unwrap_or_else(|line| panic!("{name}: no call: {line}"));
            assert!(!calls.is_empty(), "{name} has no calls");
            (name, calls)
        })
        .collect();
    assert!(!all.is_empty(), "{} has files", dir.display());
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

/// Reads a sequence; fails with a line that is no call.
pub fn read(text: &str, root: &Path) -> Result<Vec<Call>, String> {
    let text = text.replace("{}", &root.display().to_string());
    let call = |line: &str| Call::parse(line).ok_or_else(|| line.into());
    text.lines().map(call).collect()
}

/// Returns a sequence as such a file has it.
pub fn written(calls: &[Call], root: &Path) -> String {
    let lines: Vec<_> = calls.iter().map(Call::to_string).collect();
    lines.join("\n").replace(&root.display().to_string(), "{}")
}

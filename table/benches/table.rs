//! What reading a table, making a snapshot of it and looking names up cost.
//!
//! `cargo bench -p psl-table`; see docs/performance.md.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use psl_table::choices::Choices;
use psl_table::hash::hash;
use psl_table::pinned::{Engine, Pinned, View};
use psl_table::subject::Subject;
use psl_table::table::Table;
use psl_table::tree::Host;
use psl_table::walk::{Last, Scratch, walk};
use rustix::fs::CWD;
use tempfile::TempDir;

/// How many rows tables have.
const ROWS: [usize; 3] = [10, 1_000, 10_000];

/// Returns a table whose rows are all the member's; the last is about `link` in the directory.
fn text(dir: &Path, rows: usize) -> String {
    let mut text = String::from("format = 1\ngeneration = 1\n[member.m]\n");
    let others = (1..rows).map(|row| format!("other/from-{row}"));
    for from in others.chain(["link".to_owned()]) {
        let (from, to) = (dir.join(from), dir.join("target"));
        write!(
            text,
            "[[link]]\nfrom = {from:?}\nto = {to:?}\nmember = \"m\"\n"
        )
        .expect("a string takes what it is given");
    }
    text
}

fn table(dir: &Path, rows: usize) -> Table {
    Table::parse(Path::new("table.toml"), &text(dir, rows)).expect("it is a table")
}

fn choices(dir: &Path, rows: usize) -> Choices {
    let table = table(dir, rows);
    Choices::of(&table, &Subject::of_member(&table, Some("m")))
}

/// Makes a directory with a file behind a link, and one beside it.
fn tree() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a directory can be made");
    let path = dir.path().canonicalize().expect("it was just made");
    for name in ["link", "target", "other"] {
        fs::create_dir(path.join(name)).expect("it is free");
        fs::write(path.join(name).join("file"), "text").expect("it can be written");
    }
    (dir, path)
}

#[divan::bench(args = ROWS)]
fn parse(bencher: Bencher<'_, '_>, rows: usize) {
    let text = text(Path::new("/binaries"), rows);
    bencher
        .counter(BytesCount::of_str(&text))
        .bench(|| Table::parse(Path::new("table.toml"), black_box(&text)));
}

#[divan::bench(args = ROWS)]
fn choose(bencher: Bencher<'_, '_>, rows: usize) {
    let table = table(Path::new("/binaries"), rows);
    let subject = Subject::of_member(&table, Some("m"));
    bencher.bench(|| Choices::of(black_box(&table), &subject));
}

#[divan::bench(args = ROWS)]
fn make_snapshot(bencher: Bencher<'_, '_>, rows: usize) {
    let (_dir, path) = tree();
    let choices = choices(&path, rows);
    bencher.bench(|| black_box(&choices).decide(b"/bin/true", &Host));
}

#[divan::bench(args = [10, 1_000])]
fn inherit(bencher: Bencher<'_, '_>, rows: usize) {
    let (_dir, path) = tree();
    let snapshot = choices(&path, rows).decide(b"/bin/true", &Host);
    let pinned = Pinned {
        generation: 1,
        member: "m".into(),
        engine: Engine::Auto(None),
        view: View::Resolved(snapshot.expect("its places are found")),
    };
    let text = pinned.to_string();
    bencher
        .counter(BytesCount::of_str(&text))
        .bench(|| Pinned::read(black_box(text.as_bytes())));
}

#[divan::bench(args = ["other/file", "link/file"])]
fn walk_name(bencher: Bencher<'_, '_>, name: &str) {
    let (_dir, path) = tree();
    let snapshot = choices(&path, 10).decide(b"/bin/true", &Host);
    let snapshot = snapshot.expect("its places are found");
    let name = path.join(name);
    let mut scratch = Scratch::new();
    bencher.bench_local(|| {
        let name = black_box(name.as_os_str().as_bytes());
        walk(&snapshot, &Host, CWD, name, Last::Followed, &mut scratch).is_ok()
    });
}

#[divan::bench(args = [8, 32, 128])]
fn hash_name(bencher: Bencher<'_, '_>, length: usize) {
    let name = vec![b'n'; length];
    bencher.bench(|| hash(black_box(1), black_box(&name)));
}

fn main() {
    divan::main();
}

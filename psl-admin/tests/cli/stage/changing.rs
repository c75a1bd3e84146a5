//! A tree that somebody writes while it is copied.
use super::begun::{Begun, has_begun, names};
use crate::bench::Bench;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

/// What happens to the tree while its file `m` is copied, and the name that is told.
type Row = (fn(&Path), &'static str, &'static str);

const ROWS: &[Row] = &[
    (append, "m", "changed while it was copied"),
    (
        |src| fs::remove_file(src.join("z")).unwrap(),
        "z",
        "vanished while the tree was read",
    ),
    (
        |src| fs::write(src.join("zz"), "late").unwrap(),
        "",
        "changed while it was copied",
    ),
];

fn append(src: &Path) {
    let file = File::options().append(true).open(src.join("m"));
    file.unwrap().write_all(b"more").unwrap();
}

#[test]
fn a_tree_that_changes_meanwhile_is_refused_by_the_name_of_what_changed() {
    for (act, name, what) in ROWS {
        let bench = Bench::without_store();
        bench.write("d/src/m", vec![1; 256 << 20]);
        bench.write("d/src/z", "z");
        let stage = Begun::start(&mut bench.command("stage d/src d/dst"));
        let src = bench.path("d/src");
        stage.stopped_when(|| has_begun(&bench.path("d"), "m"), || act(&src));
        let output = stage.end();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(6), "{stderr}");
        let path = if name.is_empty() { src } else { src.join(name) };
        assert!(stderr.contains(&format!("{path:?} {what}")), "{stderr}");
        assert_eq!(names(&bench), ["src"]);
    }
}

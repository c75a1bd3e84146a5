//! What was found by looking for input that breaks something, and what led there: `tests/fuzz/corpus`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use psl_tests::hostile::KINDS;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// Lists the names in a directory, without what follows a dot.
fn stems(dir: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(dir).expect("it is there");
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    let stem = |path: PathBuf| Some(path.file_stem()?.to_str()?.to_owned());
    paths.filter_map(stem).collect()
}

#[test]
fn every_kind_of_input_has_a_target_and_a_corpus() {
    let kinds: BTreeSet<_> = KINDS.iter().map(|(kind, _)| (*kind).to_owned()).collect();
    assert_eq!(stems(&fuzz().join("targets")), kinds);
    assert_eq!(stems(&fuzz().join("corpus")), kinds);
}

#[test]
fn what_has_to_hold_holds_of_every_corpus() {
    for (kind, check) in KINDS {
        let (mut inputs, mut understood) = (0, 0);
        for entry in fs::read_dir(fuzz().join("corpus").join(kind)).expect("it is there") {
            let path = entry.expect("it can be read").path();
            let bytes = fs::read(&path).expect("it can be read");
            println!("{}", path.display());
            let begun = Instant::now();
            inputs += 1;
            understood += usize::from(check(&bytes).is_continue());
            let taken = begun.elapsed();
            assert!(
                taken < Duration::from_secs(10),
                "{}: {taken:?}",
                path.display()
            );
        }
        assert!(
            inputs >= 10 && understood >= 3,
            "{kind}: {understood} of {inputs}"
        );
    }
}

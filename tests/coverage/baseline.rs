//! The oldest glibc that the preload library can be built for, as `docs/building.md` says it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use object::read::elf::{ElfFile64, Sym as _};
use object::{Object as _, ObjectSymbol as _};
use psl_tests::shim;

/// The version that every symbol is to be had in, one way or another.
const BASELINE: [u32; 2] = [2, 17];

/// Returns the symbols that `library` needs from a glibc younger than the baseline, with the version.
fn younger(library: &Path) -> BTreeMap<String, String> {
    let data = std::fs::read(library).expect("it was just built");
    let file: ElfFile64<'_> = ElfFile64::parse(&*data).expect("a library is an ELF file");
    let endian = file.endian();
    let versions = file
        .elf_section_table()
        .versions(endian, &*data)
        .expect("a library's versions are well formed")
        .expect("a library that needs glibc says which");
    let mut found = BTreeMap::new();
    // What is only wished for is null where it is missing.
    let needed = file
        .dynamic_symbols()
        .filter(|symbol| symbol.is_undefined() && !symbol.elf_symbol().is_weak());
    for symbol in needed {
        let index = versions.version_index(endian, symbol.index()).index();
        let version = versions.version(index).expect("a version has a name");
        let Some(name) = version.and_then(|it| it.name().strip_prefix(b"GLIBC_")) else {
            continue;
        };
        let text = String::from_utf8_lossy(name).into_owned();
        let numbers: Vec<u32> = text.split('.').map_while(|it| it.parse().ok()).collect();
        if *numbers > BASELINE[..] {
            let name = symbol.name().expect("a symbol has a name");
            found.insert(name.to_owned(), text);
        }
    }
    found
}

/// Returns the symbols in the table of `docs/building.md` that older versions have by another way.
fn documented() -> BTreeSet<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/building.md");
    let page = std::fs::read_to_string(page).expect("the page is there");
    let rows = page
        .lines()
        .skip_while(|line| *line != "| symbols | since | before |");
    let rows = rows.take_while(|line| line.starts_with('|'));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .map(str::to_owned)
        .collect()
}

#[test]
fn nothing_is_needed_from_a_young_glibc_that_an_old_one_does_not_have_as_well() {
    let (needed, documented) = (younger(shim::library()), documented());
    assert!(!documented.is_empty(), "docs/building.md has a table");
    let others: Vec<_> = needed
        .iter()
        .filter(|(symbol, _)| !documented.contains(*symbol))
        .collect();
    assert!(
        others.is_empty(),
        "{others:?}: a build for glibc {BASELINE:?} has none of these"
    );
}

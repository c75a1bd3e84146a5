//! The functions that a shared object exports to everybody.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use object::elf::{STT_FUNC, STT_GNU_IFUNC, STT_NOTYPE};
use object::read::elf::ElfFile64;
use object::{Object as _, ObjectSymbol as _};

/// The version of symbols that only the parts of libc may use, which are of one build.
const PRIVATE: &[u8] = b"GLIBC_PRIVATE";

/// Returns the names of all functions that `object` exports, but for those that are private to libc.
pub fn functions(object: &Path) -> BTreeSet<String> {
    let data = std::fs::read(object).expect("a library that is loaded can be read");
    let file: ElfFile64<'_> = ElfFile64::parse(&*data).expect("a library is an ELF file");
    let endian = file.endian();
    let versions = file
        .elf_section_table()
        .versions(endian, &*data)
        .expect("a library's versions are well formed")
        .unwrap_or_default();
    file.dynamic_symbols()
        .filter(|symbol| !symbol.is_undefined())
        .filter(|symbol| {
            // The code that is written in assembly has no type.
            let kind = symbol.elf_symbol().st_type();
            [STT_FUNC, STT_GNU_IFUNC, STT_NOTYPE].contains(&kind)
        })
        .filter(|symbol| {
            let index = versions.version_index(endian, symbol.index()).index();
            let version = versions.version(index).expect("a version has a name");
            version.is_none_or(|version| version.name() != PRIVATE)
        })
        .map(|symbol| symbol.name().expect("a symbol has a name").to_owned())
        .collect()
}

/// Returns libc and what belongs to it, of what this process is loaded with.
///
/// Before glibc 2.34, parts of it were libraries of their own.
pub fn libc() -> BTreeSet<PathBuf> {
    const PARTS: [&str; 5] = [
        "libc.so.",
        "ld-linux",
        "libdl.so.",
        "libpthread.so.",
        "librt.so.",
    ];
    let maps = std::fs::read_to_string("/proc/self/maps").expect("a process can read its maps");
    let files = maps
        .lines()
        .filter_map(|line| Some(&line[line.find('/')?..]));
    files
        .map(PathBuf::from)
        .filter(|file| {
            let name = file.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| PARTS.iter().any(|part| name.starts_with(part)))
        })
        .collect()
}

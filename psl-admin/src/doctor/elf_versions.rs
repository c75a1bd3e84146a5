//! Which glibc an ELF file needs: the versions of the symbols that it takes from others (`.gnu.version_r`).
use object::elf::{FileHeader64, VER_FLG_WEAK};
use object::read::elf::FileHeader;
use object::{Endianness, FileKind};
use std::fmt;
use std::path::Path;

/// A version of glibc, by its numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(Vec<u32>);

impl Version {
    /// Reads `2.17`, or `GLIBC_2.17` without its beginning.
    pub fn of(text: &str) -> Option<Self> {
        let numbers = text.split('.').map(|number| number.parse().ok());
        numbers.collect::<Option<_>>().map(Self)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&numbers.join("."))
    }
}

/// Returns the newest version of glibc that a library cannot do without; none if it needs no particular one.
///
/// Fails with what is wrong with the file.
pub fn needed(file: &Path) -> Result<Option<Version>, String> {
    let data = std::fs::read(file).map_err(|error| error.to_string())?;
    if FileKind::parse(&*data) != Ok(FileKind::Elf64) {
        return Err("it is no 64-bit ELF file".into());
    }
    newest(&data).map_err(|error| error.to_string())
}

fn newest(data: &[u8]) -> object::Result<Option<Version>> {
    let header = FileHeader64::<Endianness>::parse(data)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, data)?;
    let Some((mut needs, strings)) = sections.gnu_verneed(endian, data)? else {
        return Ok(None);
    };
    let strings = sections.strings(endian, data, strings)?;
    let mut newest = None;
    while let Some((_, mut versions)) = needs.next()? {
        while let Some(version) = versions.next()? {
            let is_weak = version.vna_flags.get(endian).0 & VER_FLG_WEAK.0 != 0;
            let name = String::from_utf8_lossy(version.name(endian, strings)?).into_owned();
            let found = name.strip_prefix("GLIBC_").and_then(Version::of);
            // The loader goes on without a version that is only wished for.
            newest = newest.max(found.filter(|_| !is_weak));
        }
    }
    Ok(newest)
}

//! What a program's file is.
use object::elf;
use psl_table::executable::elf::Elf;
use psl_table::executable::{Uncovered, rights};
use rustix::fd::BorrowedFd;
use serde::Serialize;
use std::ffi::CStr;

/// What is known of a file that the kernel would run.
#[derive(Debug, Default, Serialize)]
pub struct Kind {
    /// `elf`, `unreadable`, or `other`.
    pub format: &'static str,
    /// 32 or 64.
    pub bits: Option<u8>,
    /// The machine that it is made for.
    pub machine: Option<String>,
    /// `dynamic`, `static-pie` or `static`; unknown of another machine's.
    pub linkage: Option<&'static str>,
    /// The path of its loader.
    pub loader: Option<String>,
    /// Whether it is a Go program.
    pub go: bool,
    /// Whether this user gains rights by executing it.
    pub gains_rights: bool,
}

impl Kind {
    /// A file that may be executed, and not read.
    pub fn unreadable() -> Self {
        Self {
            format: "unreadable",
            ..Self::default()
        }
    }

    /// Reads it, given how it begins.
    pub fn of(file: BorrowedFd<'_>, beginning: &[u8]) -> Self {
        let mut kind = Self {
            format: "other",
            gains_rights: rights::gains(file),
            ..Self::default()
        };
        let Some(read) = Elf::read(file, beginning) else {
            return kind;
        };
        kind.format = "elf";
        kind.bits = match beginning.get(4) {
            Some(&class) if class == elf::ELFCLASS32.0 => Some(32),
            Some(&class) if class == elf::ELFCLASS64.0 => Some(64),
            _ => None,
        };
        kind.machine = machine(beginning);
        if let Ok(read) = read {
            let mut buffer = [0; 256];
            let loader = read.loader(&mut buffer).map(CStr::to_string_lossy);
            kind.linkage = Some(match (&loader, read.dynamic()) {
                (Some(_), _) => "dynamic",
                (None, Some(_)) if read.is_covered().is_ok() => "library",
                (None, Some(_)) => "static-pie",
                (None, None) => "static",
            });
            kind.loader = loader.map(|it| it.into_owned());
            kind.go = read.is_covered() == Err(Uncovered::Go);
        }
        kind
    }

    /// Says it in words.
    pub fn text(&self) -> String {
        let mut words = match self.format {
            "elf" => {
                let bits = self.bits.map(|bits| format!(" {bits}-bit"));
                let machine = self.machine.as_ref().map(|name| format!(" {name}"));
                let mut words = format!(
                    "ELF{}{}",
                    bits.unwrap_or_default(),
                    machine.unwrap_or_default()
                );
                words += match self.linkage {
                    Some("dynamic") => ", dynamically linked",
                    Some("static-pie") => ", statically linked (static-pie)",
                    Some("static") => ", statically linked",
                    Some("library") => ", a library or the loader itself",
                    _ => "",
                };
                words
            }
            "unreadable" => "may be executed but not read".to_owned(),
            _ => "neither ELF nor a script with `#!`: execvp(3) and shells have /bin/sh read it"
                .to_owned(),
        };
        if self.go {
            words += ", a Go program";
        }
        if let Some(loader) = &self.loader {
            words += &format!(", loader {loader:?}");
        }
        if self.gains_rights {
            words +=
                ", gains rights when it is executed (set-user-ID, set-group-ID or capabilities)";
        }
        words
    }
}

/// Names the machine of an ELF file by `e_machine`, which is at the same place in all of them.
fn machine(beginning: &[u8]) -> Option<String> {
    const NAMES: &[(u16, &str)] = &[
        (elf::EM_386.0, "i386"),
        (elf::EM_X86_64.0, "x86-64"),
        (elf::EM_ARM.0, "arm"),
        (elf::EM_AARCH64.0, "aarch64"),
        (elf::EM_RISCV.0, "riscv"),
        (elf::EM_PPC64.0, "ppc64"),
        (elf::EM_S390.0, "s390"),
        (elf::EM_MIPS.0, "mips"),
        (elf::EM_SPARCV9.0, "sparc"),
        (elf::EM_LOONGARCH.0, "loongarch"),
    ];
    let bytes = [*beginning.get(18)?, *beginning.get(19)?];
    let number = match beginning.get(5) {
        Some(&order) if order == elf::ELFDATA2MSB.0 => u16::from_be_bytes(bytes),
        _ => u16::from_le_bytes(bytes),
    };
    let name = NAMES.iter().find(|(known, _)| *known == number);
    Some(name.map_or_else(|| format!("machine {number}"), |(_, name)| (*name).into()))
}

//! The `#!` line of a script, read as the kernel's binfmt_script reads it.

use std::ffi::CStr;

use object::elf::ELFMAG;
use rustix::fd::BorrowedFd;
use rustix::io::Errno;

/// How much of a file the kernel looks at (`BINPRM_BUF_SIZE`).
const HEADER: usize = 256;

/// How deep interpreters may be scripts themselves before execve(2) says `ELOOP`.
pub const MAX_DEPTH: usize = 5;

/// The beginning of a program.
pub struct Header {
    bytes: [u8; HEADER + 1],
    length: usize,
}

/// What a `#!` line names.
#[derive(Debug, PartialEq, Eq)]
pub struct Interpreter<'a> {
    /// Its path as the line spells it.
    pub path: &'a CStr,
    /// All that follows the path, as one argument.
    pub argument: Option<&'a CStr>,
}

impl Header {
    /// Reads the beginning of an open program.
    pub fn read(program: BorrowedFd<'_>) -> Result<Self, Errno> {
        let mut header = Self {
            bytes: [0; HEADER + 1],
            length: 0,
        };
        header.length = rustix::io::pread(program, &mut header.bytes[..HEADER], 0)?;
        Ok(header)
    }

    /// Returns what was read.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// Whether it is an ELF file's.
    pub fn is_elf(&self) -> bool {
        self.bytes().starts_with(&ELFMAG)
    }

    /// Returns the interpreter of a script; `ENOEXEC` where the kernel finds none in its first
    /// line, and `EACCES` where its name is empty.
    pub fn interpreter(&mut self) -> Result<Option<Interpreter<'_>>, Errno> {
        if !self.bytes[..self.length].starts_with(b"#!") {
            return Ok(None);
        }
        let is_blank = |byte: &u8| b" \t".contains(byte);
        let is_end = |byte: &u8| is_blank(byte) || *byte == 0;
        let bytes = &mut self.bytes;
        let line_end = bytes[..HEADER].iter().position(|&byte| byte == b'\n');
        let mut end = line_end.unwrap_or(HEADER - 1);
        let Some(start) = bytes[2..end]
            .iter()
            .position(|byte| !is_blank(byte))
            .map(|at| at + 2)
        else {
            return Err(Errno::NOEXEC);
        };
        // Without the line's end in sight the path may have been cut; the argument may be.
        if line_end.is_none() && !bytes[start..HEADER].iter().any(is_end) {
            return Err(Errno::NOEXEC);
        }
        let path_end = bytes[start..end]
            .iter()
            .position(is_end)
            .map(|at| at + start);
        while is_blank(&bytes[end - 1]) {
            end -= 1;
        }
        let path_end = path_end.unwrap_or(end).min(end);
        let argument = bytes[path_end..end]
            .iter()
            .position(|byte| !is_blank(byte))
            .map(|at| at + path_end)
            // A blank with a zero behind it is followed by an argument: an empty one.
            .filter(|_| bytes[path_end] != 0);
        bytes[end] = 0;
        bytes[path_end] = 0;
        let text =
            |from: usize| CStr::from_bytes_until_nul(&bytes[from..]).map_err(|_| Errno::NOEXEC);
        let path = text(start)?;
        // The kernel takes it for the working directory, which it does not execute.
        if path.is_empty() {
            return Err(Errno::ACCESS);
        }
        Ok(Some(Interpreter {
            path,
            argument: argument.map(text).transpose()?,
        }))
    }
}

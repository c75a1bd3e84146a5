//! An ELF file's header, segments, notes and dynamic section, read piece by piece.
//!
//! A file that changes meanwhile, or lies about itself, yields less than it says, never more than is asked for.

use std::ffi::CStr;

use object::elf::{
    DT_NEEDED, DT_NULL, DT_SONAME, DT_STRTAB, Dyn64, ELFMAG, FileHeader64, NoteHeader64,
    PT_DYNAMIC, PT_INTERP, PT_LOAD, PT_NOTE, ProgramHeader64,
};
use object::{NativeEndian as Native, Pod, pod};
use rustix::fd::BorrowedFd;

use super::{Uncovered, read_at};

/// The file name of the loader that glibc has on this machine.
pub const LOADER: &str = if cfg!(target_arch = "aarch64") {
    "ld-linux-aarch64.so.1"
} else {
    "ld-linux-x86-64.so.2"
};

/// The numbers of this machine's own files (`e_machine`, and the class and byte order in `e_ident`).
const MACHINE: u16 = if cfg!(target_arch = "aarch64") {
    object::elf::EM_AARCH64.0
} else {
    object::elf::EM_X86_64.0
};
const CLASS: u8 = object::elf::ELFCLASS64.0;
const ORDER: u8 = if cfg!(target_endian = "little") {
    object::elf::ELFDATA2LSB.0
} else {
    object::elf::ELFDATA2MSB.0
};

/// How many notes of one segment are looked at: a Go program's own is among the first.
const MAX_NOTES: usize = 8;

/// An open ELF file for this machine.
#[derive(Clone, Copy, Debug)]
pub struct Elf<'f> {
    file: Pieces<'f>,
    segments: u64,
    segment_count: u16,
}

/// Where an ELF file says what it needs.
#[derive(Clone, Debug)]
pub struct Dynamic<'f> {
    file: BorrowedFd<'f>,
    offset: u64,
    count: u64,
    strings: u64,
    /// How it begins: most end in there.
    beginning: [u8; CHUNK],
    read: usize,
}

/// The strings that entries of a dynamic section name, read a buffer full at a time.
#[derive(Debug)]
pub struct Strings<'d, 'b> {
    file: BorrowedFd<'d>,
    /// Where in the file they begin.
    offset: u64,
    buffer: &'b mut [u8],
    /// What part of the file the buffer holds.
    at: u64,
    length: usize,
}

/// A file, and a piece of it that was read already.
#[derive(Clone, Copy, Debug)]
struct Pieces<'f> {
    file: BorrowedFd<'f>,
    at: u64,
    piece: &'f [u8],
}

/// How much of a file's records is read at once, in bytes.
const CHUNK: usize = 512;

impl<'f> Elf<'f> {
    /// Reads an ELF file's header, given how the file begins; none if it is another file.
    ///
    /// What lies in this beginning is not read again.
    pub fn read(file: BorrowedFd<'f>, beginning: &'f [u8]) -> Option<Result<Self, Uncovered>> {
        if !beginning.starts_with(&ELFMAG) {
            return None;
        }
        let Ok((header, _)) = pod::from_bytes::<FileHeader64<Native>>(beginning) else {
            return Some(Err(Uncovered::Machine));
        };
        let ident = &header.e_ident;
        if (ident.class.0, ident.data.0, header.e_machine.get(Native).0) != (CLASS, ORDER, MACHINE)
        {
            return Some(Err(Uncovered::Machine));
        }
        Some(Ok(Self {
            file: Pieces {
                file,
                at: 0,
                piece: beginning,
            },
            segments: header.e_phoff.get(Native),
            segment_count: header.e_phnum.get(Native),
        }))
    }

    /// Tells whether glibc's loader would load it, and a preloaded library with it.
    pub fn is_covered(&self) -> Result<(), Uncovered> {
        let mut loader = None;
        for segment in self.segments() {
            let offset = segment.p_offset.get(Native);
            match segment.p_type.get(Native) {
                PT_INTERP => loader = Some(offset),
                PT_NOTE if self.has_go_note(&segment) => return Err(Uncovered::Go),
                _ => {}
            }
        }
        let mut buffer = [0; 256];
        match loader {
            Some(offset) => match self.file.text(offset, &mut buffer) {
                Some(path) if is_loader(path) => Ok(()),
                _ => Err(Uncovered::Loader),
            },
            // The loader itself can be told what to load.
            None if self.soname(&mut buffer).is_some_and(is_loader) => Ok(()),
            // A library: without a loader it gets nowhere.
            None if self.needs_others() => Ok(()),
            None => Err(Uncovered::Static),
        }
    }

    /// Returns the path of its loader; none if it has none, or a longer one than the buffer.
    pub fn loader<'b>(&self, buffer: &'b mut [u8]) -> Option<&'b CStr> {
        let is_loader = |it: &ProgramHeader64<Native>| it.p_type.get(Native) == PT_INTERP;
        let segment = self.segments().find(is_loader)?;
        self.file.text(segment.p_offset.get(Native), buffer)
    }

    /// Returns where it says what it needs; none if it is static.
    pub fn dynamic(&self) -> Option<Dynamic<'f>> {
        let is_dynamic = |it: &ProgramHeader64<Native>| it.p_type.get(Native) == PT_DYNAMIC;
        let segment = self.segments().find(is_dynamic)?;
        let mut dynamic = Dynamic {
            file: self.file.file,
            offset: segment.p_offset.get(Native),
            count: segment.p_filesz.get(Native) / size_of::<Dyn64<Native>>() as u64,
            strings: 0,
            beginning: [0; CHUNK],
            read: 0,
        };
        let wanted = records_in_chunk::<Dyn64<Native>>(dynamic.count);
        let beginning = &mut dynamic.beginning[..wanted];
        dynamic.read = self.file.read(beginning, dynamic.offset)?;
        let (_, address) = dynamic.entries().find(|&(tag, _)| tag == DT_STRTAB.0)?;
        dynamic.strings = self.offset_of(address)?;
        Some(dynamic)
    }

    fn soname<'b>(&self, buffer: &'b mut [u8]) -> Option<&'b CStr> {
        let dynamic = self.dynamic()?;
        let (_, name) = dynamic.entries().find(|&(tag, _)| tag == DT_SONAME.0)?;
        dynamic.text(name, buffer)
    }

    fn needs_others(&self) -> bool {
        let is_needed = |(tag, _)| tag == DT_NEEDED.0;
        self.dynamic().is_some_and(|it| it.entries().any(is_needed))
    }

    fn segments(&self) -> impl Iterator<Item = ProgramHeader64<Native>> + use<'f> {
        records(self.file, self.segments, u64::from(self.segment_count))
    }

    /// Returns where in the file the byte is that will be at this address.
    fn offset_of(&self, address: u64) -> Option<u64> {
        self.segments().find_map(|segment| {
            let inside = address.checked_sub(segment.p_vaddr.get(Native))?;
            let holds =
                segment.p_type.get(Native) == PT_LOAD && inside < segment.p_filesz.get(Native);
            holds.then_some(segment.p_offset.get(Native).checked_add(inside)?)
        })
    }

    fn has_go_note(&self, segment: &ProgramHeader64<Native>) -> bool {
        const HEADER: usize = size_of::<NoteHeader64<Native>>();
        let padded = |size: u32| u64::from(size).next_multiple_of(4);
        let mut at = segment.p_offset.get(Native);
        let end = at.saturating_add(segment.p_filesz.get(Native));
        for _ in 0..MAX_NOTES {
            let mut bytes = [0; HEADER + 4];
            if at >= end || self.file.read(&mut bytes, at) != Some(bytes.len()) {
                return false;
            }
            let Ok((note, owner)) = pod::from_bytes::<NoteHeader64<Native>>(&bytes) else {
                return false;
            };
            let (name, description) = (note.n_namesz.get(Native), note.n_descsz.get(Native));
            if name == 4 && owner == b"Go\0\0" {
                return true;
            }
            let size = HEADER as u64 + padded(name) + padded(description);
            at = at.saturating_add(size);
        }
        false
    }
}

impl<'f> Dynamic<'f> {
    /// Iterates over the entries: their tags, and their values.
    pub fn entries(&self) -> impl Iterator<Item = (i64, u64)> {
        let file = Pieces {
            file: self.file,
            at: self.offset,
            piece: &self.beginning[..self.read],
        };
        records::<Dyn64<Native>>(file, self.offset, self.count)
            .map(|entry| (entry.d_tag.get(Native).0, entry.d_val.get(Native)))
            .take_while(|&(tag, _)| tag != DT_NULL.0)
    }

    /// Returns the strings that its entries name; `buffer` is what they are read into.
    pub fn strings<'b>(&self, buffer: &'b mut [u8]) -> Strings<'f, 'b> {
        Strings {
            file: self.file,
            offset: self.strings,
            buffer,
            at: 0,
            length: 0,
        }
    }

    /// Returns the string that the value of an entry names; none if it is longer than the buffer.
    pub fn text<'b>(&self, value: u64, buffer: &'b mut [u8]) -> Option<&'b CStr> {
        let file = Pieces {
            file: self.file,
            at: 0,
            piece: &[],
        };
        file.text(self.strings.checked_add(value)?, buffer)
    }
}

impl Strings<'_, '_> {
    /// Returns the string that the value of an entry names; none if it is longer than the buffer.
    pub fn get(&mut self, value: u64) -> Option<&CStr> {
        let offset = self.offset.checked_add(value)?;
        if self.held(offset).is_none() {
            self.length = read_at(self.file, self.buffer, offset)?;
            self.at = offset;
        }
        self.held(offset)
    }

    fn held(&self, offset: u64) -> Option<&CStr> {
        let skipped = usize::try_from(offset.checked_sub(self.at)?).ok()?;
        let held = self.buffer[..self.length].get(skipped..)?;
        CStr::from_bytes_until_nul(held).ok()
    }
}

impl Pieces<'_> {
    /// Returns what was read from an offset on.
    fn held(&self, offset: u64) -> &[u8] {
        let skipped = offset.checked_sub(self.at).map(usize::try_from);
        let held = skipped.and_then(|it| self.piece.get(it.ok()?..));
        held.unwrap_or_default()
    }

    /// Reads as much at an offset as there is, at most a buffer full.
    fn read(&self, buffer: &mut [u8], offset: u64) -> Option<usize> {
        match self.held(offset).get(..buffer.len()) {
            Some(held) => buffer.copy_from_slice(held),
            None => return read_at(self.file, buffer, offset),
        }
        Some(buffer.len())
    }

    /// Reads the string at an offset; none if it is longer than the buffer.
    fn text<'b>(&self, offset: u64, buffer: &'b mut [u8]) -> Option<&'b CStr> {
        let held = CStr::from_bytes_until_nul(self.held(offset)).map(CStr::to_bytes_with_nul);
        let length = match held.ok().filter(|held| held.len() <= buffer.len()) {
            Some(held) => {
                buffer[..held.len()].copy_from_slice(held);
                held.len()
            }
            None => read_at(self.file, buffer, offset)?,
        };
        CStr::from_bytes_until_nul(&buffer[..length]).ok()
    }
}

fn is_loader(path: &CStr) -> bool {
    path.to_bytes().rsplit(|&byte| byte == b'/').next() == Some(LOADER.as_bytes())
}

/// Iterates over records that lie one behind the other.
fn records<T: Pod>(file: Pieces<'_>, offset: u64, count: u64) -> impl Iterator<Item = T> {
    let size = size_of::<T>();
    let mut chunk = [0; CHUNK];
    let (mut next, mut left) = (offset, count);
    let mut held = 0..0;
    std::iter::from_fn(move || {
        if left == 0 {
            return None;
        }
        if held.len() < size {
            held = 0..file.read(&mut chunk[..records_in_chunk::<T>(left)], next)?;
        }
        let (record, _) = pod::from_bytes::<T>(&chunk[held.clone()]).ok()?;
        held.start += size;
        next = next.checked_add(size as u64)?;
        left -= 1;
        Some(*record)
    })
}

/// Returns the size of as many records as are read at once, of so many.
fn records_in_chunk<T: Pod>(count: u64) -> usize {
    let size = size_of::<T>();
    (CHUNK / size).min(usize::try_from(count).unwrap_or(CHUNK)) * size
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;
    use std::fs::{self, File};
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn a_file_says_the_same_however_much_of_it_was_read_before() {
        let program = std::env::current_exe().expect("this is a program");
        let bytes = fs::read(&program).expect("it can be read");
        let file = File::open(&program).expect("likewise");
        let said = |read: usize, room: usize| {
            let elf = Elf::read(file.as_fd(), &bytes[..read]);
            let elf = elf.and_then(Result::ok).expect("it is this machine's");
            let dynamic = elf.dynamic().expect("it is linked with libraries");
            let mut room = vec![0; room];
            let mut strings = dynamic.strings(&mut room);
            let needed = dynamic.entries().filter(|&(tag, _)| tag == DT_NEEDED.0);
            let needed: Vec<CString> = needed
                .map(|(_, name)| strings.get(name).expect("there is room").to_owned())
                .collect();
            let loader = elf.loader(&mut [0; 256]).map(CStr::to_owned);
            (elf.is_covered(), loader, needed)
        };
        let expected = said(64, 32);
        assert_eq!(expected.0, Ok(()));
        assert!(expected.2.iter().any(|name| &**name == c"libc.so.6"));
        for (read, room) in [(64, 4096), (300, 32), (1024, 4096), (bytes.len(), 4096)] {
            assert_eq!(said(read, room), expected, "{read} bytes, room for {room}");
        }
    }
}

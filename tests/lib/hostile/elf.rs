//! Programs and libraries, as they say of themselves.

use std::ffi::CStr;
use std::ops::ControlFlow;

use psl_table::executable::carriage::{Carriage, Links, Told};
use psl_table::executable::elf::Elf;
use psl_table::executable::script::Header;
use psl_table::executable::search::{directories, directory_of};
use psl_table::executable::tokens::{Values, expand, has_tokens};
use rustix::fd::AsFd;

/// Links that lead wherever a name has this letter.
struct WithOne;

impl Links for WithOne {
    fn lead(&self, path: &CStr) -> bool {
        path.to_bytes().contains(&b'1')
    }

    fn lead_near(&self, list: &[u8], origin: &[u8]) -> bool {
        directories(list).any(|dir| {
            let values = Values {
                origin,
                lib: b"lib",
                platform: b"p",
            };
            let Ok(pieces) = expand(dir, values) else {
                return true;
            };
            assert!(has_tokens(dir) || pieces.concat() == dir);
            pieces.concat().contains(&b'1')
        })
    }
}

/// A file yields no more than it has, and is judged as what it says of itself allows.
pub fn check(bytes: &[u8]) -> ControlFlow<()> {
    let file = super::file(bytes);
    let file = file.as_fd();
    let header = Header::read(file).expect("a file can be read");
    assert!(bytes.starts_with(header.bytes()) && header.bytes().len() == bytes.len().min(256));
    let (mut one, mut other) = ([0; 4096], [0; 4096]);
    let room = Some((&mut one[..], &mut other[..]));
    let told = Told {
        library_path: Some(b"/a:/b"),
        ..Told::default()
    };
    let carriage = Carriage::of(file, &header, told, &WithOne, room);
    let elf = match Elf::read(file, header.bytes()) {
        None => {
            assert_eq!(carriage, Carriage::Preload);
            return ControlFlow::Break(());
        }
        Some(Err(reason)) => {
            assert_eq!(carriage, Carriage::Uncovered(reason));
            return ControlFlow::Break(());
        }
        Some(Ok(elf)) => elf,
    };
    let mut buffer = [0; 256];
    let leads = (elf.loader(&mut buffer)).is_some_and(|path| WithOne.lead(path));
    match elf.is_covered() {
        Err(reason) => assert_eq!(carriage, Carriage::Uncovered(reason)),
        Ok(()) => assert_eq!(matches!(carriage, Carriage::Uncovered(_)), leads),
    }
    let Some(dynamic) = elf.dynamic() else {
        return ControlFlow::Continue(());
    };
    assert!(dynamic.entries().count() <= bytes.len() / 16);
    for (_, value) in dynamic.entries().take(256) {
        let Some(text) = dynamic.text(value, &mut buffer) else {
            continue;
        };
        let text = text.to_bytes();
        assert!(text.is_empty() || bytes.windows(text.len()).any(|part| part == text));
        assert!(text.starts_with(directory_of(text)) || !text.contains(&b'/'));
    }
    ControlFlow::Continue(())
}

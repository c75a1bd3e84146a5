//! `#!` lines, against what the kernel does with them, written down once more.

use std::ops::ControlFlow;

use psl_table::executable::script::Header;
use rustix::fd::AsFd;
use rustix::io::Errno;

/// How much of a file the kernel looks at; a shorter one is followed by zeros.
const SIZE: usize = 256;

/// An interpreter and its argument.
type Line = (Vec<u8>, Option<Vec<u8>>);

/// A line names what the kernel takes from it.
pub fn check(bytes: &[u8]) -> ControlFlow<()> {
    let file = super::file(bytes);
    let mut header = Header::read(file.as_fd()).expect("a file can be read");
    let found = header.interpreter().map(|found| {
        found.map(|line| {
            let argument = line.argument.map(|argument| argument.to_bytes().to_vec());
            (line.path.to_bytes().to_vec(), argument)
        })
    });
    let mut buffer = [0; SIZE];
    let length = bytes.len().min(SIZE);
    buffer[..length].copy_from_slice(&bytes[..length]);
    assert_eq!(
        found,
        kernel(&buffer),
        "{:?}",
        bytes.escape_ascii().to_string()
    );
    match found {
        Ok(Some(_)) => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    }
}

/// What `load_script` of the kernel (fs/binfmt_script.c) does; none where it is no script.
fn kernel(buffer: &[u8; SIZE]) -> Result<Option<Line>, Errno> {
    if !buffer.starts_with(b"#!") {
        return Ok(None);
    }
    let is_blank = |byte: u8| byte == b' ' || byte == b'\t';
    // The last one is looked at, too.
    let next_non_blank =
        |first: usize, last: usize| (first..=last).find(|&at| !is_blank(buffer[at]));
    let next_end = |first: usize, last: usize| {
        (first..=last).find(|&at| is_blank(buffer[at]) || buffer[at] == 0)
    };
    // A newline behind a zero is not found.
    let first = buffer.iter().position(|&byte| byte == b'\n' || byte == 0);
    let mut line_end = match first.filter(|&at| buffer[at] == b'\n') {
        Some(at) => at,
        None => {
            let start = next_non_blank(2, SIZE - 1).ok_or(Errno::NOEXEC)?;
            next_end(start, SIZE - 1).ok_or(Errno::NOEXEC)?;
            SIZE - 1
        }
    };
    while is_blank(buffer[line_end - 1]) {
        line_end -= 1;
    }
    let name = next_non_blank(2, line_end).filter(|&at| at != line_end);
    let name = name.ok_or(Errno::NOEXEC)?;
    let end = next_end(name, line_end);
    let argument = end.filter(|&at| buffer[at] != 0);
    let argument = argument.and_then(|at| next_non_blank(at, line_end));
    let text = |from: usize, to: usize| {
        let text = buffer[from..to].split(|&byte| byte == 0).next();
        text.unwrap_or_default().to_vec()
    };
    let name = text(name, end.unwrap_or(line_end));
    // A name that is empty is that of the working directory.
    if name.is_empty() {
        return Err(Errno::ACCESS);
    }
    Ok(Some((name, argument.map(|at| text(at, line_end)))))
}

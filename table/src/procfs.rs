//! The links of proc(5) that stand for files, not for names.

use std::ffi::CStr;

/// The room that a descriptor's name needs, its NUL included.
pub const ROOM: usize = 32;

/// Writes the name of a descriptor's link, `/proc/self/fd/<fd>`, into `buffer`.
pub fn descriptor(fd: i32, buffer: &mut [u8; ROOM]) -> &CStr {
    const PREFIX: &[u8] = b"/proc/self/fd/";
    let mut digits = [0; 10];
    let mut first = digits.len();
    let mut rest = fd.unsigned_abs();
    loop {
        first -= 1;
        digits[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    let digits = &digits[first..];
    buffer[..PREFIX.len()].copy_from_slice(PREFIX);
    buffer[PREFIX.len()..PREFIX.len() + digits.len()].copy_from_slice(digits);
    buffer[PREFIX.len() + digits.len()] = 0;
    CStr::from_bytes_until_nul(buffer).expect("a NUL was written after the digits")
}

/// Whether `tail`, from the directory `start` on, is such a link: its text is for people.
pub fn is_magic(start: &[u8], tail: &[u8]) -> bool {
    let mut components = start
        .split(|&byte| byte == b'/')
        .chain(tail.split(|&byte| byte == b'/'))
        .filter(|part| !part.is_empty());
    if components.next() != Some(b"proc") || components.next().is_none() {
        return false;
    }
    let mut next = components.next();
    if next == Some(b"task") {
        components.next();
        next = components.next();
    }
    match next {
        Some(b"exe" | b"cwd" | b"root") => components.next().is_none(),
        Some(b"fd" | b"ns" | b"map_files") => {
            components.next().is_some() && components.next().is_none()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_is_named_below_proc() {
        for (fd, name) in [
            (0, c"/proc/self/fd/0"),
            (i32::MAX, c"/proc/self/fd/2147483647"),
        ] {
            assert_eq!(descriptor(fd, &mut [0; ROOM]), name);
        }
    }

    #[test]
    fn only_the_links_of_a_process_below_proc_are_magic() {
        for (start, tail, magic) in [
            ("", "/proc/1/exe", true),
            ("", "/proc/1/cwd", true),
            ("", "/proc/1/task/7/root", true),
            ("", "/proc/1/fd/3", true),
            ("/proc/1", "fd/3", true),
            ("/", "proc/1/ns/mnt", true),
            ("", "/proc/self", false),
            ("", "/proc/thread-self", false),
            ("", "/proc/1/fd", false),
            ("", "/proc/1/exe/x", false),
            ("", "/srv/1/exe", false),
            ("/srv", "proc/1/exe", false),
        ] {
            assert_eq!(
                is_magic(start.as_bytes(), tail.as_bytes()),
                magic,
                "{start} {tail}"
            );
        }
    }
}

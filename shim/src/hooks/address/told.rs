//! Calls that are told an address: a socket that this process bound has the name that it was given.

use std::ffi::{c_int, c_uint, c_void};

use libc::{mmsghdr, msghdr, sa_family_t, size_t, sockaddr, socklen_t, ssize_t, timespec};

use super::name::{ROOM, START};
use super::spellings;
use crate::frame;
use crate::readable::may_be_mapped;

/// What the longest name takes, with a NUL.
const WHOLE: usize = START + ROOM + 1;

type Ask = unsafe extern "C" fn(c_int, *mut sockaddr, *mut socklen_t) -> c_int;

/// See getsockname(2) and getpeername(2).
pub unsafe fn name(real: Ask, fd: c_int, address: *mut sockaddr, length: *mut socklen_t) -> c_int {
    // SAFETY: the arguments are the caller's, who called getsockname(2) with them.
    unsafe {
        if !is_told(address, length) {
            return real(fd, address, length);
        }
        let room = *length as usize;
        let result = real(fd, address, length);
        if result == -1 {
            return result;
        }
        if *length as usize <= room {
            tell(address, room, length);
            return result;
        }
        // A name that was cut may be any: only its whole tells which.
        let mut whole = [0_u8; WHOLE];
        let whole: *mut sockaddr = whole.as_mut_ptr().cast();
        let mut whole_length = WHOLE as socklen_t;
        if real(fd, whole, &raw mut whole_length) == 0 {
            tell(whole, WHOLE, &raw mut whole_length);
            let fits = room.min(whole_length as usize);
            address
                .cast::<u8>()
                .copy_from_nonoverlapping(whole.cast(), fits);
            *length = whole_length;
        }
        result
    }
}

/// See accept(2).
pub unsafe fn accept(
    real: Ask,
    fd: c_int,
    address: *mut sockaddr,
    length: *mut socklen_t,
) -> c_int {
    // SAFETY: the arguments are the caller's, who called accept(2) with them.
    unsafe { telling(address, length, || real(fd, address, length) as isize) as c_int }
}

/// See accept4(2).
pub unsafe fn accept4(
    real: unsafe extern "C" fn(c_int, *mut sockaddr, *mut socklen_t, c_int) -> c_int,
    fd: c_int,
    address: *mut sockaddr,
    length: *mut socklen_t,
    flags: c_int,
) -> c_int {
    // SAFETY: the arguments are the caller's, who called accept4(2) with them.
    unsafe {
        telling(address, length, || {
            real(fd, address, length, flags) as isize
        }) as c_int
    }
}

/// See recvfrom(2).
pub unsafe fn recvfrom(
    real: unsafe extern "C" fn(
        c_int,
        *mut c_void,
        size_t,
        c_int,
        *mut sockaddr,
        *mut socklen_t,
    ) -> ssize_t,
    fd: c_int,
    data: *mut c_void,
    size: size_t,
    flags: c_int,
    address: *mut sockaddr,
    length: *mut socklen_t,
) -> ssize_t {
    // SAFETY: the arguments are the caller's, who called recvfrom(2) with them.
    unsafe {
        telling(address, length, || {
            real(fd, data, size, flags, address, length)
        })
    }
}

/// Does recvfrom(2) for a fortified caller, whose buffer has `room`.
pub unsafe fn recvfrom_chk(
    real: unsafe extern "C" fn(
        c_int,
        *mut c_void,
        size_t,
        size_t,
        c_int,
        *mut sockaddr,
        *mut socklen_t,
    ) -> ssize_t,
    fd: c_int,
    data: *mut c_void,
    size: size_t,
    room: size_t,
    flags: c_int,
    address: *mut sockaddr,
    length: *mut socklen_t,
) -> ssize_t {
    // SAFETY: the arguments are the caller's, who called recvfrom(2) with them.
    unsafe {
        telling(address, length, || {
            real(fd, data, size, room, flags, address, length)
        })
    }
}

/// See recvmsg(2).
pub unsafe fn recvmsg(
    real: unsafe extern "C" fn(c_int, *mut msghdr, c_int) -> ssize_t,
    fd: c_int,
    message: *mut msghdr,
    flags: c_int,
) -> ssize_t {
    // SAFETY: the arguments are the caller's, who called recvmsg(2) with them.
    unsafe {
        if !spellings::any() || !may_be_mapped(message) {
            return real(fd, message, flags);
        }
        let address = (*message).msg_name.cast();
        let length = &raw mut (*message).msg_namelen;
        telling(address, length, || real(fd, message, flags))
    }
}

/// See recvmmsg(2).
pub unsafe fn recvmmsg(
    real: unsafe extern "C" fn(c_int, *mut mmsghdr, c_uint, c_int, *mut timespec) -> c_int,
    fd: c_int,
    messages: *mut mmsghdr,
    count: c_uint,
    flags: c_int,
    timeout: *mut timespec,
) -> c_int {
    /// The kernel takes no more at a time (`UIO_MAXIOV`).
    const MOST: c_uint = 1024;
    // SAFETY: the arguments are the caller's, who called recvmmsg(2) with them.
    unsafe {
        let call = || real(fd, messages, count, flags, timeout);
        if !spellings::any() || !may_be_mapped(messages) {
            return call();
        }
        let header = |index: usize| &raw mut (*messages.add(index)).msg_hdr;
        let told = frame::with_words(count.min(MOST) as usize, |rooms| {
            for (index, room) in rooms.iter_mut().enumerate() {
                *room = (*header(index)).msg_namelen as usize;
            }
            let received = call();
            let received_count = usize::try_from(received).unwrap_or(0);
            for (index, &room) in rooms.iter().enumerate().take(received_count) {
                let header = header(index);
                tell(
                    (*header).msg_name.cast(),
                    room,
                    &raw mut (*header).msg_namelen,
                );
            }
            received
        });
        told.unwrap_or_else(call)
    }
}

/// Whether an address may come back that has to be put right.
fn is_told(address: *const sockaddr, length: *const socklen_t) -> bool {
    spellings::any() && may_be_mapped(address) && may_be_mapped(length)
}

/// Makes a call that writes an address, unless it returns -1, and puts the name right that it wrote.
unsafe fn telling(
    address: *mut sockaddr,
    length: *mut socklen_t,
    call: impl FnOnce() -> isize,
) -> isize {
    if !is_told(address, length) {
        return call();
    }
    // SAFETY: the caller's promise: it gave them both to libc.
    unsafe {
        let room = *length as usize;
        let result = call();
        if result != -1 {
            tell(address, room, length);
        }
        result
    }
}

/// Exchanges a name that the kernel wrote into `room` bytes, of which it told the whole length.
unsafe fn tell(address: *mut sockaddr, room: usize, length: *mut socklen_t) {
    // SAFETY: the caller's promise: the kernel has just written there.
    unsafe {
        let whole = *length as usize;
        let written = room.min(whole);
        if !may_be_mapped(address) || written <= START {
            return;
        }
        let family = address.cast::<sa_family_t>().read_unaligned();
        let beginning =
            std::slice::from_raw_parts(address.cast::<u8>().add(START), written - START);
        if family != libc::AF_UNIX as sa_family_t || beginning[0] != b'/' {
            return;
        }
        // The length counts the NUL.
        let name_length = whole - START - 1;
        let beginning = &beginning[..beginning.len().min(name_length)];
        if let Some(given) = spellings::find(beginning, name_length) {
            given.write(address, room);
            *length = given.address_length() as socklen_t;
        }
    }
}

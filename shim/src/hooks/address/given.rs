//! Calls that give an address: bind(2), connect(2), and what sends to one.

use std::ffi::{c_int, c_uint, c_void};

use libc::{mmsghdr, msghdr, size_t, sockaddr, socklen_t, ssize_t};
use psl_table::walk::Last;
use rustix::io::Errno;

use super::name::Name;
use super::{Met, failing, resolve_name, spellings};
use crate::call::{Failure, fail};
use crate::hooks;
use crate::readable::is_readable;
use crate::resolve::snapshot;

type Named = unsafe extern "C" fn(c_int, *const sockaddr, socklen_t) -> c_int;

/// See bind(2): the spelling is kept for who asks for the socket's name.
pub unsafe fn bind(real: Named, fd: c_int, address: *const sockaddr, length: socklen_t) -> c_int {
    // SAFETY: the arguments are the caller's, who called bind(2) with them.
    unsafe {
        let Some(given) = Name::of(address, length) else {
            return real(fd, address, length);
        };
        let bind = |address, length| real(fd, address, length);
        match resolve_name(&given, Last::Entry) {
            Met::Given => {
                let bound = bind(address, length);
                if bound == 0 {
                    spellings::forget(&given);
                }
                bound
            }
            Met::Rewritten(mut address) => {
                address.name = spellings::distinct(address.name, &given);
                let bound = address.with(bind);
                if bound != 0 {
                    return bound;
                }
                spellings::record(&address.name, &given);
                address.settle().map_or_else(fail, |()| bound)
            }
            Met::Fails(errno) => failing(errno, bind, -1),
        }
    }
}

/// See connect(2).
pub unsafe fn connect(
    real: Named,
    fd: c_int,
    address: *const sockaddr,
    length: socklen_t,
) -> c_int {
    // SAFETY: the arguments are the caller's, who called connect(2) with them.
    unsafe {
        reaching(address, length, -1, |address, length| {
            real(fd, address, length)
        })
    }
}

/// See sendto(2).
pub unsafe fn sendto(
    real: unsafe extern "C" fn(
        c_int,
        *const c_void,
        size_t,
        c_int,
        *const sockaddr,
        socklen_t,
    ) -> ssize_t,
    fd: c_int,
    data: *const c_void,
    size: size_t,
    flags: c_int,
    address: *const sockaddr,
    length: socklen_t,
) -> ssize_t {
    // SAFETY: the arguments are the caller's, who called sendto(2) with them.
    unsafe {
        reaching(address, length, -1, |address, length| {
            real(fd, data, size, flags, address, length)
        })
    }
}

type SendMsg = unsafe extern "C" fn(c_int, *const msghdr, c_int) -> ssize_t;

/// See sendmsg(2).
pub unsafe fn sendmsg(real: SendMsg, fd: c_int, message: *const msghdr, flags: c_int) -> ssize_t {
    // SAFETY: the arguments are the caller's, who called sendmsg(2) with them.
    unsafe {
        if snapshot().is_none() || !is_readable(message) {
            return real(fd, message, flags);
        }
        let address = (*message).msg_name.cast::<sockaddr>().cast_const();
        reaching(address, (*message).msg_namelen, -1, |to, length| {
            if to == address {
                return real(fd, message, flags);
            }
            let mut message = *message;
            message.msg_name = to.cast_mut().cast();
            message.msg_namelen = length;
            real(fd, &raw const message, flags)
        })
    }
}

/// See sendmmsg(2): with an address of ours in them, messages are sent one by one, as the kernel does it.
pub unsafe fn sendmmsg(
    real: unsafe extern "C" fn(c_int, *mut mmsghdr, c_uint, c_int) -> c_int,
    fd: c_int,
    messages: *mut mmsghdr,
    count: c_uint,
    flags: c_int,
) -> c_int {
    /// The kernel takes no more at a time (`UIO_MAXIOV`).
    const MOST: c_uint = 1024;
    // SAFETY: the arguments are the caller's, who called sendmmsg(2) with them.
    unsafe {
        let of = |index: c_uint| messages.add(index as usize);
        let is_named = |index: c_uint| {
            let header = &raw const (*of(index)).msg_hdr;
            Name::of((*header).msg_name.cast(), (*header).msg_namelen).is_some()
        };
        let count = count.min(MOST);
        if snapshot().is_none() || !is_readable(messages) || !(0..count).any(is_named) {
            return real(fd, messages, count, flags);
        }
        let Some(send) = hooks::sendmsg::REAL.get::<SendMsg>() else {
            return fail(Errno::NOSYS);
        };
        let errno = libc::__errno_location();
        let before = *errno;
        for index in 0..count {
            let message = of(index);
            let sent = sendmsg(send, fd, &raw const (*message).msg_hdr, flags);
            if sent == -1 && index == 0 {
                return -1;
            }
            if sent == -1 {
                *errno = before;
                return index as c_int;
            }
            (*message).msg_len = sent as c_uint;
        }
        count as c_int
    }
}

/// Calls with the address of a socket that is there.
unsafe fn reaching<R: Failure + PartialEq>(
    address: *const sockaddr,
    length: socklen_t,
    failed: R,
    mut call: impl FnMut(*const sockaddr, socklen_t) -> R,
) -> R {
    // SAFETY: the caller's promise.
    unsafe {
        let Some(name) = Name::of(address, length) else {
            return call(address, length);
        };
        match resolve_name(&name, Last::Followed) {
            Met::Given => call(address, length),
            Met::Rewritten(address) => address.with(call),
            Met::Fails(errno) => failing(errno, call, failed),
        }
    }
}

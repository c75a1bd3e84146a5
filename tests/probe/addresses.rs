//! Sockets that were bound to a name: who can reach them by it, and what they are told to be called.

use std::ffi::{c_int, c_void};
use std::mem::offset_of;

use libc::{mmsghdr, msghdr, sockaddr_un};
use rustix::fd::{AsRawFd, FromRawFd, OwnedFd};
use rustix::net::{AddressFamily, SocketType};

use crate::call::symbol;
use crate::seen::text;

/// ABI: every argument is an integer or a pointer.
type Function = unsafe extern "C" fn(usize, usize, usize, usize, usize, usize, usize) -> isize;

/// How much of an address the kernel can write: the longest name and a NUL.
const WHOLE: usize = size_of::<sockaddr_un>() + 1;
const START: usize = offset_of!(sockaddr_un, sun_path);

/// Says what is seen of the socket that the call has just bound: it was given that, and an address with its length.
pub fn shown(shows: &str, given: &[usize]) -> String {
    let (bound, to) = (given[0], [given[1], given[2]]);
    let mut said = vec![
        named("getsockname", bound, WHOLE),
        named("getsockname", bound, 7),
    ];
    said.push(named("getsockname", bound, 0));
    match shows {
        "bound-stream" => streams(bound, to, &mut said),
        "bound-datagrams" => datagrams(bound, to, &mut said),
        _ => panic!("nothing is known to show {shows}"),
    }
    said.join(", ")
}

fn streams(bound: usize, to: [usize; 2], said: &mut Vec<String>) {
    // SAFETY: the descriptor is the caller's, and open.
    let listens = unsafe { libc::listen(bound as c_int, 2) };
    said.push(format!("listens {listens}"));
    for accept in ["accept", "accept4"] {
        let client = socket(SocketType::STREAM);
        let number = client.as_raw_fd() as usize;
        said.push(format!(
            "connect {}",
            call("connect", &[number, to[0], to[1]])
        ));
        said.push(named("getpeername", number, WHOLE));
        let mut address = Address::with(WHOLE);
        let accepted = call(accept, &[bound, address.at(), address.length_at(), 0]);
        said.push(format!("{accept} {}", address.told()));
        if accepted >= 0 {
            // SAFETY: it was just opened, for us.
            let accepted = unsafe { OwnedFd::from_raw_fd(accepted as c_int) };
            said.push(named("getsockname", accepted.as_raw_fd() as usize, WHOLE));
        }
    }
    let other = socket(SocketType::DGRAM).as_raw_fd() as usize;
    said.push(format!(
        "connect {}",
        call("connect", &[other, to[0], to[1]])
    ));
    said.push(format!("bind {}", call("bind", &[bound, to[0], to[1]])));
}

fn datagrams(bound: usize, to: [usize; 2], said: &mut Vec<String>) {
    let data = b"data".as_ptr().expose_provenance();
    let mut room = [0_u8; 8];
    let room = room.as_mut_ptr().expose_provenance();
    for receive in ["recvfrom", "__recvfrom_chk"] {
        let sent = call("sendto", &[bound, data, 4, 0, to[0], to[1]]);
        let mut address = Address::with(WHOLE);
        let fortified = [8].repeat(usize::from(receive != "recvfrom"));
        let wait = libc::MSG_DONTWAIT as usize;
        let arguments = [
            &[bound, room, 8][..],
            &fortified,
            &[wait, address.at(), address.length_at()],
        ];
        let received = call(receive, &arguments.concat());
        said.push(format!("{receive} {sent} {received} {}", address.told()));
    }
    let part = |at: usize, size| libc::iovec {
        iov_base: std::ptr::with_exposed_provenance_mut(at),
        iov_len: size,
    };
    let message = |[name, length]: [usize; 2], part: &mut libc::iovec| {
        // SAFETY: all zeroes is a valid message.
        let mut message: msghdr = unsafe { std::mem::zeroed() };
        message.msg_name = std::ptr::with_exposed_provenance_mut(name);
        message.msg_namelen = length as u32;
        message.msg_iov = part;
        message.msg_iovlen = 1;
        message
    };
    let (mut given, mut taken) = (part(data, 4), part(room, 8));
    let mut address = Address::with(WHOLE);
    let sent = message(to, &mut given);
    let mut received = message([address.at(), WHOLE], &mut taken);
    let wait = libc::MSG_DONTWAIT as usize;
    let count = call(
        "sendmsg",
        &[bound, (&raw const sent).expose_provenance(), 0],
    );
    let at = (&raw mut received).expose_provenance();
    let read = call("recvmsg", &[bound, at, wait]);
    address.length = received.msg_namelen;
    said.push(format!("recvmsg {count} {read} {}", address.told()));
    for send in ["sendmmsg", "__sendmmsg"] {
        let many = |message: msghdr| {
            [mmsghdr {
                msg_hdr: message,
                msg_len: 77,
            }; 2]
        };
        let (mut sent, mut addresses) = (many(sent), [WHOLE, WHOLE].map(Address::with));
        let mut received = addresses
            .each_mut()
            .map(|address| message([address.at(), WHOLE], &mut taken))
            .map(|message| many(message)[0]);
        let at = sent.as_mut_ptr().expose_provenance();
        let count = call(send, &[bound, at, 2, 0]);
        let at = received.as_mut_ptr().expose_provenance();
        let read = call("recvmmsg", &[bound, at, 2, wait, 0]);
        addresses[1].length = received[1].msg_hdr.msg_namelen;
        let lengths = [sent[1].msg_len, received[1].msg_len];
        said.push(format!(
            "{send} {count} {read} {lengths:?} {}",
            addresses[1].told()
        ));
    }
}

fn socket(kind: SocketType) -> OwnedFd {
    rustix::net::socket(AddressFamily::UNIX, kind, None).expect("a socket can be made")
}

/// Calls a symbol; an errno, negative, where it failed.
fn call(name: &str, arguments: &[usize]) -> isize {
    let function: *mut c_void = symbol(name);
    assert!(!function.is_null(), "there is no {name}");
    let mut words = [0; 7];
    words[..arguments.len()].copy_from_slice(arguments);
    let [a, b, c, d, e, f, g] = words;
    // SAFETY: the arguments are those that the symbol takes; errno can always be read.
    unsafe {
        let function: Function = std::mem::transmute(function);
        // The upper half of a register is undefined where the result is an int.
        match function(a, b, c, d, e, f, g) as c_int {
            -1 => -(*libc::__errno_location() as isize),
            value => value as isize,
        }
    }
}

/// Asks how a socket is called, with room for so many bytes.
fn named(symbol: &str, socket: usize, room: usize) -> String {
    let mut address = Address::with(room);
    let answer = call(symbol, &[socket, address.at(), address.length_at()]);
    format!("{symbol} {room} {answer} {}", address.told())
}

/// Room for an address.
struct Address {
    bytes: [u8; WHOLE + 1],
    room: usize,
    length: u32,
}

impl Address {
    fn with(room: usize) -> Self {
        Self {
            bytes: [b'#'; WHOLE + 1],
            room,
            length: room as u32,
        }
    }

    fn at(&mut self) -> usize {
        self.bytes.as_mut_ptr().expose_provenance()
    }

    fn length_at(&mut self) -> usize {
        (&raw mut self.length).expose_provenance()
    }

    /// What was written: the length that was told, the name, and whether there is more than there is room for.
    fn told(&self) -> String {
        let written = self.room.min(self.length as usize);
        let name = self.bytes.get(START..written).unwrap_or_default();
        let beyond = self.bytes[self.room..].iter().any(|&byte| byte != b'#');
        let beyond = if beyond { " and beyond" } else { "" };
        format!("{} {:?}{beyond}", self.length, text(name))
    }
}

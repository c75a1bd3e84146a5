//! Calls on local sockets, whose addresses are names.

use super::row::Given::{Address, Int, Socket, Text};
use super::row::{Row, rows};

/// The rows. All are given the whole room of an address: a name that does not fit in is cut.
pub fn rows() -> Vec<Row> {
    let (stream, datagrams) = (Socket("stream"), Socket("datagrams"));
    let whole = Int(size_of::<libc::sockaddr_un>() as i64);
    let (data, size) = (Text("data"), Int(4));
    rows! {
        bind (stream, Address, whole) "bound-stream 0" .changes() .also(&["getsockname", "getpeername", "accept", "accept4"]);
        bind (datagrams, Address, whole) "bound-datagrams 0" .changes()
            .also(&["sendmsg", "sendmmsg", "__sendmmsg", "recvfrom", "__recvfrom_chk", "recvmsg", "recvmmsg"]);
        // Nobody listens in the tree: the errno tells what the name leads to.
        connect | __connect (stream, Address, whole) "number";
        connect (datagrams, Address, whole) "number";
        sendto (datagrams, data, size, Int(0), Address, whole) "number";
        // A stream looks at no address.
        sendto (stream, data, size, Int(i64::from(libc::MSG_NOSIGNAL)), Address, whole) "number";
        // What is no socket is found first.
        bind (Int(0), Address, whole) "number";
        connect (Int(-1), Address, whole) "number";
    }
}

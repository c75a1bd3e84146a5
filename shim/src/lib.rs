//! The preload engine: what a matching process calls instead of libc's path functions.
//!
//! A call falls through the modules in this order, each knowing only the next:
//!
//! ```text
//! hooks         the table of libc symbols: data, nothing else
//!   call        operand -> resolve -> real call
//!     resolve   a name that meets no link passes as it is; the others are walked over the snapshot
//!       known          what was found out of names, for a moment
//!       link_itself    what lstat, readlink and O_NOFOLLOW see on a link
//!     real      the `next` definition of the symbol -> libc
//! ```
//!
//! `init` runs before main and makes the snapshot; `restart` mends what was started without it, and `audit` tells the
//! loader where libraries lie. On the call path nothing allocates, locks, prints or panics,
//! and errno is left as libc left it.

mod expand;

mod hooks;

mod call;
mod known;
mod resolve;

mod link_descriptor;
mod link_itself;

mod next;
mod real;

mod atomic;
mod descriptor;
mod frame;
mod intern;
mod readable;
mod scratch;
mod unique_name;

mod aside;
mod live;
mod memory;

mod launch;
mod search;

mod libraries;
mod loaded;
mod tokens;

mod audit;

mod environment;
mod init;
mod instance;
mod own_file;
mod registration;

mod asked;
mod restart;

mod notice;
mod report;

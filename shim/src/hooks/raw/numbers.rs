//! The numbers of system calls.

#![allow(
    non_upper_case_globals,
    reason = "the names are those of sys/syscall.h"
)]

pub use libc::*;

// Those that the libc crate does not have for every architecture; they are the same on all.

pub const SYS_fchmodat2: c_long = 452;
pub const SYS_setxattrat: c_long = 463;
pub const SYS_getxattrat: c_long = 464;
pub const SYS_listxattrat: c_long = 465;
pub const SYS_removexattrat: c_long = 466;
pub const SYS_open_tree_attr: c_long = 467;
pub const SYS_file_getattr: c_long = 468;
pub const SYS_file_setattr: c_long = 469;

#[cfg(target_arch = "aarch64")]
pub const SYS_renameat: c_long = 38;

//! `syscall()`: a system call does to names what the function of libc does that is that system call.
//!
//! Numbers that take no name are jumped through with everything as it came: `syscall(SYS_vfork)` returns twice, both
//! times to its caller.

use std::ffi::{CStr, c_long};

use self::number::{Numbered, Word};
use super::*;
use crate::expand::calls;
use crate::real::{Real, Symbol};

mod kernel;
mod number;
mod numbers;

/// `syscall()`.
pub enum Name {}

impl Symbol for Name {
    const NAME: &CStr = c"syscall";
}

/// The next definition of `syscall()`.
// Among what the loader relocates, as those of all hooks are.
#[unsafe(link_section = ".data")]
pub static REAL: Real<Name> = Real::new();

/// A system call: its number and its arguments.
///
/// ABI: on x86-64 and aarch64 arguments behind `...` that are integers or pointers are passed as those of a prototype
/// are. A caller gives fewer than seven words: the others are whatever is where they would be, as they are to libc,
/// and no row looks at them.
type Call = unsafe extern "C" fn(c_long, c_long, c_long, c_long, c_long, c_long, c_long) -> c_long;

/// The type of `syscall()` itself.
type Syscall = unsafe extern "C" fn(c_long, ...) -> c_long;

/// All numbers are below this one.
const COUNT: usize = 512;

calls! { CALLS:
    {
        SYS_openat: openat(dir, path, flags, mode);
        SYS_openat2: openat2(dir, path, how, size);
        SYS_name_to_handle_at: name_to_handle_at(dir, path, handle, mount, flags);
        SYS_getdents64: getdents64(fd, batch, size);

        SYS_newfstatat: fstatat(dir, path, buf, flags);
        SYS_statx: statx(dir, path, flags, mask, buf);
        SYS_faccessat: kernel::faccessat(dir, path, mode);
        SYS_faccessat2: faccessat(dir, path, mode, flags);
        SYS_statfs: statfs(path, buf);
        SYS_readlinkat: readlinkat(dir, path, buf, size);

        SYS_fchmodat: kernel::fchmodat(dir, path, mode);
        SYS_fchmodat2: fchmodat(dir, path, mode, flags);
        SYS_fchownat: fchownat(dir, path, owner, group, flags);
        SYS_truncate: truncate(path, length);
        SYS_utimensat: utimensat(dir, path, times, flags);
        SYS_file_getattr: kernel::file_getattr(dir, path, attributes, size, flags);
        SYS_file_setattr: kernel::file_setattr(dir, path, attributes, size, flags);

        SYS_setxattr: setxattr(path, name, value, size, flags);
        SYS_getxattr: getxattr(path, name, value, size);
        SYS_listxattr: listxattr(path, list, size);
        SYS_removexattr: removexattr(path, name);
        SYS_lsetxattr: lsetxattr(path, name, value, size, flags);
        SYS_lgetxattr: lgetxattr(path, name, value, size);
        SYS_llistxattr: llistxattr(path, list, size);
        SYS_lremovexattr: lremovexattr(path, name);
        SYS_setxattrat: kernel::setxattrat(dir, path, flags, name, value, size);
        SYS_getxattrat: kernel::getxattrat(dir, path, flags, name, value, size);
        SYS_listxattrat: kernel::listxattrat(dir, path, flags, list, size);
        SYS_removexattrat: kernel::removexattrat(dir, path, flags, name);

        SYS_linkat: linkat(olddir, old, newdir, new, flags);
        SYS_symlinkat: symlinkat(text, dir, path);
        SYS_mkdirat: mkdirat(dir, path, mode);
        SYS_mknodat: mknodat(dir, path, mode, device);
        SYS_unlinkat: unlinkat(dir, path, flags);
        SYS_renameat: renameat(olddir, old, newdir, new);
        SYS_renameat2: renameat2(olddir, old, newdir, new, flags);

        SYS_chdir: chdir(path);
        SYS_fchdir: fchdir(fd);
        SYS_chroot: chroot(path);
        SYS_setns: setns(fd, kinds);
        SYS_prctl: prctl(option, a, b, c, d);
        SYS_seccomp: kernel::seccomp(operation, flags, arguments);
        SYS_unshare: unshare(kinds);
        SYS_execve: execve(path, argv, envp);
        SYS_execveat: execveat(dir, path, argv, envp, flags);

        SYS_inotify_add_watch: inotify_add_watch(fd, path, mask);
        SYS_fanotify_mark: fanotify_mark(fd, flags, mask, dir, path);

        SYS_bind: bind(fd, address, length);
        SYS_connect: connect(fd, address, length);
        SYS_sendto: sendto(fd, data, size, flags, address, length);
        SYS_sendmsg: sendmsg(fd, message, flags);
        SYS_sendmmsg: sendmmsg(fd, messages, count, flags);
        SYS_getsockname: getsockname(fd, address, length);
        SYS_getpeername: getpeername(fd, address, length);
        SYS_accept: accept(fd, address, length);
        SYS_accept4: accept4(fd, address, length, flags);
        SYS_recvfrom: recvfrom(fd, data, size, flags, address, length);
        SYS_recvmsg: recvmsg(fd, message, flags);
        SYS_recvmmsg: recvmmsg(fd, messages, count, flags, timeout);

        SYS_mount: mount(source, target, kind, flags, data);
        SYS_umount2: umount2(path, flags);
        SYS_pivot_root: pivot_root(root, old);
        SYS_swapon: swapon(path, flags);
        SYS_swapoff: swapoff(path);
        SYS_acct: acct(path);
        SYS_quotactl: quotactl(command, special, id, address);
        SYS_open_tree: open_tree(dir, path, flags);
        SYS_open_tree_attr: kernel::open_tree_attr(dir, path, flags, attributes, size);
        SYS_move_mount: move_mount(from, source, to, target, flags);
        SYS_fspick: fspick(dir, path, flags);
        SYS_fsconfig: fsconfig(fd, command, key, value, dir);
        SYS_mount_setattr: mount_setattr(dir, path, flags, attributes, size);
    }

    // Calls that later architectures do without.
    #[cfg(target_arch = "x86_64")]
    {
        SYS_open: open(path, flags, mode);
        SYS_creat: creat(path, mode);
        SYS_getdents: kernel::getdents(fd, batch, size);
        SYS_stat: stat(path, buf);
        SYS_lstat: lstat(path, buf);
        SYS_access: access(path, mode);
        SYS_readlink: readlink(path, buf, size);
        SYS_chmod: chmod(path, mode);
        SYS_chown: chown(path, owner, group);
        SYS_lchown: lchown(path, owner, group);
        SYS_utime: utime(path, times);
        SYS_utimes: utimes(path, times);
        SYS_futimesat: futimesat(dir, path, times);
        SYS_link: link(old, new);
        SYS_symlink: symlink(text, path);
        SYS_mkdir: mkdir(path, mode);
        SYS_mknod: mknod(path, mode, device);
        SYS_unlink: unlink(path);
        SYS_rmdir: rmdir(path);
        SYS_rename: rename(old, new);
    }
}

/// See syscall(2).
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn syscall() -> c_long {
    core::arch::naked_asm!(
        "cmp rdi, {count}",
        "jae 2f",
        "lea r11, [rip + {calls}]",
        "mov r11, [r11 + 8 * rdi]",
        "test r11, r11",
        "jnz 3f",
        "2:",
        "mov r11, [rip + {real} + {at}]",
        "cmp r11, 1",
        "jbe {unbound}",
        "3:",
        "jmp r11",
        count = const COUNT,
        calls = sym CALLS,
        real = sym REAL,
        at = const Real::<Name>::AT,
        unbound = sym unbound,
    )
}

/// See syscall(2).
#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn syscall() -> c_long {
    core::arch::naked_asm!(
        "cmp x0, {count}",
        "b.hs 2f",
        "adrp x16, {calls}",
        "add x16, x16, :lo12:{calls}",
        "ldr x16, [x16, x0, lsl #3]",
        "cbnz x16, 3f",
        "2:",
        "adrp x16, {real}",
        "add x16, x16, :lo12:{real}",
        "ldr x16, [x16, {at}]",
        "cmp x16, 1",
        "b.ls {unbound}",
        "3:",
        "br x16",
        count = const COUNT,
        calls = sym CALLS,
        real = sym REAL,
        at = const Real::<Name>::AT,
        unbound = sym unbound,
    )
}

/// Makes a system call before this library has been started, or fails where libc has no `syscall()`.
unsafe extern "C" fn unbound(
    number: c_long,
    a: c_long,
    b: c_long,
    c: c_long,
    d: c_long,
    e: c_long,
    f: c_long,
) -> c_long {
    // SAFETY: the arguments are the caller's, who called syscall(2) with them.
    unsafe { number::next(number, [a, b, c, d, e, f]) }
}

//! Where the kernel and a program exchange the number, the arguments and the result of a system call.

use nix::errno::Errno;
use nix::sys::ptrace;
use nix::unistd::Pid;

/// Returns the number and the arguments of the call that is about to be made.
pub fn call(pid: Pid) -> (u64, [u64; 6]) {
    let info = ptrace::syscall_info(pid).expect("it is stopped");
    assert_eq!(info.op, libc::PTRACE_SYSCALL_INFO_ENTRY, "a call begins");
    // SAFETY: the kernel says that this is the field that it has filled.
    let entry = unsafe { info.u.entry };
    (entry.nr, entry.args)
}

/// Returns the result of the call that was made; an error is negative.
pub fn result(pid: Pid) -> i64 {
    let info = ptrace::syscall_info(pid).expect("it is stopped");
    assert_eq!(info.op, libc::PTRACE_SYSCALL_INFO_EXIT, "a call ends");
    // SAFETY: the kernel says that this is the field that it has filled.
    unsafe { info.u.exit }.sval
}

/// Keeps the call that is about to be made from being made.
#[cfg(target_arch = "x86_64")]
pub fn skip(pid: Pid) {
    let mut registers = ptrace::getregs(pid).expect("it is stopped");
    registers.orig_rax = u64::MAX;
    ptrace::setregs(pid, registers).expect("it is stopped");
}

/// Has the call that was not made return an error.
#[cfg(target_arch = "x86_64")]
pub fn fail(pid: Pid, errno: Errno) {
    let mut registers = ptrace::getregs(pid).expect("it is stopped");
    registers.rax = i64::from(-(errno as i32)).cast_unsigned();
    ptrace::setregs(pid, registers).expect("it is stopped");
}

/// Keeps the call that is about to be made from being made.
#[cfg(target_arch = "aarch64")]
pub fn skip(pid: Pid) {
    const NT_ARM_SYSTEM_CALL: libc::c_int = 0x404;
    let mut number: libc::c_int = -1;
    let mut part = libc::iovec {
        iov_base: (&raw mut number).cast(),
        iov_len: size_of_val(&number),
    };
    // SAFETY: the kernel reads one int from where `part` says.
    let set = unsafe {
        libc::ptrace(
            libc::PTRACE_SETREGSET,
            pid.as_raw(),
            NT_ARM_SYSTEM_CALL,
            &raw mut part,
        )
    };
    assert_eq!(set, 0, "it is stopped");
}

/// Has the call that was not made return an error.
#[cfg(target_arch = "aarch64")]
pub fn fail(pid: Pid, errno: Errno) {
    let mut registers = ptrace::getregs(pid).expect("it is stopped");
    registers.regs[0] = i64::from(-(errno as i32)).cast_unsigned();
    ptrace::setregs(pid, registers).expect("it is stopped");
}

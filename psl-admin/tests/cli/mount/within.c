/* Executes a command within limits: `within LIMIT COMMAND...`. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What a system call gets when the low half of its fourth argument has all of these flags. */
static int filter(unsigned number, unsigned flags, unsigned action) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[3])),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, flags),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, flags, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    if (geteuid() != 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int set(const char *limit) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    if (strcmp(limit, "usr1-blocked") == 0)
        return sigprocmask(SIG_BLOCK, &set, NULL);
    if (strcmp(limit, "no-unshare") == 0)
        return filter(SYS_unshare, 0, SECCOMP_RET_ERRNO | EPERM);
    if (strcmp(limit, "no-mount") == 0)
        return filter(SYS_mount, 0, SECCOMP_RET_ERRNO | EPERM);
    if (strcmp(limit, "killed-at-bind") == 0)
        return filter(SYS_mount, MS_BIND, SECCOMP_RET_KILL_PROCESS);
    if (strcmp(limit, "killed-at-umount") == 0)
        return filter(SYS_umount2, 0, SECCOMP_RET_KILL_PROCESS);
    errno = EINVAL;
    return -1;
}

int main(int argc, char **argv) {
    if (argc < 3 || set(argv[1]) != 0) {
        perror("within");
        return 99;
    }
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    return 99;
}

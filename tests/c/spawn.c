/* Starts a program by one call or another, and says with which errno that failed. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
    (void)argc;
    const char *call = argv[1], *program = argv[2];
    char *arguments[] = {argv[2], NULL};
    volatile int error = 0;
    pid_t child;
    if (!strcmp(call, "posix_spawn"))
        error = posix_spawn(&child, program, NULL, NULL, arguments, environ);
    else if (!strcmp(call, "posix_spawnp"))
        error = posix_spawnp(&child, program, NULL, NULL, arguments, environ);
    else if (!strcmp(call, "execv"))
        error = execv(program, arguments) ? errno : 0;
    else if (!strcmp(call, "fexecve"))
        error = fexecve(open(program, O_RDONLY | O_CLOEXEC), arguments, environ) ? errno : 0;
    else if ((child = vfork()) == 0) {
        error = execv(program, arguments) ? errno : 0;
        _exit(127);
    } else
        waitpid(child, NULL, 0);
    printf("errno %d\n", error);
    return 0;
}

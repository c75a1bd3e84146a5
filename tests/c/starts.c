/* Starts a program by one call or another, and waits for it. */
#define _GNU_SOURCE
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
    (void)argc;
    const char *call = argv[1], *program = argv[2];
    char *arguments[] = {argv[2], NULL};
    pid_t child = -1;
    if (!strcmp(call, "posix_spawn"))
        posix_spawn(&child, program, NULL, NULL, arguments, environ);
    else if (!strcmp(call, "system"))
        return system(program);
    else if (!strcmp(call, "popen")) {
        char line[4096];
        FILE *stream = popen(program, "r");
        while (stream && fgets(line, sizeof line, stream))
            fputs(line, stdout);
        return stream ? pclose(stream) : 1;
    } else if ((child = vfork()) == 0) {
        execv(program, arguments);
        _exit(127);
    }
    int status = 1;
    return child > 0 && waitpid(child, &status, 0) == child ? status : 1;
}

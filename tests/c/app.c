/* Says which version it is, which version its library is, and what it was started with. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef LIBRARY
const char *which_library(void);
#else
/* The library is searched for when the program runs, if at all. */
static const char *which_library(void)
{
    const char *(*which)(void) = NULL;
#ifdef SEARCHED
    void *library = dlopen(SEARCHED, RTLD_NOW);
    if (library)
        which = (const char *(*)(void))dlsym(library, "which_library");
    else
        return dlerror();
#endif
    return which ? which() : "none";
}
#endif

extern char **environ;

int main(int argc, char **argv)
{
    char text[4096];
    ssize_t length = readlink("/proc/self/exe", text, sizeof text);
    printf("program %s, library %s, exe %.*s\n", VERSION, which_library(), (int)length, text);
    for (int i = 0; i < argc; i++)
        printf("argument %s\n", argv[i]);
    for (char **it = environ; *it; it++)
        if (strncmp(*it, "LD_", 3) != 0 && strncmp(*it, "PSL_", 4) != 0)
            printf("variable %s\n", *it);
    printf("directory %s\n", getcwd(text, sizeof text));
    for (int fd = 0; fd < 64; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            printf("descriptor %d\n", fd);
    sigset_t blocked;
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    for (int signal = 1; signal < 32; signal++)
        if (sigismember(&blocked, signal))
            printf("blocked %d\n", signal);
    mode_t mask = umask(0);
    printf("umask %o\n", mask);
    return 0;
}

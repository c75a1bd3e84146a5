/* An allocator that looks at files in the first call of the process, in the first one of each thread, and whenever memory
 * is given back, as allocators do that read their options or the number of processors. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void __libc_free(void *);
extern char **environ;

/* How often it looked; how often it was called by what it had called; how often it saw another file than main does. */
_Atomic unsigned long psl_asked, psl_recursions, psl_wrong;

/* The size of the file at ASKING_PATH, once links hold. */
_Atomic long psl_expected;

static __thread enum { fresh, known, asking } state __attribute__((tls_model("initial-exec")));

static const char *path(void)
{
    static const char name[] = "ASKING_PATH=";
    for (char **at = environ; at && *at; at++)
        if (!strncmp(*at, name, sizeof name - 1))
            return *at + sizeof name - 1;
    return NULL;
}

static void ask(void)
{
    int error = errno;
    long expected = psl_expected;
    const char *at = path();
    struct stat it = {0};
    char text[8];
    state = asking;
    int file = open(at ? at : "/", O_RDONLY | O_CLOEXEC);
    int same = file >= 0 && fstat(file, &it) == 0 && it.st_size == expected;
    if (file >= 0)
        close(file);
    same &= stat(at ? at : "/", &it) == 0 && it.st_size == expected;
    same &= access(at ? at : "/", R_OK) == 0 && readlink(at ? at : "/", text, sizeof text) == -1;
    if (at && expected && !same)
        psl_wrong++;
    psl_asked++;
    state = known;
    errno = error;
}

static void allocating(void)
{
    if (state == asking)
        psl_recursions++;
    else if (state == fresh)
        ask();
}

void *malloc(size_t size)
{
    allocating();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocating();
    return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    allocating();
    return __libc_realloc(block, size);
}

void free(void *block)
{
    if (state == asking)
        psl_recursions++;
    else
        ask();
    __libc_free(block);
}

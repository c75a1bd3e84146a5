/* Makes one call again and again: `calls KIND ARGUMENT...`.
 *
 * Each line of standard input is a number of calls; each line of standard output, how many nanoseconds they took. All
 * calls have to succeed. Kinds: stat, lstat, access, open (and close), readlink, fopen (and fclose) of a path; missing,
 * which is lstat of another name in a directory each time, where nothing has it; entries, which is fstatat of one entry
 * of a directory after another; readdir, of a whole directory; run, of a program with its arguments, after variables
 * for its environment. */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static char **arguments;
static struct stat seen;

static int directory;
static char **entries;
static size_t count, next;

static bool do_stat(const char *path) { return stat(path, &seen) == 0; }
static bool do_lstat(const char *path) { return lstat(path, &seen) == 0; }
static bool do_access(const char *path) { return access(path, R_OK) == 0; }

static bool do_open(const char *path)
{
    int file = open(path, O_RDONLY);
    return file >= 0 && close(file) == 0;
}

static bool do_readlink(const char *path)
{
    char text[256];
    return readlink(path, text, sizeof text) > 0;
}

static bool do_fopen(const char *path)
{
    FILE *file = fopen(path, "r");
    return file && fclose(file) == 0;
}

static bool do_missing(const char *path)
{
    static unsigned long number;
    char name[512];
    snprintf(name, sizeof name, "%s/%08lu", path, number++);
    return lstat(name, &seen) != 0 && errno == ENOENT;
}

static bool do_entries(const char *path)
{
    if (!entries) {
        DIR *listed = opendir(path);
        struct dirent *entry;
        if (!listed)
            return false;
        while ((entry = readdir(listed))) {
            if (count % 1024 == 0)
                entries = reallocarray(entries, count + 1024, sizeof *entries);
            entries[count++] = strdup(entry->d_name);
        }
        directory = dirfd(listed);
    }
    return fstatat(directory, entries[next++ % count], &seen, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool do_readdir(const char *path)
{
    DIR *listed = opendir(path);
    size_t found = 0;
    if (!listed)
        return false;
    while (readdir(listed))
        found++;
    return closedir(listed) == 0 && found > 2;
}

static bool do_run(const char *program)
{
    pid_t child;
    int status;
    if (posix_spawn(&child, program, NULL, NULL, arguments, environ))
        return false;
    /* grep(1) says by 1 that it found nothing. */
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) <= 1;
}

static const struct {
    const char *name;
    bool (*call)(const char *);
} kinds[] = {
    {"stat", do_stat},         {"lstat", do_lstat},     {"access", do_access},
    {"open", do_open},         {"readlink", do_readlink}, {"fopen", do_fopen},
    {"missing", do_missing},   {"entries", do_entries}, {"readdir", do_readdir},
    {"run", do_run},
};

/* Keeps a stream for this process alone: what it runs has /dev/null there. */
static FILE *kept(int descriptor, const char *mode)
{
    int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (copy < 0 || nothing < 0 || dup2(nothing, descriptor) < 0)
        err(2, "no descriptor");
    close(nothing);
    return fdopen(copy, mode);
}

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

int main(int argc, char **argv)
{
    bool (*call)(const char *) = NULL;
    if (argc < 3)
        errx(2, "expected a kind and a path");
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++)
        if (strcmp(kinds[kind].name, argv[1]) == 0)
            call = kinds[kind].call;
    if (!call)
        errx(2, "there is no kind \"%s\"", argv[1]);
    arguments = argv + 2;
    for (; call == do_run && arguments[0] && strchr(arguments[0], '='); arguments++)
        putenv(arguments[0]);
    FILE *in = kept(0, "r"), *out = kept(1, "w");
    long calls;
    while (fscanf(in, "%ld", &calls) == 1) {
        int64_t begin = now();
        for (long each = 0; each < calls; each++)
            if (!call(arguments[0]))
                err(1, "%s \"%s\"", argv[1], arguments[0]);
        fprintf(out, "%" PRId64 "\n", now() - begin);
        fflush(out);
    }
}

/* A program that looks through the links of the tree in its argument in many ways, and says what it sees. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

extern char **environ;

static const char *root;

static const char *in_root(char room[PATH_MAX], const char *below)
{
    snprintf(room, PATH_MAX, "%s/%s", root, below);
    return room;
}

static void say(const char *what, const char *text, size_t length)
{
    printf("%s: %.*s\n", what, (int)length, text);
}

static void files(void)
{
    char path[PATH_MAX], text[PATH_MAX] = "";
    struct stat it = {0};
    struct statx more = {0};
    in_root(path, "shared/version/which");
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = read(file, text, sizeof text);
    say("open", text, length < 0 ? 0 : (size_t)length);
    close(file);
    FILE *stream = fopen(path, "r");
    say("fopen", text, stream ? fread(text, 1, sizeof text, stream) : 0);
    if (stream)
        fclose(stream);
    int done = stat(path, &it);
    printf("stat: %d %ld\n", done, (long)it.st_size);
    done = statx(AT_FDCWD, path, 0, STATX_SIZE, &more);
    printf("statx: %d %ld\n", done, (long)more.stx_size);
    printf("access: %d\n", access(path, R_OK));
    in_root(path, "alias/version");
    done = lstat(path, &it);
    printf("lstat: %d %o %ld\n", done, it.st_mode, (long)it.st_size);
    length = readlink(path, text, sizeof text);
    say("readlink", text, length < 0 ? 0 : (size_t)length);
    length = getxattr(path, "user.none", text, sizeof text);
    printf("getxattr: %zd %d\n", length, errno);
    length = lgetxattr(path, "user.none", text, sizeof text);
    printf("lgetxattr: %zd %d\n", length, errno);
    done = mkdir(path, 0755);
    printf("mkdir: %d %d\n", done, errno);
    char *real = realpath(path, NULL);
    printf("realpath: %s\n", real ? real : "none");
    free(real);
    printf("realpath: %s\n", realpath(path, text) ? text : "none");
    real = canonicalize_file_name(path);
    printf("canonicalize_file_name: %s\n", real ? real : "none");
    free(real);
    struct statfs space;
    printf("statfs: %d\n", statfs(path, &space));
    in_root(path, "shared/version/madeXXXXXX");
    file = mkstemp(path);
    printf("mkstemp: %d %d %d\n", file >= 0, !strncmp(path, root, strlen(root)), unlink(path));
    close(file);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void listings(void)
{
    char path[PATH_MAX];
    char *names[64];
    size_t count = 0;
    DIR *dir = opendir(in_root(path, "shared/version/.."));
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (count < 64 && asprintf(&names[count], "%s %d", entry->d_name, entry->d_type) > 0)
            count++;
    if (dir)
        closedir(dir);
    qsort(names, count, sizeof *names, by_name);
    for (size_t at = 0; at < count; at++) {
        printf("readdir: %s\n", names[at]);
        free(names[at]);
    }
    struct dirent **entries;
    int found = scandir(in_root(path, "shared/version"), &entries, NULL, alphasort);
    for (int at = 0; at < found; at++) {
        printf("scandir: %s\n", entries[at]->d_name);
        free(entries[at]);
    }
    if (found >= 0)
        free(entries);
}

static void *in_thread(void *unused)
{
    char path[PATH_MAX];
    struct stat it = {0};
    (void)unused;
    stat(in_root(path, "shared/version/which"), &it);
    return (void *)it.st_size;
}

static void threads(void)
{
    pthread_t threads[16];
    long sum = 0;
    for (int at = 0; at < 16; at++)
        pthread_create(&threads[at], NULL, in_thread, NULL);
    for (int at = 0; at < 16; at++) {
        void *size;
        pthread_join(threads[at], &size);
        sum += (long)size;
    }
    printf("threads: %ld\n", sum);
}

static void programs(void)
{
    char path[PATH_MAX], command[PATH_MAX + 64];
    char *arguments[] = {path, "from", "posix_spawn", NULL};
    int status = -1;
    pid_t child;
    fflush(stdout);
    in_root(path, "shared/version/shell");
    if (posix_spawn(&child, path, NULL, NULL, arguments, environ) == 0)
        waitpid(child, &status, 0);
    printf("posix_spawn: %d\n", status);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        arguments[2] = "fork";
        execv(path, arguments);
        _exit(127);
    }
    waitpid(child, &status, 0);
    printf("fork: %d\n", status);
    fflush(stdout);
    snprintf(command, sizeof command, "exec %s/shared/version/shell from system", root);
    printf("system: %d\n", system(command));
    fflush(stdout);
    snprintf(command, sizeof command, "cat %s/shared/version/which", root);
    FILE *pipe = popen(command, "r");
    char text[8] = "";
    if (pipe && fgets(text, sizeof text, pipe))
        printf("popen: %s\n", text);
    printf("pclose: %d\n", pipe ? pclose(pipe) : -1);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    root = argv[1];
    files();
    listings();
    threads();
    programs();
    return 0;
}

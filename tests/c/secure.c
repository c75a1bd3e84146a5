/* Says whether it has more rights than its caller, what is in a file, and what a program that it starts gets. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

int main(int argc, char **argv) {
    char text[64];
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (!file || !fgets(text, sizeof text, file))
        return 1;
    printf("secure %d, %s\n", getauxval(AT_SECURE) != 0, text);
    fflush(stdout);
    execl("/usr/bin/env", "env", (char *)NULL);
    return 1;
}

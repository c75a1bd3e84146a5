/* Says the value of a variable, or executes the rest of its arguments. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc > 2)
        return execv(argv[2], argv + 2);
    const char *value = getenv(argv[1]);
    fputs(value ? value : "", stdout);
    return 0;
}

/* A clock for a program whose instructions are counted: CLOCK_STEP nanoseconds go by from one look to the next, none
 * if it is not set. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *time)
{
    static long step = -1, ticks;
    (void)clock;
    /* A library may ask before libc has the environment. */
    if (step < 0 && environ) {
        const char *text = getenv("CLOCK_STEP");
        step = text ? atol(text) : 0;
    }
    if (step > 0)
        ticks += step;
    time->tv_sec = 1000 + ticks / 1000000000;
    time->tv_nsec = ticks % 1000000000;
    return 0;
}

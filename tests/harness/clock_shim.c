/*
 * A wall clock that a test can step: preloaded into a server, it adds the seconds at the start of
 * the file named by CLOCK_SHIM to CLOCK_REALTIME, and to nothing else
 * (tests/session/test_rows_clock.py).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int (*real_clock_gettime)(clockid_t, struct timespec *);
static const volatile int64_t *offset;

/* Before the cell is closed: afterwards there is no file, but the mapping stays. */
__attribute__((constructor)) static void shim_open(void)
{
    *(void **)&real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    int fd = open(getenv("CLOCK_SHIM"), O_RDONLY | O_CLOEXEC);
    void *mapping = mmap(NULL, sizeof(*offset), PROT_READ, MAP_SHARED, fd, 0);
    if (!real_clock_gettime || fd < 0 || mapping == MAP_FAILED)
        abort();
    (void)close(fd);
    offset = mapping;
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
    int r = real_clock_gettime(clock, ret);
    if (r == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        ret->tv_sec += *offset;
    return r;
}

time_t time(time_t *ret)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (ret)
        *ret = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
    (void)zone;
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    ret->tv_sec = now.tv_sec;
    ret->tv_usec = now.tv_nsec / 1000;
    return 0;
}

/*
 * Time for deadlines and durations. Everyone may use it. It never looks at the wall clock: setting
 * the machine's time must not end a session.
 */
#pragma once

#include <errno.h>
#include <stdint.h>
#include <time.h>

/* Microseconds and milliseconds of CLOCK_MONOTONIC. */
static inline uint64_t clock_usec(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static inline uint64_t clock_msec(void)
{
    return clock_usec() / 1000u;
}

/* Does nothing for so many milliseconds. */
static inline void clock_pause(uint64_t milliseconds)
{
    struct timespec left = {
        .tv_sec = (time_t)(milliseconds / 1000),
        .tv_nsec = (long)(milliseconds % 1000) * 1000000,
    };
    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        ;
}

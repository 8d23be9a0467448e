/*
 * Ownership by scope: variables that release what they hold when they go out of scope.
 * Everyone may use it. It never hides an error: closing and freeing cannot fail usefully here.
 */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Closes FD unless it is negative and leaves errno alone. Always returns -1, so that a variable can
 * be closed and marked in one assignment: fd = close_fd(fd). */
static inline int close_fd(int fd)
{
    if (fd >= 0) {
        int saved = errno;
        (void)close(fd);
        errno = saved;
    }
    return -1;
}

/* Hands the descriptor in *FD to the caller; the variable no longer owns it. */
static inline int take_fd(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

/* Hands the pointer in VARIABLE to the caller; the variable no longer owns it. */
#define take_pointer(variable)                                                                     \
    __extension__({                                                                                \
        __typeof__(variable) taken_ = (variable);                                                  \
        (variable) = NULL;                                                                         \
        taken_;                                                                                    \
    })

static inline void cleanup_close_(int *fd)
{
    (void)close_fd(*fd);
}

static inline void cleanup_free_(void *pointer)
{
    free(*(void **)pointer);
}

static inline void cleanup_fclose_(FILE **file)
{
    if (*file)
        (void)fclose(*file);
}

static inline void cleanup_closedir_(DIR **directory)
{
    if (*directory)
        (void)closedir(*directory);
}

#define cleanup_close    __attribute__((cleanup(cleanup_close_)))
#define cleanup_free     __attribute__((cleanup(cleanup_free_)))
#define cleanup_fclose   __attribute__((cleanup(cleanup_fclose_)))
#define cleanup_closedir __attribute__((cleanup(cleanup_closedir_)))

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

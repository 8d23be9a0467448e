/*
 * For the tests of listings: a folder in /tmp that becomes the present directory, things to put
 * there, and a listing as one string. Only test_listing*.c include it.
 */
#pragma once

#include "lib/cleanup.h"
#include "session/listing.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

enum { FIXTURE_LISTING_MAX = 64 * 1024 * 1024 };

static inline int fixture_enter(void **state)
{
    char *folder = strdup("/tmp/cellftpd-test-XXXXXX");
    *state = folder;
    return folder && mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

/* rm(1), because it can remove a tree that is deeper than a path is long. */
static inline int fixture_leave(void **state)
{
    cleanup_free char *folder = *state;
    char rm[] = "rm";
    char options[] = "-rf";
    char *const arguments[] = {rm, options, folder, NULL};
    pid_t pid;
    int status;
    if (chdir("/") < 0 || posix_spawnp(&pid, rm, NULL, NULL, arguments, NULL) != 0)
        return -1;
    return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

static inline void put_file(const char *name, size_t size)
{
    cleanup_close int fd = open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, 0640), 0);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
}

static inline void put_folder(const char *name)
{
    assert_int_equal(mkdir(name, 0700), 0);
    assert_int_equal(chmod(name, 0750), 0);
}

static inline void set_time(const char *name, time_t seconds)
{
    const struct timespec times[2] = {{.tv_sec = seconds},
                                      {.tv_sec = seconds, .tv_nsec = 999999999}};
    assert_int_equal(utimensat(AT_FDCWD, name, times, AT_SYMLINK_NOFOLLOW), 0);
}

static inline struct listing_view view_of(enum listing_format format)
{
    return (struct listing_view){
        .format = format,
        .facts = FACT_USUAL,
        .uid = getuid(),
        .owner = "alice",
        .unique_key = 0x0123456789abcdef,
    };
}

/* The listing of PATH in pieces of SIZE bytes; NULL with *RET_ERROR if it fails. */
static inline char *list_in_pieces(const struct listing_view *view, const char *path, size_t size,
                                   uint64_t *ret_count, int *ret_error)
{
    struct listing *listing;
    cleanup_buffer struct buffer out;
    buffer_init(&out, FIXTURE_LISTING_MAX);
    int r = listing_open(view, path, &listing);
    if (r == 0) {
        do {
            size_t before = buffer_size(&out);
            r = listing_fill(listing, &out, size);
            assert_true(r <= 0 || buffer_size(&out) >= before + size);
        } while (r > 0);
        *ret_count = listing_count(listing);
        listing_free(listing);
    }
    *ret_error = r;
    if (r < 0)
        return NULL;
    return buffer_size(&out) > 0 ? strndup(buffer_begin(&out), buffer_size(&out)) : strdup("");
}

static inline char *list_view(const struct listing_view *view, const char *path)
{
    uint64_t count;
    int error;
    char *text = list_in_pieces(view, path, 65536, &count, &error);
    assert_int_equal(error, 0);
    assert_non_null(text);
    return text;
}

static inline int list_error(const struct listing_view *view, const char *path)
{
    uint64_t count;
    int error;
    free(list_in_pieces(view, path, 65536, &count, &error));
    return error;
}

static inline void assert_names(const char *path, const char *expected)
{
    struct listing_view view = view_of(LISTING_NAMES);
    cleanup_free char *text = list_view(&view, path);
    assert_string_equal(text, expected);
}

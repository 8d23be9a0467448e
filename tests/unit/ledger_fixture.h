/*
 * A state directory and a folder of their own for the tests of the ledger. Only those include it.
 */
#pragma once

#include "lib/ledger.h"

#include "lib/cleanup.h"
#include "lib/ledger_file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

enum { A_UID = 200001 };

/* Each test has a file system of its own in memory, or with LEDGER_DISK, a directory, is there.
 * What is mounted goes with this process. */
static inline int own_mounts(void)
{
    return unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0;
}

struct place {
    char top[64], state[80], file[96], home[80];
    struct config config;
    int folder;
};

static inline int set_up(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    assert_non_null(place);
    const char *disk = getenv("LEDGER_DISK");
    (void)snprintf(place->top, sizeof(place->top), "%.32s/cellftpd-ledger-XXXXXX",
                   disk ? disk : "/tmp");
    assert_non_null(mkdtemp(place->top));
    if (!disk)
        assert_int_equal(mount("none", place->top, "tmpfs", 0, "mode=0700"), 0);
    (void)snprintf(place->state, sizeof(place->state), "%s/state", place->top);
    (void)snprintf(place->file, sizeof(place->file), "%s/usage/%d", place->state, A_UID);
    (void)snprintf(place->home, sizeof(place->home), "%s/home", place->top);
    assert_int_equal(mkdir(place->home, 0700), 0);
    place->folder = open(place->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(place->folder >= 0);
    place->config.directories_state = place->state;
    *state = place;
    return 0;
}

static inline int tear_down(void **state)
{
    struct place *place = *state;
    (void)close(place->folder);
    if (umount2(place->top, MNT_DETACH) < 0 && errno != EINVAL)
        return -1;
    char *command[] = {(char[]){"rm"}, (char[]){"-rf"}, place->top, NULL};
    pid_t child = fork();
    if (child == 0) {
        (void)execvp(command[0], command);
        _exit(1);
    }
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    free(place);
    return status;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static inline void put_file(const struct place *place, const char *name, uint64_t size)
{
    cleanup_close int fd =
        openat(place->folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
}

static inline struct ledger_state state_of(const struct place *place)
{
    struct ledger_state state;
    assert_int_equal(ledger_read(&place->config, A_UID, &state), 0);
    return state;
}

static inline void assert_amount(struct ledger_amount amount, uint64_t bytes, uint64_t files)
{
    if (amount.bytes != bytes || amount.files != files)
        fail_msg("%" PRIu64 " bytes, %" PRIu64 " files; expected %" PRIu64 ", %" PRIu64,
                 amount.bytes, amount.files, bytes, files);
}

static inline void open_ledger(const struct place *place, uint64_t bytes, uint64_t files,
                               struct ledger *ret)
{
    const struct ledger_amount quota = {bytes, files};
    assert_int_equal(ledger_open(&place->config, A_UID, &quota, ret, NULL), 0);
}

static inline struct ledger_amount count_now(const struct place *place)
{
    struct ledger_amount found = {99, 99};
    struct ledger_state before;
    assert_int_equal(ledger_count(&place->config, A_UID, place->folder, 0, false, &found, &before),
                     0);
    return found;
}

/* One step that asks for LEAST to BEST bytes and FILES files, after GAINED came to be there. */
static inline int lease(struct ledger *ledger, uint64_t gained, uint64_t gained_files,
                        uint64_t least, uint64_t best, uint64_t files)
{
    const struct ledger_step step = {
        .gained = {gained, gained_files}, .least = least, .best = best, .files = files};
    struct ledger_state state;
    return ledger_step(ledger, &step, &state);
}

static inline int release(struct ledger *ledger, uint64_t bytes, uint64_t files)
{
    const struct ledger_step step = {.freed = {bytes, files}};
    struct ledger_state state;
    return ledger_step(ledger, &step, &state);
}

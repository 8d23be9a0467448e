/* Counting what a user stores (lib/ledger_count.c, lib/tree_count.c): what counts, how deep, and
 * what happens meanwhile (rows Q03, Q05, Q06, Q11). */
#include "ledger_fixture.h"

#include "lib/clock.h"
#include "lib/temporary.h"
#include "lib/tree_count.h"

#include <sys/resource.h>
#include <sys/syscall.h>

/* What happens when an entry is looked at: somebody else does something at this moment. */
static struct {
    void (*action)(const struct place *place);
    const struct place *place;
    unsigned at;   /* the entry */
    bool repeated; /* each time */
} meanwhile;

int statx(int directory, const char *restrict name, int flags, unsigned mask,
          struct statx *restrict ret)
{
    if (meanwhile.action && *name && meanwhile.at-- == 0) {
        void (*action)(const struct place *place) = meanwhile.action;
        meanwhile.action = NULL;
        action(meanwhile.place);
        if (meanwhile.repeated) {
            meanwhile.action = action;
            meanwhile.at = 0;
        }
    }
    return (int)syscall(SYS_statx, directory, name, flags, mask, ret);
}

static void assert_counts(const struct place *place, uint64_t bytes, uint64_t files)
{
    struct tree_count count;
    assert_int_equal(tree_count(place->folder, 0, false, &count), 0);
    assert_amount(count.found, bytes, files);
    assert_amount(count.running, 0, 0);
}

static void test_Q06_what_counts(void **state)
{
    const struct place *place = *state;
    int folder = place->folder;
    assert_counts(place, 0, 0);
    put_file(place, "plain", 100);
    put_file(place, ".hidden", 10);
    put_file(place, "empty", 0);
    put_file(place, "sparse", UINT64_C(1) << 40); /* row Q03: its length, whatever it takes */
    assert_int_equal(symlinkat("plain", folder, "link"), 0);
    assert_int_equal(symlinkat("/", folder, "way out"), 0);
    assert_int_equal(mkfifoat(folder, "fifo", 0600), 0);
    assert_int_equal(mkdirat(folder, "directory", 0700), 0);
    assert_int_equal(mkdirat(folder, "directory/locked", 0), 0);
    put_file(place, "directory/locked/inside", 1000);
    assert_counts(place, (UINT64_C(1) << 40) + 1110, 10);
    assert_int_equal(unlinkat(folder, "sparse", 0), 0);

    /* The bytes once, each name as a file. */
    assert_int_equal(linkat(folder, "plain", folder, "plain 2", 0), 0);
    assert_int_equal(linkat(folder, "plain", folder, "directory/plain 3", 0), 0);
    assert_counts(place, 1110, 11);
    assert_int_equal(unlinkat(folder, "plain", 0), 0);
    assert_int_equal(unlinkat(folder, "plain 2", 0), 0);
    assert_counts(place, 1110, 9);
}

static void test_many_links(void **state)
{
    const struct place *place = *state;
    enum { MANY = 3000 };
    assert_int_equal(mkdirat(place->folder, "links", 0700), 0);
    for (unsigned i = 0; i < MANY; i++) {
        char name[32], other[32];
        (void)snprintf(name, sizeof(name), "%u", i);
        (void)snprintf(other, sizeof(other), "links/%u", i);
        put_file(place, name, 7);
        assert_int_equal(linkat(place->folder, name, place->folder, other, 0), 0);
    }
    assert_counts(place, UINT64_C(7) * MANY, 2 * MANY + 1);
}

/* 5,000 levels, each with something before and behind the way down, and few descriptors. */
static void test_deep(void **state)
{
    const struct place *place = *state;
    enum { LEVELS = 5000, DESCRIPTORS = 64 };
    cleanup_close int at = dup(place->folder);
    for (unsigned i = 0; i < LEVELS; i++) {
        static const char *const files[] = {"a", "z"};
        for (size_t k = 0; k < ELEMENTS(files); k++) {
            cleanup_close int file = openat(at, files[k], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
            assert_int_equal(write(file, "x", 1), 1);
        }
        assert_int_equal(mkdirat(at, "m", 0700), 0);
        int next = openat(at, "m", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(next >= 0);
        (void)close(at);
        at = next;
    }
    struct rlimit all, few;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
    few = (struct rlimit){DESCRIPTORS, all.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    assert_counts(place, 2 * LEVELS, 3 * LEVELS);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
}

static void test_wide(void **state)
{
    const struct place *place = *state;
    /* CELLFTPD_WIDE=1000000 by hand. */
    const char *text = getenv("CELLFTPD_WIDE");
    unsigned many = text ? (unsigned)strtoul(text, NULL, 10) : 20000;
    for (unsigned i = 0; i < many; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "%u", i);
        assert_int_equal(mknodat(place->folder, name, S_IFREG | 0600, 0), 0);
    }
    struct rusage before, after;
    assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
    assert_counts(place, 0, many);
    assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
#ifndef CELLFTPD_SANITIZED
    assert_true(after.ru_maxrss - before.ru_maxrss < 4096); /* KiB */
#else
    (void)before;
    (void)after;
#endif
}

static void test_other_file_systems(void **state)
{
    const struct place *place = *state;
    char path[128];
    assert_int_equal(mkdirat(place->folder, "mounted", 0700), 0);
    assert_int_equal(mkdirat(place->folder, "bound", 0700), 0);
    assert_int_equal(mkdirat(place->folder, "tree", 0700), 0);
    put_file(place, "tree/inside", 100);
    (void)snprintf(path, sizeof(path), "%s/mounted", place->home);
    assert_int_equal(mount("none", path, "tmpfs", 0, "mode=0700"), 0);
    put_file(place, "mounted/elsewhere", 1000);
    char bound[128], tree[128];
    (void)snprintf(bound, sizeof(bound), "%s/bound", place->home);
    (void)snprintf(tree, sizeof(tree), "%s/tree", place->home);
    assert_int_equal(mount(tree, bound, NULL, MS_BIND, NULL), 0);
    assert_counts(place, 100, 4);
    assert_int_equal(umount2(bound, 0), 0);
    assert_int_equal(umount2(path, 0), 0);
    assert_counts(place, 100, 4);
}

/* As in a container, or a live system: directories and files have different device numbers. */
static void test_overlay(void **state)
{
    const struct place *place = *state;
    char path[128], options[512];
    (void)snprintf(path, sizeof(path), "%s/over", place->home);
    assert_int_equal(mkdirat(place->folder, "over", 0700), 0);
    assert_int_equal(mount("none", path, "tmpfs", 0, "mode=0700"), 0);
    assert_int_equal(mkdirat(place->folder, "over/lower", 0700), 0);
    put_file(place, "over/lower/below", 100);
    assert_int_equal(mkdirat(place->folder, "over/disk", 0700), 0);
    (void)snprintf(path, sizeof(path), "%s/over/disk", place->home);
    assert_int_equal(mount("none", path, "tmpfs", 0, "mode=0700"), 0);
    assert_int_equal(mkdirat(place->folder, "over/disk/upper", 0700), 0);
    assert_int_equal(mkdirat(place->folder, "over/disk/work", 0700), 0);
    assert_int_equal(mkdirat(place->folder, "over/merged", 0700), 0);
    (void)snprintf(options, sizeof(options),
                   "lowerdir=%1$s/over/lower,upperdir=%1$s/over/disk/upper,"
                   "workdir=%1$s/over/disk/work,xino=off",
                   place->home);
    char merged[128];
    (void)snprintf(merged, sizeof(merged), "%s/over/merged", place->home);
    assert_int_equal(mount("none", merged, "overlay", 0, options), 0);

    put_file(place, "over/merged/above", 10);
    assert_int_equal(mkdirat(place->folder, "over/merged/directory", 0700), 0);
    put_file(place, "over/merged/directory/inside", 1);
    struct place top = {.folder = openat(place->folder, "over/merged", O_RDONLY | O_CLOEXEC)};
    assert_true(top.folder >= 0);
    assert_counts(&top, 111, 4);
    assert_int_equal(close(top.folder), 0);

    assert_int_equal(umount2(merged, 0), 0);
    assert_int_equal(umount2(path, 0), 0);
    path[strlen(path) - strlen("/disk")] = '\0';
    assert_int_equal(umount2(path, 0), 0);
}

static int make_temporary(const struct place *place, const char *name, uint64_t size, time_t age)
{
    put_file(place, name, size);
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = time(NULL) - age}};
    assert_int_equal(utimensat(place->folder, name, times, 0), 0);
    int fd = openat(place->folder, name, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void test_Q11_unfinished_uploads(void **state)
{
    const struct place *place = *state;
    struct ledger ledger;
    open_ledger(place, 10000, 10, &ledger);
    (void)count_now(place);
    assert_int_equal(lease(&ledger, 0, 0, 500, 500, 1), 0);
    int running = make_temporary(place, NAME_TEMPORARY_PREFIX "1", 300, 0);
    int old = make_temporary(place, NAME_TEMPORARY_PREFIX "2", 40, 100);
    int young = make_temporary(place, NAME_TEMPORARY_PREFIX "3", 5, 0);
    assert_int_equal(flock(running, LOCK_EX), 0);
    assert_int_equal(mkdirat(place->folder, NAME_TEMPORARY_PREFIX "4", 0700), 0);

    /* What runs is covered by its lease; the others are there. */
    assert_amount(count_now(place), 45, 3);
    assert_amount(state_of(place).used, 45, 3);
    assert_false(state_of(place).stale);
    struct ledger_amount found;
    struct ledger_state before;
    assert_int_equal(ledger_count(&place->config, A_UID, place->folder, 0, true, &found, &before),
                     0);
    assert_amount(found, 5, 2);
    assert_amount(before.used, 45, 3);
    assert_int_equal(faccessat(place->folder, NAME_TEMPORARY_PREFIX "1", F_OK, 0), 0);
    assert_int_equal(faccessat(place->folder, NAME_TEMPORARY_PREFIX "2", F_OK, 0), -1);
    assert_int_equal(faccessat(place->folder, NAME_TEMPORARY_PREFIX "3", F_OK, 0), 0);

    /* A lock without a lease is a trick, or an administrator's: it counts. */
    assert_int_equal(flock(young, LOCK_EX), 0);
    put_file(place, NAME_TEMPORARY_PREFIX "3", 1200);
    assert_amount(count_now(place), 0, 1);
    assert_amount(state_of(place).used, 1000, 2);
    assert_true(state_of(place).stale);
    (void)close(running);
    (void)close(old);
    (void)close(young);
    ledger_close(&ledger, false);
}

static void test_Q05_what_was_done_on_the_disk(void **state)
{
    const struct place *place = *state;
    struct ledger ledger;
    open_ledger(place, 1000, 10, &ledger);
    (void)count_now(place);
    put_file(place, "from outside", 990);
    assert_amount(count_now(place), 990, 1);
    assert_int_equal(lease(&ledger, 0, 0, 11, 11, 0), -EDQUOT);
    assert_int_equal(unlinkat(place->folder, "from outside", 0), 0);
    assert_amount(count_now(place), 0, 0);
    assert_int_equal(lease(&ledger, 0, 0, 1000, 1000, 0), 0);
    ledger_close(&ledger, false);
}

static void test_deadline(void **state)
{
    const struct place *place = *state;
    struct ledger_amount found;
    struct ledger_state before;
    put_file(place, "there", 1);
    assert_int_equal(ledger_count(&place->config, A_UID, place->folder, clock_msec() + 60000, false,
                                  &found, &before),
                     0);
    struct ledger_state good = state_of(place);
    put_file(place, "there", 2);
    assert_int_equal(ledger_count(&place->config, A_UID, place->folder, 1, false, &found, &before),
                     -ETIMEDOUT);
    struct tree_count count;
    assert_int_equal(tree_count(place->folder, 1, false, &count), -ETIMEDOUT);
    struct ledger_state now = state_of(place);
    assert_memory_equal(&now, &good, sizeof(now)); /* nothing is changed */
}

/*
 * What others do while it counts. The folder has 100 files of 10 bytes in each of two directories.
 */
enum { EACH = 100 };

static struct ledger session; /* of the others */

static void make_two(const struct place *place)
{
    static const char *const directories[] = {"one", "two"};
    for (size_t i = 0; i < ELEMENTS(directories); i++) {
        assert_int_equal(mkdirat(place->folder, directories[i], 0700), 0);
        for (unsigned k = 0; k < EACH; k++) {
            char name[32];
            (void)snprintf(name, sizeof(name), "%s/%u", directories[i], k);
            put_file(place, name, 10);
        }
    }
    open_ledger(place, 100000, 1000, &session);
    (void)count_now(place);
}

static void count_while(const struct place *place, void (*action)(const struct place *place),
                        unsigned at, bool repeated, int result)
{
    struct ledger_amount found;
    struct ledger_state before;
    meanwhile.action = action;
    meanwhile.place = place;
    meanwhile.at = at;
    meanwhile.repeated = repeated;
    int r = ledger_count(&place->config, A_UID, place->folder, 0, false, &found, &before);
    meanwhile.action = NULL;
    assert_int_equal(r, result);
}

static void upload(const struct place *place)
{
    assert_int_equal(lease(&session, 0, 0, 500, 500, 1), 0);
    put_file(place, "new", 500);
    assert_int_equal(lease(&session, 500, 1, 0, 0, 0), 0);
    assert_int_equal(unlinkat(place->folder, "new", 0), 0);
    assert_int_equal(release(&session, 500, 1), 0);
}

static void test_Q04_changes_while_it_counts(void **state)
{
    const struct place *place = *state;
    make_two(place);
    /* Once: counted again, and exact. */
    count_while(place, upload, 50, false, 0);
    assert_amount(state_of(place).used, 2000, 202);
    assert_false(state_of(place).stale);
    /* All the time: too high, and it says so. */
    count_while(place, upload, 50, true, 0);
    assert_true(state_of(place).stale);
    assert_true(state_of(place).used.bytes >= 2000 + 500);
    (void)count_now(place);
    assert_amount(state_of(place).used, 2000, 202);
    ledger_close(&session, false);
}

/* From the directory that comes last into the one that came first; nobody knows which that is. */
static void move_files(const struct place *place)
{
    const struct ledger_step before = {.moving = true}, after = {.moving = false};
    struct ledger_state now;
    for (unsigned k = 0; k < EACH; k++) {
        char name[32], other[32];
        (void)snprintf(name, sizeof(name), "one/%u", k);
        (void)snprintf(other, sizeof(other), "two/%u", k);
        assert_int_equal(ledger_step(&session, &before, &now), 0);
        assert_int_equal(renameat2(place->folder, name, place->folder, other, RENAME_EXCHANGE), 0);
        (void)snprintf(other, sizeof(other), "moved-%u", k);
        assert_int_equal(renameat(place->folder, name, place->folder, other), 0);
        assert_int_equal(renameat(place->folder, other, place->folder, name), 0);
        assert_int_equal(ledger_step(&session, &after, &now), 0);
    }
}

static void announce_a_move(const struct place *place)
{
    const struct ledger_step before = {.moving = true}, after = {.moving = false};
    struct ledger_state now;
    (void)place;
    assert_int_equal(ledger_step(&session, &before, &now), 0);
    assert_int_equal(ledger_step(&session, &after, &now), 0);
}

static void test_Q06_moves_while_it_counts(void **state)
{
    const struct place *place = *state;
    make_two(place);
    for (unsigned at = 0; at <= 2 * EACH; at += 20) {
        count_while(place, move_files, at, false, 0);
        assert_amount(state_of(place).used, 2000, 202);
        assert_false(state_of(place).stale);
    }
    count_while(place, announce_a_move, 50, true, -EBUSY);
    assert_amount(state_of(place).used, 2000, 202);
    ledger_close(&session, false);
}

static void count_too(const struct place *place)
{
    void (*action)(const struct place *place) = meanwhile.action;
    meanwhile.action = NULL;
    (void)count_now(place);
    meanwhile.action = action;
}

/* Several who log in at once do not keep each other from coming to an end. */
static void test_counts_at_once(void **state)
{
    const struct place *place = *state;
    make_two(place);
    put_file(place, "outside", 1000);
    count_while(place, count_too, 50, true, 0);
    assert_amount(state_of(place).used, 3000, 203);
    assert_false(state_of(place).stale);
    /* One that says that it may be too high is no reason not to. */
    assert_int_equal(unlinkat(place->folder, "outside", 0), 0);
    count_while(place, upload, 50, true, 0);
    assert_true(state_of(place).stale);
    count_while(place, count_too, 50, true, 0);
    assert_amount(state_of(place).used, 2000, 202);
    assert_false(state_of(place).stale);
    ledger_close(&session, false);
}

/* One that has begun and not ended. */
static void test_Q06_move_that_lasts(void **state)
{
    const struct place *place = *state;
    make_two(place);
    const struct ledger_step before = {.moving = true}, after = {.moving = false};
    struct ledger_state now;
    assert_int_equal(ledger_step(&session, &before, &now), 0);
    count_while(place, NULL, 0, false, -EBUSY);
    assert_int_equal(ledger_step(&session, &after, &now), 0);
    count_while(place, NULL, 0, false, 0);
    ledger_close(&session, false);
}

static void crash(const struct place *place)
{
    pid_t child = fork();
    if (child == 0) {
        struct ledger ledger;
        open_ledger(place, 10000000, 100000, &ledger);
        int r = lease(&ledger, 0, 0, 700, 700, 1);
        put_file(place, "left", 700);
        _exit(r == 0 ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_Q11_crash_while_it_counts(void **state)
{
    const struct place *place = *state;
    make_two(place);
    count_while(place, crash, 150, false, 0);
    assert_amount(state_of(place).used, 2700, 203); /* counted again */
    count_while(place, crash, 150, true, 0);
    assert_true(state_of(place).used.bytes >= 2700 && state_of(place).stale);
    (void)count_now(place);
    assert_amount(state_of(place).used, 2700, 203);
    ledger_close(&session, false);
}

/* The same, and then its slot is damaged, and mended by whoever comes next. */
static void crash_and_damage(const struct place *place)
{
    crash(place);
    cleanup_close int fd = open(place->file, O_WRONLY | O_CLOEXEC);
    off_t end = lseek(fd, 0, SEEK_END);
    static const char zeros[sizeof(struct ledger_slot)];
    assert_true(end > (off_t)sizeof(zeros));
    assert_int_equal(pwrite(fd, zeros, sizeof(zeros), end - (off_t)sizeof(zeros)), sizeof(zeros));
    assert_true(state_of(place).unknown);
}

static void test_Q07_damage_while_it_counts(void **state)
{
    const struct place *place = *state;
    make_two(place);
    for (unsigned at = 0; at <= 200; at += 50) {
        count_while(place, crash_and_damage, at, false, 0);
        assert_amount(state_of(place).used, 2700, 203);
        assert_false(state_of(place).unknown);
        assert_int_equal(unlinkat(place->folder, "left", 0), 0);
    }
    ledger_close(&session, false);
}

/* A directory that we are in is moved elsewhere: the way up is not the way down. Deep enough that
 * the way up is asked of "..". */
static void move_away(const struct place *place)
{
    static const char tenth[] = "d/d/d/d/d/d/d/d/d/d";
    if (renameat(place->folder, tenth, place->folder, "away") < 0)
        assert_int_equal(renameat(place->folder, "away", place->folder, tenth), 0);
}

static void test_moved_under_our_feet(void **state)
{
    const struct place *place = *state;
    char path[128] = "d";
    for (unsigned i = 0; i < 60; i++) {
        assert_int_equal(mkdirat(place->folder, path, 0700), 0);
        assert_true(strlen(path) + 3 < sizeof(path));
        (void)strncat(path, "/d", sizeof(path) - strlen(path) - 1);
    }
    struct tree_count count;
    unsigned again = 0;
    for (unsigned at = 0; at < 60; at++) {
        meanwhile.action = move_away;
        meanwhile.place = place;
        meanwhile.at = at;
        meanwhile.repeated = false;
        int r = tree_count(place->folder, 0, false, &count);
        meanwhile.action = NULL;
        assert_true(r == 0 || r == -EAGAIN);
        again += r == -EAGAIN;
    }
    assert_true(again > 0);
}

static void remove_all(const struct place *place)
{
    for (unsigned k = 0; k < EACH; k++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "one/%u", k);
        (void)unlinkat(place->folder, name, 0);
    }
    (void)unlinkat(place->folder, "one", AT_REMOVEDIR);
}

static void test_removed_under_our_feet(void **state)
{
    const struct place *place = *state;
    make_two(place);
    for (unsigned at = 0; at < 150; at += 10) {
        struct tree_count count;
        meanwhile.action = remove_all;
        meanwhile.place = place;
        meanwhile.at = at;
        assert_int_equal(tree_count(place->folder, 0, false, &count), 0);
        assert_true(count.found.files >= 101);
        meanwhile.action = NULL;
        (void)mkdirat(place->folder, "one", 0700);
    }
    ledger_close(&session, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_Q06_what_counts),
        TEST(test_many_links),
        TEST(test_deep),
        TEST(test_wide),
        TEST(test_other_file_systems),
        TEST(test_overlay),
        TEST(test_Q11_unfinished_uploads),
        TEST(test_Q05_what_was_done_on_the_disk),
        TEST(test_deadline),
        TEST(test_Q04_changes_while_it_counts),
        TEST(test_Q06_moves_while_it_counts),
        TEST(test_counts_at_once),
        TEST(test_Q06_move_that_lasts),
        TEST(test_Q11_crash_while_it_counts),
        TEST(test_Q07_damage_while_it_counts),
        TEST(test_moved_under_our_feet),
        TEST(test_removed_under_our_feet),
    };
    return own_mounts() || cmocka_run_group_tests_name("ledger_count", tests, NULL, NULL);
}

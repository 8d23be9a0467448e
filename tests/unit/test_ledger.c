/* lib/ledger.c: nothing is promised that is not there, whoever dies and whatever is damaged (rows
 * Q01, Q04, Q07, Q08, Q11). */
#include "ledger_fixture.h"

#include "interrupted.h"

static void test_first_use(void **state)
{
    const struct place *place = *state;
    struct ledger ledger;
    struct ledger_state now;
    assert_int_equal(ledger_read(&place->config, A_UID, &now), -ENOENT);
    const struct ledger_amount quota = {1000, 10};
    assert_int_equal(ledger_set_quota(&place->config, A_UID, &quota), -ENOENT);
    assert_int_equal(ledger_adjust(&place->config, A_UID, &quota, &quota, false), -ENOENT);
    bool damaged = true;
    assert_int_equal(ledger_open(&place->config, A_UID, &quota, &ledger, &damaged), 0);
    assert_false(damaged);

    struct stat status;
    assert_int_equal(stat(place->file, &status), 0);
    assert_int_equal(status.st_mode, S_IFREG | 0600);
    assert_int_equal(stat(place->state, &status), 0);
    assert_int_equal(status.st_mode, S_IFDIR | 0700);

    /* Nobody has counted. */
    now = state_of(place);
    assert_true(now.unknown && now.sessions == 1 && now.counted == 0);
    assert_amount(now.quota, 1000, 10);
    assert_int_equal(lease(&ledger, 0, 0, 1, 1, 0), -EDQUOT);
    assert_int_equal(lease(&ledger, 0, 0, 0, 0, 1), -EDQUOT);
    assert_int_equal(lease(&ledger, 0, 0, 0, 0, 0), 0);

    put_file(place, "there", 300);
    assert_amount(count_now(place), 300, 1);
    now = state_of(place);
    assert_true(!now.unknown && !now.stale && now.counted > 0);
    assert_amount(now.used, 300, 1);
    ledger_close(&ledger, false);
    assert_int_equal(ledger.fd, -1);
    now = state_of(place);
    assert_true(!now.unknown && !now.stale && now.sessions == 0);
}

static void test_Q01_leases_within_the_quota(void **state)
{
    const struct place *place = *state;
    struct ledger one, two;
    open_ledger(place, 1000, 3, &one);
    open_ledger(place, 1000, 3, &two);
    (void)count_now(place);
    /* At best as much as is wanted, at least what is needed, never more than there is. */
    assert_int_equal(lease(&one, 0, 0, 100, 600, 1), 0);
    assert_amount(one.lease, 600, 1);
    assert_int_equal(lease(&two, 0, 0, 100, 600, 2), 0);
    assert_amount(two.lease, 400, 2);
    assert_int_equal(lease(&two, 0, 0, 401, 401, 2), -EDQUOT);
    assert_amount(two.lease, 400, 2);
    assert_int_equal(lease(&two, 0, 0, 400, 400, 3), -EDQUOT); /* row Q08 */
    assert_amount(two.lease, 400, 2);

    /* Settled even where more is refused. */
    assert_int_equal(lease(&two, 150, 1, 300, 300, 1), -EDQUOT);
    assert_amount(two.lease, 250, 1);
    assert_amount(state_of(place).used, 150, 1);
    assert_amount(state_of(place).leased, 850, 2);
    assert_int_equal(lease(&two, 251, 0, 0, 0, 0), -EPROTO);
    assert_int_equal(lease(&two, 0, 2, 0, 0, 0), -EPROTO);
    assert_amount(two.lease, 250, 1);

    /* What one gives back another may have. */
    assert_int_equal(lease(&one, 0, 0, 0, 0, 0), 0);
    assert_int_equal(lease(&two, 0, 0, 850, 9999, 2), 0);
    assert_amount(two.lease, 850, 2);
    assert_int_equal(lease(&two, 0, 0, 0, 0, 0), 0);
    assert_int_equal(release(&one, 50, 1), 0);
    assert_amount(state_of(place).used, 100, 0);
    assert_false(state_of(place).stale);
    ledger_close(&one, false);
    ledger_close(&two, false);
}

static void test_quota_of_nothing_and_none(void **state)
{
    const struct place *place = *state;
    struct ledger ledger;
    open_ledger(place, 0, NO_LIMIT, &ledger);
    (void)count_now(place);
    assert_int_equal(lease(&ledger, 0, 0, 1, 1, 1), -EDQUOT);
    assert_int_equal(lease(&ledger, 0, 0, 0, 100, 1), 0); /* an empty file is nothing */
    assert_amount(ledger.lease, 0, 1);

    const struct ledger_amount none = {NO_LIMIT, NO_LIMIT};
    assert_int_equal(ledger_set_quota(&place->config, A_UID, &none), 0);
    assert_int_equal(lease(&ledger, 0, 0, 1, UINT64_MAX, UINT64_C(1) << 59), 0);
    assert_true(ledger.lease.bytes == UINT64_C(1) << 60);
    /* However often: sums stay sums. */
    for (unsigned i = 0; i < 40; i++)
        assert_int_equal(lease(&ledger, ledger.lease.bytes, 0, 0, UINT64_MAX, 0), 0);
    assert_true(state_of(place).used.bytes == UINT64_MAX);
    ledger_close(&ledger, true);
    assert_true(state_of(place).used.bytes == UINT64_MAX);
}

static void test_lower_quota_for_those_who_are_there(void **state)
{
    const struct place *place = *state;
    struct ledger ledger;
    open_ledger(place, 1000, 10, &ledger);
    (void)count_now(place);
    assert_int_equal(lease(&ledger, 0, 0, 500, 500, 1), 0);
    const struct ledger_amount quota = {100, 10};
    assert_int_equal(ledger_set_quota(&place->config, A_UID, &quota), 0);
    /* What was promised stays, but is not promised again. */
    assert_int_equal(lease(&ledger, 200, 1, 300, 300, 0), -EDQUOT);
    assert_amount(ledger.lease, 300, 0);
    assert_int_equal(lease(&ledger, 0, 0, 0, 0, 0), 0);
    assert_int_equal(lease(&ledger, 0, 0, 1, 1, 0), -EDQUOT);
    ledger_close(&ledger, false);
    assert_amount(state_of(place).used, 200, 1);
}

static void test_Q11_lost_lease_is_used(void **state)
{
    const struct place *place = *state;
    struct ledger ledger;
    open_ledger(place, 1000, 10, &ledger);
    (void)count_now(place);
    assert_int_equal(lease(&ledger, 0, 0, 700, 700, 2), 0);
    ledger_close(&ledger, true);
    assert_amount(state_of(place).used, 700, 2);
    assert_true(state_of(place).stale);
    assert_amount(count_now(place), 0, 0);
    assert_amount(state_of(place).used, 0, 0);
    assert_false(state_of(place).stale);
}

static void hold_and_die(const struct place *place, uint64_t bytes)
{
    pid_t child = fork();
    if (child == 0) {
        struct ledger ledger;
        open_ledger(place, 1000, 10, &ledger);
        _exit(lease(&ledger, 0, 0, bytes, bytes, 1) == 0 ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_Q11_dead_session(void **state)
{
    const struct place *place = *state;
    struct ledger ledger;
    open_ledger(place, 1000, 10, &ledger);
    (void)count_now(place);
    hold_and_die(place, 600);
    assert_amount(state_of(place).leased, 600, 1);
    assert_int_equal(state_of(place).sessions, 1);
    /* Until somebody comes it stays leased. */
    assert_int_equal(lease(&ledger, 0, 0, 401, 401, 0), -EDQUOT);
    struct ledger another;
    open_ledger(place, 1000, 10, &another);
    assert_amount(state_of(place).used, 600, 1);
    assert_amount(state_of(place).leased, 0, 0);
    assert_true(state_of(place).stale);
    assert_int_equal(lease(&ledger, 0, 0, 401, 401, 0), -EDQUOT);
    (void)count_now(place);
    assert_false(state_of(place).stale);
    assert_int_equal(lease(&ledger, 0, 0, 1000, 1000, 0), 0);
    /* Even one without a lease may have removed something. */
    hold_and_die(place, 0);
    ledger_close(&another, false);
    open_ledger(place, 1000, 10, &another);
    assert_true(state_of(place).stale);
    ledger_close(&another, false);
    ledger_close(&ledger, false);
}

static void test_many_sessions(void **state)
{
    const struct place *place = *state;
    enum { MANY = 300 };
    static struct ledger ledgers[MANY];
    for (unsigned i = 0; i < MANY; i++)
        open_ledger(place, MANY, NO_LIMIT, &ledgers[i]);
    (void)count_now(place);
    assert_int_equal(state_of(place).sessions, MANY);
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(lease(&ledgers[i], 0, 0, 1, 1, 0), 0);
    assert_int_equal(lease(&ledgers[0], 0, 0, 2, 2, 0), -EDQUOT);
    for (unsigned i = 0; i < MANY; i++)
        ledger_close(&ledgers[i], false);
    assert_int_equal(state_of(place).sessions, 0);
    assert_false(state_of(place).stale);
}

static void test_adjust(void **state)
{
    const struct place *place = *state;
    struct ledger ledger;
    open_ledger(place, 1000, 10, &ledger);
    put_file(place, "there", 500);
    (void)count_now(place);
    ledger_close(&ledger, false);
    const struct ledger_amount gained = {100, 1}, freed = {200, 1}, nothing = {0, 0};
    /* A count of this moment may have seen it, or not: too much is better than too little. */
    assert_int_equal(ledger_adjust(&place->config, A_UID, &nothing, &freed, false), 0);
    assert_amount(state_of(place).used, 500, 1);
    assert_true(state_of(place).stale);
    assert_int_equal(ledger_adjust(&place->config, A_UID, &gained, &nothing, false), 0);
    assert_amount(state_of(place).used, 600, 2);
}

static void test_freed_across_a_count(void **state)
{
    const struct place *place = *state;
    struct ledger ledger;
    open_ledger(place, 1000, 10, &ledger);
    put_file(place, "one", 500);
    put_file(place, "two", 300);
    (void)count_now(place);
    assert_int_equal(lease(&ledger, 0, 0, 0, 0, 0), 0);
    assert_int_equal(unlinkat(place->folder, "one", 0), 0);
    (void)count_now(place); /* sees it gone before it is said */
    assert_int_equal(release(&ledger, 500, 1), 0);
    assert_amount(state_of(place).used, 300, 1);
    assert_true(state_of(place).stale);
    /* And now there is no doubt any more. */
    assert_int_equal(unlinkat(place->folder, "two", 0), 0);
    assert_int_equal(release(&ledger, 300, 1), 0);
    assert_amount(state_of(place).used, 0, 0);
    ledger_close(&ledger, false);
}

static void test_gained_across_a_count(void **state)
{
    const struct place *place = *state;
    struct ledger ledger;
    open_ledger(place, 1000, 10, &ledger);
    (void)count_now(place);
    assert_int_equal(lease(&ledger, 0, 0, 400, 400, 1), 0);
    put_file(place, "new", 400);
    (void)count_now(place);
    assert_int_equal(lease(&ledger, 400, 1, 0, 0, 0), 0);
    assert_amount(state_of(place).used, 800, 2); /* too high, and it says so */
    assert_true(state_of(place).stale);
    ledger_close(&ledger, false);
}

static void test_more_freed_than_known(void **state)
{
    const struct place *place = *state;
    struct ledger ledger;
    open_ledger(place, 1000, 10, &ledger);
    (void)count_now(place);
    assert_int_equal(lease(&ledger, 0, 0, 0, 0, 0), 0);
    assert_int_equal(release(&ledger, 5, 1), 0);
    assert_amount(state_of(place).used, 0, 0);
    assert_true(state_of(place).stale);
    ledger_close(&ledger, false);
}

static void test_removed_while_open(void **state)
{
    const struct place *place = *state;
    struct ledger ledger;
    open_ledger(place, 1000, 10, &ledger);
    (void)count_now(place);
    assert_int_equal(lease(&ledger, 0, 0, 100, 100, 0), 0);
    assert_int_equal(ledger_remove(&place->config, A_UID), 0);
    assert_int_equal(ledger_remove(&place->config, A_UID), 0);
    assert_int_equal(lease(&ledger, 0, 0, 100, 100, 0), -ESTALE);
    struct ledger another;
    open_ledger(place, 1000, 10, &another);
    assert_true(state_of(place).unknown);
    ledger_close(&ledger, false);
    ledger_close(&another, false);
    assert_int_equal(state_of(place).sessions, 0);
}

static void test_only_a_file_of_roots(void **state)
{
    const struct place *place = *state;
    struct ledger ledger;
    const struct ledger_amount quota = {1000, 10};
    open_ledger(place, 1000, 10, &ledger);
    ledger_close(&ledger, false);
    assert_int_equal(chmod(place->file, 0666), 0);
    assert_int_equal(ledger_open(&place->config, A_UID, &quota, &ledger, NULL), -EPERM);
    assert_int_equal(chmod(place->file, 0600), 0);
    assert_int_equal(chown(place->file, A_UID, A_UID), 0);
    assert_int_equal(ledger_open(&place->config, A_UID, &quota, &ledger, NULL), -EPERM);
    assert_int_equal(unlink(place->file), 0);
    assert_int_equal(symlink("/etc/passwd", place->file), 0);
    assert_int_equal(ledger_open(&place->config, A_UID, &quota, &ledger, NULL), -ELOOP);
    assert_int_equal(unlink(place->file), 0);
    assert_int_equal(mkfifo(place->file, 0600), 0);
    assert_int_equal(ledger_open(&place->config, A_UID, &quota, &ledger, NULL), -EPERM);
    assert_int_equal(ledger.fd, -1);
    assert_int_equal(chmod(place->state, 0777), 0);
    assert_int_equal(unlink(place->file), 0);
}

/*
 * Damage (row Q07). A ledger in which nobody is, with 500 bytes in 1 file, is changed in one place
 * at a time: it is the same as before, or nothing is known; never less.
 */
enum { DAMAGE_SIZE = 4096 };

static size_t read_ledger(const struct place *place, uint8_t ret[DAMAGE_SIZE])
{
    cleanup_close int fd = open(place->file, O_RDONLY | O_CLOEXEC);
    ssize_t size = read(fd, ret, DAMAGE_SIZE);
    assert_true(size > 0 && size < DAMAGE_SIZE);
    return (size_t)size;
}

static void write_ledger(const struct place *place, const uint8_t *bytes, size_t size)
{
    cleanup_close int fd = open(place->file, O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
}

static void assert_noticed(const struct place *place, const char *what, size_t where)
{
    struct ledger ledger;
    const struct ledger_amount quota = {1000, 10};
    bool damaged = false;
    int r = ledger_open(&place->config, A_UID, &quota, &ledger, &damaged);
    struct ledger_state now = state_of(place);
    if (r != 0 || !damaged || !now.unknown)
        fail_msg("%s at %zu: %d, used %" PRIu64, what, where, r, now.used.bytes);
    assert_int_equal(lease(&ledger, 0, 0, 1, 1, 0), -EDQUOT);
    (void)count_now(place);
    now = state_of(place);
    assert_false(now.unknown);
    assert_amount(now.used, 500, 1);
    assert_int_equal(lease(&ledger, 0, 0, 500, 500, 0), 0);
    assert_int_equal(lease(&ledger, 0, 0, 501, 501, 0), -EDQUOT);
    ledger_close(&ledger, false);
}

static size_t make_ledger(const struct place *place, uint8_t ret[DAMAGE_SIZE])
{
    struct ledger one, two;
    put_file(place, "there", 500);
    open_ledger(place, 1000, 10, &one);
    open_ledger(place, 1000, 10, &two);
    (void)count_now(place);
    ledger_close(&one, false);
    ledger_close(&two, false);
    size_t size = read_ledger(place, ret);
    assert_int_equal(size, sizeof(struct ledger_header) + 2 * sizeof(struct ledger_slot));
    return size;
}

static void test_Q07_every_bit(void **state)
{
    const struct place *place = *state;
    uint8_t good[DAMAGE_SIZE];
    size_t size = make_ledger(place, good);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        uint8_t bad[DAMAGE_SIZE];
        memcpy(bad, good, size);
        bad[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        write_ledger(place, bad, size);
        assert_noticed(place, "bit", bit);
    }
}

static void test_Q07_every_truncation(void **state)
{
    const struct place *place = *state;
    uint8_t good[DAMAGE_SIZE];
    size_t size = make_ledger(place, good);
    for (size_t kept = 0; kept < size; kept++) {
        write_ledger(place, good, kept);
        assert_noticed(place, "end", kept);
    }
    /* A page of zeros, as a file system leaves it after a power failure; and anything else. */
    uint8_t bad[DAMAGE_SIZE] = {0};
    write_ledger(place, bad, size);
    assert_noticed(place, "zeros", size);
    memset(bad, 0xff, sizeof(bad));
    write_ledger(place, bad, sizeof(bad));
    assert_noticed(place, "ones", size);
    /* Slots that have changed places. */
    memcpy(bad, good, size);
    memcpy(bad + sizeof(struct ledger_header), good + size - sizeof(struct ledger_slot),
           sizeof(struct ledger_slot));
    write_ledger(place, bad, size);
    assert_noticed(place, "slot", 0);
}

static void test_Q07_while_sessions_are_there(void **state)
{
    const struct place *place = *state;
    struct ledger one, two;
    put_file(place, "there", 300);
    open_ledger(place, 1000, 10, &one);
    open_ledger(place, 1000, 10, &two);
    (void)count_now(place);
    assert_int_equal(lease(&one, 0, 0, 400, 400, 1), 0);
    uint8_t bad[DAMAGE_SIZE];
    size_t size = read_ledger(place, bad);
    memset(bad, 0, size);
    write_ledger(place, bad, size);

    assert_int_equal(lease(&two, 0, 0, 1, 1, 0), -EDQUOT);
    assert_true(state_of(place).unknown);
    /* What the first has leased nobody knows but the first. */
    struct ledger_amount found;
    struct ledger_state before;
    assert_int_equal(ledger_count(&place->config, A_UID, place->folder, 0, false, &found, &before),
                     -EBUSY);
    assert_true(state_of(place).unknown);
    put_file(place, "new", 100);
    assert_int_equal(lease(&one, 100, 1, 0, 0, 0), 0);
    assert_amount(count_now(place), 400, 2);
    assert_amount(state_of(place).used, 400, 2);
    /* The quota is not known any more, until the next login. */
    assert_int_equal(lease(&two, 0, 0, 1, 1, 0), -EDQUOT);
    const struct ledger_amount quota = {1000, 10};
    assert_int_equal(ledger_set_quota(&place->config, A_UID, &quota), 0);
    assert_int_equal(lease(&two, 0, 0, 600, 600, 0), 0);
    ledger_close(&one, false);
    ledger_close(&two, false);
}

/* The machine stopped while a session was there: another boot finds its mark. */
static void test_power_failure(void **state)
{
    const struct place *place = *state;
    for (unsigned closed = 0; closed < 2; closed++) {
        struct ledger ledger;
        open_ledger(place, 1000, 10, &ledger);
        (void)count_now(place);
        if (closed)
            ledger_close(&ledger, false);
        struct ledger_file file;
        assert_int_equal(ledger_file_open(&place->config, A_UID, false, &file), 0);
        bool marked = file.header.boot[0] || file.header.boot[1] || file.header.boot[2];
        assert_int_equal(marked, !closed);
        if (marked)
            file.header.boot[0] ^= 1;
        assert_int_equal(ledger_file_put_header(&file), 0);
        ledger_file_release(&file);

        struct ledger another;
        open_ledger(place, 1000, 10, &another);
        assert_int_equal(state_of(place).unknown, !closed);
        ledger_close(&another, false);
        ledger_close(&ledger, false);
    }
}

/*
 * A full disk under the state directory: nothing is promised, nothing is lost, nobody crashes.
 */
static void test_full_disk(void **state)
{
    const struct place *place = *state;
    assert_int_equal(mkdir(place->state, 0700), 0);
    if (mount("none", place->state, "tmpfs", 0, "size=32k,mode=0700") < 0)
        fail_msg("cannot mount a tmpfs: %s", strerror(errno));
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/ballast", place->state);
    cleanup_close int ballast = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    static const char block[4096];
    while (write(ballast, block, sizeof(block)) > 0)
        ;
    struct ledger ledger;
    const struct ledger_amount quota = {1000, 10};
    assert_int_equal(ledger_open(&place->config, A_UID, &quota, &ledger, NULL), -ENOSPC);
    assert_int_equal(ledger.fd, -1);
    assert_int_equal(lease(&ledger, 0, 0, 1, 1, 0), -EBADF);
    assert_int_equal(ftruncate(ballast, 0), 0);
    open_ledger(place, 1000, 10, &ledger);
    (void)count_now(place);
    assert_int_equal(lease(&ledger, 0, 0, 900, 900, 1), 0);
    ledger_close(&ledger, false);
    assert_int_equal(umount2(place->state, MNT_DETACH), 0);
}

/* What cannot be written down stays the session's, and comes into the file later. */
static void test_owed(void **state)
{
    const struct place *place = *state;
    struct ledger ledger;
    open_ledger(place, 1000, 10, &ledger);
    (void)count_now(place);
    assert_int_equal(lease(&ledger, 0, 0, 500, 500, 2), 0);
    int good = ledger.fd;
    ledger.fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC); /* no lock, no writing */
    assert_true(lease(&ledger, 200, 1, 0, 0, 0) < 0);
    assert_amount(ledger.lease, 300, 1);
    (void)close(ledger.fd);
    ledger.fd = good;
    assert_amount(state_of(place).leased, 500, 2); /* as others see it */
    assert_int_equal(lease(&ledger, 0, 0, 0, 0, 0), 0);
    assert_amount(state_of(place).used, 200, 1);
    assert_amount(state_of(place).leased, 0, 0);
    ledger_close(&ledger, false);
    assert_amount(state_of(place).used, 200, 1);
}

/* Killed before any system call of the whole life of a session that has written a file. */
static void whole_life(void *data)
{
    const struct place *place = data;
    struct ledger ledger;
    const struct ledger_amount quota = {1000, 10};
    if (ledger_open(&place->config, A_UID, &quota, &ledger, NULL) < 0)
        _exit(1);
    if (lease(&ledger, 0, 0, 300, 300, 1) < 0)
        _exit(2);
    int fd = openat(place->folder, "written", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, 300) < 0 || close(fd) < 0)
        _exit(3);
    if (lease(&ledger, 300, 1, 0, 0, 0) < 0)
        _exit(4);
    if (unlinkat(place->folder, "old", 0) < 0 || release(&ledger, 400, 1) < 0)
        _exit(5);
    ledger_close(&ledger, false);
}

static void test_Q11_killed_before_any_system_call(void **state)
{
    struct place *place = *state;
    bool killed = true;
    unsigned calls = 0;
    for (; killed; calls++) {
        (void)unlinkat(place->folder, "written", 0);
        put_file(place, "old", 400);
        (void)count_now(place);
        killed = run_interrupted(whole_life, place, calls);
        struct ledger_amount real = {0, 0};
        struct stat status;
        if (fstatat(place->folder, "written", &status, 0) == 0)
            real = (struct ledger_amount){(uint64_t)status.st_size, 1};
        if (fstatat(place->folder, "old", &status, 0) == 0)
            real = (struct ledger_amount){real.bytes + 400, real.files + 1};
        /* The next login. */
        struct ledger ledger;
        open_ledger(place, 1000, 10, &ledger);
        struct ledger_state now = state_of(place);
        assert_false(now.unknown);
        if (now.used.bytes < real.bytes || now.used.files < real.files || now.leased.bytes != 0)
            fail_msg("killed before call %u: %" PRIu64 " used, %" PRIu64 " there", calls,
                     now.used.bytes, real.bytes);
        if (!now.stale && (now.used.bytes != real.bytes || now.used.files != real.files))
            fail_msg("killed before call %u: too high, and does not say so", calls);
        (void)count_now(place);
        assert_amount(state_of(place).used, real.bytes, real.files);
        ledger_close(&ledger, false);
    }
    assert_true(calls > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_first_use),
        TEST(test_Q01_leases_within_the_quota),
        TEST(test_quota_of_nothing_and_none),
        TEST(test_lower_quota_for_those_who_are_there),
        TEST(test_Q11_lost_lease_is_used),
        TEST(test_Q11_dead_session),
        TEST(test_many_sessions),
        TEST(test_adjust),
        TEST(test_freed_across_a_count),
        TEST(test_gained_across_a_count),
        TEST(test_more_freed_than_known),
        TEST(test_removed_while_open),
        TEST(test_only_a_file_of_roots),
        TEST(test_Q07_every_bit),
        TEST(test_Q07_every_truncation),
        TEST(test_Q07_while_sessions_are_there),
        TEST(test_power_failure),
        TEST(test_full_disk),
        TEST(test_owed),
        TEST(test_Q11_killed_before_any_system_call),
    };
    return own_mounts() || cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}

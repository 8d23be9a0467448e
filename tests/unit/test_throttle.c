/* lib/throttle.c: guessing is bounded, and nobody else is kept out by it (rows A03, A04, Q10). */
#include "lib/throttle.h"

#include "interrupted.h"
#include "lib/cleanup.h"
#include "lib/throttle_table.h"

#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>

enum { SECOND = 1000, START = 5000 * SECOND, WINDOW = 600 * SECOND, BAN = 300 * SECOND };

/* Each test has a directory, a configuration and a clock of its own. */
struct place {
    char run[64];
    char file[80];
    struct config config;
    uint64_t now;
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    assert_non_null(place);
    (void)snprintf(place->run, sizeof(place->run), "/tmp/cellftpd-throttle-XXXXXX");
    assert_non_null(mkdtemp(place->run));
    (void)snprintf(place->file, sizeof(place->file), "%s/failures", place->run);
    place->config.directories_run = place->run;
    place->config.login_delay = SECOND;
    place->config.login_delay_max = 8 * SECOND;
    place->config.login_window = WINDOW;
    place->config.login_ban = BAN;
    place->config.login_failures_per_address = 20;
    place->config.login_failures_per_name = 100;
    place->now = START;
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    (void)unlink(place->file);
    int r = rmdir(place->run);
    free(place);
    return r;
}

static struct address address_of(const char *text)
{
    struct address address;
    assert_int_equal(address_parse(text, &address), 0);
    return address;
}

/* One of as many addresses as are wanted: each another network of 64 bits. */
static struct address stranger(uint32_t number)
{
    struct address address = {.family = AF_INET6, .bytes = {0x20, 0x01, 0x0d, 0xb8}};
    memcpy(address.bytes + 4, &number, sizeof(number));
    return address;
}

static struct throttle_try begin_as(struct place *place, const struct address *from,
                                    const char *user)
{
    struct throttle_try try;
    assert_int_equal(throttle_begin(&place->config, place->now, from, user, &try), 0);
    return try;
}

static struct throttle_try begin(struct place *place, const char *from, const char *user)
{
    struct address address = address_of(from);
    return begin_as(place, &address, user);
}

static bool refuse(struct place *place, const char *from)
{
    struct address address = address_of(from);
    bool banned = false;
    assert_int_equal(throttle_refuse(&place->config, place->now, &address, &banned), 0);
    return banned;
}

static void grant(struct place *place, const char *from, const char *user)
{
    struct address address = address_of(from);
    assert_int_equal(throttle_grant(&place->config, place->now, &address, user, false), 0);
}

/* A try with a wrong password. */
static struct throttle_try fail_once(struct place *place, const char *from, const char *user)
{
    struct throttle_try try = begin(place, from, user);
    if (try.state == THROTTLE_CHECK)
        try.ban_begins = refuse(place, from);
    return try;
}

static void fail_often(struct place *place, const char *from, const char *user, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(fail_once(place, from, user).state, THROTTLE_CHECK);
}

static bool is_banned(struct place *place, const char *from)
{
    struct address address = address_of(from);
    struct throttle_arrival arrival;
    assert_int_equal(throttle_arrive(&place->config, place->now, &address, &arrival), 0);
    return arrival.banned;
}

static void test_A03_pause_grows_and_ends_in_a_ban(void **state)
{
    struct place *place = *state;
    static const uint64_t pauses[] = {1, 2, 4, 8, 8, 8};
    place->config.login_failures_per_address = 6;
    for (unsigned i = 0; i < 6; i++) {
        assert_false(is_banned(place, "192.0.2.1"));
        /* A name each: it is the address that is counted. */
        char name[8];
        (void)snprintf(name, sizeof(name), "user%u", i);
        struct throttle_try try = fail_once(place, "192.0.2.1", name);
        assert_int_equal(try.state, THROTTLE_CHECK);
        assert_int_equal(try.pause, pauses[i] * SECOND);
        assert_int_equal(try.ban_begins, i == 5);
    }
    assert_true(is_banned(place, "192.0.2.1"));
    struct throttle_try try = begin(place, "192.0.2.1", "new");
    assert_int_equal(try.state, THROTTLE_BANNED);
    assert_int_equal(try.pause, 8 * SECOND);
    assert_false(try.ban_begins); /* it is logged once */

    assert_false(is_banned(place, "192.0.2.2"));
    assert_int_equal(fail_once(place, "192.0.2.2", "new").pause, SECOND);
}

static void test_ban_ends_and_begins_anew(void **state)
{
    struct place *place = *state;
    fail_often(place, "192.0.2.1", "alice", 20);
    place->now += BAN - 1;
    assert_true(is_banned(place, "192.0.2.1"));
    assert_int_equal(begin(place, "192.0.2.1", "alice").state, THROTTLE_BANNED);
    place->now += 1;
    assert_false(is_banned(place, "192.0.2.1"));
    /* The whole allowance, though the window still reaches back to the failures before. */
    fail_often(place, "192.0.2.1", "bob", 19);
    assert_false(is_banned(place, "192.0.2.1"));
    assert_true(fail_once(place, "192.0.2.1", "bob").ban_begins);
    assert_true(is_banned(place, "192.0.2.1"));
    /* A shorter ban in the configuration is one for those that have begun. */
    place->config.login_ban = 10 * SECOND;
    place->now += 1;
    assert_true(is_banned(place, "192.0.2.1"));
    place->now += 10 * SECOND;
    assert_false(is_banned(place, "192.0.2.1"));
}

static void test_window(void **state)
{
    struct place *place = *state;
    fail_often(place, "192.0.2.1", "alice", 10);
    place->now += WINDOW / 2;
    fail_often(place, "192.0.2.1", "alice", 9);
    assert_int_equal(fail_once(place, "192.0.2.2", "bob").pause, SECOND);
    /* Just within the window of the first ones: number 20. */
    place->now += WINDOW / 2 - 1;
    assert_true(fail_once(place, "192.0.2.1", "alice").ban_begins);

    fail_often(place, "192.0.2.3", "carol", 19);
    place->now += WINDOW + WINDOW / 4;
    assert_int_equal(fail_once(place, "192.0.2.3", "carol").pause, SECOND);
    /* Spread thinly enough they never add up. */
    for (unsigned i = 0; i < 100; i++) {
        place->now += WINDOW / 15;
        assert_int_equal(fail_once(place, "192.0.2.4", "dave").state, THROTTLE_CHECK);
    }
    assert_false(is_banned(place, "192.0.2.4"));
    for (unsigned i = 0; i < 30 && !is_banned(place, "192.0.2.4"); i++) {
        place->now += WINDOW / 25;
        (void)fail_once(place, "192.0.2.4", "dave");
    }
    assert_true(is_banned(place, "192.0.2.4"));
}

static void test_granted_login_gives_the_failure_back(void **state)
{
    struct place *place = *state;
    fail_often(place, "192.0.2.1", "alice", 19);
    for (unsigned i = 0; i < 200; i++) {
        assert_int_equal(begin(place, "192.0.2.1", "alice").state, THROTTLE_CHECK);
        place->now += SECOND / 10;
        grant(place, "192.0.2.1", "alice");
    }
    assert_false(is_banned(place, "192.0.2.1"));
    /* Its own, and no other: logging in does not buy new guesses. */
    assert_true(fail_once(place, "192.0.2.1", "alice").ban_begins);
}

/* Several that log in at once are not taken for guesses, and guesses at once are not free. */
static void test_tries_at_once(void **state)
{
    struct place *place = *state;
    place->config.login_failures_per_address = 3;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(begin(place, "192.0.2.1", "alice").state, THROTTLE_CHECK);
    assert_int_equal(begin(place, "192.0.2.1", "alice").state, THROTTLE_WAIT);
    grant(place, "192.0.2.1", "alice");
    assert_int_equal(begin(place, "192.0.2.1", "alice").state, THROTTLE_CHECK);
    assert_int_equal(begin(place, "192.0.2.1", "alice").state, THROTTLE_WAIT);
    assert_false(refuse(place, "192.0.2.1"));
    assert_false(refuse(place, "192.0.2.1"));
    assert_int_equal(begin(place, "192.0.2.1", "alice").state, THROTTLE_WAIT);
    assert_true(refuse(place, "192.0.2.1"));
    assert_int_equal(begin(place, "192.0.2.1", "alice").state, THROTTLE_BANNED);
}

/* Whoever is killed while checking has failed. */
static void test_tries_that_never_end(void **state)
{
    struct place *place = *state;
    place->config.login_failures_per_address = 3;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(begin(place, "192.0.2.1", "alice").state, THROTTLE_CHECK);
    place->now += THROTTLE_CHECK_MAX;
    assert_int_equal(begin(place, "192.0.2.1", "alice").state, THROTTLE_WAIT);
    place->now += 1;
    struct throttle_try try = begin(place, "192.0.2.1", "alice");
    assert_int_equal(try.state, THROTTLE_BANNED);
    assert_true(try.ban_begins);
}

static void test_A04_nobody_locks_a_name(void **state)
{
    struct place *place = *state;
    for (unsigned i = 0; i < 100; i++) {
        char from[16];
        (void)snprintf(from, sizeof(from), "192.0.2.%u", 10 + i / 18);
        assert_int_equal(fail_once(place, from, "alice").state, THROTTLE_CHECK);
    }
    /* Whoever has failed is not heard any more, and pays for it; other names are not concerned. */
    struct throttle_try try = begin(place, "192.0.2.10", "alice");
    assert_int_equal(try.state, THROTTLE_NAME);
    assert_int_equal(try.pause, 8 * SECOND);
    assert_false(try.ban_begins);
    assert_int_equal(begin(place, "192.0.2.10", "bob").state, THROTTLE_CHECK);
    grant(place, "192.0.2.10", "bob");
    assert_true(begin(place, "192.0.2.10", "alice").ban_begins);
    assert_true(is_banned(place, "192.0.2.10"));

    /* Alice, from elsewhere, several times at once. */
    assert_int_equal(begin(place, "192.0.2.1", "alice").state, THROTTLE_CHECK);
    assert_int_equal(begin(place, "192.0.2.1", "alice").state, THROTTLE_WAIT);
    grant(place, "192.0.2.1", "alice");
    assert_int_equal(begin(place, "192.0.2.1", "alice").state, THROTTLE_CHECK);
    grant(place, "192.0.2.1", "alice");

    /* One guess from each new address, and none after a ban. */
    assert_int_equal(fail_once(place, "192.0.2.2", "alice").state, THROTTLE_CHECK);
    assert_int_equal(fail_once(place, "192.0.2.2", "alice").state, THROTTLE_NAME);
    place->now += BAN;
    assert_false(is_banned(place, "192.0.2.10"));
    assert_int_equal(fail_once(place, "192.0.2.10", "alice").state, THROTTLE_NAME);
    /* What is not checked does not keep the name throttled. */
    place->now += WINDOW + WINDOW / 4 - BAN;
    assert_int_equal(fail_once(place, "192.0.2.2", "alice").state, THROTTLE_CHECK);
    assert_int_equal(fail_once(place, "192.0.2.2", "alice").state, THROTTLE_CHECK);
}

static void test_pause_by_name(void **state)
{
    struct place *place = *state;
    assert_int_equal(fail_once(place, "192.0.2.1", "alice").pause, SECOND);
    assert_int_equal(fail_once(place, "192.0.2.2", "alice").pause, 2 * SECOND);
    assert_int_equal(fail_once(place, "192.0.2.3", "alice").pause, 4 * SECOND);
    assert_int_equal(fail_once(place, "192.0.2.4", "alic").pause, SECOND);
    place->config.login_delay = 0;
    assert_int_equal(fail_once(place, "192.0.2.5", "alice").pause, 0);
}

static void test_ipv6_networks_are_one(void **state)
{
    struct place *place = *state;
    fail_often(place, "2001:db8::1", "alice", 10);
    fail_often(place, "2001:db8::ffff:0:0:2", "bob", 10);
    assert_true(is_banned(place, "2001:db8::3"));
    assert_false(is_banned(place, "2001:db8:0:1::1"));
    assert_false(is_banned(place, "32.1.13.184")); /* the same leading bytes */
    fail_often(place, "fe80::1", "alice", 20);
    assert_true(is_banned(place, "fe80::1"));
    assert_false(is_banned(place, "fe80::2"));
}

static void test_names_are_not_in_the_file(void **state)
{
    struct place *place = *state;
    static const char secret[] = "correct horse battery";
    (void)fail_once(place, "192.0.2.1", secret);
    cleanup_close int fd = open(place->file, O_RDONLY | O_CLOEXEC);
    struct stat status;
    assert_int_equal(fstat(fd, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    char *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    assert_ptr_not_equal(bytes, MAP_FAILED);
    assert_null(memmem(bytes, (size_t)status.st_size, secret, sizeof(secret) - 1));
    assert_null(memmem(bytes, (size_t)status.st_size, secret, 8));
    assert_int_equal(munmap(bytes, (size_t)status.st_size), 0);
}

/* Nor a hash that tells anybody which name it is: every table has another key. */
static void test_names_are_hashed_with_a_key(void **state)
{
    struct place *place = *state;
    uint8_t keys[2][16];
    for (size_t i = 0; i < 2; i++) {
        struct throttle_view view;
        assert_int_equal(throttle_view_open(&place->config, place->now, &view), 0);
        memcpy(keys[i], throttle_find_name(&view, "alice")->key, sizeof(keys[i]));
        throttle_view_close(&view);
        assert_int_equal(unlink(place->file), 0);
    }
    assert_memory_not_equal(keys[0], keys[1], sizeof(keys[0]));
}

static void test_bans_are_not_washed_out(void **state)
{
    enum { BANNED = 200, OTHERS = 40000 };
    struct place *place = *state;
    for (uint32_t i = 0; i < BANNED; i++)
        for (unsigned j = 0; j < 20; j++) {
            struct address from = stranger(i);
            bool banned;
            assert_int_equal(begin_as(place, &from, "a").state, THROTTLE_CHECK);
            assert_int_equal(throttle_refuse(&place->config, place->now, &from, &banned), 0);
            place->config.login_failures_per_name = 1000000;
        }
    for (uint32_t i = 0; i < OTHERS; i++) {
        struct address from = stranger(1000000 + i);
        struct throttle_arrival arrival;
        bool banned;
        place->now++;
        assert_int_equal(throttle_arrive(&place->config, place->now, &from, &arrival), 0);
        char name[16];
        (void)snprintf(name, sizeof(name), "%u", i);
        for (unsigned j = 0; j < 2; j++) {
            assert_int_equal(begin_as(place, &from, name).state, THROTTLE_CHECK);
            assert_int_equal(throttle_refuse(&place->config, place->now, &from, &banned), 0);
        }
    }
    for (uint32_t i = 0; i < BANNED; i++) {
        struct address from = stranger(i);
        assert_int_equal(begin_as(place, &from, "x").state, THROTTLE_BANNED);
    }
    /* The same for a name that is throttled. */
    struct address from = stranger(2000000);
    place->config.login_failures_per_name = 4000;
    assert_int_equal(begin_as(place, &from, "a").state, THROTTLE_CHECK);
    assert_int_equal(throttle_refuse(&place->config, place->now, &from, &(bool){false}), 0);
    assert_int_equal(begin_as(place, &from, "a").state, THROTTLE_NAME);
    struct stat status;
    assert_int_equal(stat(place->file, &status), 0);
    assert_int_equal(status.st_size, sizeof(struct throttle_table));
}

/* The log: COUNT connections of FROM, one each EVERY milliseconds; how many were written. */
struct lines {
    unsigned written, reports;
    uint64_t left_out, elsewhere;
};

static void arrive(struct place *place, const struct address *from, struct lines *lines)
{
    struct throttle_arrival arrival;
    assert_int_equal(throttle_arrive(&place->config, place->now, from, &arrival), 0);
    lines->written += !arrival.quiet;
    lines->reports += arrival.left_out > 0;
    lines->left_out += arrival.left_out;
    lines->elsewhere += arrival.left_out_elsewhere;
}

static void test_Q10_flood_from_an_address(void **state)
{
    struct place *place = *state;
    struct address from = address_of("192.0.2.1"), other = address_of("192.0.2.2");
    struct lines lines = {0}, others = {0};
    for (unsigned i = 0; i < 10000; i++) { /* 100 a second for 100 seconds */
        place->now += 10;
        arrive(place, &from, &lines);
        if (i % 1000 == 999)
            arrive(place, &other, &others);
    }
    assert_int_equal(lines.written, THROTTLE_LOG_BURST);
    assert_true(lines.reports >= 9 && lines.reports <= 11);
    assert_int_equal(others.written, 10);

    /* Whenever the next one comes, it brings the rest: nothing is lost in the count. */
    place->now += 3600 * SECOND;
    assert_int_equal(throttle_leave_out(&place->config, place->now, &from, 7), 0);
    arrive(place, &from, &lines);
    assert_int_equal(lines.written, THROTTLE_LOG_BURST + 1);
    assert_int_equal(lines.written + lines.left_out, 10000 + 1 + 7);
    assert_int_equal(lines.elsewhere + others.elsewhere, 0);
}

/* Who logs in pays nothing: a script that comes every second has all its lines. */
static void test_Q10_logins_are_no_flood(void **state)
{
    struct place *place = *state;
    struct address from = address_of("192.0.2.1");
    struct lines lines = {0};
    for (unsigned i = 0; i < 3000; i++) {
        place->now += 10;
        arrive(place, &from, &lines);
        assert_int_equal(begin(place, "192.0.2.1", "alice").state, THROTTLE_CHECK);
        grant(place, "192.0.2.1", "alice");
    }
    assert_int_equal(lines.written, 3000);
    /* ... and cannot save up for a flood. */
    for (unsigned i = 0; i < 1000; i++)
        arrive(place, &from, &lines);
    assert_int_equal(lines.written, 3000 + THROTTLE_LOG_BURST);
}

static void test_Q10_flood_from_everywhere(void **state)
{
    enum { COUNT = 50000 };
    struct place *place = *state;
    struct lines lines = {0};
    for (uint32_t i = 0; i < COUNT; i++) {
        struct address from = stranger(i);
        place->now++;
        arrive(place, &from, &lines);
    }
    assert_true(lines.written >= 1000 && lines.written <= 1000 + COUNT / 100 + 1);
    place->now += 60 * SECOND;
    struct address last = address_of("192.0.2.1");
    arrive(place, &last, &lines);
    assert_int_equal(lines.written + lines.left_out + lines.elsewhere, COUNT + 1);
}

/* The count of an address that had to make room is told by the next one. */
static void test_Q10_counts_survive_their_record(void **state)
{
    enum { FLOODERS = 300, EACH = THROTTLE_LOG_BURST + 2, OTHERS = 20000 };
    struct place *place = *state;
    struct lines lines = {0};
    for (uint32_t i = 0; i < FLOODERS * EACH; i++) {
        struct address from = stranger(i / EACH);
        place->now += 200;
        arrive(place, &from, &lines);
    }
    assert_int_equal(lines.left_out + lines.elsewhere, 0);
    for (uint32_t i = 0; i < OTHERS; i++) {
        struct address from = stranger(1000000 + i);
        place->now += 200;
        arrive(place, &from, &lines);
    }
    place->now += 60 * SECOND;
    arrive(place, &(struct address){.family = AF_INET}, &lines);
    assert_true(lines.elsewhere > FLOODERS);
    assert_int_equal(lines.written + lines.left_out + lines.elsewhere,
                     FLOODERS * EACH + OTHERS + 1);
}

struct seen {
    unsigned count;
    struct throttle_entry last;
};

static int see(const struct throttle_entry *entry, void *data)
{
    struct seen *seen = data;
    seen->count++;
    seen->last = *entry;
    return 0;
}

static struct seen list(struct place *place)
{
    struct seen seen = {0};
    assert_int_equal(throttle_list(&place->config, place->now, see, &seen), 0);
    return seen;
}

static void expect_near(int64_t found, int64_t expected)
{
    assert_in_range((uint64_t)(found - expected + 2), 0, 4);
}

static void test_list_and_clear(void **state)
{
    struct place *place = *state;
    int64_t wall = time(NULL);
    assert_int_equal(list(place).count, 0);
    assert_false(is_banned(place, "192.0.2.1")); /* seen, but nothing to say */
    assert_int_equal(list(place).count, 0);
    fail_often(place, "2001:db8::7", "alice", 1);
    place->now += 60 * SECOND;
    fail_often(place, "2001:db8::8", "alice", 2);
    struct seen seen = list(place);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.last.failures, 3);
    assert_int_equal(seen.last.who.bits, 64);
    struct address network = address_of("2001:db8::");
    assert_true(address_same_host(&seen.last.who.base, &network));
    expect_near(seen.last.newest, wall);
    expect_near(seen.last.oldest, wall - 60);
    assert_int_equal(seen.last.banned_until, 0);

    fail_often(place, "192.0.2.1", "alice", 20);
    struct address other = address_of("2001:db8::9");
    unsigned cleared;
    assert_int_equal(throttle_clear(&place->config, place->now, &other, &cleared), 0);
    assert_int_equal(cleared, 1);
    assert_int_equal(throttle_clear(&place->config, place->now, &other, &cleared), 0);
    assert_int_equal(cleared, 0);
    seen = list(place);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.last.failures, 20);
    assert_int_equal(seen.last.who.bits, 32);
    expect_near(seen.last.banned_until, wall + BAN / SECOND);

    fail_often(place, "192.0.2.2", "alice", 1);
    assert_int_equal(throttle_clear(&place->config, place->now, NULL, &cleared), 0);
    assert_int_equal(cleared, 2);
    assert_int_equal(list(place).count, 0);
    assert_false(is_banned(place, "192.0.2.1"));
    assert_int_equal(fail_once(place, "192.0.2.1", "alice").pause, SECOND); /* the name's as well */
}

/* A file that is no table begins anew; whatever stands in one, everything works, and in the end it
 * is forgotten. */
static void test_damaged_file(void **state)
{
    struct place *place = *state;
    fail_often(place, "192.0.2.1", "alice", 20);
    assert_int_equal(truncate(place->file, 100), 0);
    assert_false(is_banned(place, "192.0.2.1"));
    fail_often(place, "192.0.2.1", "alice", 20);
    assert_true(is_banned(place, "192.0.2.1"));

    cleanup_close int fd = open(place->file, O_RDWR | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "\xff\xff", 2, 0), 2);
    assert_false(is_banned(place, "192.0.2.1"));

    for (unsigned round = 0; round < 20; round++) {
        struct throttle_table *table =
            mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        assert_ptr_not_equal(table, MAP_FAILED);
        uint8_t *bytes = (uint8_t *)table + offsetof(struct throttle_table, log);
        size_t size = sizeof(*table) - offsetof(struct throttle_table, log);
        if (round % 2 == 0)
            memset(bytes, round % 4 == 0 ? 0xff : 0x80, size);
        for (size_t i = 0; round % 2 == 1 && i < size; i++)
            bytes[i] = (uint8_t)rand(); // NOLINT(concurrency-mt-unsafe): the same in each run
        for (size_t i = 0; i < THROTTLE_ADDRESSES;
             i += 2) /* records that are taken for good ones */
            table->addresses[i].kind = i % 4 == 0 ? THROTTLE_IPV4 : THROTTLE_IPV6;
        assert_int_equal(munmap(table, sizeof(*table)), 0);

        for (uint32_t i = 0; i < 2000; i++) {
            struct address from = stranger(i);
            struct lines lines = {0};
            arrive(place, &from, &lines);
            (void)begin_as(place, &from, "alice");
        }
        (void)list(place);
        (void)fail_once(place, "192.0.2.1", "alice");
        place->now += 2 * WINDOW;
        assert_int_equal(fail_once(place, "192.0.2.1", "alice").pause, SECOND);
        unsigned cleared;
        assert_int_equal(throttle_clear(&place->config, place->now, NULL, &cleared), 0);
    }
}

/* After a restart of the machine the clock begins anew: then nobody is banned until it gets there.
 */
static void test_times_of_the_future(void **state)
{
    struct place *place = *state;
    fail_often(place, "192.0.2.1", "alice", 20);
    place->now = 100 * SECOND;
    assert_false(is_banned(place, "192.0.2.1"));
    fail_often(place, "192.0.2.1", "bob", 20);
    assert_true(is_banned(place, "192.0.2.1"));
    /* But one that only took its time before it got the lock is not of the past. */
    place->now -= 50;
    assert_true(is_banned(place, "192.0.2.1"));
}

static void test_foreign_file(void **state)
{
    struct place *place = *state;
    struct address from = address_of("192.0.2.1");
    struct throttle_try try;
    assert_int_equal(symlink("/etc/passwd", place->file), 0);
    assert_int_equal(throttle_begin(&place->config, place->now, &from, "alice", &try), -ELOOP);
    assert_int_equal(unlink(place->file), 0);
    cleanup_close int fd = open(place->file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_int_equal(fchown(fd, 65534, 65534), 0);
    assert_int_equal(throttle_begin(&place->config, place->now, &from, "alice", &try), -EPERM);
}

/* A full /run is an error that can be told, not SIGBUS at the first page that has no room. */
static void test_full_disk(void **state)
{
    struct place *place = *state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct address from = address_of("192.0.2.1");
        struct throttle_try try;
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("tmpfs", place->run, "tmpfs", 0, "size=64k") < 0)
            _exit(2);
        int r = throttle_begin(&place->config, place->now, &from, "alice", &try);
        _exit(r == -ENOSPC ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* Many processes at once: exactly as many are checked as there are failures allowed. */
static void test_many_processes(void **state)
{
    enum { PROCESSES = 16, ROUNDS = 100, LIMIT = 500 };
    struct place *place = *state;
    place->config.login_failures_per_address = LIMIT;
    place->config.login_failures_per_name = 1000000;
    struct counts {
        _Atomic unsigned checked, bans;
    } *counts =
        mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(counts, MAP_FAILED);
    for (unsigned i = 0; i < PROCESSES; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            for (unsigned round = 0; round < ROUNDS; round++) {
                struct throttle_try try = begin(place, "192.0.2.1", "alice");
                counts->checked += try.state == THROTTLE_CHECK;
                if (try.state == THROTTLE_CHECK && refuse(place, "192.0.2.1"))
                    counts->bans++;
            }
            _exit(0);
        }
    }
    for (unsigned i = 0; i < PROCESSES; i++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(counts->checked, LIMIT);
    assert_int_equal(counts->bans, 1);
    assert_int_equal(munmap(counts, sizeof(*counts)), 0);
}

/* One at a time: who comes while another has the table waits. */
static void test_lock(void **state)
{
    struct place *place = *state;
    struct throttle_view view;
    assert_int_equal(throttle_view_open(&place->config, place->now, &view), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        throttle_view_close(&view); /* the parent's lock stays, which is not held by this copy */
        fail_often(place, "192.0.2.1", "alice", 20);
        _exit(0);
    }
    (void)usleep(300000);
    int status;
    assert_int_equal(waitpid(child, &status, WNOHANG), 0);
    throttle_view_close(&view);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(is_banned(place, "192.0.2.1"));
}

static void use_all(void *data)
{
    struct place *place = data;
    struct lines lines = {0};
    struct address from = address_of("192.0.2.2");
    arrive(place, &from, &lines);
    if (begin(place, "192.0.2.2", "alice").state == THROTTLE_CHECK)
        grant(place, "192.0.2.2", "alice");
    (void)fail_once(place, "192.0.2.2", "alice");
}

/* The lock goes with the process, and what stands in the table is a table. */
static void test_killed_at_each_step(void **state)
{
    struct place *place = *state;
    place->config.login_failures_per_address = 1000;
    place->config.login_failures_per_name = 100000;
    unsigned calls = 0;
    while (run_interrupted(use_all, place, calls++)) {
        struct throttle_try try = fail_once(place, "192.0.2.3", "bob");
        assert_int_equal(try.state, THROTTLE_CHECK);
        if (calls % 8 == 0)
            assert_int_equal(unlink(place->file), 0); /* once more from the beginning */
    }
    assert_true(calls > 30);
}

static void test_killed_at_any_moment(void **state)
{
    struct place *place = *state;
    fail_often(place, "192.0.2.1", "alice", 20);
    for (unsigned round = 0; round < 100; round++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            for (uint32_t i = 0;; i++) {
                struct address from = stranger(i);
                struct lines lines = {0};
                arrive(place, &from, &lines);
                (void)begin_as(place, &from, "bob");
            }
        (void)usleep(1000 + round * 37);
        assert_int_equal(kill(child, SIGKILL), 0);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        assert_true(is_banned(place, "192.0.2.1"));
        assert_false(is_banned(place, "192.0.2.2"));
    }
}

#define THROTTLE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        THROTTLE_TEST(test_A03_pause_grows_and_ends_in_a_ban),
        THROTTLE_TEST(test_ban_ends_and_begins_anew),
        THROTTLE_TEST(test_window),
        THROTTLE_TEST(test_granted_login_gives_the_failure_back),
        THROTTLE_TEST(test_tries_at_once),
        THROTTLE_TEST(test_tries_that_never_end),
        THROTTLE_TEST(test_A04_nobody_locks_a_name),
        THROTTLE_TEST(test_pause_by_name),
        THROTTLE_TEST(test_ipv6_networks_are_one),
        THROTTLE_TEST(test_names_are_not_in_the_file),
        THROTTLE_TEST(test_names_are_hashed_with_a_key),
        THROTTLE_TEST(test_bans_are_not_washed_out),
        THROTTLE_TEST(test_Q10_flood_from_an_address),
        THROTTLE_TEST(test_Q10_logins_are_no_flood),
        THROTTLE_TEST(test_Q10_flood_from_everywhere),
        THROTTLE_TEST(test_Q10_counts_survive_their_record),
        THROTTLE_TEST(test_list_and_clear),
        THROTTLE_TEST(test_damaged_file),
        THROTTLE_TEST(test_times_of_the_future),
        THROTTLE_TEST(test_foreign_file),
        THROTTLE_TEST(test_full_disk),
        THROTTLE_TEST(test_many_processes),
        THROTTLE_TEST(test_lock),
        THROTTLE_TEST(test_killed_at_each_step),
        THROTTLE_TEST(test_killed_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

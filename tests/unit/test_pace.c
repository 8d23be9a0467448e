/* lib/pace.h: nobody is ever faster than the rate, and those who share one get the same of it. */
#include "lib/pace.h"

#include "lib/clock.h"
#include "lib/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>

enum { SECOND = 1000000 };
#define START (UINT64_C(5000) * SECOND)

struct place {
    char run[64];
    char file[80];
    struct config config;
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    assert_non_null(place);
    (void)snprintf(place->run, sizeof(place->run), "/tmp/cellftpd-pace-XXXXXX");
    assert_non_null(mkdtemp(place->run));
    (void)snprintf(place->file, sizeof(place->file), "%s/rates", place->run);
    place->config.directories_run = place->run;
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

/* What may have moved until END, asking again as soon as the last portion may. */
static uint64_t moved_until(uint64_t rate, uint64_t end)
{
    uint64_t time = 0, now = START, moved = 0, bytes = pace_portion(rate);
    for (;;) {
        uint64_t when = pace_promise(&time, rate, bytes, now);
        now = when > now ? when : now;
        if (now > end)
            return moved;
        moved += bytes;
    }
}

static void test_never_faster_and_not_slower(void **state)
{
    static const uint64_t rates[] = {1024, 1025, 10000, 65536, 1000003, UINT64_C(1) << 30};
    (void)state;
    for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++)
        for (uint64_t seconds = 1; seconds < 100; seconds += 33) {
            uint64_t moved = moved_until(rates[i], START + seconds * SECOND);
            uint64_t most = rates[i] * seconds + rates[i] / 4;
            assert_true(moved <= most);
            assert_true(moved + 2 * pace_portion(rates[i]) + most / 500 >= most);
        }
}

static void test_the_largest_rate(void **state)
{
    (void)state;
    uint64_t time = 0;
    assert_true(pace_promise(&time, UINT64_C(1) << 60, 4 << 20, START) <= START);
    /* "none" is never asked for; it must not be a division by what it wraps around to either. */
    assert_true(pace_promise(&time, NO_LIMIT, 1, START) <= START);
}

/* An hour of silence earns a quarter of a second, no more. */
static void test_idleness_is_not_saved(void **state)
{
    (void)state;
    uint64_t time = 0, rate = 16000, bytes = pace_portion(rate), now = START, moved = 0;
    (void)pace_promise(&time, rate, bytes, now);
    now += UINT64_C(3600) * SECOND;
    while (pace_promise(&time, rate, bytes, now) <= now)
        moved += bytes;
    assert_true(moved <= rate / 4);
}

/* The clock of the machine begins anew with each start, and /run may be kept. */
static void test_a_time_of_an_earlier_start(void **state)
{
    (void)state;
    uint64_t time = UINT64_C(1000000) * SECOND;
    assert_true(pace_promise(&time, 16000, 1000, START) <= START);
}

static void test_sessions_share_equally(void **state)
{
    struct place *place = *state;
    enum { SESSIONS = 5, RATE = 100000, SECONDS = 10 };
    struct pace paces[SESSIONS] = {0};
    uint64_t ready[SESSIONS] = {0}, moved[SESSIONS] = {0}, all = 0;
    uint64_t bytes = pace_portion(RATE);
    for (size_t i = 0; i < SESSIONS; i++) {
        assert_int_equal(pace_open(&place->config, 1900000001, &paces[i]), 0);
        assert_int_equal(pace_take(&paces[i], PACE_UPLOAD, RATE, bytes, START, &ready[i]), 0);
    }
    for (uint64_t now = START; now <= START + SECONDS * SECOND; now += 100)
        for (size_t i = 0; i < SESSIONS; i++)
            if (ready[i] <= now) {
                moved[i] += bytes;
                assert_int_equal(pace_take(&paces[i], PACE_UPLOAD, RATE, bytes, now, &ready[i]), 0);
            }
    for (size_t i = 0; i < SESSIONS; i++) {
        all += moved[i];
        assert_true(moved[i] + 3 * bytes >= moved[0]);
        assert_true(moved[i] <= moved[0] + 3 * bytes);
    }
    assert_true(all <= (uint64_t)RATE * SECONDS + RATE / 4);
    assert_true(all + (2 + SESSIONS) * bytes >= (uint64_t)RATE * SECONDS);
    for (size_t i = 0; i < SESSIONS; i++)
        pace_close(&paces[i]);
}

/* The other direction and another user have nothing to do with it. */
static void test_others_do_not_wait(void **state)
{
    struct place *place = *state;
    struct pace mine = {0}, other = {0};
    uint64_t when = 0;
    assert_int_equal(pace_open(&place->config, 1900000001, &mine), 0);
    assert_int_equal(pace_open(&place->config, 1900000001 + 1024, &other), 0);
    for (int i = 0; i < 20; i++)
        assert_int_equal(pace_take(&mine, PACE_UPLOAD, 1024, 1024, START, &when), 0);
    assert_true(when > START + 10 * SECOND);
    assert_int_equal(pace_take(&mine, PACE_DOWNLOAD, 1 << 20, 1024, START, &when), 0);
    assert_true(when <= START);
    assert_int_equal(pace_take(&other, PACE_UPLOAD, 1 << 20, 1024, START, &when), 0);
    assert_true(when <= START);
    pace_close(&mine);
    pace_close(&other);
}

/* What a user owes is not forgotten by going and coming again. */
static void test_a_new_session_owes_what_the_last_did(void **state)
{
    struct place *place = *state;
    uint64_t when = 0, last = 0;
    for (int i = 0; i < 50; i++) {
        struct pace pace = {0};
        assert_int_equal(pace_open(&place->config, 1900000001, &pace), 0);
        assert_int_equal(pace_take(&pace, PACE_DOWNLOAD, 10000, 625, START, &when), 0);
        assert_true(when > last);
        last = when;
        pace_close(&pace);
    }
    assert_true(when >= START + 50 * 62500 - PACE_BURST);
}

/* More users at one place of the table than it has room for: those whose time has passed go, and
 * who owes much is kept. */
static void test_crowded_table(void **state)
{
    struct place *place = *state;
    struct pace pace = {0};
    uint64_t when = 0;
    assert_int_equal(pace_open(&place->config, 7, &pace), 0);
    for (int i = 0; i < 20; i++)
        assert_int_equal(pace_take(&pace, PACE_UPLOAD, 1024, 1024, START, &when), 0);
    for (uid_t i = 1; i < 100; i++) {
        struct pace other = {0};
        uint64_t ignored;
        assert_int_equal(pace_open(&place->config, 7 + 1024 * i, &other), 0);
        assert_int_equal(pace_take(&other, PACE_UPLOAD, 1 << 20, 1024, START, &ignored), 0);
        pace_close(&other);
    }
    assert_int_equal(pace_take(&pace, PACE_UPLOAD, 1024, 1024, START, &when), 0);
    assert_true(when > START + 20 * SECOND - SECOND);
    pace_close(&pace);
}

static void test_garbage_is_no_table(void **state)
{
    struct place *place = *state;
    struct pace pace = {0};
    uint64_t when = 0;
    char garbage[4096];
    memset(garbage, 0xa5, sizeof(garbage));
    int fd = open(place->file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    for (int i = 0; i < 200; i++)
        assert_int_equal(write(fd, garbage, sizeof(garbage)), sizeof(garbage));
    assert_int_equal(close(fd), 0);
    assert_int_equal(pace_open(&place->config, 7, &pace), 0);
    assert_int_equal(pace_take(&pace, PACE_UPLOAD, 1 << 20, 1024, START, &when), 0);
    assert_true(when <= START);
    pace_close(&pace);
}

/* Processes at the same time: nothing is promised twice. */
static void test_many_processes(void **state)
{
    enum { PROCESSES = 8, TURNS = 500, RATE = 1 << 20, PORTION = 1024 };
    struct place *place = *state;
    pid_t children[PROCESSES];
    struct pace pace = {0};
    uint64_t when = 0;
    for (size_t i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            int failures = pace_open(&place->config, 7, &pace) != 0;
            for (int turn = 0; turn < TURNS && failures == 0; turn++)
                failures += pace_take(&pace, PACE_UPLOAD, RATE, PORTION, START, &when) != 0;
            _exit(failures);
        }
        assert_true(children[i] > 0);
    }
    for (size_t i = 0; i < PROCESSES; i++) {
        int status = -1;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    uint64_t each = (UINT64_C(1000000) * PORTION + RATE - 1) / RATE;
    assert_int_equal(pace_open(&place->config, 7, &pace), 0);
    assert_int_equal(pace_take(&pace, PACE_UPLOAD, RATE, PORTION, START, &when), 0);
    assert_int_equal(when, START - PACE_BURST + (PROCESSES * TURNS + 1) * each);
    pace_close(&pace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_never_faster_and_not_slower),
        cmocka_unit_test(test_the_largest_rate),
        cmocka_unit_test(test_idleness_is_not_saved),
        cmocka_unit_test(test_a_time_of_an_earlier_start),
        cmocka_unit_test_setup_teardown(test_sessions_share_equally, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_others_do_not_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_new_session_owes_what_the_last_did, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_crowded_table, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_garbage_is_no_table, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_processes, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* lib/stop.h and lib/drain.h: who is told to leave and who is not, and maintenance. */
#include "lib/stop.h"

#include "lib/cleanup.h"
#include "lib/drain.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cmocka.h>

struct place {
    char run[64];
    struct config config;
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    assert_non_null(place);
    (void)snprintf(place->run, sizeof(place->run), "/tmp/cellftpd-stop-XXXXXX");
    assert_non_null(mkdtemp(place->run));
    place->config.directories_run = place->run;
    place->config.limits_connections = 10;
    place->config.limits_per_address = 10;
    place->config.limits_waiting = 10;
    place->config.limits_waiting_per_address = 10;
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    char path[128];
    (void)drain_end(&place->config);
    (void)snprintf(path, sizeof(path), "%s/sessions", place->run);
    (void)unlink(path);
    int r = rmdir(place->run);
    free(place);
    return r;
}

static enum registry_limit enter(const struct config *config, const char *session,
                                 struct registry *ret)
{
    struct address address;
    enum registry_limit limit = REGISTRY_FULL;
    *ret = (struct registry){.fd = -1};
    assert_int_equal(address_parse("192.0.2.1", &address), 0);
    assert_int_equal(registry_enter(config, &address, session, ret, &limit), 0);
    return limit;
}

/* A process that waits for SIGTERM and exits with its value, 100 for one without. With SESSION it
 * is the monitor of that; else a bystander. */
static pid_t start_waiting(const struct config *config, const char *session)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    assert_int_equal(sigprocmask(SIG_BLOCK, &set, NULL), 0);
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct registry registry;
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (session && enter(config, session, &registry) != REGISTRY_ADMITTED)
            _exit(101);
        (void)!write(ready[1], "", 1);
        siginfo_t info;
        if (sigwaitinfo(&set, &info) != SIGTERM)
            _exit(102);
        _exit(info.si_code == SI_QUEUE ? info.si_value.sival_int : 100);
    }
    char byte;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    (void)close(ready[0]);
    (void)close(ready[1]);
    return child;
}

static int wait_status(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_the_monitor_hears_why(void **state)
{
    const struct place *place = *state;
    for (enum stop_reason reason = 0; reason < STOP_COUNT; reason++) {
        pid_t child = start_waiting(&place->config, "0123456789abcdef");
        struct registry_entry entry;
        assert_int_equal(registry_find(&place->config, "0123456789abcdef", &entry), 0);
        assert_int_equal(entry.monitor, child);
        int process = -1;
        assert_int_equal(stop_session(&place->config, &entry, reason, &process), 0);
        struct pollfd watched = {.fd = process, .events = POLLIN};
        assert_int_equal(poll(&watched, 1, 10000), 1);
        (void)close(process);
        assert_int_equal(wait_status(child), reason);
        struct registry_entry none;
        assert_int_equal(registry_find(&place->config, "0123456789abcdef", &none), -ENOENT);
        assert_int_equal(stop_session(&place->config, &entry, reason, &process), -ESRCH);
    }
}

/* The monitor has ended since the table was read, and its number is another process's now. */
static void test_nobody_else_is_hit(void **state)
{
    const struct place *place = *state;
    struct registry registry;
    pid_t bystander = start_waiting(&place->config, NULL);
    assert_int_equal(enter(&place->config, "1111111111111111", &registry), REGISTRY_ADMITTED);
    struct registry_entry entry;
    int process = -1;
    assert_int_equal(registry_find(&place->config, "1111111111111111", &entry), 0);

    struct registry_entry gone = entry;
    gone.monitor = bystander;
    assert_int_equal(stop_session(&place->config, &gone, STOP_KICKED, &process), -ESRCH);
    (void)snprintf(gone.session, sizeof(gone.session), "2222222222222222");
    assert_int_equal(stop_session(&place->config, &gone, STOP_KICKED, &process), -ESRCH);
    registry_leave(&registry);
    gone = entry;
    gone.monitor = bystander;
    assert_int_equal(stop_session(&place->config, &gone, STOP_KICKED, &process), -ESRCH);
    assert_int_equal(process, -1);

    assert_int_equal(kill(bystander, SIGTERM), 0);
    assert_int_equal(wait_status(bystander), 100); /* the first that it heard */
}

static void test_reasons(void **state)
{
    (void)state;
    assert_int_equal(stop_reason_of(STOP_KICKED), STOP_KICKED);
    assert_int_equal(stop_reason_of(STOP_COUNT), STOP_STOPPED);
    assert_int_equal(stop_reason_of(UINT32_MAX), STOP_STOPPED);
    for (enum stop_reason i = 0; i < STOP_COUNT; i++) {
        assert_true(strspn(stop_word(i), "abcdefghijklmnopqrstuvwxyz") == strlen(stop_word(i)));
        assert_true(strlen(stop_text(i)) > 10);
        /* Whoever is told to go by an administrator is gone within a second (row L12). */
        assert_true(i == STOP_STOPPED || stop_patience(i) <= 500);
    }
}

static void test_drain(void **state)
{
    struct place *place = *state;
    const struct config *config = &place->config;
    struct registry before, after;
    time_t since = 17;
    assert_false(drain_is_on(config));
    assert_int_equal(drain_since(config, &since), 0);
    assert_int_equal(since, 0);
    assert_int_equal(drain_end(config), 0);

    assert_int_equal(enter(config, "1111111111111111", &before), REGISTRY_ADMITTED);
    time_t now = time(NULL);
    assert_int_equal(drain_begin(config), 1);
    assert_int_equal(drain_begin(config), 0);
    assert_true(drain_is_on(config));
    assert_int_equal(drain_since(config, &since), 0);
    assert_in_range(since, now - 1, now + 10);
    assert_int_equal(enter(config, "2222222222222222", &after), REGISTRY_DRAINING);
    assert_int_equal(after.fd, -1);
    struct registry_entry entry;
    assert_int_equal(registry_find(config, "1111111111111111", &entry), 0);
    assert_int_equal(registry_find(config, "2222222222222222", &entry), -ENOENT);

    assert_int_equal(drain_end(config), 1);
    assert_int_equal(drain_end(config), 0);
    assert_int_equal(enter(config, "2222222222222222", &after), REGISTRY_ADMITTED);
    registry_leave(&after);
    registry_leave(&before);
}

/* On a machine that has just started there is no run directory. */
static void test_run_directory_is_made(void **state)
{
    struct place *place = *state;
    struct registry registry;
    assert_int_equal(rmdir(place->run), 0);
    assert_int_equal(enter(&place->config, "1111111111111111", &registry), REGISTRY_ADMITTED);
    registry_leave(&registry);
    assert_int_equal(tear_down(state), 0);
    assert_int_equal(set_up(state), 0);
    place = *state;
    assert_int_equal(rmdir(place->run), 0);
    assert_int_equal(drain_end(&place->config), 0);
    assert_int_equal(drain_begin(&place->config), 1);
    assert_true(drain_is_on(&place->config));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_monitor_hears_why, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nobody_else_is_hit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reasons, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_drain, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_run_directory_is_made, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

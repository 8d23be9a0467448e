/* lib/registry.c: the limits hold whatever happens at once, and whoever dies is forgotten (rows
 * P02, S05). */
#include "lib/registry.h"

#include "lib/cleanup.h"
#include "lib/clock.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

/* How often the kernel was asked whether a slot is alive. Each time it looks through the locks of
 * all. */
static unsigned asked;

int fcntl(int fd, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    asked += command == F_OFD_GETLK;
    return (int)syscall(SYS_fcntl, fd, command, argument);
}

/* Each test has a directory and a configuration of its own. */
struct place {
    char run[64];
    char file[80];
    struct config config;
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    assert_non_null(place);
    (void)snprintf(place->run, sizeof(place->run), "/tmp/cellftpd-registry-XXXXXX");
    assert_non_null(mkdtemp(place->run));
    (void)snprintf(place->file, sizeof(place->file), "%s/sessions", place->run);
    place->config.directories_run = place->run;
    place->config.limits_connections = 1000;
    place->config.limits_per_address = 1000;
    place->config.limits_waiting = 1000;
    place->config.limits_waiting_per_address = 1000;
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
    address.port = 50000;
    return address;
}

static enum registry_limit enter(const struct place *place, const char *from, struct registry *ret)
{
    struct address address = address_of(from);
    enum registry_limit limit = REGISTRY_FULL;
    *ret = (struct registry){.fd = -1};
    assert_int_equal(registry_enter(&place->config, &address, "0123456789abcdef", ret, &limit), 0);
    assert_int_equal(ret->fd >= 0, limit == REGISTRY_ADMITTED);
    return limit;
}

/* Somebody who is not let in, and asserts why. */
static void expect_limit(const struct place *place, const char *from, enum registry_limit limit)
{
    struct registry registry;
    assert_int_equal(enter(place, from, &registry), limit);
    registry_leave(&registry);
}

static int count_one(const struct registry_entry *entry, void *data)
{
    (void)entry;
    ++*(unsigned *)data;
    return 0;
}

static unsigned count(const struct place *place)
{
    unsigned found = 0;
    assert_int_equal(registry_list(&place->config, count_one, &found), 0);
    return found;
}

static int copy_one(const struct registry_entry *entry, void *data)
{
    *(struct registry_entry *)data = *entry;
    return 17;
}

static void test_what_is_listed(void **state)
{
    const struct place *place = *state;
    assert_int_equal(count(place), 0);
    struct registry registry;
    assert_int_equal(enter(place, "2001:db8::9", &registry), REGISTRY_ADMITTED);

    struct registry_entry entry;
    assert_int_equal(registry_list(&place->config, copy_one, &entry), 17);
    const struct address from = address_of("2001:db8::9");
    assert_false(entry.logged_in);
    assert_true(address_same_host(&entry.remote, &from));
    assert_int_equal(entry.remote.port, 50000);
    assert_int_equal(entry.monitor, getpid());
    assert_string_equal(entry.session, "0123456789abcdef");
    assert_string_equal(entry.user, "");
    assert_string_equal(entry.status, "");
    assert_true(entry.started > 1000000000);

    assert_int_equal(registry_log_in(&registry, "alice"), 0);
    assert_int_equal(registry_set_status(&registry, "RETR /a"), 0);
    assert_int_equal(registry_list(&place->config, copy_one, &entry), 17);
    assert_true(entry.logged_in);
    assert_string_equal(entry.user, "alice");
    assert_string_equal(entry.status, "RETR /a");
    assert_string_equal(entry.protocol, "");
    assert_int_equal(registry_set_protocol(&registry, "TLSv1.3"), 0);
    assert_int_equal(registry_find(&place->config, "0123456789abcdef", &entry), 0);
    assert_string_equal(entry.protocol, "TLSv1.3");
    assert_string_equal(entry.status, "RETR /a");
    assert_int_equal(registry_set_protocol(&registry, "a protocol with a long name"), 0);
    assert_int_equal(registry_find(&place->config, "0123456789abcdef", &entry), 0);
    assert_string_equal(entry.protocol, "a protocol with");

    registry_leave(&registry);
    assert_int_equal(registry.fd, -1);
    assert_int_equal(count(place), 0);
    registry_leave(&registry); /* once more does nothing */
}

static void test_texts_are_cut_and_stay_in_their_slot(void **state)
{
    const struct place *place = *state;
    struct registry first, second;
    assert_int_equal(enter(place, "192.0.2.1", &first), REGISTRY_ADMITTED);
    assert_int_equal(enter(place, "192.0.2.2", &second), REGISTRY_ADMITTED);
    assert_int_equal(registry_log_in(&second, "second"), 0);
    char text[4096];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(registry_log_in(&first, text), 0);
    assert_int_equal(registry_set_status(&first, text), 0);

    struct registry_entry entry;
    assert_int_equal(registry_list(&place->config, copy_one, &entry), 17);
    assert_int_equal(strlen(entry.user), REGISTRY_USER_MAX);
    assert_int_equal(strlen(entry.status), REGISTRY_STATUS_MAX);
    registry_leave(&first);
    assert_int_equal(registry_list(&place->config, copy_one, &entry), 17);
    assert_string_equal(entry.user, "second");
    assert_string_equal(entry.status, "");
    registry_leave(&second);
}

/* The sessions of one user: those that have claimed a place count like those that are in. */
static void test_P02_sessions_of_a_user(void **state)
{
    const struct place *place = *state;
    struct registry a[4], other;
    for (size_t i = 0; i < ELEMENTS(a); i++)
        assert_int_equal(enter(place, "192.0.2.1", &a[i]), REGISTRY_ADMITTED);
    assert_int_equal(enter(place, "192.0.2.1", &other), REGISTRY_ADMITTED);
    assert_int_equal(registry_claim(&a[0], "alice", 2), 0);
    assert_int_equal(registry_log_in(&a[0], "alice"), 0);
    assert_int_equal(registry_claim(&a[1], "alice", 2), 0);
    assert_int_equal(registry_claim(&a[1], "alice", 2), 0); /* it does not count itself */
    assert_int_equal(registry_claim(&a[2], "alice", 2), -EUSERS);
    assert_int_equal(registry_claim(&a[2], "alice", 0), -EUSERS);
    assert_int_equal(registry_claim(&other, "alic", 1), 0);
    assert_int_equal(registry_claim(&other, "bob", 1), 0);
    /* Who was refused has no place. */
    assert_int_equal(registry_claim(&a[3], "alice", 3), 0);
    assert_int_equal(registry_claim(&a[2], "alice", 3), -EUSERS);
    assert_int_equal(registry_claim(&a[2], "alice", NO_LIMIT), 0);
    registry_leave(&a[0]);
    assert_int_equal(registry_claim(&a[2], "alice", 3), 0);
    assert_int_equal(registry_claim(&other, "alice", 3), -EUSERS);
    registry_disclaim(&a[2]);
    assert_int_equal(registry_claim(&other, "alice", 3), 0);
    for (size_t i = 1; i < ELEMENTS(a); i++)
        registry_leave(&a[i]);
    registry_leave(&other);
}

/* A hundred at once, again and again: as many get in as may, and whoever is killed is forgotten. */
static void test_P02_a_burst_of_one_user(void **state)
{
    enum { CHILDREN = 40, MOST = 7, ROUNDS = 10 };
    const struct place *place = *state;
    for (int round = 0; round < ROUNDS; round++) {
        int results[2], gate[2];
        pid_t children[CHILDREN];
        assert_int_equal(pipe2(results, O_CLOEXEC), 0);
        assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
        for (size_t i = 0; i < CHILDREN; i++) {
            children[i] = fork();
            assert_true(children[i] >= 0);
            if (children[i] != 0)
                continue;
            struct registry registry;
            char byte;
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* if an assertion fails */
            (void)close(gate[1]);
            (void)enter(place, "192.0.2.1", &registry);
            if (read(gate[0], &byte, 1) != 0) /* until all are there */
                _exit(1);
            byte = registry_claim(&registry, "alice", MOST) == 0;
            if (write(results[1], &byte, 1) != 1)
                _exit(1);
            for (;;)
                (void)pause();
        }
        (void)close(gate[0]);
        while (count(place) < CHILDREN)
            (void)usleep(1000);
        (void)close(gate[1]);
        int in = 0;
        for (size_t i = 0; i < CHILDREN; i++) {
            char byte;
            assert_int_equal(read(results[0], &byte, 1), 1);
            in += byte;
        }
        assert_int_equal(in, MOST);
        for (size_t i = 0; i < CHILDREN; i++) {
            assert_int_equal(kill(children[i], SIGKILL), 0);
            assert_int_equal(waitpid(children[i], NULL, 0), children[i]);
        }
        (void)close(results[0]);
        (void)close(results[1]);
    }
}

static void test_limits(void **state)
{
    struct place *place = *state;
    place->config.limits_connections = 5;
    place->config.limits_waiting = 4;
    place->config.limits_per_address = 3;
    place->config.limits_waiting_per_address = 2;
    struct registry a[3], b[2];
    assert_int_equal(enter(place, "192.0.2.1", &a[0]), REGISTRY_ADMITTED);
    assert_int_equal(enter(place, "192.0.2.1", &a[1]), REGISTRY_ADMITTED);
    expect_limit(place, "192.0.2.1", REGISTRY_WAITING_ADDRESS_FULL);

    assert_int_equal(registry_log_in(&a[0], "alice"), 0);
    assert_int_equal(enter(place, "192.0.2.1", &a[2]), REGISTRY_ADMITTED);
    expect_limit(place, "192.0.2.1", REGISTRY_ADDRESS_FULL);

    /* Others are not hurt by it (row P02), until all who have not logged in are too many. */
    assert_int_equal(enter(place, "192.0.2.2", &b[0]), REGISTRY_ADMITTED);
    assert_int_equal(enter(place, "192.0.2.2", &b[1]), REGISTRY_ADMITTED);
    expect_limit(place, "192.0.2.3", REGISTRY_WAITING_FULL);
    for (size_t i = 0; i < ELEMENTS(b); i++)
        assert_int_equal(registry_log_in(&b[i], "bob"), 0);
    expect_limit(place, "192.0.2.3", REGISTRY_FULL);

    /* Each that leaves makes room for one. */
    assert_int_equal(count(place), 5);
    registry_leave(&a[0]);
    assert_int_equal(enter(place, "192.0.2.3", &a[0]), REGISTRY_ADMITTED);
    expect_limit(place, "192.0.2.4", REGISTRY_FULL);
    for (size_t i = 0; i < ELEMENTS(a); i++)
        registry_leave(&a[i]);
    for (size_t i = 0; i < ELEMENTS(b); i++)
        registry_leave(&b[i]);
    assert_int_equal(count(place), 0);
}

static void test_addresses_are_not_mixed_up(void **state)
{
    struct place *place = *state;
    place->config.limits_per_address = 1;
    /* Of each the second is another address of the same client: an IPv6 one has a whole /64. */
    static const char *const hosts[][2] = {
        {"192.0.2.1", "192.0.2.1"},
        {"192.0.2.2", "192.0.2.2"},
        {"c000:201::", "c000:201::1"},
        {"2001:db8::1", "2001:db8::ffff:0:0:2"},
        {"2001:db8:0:1::1", "2001:db8:0:1::2"},
        {"fe80::1", "fe80::1"},
        {"fe80::2", "fe80::2"},
    };
    struct registry all[ELEMENTS(hosts)];
    for (size_t i = 0; i < ELEMENTS(hosts); i++)
        assert_int_equal(enter(place, hosts[i][0], &all[i]), REGISTRY_ADMITTED);
    for (size_t i = 0; i < ELEMENTS(hosts); i++) {
        expect_limit(place, hosts[i][1], REGISTRY_ADDRESS_FULL);
        registry_leave(&all[i]);
    }
}

/* A monitor that is killed says nothing to anybody. */
static void test_crash_releases_the_slot(void **state)
{
    struct place *place = *state;
    place->config.limits_per_address = 4;
    int ready[2];
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    pid_t child = fork();
    if (child == 0) {
        struct registry all[4];
        for (size_t i = 0; i < ELEMENTS(all); i++)
            if (enter(place, "192.0.2.1", &all[i]) != REGISTRY_ADMITTED ||
                registry_log_in(&all[i], "alice") < 0)
                _exit(1);
        (void)!write(ready[1], "", 1);
        pause();
        _exit(1);
    }
    assert_true(child > 0);
    (void)close(ready[1]);
    char byte;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    (void)close(ready[0]);
    assert_int_equal(count(place), 4);
    expect_limit(place, "192.0.2.1", REGISTRY_ADDRESS_FULL);

    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(count(place), 0);
    struct registry all[4];
    for (size_t i = 0; i < ELEMENTS(all); i++)
        assert_int_equal(enter(place, "192.0.2.1", &all[i]), REGISTRY_ADMITTED);
    expect_limit(place, "192.0.2.1", REGISTRY_ADDRESS_FULL);
    for (size_t i = 0; i < ELEMENTS(all); i++)
        registry_leave(&all[i]);
}

/* What the processes of the next test count together, behind the registry's back. */
struct truth {
    _Atomic unsigned inside, most, admitted, refused, failed;
};

static void come_and_go(const struct place *place, struct truth *truth, unsigned rounds,
                        unsigned pause)
{
    const struct address from = address_of("192.0.2.1");
    for (unsigned i = 0; i < rounds; i++) {
        struct registry registry = {.fd = -1};
        enum registry_limit limit;
        if (registry_enter(&place->config, &from, "s", &registry, &limit) < 0) {
            truth->failed++;
            continue;
        }
        if (limit != REGISTRY_ADMITTED) {
            truth->refused++;
            continue;
        }
        unsigned now = ++truth->inside, most = truth->most;
        truth->admitted++;
        while (now > most && !atomic_compare_exchange_weak(&truth->most, &most, now))
            ;
        if (pause > 0)
            (void)usleep(i % 4 * pause);
        truth->inside--;
        if (i % 8 == 7)
            registry.fd = close_fd(registry.fd); /* as the kernel does for one that was killed */
        else
            registry_leave(&registry);
    }
}

static struct truth come_and_go_together(const struct place *place, unsigned processes,
                                         unsigned rounds, unsigned pause)
{
    struct truth *shared =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(shared, MAP_FAILED);
    for (unsigned i = 0; i < processes; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            come_and_go(place, shared, rounds, pause);
            _exit(0);
        }
    }
    for (unsigned i = 0; i < processes; i++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    struct truth truth = *shared;
    assert_int_equal(munmap(shared, sizeof(*shared)), 0);
    assert_int_equal(truth.failed, 0);
    assert_int_equal(truth.admitted + truth.refused, processes * rounds);
    assert_int_equal(count(place), 0);
    return truth;
}

static void test_never_more_than_the_limit_at_once(void **state)
{
    enum { PROCESSES = 16, ROUNDS = 300, LIMIT = 6 };
    struct place *place = *state;
    place->config.limits_waiting_per_address = LIMIT;
    struct truth truth = come_and_go_together(place, PROCESSES, ROUNDS, 200);
    assert_int_equal(truth.most,
                     LIMIT); /* never more; and less would mean that nothing was tried */
    assert_true(truth.refused > 0);

    struct registry all[LIMIT];
    for (size_t i = 0; i < LIMIT; i++)
        assert_int_equal(enter(place, "192.0.2.1", &all[i]), REGISTRY_ADMITTED);
    expect_limit(place, "192.0.2.1", REGISTRY_WAITING_ADDRESS_FULL);
    for (size_t i = 0; i < LIMIT; i++)
        registry_leave(&all[i]);
}

/* Who comes while another leaves is let in: a slot is not free before its lock is. */
static void test_coming_while_others_leave(void **state)
{
    enum { PROCESSES = 16, ROUNDS = 1000 };
    struct truth truth = come_and_go_together(*state, PROCESSES, ROUNDS, 0);
    assert_int_equal(truth.refused, 0);
}

/* Row P02, in a full table: being turned away costs little, so that nobody can keep the others
 * waiting for the lock by coming again and again; nor does it to look for one session. */
static void expect_cheap_refusals(struct place *place)
{
    const struct address from = address_of("192.0.2.1");
    struct registry registry = {.fd = -1};
    struct registry_entry entry;
    enum registry_limit limit;
    uint64_t began = clock_msec();
    asked = 0;
    for (unsigned i = 0; i < 50; i++)
        assert_int_equal(registry_enter(&place->config, &from, "s", &registry, &limit), 0);
    uint64_t seconds = (clock_msec() - began) / 1000;
    assert_true(asked <= (1 + seconds) * REGISTRY_SLOTS + 50 * 64);

    asked = 0;
    assert_int_equal(registry_find(&place->config, "no such session", &entry), -ENOENT);
    assert_int_equal(asked, 0);
}

static void test_all_slots(void **state)
{
    struct place *place = *state;
    place->config.limits_connections = place->config.limits_per_address =
        place->config.limits_waiting = place->config.limits_waiting_per_address =
            2 * REGISTRY_SLOTS;
    struct rlimit before, wide = {REGISTRY_SLOTS + 64, REGISTRY_SLOTS + 64};
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    if (wide.rlim_max < before.rlim_max)
        wide.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &wide), 0);

    static struct registry all[REGISTRY_SLOTS];
    for (size_t i = 0; i < REGISTRY_SLOTS; i++)
        assert_int_equal(enter(place, "192.0.2.1", &all[i]), REGISTRY_ADMITTED);
    expect_limit(place, "192.0.2.1", REGISTRY_FULL);
    registry_leave(&all[1234]);
    assert_int_equal(enter(place, "192.0.2.1", &all[1234]), REGISTRY_ADMITTED);
    assert_int_equal(all[1234].slot, 1234);
    expect_cheap_refusals(place);
    for (size_t i = 0; i < REGISTRY_SLOTS; i++)
        registry_leave(&all[i]);
    before.rlim_max = wide.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

/* A file that is no table begins anew; one that is not root's is not used. */
static void test_damaged_file(void **state)
{
    const struct place *place = *state;
    static const char junk[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";
    static const char used[] = "\xff\xff\xff\x7f";
    static const struct {
        const char *bytes;
        size_t size;
        off_t offset;
    } damages[] = {{junk, sizeof(junk), 0}, {used, 4, 4}, {"", 0, 0}};
    for (size_t i = 0; i < ELEMENTS(damages); i++) {
        struct registry registry;
        assert_int_equal(enter(place, "192.0.2.1", &registry), REGISTRY_ADMITTED);
        registry_leave(&registry);
        cleanup_close int fd = open(place->file, O_WRONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        if (damages[i].size == 0)
            assert_int_equal(ftruncate(fd, 100), 0);
        else
            assert_int_equal(pwrite(fd, damages[i].bytes, damages[i].size, damages[i].offset),
                             (ssize_t)damages[i].size);
        assert_int_equal(count(place), 0);
        assert_int_equal(enter(place, "192.0.2.1", &registry), REGISTRY_ADMITTED);
        assert_int_equal(count(place), 1);
        registry_leave(&registry);
    }
}

static void test_foreign_file(void **state)
{
    const struct place *place = *state;
    const struct address from = address_of("192.0.2.1");
    struct registry registry = {.fd = -1};
    enum registry_limit limit;
    assert_int_equal(symlink("/etc/passwd", place->file), 0);
    assert_int_equal(registry_enter(&place->config, &from, "s", &registry, &limit), -ELOOP);
    assert_int_equal(unlink(place->file), 0);

    cleanup_close int fd = open(place->file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(fchown(fd, 65534, 65534), 0);
    assert_int_equal(registry_enter(&place->config, &from, "s", &registry, &limit), -EPERM);
    assert_int_equal(registry.fd, -1);
}

#define REGISTRY_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        REGISTRY_TEST(test_what_is_listed),
        REGISTRY_TEST(test_texts_are_cut_and_stay_in_their_slot),
        REGISTRY_TEST(test_P02_sessions_of_a_user),
        REGISTRY_TEST(test_P02_a_burst_of_one_user),
        REGISTRY_TEST(test_limits),
        REGISTRY_TEST(test_addresses_are_not_mixed_up),
        REGISTRY_TEST(test_crash_releases_the_slot),
        REGISTRY_TEST(test_never_more_than_the_limit_at_once),
        REGISTRY_TEST(test_coming_while_others_leave),
        REGISTRY_TEST(test_all_slots),
        REGISTRY_TEST(test_damaged_file),
        REGISTRY_TEST(test_foreign_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * lib/ticket_key.c: who has the same key, and the secret that it is made of, whatever is done to it
 * (CVE_TESTS T09).
 */
#include "lib/ticket_key.h"

#include "lib/cleanup.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

struct place {
    char run[64];
    char secret[128];
    struct config config;
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    assert_non_null(place);
    (void)snprintf(place->run, sizeof(place->run), "/tmp/cellftpd-ticket-XXXXXX");
    assert_non_null(mkdtemp(place->run));
    (void)snprintf(place->secret, sizeof(place->secret), "%s/" TICKET_SECRET_FILE, place->run);
    place->config.directories_run = place->run;
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    (void)unlink(place->secret);
    int r = rmdir(place->run);
    free(place);
    return r;
}

static int key_of(const struct place *place, const char *name, bool local, const char *text,
                  uint8_t ret[TLS_KEY_SIZE])
{
    char account_name[64], hash[] = "hash";
    (void)snprintf(account_name, sizeof(account_name), "%s", name);
    struct account account = {.name = account_name, .password = local ? hash : NULL};
    struct address address;
    assert_int_equal(address_parse(text, &address), 0);
    address.port = (uint16_t)rand(); /* no two connections have the same */
    return ticket_key(&place->config, &account, &address, ret);
}

static void put_secret(const struct place *place, const void *bytes, size_t size)
{
    cleanup_close int fd = open(place->secret, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
}

static void test_T09_who_has_the_same(void **state)
{
    static const struct {
        const char *name;
        bool local;
        const char *address;
    } who[] = {
        {"alice", true, "192.0.2.1"}, {"alic", true, "192.0.2.1"},   {"alice", false, "192.0.2.1"},
        {"bob", true, "192.0.2.1"},   {"alice", true, "192.0.2.11"}, {"alice", true, "2001:db8::1"},
        {"alice1", true, "92.0.2.1"}, {"alice", true, "fe80::1"},
    };
    uint8_t keys[ELEMENTS(who)][TLS_KEY_SIZE], again[TLS_KEY_SIZE];
    for (size_t i = 0; i < ELEMENTS(who); i++) {
        assert_int_equal(key_of(*state, who[i].name, who[i].local, who[i].address, keys[i]), 0);
        assert_int_equal(key_of(*state, who[i].name, who[i].local, who[i].address, again), 0);
        assert_memory_equal(keys[i], again, TLS_KEY_SIZE);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(keys[i], keys[j], TLS_KEY_SIZE);
    }
    /* the same link-local address on another link is another host */
    struct place *place = *state;
    char name[] = "alice", hash[] = "hash";
    struct account account = {.name = name, .password = hash};
    struct address address;
    assert_int_equal(address_parse("fe80::1", &address), 0);
    address.scope = 2;
    assert_int_equal(ticket_key(&place->config, &account, &address, again), 0);
    assert_memory_not_equal(keys[ELEMENTS(who) - 1], again, TLS_KEY_SIZE);
}

static void test_is_hmac(void **state)
{
    static const char text[] = "local\0alice\0"
                               "192.0.2.1\0"
                               "0";
    uint8_t secret[32], expected[EVP_MAX_MD_SIZE], key[TLS_KEY_SIZE];
    for (size_t i = 0; i < sizeof(secret); i++)
        secret[i] = (uint8_t)(i * 7);
    put_secret(*state, secret, sizeof(secret));
    assert_int_equal(key_of(*state, "alice", true, "192.0.2.1", key), 0);
    assert_non_null(HMAC(EVP_sha256(), secret, sizeof(secret), (const uint8_t *)text, sizeof(text),
                         expected, NULL));
    assert_memory_equal(key, expected, sizeof(key));
}

static void test_secret_is_made_once(void **state)
{
    struct place *place = *state;
    uint8_t key[TLS_KEY_SIZE], again[TLS_KEY_SIZE];
    struct stat status;
    (void)umask(0);
    assert_int_equal(key_of(place, "alice", true, "192.0.2.1", key), 0);
    assert_int_equal(stat(place->secret, &status), 0);
    assert_int_equal(status.st_mode, S_IFREG | 0600);
    assert_int_equal(status.st_size, 32);
    for (size_t size = 0; size < 40; size++) { /* what a process leaves that was killed */
        if (size == 32)
            continue;
        put_secret(place, (const uint8_t[40]){0}, size);
        assert_int_equal(key_of(place, "alice", true, "192.0.2.1", again), 0);
        assert_memory_not_equal(key, again, sizeof(key));
        assert_int_equal(stat(place->secret, &status), 0);
        assert_int_equal(status.st_size, 32);
        assert_int_equal(key_of(place, "alice", true, "192.0.2.1", key), 0);
        assert_memory_equal(key, again, sizeof(key));
    }
}

/* All come at once, with no secret there or a short one, and all have the same. */
static void test_race(void **state)
{
    enum { ROUNDS = 20, PROCESSES = 8 };
    struct place *place = *state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        int gate[2], keys[2];
        assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
        assert_int_equal(pipe2(keys, O_CLOEXEC), 0);
        if (round % 2)
            put_secret(place, "short", 5);
        else
            (void)unlink(place->secret);
        for (unsigned i = 0; i < PROCESSES; i++) {
            pid_t pid = fork();
            assert_true(pid >= 0);
            if (pid == 0) {
                uint8_t key[TLS_KEY_SIZE], byte;
                (void)close(gate[1]);
                (void)!read(gate[0], &byte, 1);
                int r = key_of(place, "alice", true, "192.0.2.1", key);
                _exit(r == 0 && write(keys[1], key, sizeof(key)) == (ssize_t)sizeof(key) ? 0 : 1);
            }
        }
        (void)close(gate[0]);
        (void)close(gate[1]); /* go */
        uint8_t first[TLS_KEY_SIZE], key[TLS_KEY_SIZE];
        for (unsigned i = 0; i < PROCESSES; i++) {
            int status = 0;
            assert_true(wait(&status) > 0);
            assert_int_equal(status, 0);
            assert_int_equal(read(keys[0], i == 0 ? first : key, sizeof(key)), sizeof(key));
            if (i > 0)
                assert_memory_equal(first, key, sizeof(key));
        }
        (void)close(keys[0]);
        (void)close(keys[1]);
    }
}

/* What is not for root alone, or no file at all, is no secret, and stays as it is. */
static void test_what_is_refused(void **state)
{
    struct place *place = *state;
    uint8_t key[TLS_KEY_SIZE];
    static const mode_t modes[] = {0640, 0604, 0620, 0601};
    for (size_t i = 0; i < ELEMENTS(modes); i++) {
        put_secret(place, (const uint8_t[32]){0}, 32);
        assert_int_equal(chmod(place->secret, modes[i]), 0);
        assert_int_equal(key_of(place, "alice", true, "192.0.2.1", key), -EPERM);
        assert_int_equal(unlink(place->secret), 0);
    }
    put_secret(place, (const uint8_t[32]){0}, 32);
    assert_int_equal(chown(place->secret, 65534, 65534), 0);
    assert_int_equal(key_of(place, "alice", true, "192.0.2.1", key), -EPERM);
    assert_int_equal(unlink(place->secret), 0);
    assert_int_equal(mkfifo(place->secret, 0600), 0);
    assert_int_equal(key_of(place, "alice", true, "192.0.2.1", key), -EPERM);
    assert_int_equal(unlink(place->secret), 0);
    assert_int_equal(symlink("/dev/zero", place->secret), 0);
    assert_int_equal(key_of(place, "alice", true, "192.0.2.1", key), -ELOOP);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_T09_who_has_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_is_hmac, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_secret_is_made_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_race, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

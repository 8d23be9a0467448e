/* lib/ban.c: what is banned, for how long, and what a damaged list still does. */
#include "lib/ban.h"

#include "config_fixture.h"

enum { NOW = 1790000000 };

struct place {
    struct config *config;
    struct buffer problem;
};

static int begin(void **state)
{
    static struct place place;
    (void)set_up(state);
    place.config = config_default();
    free(place.config->directories_state);
    place.config->directories_state = in_directory("state");
    buffer_init(&place.problem, 65536);
    *state = &place;
    return 0;
}

static int end(void **state)
{
    struct place *place = *state;
    cleanup_free char *bans = in_directory("state/bans");
    cleanup_free char *lock = in_directory("state/.bans.lock");
    (void)unlink(bans);
    (void)unlink(lock);
    (void)rmdir(place->config->directories_state);
    config_free(place->config);
    buffer_free(&place->problem);
    return tear_down(state);
}

static struct ban make(const char *network, int64_t until)
{
    struct ban ban = {.until = until, .since = NOW, .who = "boss from 192.0.2.1"};
    assert_int_equal(network_parse(network, &ban.network), 0);
    return ban;
}

static int add(struct place *place, const char *network, int64_t until)
{
    struct ban ban = make(network, until);
    return ban_add(place->config, NOW, &ban, &place->problem);
}

static bool is_banned(struct place *place, int64_t now, const char *text)
{
    struct address address;
    struct ban found;
    bool banned = true;
    assert_int_equal(address_parse(text, &address), 0);
    assert_int_equal(ban_find(place->config, now, &address, &banned, &found, &place->problem), 0);
    return banned;
}

static int count(const struct ban *ban, void *data)
{
    (void)ban;
    ++*(unsigned *)data;
    return 0;
}

static unsigned count_all(struct place *place, int64_t now)
{
    unsigned number = 0;
    assert_int_equal(ban_list(place->config, now, count, &number, &place->problem), 0);
    return number;
}

static void test_nobody(void **state)
{
    struct place *place = *state;
    assert_false(is_banned(place, NOW, "192.0.2.1"));
    assert_int_equal(access(place->config->directories_state, F_OK), -1);
}

static void test_networks(void **state)
{
    struct place *place = *state;
    assert_int_equal(add(place, "192.0.2.0/25", BAN_FOR_EVER), 0);
    assert_int_equal(add(place, "2001:db8::/32", BAN_FOR_EVER), 0);
    assert_int_equal(add(place, "198.51.100.7", BAN_FOR_EVER), 0);
    assert_true(is_banned(place, NOW, "192.0.2.127"));
    assert_true(is_banned(place, NOW, "::ffff:192.0.2.1"));
    assert_false(is_banned(place, NOW, "192.0.2.128"));
    assert_true(is_banned(place, NOW, "2001:db8:1::1"));
    assert_false(is_banned(place, NOW, "2001:db9::1"));
    assert_true(is_banned(place, NOW, "198.51.100.7"));
    assert_false(is_banned(place, NOW, "198.51.100.8"));
}

static void test_time(void **state)
{
    struct place *place = *state;
    assert_int_equal(add(place, "192.0.2.1", NOW + 10), 0);
    assert_true(is_banned(place, NOW + 9, "192.0.2.1"));
    assert_false(is_banned(place, NOW + 10, "192.0.2.1"));
    /* It is gone with the next change. */
    struct ban ban = make("192.0.2.2", BAN_FOR_EVER);
    assert_int_equal(ban_add(place->config, NOW + 10, &ban, &place->problem), 0);
    assert_int_equal(count_all(place, NOW), 1);
    /* The same network again: the new time holds. */
    assert_int_equal(add(place, "192.0.2.2", NOW + 5), 0);
    assert_int_equal(count_all(place, NOW), 1);
    assert_false(is_banned(place, NOW + 5, "192.0.2.2"));
}

static void test_delete(void **state)
{
    struct place *place = *state;
    struct ban ban = make("192.0.2.0/24", BAN_FOR_EVER);
    struct ban part = make("192.0.2.1", BAN_FOR_EVER);
    assert_int_equal(add(place, "192.0.2.0/24", BAN_FOR_EVER), 0);
    assert_int_equal(ban_delete(place->config, NOW, &part.network, &place->problem), 0);
    assert_true(is_banned(place, NOW, "192.0.2.1"));
    assert_int_equal(ban_delete(place->config, NOW, &ban.network, &place->problem), 1);
    assert_int_equal(ban_delete(place->config, NOW, &ban.network, &place->problem), 0);
    assert_false(is_banned(place, NOW, "192.0.2.1"));
}

/* Each line is reported with its number, stays where it is, and the others hold. */
static void test_damaged(void **state)
{
    struct place *place = *state;
    assert_int_equal(add(place, "192.0.2.1", BAN_FOR_EVER), 0);
    write_text("state/bans", "# comment\n\n"
                             "192.0.2.1 for-ever 2026-11-23T05:00:00Z root\n"
                             "192.0.2.2 forever 2026-11-23T05:00:00Z root\n"
                             "192.0.2.300 for-ever 2026-11-23T05:00:00Z root\n"
                             "192.0.2.3 for-ever 2026-13-23T05:00:00Z root\n"
                             "192.0.2.4\n"
                             "192.0.2.5 9999-01-01T00:00:00Z 2026-11-23T05:00:00Z");
    assert_true(is_banned(place, NOW, "192.0.2.1"));
    assert_true(is_banned(place, NOW, "192.0.2.5"));
    assert_false(is_banned(place, NOW, "192.0.2.2"));
    buffer_clear(&place->problem);
    assert_int_equal(count_all(place, NOW), 2);
    assert_int_equal(buffer_append(&place->problem, "", 1), 0);
    const char *problem = buffer_begin(&place->problem);
    for (unsigned line = 4; line <= 7; line++) {
        char expected[16];
        (void)snprintf(expected, sizeof(expected), "line %u ", line);
        assert_non_null(strstr(problem, expected));
    }
    assert_null(strstr(problem, "line 3 "));
    assert_null(strstr(problem, "line 8 "));
    assert_int_equal(add(place, "192.0.2.9", BAN_FOR_EVER), 0);
    cleanup_free char *path = in_directory("state/bans");
    char text[2048] = "";
    cleanup_close int file = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(read(file, text, sizeof(text) - 1) > 0);
    assert_non_null(strstr(text, "\n192.0.2.300 for-ever"));
    assert_non_null(strstr(text, "\n192.0.2.4\n"));
}

static void test_unusable(void **state)
{
    struct place *place = *state;
    struct address address;
    struct ban found;
    bool banned = true;
    cleanup_free char *path = in_directory("state/bans");
    assert_int_equal(address_parse("192.0.2.1", &address), 0);
    assert_int_equal(add(place, "192.0.2.1", BAN_FOR_EVER), 0);
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(ban_find(place->config, NOW, &address, &banned, &found, &place->problem),
                     -EPERM);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_true(ban_find(place->config, NOW, &address, &banned, &found, &place->problem) < 0);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_true(ban_find(place->config, NOW, &address, &banned, &found, &place->problem) < 0);
}

static void test_maximum(void **state)
{
    struct place *place = *state;
    cleanup_buffer struct buffer text;
    buffer_init(&text, 1 << 20);
    assert_int_equal(add(place, "192.0.2.1", BAN_FOR_EVER), 0);
    for (unsigned i = 0; i < BAN_MAX; i++)
        assert_int_equal(buffer_append_format(&text, "10.0.%u.%u for-ever 2026-11-23T05:00:00Z x\n",
                                              i / 256, i % 256),
                         0);
    write_file("state/bans", buffer_begin(&text), buffer_size(&text));
    assert_int_equal(count_all(place, NOW), BAN_MAX);
    assert_int_equal(add(place, "192.0.2.1", BAN_FOR_EVER), -ENOSPC);
    assert_int_equal(add(place, "10.0.0.1", NOW + 5), 0); /* in the place of itself */
    assert_true(is_banned(place, NOW, "10.0.15.255"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nobody, begin, end),
        cmocka_unit_test_setup_teardown(test_networks, begin, end),
        cmocka_unit_test_setup_teardown(test_time, begin, end),
        cmocka_unit_test_setup_teardown(test_delete, begin, end),
        cmocka_unit_test_setup_teardown(test_damaged, begin, end),
        cmocka_unit_test_setup_teardown(test_unusable, begin, end),
        cmocka_unit_test_setup_teardown(test_maximum, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

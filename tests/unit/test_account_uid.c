/*
 * lib/account_uid.c: no uid twice, none again soon, and no reading of all the records for each.
 */
#include "account_fixture.h"

static void test_uid_of_a_removed_user_rests(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(fixture_must_create(fixture, "alice"), 200000);
    assert_int_equal(fixture_must_create(fixture, "bob"), 200001);
    assert_int_equal(fixture_remove(fixture, "bob", true), 0);
    assert_int_equal(fixture_must_create(fixture, "carl"), 200002);
    assert_int_equal(fixture_remove(fixture, "alice", true), 0);
    assert_int_equal(fixture_remove(fixture, "carl", true), 0);
    assert_int_equal(fixture_must_create(fixture, "dora"), 200003);
}

static void test_range_used_up(void **state)
{
    struct fixture *fixture = *state;
    fixture->config.accounts_uid_max = 200003; /* which is the administrators' */
    assert_int_equal(fixture_must_create(fixture, "alice"), 200000);
    assert_int_equal(fixture_must_create(fixture, "bob"), 200001);
    assert_int_equal(fixture_must_create(fixture, "carl"), 200002);
    assert_int_equal(fixture_create(fixture, "dora", NULL), -ENOSPC);
    assert_non_null(strstr(fixture_words(fixture), "200000 to 200003"));
    assert_int_equal(fixture_remove(fixture, "bob", true), 0);
    assert_int_equal(fixture_must_create(fixture, "dora"), 200001); /* now the rest is over */
    assert_int_equal(fixture_create(fixture, "emil", NULL), -ENOSPC);

    fixture->config.accounts_uid_min = 200005;
    fixture->config.accounts_uid_max = 200007;
    assert_int_equal(fixture_must_create(fixture, "emil"),
                     200005); /* a new range, old accounts outside of it */
    assert_int_equal(fixture_must_create(fixture, "fred"), 200006);
    fixture->config.accounts_uid_min = 300000;
    assert_int_equal(fixture_create(fixture, "gerd", NULL), -EINVAL);
    fixture->config.accounts_uid_max = UINT32_MAX - 1;
    fixture->config.accounts_uid_min = UINT32_MAX - 2;
    assert_int_equal(fixture_must_create(fixture, "gerd"), UINT32_MAX - 2);
    assert_int_equal(fixture_create(fixture, "hans", NULL), -ENOSPC);
}

/* Makes the record of NAME useless without changing the directory. */
static void damage_in_place(const struct fixture *fixture, const char *name)
{
    char file[64];
    char path[PATH_MAX];
    (void)snprintf(file, sizeof(file), "%s.conf", name);
    fixture_path(fixture, file, path);
    cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "!!!", 3, 0), 3);
}

/* With 100,000 accounts nobody wants them all read for one more: a record that cannot be read is
 * noticed only when they are. */
static void test_records_are_not_read_without_need(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(fixture_must_create(fixture, "alice"), 200000);
    damage_in_place(fixture, "alice");
    assert_int_equal(fixture_must_create(fixture, "bob"), 200001);
    assert_int_equal(fixture_remove(fixture, "bob", true), 0);
    assert_int_equal(fixture_must_create(fixture, "carl"), 200002);
    char home[] = "/srv/carl";
    assert_int_equal(fixture_change(fixture, "carl", fixture_set_home, home), 1);
    assert_int_equal(fixture_must_create(fixture, "dora"), 200003);

    fixture_write(fixture, "README", "", 0); /* somebody else was here: now they are read */
    assert_int_equal(fixture_create(fixture, "emil", NULL), -EBADMSG);
    assert_non_null(strstr(fixture_words(fixture), "alice.conf"));
    assert_int_equal(fixture_remove(fixture, "alice", false), 0);
    assert_int_equal(fixture_must_create(fixture, "emil"), 200004);
}

static void test_uids_of_records_from_elsewhere(void **state)
{
    struct fixture *fixture = *state;
    static const char *const copied[] = {"200003", "200001", "200002",
                                         "200005", "199999", "300000"};
    assert_int_equal(fixture_must_create(fixture, "alice"), 200000);
    for (size_t i = 0; i < ELEMENTS(copied); i++) {
        char text[512];
        char file[32];
        int size = snprintf(text, sizeof(text), "uid = %s; created = 1; password = \"%s\";",
                            copied[i], FIXTURE_HASH);
        (void)snprintf(file, sizeof(file), "copy%zu.conf", i);
        fixture_write(fixture, file, text, (size_t)size);
    }
    assert_int_equal(fixture_must_create(fixture, "bob"), 200004);
    assert_int_equal(fixture_must_create(fixture, "carl"), 200006);
    assert_int_equal(fixture_must_create(fixture, "dora"), 200007);
}

/* The file of the next uid cut off anywhere, any bit of it turned, and gone: never a uid twice. */
static void test_damaged_hint(void **state)
{
    struct fixture *fixture = *state;
    char path[PATH_MAX];
    char text[256];
    unsigned count = 0;
    fixture_path(fixture, ".next-uid", path);
    for (size_t step = 0;; step += 7) {
        char name[32];
        (void)snprintf(name, sizeof(name), "u%u", count++);
        (void)fixture_must_create(fixture, name);
        cleanup_close int fd = open(path, O_RDWR | O_CLOEXEC);
        assert_true(fd >= 0);
        ssize_t size = read(fd, text, sizeof(text));
        assert_in_range(size, 10, sizeof(text) - 1);
        if (step >= (size_t)size * 8 + (size_t)size)
            break;
        if (step < (size_t)size) {
            assert_int_equal(ftruncate(fd, (off_t)step), 0);
        } else {
            size_t bit = step - (size_t)size;
            char c = (char)(text[bit / 8] ^ (1 << (bit % 8)));
            assert_int_equal(pwrite(fd, &c, 1, (off_t)(bit / 8)), 1);
        }
    }
    assert_true(count > 50);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/etc/hostname", path), 0);
    (void)fixture_must_create(fixture, "last");
    fixture_assert_all_different(fixture, "u", count);
    assert_int_equal(fixture_assert_whole(fixture, "last"), 200000 + count);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_uid_of_a_removed_user_rests),
        TEST(test_range_used_up),
        TEST(test_records_are_not_read_without_need),
        TEST(test_uids_of_records_from_elsewhere),
        TEST(test_damaged_hint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

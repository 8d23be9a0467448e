/*
 * lib/account.c and account_write.c: names, and records saved, loaded and listed (CVE_TESTS L09).
 */
#include "account_fixture.h"

#define GOOD "uid = 200007;\ncreated = 1795000000;\npassword = \"" FIXTURE_HASH "\";\n"

static void test_names_L09(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int result;
    } rows[] = {
        {"a", 0},
        {"alice", 0},
        {"0", 0},
        {"a.b_c-d9", 0},
        {"a..b", 0},
        {"abcdefghijklmnopqrstuvwxyz012345", 0},
        {"abcdefghijklmnopqrstuvwxyz0123456", -EINVAL},
        {"", -EINVAL},
        {".", -EINVAL},
        {"..", -EINVAL},
        {".alice", -EINVAL},
        {"alice.", -EINVAL},
        {"-rf", -EINVAL},
        {"_a", -EINVAL},
        {"../x", -EINVAL},
        {"a/b", -EINVAL},
        {"a:b", -EINVAL},
        {"a\nb", -EINVAL},
        {"a b", -EINVAL},
        {"Alice", -EINVAL},
        {"%n", -EINVAL},
        {"a%n", -EINVAL},
        {"\xc3\xa4", -EINVAL},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++)
        assert_int_equal(account_check_name(rows[i].name), rows[i].result);
}

static void test_bad_name_is_not_looked_for(void **state)
{
    struct fixture *fixture = *state;
    cleanup_account struct account *account = NULL;
    fixture_write(fixture, "Alice.conf", GOOD, sizeof(GOOD) - 1);
    assert_int_equal(fixture_load(fixture, "Alice", &account), -EINVAL);
    assert_int_equal(fixture_load(fixture, "../users/Alice", &account), -EINVAL);
}

/* Whoever can write to the directory can make himself an account. */
static void test_directory_of_somebody_else(void **state)
{
    struct fixture *fixture = *state;
    cleanup_account struct account *account = NULL;
    char moved[PATH_MAX];

    assert_int_equal(fixture_load(fixture, "alice", &account), -ENOENT);
    fixture_write(fixture, "alice.conf", GOOD, sizeof(GOOD) - 1);
    assert_int_equal(chmod(fixture->users, 0770), 0);
    assert_int_equal(fixture_load(fixture, "alice", &account), -EPERM);
    assert_non_null(strstr(fixture_words(fixture), "mode 0770"));
    assert_int_equal(chmod(fixture->users, 0700), 0);
    assert_int_equal(chown(fixture->users, 1000, 0), 0);
    assert_int_equal(fixture_load(fixture, "alice", &account), -EPERM);
    assert_int_equal(chown(fixture->users, 0, 0), 0);
    (void)snprintf(moved, sizeof(moved), "%s-moved", fixture->users);
    assert_int_equal(rename(fixture->users, moved), 0);
    assert_int_equal(symlink(moved, fixture->users), 0);
    assert_int_equal(fixture_load(fixture, "alice", &account), -ELOOP);
}

/* --- Writing --- */

static void test_save_and_load(void **state)
{
    struct fixture *fixture = *state;
    char name[] = "alice";
    char hash[] = "$6$a\"b\\c$xyz./";
    char homes[][64] = {"/srv/a b", "/srv/\"quoted\\", "/srv/gr\xc3\xbc\xc3\x9f", "/srv/\xff\xfe"};
    fixture->config.accounts_uid_max = UINT32_MAX - 1;
    for (size_t i = 0; i < ELEMENTS(homes); i++) {
        struct account account = {
            .name = name,
            .password = hash,
            .home = homes[i],
            .uid = 4000000000u + (uid_t)i,
            .gid = 4000000000u + (gid_t)i,
            .enabled = i % 2 == 0,
            .read_only = i % 2 == 1,
            .created = (time_t)9999999999 + (time_t)i,
        };
        struct stat status;
        char path[PATH_MAX];
        assert_int_equal(account_save(&fixture->config, &account, i == 0), 0);
        fixture_path(fixture, "alice.conf", path);
        assert_int_equal(lstat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777u, 0600);

        cleanup_account struct account *loaded = NULL;
        assert_int_equal(fixture_load(fixture, "alice", &loaded), 0);
        assert_string_equal(loaded->password, hash);
        assert_string_equal(loaded->home, homes[i]);
        assert_int_equal(loaded->uid, account.uid);
        assert_int_equal(loaded->enabled, account.enabled);
        assert_int_equal(loaded->read_only, account.read_only);
        assert_int_equal(loaded->created, account.created);
    }
}

static void test_save_refuses(void **state)
{
    struct fixture *fixture = *state;
    char alice[] = "alice";
    char bob[] = "bob";
    char hash[] = "$6$a$b";
    char empty[] = "";
    char relative[] = "srv";
    struct account account = {.name = alice,
                              .password = hash,
                              .uid = 200005,
                              .gid = 200005,
                              .enabled = true,
                              .created = 1};

    assert_int_equal(account_save(&fixture->config, &account, false), -ENOENT);
    assert_int_equal(account_save(&fixture->config, &account, true), 0);
    assert_int_equal(account_save(&fixture->config, &account, true), -EEXIST);
    assert_int_equal(account_save(&fixture->config, &account, false), 0);

    struct account other = account;
    other.name = bob;
    assert_int_equal(account_save(&fixture->config, &other, true), -EEXIST); /* alice's uid */
    other.uid = other.gid = 200006;
    assert_int_equal(account_save(&fixture->config, &other, true), 0);
    other.uid = other.gid = 200005;
    assert_int_equal(account_save(&fixture->config, &other, false), -EEXIST);

    struct account bad[] = {account, account, account, account, account, account};
    bad[0].uid = bad[0].gid = 0;
    bad[1].uid = bad[1].gid = 300000;
    bad[2].gid = 0;
    bad[3].password = empty;
    bad[4].home = relative;
    bad[5].name = empty;
    for (size_t i = 0; i < ELEMENTS(bad); i++)
        assert_int_equal(account_save(&fixture->config, &bad[i], false), -EINVAL);

    cleanup_account struct account *loaded = NULL;
    assert_int_equal(fixture_load(fixture, "alice", &loaded), 0);
    assert_int_equal(loaded->uid, 200005);
}

/* --- Listing --- */

struct seen {
    char names[256];
    int stop_after;
};

static int see(const char *name, void *data)
{
    struct seen *seen = data;
    size_t used = strlen(seen->names);
    (void)snprintf(seen->names + used, sizeof(seen->names) - used, "%s ", name);
    return --seen->stop_after == 0 ? 42 : 0;
}

static void test_list(void **state)
{
    struct fixture *fixture = *state;
    struct seen nobody = {0};
    assert_int_equal(account_list(&fixture->config, see, &nobody), 0);
    assert_string_equal(nobody.names, "");

    static const char *const files[] = {"bob.conf",    "alice.conf", "zoe.conf", ".next-uid",
                                        ".carl.new",   ".carl.tmp",  "README",   "Dora.conf",
                                        "alice.conf~", ".conf",      "a:b.conf", "0.conf"};
    for (size_t i = 0; i < ELEMENTS(files); i++)
        fixture_write(fixture, files[i], "", 0);
    struct seen all = {0};
    assert_int_equal(account_list(&fixture->config, see, &all), 0);
    assert_string_equal(all.names, "0 alice bob zoe ");
    struct seen some = {.stop_after = 2};
    assert_int_equal(account_list(&fixture->config, see, &some), 42);
    assert_string_equal(some.names, "0 alice ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_L09),
        TEST(test_bad_name_is_not_looked_for),
        TEST(test_directory_of_somebody_else),
        TEST(test_save_and_load),
        TEST(test_save_refuses),
        TEST(test_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * lib/account.c and account_write.c: names, and records changed, loaded and listed (CVE_TESTS L09).
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

/* --- Changing --- */

/* Gives the account everything of the one at DATA but its name and uid. */
static int take_all(struct account *account, void *data)
{
    const struct account *wanted = data;
    free(account->password);
    account->password = strdup(wanted->password);
    assert_non_null(account->password);
    account->enabled = wanted->enabled;
    account->read_only = wanted->read_only;
    account->tls = wanted->tls;
    account->role = wanted->role;
    account->created = wanted->created;
    account->expires = wanted->expires;
    return fixture_set_home(account, wanted->home);
}

static void test_change_and_load(void **state)
{
    struct fixture *fixture = *state;
    char name[] = "alice";
    char hash[] = "$6$a\"b\\c$xyz./";
    char homes[][64] = {"/srv/a b", "/srv/\"quoted\\", "/srv/gr\xc3\xbc\xc3\x9f", "/srv/\xff\xfe"};
    fixture->config.accounts_uid_min = UINT32_MAX - 2;
    fixture->config.accounts_uid_max = UINT32_MAX - 1;
    (void)fixture_must_create(fixture, name);
    for (size_t i = 0; i < ELEMENTS(homes); i++) {
        struct account wanted = {
            .password = hash,
            .home = homes[i],
            .enabled = i % 2 == 0,
            .read_only = i % 2 == 1,
            .tls = i % 3,
            .role = i % 2,
            .created = (time_t)9999999999 + (time_t)i,
            .expires = i == 0   ? 0
                       : i == 1 ? 1
                                : (time_t)ACCOUNT_EXPIRES_MAX,
        };
        struct stat status;
        char path[PATH_MAX];
        assert_int_equal(fixture_change(fixture, name, take_all, &wanted), 1);
        fixture_path(fixture, "alice.conf", path);
        assert_int_equal(lstat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777u, 0600);

        cleanup_account struct account *loaded = NULL;
        assert_int_equal(fixture_load(fixture, name, &loaded), 0);
        assert_string_equal(loaded->password, hash);
        assert_string_equal(loaded->home, homes[i]);
        assert_int_equal(loaded->uid, UINT32_MAX - 2);
        assert_int_equal(loaded->enabled, wanted.enabled);
        assert_int_equal(loaded->read_only, wanted.read_only);
        assert_int_equal(loaded->tls, wanted.tls);
        assert_int_equal(loaded->role, wanted.role);
        assert_int_equal(loaded->created, wanted.created);
        assert_int_equal(loaded->expires, wanted.expires);
    }
}

static int answer(struct account *account, void *data)
{
    account->read_only = !account->read_only;
    return *(int *)data;
}

static int spoil(struct account *account, void *data)
{
    switch (*(int *)data) {
    case 0: account->password[0] = '\0'; break;
    case 1: account->home[0] = 's'; break;
    case 2: account->created = -1; break;
    case 3: account->expires = -1; break;
    case 4: account->tls = 3; break;
    case 5: account->role = 2; break;
    default: account->expires = (time_t)ACCOUNT_EXPIRES_MAX + 1; break;
    }
    return 1;
}

static void test_change_refuses(void **state)
{
    struct fixture *fixture = *state;
    struct stat before;
    struct stat after;
    char path[PATH_MAX];
    int results[] = {0, -EPERM};
    assert_int_equal(fixture_change(fixture, "alice", answer, &results[0]), -ENOENT);
    assert_non_null(strstr(fixture_words(fixture), fixture->users)); /* not even the directory */
    (void)fixture_must_create(fixture, "bob");
    assert_int_equal(fixture_change(fixture, "alice", answer, &results[0]), -ENOENT);
    assert_int_equal(fixture_change(fixture, "../bob", answer, &results[0]), -EINVAL);

    /* What the change does not want, and what would be no record, is not written. */
    fixture_path(fixture, "bob.conf", path);
    assert_int_equal(lstat(path, &before), 0);
    for (size_t i = 0; i < ELEMENTS(results); i++)
        assert_int_equal(fixture_change(fixture, "bob", answer, &results[i]), results[i]);
    for (int i = 0; i < 7; i++)
        assert_int_equal(fixture_change(fixture, "bob", spoil, &i), -EINVAL);
    assert_int_equal(lstat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    cleanup_account struct account *loaded = NULL;
    assert_int_equal(fixture_load(fixture, "bob", &loaded), 0);
    assert_false(loaded->read_only);

    fixture_write(fixture, "bob.conf", "uid = 0;", 8);
    assert_int_equal(fixture_change(fixture, "bob", answer, &results[0]), -EBADMSG);
}

static void test_expired(void **state)
{
    (void)state;
    static const struct {
        time_t from_now; /* 0: never */
        bool expired;
    } rows[] = {{0, false}, {-1, true}, {-1000000, true}, {60, false}, {100000000, false}};
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct account account = {.expires = rows[i].from_now ? time(NULL) + rows[i].from_now : 0};
        assert_int_equal(account_is_expired(&account), rows[i].expired);
    }
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
    assert_int_equal(account_list(&fixture->config, see, &nobody), -ENOENT);
    assert_int_equal(mkdir(fixture->users, 0700), 0);
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
        TEST(test_change_and_load),
        TEST(test_change_refuses),
        cmocka_unit_test(test_expired),
        TEST(test_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * lib/account_create.c, account_store.c: accounts come into being whole or not at
 * all, whoever interrupts or competes (CVE_TESTS L10).
 */
#include "account_fixture.h"
#include "interrupted.h"

#include <signal.h>
#include <sys/resource.h>

static void home_path(const struct fixture *fixture, const char *name, char ret[PATH_MAX])
{
    (void)snprintf(ret, PATH_MAX, "%s/%s", fixture->homes, name);
}

static int count_one(const char *name, void *data)
{
    (void)name;
    (*(unsigned *)data)++;
    return 0;
}

static unsigned count_accounts(const struct fixture *fixture)
{
    unsigned count = 0;
    assert_int_equal(account_list(&fixture->config, count_one, &count), 0);
    return count;
}

static void test_create(void **state)
{
    struct fixture *fixture = *state;
    struct stat status;
    cleanup_account struct account *account = NULL;
    mode_t before = umask(0);
    const struct account_settings settings = {.enabled = false,
                                              .read_only = true,
                                              .tls = ACCOUNT_TLS_REQUIRED,
                                              .role = ACCOUNT_ADMIN,
                                              .certificate = ACCOUNT_CERTIFICATE_FACTOR,
                                              .certificate_name = "email:alice@example.org",
                                              .expires = 1798761599};
    assert_int_equal(account_create(&fixture->config, "alice", FIXTURE_HASH, &settings, &account,
                                    &fixture->problem),
                     0);
    (void)umask(before);
    assert_int_equal(account->uid, 200000);
    assert_int_equal(account->gid, 200000);
    assert_int_equal(fixture_assert_whole(fixture, "alice"), 200000);

    cleanup_account struct account *loaded = NULL;
    assert_int_equal(fixture_load(fixture, "alice", &loaded), 0);
    assert_string_equal(loaded->password, FIXTURE_HASH);
    assert_true(loaded->read_only);
    assert_int_equal(loaded->tls, ACCOUNT_TLS_REQUIRED);
    assert_int_equal(loaded->role, ACCOUNT_ADMIN);
    assert_int_equal(loaded->certificate, ACCOUNT_CERTIFICATE_FACTOR);
    assert_string_equal(loaded->certificate_name, "email:alice@example.org");
    assert_false(loaded->enabled);
    assert_int_equal(loaded->expires, 1798761599);
    assert_true(loaded->created >= time(NULL) - 60 && loaded->created <= time(NULL));

    assert_int_equal(lstat(fixture->users, &status), 0);
    assert_int_equal(status.st_mode & 07777u, 0700);
    assert_int_equal(lstat(fixture->homes, &status), 0);
    assert_int_equal(status.st_mode & 07777u, 0751);
    assert_int_equal(status.st_gid, fixture->config.accounts_uid_max);
    assert_int_equal(fixture_create(fixture, "alice", NULL), -EEXIST);
    assert_int_equal(count_accounts(fixture), 1);
}

static void test_modes_do_not_depend_on_umask(void **state)
{
    struct fixture *fixture = *state;
    struct stat status;
    mode_t before = umask(0777);
    int r = fixture_create(fixture, "alice", NULL);
    (void)umask(before);
    assert_int_equal(r, 0);
    (void)fixture_assert_whole(fixture, "alice");
    assert_int_equal(lstat(fixture->homes, &status), 0);
    assert_int_equal(status.st_mode & 07777u, 0751);
    assert_int_equal(status.st_gid, fixture->config.accounts_uid_max);
}

static void test_only_the_last_component_is_made(void **state)
{
    struct fixture *fixture = *state;
    char deep[PATH_MAX];
    (void)snprintf(deep, sizeof(deep), "%s/missing/homes", fixture->root);
    fixture->config.directories_homes = deep;
    assert_int_equal(fixture_create(fixture, "alice", NULL), -ENOENT);
    (void)snprintf(deep, sizeof(deep), "the directory %s/missing, in which homes is",
                   fixture->root);
    assert_non_null(strstr(fixture_words(fixture), deep)); /* what is missing, not what is made */
    assert_int_equal(count_accounts(fixture), 0);

    (void)snprintf(deep, sizeof(deep), "%s/gone/far/users", fixture->root);
    fixture->config.directories_users = deep;
    assert_int_equal(fixture_create(fixture, "alice", NULL), -ENOENT);
    (void)snprintf(deep, sizeof(deep), "the directory %s/gone/far, in which users", fixture->root);
    assert_non_null(strstr(fixture_words(fixture), deep));
}

static void test_bad_names_L09(void **state)
{
    struct fixture *fixture = *state;
    static const char *const names[] = {"", ".", "..", "../x", "-rf", "a:b", "a\nb", "%n", "A"};
    for (size_t i = 0; i < ELEMENTS(names); i++)
        assert_int_equal(fixture_create(fixture, names[i], NULL), -EINVAL);
    struct stat status;
    assert_int_equal(lstat(fixture->users, &status), -1); /* nothing was written at all */
    assert_int_equal(lstat(fixture->homes, &status), -1);
}

/* --- A folder that is there already --- */

static void assert_refused(struct fixture *fixture, const char *words)
{
    assert_int_equal(fixture_create(fixture, "alice", NULL), -EEXIST);
    assert_non_null(strstr(fixture_words(fixture), words));
    assert_int_equal(count_accounts(fixture), 0);
}

static void test_folder_of_somebody_else_L10(void **state)
{
    struct fixture *fixture = *state;
    char home[PATH_MAX];
    char target[PATH_MAX];
    struct stat status;
    home_path(fixture, "alice", home);
    (void)snprintf(target, sizeof(target), "%s/target", fixture->root);
    assert_int_equal(mkdir(fixture->homes, 0711), 0);
    assert_int_equal(mkdir(target, 0700), 0);

    assert_int_equal(symlink(target, home), 0);
    assert_refused(fixture, "is no directory");
    assert_int_equal(lstat(target, &status), 0);
    assert_int_equal(status.st_uid, 0); /* the link was not followed */
    assert_int_equal(unlink(home), 0);

    assert_int_equal(mknod(home, S_IFREG | 0600, 0), 0);
    assert_refused(fixture, "is no directory");
    assert_int_equal(unlink(home), 0);

    assert_int_equal(mkdir(home, 0700), 0);
    assert_int_equal(chown(home, 200000, 200000), 0); /* the very uid that would be next */
    assert_refused(fixture, "belongs to uid 200000");

    assert_int_equal(chown(home, 0, 0), 0);
    (void)snprintf(target, sizeof(target), "%s/alice/.hidden", fixture->homes);
    assert_int_equal(mkdir(target, 0700), 0);
    assert_refused(fixture, "not empty");
    assert_int_equal(lstat(home, &status), 0);
    assert_int_equal(status.st_uid, 0);

    assert_int_equal(rmdir(target), 0);
    assert_int_equal(chmod(home, 0755), 0);
    assert_int_equal(fixture_create(fixture, "alice", NULL), 0); /* root's and empty: taken over */
    (void)fixture_assert_whole(fixture, "alice");
}

static void test_homes_of_somebody_else(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(mkdir(fixture->homes, 0711), 0);
    assert_int_equal(chmod(fixture->homes, 0777), 0);
    assert_int_equal(fixture_create(fixture, "alice", NULL), -EPERM);
    assert_int_equal(chmod(fixture->homes, 0711), 0);
    assert_int_equal(chown(fixture->homes, 1000, 0), 0);
    assert_int_equal(fixture_create(fixture, "alice", NULL), -EPERM);
    assert_int_equal(count_accounts(fixture), 0);
}

/* --- Competition --- */

enum { PROCESSES = 6, EACH = 8 };

/* Runs ACTION in PROCESSES children at once and returns how many ended with 0; others must end
 * with 1. */
static unsigned run_together(struct fixture *fixture,
                             int (*action)(struct fixture *fixture, unsigned number))
{
    pid_t children[PROCESSES];
    unsigned succeeded = 0;
    for (unsigned i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0)
            _exit(action(fixture, i));
    }
    for (unsigned i = 0; i < PROCESSES; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
        succeeded += WEXITSTATUS(status) == 0;
    }
    return succeeded;
}

static int create_same(struct fixture *fixture, unsigned number)
{
    (void)number;
    int r = fixture_create(fixture, "alice", NULL);
    return r == 0 ? 0 : (r == -EEXIST ? 1 : 2);
}

static int create_many(struct fixture *fixture, unsigned number)
{
    for (unsigned i = 0; i < EACH; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "u%u", number * EACH + i);
        if (fixture_create(fixture, name, NULL) < 0)
            return 2;
    }
    return 0;
}

static void test_two_at_once_L10(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(run_together(fixture, create_same), 1);
    (void)fixture_assert_whole(fixture, "alice");
    assert_int_equal(run_together(fixture, create_many), PROCESSES);
    fixture_assert_all_different(fixture, "u", PROCESSES * EACH);
    assert_int_equal(count_accounts(fixture), PROCESSES * EACH + 1);
}

static int count_up(struct account *account, void *data)
{
    (void)data;
    account->expires++;
    return 1;
}

static int change_many(struct fixture *fixture, unsigned number)
{
    (void)number;
    for (unsigned i = 0; i < EACH; i++)
        if (fixture_change(fixture, "alice", count_up, NULL) != 1)
            return 2;
    return 0;
}

/* What one administrator changes is not undone by another who read the record before: else a lock
 * could get lost under an upgrade of the password's hash. */
static void test_no_change_is_lost_L10(void **state)
{
    struct fixture *fixture = *state;
    cleanup_account struct account *account = NULL;
    (void)fixture_must_create(fixture, "alice");
    assert_int_equal(run_together(fixture, change_many), PROCESSES);
    assert_int_equal(fixture_load(fixture, "alice", &account), 0);
    assert_int_equal(account->expires, PROCESSES * EACH);
}

/* --- Interruption --- */

static void create_alice(void *data)
{
    (void)fixture_create(data, "alice", NULL);
}

/* Killed before every single system call: afterwards there is no account or a whole one, another
 * account can be made and gets another uid, and running it again completes it. */
static void test_killed_at_every_step_L10(void **state)
{
    struct fixture *fixture = *state;
    unsigned calls = 0;
    bool killed = true;
    for (; killed; calls++) {
        char other[32];
        cleanup_account struct account *account = NULL;
        killed = run_interrupted(create_alice, fixture, calls);
        int r = fixture_load(fixture, "alice", &account);
        if (r == 0)
            (void)fixture_assert_whole(fixture, "alice");
        else
            assert_int_equal(r, -ENOENT);

        (void)snprintf(other, sizeof(other), "other%u", calls);
        uid_t other_uid = fixture_must_create(fixture, other);
        assert_int_equal(fixture_create(fixture, "alice", NULL), r == 0 ? -EEXIST : 0);
        assert_int_not_equal(fixture_assert_whole(fixture, "alice"), other_uid);
        assert_int_equal(fixture_remove(fixture, "alice", true), 0);
    }
    assert_true(calls > 30); /* it really was interrupted all along the way */
    fixture_assert_all_different(fixture, "other", calls);
}

static int take_x(struct account *account, void *data)
{
    (void)data;
    account->password[strlen(account->password) - 1] = 'X';
    account->enabled = false;
    account->expires = 1;
    return 1;
}

static void change_alice(void *data)
{
    (void)fixture_change(data, "alice", take_x, NULL);
}

/* The old record or the new one, never between. */
static void test_change_killed_at_every_step_L10(void **state)
{
    struct fixture *fixture = *state;
    unsigned old = 0;
    unsigned changed = 0;
    for (unsigned calls = 0, killed = 1; killed; calls++) {
        (void)fixture_must_create(fixture, "alice");
        killed = run_interrupted(change_alice, fixture, calls);
        cleanup_account struct account *account = NULL;
        assert_int_equal(fixture_load(fixture, "alice", &account), 0);
        size_t last = strlen(FIXTURE_HASH) - 1;
        assert_int_equal(strncmp(account->password, FIXTURE_HASH, last), 0);
        bool is_new = account->password[last] == 'X';
        assert_int_equal(account->enabled, !is_new);
        assert_int_equal(account->expires, is_new ? 1 : 0);
        if (is_new)
            changed++;
        else
            old++;
        assert_int_equal(fixture_change(fixture, "alice", take_x, NULL), 1); /* runs again */
        assert_int_equal(fixture_remove(fixture, "alice", true), 0);
    }
    assert_true(old > 15);
    assert_true(changed > 1);
}

/* A disk that is full after so many bytes of a file: the same. */
static void test_disk_full_L10(void **state)
{
    struct fixture *fixture = *state;
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    unsigned failed = 0;
    for (rlim_t size = 0; size < 200; size += 9) {
        cleanup_account struct account *account = NULL;
        struct rlimit small = {.rlim_cur = size, .rlim_max = before.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        int r = fixture_create(fixture, "alice", NULL);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(fixture_load(fixture, "alice", &account), r == 0 ? 0 : -ENOENT);
        if (r < 0) {
            assert_int_equal(r, -EFBIG);
            failed++;
            assert_int_equal(fixture_create(fixture, "alice", NULL), 0);
        }
        (void)fixture_assert_whole(fixture, "alice");
        assert_int_equal(fixture_remove(fixture, "alice", true), 0);
    }
    (void)signal(SIGXFSZ, handler);
    assert_in_range(failed, 10, 20);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_create),
        TEST(test_modes_do_not_depend_on_umask),
        TEST(test_only_the_last_component_is_made),
        TEST(test_bad_names_L09),
        TEST(test_folder_of_somebody_else_L10),
        TEST(test_homes_of_somebody_else),
        TEST(test_two_at_once_L10),
        TEST(test_no_change_is_lost_L10),
        TEST(test_killed_at_every_step_L10),
        TEST(test_change_killed_at_every_step_L10),
        TEST(test_disk_full_L10),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * lib/account_remove.c and lib/tree.c: accounts go, with their folders or without, whatever the
 * folder holds (CVE_TESTS P08, F07) and whoever interrupts, and nothing else goes with them.
 */
#include "account_fixture.h"
#include "interrupted.h"

#include "lib/ledger.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

static void alice_path(const struct fixture *fixture, const char *file, char ret[PATH_MAX])
{
    (void)snprintf(ret, PATH_MAX, "%s/alice%s%s", fixture->homes, file[0] ? "/" : "", file);
}

static bool exists(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

static bool alice_has(const struct fixture *fixture, const char *file)
{
    char path[PATH_MAX];
    alice_path(fixture, file, path);
    return exists(path);
}

static void make_file(const char *path)
{
    assert_int_equal(mknod(path, S_IFREG | 0600, 0), 0);
}

/* Makes FILE, or the directory FILE if it ends in a slash, in alice's folder, as alice's. */
static void alice_make(const struct fixture *fixture, const char *file)
{
    char path[PATH_MAX];
    alice_path(fixture, file, path);
    if (file[strlen(file) - 1] == '/')
        assert_int_equal(mkdir(path, 0700), 0);
    else
        make_file(path);
    assert_int_equal(lchown(path, 200000, 200000), 0);
}

static void alice_create(struct fixture *fixture)
{
    if (fixture_create(fixture, "alice", NULL) < 0)
        fail_msg("%s", fixture_words(fixture));
}

static bool alice_is_enabled(struct fixture *fixture)
{
    cleanup_account struct account *account = NULL;
    assert_int_equal(fixture_load(fixture, "alice", &account), 0);
    return account->enabled;
}

static void assert_gone(struct fixture *fixture)
{
    cleanup_account struct account *account = NULL;
    assert_int_equal(fixture_load(fixture, "alice", &account), -ENOENT);
    assert_false(alice_has(fixture, ""));
}

static void assert_purged(struct fixture *fixture)
{
    if (fixture_remove(fixture, "alice", true) < 0)
        fail_msg("%s", fixture_words(fixture));
    assert_gone(fixture);
}

static void test_folder_is_kept(void **state)
{
    struct fixture *fixture = *state;
    cleanup_account struct account *account = NULL;
    alice_create(fixture);
    alice_make(fixture, "file");
    assert_int_equal(fixture_remove(fixture, "alice", false), 0);
    assert_int_equal(fixture_load(fixture, "alice", &account), -ENOENT);
    assert_true(alice_has(fixture, "file"));
    /* and does not become the next alice's */
    assert_int_equal(fixture_create(fixture, "alice", NULL), -EEXIST);
}

/* The next who gets the uid must not begin with what alice has stored. */
static void test_ledger_goes_too(void **state)
{
    struct fixture *fixture = *state;
    for (int purge = 0; purge < 2; purge++) {
        const char *name = purge ? "alice" : "bob";
        const struct ledger_amount quota = {1000, 10};
        struct ledger ledger;
        struct ledger_state found;
        uid_t uid = 0;
        assert_int_equal(fixture_create(fixture, name, &uid), 0);
        assert_int_equal(ledger_open(&fixture->config, uid, &quota, &ledger, NULL), 0);
        ledger_close(&ledger, false);
        assert_int_equal(ledger_read(&fixture->config, uid, &found), 0);
        if (fixture_remove(fixture, name, purge) < 0)
            fail_msg("%s", fixture_words(fixture));
        assert_int_equal(ledger_read(&fixture->config, uid, &found), -ENOENT);
    }
}

static void test_nobody(void **state)
{
    struct fixture *fixture = *state;
    static const char *const names[] = {"", "..", "../users/alice", "-rf", "alice/"};
    assert_int_equal(fixture_remove(fixture, "alice", false), -ENOENT);
    assert_int_equal(fixture_remove(fixture, "alice", true), -ENOENT);
    alice_create(fixture);
    for (size_t i = 0; i < ELEMENTS(names); i++)
        for (int purge = 0; purge < 2; purge++)
            assert_int_equal(fixture_remove(fixture, names[i], purge), -EINVAL);
    assert_int_equal(fixture_remove(fixture, "bob", true), -ENOENT);
    (void)fixture_assert_whole(fixture, "alice");
}

static void test_malformed_record_goes_without_its_folder_only(void **state)
{
    struct fixture *fixture = *state;
    alice_create(fixture);
    fixture_write(fixture, "alice.conf", "uid = 0;", 8);
    assert_int_equal(fixture_remove(fixture, "alice", true), -EBADMSG);
    assert_true(alice_has(fixture, ""));
    assert_int_equal(fixture_remove(fixture, "alice", false), 0);
    assert_true(alice_has(fixture, ""));
}

static void test_purge_everything_F07(void **state)
{
    struct fixture *fixture = *state;
    char path[PATH_MAX];
    char outside[PATH_MAX];
    (void)snprintf(outside, sizeof(outside), "%s/outside", fixture->root);
    assert_int_equal(mkdir(outside, 0700), 0);
    (void)snprintf(path, sizeof(path), "%s/outside/precious", fixture->root);
    make_file(path);

    alice_create(fixture);
    static const char *const files[] = {"a/",
                                        "a/b/",
                                        "a/b/c",
                                        "a/b/d/",
                                        "a/b/d/e",
                                        "empty/",
                                        ".x",
                                        "closed/",
                                        "closed/closed/",
                                        "closed/closed/file",
                                        ".cellftpd-removed-0",
                                        ".cellftpd-removed-1/",
                                        ".cellftpd-removed-1/f",
                                        "line\nfeed"};
    for (size_t i = 0; i < ELEMENTS(files); i++)
        alice_make(fixture, files[i]);
    alice_path(fixture, "a/b/link", path);
    assert_int_equal(symlink(outside, path), 0);
    alice_path(fixture, "loop", path);
    assert_int_equal(symlink(".", path), 0);
    alice_path(fixture, "pipe", path);
    assert_int_equal(mkfifo(path, 0600), 0);
    alice_path(fixture, "closed/closed", path);
    assert_int_equal(chmod(path, 0), 0);
    alice_path(fixture, "closed", path);
    assert_int_equal(chmod(path, 0), 0);

    assert_purged(fixture);
    (void)snprintf(path, sizeof(path), "%s/outside/precious", fixture->root);
    assert_true(exists(path));
}

/* Made by a client with "MKD d" and "CWD d", far beyond PATH_MAX. */
static void test_purge_deep_tree_P08(void **state)
{
    struct fixture *fixture = *state;
    enum { DEPTH = 5000 };
    char path[PATH_MAX];
    alice_create(fixture);
    alice_path(fixture, "", path);
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (unsigned i = 0; i < DEPTH; i++) {
        assert_int_equal(mkdirat(directory, "d", 0700), 0);
        int below = openat(directory, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(below >= 0);
        directory = close_fd(directory);
        directory = below;
    }
    directory = close_fd(directory);

    struct rlimit files;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    struct rlimit few = {.rlim_cur = 16, .rlim_max = files.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    int r = fixture_remove(fixture, "alice", true);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    assert_int_equal(r, 0);
    assert_gone(fixture);
}

static void test_purge_without_a_folder(void **state)
{
    struct fixture *fixture = *state;
    char path[PATH_MAX];
    alice_create(fixture);
    alice_path(fixture, "", path);
    assert_int_equal(rmdir(path), 0);
    assert_purged(fixture);
    alice_create(fixture);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(fixture->homes), 0);
    assert_purged(fixture);
}

/* --- What is not the account's is not removed --- */

static void set_home(struct fixture *fixture, const char *home)
{
    cleanup_free char *copy = strdup(home);
    assert_int_equal(fixture_change(fixture, "alice", fixture_set_home, copy), 1);
}

static void assert_purge_refused(struct fixture *fixture, int error)
{
    assert_int_equal(fixture_remove(fixture, "alice", true), error);
    assert_true(buffer_size(&fixture->problem) > 0);
    assert_true(alice_is_enabled(fixture)); /* nothing has been begun */
}

static void test_folder_of_somebody_else(void **state)
{
    struct fixture *fixture = *state;
    char path[PATH_MAX];
    char other[PATH_MAX];
    alice_create(fixture);
    alice_make(fixture, "file");
    assert_int_equal(fixture_create(fixture, "bob", NULL), 0);

    (void)snprintf(other, sizeof(other), "%s/bob/", fixture->homes);
    set_home(fixture, other);
    assert_purge_refused(fixture, -EPERM);
    assert_true(exists(other));
    set_home(fixture, fixture->homes);
    assert_purge_refused(fixture, -EPERM);
    set_home(fixture, "/etc");
    assert_purge_refused(fixture, -EPERM);

    alice_path(fixture, "", path);
    (void)snprintf(other, sizeof(other), "%s/link", fixture->homes);
    assert_int_equal(symlink(path, other), 0);
    set_home(fixture, other);
    assert_purge_refused(fixture, -ELOOP);
    (void)snprintf(other, sizeof(other), "%s/link/sub", fixture->homes);
    set_home(fixture, other);
    assert_purge_refused(fixture, -ELOOP);
    assert_true(alice_has(fixture, "file"));
}

/* Mounts that the test makes are seen by this process only. */
static void own_mounts(void)
{
    assert_int_equal(unshare(CLONE_NEWNS), 0);
    assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
}

/* A bind mount of the same file system, whose device number tells nothing. */
static void mount_outside(const struct fixture *fixture, const char *file)
{
    char outside[PATH_MAX];
    char path[PATH_MAX];
    (void)snprintf(outside, sizeof(outside), "%s/outside", fixture->root);
    alice_path(fixture, file, path);
    assert_int_equal(mount(outside, path, NULL, MS_BIND, NULL), 0);
}

static void unmount(const struct fixture *fixture, const char *file)
{
    char path[PATH_MAX];
    alice_path(fixture, file, path);
    assert_int_equal(umount2(path, UMOUNT_NOFOLLOW), 0);
}

static void make_outside(const struct fixture *fixture, char precious[PATH_MAX])
{
    char outside[PATH_MAX];
    (void)snprintf(outside, sizeof(outside), "%s/outside", fixture->root);
    assert_int_equal(mkdir(outside, 0700), 0);
    assert_int_equal(chown(outside, 200000, 200000), 0);
    (void)snprintf(precious, PATH_MAX, "%s/outside/precious", fixture->root);
    make_file(precious);
}

static void test_mount_is_refused(void **state)
{
    struct fixture *fixture = *state;
    static const char *const points[] = {"", "mnt", "a/b/mnt", "a/b/with blank\n"};
    char precious[PATH_MAX];
    own_mounts();
    make_outside(fixture, precious);
    alice_create(fixture);
    static const char *const files[] = {"a/",   "a/b/", "a/b/mnt/", "a/b/with blank\n/",
                                        "mnt/", "file"};
    for (size_t i = 0; i < ELEMENTS(files); i++)
        alice_make(fixture, files[i]);

    for (size_t i = 0; i < ELEMENTS(points); i++) {
        mount_outside(fixture, points[i]);
        int r = fixture_remove(fixture, "alice", true);
        assert_int_equal(r, points[i][0] ? -EBUSY : -EXDEV);
        assert_non_null(strstr(fixture_words(fixture), "mount point"));
        unmount(fixture, points[i]);
        assert_true(alice_is_enabled(fixture)); /* nothing has been begun */
        for (size_t j = 0; j < ELEMENTS(files); j++)
            assert_true(alice_has(fixture, files[j]));
    }
    assert_purged(fixture);
    assert_true(exists(precious));
}

/* One that appears while the tree is being removed. */
static void test_mount_is_never_crossed(void **state)
{
    struct fixture *fixture = *state;
    static const char *const points[] = {"mnt", "a/mnt"};
    char precious[PATH_MAX];
    char home[PATH_MAX];
    own_mounts();
    make_outside(fixture, precious);
    alice_create(fixture);
    alice_make(fixture, "a/");
    alice_make(fixture, "a/mnt/");
    alice_make(fixture, "mnt/");
    alice_path(fixture, "", home);
    cleanup_close int folder = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < ELEMENTS(points); i++) {
        mount_outside(fixture, points[i]);
        assert_int_equal(tree_empty(folder, &fixture->problem), -EBUSY);
        assert_true(exists(precious));
        unmount(fixture, points[i]);
        if (i == 0) {
            assert_int_equal(tree_empty(folder, &fixture->problem), 0);
            alice_make(fixture, "a/");
            alice_make(fixture, "a/mnt/");
        }
    }
    assert_purged(fixture);
    assert_true(exists(precious));
}

/* --- Interruption --- */

static void purge_alice(void *data)
{
    (void)fixture_remove(data, "alice", true);
}

/* Killed before every single system call: there is an account, disabled once anything of it is
 * gone, or there is none and no folder; running it again completes it. */
static void test_killed_at_every_step(void **state)
{
    struct fixture *fixture = *state;
    unsigned calls = 0;
    for (bool killed = true; killed; calls++) {
        alice_create(fixture);
        alice_make(fixture, "a/");
        alice_make(fixture, "a/b/");
        alice_make(fixture, "a/b/c");
        alice_make(fixture, "d");
        killed = run_interrupted(purge_alice, fixture, calls);

        cleanup_account struct account *account = NULL;
        int r = fixture_load(fixture, "alice", &account);
        if (r == -ENOENT) {
            assert_gone(fixture);
            continue;
        }
        assert_int_equal(r, 0);
        bool whole = alice_has(fixture, "a/b/c") && alice_has(fixture, "d");
        assert_true(whole || !account->enabled);
        assert_purged(fixture);
    }
    assert_true(calls > 40);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_folder_is_kept),
        TEST(test_ledger_goes_too),
        TEST(test_nobody),
        TEST(test_malformed_record_goes_without_its_folder_only),
        TEST(test_purge_everything_F07),
        TEST(test_purge_deep_tree_P08),
        TEST(test_purge_without_a_folder),
        TEST(test_folder_of_somebody_else),
        TEST(test_mount_is_refused),
        TEST(test_mount_is_never_crossed),
        TEST(test_killed_at_every_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

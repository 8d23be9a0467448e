/*
 * A users directory and a homes directory of their own for the tests of lib/account*.c, in a new
 * temporary directory. Only those tests include it.
 */
#pragma once

#include "lib/account.h"

#include "lib/cleanup.h"
#include "lib/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define FIXTURE_HASH "$y$j75$abcdefghijklmnopqrstuv$0123456789012345678901234567890123456789012"

static const struct account_settings fixture_settings = {.enabled = true};

struct fixture {
    struct config config;
    struct buffer problem; /* words of the last call */
    char state[PATH_MAX / 2];
    char root[PATH_MAX / 4];
    char users[PATH_MAX / 2];
    char homes[PATH_MAX / 2];
    char skeleton[PATH_MAX / 2];
};

static int fixture_setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    if (!fixture)
        return -1;
    (void)snprintf(fixture->root, sizeof(fixture->root), "/tmp/cellftpd-account-XXXXXX");
    if (!mkdtemp(fixture->root))
        return -1;
    (void)snprintf(fixture->state, sizeof(fixture->state), "%s/state", fixture->root);
    fixture->config.directories_state = fixture->state;
    (void)snprintf(fixture->users, sizeof(fixture->users), "%s/users", fixture->root);
    (void)snprintf(fixture->homes, sizeof(fixture->homes), "%s/homes", fixture->root);
    fixture->config.directories_users = fixture->users;
    fixture->config.directories_homes = fixture->homes;
    fixture->config.accounts_uid_min = 200000;
    fixture->config.accounts_uid_max = 299999;
    fixture->config.accounts_skeleton = fixture->skeleton;
    (void)snprintf(fixture->skeleton, sizeof(fixture->skeleton), "%s/skeleton", fixture->root);
    buffer_init(&fixture->problem, 65536);
    *state = fixture;
    return 0;
}

static int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    cleanup_close int root = open(fixture->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r = root < 0 ? -1 : tree_empty(root, &fixture->problem);
    if (rmdir(fixture->root) < 0)
        r = -1;
    buffer_free(&fixture->problem);
    free(fixture);
    return r;
}

/* The words of the last call, terminated. */
__attribute__((unused)) static const char *fixture_words(struct fixture *fixture)
{
    assert_int_equal(buffer_append(&fixture->problem, "", 1), 0);
    return buffer_begin(&fixture->problem);
}

/* The path of FILE in the users directory or below it. */
static void fixture_path(const struct fixture *fixture, const char *file, char ret[PATH_MAX])
{
    (void)snprintf(ret, PATH_MAX, "%s/%s", fixture->users, file);
}

/* Replaces FILE in the users directory by SIZE bytes of TEXT, 0600. */
__attribute__((unused)) static void fixture_write(const struct fixture *fixture, const char *file,
                                                  const char *text, size_t size)
{
    char path[PATH_MAX];
    fixture_path(fixture, file, path);
    assert_true(mkdir(fixture->users, 0700) == 0 || errno == EEXIST);
    (void)unlink(path);
    cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, size), size);
}

static int fixture_load(struct fixture *fixture, const char *name, struct account **ret)
{
    buffer_clear(&fixture->problem);
    *ret = NULL;
    return account_load(&fixture->config, name, ret, &fixture->problem);
}

__attribute__((unused)) static int fixture_create(struct fixture *fixture, const char *name,
                                                  uid_t *ret)
{
    cleanup_account struct account *account = NULL;
    buffer_clear(&fixture->problem);
    int r = account_create(&fixture->config, name, FIXTURE_HASH, &fixture_settings, &account,
                           &fixture->problem);
    if (r == 0 && ret)
        *ret = account->uid;
    return r;
}

/* Has CHANGE edit the account. Result as account_change. */
__attribute__((unused)) static int fixture_change(struct fixture *fixture, const char *name,
                                                  account_changer change, void *data)
{
    cleanup_account struct account *account = NULL;
    buffer_clear(&fixture->problem);
    return account_change(&fixture->config, name, change, data, &account, &fixture->problem);
}

/* A change that gives the account the folder DATA. */
__attribute__((unused)) static int fixture_set_home(struct account *account, void *data)
{
    free(account->home);
    account->home = strdup(data);
    return account->home ? 1 : -ENOMEM;
}

__attribute__((unused)) static int fixture_remove(struct fixture *fixture, const char *name,
                                                  bool purge)
{
    buffer_clear(&fixture->problem);
    return account_remove(&fixture->config, name, purge, NULL, NULL, &fixture->problem);
}

/* NAME is a whole account: a good record, and a folder of its own that is its uid's alone. */
__attribute__((unused)) static uid_t fixture_assert_whole(struct fixture *fixture, const char *name)
{
    struct stat status;
    cleanup_account struct account *account = NULL;
    assert_int_equal(fixture_load(fixture, name, &account), 0);
    assert_int_equal(lstat(account->home, &status), 0);
    assert_true(S_ISDIR(status.st_mode));
    assert_int_equal(status.st_mode & 07777u, 0700);
    assert_int_equal(status.st_uid, account->uid);
    assert_int_equal(status.st_gid, account->uid);
    return account->uid;
}

/* Creates an account that must succeed. */
__attribute__((unused)) static uid_t fixture_must_create(struct fixture *fixture, const char *name)
{
    uid_t uid = 0;
    if (fixture_create(fixture, name, &uid) < 0)
        fail_msg("%s: %s", name, fixture_words(fixture));
    return uid;
}

/* The accounts PREFIX0, PREFIX1 ... are whole and no two have one uid. */
__attribute__((unused)) static void fixture_assert_all_different(struct fixture *fixture,
                                                                 const char *prefix, unsigned count)
{
    uid_t uids[256];
    assert_true(count <= ELEMENTS(uids));
    for (unsigned i = 0; i < count; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "%s%u", prefix, i);
        uids[i] = fixture_assert_whole(fixture, name);
        for (unsigned j = 0; j < i; j++)
            assert_int_not_equal(uids[i], uids[j]);
    }
}

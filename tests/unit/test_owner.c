/*
 * session/owner.c: whose the things are that an administrator's session makes and moves, where the
 * session tests cannot get between two steps. Runs as root, which may all that the session may.
 */
#include "lib/cleanup.h"
#include "session/owner.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

enum { FIRST = 200000, LAST = 200999, ALICE = 200001, BOB = 200002, FOREIGN = 4711 };

static const struct config config = {.accounts_uid_min = FIRST, .accounts_uid_max = LAST};

static struct session *session_of(bool admin)
{
    struct session *session = calloc(1, sizeof(*session));
    assert_non_null(session);
    session->config = &config;
    session->uid = admin ? LAST : ALICE;
    session->flags = admin ? ACCOUNT_IS_ADMIN : 0;
    return session;
}

struct folders {
    char path[32];
    int alice, bob;
};

static int folder_of(const char *path, const char *name, uid_t owner)
{
    cleanup_close int top = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(mkdirat(top, name, 0700), 0);
    assert_int_equal(fchownat(top, name, owner, owner, 0), 0);
    int fd = openat(top, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static struct folders make_folders(void)
{
    struct folders folders = {.path = "/tmp/cellftpd-owner-XXXXXX"};
    assert_non_null(mkdtemp(folders.path));
    folders.alice = folder_of(folders.path, "alice", ALICE);
    folders.bob = folder_of(folders.path, "bob", BOB);
    return folders;
}

static void end_folders(struct folders *folders)
{
    static const char *const files[] = {"f", "g"};
    static const char *const directories[] = {"d/e", "d"};
    for (size_t i = 0; i < 2; i++) {
        (void)unlinkat(folders->alice, files[i], 0);
        (void)unlinkat(folders->bob, files[i], 0);
    }
    for (size_t i = 0; i < 2; i++) {
        (void)unlinkat(folders->alice, directories[i], AT_REMOVEDIR);
        (void)unlinkat(folders->bob, directories[i], AT_REMOVEDIR);
    }
    (void)close(folders->alice);
    (void)close(folders->bob);
    cleanup_close int top = open(folders->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(unlinkat(top, "alice", AT_REMOVEDIR), 0);
    assert_int_equal(unlinkat(top, "bob", AT_REMOVEDIR), 0);
    assert_int_equal(rmdir(folders->path), 0);
}

static int make_file(int directory, const char *name, uid_t uid, gid_t gid)
{
    int fd = openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(fchown(fd, uid, gid), 0);
    return fd;
}

static uid_t owner_now(int directory, const char *name)
{
    struct stat status;
    assert_int_equal(fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW), 0);
    return status.st_uid;
}

static void test_A20_owner_of_a_directory(void **state)
{
    (void)state;
    static const struct {
        uid_t uid;
        gid_t gid;
        int expected;
    } rows[] = {
        {ALICE, ALICE, 0},
        {ALICE, BOB, 0},
        {FIRST, LAST, 0},
        {ALICE, FOREIGN, -EPERM},
        {0, 0, -EPERM},
        {FOREIGN, ALICE, -EPERM},
        {LAST, LAST, -EPERM},
        {FIRST - 1, FIRST, -EPERM},
        {ALICE, 0, -EPERM},
        {ALICE, LAST + 1, -EPERM},
        {LAST + 1, ALICE, -EPERM},
    };
    cleanup_free struct session *admin = session_of(true);
    cleanup_free struct session *user = session_of(false);
    struct folders folders = make_folders();
    struct owner owner;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        assert_int_equal(fchownat(folders.alice, "", rows[i].uid, rows[i].gid, AT_EMPTY_PATH), 0);
        assert_int_equal(owner_of(admin, folders.alice, &owner), rows[i].expected);
        assert_true(rows[i].expected < 0 || (owner.uid == rows[i].uid && owner.gid == rows[i].gid));
        assert_int_equal(owner_of(user, folders.alice, &owner), 0);
        assert_true(owner.uid == 0 && owner.gid == 0);
    }
    cleanup_close int root = open("/", O_PATH | O_CLOEXEC);
    assert_int_equal(owner_of(admin, root, &owner), -EUSERS);
    assert_int_equal(owner_check_names(admin, root), -EUSERS);
    assert_int_equal(owner_check_names(admin, folders.bob), 0);
    assert_int_equal(owner_check_names(user, root), 0);
    end_folders(&folders);
}

/* Only what the session has made, under whatever name it is now. */
static void test_A20_nothing_else_is_given(void **state)
{
    (void)state;
    const struct owner alice = {ALICE, ALICE}, own = {0, 0};
    cleanup_free struct session *admin = session_of(true);
    struct folders folders = make_folders();
    cleanup_close int made = make_file(folders.alice, "f", LAST, LAST);
    cleanup_close int other = make_file(folders.alice, "g", BOB, BOB);
    assert_int_equal(owner_give(admin, other, &alice), -EPERM);
    assert_int_equal(owner_now(folders.alice, "g"), BOB);
    assert_int_equal(owner_give(admin, made, &own), 0);
    assert_int_equal(owner_now(folders.alice, "f"), LAST);
    assert_int_equal(owner_give(admin, made, &alice), 0);
    assert_int_equal(owner_now(folders.alice, "f"), ALICE);
    end_folders(&folders);
}

/* A directory that is not the session's own, as the one that it made was exchanged, is not given,
 * and nothing is where it could not be. Root makes directories of root's: that stands for
 * another's. */
static void test_A20_exchanged_directory(void **state)
{
    (void)state;
    cleanup_free struct session *admin = session_of(true);
    struct folders folders = make_folders();
    struct stat status;
    assert_int_equal(owner_make_directory(admin, folders.alice, "d", 0750), -EPERM);
    assert_int_equal(fstatat(folders.alice, "d", &status, 0), -1);
    admin->uid = 0;
    assert_int_equal(owner_make_directory(admin, folders.alice, "d", 0750), 0);
    assert_int_equal(owner_now(folders.alice, "d"), ALICE);
    end_folders(&folders);
}

/* As RNTO does it. */
static int move(const struct session *session, int from_directory, const char *from,
                int to_directory, const char *to)
{
    struct owner_change change;
    int r = owner_change_begin(session, from_directory, from, to_directory, &change);
    if (r == 0 && renameat(from_directory, from, to_directory, to) < 0)
        r = -errno;
    return owner_change_end(&change, r);
}

static void test_A20_moves(void **state)
{
    (void)state;
    cleanup_free struct session *admin = session_of(true);
    struct folders folders = make_folders();
    cleanup_close int file = make_file(folders.alice, "f", ALICE, ALICE);

    /* What cannot be in the end is given back. */
    assert_int_equal(mkdirat(folders.bob, "d", 0700), 0);
    assert_int_equal(move(admin, folders.alice, "f", folders.bob, "d"), -EISDIR);
    assert_int_equal(owner_now(folders.alice, "f"), ALICE);
    assert_int_equal(move(admin, folders.alice, "f", folders.bob, "f"), 0);
    assert_int_equal(owner_now(folders.bob, "f"), BOB);

    /* A second name, and what is nobody's in the range. */
    assert_int_equal(linkat(folders.bob, "f", folders.bob, "g", 0), 0);
    assert_int_equal(move(admin, folders.bob, "f", folders.alice, "f"), -EOWNERDEAD);
    assert_int_equal(unlinkat(folders.bob, "g", 0), 0);
    assert_int_equal(fchown(file, FOREIGN, BOB), 0);
    assert_int_equal(move(admin, folders.bob, "f", folders.alice, "f"), -EPERM);
    assert_int_equal(move(admin, folders.bob, "d", folders.alice, "d"), -EOWNERDEAD);
    assert_int_equal(move(admin, folders.bob, "none", folders.alice, "f"), -ENOENT);

    /* Within one user's folder it is a plain rename. */
    assert_int_equal(move(admin, folders.bob, "f", folders.bob, "g"), 0);
    assert_int_equal(owner_now(folders.bob, "g"), FOREIGN);
    end_folders(&folders);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_A20_owner_of_a_directory),
        cmocka_unit_test(test_A20_nothing_else_is_given),
        cmocka_unit_test(test_A20_exchanged_directory),
        cmocka_unit_test(test_A20_moves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

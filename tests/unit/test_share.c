/* lib/share.c: whose a share is, and what can be one. The mounts:
 * tests/session/test_rows_shares.py.
 */
#include "lib/share.h"

#include "lib/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static char *nobody[] = {NULL};

static void test_whose_it_is(void **state)
{
    (void)state;
    static char alice[] = "alice", bob[] = "bob", staff[] = "staff", path[] = "/srv/x";
    static char one[] = "1", two[] = "2", three[] = "3", four[] = "4";
    static char *alices[] = {alice, NULL}, *staffs[] = {staff, NULL};
    static struct share shares[] = {
        {.path = path, .at = one, .users = nobody, .groups = nobody},
        {.path = path, .at = two, .users = alices, .groups = nobody},
        {.path = path, .at = three, .users = nobody, .groups = staffs},
        {.path = path, .at = four, .users = alices, .groups = staffs},
    };
    const struct config config = {.shares = shares, .share_count = ELEMENTS(shares)};
    const struct {
        struct account account;
        const char *places;
    } rows[] = {
        {{.name = alice}, "124"},
        {{.name = bob}, "1"},
        {{.name = bob, .labels = staffs}, "134"},
        {{.name = alice, .labels = staffs}, "1234"},
        {{.name = staff, .labels = alices}, "1"},
        {{.name = alice, .labels = staffs, .role = ACCOUNT_ADMIN}, ""},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        size_t count = strlen(rows[i].places);
        assert_int_equal(share_count_of(&config, &rows[i].account), count);
        for (size_t j = 0; j < count; j++)
            assert_int_equal(share_of(&config, &rows[i].account, j)->at[0], rows[i].places[j]);
        assert_null(share_of(&config, &rows[i].account, count));
        assert_null(share_of(&config, &rows[i].account, SIZE_MAX));
    }
}

static void test_what_can_be_one(void **state)
{
    (void)state;
    static char homes[] = "/srv/ftp", users[] = "/var/lib/cellftpd/users", run[] = "/run/cellftpd";
    static char state_directory[] = "/var/lib/cellftpd/state", logs[] = "/var/log/cellftpd";
    const struct config config = {.directories_homes = homes,
                                  .directories_users = users,
                                  .directories_run = run,
                                  .directories_state = state_directory,
                                  .directories_logs = logs};
    const struct {
        const char *path, *at;
        bool good;
    } rows[] = {
        {"/srv/common", "common", true},
        {"/srv/ftp-common", "a/b/c", true},
        {"/mnt", "a", true},
        {"/home/web/x", "...", true},
        {"/etcetera", "a", true},
        {"/var/www", "a", true},
        {"/", "a", false},
        {"srv", "a", false},
        {"", "a", false},
        {"/srv/", "a", false},
        {"/srv//x", "a", false},
        {"/srv/../etc", "a", false},
        {"/srv/./x", "a", false},
        {"/srv", "a", false},
        {"/srv/ftp", "a", false},
        {"/srv/ftp/alice", "a", false},
        {"/var/lib/cellftpd", "a", false},
        {"/var", "a", false},
        {"/var/lib/cellftpd/users/x", "a", false},
        {"/run", "a", false},
        {"/var/log/cellftpd", "a", false},
        {"/etc", "a", false},
        {"/etc/ssl", "a", false},
        {"/proc", "a", false},
        {"/sys/fs", "a", false},
        {"/dev/shm", "a", false},
        {"/root", "a", false},
        {"/boot/x", "a", false},
        {"/srv/x", "", false},
        {"/srv/x", "/a", false},
        {"/srv/x", "a/", false},
        {"/srv/x", "a//b", false},
        {"/srv/x", "..", false},
        {"/srv/x", "a/../b", false},
        {"/srv/x", ".", false},
        {"/srv/x", "./a", false},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        cleanup_free char *path = strdup(rows[i].path), *at = strdup(rows[i].at);
        const struct share share = {.path = path, .at = at, .users = nobody, .groups = nobody};
        char words[SHARE_WORDS_MAX] = "";
        int r = share_check(&config, &share, words);
        if ((r == 0) != rows[i].good)
            fail_msg("%s at %s: %d, %s", path, at, r, words);
        assert_true(r == 0 || *words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whose_it_is),
        cmocka_unit_test(test_what_can_be_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

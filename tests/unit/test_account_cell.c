/*
 * lib/account_cell.c and account_homes.c: who a session is to the kernel, and that root's own
 * number or the one for strangers never is among those whom an administrator's session knows.
 */
#include "lib/account_cell.h"
#include "lib/account_homes.h"
#include "lib/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static char homes_name[] = "/srv/homes", home_name[] = "/srv/homes/alice";

static void test_user(void **state)
{
    (void)state;
    gid_t groups[] = {7, 8};
    const struct config config = {.accounts_uid_min = 5000, .accounts_uid_max = 5999};
    struct account account = {.uid = 5003,
                              .gid = 5004,
                              .groups = groups,
                              .group_count = 2,
                              .home = home_name,
                              .read_only = true};
    struct account_cell cell;
    assert_int_equal(account_cell(&config, &account, &cell), 0);
    assert_string_equal(cell.root, home_name);
    assert_true(cell.uid == 5003 && cell.gid == 5004 && cell.root_owner == 5003);
    assert_true(cell.groups == groups && cell.group_count == 2 && cell.count == 0);
    assert_true(cell.capabilities == 0 && cell.read_only);
}

/* Nothing of the account's own goes into it, be it a local one or the system's. */
static void test_A20_administrator(void **state)
{
    (void)state;
    gid_t groups[] = {7, 8};
    const struct config config = {.directories_homes = homes_name,
                                  .accounts_uid_min = 1900000000,
                                  .accounts_uid_max = 1900099999};
    struct account account = {.uid = 1000,
                              .gid = 1001,
                              .groups = groups,
                              .group_count = 2,
                              .home = home_name,
                              .role = ACCOUNT_ADMIN};
    struct account_cell cell;
    assert_int_equal(account_cell(&config, &account, &cell), 0);
    assert_string_equal(cell.root, homes_name);
    assert_true(cell.uid == 1900099999 && cell.gid == 1900099999 && cell.root_owner == 0);
    assert_true(cell.group_count == 0 && cell.first == 1900000000 && cell.count == 100000);
    /* CAP_CHOWN, CAP_DAC_OVERRIDE and CAP_FOWNER by their numbers in the kernel's interface. */
    assert_true(cell.capabilities == (1u << 0 | 1u << 1 | 1u << 3) && !cell.read_only);
}

static void test_A20_ranges(void **state)
{
    (void)state;
    static const struct {
        uint64_t first, last;
        int expected;
    } rows[] = {
        {0, 99, -ERANGE},
        {1, 2, 0},
        {5000, 5000, -ERANGE},
        {5000, 4999, -ERANGE},
        {5000, 5001, 0},
        {5000, 65533, 0},
        {5000, 65534, -ERANGE},
        {65534, 70000, -ERANGE},
        {65535, 70000, 0},
        {60000, 70000, -ERANGE},
        {4294967293, 4294967294, 0},
        {4294967293, 4294967295, -ERANGE},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        const struct config config = {.directories_homes = homes_name,
                                      .accounts_uid_min = rows[i].first,
                                      .accounts_uid_max = rows[i].last};
        const struct account account = {.role = ACCOUNT_ADMIN};
        struct account_cell cell;
        assert_int_equal(account_cell(&config, &account, &cell), rows[i].expected);
    }
}

static void test_A20_homes(void **state)
{
    (void)state;
    static const struct {
        gid_t group;
        mode_t mode;
        bool good;
        int made; /* what account_homes_prepare returns */
        mode_t mode_after;
    } rows[] = {
        {0, 0711, false, 0, 0751},    {0, 0700, false, 0, 0750},
        {0, 0755, true, 0, 0755},     {0, 0751, false, 0, 0751},
        {5999, 0751, true, 0, 0751},  {5999, 0711, false, 0, 0751},
        {5999, 0705, false, 0, 0755}, {33, 0751, false, -EEXIST, 0751},
        {33, 0755, true, 0, 0755},    {0, 02711, false, 0, 02751},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        char path[] = "/tmp/cellftpd-homes-XXXXXX";
        struct stat status;
        cleanup_buffer struct buffer problem;
        buffer_init(&problem, 4096);
        assert_non_null(mkdtemp(path));
        const struct config config = {
            .directories_homes = path, .accounts_uid_min = 5000, .accounts_uid_max = 5999};
        assert_int_equal(chown(path, 0, rows[i].group), 0);
        assert_int_equal(chmod(path, rows[i].mode), 0);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(account_cell_lists_homes(&config, &status), rows[i].good);
        assert_int_equal(account_homes_prepare(&config, &problem), rows[i].made);
        assert_int_equal(buffer_size(&problem) > 0, rows[i].made < 0);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777u, rows[i].mode_after);
        assert_int_equal(account_cell_lists_homes(&config, &status), rows[i].made == 0);
        assert_int_equal(rmdir(path), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_user),
        cmocka_unit_test(test_A20_administrator),
        cmocka_unit_test(test_A20_ranges),
        cmocka_unit_test(test_A20_homes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

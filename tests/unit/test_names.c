/* session/names.c: which names exist for a user. Security rows C17, C18, C20. */
#include "session/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char secret[] = "secret";
static char keys[] = "*.key";
static char hidden[] = ".*";
static char *const rules[] = {secret, keys, NULL};
static char *const no_hidden[] = {hidden, NULL};

static void test_names_without_rules(void **state)
{
    (void)state;
    assert_true(name_exists_for_user("secret", NULL));
    assert_true(name_exists_for_user(".profile", NULL));
    assert_true(name_exists_for_user("\xff\x01", NULL));
}

static void test_c17_unfinished_uploads_do_not_exist(void **state)
{
    (void)state;
    assert_false(name_exists_for_user(NAME_TEMPORARY_PREFIX "1a2b", NULL));
    assert_false(name_exists_for_user(NAME_TEMPORARY_PREFIX, NULL));
    assert_true(name_exists_for_user(".cellftpd-upload", NULL));
    assert_true(name_exists_for_user(".CELLFTPD-UPLOAD-1", NULL));
    assert_true(name_exists_for_user("x" NAME_TEMPORARY_PREFIX "1", NULL));
}

static void test_c18_denied_names_do_not_exist(void **state)
{
    (void)state;
    assert_false(name_exists_for_user("secret", rules));
    assert_false(name_exists_for_user("tls.key", rules));
    assert_false(name_exists_for_user(".key", rules));
    assert_true(name_exists_for_user("secrets", rules));
    assert_true(name_exists_for_user("tls.keys", rules));
    assert_false(name_exists_for_user(NAME_TEMPORARY_PREFIX "1", rules));
}

static void test_a_rule_never_takes_the_way_up(void **state)
{
    (void)state;
    assert_true(name_exists_for_user(".", no_hidden));
    assert_true(name_exists_for_user("..", no_hidden));
    assert_false(name_exists_for_user("...", no_hidden));
    assert_false(name_exists_for_user(".profile", no_hidden));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_without_rules),
        cmocka_unit_test(test_c17_unfinished_uploads_do_not_exist),
        cmocka_unit_test(test_c18_denied_names_do_not_exist),
        cmocka_unit_test(test_a_rule_never_takes_the_way_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

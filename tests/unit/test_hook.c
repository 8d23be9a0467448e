/* lib/hook.c, hook_serve.c: where a file of a path lies on the host, whatever a session that was
 * taken over says (row L14), and the words of the tables. The rest takes processes:
 * tests/session/test_rows_hooks.py. */
#include "lib/hook.h"

#include "lib/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static char home[] = "/srv/ftp/alice", alice[] = "alice";
static char common[] = "/srv/common", web[] = "/srv/web", at_common[] = "common";
static char at_web[] = "in/web", bob[] = "bob";
static char *nobody[] = {NULL}, *bobs[] = {bob, NULL};
static struct share shares[] = {
    {.path = common, .at = at_common, .users = nobody, .groups = nobody},
    {.path = web, .at = at_web, .users = nobody, .groups = nobody},
    {.path = web, .at = alice, .users = bobs, .groups = nobody},
};
static const struct config config = {.shares = shares, .share_count = ELEMENTS(shares)};
static const struct account account = {.name = alice, .home = home};

static void test_L14_files_on_the_host(void **state)
{
    (void)state;
    static const struct {
        const char *path, *file;
    } rows[] = {
        {"/a", "/srv/ftp/alice/a"},
        {"/in/a b", "/srv/ftp/alice/in/a b"},
        {"/...", "/srv/ftp/alice/..."},
        {"/common/x", "/srv/common/x"},
        {"/common", "/srv/ftp/alice/common"},
        {"/commonplace/x", "/srv/ftp/alice/commonplace/x"},
        {"/in/web/x/y", "/srv/web/x/y"},
        {"/in/webs", "/srv/ftp/alice/in/webs"},
        {"/alice/x", "/srv/ftp/alice/alice/x"}, /* the share is bob's */
        {"/\n", "/srv/ftp/alice/\n"},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        cleanup_free char *file = hook_file(&config, &account, rows[i].path);
        assert_non_null(file);
        assert_string_equal(file, rows[i].file);
    }
}

/* An administrator sees all folders, and no shares. */
static void test_L14_files_of_an_administrator(void **state)
{
    (void)state;
    static char homes[] = "/srv/ftp", name[] = "boss", own[] = "/srv/ftp/boss";
    const struct config some = {.directories_homes = homes, .shares = shares, .share_count = 1};
    const struct account admin = {.name = name, .home = own, .role = ACCOUNT_ADMIN};
    cleanup_free char *file = hook_file(&some, &admin, "/alice/a");
    cleanup_free char *other = hook_file(&some, &admin, "/common/x");
    assert_string_equal(file, "/srv/ftp/alice/a");
    assert_string_equal(other, "/srv/ftp/common/x");
}

static void test_L14_nothing_else_has_a_file(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "",
        "a",
        "/",
        "//",
        "/a/",
        "/a//b",
        "/..",
        "/.",
        "/a/..",
        "/a/../b",
        "/../bob/x",
        "../x",
        "/a/./b",
        "/common/",
        "/common/..",
        "/common/../x",
        "/common//x",
        "/in/web/../../..",
        "/etc/../..",
        "./a",
        "//etc/passwd",
    };
    for (size_t i = 0; i < ELEMENTS(paths); i++)
        assert_null(hook_file(&config, &account, paths[i]));
}

static void test_programs_and_words(void **state)
{
    (void)state;
    static char upload[] = "/bin/upload", empty[] = "";
    const struct config some = {.hooks_upload = upload, .hooks_login = empty};
    assert_string_equal(hook_program(&some, HOOK_UPLOAD), upload);
    assert_null(hook_program(&some, HOOK_LOGIN));
    assert_null(hook_program(&some, HOOK_REGISTRATION));
    assert_string_equal(hook_word(HOOK_REGISTRATION), "registration");
    const struct hook_facts facts = {.path = "/a"};
    struct event event = hook_event(HOOK_PROBLEM_QUEUE_FULL, &facts, "detail");
    assert_int_equal(event.id, EVENT_HOOK_FAILED);
    assert_string_equal(event.reason, "queue-full");
    assert_string_equal(event.path, "/a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_L14_files_on_the_host),
        cmocka_unit_test(test_L14_files_of_an_administrator),
        cmocka_unit_test(test_L14_nothing_else_has_a_file),
        cmocka_unit_test(test_programs_and_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

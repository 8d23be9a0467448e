/* src/ftplint/planted.c: what root makes and removes in a folder whose owner swaps names meanwhile.
 */
#include "ftplint/planted.h"
#include "ftplint/runner.h"
#include "lib/cleanup.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { USER = 54321 };

static char local[] = "/tmp/ftplint-test-XXXXXX";

static const char *in_local(const char *name)
{
    static char path[256];
    (void)snprintf(path, sizeof(path), "%s/%s", local, name);
    return path;
}

static struct result run(void (*function)(struct exam *exam))
{
    static struct dialogue dialogue;
    const struct test test = {.name = "a.b.c", .run = function};
    const struct target target = {.timeout = 1000, .test_limit = 5000, .local = local};
    struct server server = {.start = (char *)(uintptr_t) "/"};
    struct result result;
    exam_run(&test, &target, &server, &dialogue, &result);
    dialogue_free(&dialogue);
    return result;
}

static uid_t owner_of(const char *name)
{
    struct stat found;
    assert_int_equal(lstat(in_local(name), &found), 0);
    return found.st_uid;
}

/* A directory of root's in the test's folder, with a file of root's in it. */
static void make_treasure(const char *name)
{
    char file[128];
    (void)snprintf(file, sizeof(file), "%s/file", name);
    assert_int_equal(mkdir(in_local(name), 0755), 0);
    cleanup_close int fd = open(in_local(file), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
}

static void remove_treasure(const char *name)
{
    char file[128];
    (void)snprintf(file, sizeof(file), "%s/file", name);
    assert_int_equal(unlink(in_local(file)), 0);
    assert_int_equal(rmdir(in_local(name)), 0);
}

static void plant_all(struct exam *exam)
{
    exam->folder = "/f";
    assert_string_equal(plant_directory(exam, "directory"), "/f/directory");
    (void)plant_file(exam, "directory/file", "x");
    (void)plant_link(exam, "link", "/nowhere");
    (void)plant_pipe(exam, "pipe");
    (void)plant_socket(exam, "socket");
    (void)plant_foreign(exam, "foreign", 0600, "root's");
    const char *const names[] = {"f/directory", "f/directory/file", "f/link", "f/pipe", "f/socket"};
    for (size_t i = 0; i < ELEMENTS(names); i++)
        assert_int_equal(owner_of(names[i]), USER);
    assert_int_equal(owner_of("f/foreign"), 0);
    (void)given_outside(exam);
    assert_null(outside_change(exam));
    note(exam, "%s", exam->outside);
}

static void test_planted_is_the_owners_and_goes(void **state)
{
    (void)state;
    struct result result = run(plant_all);
    assert_string_equal(result.got, "");
    assert_int_equal(result.outcome, OUTCOME_PASSED);
    /* All of it, or the folder could not be removed. */
    assert_int_equal(rmdir(in_local("f")), 0);
    result.notes[strcspn(result.notes, "\n")] = '\0';
    assert_int_equal(access(result.notes, F_OK), -1);
}

static void plant_in_treasure(struct exam *exam)
{
    exam->folder = "/f";
    make_treasure("f/treasure"); /* which the user has moved here */
    (void)plant_file(exam, "treasure/new", "x");
}

static void test_nothing_is_planted_where_the_owner_may_not(void **state)
{
    (void)state;
    struct result result = run(plant_in_treasure);
    assert_int_equal(result.outcome, OUTCOME_SKIPPED);
    assert_int_equal(access(in_local("f/treasure/new"), F_OK), -1);
    remove_treasure("f/treasure");
}

static void swap_directory(struct exam *exam)
{
    exam->folder = "/f";
    (void)plant_directory(exam, "mine");
    char away[256];
    (void)snprintf(away, sizeof(away), "%s", in_local("f/away"));
    assert_int_equal(rename(in_local("f/mine"), away), 0);
    make_treasure("f/mine");
}

static void test_nothing_is_removed_that_the_owner_may_not(void **state)
{
    (void)state;
    (void)run(swap_directory);
    assert_int_equal(rmdir(in_local("f/away")), 0);
    remove_treasure("f/mine");
}

static int set_up(void **state)
{
    (void)state;
    return mkdir(in_local("f"), 0755) < 0 || chown(in_local("f"), USER, USER) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)rmdir(in_local("f"));
    return access(in_local("f"), F_OK) == 0 ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_planted_is_the_owners_and_goes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_is_planted_where_the_owner_may_not, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_is_removed_that_the_owner_may_not, set_up,
                                        tear_down),
    };
    if (geteuid() != 0) {
        (void)puts("only root can try this");
        return 0;
    }
    if (!mkdtemp(local) || chmod(local, 0755) < 0)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return rmdir(local) < 0 || failed;
}

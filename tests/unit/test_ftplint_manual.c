/*
 * man/ftplint.1.in and the catalogue: every option and exit code stands in the manual as the tables
 * have it, and the tests' names and texts are fit for lists, manuals and reports. Tests run in the
 * source directory.
 */
#include "ftplint/catalogue.h"
#include "ftplint/options.h"
#include "lib/cleanup.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { TEXT_MAX = 1 << 16 };

static void read_page(char ret[TEXT_MAX])
{
    cleanup_fclose FILE *file = fopen("man/ftplint.1.in", "re");
    assert_non_null(file);
    size_t size = fread(ret, 1, TEXT_MAX - 1, file);
    assert_in_range(size, 1000, TEXT_MAX - 2);
    ret[size] = '\0';
}

static size_t count(const char *text, const char *part)
{
    size_t found = 0;
    for (text = strstr(text, part); text; text = strstr(text + 1, part))
        found++;
    return found;
}

static void test_options(void **state)
{
    (void)state;
    char page[TEXT_MAX];
    read_page(page);
    for (size_t i = 0; i < option_rows_count; i++) {
        const struct option_row *row = &option_rows[i];
        char item[128], letter[16] = "";
        if (row->letter)
            (void)snprintf(letter, sizeof(letter), "Fl %c , ", row->letter);
        (void)snprintf(item, sizeof(item), "\n.It %sFl %s%s%s\n", letter, row->word + 1,
                       row->operand ? " Ar " : "", row->operand ? row->operand : "");
        if (count(page, item) != 1)
            fail_msg("the manual has %zu times:%s", count(page, item), item);
    }
    assert_int_equal(count(page, "\n.It Fl "), option_rows_count);
}

static void test_exit_status(void **state)
{
    (void)state;
    char page[TEXT_MAX];
    read_page(page);
    for (int i = STATUS_CLEAN; i <= STATUS_NOT_RUN; i++) {
        char item[256];
        (void)snprintf(item, sizeof(item), "\n.It %d\n%s\n", i, exit_words[i]);
        if (count(page, item) != 1)
            fail_msg("the manual lacks:%s", item);
    }
}

static void assert_name(const char *name)
{
    size_t dots = 0;
    for (const char *at = name; *at; at++) {
        dots += *at == '.';
        if (!islower((unsigned char)*at) && !isdigit((unsigned char)*at) && *at != '-' &&
            *at != '.')
            fail_msg("%s: a name has small letters, digits, hyphens and dots", name);
    }
    if (dots != 2)
        fail_msg("%s: a name is SOURCE.SUBJECT.ASPECT", name);
}

/* A whole sentence: ended, on one line, without what a manual would have to guess. */
static void assert_sentence(const char *name, const char *text)
{
    size_t size = strlen(text);
    if (size < 10 || !strchr(".?!\")", text[size - 1]) || strchr(text, '\n') ||
        strchr(text, '\t') || strstr(text, "  "))
        fail_msg("%s: not a sentence: %s", name, text);
}

static void test_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < catalogue_groups; i++) {
        for (size_t j = 0; j < catalogue[i]->count; j++) {
            const struct test *test = &catalogue[i]->tests[j];
            assert_name(test->name);
            assert_non_null(test->run);
            if (strlen(test->title) < 10 || test->title[strlen(test->title) - 1] == '.')
                fail_msg("%s: a title is a line without a full stop: %s", test->name, test->title);
            assert_sentence(test->name, test->reason);
            assert_sentence(test->name, test->remedy);
        }
    }
}

/* The place of TEST in a run. */
static size_t place_of(const struct test *test)
{
    size_t place = 0;
    for (size_t i = 0; i < catalogue_groups; place += catalogue[i]->count, i++)
        for (size_t j = 0; j < catalogue[i]->count; j++)
            if (&catalogue[i]->tests[j] == test)
                return place + j;
    return place;
}

/* A name stands for one test; what a test stands on is another test that comes before it. */
static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < catalogue_groups; i++) {
        for (size_t j = 0; j < catalogue[i]->count; j++) {
            const struct test *test = &catalogue[i]->tests[j];
            if (catalogue_find(test->name, NULL) != test)
                fail_msg("%s: two tests have this name", test->name);
            const struct test *after = test->after ? catalogue_find(test->after, NULL) : NULL;
            if (test->after && !after)
                fail_msg("%s: there is no test %s", test->name, test->after);
            if (after && place_of(after) >= place_of(test))
                fail_msg("%s: %s, on which it stands, comes later", test->name, after->name);
        }
    }
}

/* The size that was promised; a test that is lost is missed. */
static void test_catalogue_size(void **state)
{
    (void)state;
    size_t tests = 0;
    for (size_t i = 0; i < catalogue_groups; i++)
        tests += catalogue[i]->count;
    assert_in_range(tests, 250, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options),        cmocka_unit_test(test_exit_status),
        cmocka_unit_test(test_names),          cmocka_unit_test(test_texts),
        cmocka_unit_test(test_catalogue_size),
    };
    return cmocka_run_group_tests_name("ftplint's manual", tests, NULL, NULL);
}

/* lib/syntax.c: the line on which a mistake is, and not the next one. */
#include "lib/syntax.h"

#include "lib/cleanup.h"

#include <libconfig.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_error_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned line;
    } rows[] = {
        /* nothing behind the equals sign: libconfig names the next line that has something */
        {"uid =\ncreated = 1;\n", 1},
        {"a = 1;\nuid = # none\n\n\n/* a\n comment */ created = 1;\n", 2},
        {"login: {\n attempts =\n};\n", 2},
        {"login: {\n a = [ 1,\n 2;\n };\n", 3},
        {"login: {\n name\n};\nb = 1;\n", 2},
        {"a = 1;\nuid\ncreated = 1;\n", 2},
        {"a = \"text\"\n= 5;\n", 2},
        /* the mistake is where libconfig says */
        {"a = 1;\nb = ;\n", 2},
        {"a = 1;\nb = 2 2;\n", 2},
        {"a = 1;\n}\n", 2},
        {"a = { b = 1; # {\n c = \"}\"; };\n d = ];", 3},
        {"a = (1, 2];\nb = 1;\n", 1},
        {"login: {\n attempts = 3\n", 3},
        {"login.attempts = 3;", 1},
        {"= 1;", 1},
        {"a = 1;\n\n\n:\n", 4},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        config_t parsed;
        config_init(&parsed);
        assert_int_equal(config_read_string(&parsed, rows[i].text), CONFIG_FALSE);
        unsigned line = syntax_error_line(rows[i].text, (unsigned)config_error_line(&parsed));
        config_destroy(&parsed);
        if (line != rows[i].line)
            fail_msg("%s: line %u, expected %u", rows[i].text, line, rows[i].line);
    }
}

/* Whatever the text and the line are, the answer is a line up to the reported one. */
static void test_any_text(void **state)
{
    (void)state;
    static const char text[] =
        "a = { b = [ 1, 2 ]; c = ( \"x\\\"\", 3L );\n};\n/* d */ # e\n// f\ng: { h = true }\n\"";
    for (size_t end = 0; end < sizeof(text); end++)
        for (size_t from = 0; from <= end; from += 5)
            for (unsigned line = 0; line < 9; line++) {
                char part[sizeof(text)];
                memcpy(part, text + from, end - from);
                part[end - from] = '\0';
                assert_in_range(syntax_error_line(part, line), 0, line);
            }
    char deep[4096];
    memset(deep, '(', sizeof(deep));
    deep[4000] = '\n';
    deep[sizeof(deep) - 1] = '\0';
    assert_int_equal(syntax_error_line(deep, 2), 2);
}

static void test_skip_quoted(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length; /* SIZE_MAX: it does not end */
    } rows[] = {
        {"", 0},           {"a\"b\"", 0},       {"\"a\" b", 3},       {"\"a\\\"b\" c", 6},
        {"\"a", SIZE_MAX}, {"\"a\\", SIZE_MAX}, {"# a\nb", 3},        {"// a", 4},
        {"/ a", 0},        {"/* a */ b", 7},    {"/* a *", SIZE_MAX}, {"/*/", SIZE_MAX},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        const char *end = syntax_skip_quoted(rows[i].text);
        assert_ptr_equal(end, rows[i].length == SIZE_MAX ? NULL : rows[i].text + rows[i].length);
    }
}

/* libconfig 1.5 loses a string that stands where none may be: its leak, not ours. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:strbuf_append";
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_line),
        cmocka_unit_test(test_any_text),
        cmocka_unit_test(test_skip_quoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

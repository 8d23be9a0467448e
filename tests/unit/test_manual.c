/*
 * man/cellftpd.conf.5: every option stands there with its default and its range, in the order of
 * the list, and nothing else does. Tests run in the source directory.
 */
#include "lib/cleanup.h"
#include "lib/option.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static char manual[1 << 16];

/* "\:" says where a long word may be broken into two lines, and is no part of it. */
static void remove_breaks(void)
{
    char *to = manual;
    for (const char *from = manual; *from; from++)
        if (from[0] == '\\' && from[1] == ':')
            from++;
        else
            *to++ = *from;
    *to = '\0';
}

static int read_manual(void **state)
{
    (void)state;
    cleanup_fclose FILE *file = fopen("man/cellftpd.conf.5", "re");
    assert_non_null(file);
    size_t size = fread(manual, 1, sizeof(manual) - 1, file);
    assert_in_range(size, 1000, sizeof(manual) - 2);
    remove_breaks();
    return 0;
}

/* The lines that must follow the description of OPTION. */
static void append_facts(struct buffer *buffer, const struct option *option,
                         const struct config *config)
{
    assert_int_equal(buffer_append_string(buffer, "\n.br\nDefault: "), 0);
    assert_int_equal(option_append_value(option, config, buffer), 0);
    assert_int_equal(buffer_append_string(buffer, "\n.br\nExpected: "), 0);
    assert_int_equal(option_append_expected(option, buffer), 0);
    assert_int_equal(buffer_append_string(buffer, "\n"), 0);
    assert_int_equal(buffer_append(buffer, "", 1), 0);
}

static void test_every_option_and_no_other(void **state)
{
    (void)state;
    static const char mark[] = "\n.It Cm ";
    cleanup_config struct config *config = NULL;
    cleanup_buffer struct buffer problems;
    buffer_init(&problems, 4096);
    assert_int_equal(config_load("/nonexistent/cellftpd.conf", false, &config, &problems), 0);

    const char *place = manual;
    const char *group = "";
    for (size_t i = 0; i < option_count(); i++) {
        const struct option *option = option_at(i);
        char name[128];
        place = strstr(place, mark);
        if (!place)
            fail_msg("%s.%s and what follows is missing", option->group, option->key);

        /* A group's options stand under its heading. */
        char heading[128];
        (void)snprintf(heading, sizeof(heading), "\n.Ss %s\n", option->group);
        const char *found = strstr(manual, heading);
        assert_true(found && found < place);
        if (strcmp(group, option->group) != 0 && strstr(found, mark) != place)
            fail_msg("another option stands between the heading %s and %s", option->group,
                     option->key);
        group = option->group;

        (void)snprintf(name, sizeof(name), "%s.%s\n", option->group, option->key);
        place += strlen(mark);
        if (strncmp(place, name, strlen(name)) != 0)
            fail_msg("expected %s, found %.30s", name, place);

        cleanup_buffer struct buffer facts;
        buffer_init(&facts, 4096);
        append_facts(&facts, option, config);
        const char *next = strstr(place, mark);
        const char *stated = strstr(place, buffer_begin(&facts));
        if (!stated || (next && stated > next))
            fail_msg("%s expected:%s", name, buffer_begin(&facts));
        assert_true(stated > place + strlen(name) + 20); /* it is described, too */
    }
    assert_null(strstr(place, mark));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_option_and_no_other)};
    return cmocka_run_group_tests(tests, read_manual, NULL);
}

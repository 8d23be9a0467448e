/*
 * man/cellftpd-log.5: every event stands there under its file, and every field with its name in the
 * journal, in the order of the tables, and nothing else does. Tests run in the source directory.
 */
#include "lib/cleanup.h"
#include "lib/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char mark[] = "\n.It Cm ";
static char manual[1 << 17];

static int read_manual(void **state)
{
    (void)state;
    cleanup_fclose FILE *file = fopen("man/cellftpd-log.5", "re");
    assert_non_null(file);
    size_t size = fread(manual, 1, sizeof(manual) - 1, file);
    assert_in_range(size, 1000, sizeof(manual) - 2);
    return 0;
}

/* What follows the heading, of the macro ".Sh" or ".Ss". */
static const char *heading(const char *macro, const char *text)
{
    char line[128];
    (void)snprintf(line, sizeof(line), "\n.%s %s\n", macro, text);
    const char *found = strstr(manual, line);
    if (!found)
        fail_msg("no heading %s", text);
    return found + strlen(line) - 1;
}

/* The next item behind PLACE and before END must be NAME; returns what follows it. */
static const char *expect_item(const char *place, const char *end, const char *name)
{
    char line[128];
    (void)snprintf(line, sizeof(line), "%s%s\n", mark, name);
    const char *found = strstr(place, mark);
    if (!found || found > end)
        fail_msg("%s is missing", name);
    if (strncmp(found, line, strlen(line)) != 0)
        fail_msg("expected %s, found %.40s", name, found + strlen(mark));
    return found + strlen(line) - 1;
}

static void test_every_event_and_no_other(void **state)
{
    (void)state;
    const char *last = heading("Sh", "REASONS");
    const char *place = heading("Sh", "EVENTS");
    unsigned count = 0;
    for (unsigned file = 0; file < EVENT_FILE_COUNT; file++) {
        char name[64];
        (void)snprintf(name, sizeof(name), "%s.log", event_file_name((enum event_file)file));
        const char *item = heading("Ss", name);
        const char *next = strstr(item, "\n.Ss ");
        const char *end = next && next < last ? next : last;
        assert_true(item > place && item < last);
        for (unsigned id = 0; id < EVENT_COUNT; id++) {
            const struct event_kind *kind = event_kind((enum event_id)id);
            if (kind->file != (enum event_file)file)
                continue;
            item = expect_item(item, end, kind->word);
            count++;
        }
        const char *more = strstr(item, mark);
        if (more && more < end)
            fail_msg("%s: no such event: %.40s", name, more + strlen(mark));
    }
    assert_int_equal(count, EVENT_COUNT);
}

/* The table of fields as text: "remote (FTP_CLIENT)" is in the manual ".It Cm remote Pq ...". */
static void test_every_field_and_no_other(void **state)
{
    (void)state;
#define ORIGIN_TEXT(line, journal, plain, value)    line " Pq " journal,
#define ORIGIN_NUMBER(line, journal, value)         line " Pq " journal,
#define TEXT(member, line, journal, plain, maximum) line " Pq " journal,
#define NUMBER(member, line, journal)               line " Pq " journal,
    static const char *const fields[] = {EVENT_FIELDS(ORIGIN_TEXT, ORIGIN_NUMBER, TEXT, NUMBER)};
    const char *end = heading("Sh", "EVENTS");
    const char *place = heading("Sh", "FIELDS");
    for (size_t i = 0; i < ELEMENTS(fields); i++)
        place = expect_item(place, end, fields[i]);
    const char *more = strstr(place, mark);
    assert_true(more && more > end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_event_and_no_other),
        cmocka_unit_test(test_every_field_and_no_other),
    };
    return cmocka_run_group_tests(tests, read_manual, NULL);
}

/*
 * systemd/cellftpd.catalog: every event has an entry, in the order of the table, and nothing else
 * does; no entry shows what a stranger chose. Tests run in the source directory.
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

enum { ID_SIZE = 32 };

static char catalog[1 << 17];

static int read_catalog(void **state)
{
    (void)state;
    cleanup_fclose FILE *file = fopen("systemd/cellftpd.catalog", "re");
    assert_non_null(file);
    size_t size = fread(catalog, 1, sizeof(catalog) - 1, file);
    assert_in_range(size, 1000, sizeof(catalog) - 2);
    return 0;
}

/* The entry of ID: the text behind "-- id\n", up to the next entry's comment; *RET_END behind it.
 */
static const char *entry_of(enum event_id id, const char **ret_end)
{
    char mark[ID_SIZE + 8];
    (void)snprintf(mark, sizeof(mark), "\n-- %s\n", event_kind(id)->id);
    const char *entry = strstr(catalog, mark);
    if (!entry)
        fail_msg("%s: no entry", event_kind(id)->word);
    entry += strlen(mark);
    const char *next = strstr(entry, "\n-- ");
    *ret_end = next ? next : entry + strlen(entry);
    return entry;
}

static void test_every_event_and_no_other(void **state)
{
    (void)state;
    static const char mark[] = "\n-- ";
    const char *place = catalog;
    for (unsigned id = 0; id < EVENT_COUNT; id++) {
        const struct event_kind *kind = event_kind((enum event_id)id);
        char head[128];
        (void)snprintf(head, sizeof(head),
                       "\n# %s %s\n-- %s\nSubject: ", event_file_name(kind->file), kind->word,
                       kind->id);
        const char *found = strstr(place, mark);
        if (!found)
            fail_msg("%s and what follows is missing", kind->word);
        const char *expected = strstr(place, head);
        if (!expected || strstr(expected, mark) != found)
            fail_msg("expected the entry of %s, found %.40s", kind->word, found + strlen(mark));
        place = found + strlen(mark);
    }
    assert_null(strstr(place, mark));
}

static void test_no_id_twice(void **state)
{
    (void)state;
    for (unsigned a = 0; a < EVENT_COUNT; a++) {
        const char *id = event_kind((enum event_id)a)->id;
        assert_int_equal(strlen(id), ID_SIZE);
        assert_int_equal(strspn(id, "0123456789abcdef"), ID_SIZE);
        for (unsigned b = 0; b < a; b++)
            if (strcmp(id, event_kind((enum event_id)b)->id) == 0)
                fail_msg("%s is used twice", id);
    }
}

static void test_every_entry_is_complete(void **state)
{
    (void)state;
    static const char fixed[] = "\nDefined-By: cellftpd\nDocumentation: man:cellftpd-log(5)\n\n";
    for (unsigned id = 0; id < EVENT_COUNT; id++) {
        const char *end;
        const char *entry = entry_of((enum event_id)id, &end);
        const char *line_end = strchr(entry, '\n');
        assert_true(strncmp(entry, "Subject: ", 9) == 0 && line_end - entry > 15);
        if (strncmp(line_end, fixed, strlen(fixed)) != 0)
            fail_msg("%s: the lines behind the subject", event_kind((enum event_id)id)->word);
        assert_true(end - line_end > (ptrdiff_t)strlen(fixed) + 15); /* it says something */
    }
}

/*
 * Fields that may stand in an entry. Numbers and what the monitor itself says are harmless
 * everywhere. A name is one when it has become an account's: not before a login. Texts may only
 * come from the monitor, not from a session, which may be anybody's.
 */
static bool is_harmless(const struct event_kind *kind, const char *field)
{
    static const char *const always[] = {"FTP_CLIENT", "FTP_CLIENT_PORT", "FTP_SESSION",
                                         "FTP_BYTES",  "FTP_OFFSET",      "FTP_USEC",
                                         "FTP_REPLY",  "FTP_ADMIN"};
    static const char *const texts[] = {"FTP_REASON", "FTP_DETAIL"};
    for (size_t i = 0; i < ELEMENTS(always); i++)
        if (strcmp(field, always[i]) == 0)
            return true;
    if (strcmp(field, "FTP_USER") == 0)
        return kind->file == EVENT_FILE_files || kind->file == EVENT_FILE_admin ||
               kind == event_kind(EVENT_LOGIN) || kind == event_kind(EVENT_QUOTA_COUNTED) ||
               kind == event_kind(EVENT_QUOTA_DAMAGED) ||
               kind == event_kind(EVENT_QUOTA_UNENFORCED) || kind == event_kind(EVENT_REGISTER) ||
               kind == event_kind(EVENT_PASSWORD_CHANGED) ||
               kind == event_kind(EVENT_PASSWORD_REFUSED);
    for (size_t i = 0; i < ELEMENTS(texts); i++)
        if (strcmp(field, texts[i]) == 0)
            return kind->from == EVENT_FROM_MONITOR && kind != event_kind(EVENT_DISCONNECT) &&
                   kind != event_kind(EVENT_PAM_MESSAGE);
    return false;
}

static void test_variables_are_harmless(void **state)
{
    (void)state;
    unsigned count = 0;
    for (unsigned id = 0; id < EVENT_COUNT; id++) {
        const char *end;
        const char *place = entry_of((enum event_id)id, &end);
        while ((place = strchr(place, '@')) && place < end) {
            char field[64];
            size_t size = strspn(++place, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
            assert_true(size > 0 && size < sizeof(field) && place[size] == '@');
            memcpy(field, place, size);
            field[size] = '\0';
            if (!is_harmless(event_kind((enum event_id)id), field))
                fail_msg("%s shows %s", event_kind((enum event_id)id)->word, field);
            place += size + 1;
            count++;
        }
    }
    assert_true(count > EVENT_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_event_and_no_other),
        cmocka_unit_test(test_no_id_twice),
        cmocka_unit_test(test_every_entry_is_complete),
        cmocka_unit_test(test_variables_are_harmless),
    };
    return cmocka_run_group_tests(tests, read_catalog, NULL);
}

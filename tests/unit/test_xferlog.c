/* lib/xferlog.c: lines that the readers of wu-ftpd's transfer log understand, whatever the names.
 */
#include "lib/xferlog.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *line_of(const struct event_origin *origin, const struct event *event)
{
    cleanup_buffer struct buffer buffer;
    buffer_init(&buffer, 100000);
    assert_int_equal(xferlog_format(&buffer, origin, event), 0);
    return strndup(buffer_begin(&buffer), buffer_size(&buffer));
}

static struct address remote(const char *text)
{
    struct address address;
    assert_int_equal(address_parse(text, &address), 0);
    return address;
}

static struct event transfer(enum event_id id, const char *path, const char *type, uint64_t bytes,
                             uint64_t duration)
{
    struct event event = EVENT_INIT(id);
    event.path = path;
    event.type = type;
    event.bytes = bytes;
    event.duration = duration;
    return event;
}

static void test_lines(void **state)
{
    (void)state;
    struct address v4 = remote("198.51.100.9");
    struct address v6 = remote("2001:db8::1");
    const struct event_origin alice = {&v4, "alice", "s", NULL};
    const struct event_origin far = {&v6, "o d\nd", "s", NULL};
    const struct event_origin nobody = {NULL, NULL, NULL, NULL};
    const struct {
        const struct event_origin *origin;
        struct event event;
        const char *line;
    } rows[] = {
        {&alice, transfer(EVENT_UPLOAD, "/a/b", "I", 5, 12),
         "1 198.51.100.9 5 /a/b b _ i r alice ftp 0 * c"},
        {&alice, transfer(EVENT_UPLOAD_FAILED, "/b", "A", 0, 1999999),
         "1 198.51.100.9 0 /b a _ i r alice ftp 0 * i"},
        {&alice, transfer(EVENT_DOWNLOAD, "/b", "A", 123456789012, 75000000),
         "75 198.51.100.9 123456789012 /b a _ o r alice ftp 0 * c"},
        {&alice, transfer(EVENT_DOWNLOAD_FAILED, "/b", "I", 7, 2000000),
         "2 198.51.100.9 7 /b b _ o r alice ftp 0 * i"},
        {&alice, transfer(EVENT_DELETE, "/b", NULL, 9, EVENT_UNSET),
         "1 198.51.100.9 9 /b b _ d r alice ftp 0 * c"},
        {&far,
         transfer(EVENT_UPLOAD, "/a b\tc\x1b\x7f\xc2\xa0\xc2\x85\xe2\x80\xa8\xff\xc3\xbc", "I", 5,
                  12),
         "1 2001:db8::1 5 /a_b_c______\xc3\xbc b _ i r o_d_d ftp 0 * c"},
        {&nobody, transfer(EVENT_UPLOAD, "", NULL, EVENT_UNSET, EVENT_UNSET),
         "1 _ 0 _ b _ i r _ ftp 0 * c"},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        cleanup_free char *line = line_of(rows[i].origin, &rows[i].event);
        assert_string_equal(line, rows[i].line);
    }
}

static void test_which_events(void **state)
{
    (void)state;
    unsigned count = 0;
    for (unsigned id = 0; id < EVENT_COUNT; id++) {
        struct event event = EVENT_INIT(id);
        const struct event_origin nobody = {NULL, NULL, NULL, NULL};
        cleanup_buffer struct buffer buffer;
        buffer_init(&buffer, 1000);
        assert_int_equal(xferlog_format(&buffer, &nobody, &event), xferlog_has(id) ? 0 : -EINVAL);
        count += xferlog_has(id);
    }
    assert_int_equal(count, 5);
}

static void test_whole_line_or_nothing(void **state)
{
    (void)state;
    struct address v4 = remote("198.51.100.9");
    const struct event_origin alice = {&v4, "alice", "s", NULL};
    struct event event = transfer(EVENT_UPLOAD, "/a/b", "I", 5, 12);
    cleanup_free char *line = line_of(&alice, &event);
    for (size_t room = 0; room < strlen(line); room++) {
        cleanup_buffer struct buffer buffer;
        buffer_init(&buffer, room);
        assert_int_equal(xferlog_format(&buffer, &alice, &event), -ENOBUFS);
        assert_int_equal(buffer_size(&buffer), 0);
    }
}

/* Local time, and the names of wu-ftpd whatever language the machine speaks. */
static void test_time(void **state)
{
    (void)state;
    static const struct {
        const char *zone;
        time_t when;
        const char *text;
    } rows[] = {
        {"UTC0", 1795712661, "Thu Nov 26 17:04:21 2026"},
        {"XXX-5:45", 1795712661, "Thu Nov 26 22:49:21 2026"},
        {"XXX8", 1772323200, "Sat Feb 28 16:00:00 2026"},
        {"UTC0", 1772323200, "Sun Mar  1 00:00:00 2026"},
        {"UTC0", -1, "Wed Dec 31 23:59:59 1969"},
    };
    (void)setlocale(LC_ALL, "");
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        char text[XFERLOG_TIME_MAX];
        const struct timespec when = {.tv_sec = rows[i].when, .tv_nsec = 999999999};
        assert_int_equal(setenv("TZ", rows[i].zone, 1), 0);
        tzset();
        xferlog_format_time(&when, text);
        assert_string_equal(text, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_which_events),
        cmocka_unit_test(test_whole_line_or_nothing),
        cmocka_unit_test(test_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

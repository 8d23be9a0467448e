/* lib/log_read.h: what event_format writes is read back to the same, and nothing else is a line. */
#include "lib/log_read.h"

#include "lib/cleanup.h"
#include "lib/event_format.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static const struct timespec moment = {.tv_sec = 1795367061, .tv_nsec = 123999999};

static char *line_of(const struct event_origin *origin, const struct event *event)
{
    char time[EVENT_TIME_MAX];
    cleanup_buffer struct buffer buffer;
    buffer_init(&buffer, 200000);
    event_format_time(&moment, time);
    assert_int_equal(buffer_append_format(&buffer, "%s ", time), 0);
    assert_int_equal(event_format_text(&buffer, origin, event), 0);
    return strndup(buffer_begin(&buffer), buffer_size(&buffer));
}

static void expect(const struct log_line *line, const char *name, const char *value)
{
    const char *found = log_line_field(line, name);
    if (!value) {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    assert_string_equal(found, value);
}

/* Every field of every event with every byte that a client could send. */
static void test_round_trip(void **state)
{
    (void)state;
    char bytes[256];
    for (int i = 1; i < 256; i++)
        bytes[i - 1] = (char)i;
    bytes[255] = '\0';
    static const char *const texts[] = {
        "",      "plain", "two words", "a\"b", "a\\b",  "x=1 session=0", "\n2026-",
        "\\x41", " ",     "caf\xe9",   "\\",   "\"\" ", "\xe2\x80\xa8",
    };
    struct address remote;
    assert_int_equal(address_parse("2001:db8::9", &remote), 0);
    remote.port = 50312;
    for (unsigned id = 0; id < EVENT_COUNT; id++)
        for (size_t i = 0; i <= ELEMENTS(texts); i++) {
            const char *text = i < ELEMENTS(texts) ? texts[i] : bytes;
            struct event event = EVENT_INIT(id);
            event.command = event.path = event.path_to = event.reason = event.detail = text;
            event.bytes = 0;
            event.reply = UINT64_MAX - 1;
            const struct event_origin origin = {.remote = id % 2 ? &remote : NULL,
                                                .user = text,
                                                .session = "0123456789abcdef",
                                                .actor = text};
            cleanup_free char *written = line_of(&origin, &event);
            struct log_line line;
            assert_int_equal(log_line_parse(written, &line), 0);
            assert_true(line.time == INT64_C(1795367061123));
            assert_int_equal(strlen(line.when), LOG_TIME_SIZE);
            assert_string_equal(line.file, event_file_name(event_kind(id)->file));
            assert_string_equal(line.word, event_kind(id)->word);
            expect(&line, "remote", id % 2 ? "2001:db8::9" : NULL);
            expect(&line, "port", id % 2 ? "50312" : NULL);
            static const char *const same[] = {"user",   "command", "path", "to",
                                               "reason", "detail",  "actor"};
            for (size_t k = 0; k < ELEMENTS(same); k++)
                expect(&line, same[k], text);
            expect(&line, "bytes", "0");
            expect(&line, "offset", NULL);
            expect(&line, "reply", "18446744073709551614");
            expect(&line, "session", "0123456789abcdef");
        }
}

#define GOOD "2026-11-22T17:04:21.123Z auth refused user=\"a\\x0ab\" reason=bad session=01"

static void test_good_lines(void **state)
{
    (void)state;
    static const char *const lines[] = {
        GOOD,
        "2026-11-22T17:04:21.123Z auth refused",
        "2026-11-22T17:04:21.123Z auth log-throttled user=\"\"",
        "2026-11-22T17:04:21.123Z auth x remote=fe80::1%eth0.1@if2",
        "2024-02-29T23:59:59.999Z auth x user=\"caf\xc3\xa9\"",
    };
    for (size_t i = 0; i < ELEMENTS(lines); i++) {
        cleanup_free char *copy = strdup(lines[i]);
        struct log_line line;
        if (log_line_parse(copy, &line) != 0)
            fail_msg("%s", lines[i]);
    }
}

static void test_bad_lines(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",
        "x",
        "2026-11-22T17:04:21.123Z",
        "2026-11-22T17:04:21.123Z ",
        "2026-11-22T17:04:21.123Z auth",
        "2026-11-22T17:04:21.123Z auth ",
        "2026-11-22T17:04:21.123Z  auth refused",
        "2026-11-22T17:04:21.123Z Auth refused",
        "2026-11-22T17:04:21,123Z auth refused",
        "2026-13-22T17:04:21.123Z auth refused",
        "2026-02-30T17:04:21.123Z auth refused",
        " 2026-11-22T17:04:21.123Z auth refused",
        "2026-11-22T17:04:21.123Z auth refused  user=\"a\"",
        "2026-11-22T17:04:21.123Z auth refused user=",
        "2026-11-22T17:04:21.123Z auth refused user=\"a",
        "2026-11-22T17:04:21.123Z auth refused user=\"a\"b",
        "2026-11-22T17:04:21.123Z auth refused user=\"a\"\"b\"",
        "2026-11-22T17:04:21.123Z auth refused user=a b",
        "2026-11-22T17:04:21.123Z auth refused user=a\"",
        "2026-11-22T17:04:21.123Z auth refused =\"a\"",
        "2026-11-22T17:04:21.123Z auth refused user=\"a\" user=\"b\"",
        "2026-11-22T17:04:21.123Z auth refused user=\"\\q\"",
        "2026-11-22T17:04:21.123Z auth refused user=\"\\x0\"",
        "2026-11-22T17:04:21.123Z auth refused user=\"\\x0G\"",
        "2026-11-22T17:04:21.123Z auth refused user=\"\\x00\"",
        "2026-11-22T17:04:21.123Z auth refused user=\"\\\"",
        "2026-11-22T17:04:21.123Z auth refused user=\"\\",
        "2026-11-22T17:04:21.123Z auth refused user=\"a\tb\"",
        "2026-11-22T17:04:21.123Z auth refused user=\"a\x1b[2Jb\"",
        "2026-11-22T17:04:21.123Z auth refused user=\"a\xc2\x9b[J\"",
        "2026-11-22T17:04:21.123Z auth refused user=\"a\x7f\"",
    };
    for (size_t i = 0; i < ELEMENTS(lines); i++) {
        cleanup_free char *copy = strdup(lines[i]);
        struct log_line line;
        if (log_line_parse(copy, &line) != -EBADMSG)
            fail_msg("%s", lines[i]);
    }
}

/* Every truncation and every flipped bit: refused or read, within the line (ASan looks). */
static void test_damaged_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < strlen(GOOD); i++)
        for (unsigned bit = 0; bit <= 8; bit++) {
            cleanup_free char *copy = bit == 8 ? strndup(GOOD, i) : strdup(GOOD);
            if (bit < 8)
                copy[i] = (char)((unsigned char)copy[i] ^ (1u << bit));
            struct log_line line;
            int r = log_line_parse(copy, &line);
            assert_true(r == 0 || r == -EBADMSG);
        }
}

static void test_too_many_fields(void **state)
{
    (void)state;
    char text[2048] = "2026-11-22T17:04:21.123Z auth refused";
    for (unsigned i = 0; i < LOG_FIELDS_MAX; i++)
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), " a%c%c=1",
                       (char)('a' + i / 26), (char)('a' + i % 26));
    cleanup_free char *copy = strdup(text);
    struct log_line line;
    assert_int_equal(log_line_parse(copy, &line), 0);
    assert_int_equal(line.count, LOG_FIELDS_MAX);
    (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), " b=1");
    assert_int_equal(log_line_parse(text, &line), -EBADMSG);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),      cmocka_unit_test(test_good_lines),
        cmocka_unit_test(test_bad_lines),       cmocka_unit_test(test_damaged_lines),
        cmocka_unit_test(test_too_many_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * lib/event.c, lib/event_format.c: an event survives its way to the monitor, and no name can forge
 * a line, a field or an address (rows L01, L02, A06), neither as text nor as JSON nor in the
 * journal.
 */
#include "lib/event_format.h"

#include "lib/cleanup.h"
#include "lib/text.h"

#include <endian.h>
#include <errno.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static const struct timespec moment = {.tv_sec = 1795367061, .tv_nsec = 123999999};

static const struct event full = {
    .id = EVENT_UPLOAD,
    .command = "STOR",
    .path = "/a b",
    .path_to = "/c",
    .type = "I",
    .reason = "quota",
    .detail = "one two",
    .bytes = 5,
    .offset = 0,
    .duration = 12,
    .reply = 226,
};

static struct address remote(void)
{
    struct address address;
    assert_int_equal(address_parse("198.51.100.9", &address), 0);
    address.port = 50312;
    return address;
}

static char *string_of(const struct buffer *buffer)
{
    char *string = strndup(buffer_begin(buffer), buffer_size(buffer));
    assert_non_null(string);
    assert_int_equal(strlen(string), buffer_size(buffer));
    return string;
}

/* The line of EVENT. The caller frees it. */
static char *line_of(const struct event_origin *origin, const struct event *event)
{
    char time[EVENT_TIME_MAX];
    event_format_time(&moment, time);
    cleanup_buffer struct buffer buffer;
    buffer_init(&buffer, 200000);
    assert_int_equal(buffer_append_format(&buffer, "%s ", time), 0);
    assert_int_equal(event_format_text(&buffer, origin, event), 0);
    assert_int_equal(buffer_append_string(&buffer, "\n"), 0);
    return string_of(&buffer);
}

static void test_table(void **state)
{
    (void)state;
    for (unsigned i = 0; i < EVENT_COUNT; i++) {
        const struct event_kind *kind = event_kind(i);
        const char *file = event_file_name(kind->file);
        assert_true(kind->priority >= LOG_EMERG && kind->priority <= LOG_DEBUG);
        assert_true(strspn(file, "abcdefghijklmnopqrstuvwxyz") == strlen(file) && *file);
        assert_true(strspn(kind->word, "abcdefghijklmnopqrstuvwxyz-") == strlen(kind->word));
        /* A reader tells events by file and word. */
        assert_int_equal(strlen(kind->id), 32);
        assert_int_equal(strspn(kind->id, "0123456789abcdef"), 32);
        for (unsigned k = 0; k < i; k++) {
            assert_string_not_equal(kind->id, event_kind(k)->id);
            assert_false(event_kind(k)->file == kind->file &&
                         strcmp(event_kind(k)->word, kind->word) == 0);
        }
    }
    /* What a session may report decides what a captured session can forge. */
    assert_int_equal(event_kind(EVENT_LOGIN)->from, EVENT_FROM_MONITOR);
    assert_int_equal(event_kind(EVENT_LOGIN_REFUSED)->from, EVENT_FROM_MONITOR);
    assert_int_equal(event_kind(EVENT_ATTACK)->from, EVENT_FROM_MONITOR);
    assert_int_equal(event_kind(EVENT_UPLOAD)->from, EVENT_FROM_SESSION);
    assert_string_equal(event_file_name(event_kind(EVENT_LOGIN)->file), "auth");
    assert_string_equal(event_file_name(event_kind(EVENT_UPLOAD)->file), "files");
    assert_string_equal(event_file_name(event_kind(EVENT_USER_ADD)->file), "admin");
    assert_string_equal(event_file_name(event_kind(EVENT_CONNECT)->file), "connections");
}

static void test_lines(void **state)
{
    (void)state;
    struct address address = remote();
    struct event refused = EVENT_INIT(EVENT_LOGIN_REFUSED);
    refused.reason = "bad-password";
    struct event mkdir = EVENT_INIT(EVENT_MKDIR);
    struct event user_add = EVENT_INIT(EVENT_USER_ADD);
    user_add.reason = "No such file";
    struct event odd = EVENT_INIT(EVENT_DELETE);
    odd.command = "dele x=1";
    odd.reason = "";
    odd.detail = "";
    const struct event_origin client = {&address, "alice", "7f3a90c2d4e5f601", NULL};
    const struct event_origin early = {&address, NULL, "7f3a90c2d4e5f601", NULL};
    const struct event_origin admin = {NULL, "bob", NULL, "root"};
    const struct {
        const struct event_origin *origin;
        const struct event *event;
        const char *line;
    } rows[] = {
        {&client, &full,
         "2026-11-22T17:04:21.123Z files upload remote=198.51.100.9 port=50312 user=\"alice\" "
         "command=STOR "
         "path=\"/a b\" to=\"/c\" type=I bytes=5 offset=0 usec=12 reply=226 reason=quota "
         "detail=\"one "
         "two\" "
         "session=7f3a90c2d4e5f601\n"},
        {&client, &refused,
         "2026-11-22T17:04:21.123Z auth refused remote=198.51.100.9 port=50312 user=\"alice\" "
         "reason=bad-password session=7f3a90c2d4e5f601\n"},
        {&early, &mkdir,
         "2026-11-22T17:04:21.123Z files mkdir remote=198.51.100.9 port=50312 "
         "session=7f3a90c2d4e5f601\n"},
        {&admin, &user_add,
         "2026-11-22T17:04:21.123Z admin user-add user=\"bob\" reason=\"No such file\" "
         "actor=\"root\"\n"},
        {&early, &odd,
         "2026-11-22T17:04:21.123Z files delete remote=198.51.100.9 port=50312 command=\"dele "
         "x=1\" "
         "reason=\"\" detail=\"\" session=7f3a90c2d4e5f601\n"},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        cleanup_free char *line = line_of(rows[i].origin, rows[i].event);
        assert_string_equal(line, rows[i].line);
    }
}

/* The date against the C library's, from before 1970 to the year 9999. */
static void test_time(void **state)
{
    (void)state;
    for (time_t when = -4000000000; when < 253402300799; when += 86400 * 29 + 4711) {
        char expected[64], time[EVENT_TIME_MAX];
        struct tm tm;
        assert_non_null(gmtime_r(&when, &tm));
        assert_true(strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S.000Z", &tm) > 0);
        const struct timespec exact = {.tv_sec = when};
        event_format_time(&exact, time);
        assert_string_equal(time, expected);
    }
}

static const char *const hostile_names[] = {
    "x\n2026-11-22T17:04:21.123Z auth refused remote=203.0.113.1 port=1 user=\"y\"",
    "x\r\n",
    "\" remote=203.0.113.1 session=0",
    "\\\" remote=203.0.113.1",
    "\\",
    "a\\\\\" b=\"",
    "x rhost=1.2.3.4",
    " remote=1.2.3.4 ",
    "\"1.2.3.4\"",
    "remote=1.2.3.4",
    "\x1b]0;title\x07",
    "\xe2\x80\xa8new line",
    "\xe2\x80\xae is written from right to left",
    "%s%n%x",
    "\xff\xfe\x80",
    "",
};

/* One line, which has exactly the fields that it should have, and the true address first. */
static void assert_unforged(const char *line)
{
    size_t length = strlen(line);
    assert_true(text_is_plain(line, length - 1)); /* no other line end, no escape sequence */
    assert_true(text_is_utf8(line, length));
    assert_int_equal(line[length - 1], '\n');

    static const char word[] = "[^] \"=]+";
    static const char quoted[] = "\"([^\"\\]|\\\\[\"\\]|\\\\x[0-9a-f]{2})*\"";
    char pattern[512];
    (void)snprintf(
        pattern, sizeof(pattern),
        "^2026-11-22T17:04:21.123Z files upload remote=198\\.51\\.100\\.9 port=50312 user=%s "
        "command=(%s|%s) path=%s to=%s type=I bytes=5 offset=0 usec=12 reply=226 reason=(%s|%s) "
        "detail=%s session=7f3a90c2d4e5f601\n$",
        quoted, word, quoted, quoted, quoted, word, quoted, quoted);
    regex_t expression;
    assert_int_equal(regcomp(&expression, pattern, REG_EXTENDED | REG_NOSUB), 0);
    int r = regexec(&expression, line, 0, NULL, 0);
    regfree(&expression);
    if (r != 0)
        fail_msg("%s", line);
}

static void test_no_name_forges_anything_L01_L02_A06(void **state)
{
    (void)state;
    struct address address = remote();
    for (size_t i = 0; i < ELEMENTS(hostile_names); i++) {
        struct event event = full;
        event.command = event.path = event.path_to = event.reason = event.detail = hostile_names[i];
        const struct event_origin origin = {&address, hostile_names[i], "7f3a90c2d4e5f601", NULL};
        cleanup_free char *line = line_of(&origin, &event);
        assert_unforged(line);
    }

    srand(17);
    for (unsigned round = 0; round < 3000; round++) {
        char name[24];
        size_t size = (size_t)rand() % (sizeof(name) - 1);
        for (size_t i = 0; i < size; i++)
            name[i] = (char)(rand() % 255 + 1);
        for (size_t i = 0; i < size; i += 1 + (size_t)rand() % 3)
            name[i] = "\"\\ =\nx\xe2\x80"[rand() % 8];
        name[size] = '\0';
        struct event event = full;
        event.command = event.path = event.path_to = event.reason = event.detail = name;
        const struct event_origin origin = {&address, name, "7f3a90c2d4e5f601", NULL};
        cleanup_free char *line = line_of(&origin, &event);
        assert_unforged(line);
    }
}

/* JSON of EVENT, as it follows the brace and the time. The caller frees it. */
static char *json_of(const struct event_origin *origin, const struct event *event)
{
    cleanup_buffer struct buffer buffer;
    buffer_init(&buffer, 400000);
    assert_int_equal(event_format_json(&buffer, origin, event), 0);
    return string_of(&buffer);
}

static void test_json(void **state)
{
    (void)state;
    struct address address = remote();
    const struct event_origin client = {&address, "al\"i\\ce", "7f3a90c2d4e5f601", NULL};
    const struct event_origin admin = {NULL, "bob", NULL, "root"};
    struct event user_add = EVENT_INIT(EVENT_USER_ADD);
    struct event odd = EVENT_INIT(EVENT_DELETE);
    odd.path = "/caf\xe9\n\x1b\xe2\x80\xa8";
    odd.reason = "";
    const struct {
        const struct event_origin *origin;
        const struct event *event;
        const char *json;
    } rows[] = {
        {&client, &full,
         "\"log\":\"files\",\"event\":\"upload\",\"remote\":\"198.51.100.9\",\"port\":50312,"
         "\"user\":\"al\\\"i\\\\ce\",\"command\":\"STOR\",\"path\":\"/a b\",\"to\":\"/c\","
         "\"type\":\"I\",\"bytes\":5,\"offset\":0,\"usec\":12,\"reply\":226,\"reason\":\"quota\","
         "\"detail\":\"one two\",\"session\":\"7f3a90c2d4e5f601\"}"},
        {&admin, &user_add,
         "\"log\":\"admin\",\"event\":\"user-add\",\"user\":\"bob\",\"actor\":\"root\"}"},
        {&admin, &odd,
         "\"log\":\"files\",\"event\":\"delete\",\"user\":\"bob\","
         "\"path\":\"/caf\\ufffd\\u000a\\u001b\\u2028\",\"path_hex\":\"2f636166e90a1be280a8\","
         "\"reason\":\"\",\"actor\":\"root\"}"},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        cleanup_free char *json = json_of(rows[i].origin, rows[i].event);
        assert_string_equal(json, rows[i].json);
    }
}

/* A record of the journal's native protocol, field by field. */
static void read_field(const char **position, const char *end, char name[64], const char **ret,
                       size_t *ret_size)
{
    size_t length = strcspn(*position, "=\n");
    assert_in_range(length, 1, 63);
    assert_int_equal(strspn(*position, EVENT_UPPER "_"), length); /* what journald accepts */
    memcpy(name, *position, length);
    name[length] = '\0';
    *position += length + 1;
    if ((*position)[-1] == '=') {
        *ret = *position;
        *ret_size = strcspn(*position, "\n");
    } else {
        uint64_t size;
        memcpy(&size, *position, sizeof(size));
        *ret = *position + sizeof(size);
        *ret_size = le64toh(size);
    }
    *position = *ret + *ret_size;
    assert_true(*position < end && **position == '\n');
    *position += 1;
}

struct record_field {
    const char *name, *value;
};

static void assert_record(const struct event_origin *origin, const struct event *event,
                          const struct record_field *expected, size_t count)
{
    cleanup_buffer struct buffer text;
    cleanup_buffer struct buffer record;
    buffer_init(&text, 200000);
    buffer_init(&record, 200000);
    assert_int_equal(event_format_text(&text, origin, event), 0);
    assert_int_equal(event_format_journal(&record, &text, origin, event), 0);
    size_t whole = buffer_size(&record);
    assert_int_equal(buffer_append(&record, "", 1), 0); /* ends the search for '=' */
    const char *position = buffer_begin(&record), *end = position + whole;
    for (size_t i = 0; i < count; i++) {
        char name[64];
        const char *value;
        size_t size;
        assert_true(position < end);
        read_field(&position, end, name, &value, &size);
        assert_string_equal(name, expected[i].name);
        assert_int_equal(size, strlen(expected[i].value));
        assert_memory_equal(value, expected[i].value, size);
    }
    assert_true(position == end);
}

static void test_journal_record(void **state)
{
    (void)state;
    struct address address = remote();
    const struct event_origin client = {&address, "alice", "7f3a90c2d4e5f601", NULL};
    const struct record_field all[] = {
        {"MESSAGE", "files upload remote=198.51.100.9 port=50312 user=\"alice\" command=STOR "
                    "path=\"/a b\" to=\"/c\" type=I bytes=5 offset=0 usec=12 reply=226 "
                    "reason=quota detail=\"one two\" session=7f3a90c2d4e5f601"},
        {"MESSAGE_ID", event_kind(EVENT_UPLOAD)->id},
        {"PRIORITY", "6"},
        {"SYSLOG_IDENTIFIER", "cellftpd"},
        {"SYSLOG_FACILITY", "11"},
        {"FTP_EVENT", "files-upload"},
        {"FTP_CLIENT", "198.51.100.9"},
        {"FTP_CLIENT_PORT", "50312"},
        {"FTP_USER", "alice"},
        {"FTP_COMMAND", "STOR"},
        {"FTP_PATH", "/a b"},
        {"FTP_PATH_TO", "/c"},
        {"FTP_TYPE", "I"},
        {"FTP_BYTES", "5"},
        {"FTP_OFFSET", "0"},
        {"FTP_USEC", "12"},
        {"FTP_REPLY", "226"},
        {"FTP_REASON", "quota"},
        {"FTP_DETAIL", "one two"},
        {"FTP_SESSION", "7f3a90c2d4e5f601"},
    };
    assert_record(&client, &full, all, ELEMENTS(all));

    /* A name with a line end, and another field in it, is one field. */
    const struct event_origin forged = {&address, "x\nFTP_CLIENT=203.0.113.1\n", NULL, "root"};
    struct event refused = EVENT_INIT(EVENT_LOGIN_REFUSED);
    const struct record_field few[] = {
        {"MESSAGE", "auth refused remote=198.51.100.9 port=50312 "
                    "user=\"x\\x0aFTP_CLIENT=203.0.113.1\\x0a\" actor=\"root\""},
        {"MESSAGE_ID", event_kind(EVENT_LOGIN_REFUSED)->id},
        {"PRIORITY", "5"},
        {"SYSLOG_IDENTIFIER", "cellftpd"},
        {"SYSLOG_FACILITY", "11"},
        {"FTP_EVENT", "auth-refused"},
        {"FTP_CLIENT", "198.51.100.9"},
        {"FTP_CLIENT_PORT", "50312"},
        {"FTP_USER", "x\nFTP_CLIENT=203.0.113.1\n"},
        {"FTP_ADMIN", "root"},
    };
    assert_record(&forged, &refused, few, ELEMENTS(few));
}

static void test_whole_line_or_nothing(void **state)
{
    (void)state;
    struct address address = remote();
    const struct event_origin origin = {&address, "alice", "7f3a90c2d4e5f601", NULL};
    cleanup_buffer struct buffer text;
    buffer_init(&text, 4096);
    assert_int_equal(event_format_text(&text, &origin, &full), 0);
    for (size_t room = 0; room < buffer_size(&text); room++) {
        cleanup_buffer struct buffer buffer;
        buffer_init(&buffer, room + 3);
        assert_int_equal(buffer_append_string(&buffer, "abc"), 0);
        assert_int_equal(event_format_text(&buffer, &origin, &full), -ENOBUFS);
        assert_int_equal(event_format_json(&buffer, &origin, &full), -ENOBUFS);
        assert_int_equal(event_format_journal(&buffer, &text, &origin, &full), -ENOBUFS);
        assert_int_equal(buffer_size(&buffer), 3);
        assert_memory_equal(buffer_begin(&buffer), "abc", 3);
    }
}

static void assert_same_text(const char *a, const char *b)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a)
        assert_string_equal(a, b);
}

static void assert_same_event(const struct event *a, const struct event *b)
{
    assert_int_equal(a->id, b->id);
    assert_same_text(a->command, b->command);
    assert_same_text(a->path, b->path);
    assert_same_text(a->path_to, b->path_to);
    assert_same_text(a->type, b->type);
    assert_same_text(a->reason, b->reason);
    assert_same_text(a->detail, b->detail);
    assert_true(a->bytes == b->bytes && a->offset == b->offset);
    assert_true(a->duration == b->duration && a->reply == b->reply);
}

static void test_put_and_get(void **state)
{
    (void)state;
    struct event empty = EVENT_INIT(EVENT_CONNECT);
    struct event large = EVENT_INIT(EVENT_RENAME);
    static char long_path[4096 + 512];
    memset(long_path, 'p', sizeof(long_path) - 1);
    large.path = large.path_to = long_path;
    large.bytes = UINT64_MAX - 1;
    const struct event *rows[] = {&full, &empty, &large};
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct message message;
        struct event back;
        message_begin(&message, 1);
        event_put(&message, rows[i]);
        assert_int_equal(event_get(&message, &back), 0);
        assert_same_event(rows[i], &back);
    }
}

/* However long what a client sent is: the event arrives, cut. An event that could be made too long
 * to be logged would be a way to do things unseen. */
static void test_nothing_is_too_long_to_be_logged(void **state)
{
    (void)state;
    static char endless[100000];
    memset(endless, '\n', sizeof(endless) - 1);
    struct event event = full;
    event.command = event.path = event.path_to = event.reason = event.detail = endless;
    struct message message;
    struct event back;
    message_begin(&message, 1);
    event_put(&message, &event);
    assert_false(message.broken);
    assert_int_equal(event_get(&message, &back), 0);
    assert_true(strlen(back.path) >= 4096 && strlen(back.path_to) >= 4096);
    assert_true(strlen(back.detail) >= 1024);

    struct address address = remote();
    const struct event_origin origin = {&address, "alice", "7f3a90c2d4e5f601", NULL};
    cleanup_free char *line = line_of(&origin, &back);
    assert_unforged(line);
}

static void test_get_is_strict_C21(void **state)
{
    (void)state;
    struct message whole;
    struct event event;
    message_begin(&whole, 1);
    event_put(&whole, &full);

    for (size_t size = 0; size < whole.size; size++) {
        struct message cut = whole;
        cut.size = size;
        assert_int_equal(event_get(&cut, &event), -EBADMSG);
    }
    struct message longer = whole;
    message_put_u32(&longer, 0);
    assert_int_equal(event_get(&longer, &event), -EBADMSG);

    static const uint32_t ids[] = {EVENT_COUNT, EVENT_COUNT + 1, 0x80000000, UINT32_MAX};
    for (size_t i = 0; i < ELEMENTS(ids); i++) {
        struct message bad = whole;
        memcpy(bad.payload + 1, &ids[i], sizeof(ids[i]));
        assert_int_equal(event_get(&bad, &event), -EBADMSG);
    }

    /* Whatever bit flips: refused, or an event that can be written as one line. */
    const struct event_origin nobody = {NULL, NULL, NULL, NULL};
    unsigned good = 0;
    for (size_t bit = 0; bit < whole.size * 8; bit++) {
        struct message flipped = whole;
        flipped.payload[bit / 8] = (uint8_t)(flipped.payload[bit / 8] ^ 1u << bit % 8);
        int r = event_get(&flipped, &event);
        assert_true(r == 0 || r == -EBADMSG);
        if (r == 0) {
            cleanup_free char *line = line_of(&nobody, &event);
            assert_int_equal(strcspn(line, "\n"), strlen(line) - 1);
            good++;
        }
    }
    assert_true(good > 0 && good < whole.size * 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_journal_record),
        cmocka_unit_test(test_no_name_forges_anything_L01_L02_A06),
        cmocka_unit_test(test_whole_line_or_nothing),
        cmocka_unit_test(test_put_and_get),
        cmocka_unit_test(test_nothing_is_too_long_to_be_logged),
        cmocka_unit_test(test_get_is_strict_C21),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

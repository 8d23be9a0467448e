/* Lines that are no commands: odd bytes, overlong verbs, nothing at all, pieces of a line. See
 * catalogue.h. */
#include "ftplint/exam.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <string.h>

/* LINES, which are no commands, may be refused or passed over; the PWD behind them is answered. */
static void expect_next_served(struct client *client, const char *lines, unsigned most)
{
    struct exam *exam = client->exam;
    send_bytes(client, lines, strlen(lines));
    send_line(client, "PWD");
    const struct reply *reply = try_reply(client, exam_patience(exam));
    unsigned refused = 0;
    for (; refused < most && reply_is(reply, "4 5") && reply->code != 421; refused++)
        reply = try_reply(client, exam_patience(exam));
    if (reply->error == -ETIMEDOUT)
        exam->result.timed_out = true;
    if (reply->code == 257)
        return;
    const char *bytes = *lines == '\r' || *lines == ' '       ? "an empty line"
                        : strlen(lines) > 16 && *lines == 'N' ? "a long word"
                                                              : "a line of odd bytes";
    fail(exam, exam_format(exam, "at most one refusal of %s, and 257 to the PWD behind it", bytes),
         "%u refusals and then %s", refused,
         reply->code                  ? reply->lines[0]
         : reply->error == -ETIMEDOUT ? "no reply to PWD"
                                      : "the end of the connection");
}

static void odd_verbs(struct exam *exam)
{
    static const char *const lines[] = {
        "\"",       "\"\"", "x",        ".",  "\x80\xff", "\xc3\xa9",   "NOOP\x01", "NO\tOP",
        "NOOPNOOP", "-",    "%n%s%n%s", "\\", "{}",       "\x7f\x1b[A", "\t",       "NOOP,NOOP"};
    struct client *client = given_session(exam);
    for (size_t i = 0; i < ELEMENTS(lines); i++)
        expect_next_served(client, exam_format(exam, "%s\r\n", lines[i]), 1);
}

static void long_verb(struct exam *exam)
{
    static const size_t sizes[] = {17, 33, 65, 129, 257, 513, 1000};
    struct client *client = given_session(exam);
    for (size_t i = 0; i < ELEMENTS(sizes); i++) {
        char *line = exam_allocate(exam, sizes[i] + 3);
        memset(line, 'N', sizes[i]);
        memcpy(line + sizes[i], "\r\n", 2);
        expect_next_served(client, line, 1);
    }
}

static void blank_lines(struct exam *exam)
{
    struct client *client = given_session(exam);
    expect_next_served(client, "\r\n", 1);
    expect_next_served(client, "  \r\n", 1);
    expect_next_served(client, "\r\n\r\n\r\n", 3);
}

/* Half a line on one connection keeps nobody else waiting. */
static void half_line(struct exam *exam)
{
    struct client *half = given_connection(exam);
    send_bytes(half, "USER ftplint-no", 15);
    struct client *client = open_login(exam, ACCOUNT_USER);
    expect(client, "200", "NOOP");
}

/* The beginning of a TLS connection where none was agreed on. */
static void unexpected_tls(struct exam *exam)
{
    static const char hello[] = "\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03";
    if (exam->target->tls == TLS_IMPLICIT)
        skip(exam, "under implicit TLS it is what is expected");
    struct client *client = given_socket(exam);
    if (try_reply(client, exam_patience(exam))->code == 0)
        blocked(exam, "there is no greeting");
    char *record = exam_allocate(exam, 50);
    memcpy(record, hello, sizeof(hello) - 1);
    (void)wire_send(&client->wire, record, 50, false, exam_patience(exam));
    (void)wire_send(&client->wire, "\r\nNOOP\r\n", 8, false, exam_patience(exam));
    const struct reply *reply = try_reply(client, exam_patience(exam));
    if (reply->error == -ETIMEDOUT) {
        exam->result.timed_out = true;
        fail(exam, "a refusal, or the end of the connection", "neither");
    }
    client_close(open_connection(exam));
}

static const struct test tests[] = {
    {
        .name = "robustness.verb.odd",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "lines that are no commands do not disturb the next one",
        .reason = "RFC 959, section 4.2: replies keep the two sides synchronized. Parsers of "
                  "lines have read beyond their buffers (ProFTPD, CVE-2023-51713, a backslash and "
                  "quotes), and what they do with bytes above 127 nobody tries.",
        .remedy = "Answer 500 to a line whose first word is not a known verb, whatever its bytes.",
        .run = odd_verbs,
    },
    {
        .name = "robustness.verb.long",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "a verb of up to 1,000 letters is refused by one reply",
        .reason = "RFC 959, section 4.2: every command must generate a reply. Section 5.3 has "
                  "verbs of at most four letters, and buffers for them have been as short.",
        .remedy = "Compare the verb where it lies; answer 500 to one that is too long.",
        .run = long_verb,
    },
    {
        .name = "robustness.line.empty",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "an empty line is passed over or refused, and the next command is served",
        .reason = "People press return, and clients on slow lines send empty lines to keep the "
                  "connection; none of them wants to lose it.",
        .remedy = "Answer 500 to an empty line, or nothing.",
        .run = blank_lines,
    },
    {
        .name = "robustness.line.half",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "a connection that stops in the middle of a line keeps nobody else waiting",
        .reason = "Slow and broken clients are daily bread; and who means harm needs one "
                  "connection and no account to stop a server that waits for it.",
        .remedy = "Read without waiting, or serve each connection by a process or thread of its "
                  "own.",
        .run = half_line,
    },
    {
        .name = "robustness.line.tls",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .after = "rfc959.greeting.code",
        .title = "TLS that was not asked for is refused, and the server goes on",
        .reason = "Clients that are set to implicit TLS by mistake begin so; without an answer "
                  "they wait for ever.",
        .remedy = "Answer 500 to what is no command, or close the connection.",
        .run = unexpected_tls,
    },
};

const struct group group_lines = {
    .name = "lines",
    .title = "Lines that are no commands",
    .tests = tests,
    .count = ELEMENTS(tests),
};

/* Limits: lines and floods that no honest client sends, and what remains served afterwards. See
 * catalogue.h. */
#include "ftplint/exam.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <string.h>

enum {
    ANSWER_MAX = 5000, /* milliseconds: whoever has not answered a bad line by then never will */
    LONG_LINE = 20000,
    ENDLESS = 1 << 20,
};

static unsigned at_most(unsigned patience, unsigned most)
{
    return patience < most ? patience : most;
}

/* Sends what the server may well refuse to read: neither that nor its closing is an error here. */
static void push(struct client *client, const void *bytes, size_t size)
{
    (void)wire_send(&client->wire, bytes, size, false,
                    at_most(exam_patience(client->exam), ANSWER_MAX));
}

/* BEGIN, SIZE letters, END; *RET_SIZE bytes. */
static char *long_line(struct exam *exam, const char *begin, size_t size, const char *end,
                       size_t *ret_size)
{
    char *letters = exam_allocate(exam, size + 1);
    memset(letters, 'a', size);
    char *line = exam_format(exam, "%s%s%s", begin, letters, end);
    *ret_size = strlen(line);
    return line;
}

static void push_long(struct client *client, const char *begin, size_t size, const char *end)
{
    size_t length;
    const char *line = long_line(client->exam, begin, size, end, &length);
    push(client, line, length);
}

/* The server as a whole still serves. */
static void expect_service(struct exam *exam)
{
    client_close(open_connection(exam));
}

/* --- long lines ------------------------------------------------------------------------------- */

static void answered(struct exam *exam)
{
    static const size_t sizes[] = {1000, 5000, 70000};
    struct client *client = given_session(exam);
    for (size_t i = 0; i < ELEMENTS(sizes); i++) {
        push_long(client, "SIZE ", sizes[i], "\r\n");
        const struct reply *reply = try_reply(client, at_most(exam_patience(exam), ANSWER_MAX));
        if (reply->error == -ETIMEDOUT) {
            exam->result.timed_out = true;
            fail(exam, "a reply, or the end of the connection",
                 "neither within %llu ms after a command of %zu bytes",
                 (unsigned long long)reply->waited, sizes[i]);
        }
        if (reply->code == 0 || reply->code == 421) {
            session_drop(exam->server);
            return;
        }
    }
}

/* A server that answers such a line not at all is the finding of "answered". */
static void recovers(struct exam *exam)
{
    struct client *client = given_session(exam);
    push_long(client, "SIZE ", LONG_LINE, "\r\n");
    push(client, "NOOP\r\n", 6);
    for (unsigned before = 0;; before++) {
        const struct reply *reply = try_reply(client, at_most(exam_patience(exam), ANSWER_MAX));
        if (reply->error == -EPIPE || reply->error == -ECONNRESET) {
            session_drop(exam->server);
            return;
        }
        if (reply->code == 0) {
            exam->result.timed_out = reply->error == -ETIMEDOUT;
            fail(exam, "200 to the NOOP behind a long line, or the end of the connection",
                 "%u other replies and then none", before);
        }
        if (reply->code == 200 && before > 1)
            fail(exam, "one reply to one line of 20,000 bytes, and 200 to the NOOP behind it",
                 "%u replies before the NOOP's", before);
        if (reply->code == 200)
            return;
    }
}

/* One line whose end, behind SIZE bytes, reads as a command. False if the server closed. */
static bool try_tail(struct client *client, size_t size, const char *victim)
{
    struct exam *exam = client->exam;
    const char *tail = exam_format(exam, "DELE %s\r\nNOOP\r\n", victim);
    push_long(client, "SIZE ", size - strlen("SIZE "), tail);
    for (;;) {
        const struct reply *reply = try_reply(client, at_most(exam_patience(exam), 1000));
        if (reply->code == 0)
            return reply->error == -ETIMEDOUT;
        if (reply->code == 250)
            fail(exam, "that a line too long is refused as a whole",
                 "a line of SIZE, %zu bytes in all, and then \"DELE ...\" without a line end "
                 "between "
                 "them deleted the file: %u %s",
                 size, reply->code, reply->text);
        if (reply->code == 200)
            return true;
    }
}

static void tail(struct exam *exam)
{
    enum { SMALLEST = 256, LARGEST = 32768 };
    const char *victim = given_file(exam, "victim", "x", 1);
    struct client *client = given_login(exam, ACCOUNT_USER);
    for (size_t size = SMALLEST; size <= LARGEST; size *= 2) {
        /* A buffer's size, less room for a zero byte, for CR LF, and one more for luck. */
        for (size_t less = 0; less < 4; less++)
            if (!try_tail(client, size + 1 - less, victim))
                return; /* who closes the connection runs no rest */
    }
}

static void endless(struct exam *exam)
{
    struct client *client = given_connection(exam);
    push_long(client, "", ENDLESS, "");
    expect_service(exam);
    push(client, "\r\nNOOP\r\n", 8);
    const struct reply *reply;
    do {
        reply = try_reply(client, at_most(exam_patience(exam), ANSWER_MAX));
        if (reply->error == -ETIMEDOUT) {
            exam->result.timed_out = true;
            fail(exam, "an answer, or the end of the connection", "neither within %llu ms",
                 (unsigned long long)reply->waited);
        }
    } while (reply->code && reply->code != 200 && reply->code != 530);
}

/* A name or a password of 5,000 bytes: refused in time, and others are served. */
static void long_word(struct exam *exam)
{
    const char *begin = exam->test->parameter;
    struct client *client = given_stranger(exam, STRANGER);
    if (strcmp(begin, "PASS ") == 0)
        (void)command(client, "USER ftplint-nobody");
    push_long(client, begin, 5000, "\r\n");
    const struct reply *reply = try_reply(client, at_most(exam_patience(exam), ANSWER_MAX));
    if (reply->error == -ETIMEDOUT)
        skip(exam, "the server does not answer lines of 5,000 bytes at all");
    if (reply->code == 230)
        fail(exam, "a refusal", "%u %s", reply->code, reply->text);
    expect_service(exam);
}

/* --- floods ----------------------------------------------------------------------------------- */

static void flood(struct exam *exam)
{
    enum { COMMANDS = 1000 };
    struct client *client = given_session(exam);
    char *lines = exam_allocate(exam, COMMANDS * 6 + 1);
    for (size_t i = 0; i < COMMANDS; i++)
        memcpy(lines + i * 6, "NOOP\r\n", 6);
    push(client, lines, (size_t)COMMANDS * 6);
    for (unsigned i = 0; i < COMMANDS; i++) {
        const struct reply *reply = try_reply(client, exam_patience(exam));
        if (reply->error == -ETIMEDOUT)
            exam->result.timed_out = true;
        if (reply->code != 200)
            fail(exam, "1,000 replies to 1,000 commands that were sent in one piece",
                 "%u, and then %s", i,
                 reply->code                  ? reply->lines[0]
                 : reply->error == -ETIMEDOUT ? "no more"
                                              : "the end of the connection");
    }
}

static void unread(struct exam *exam)
{
    enum { BLOCK = 60000, BLOCKS = 40 };
    struct client *client = given_login(exam, ACCOUNT_USER);
    char *lines = exam_allocate(exam, BLOCK + 1);
    for (size_t i = 0; i < BLOCK / 6; i++)
        memcpy(lines + i * 6, "NOOP\r\n", 6);
    int blocks = 0;
    while (blocks < BLOCKS && wire_send(&client->wire, lines, BLOCK, false, 500) == BLOCK)
        blocks++;
    note(exam, "%d commands were taken while no reply was read", blocks * (BLOCK / 6));
    expect_service(exam);
}

static const struct test tests[] = {
    {
        .name = "rfc959.long-line.answered",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "a command of any length is answered, or the connection is ended",
        .reason = "RFC 959, section 4.2: every command must generate at least one reply. A client "
                  "with a long path waits for ever for the one that does not come.",
        .remedy = "Read a line that is too long up to its end, throw it away and answer 500; or "
                  "answer 421 and close the connection.",
        .run = answered,
    },
    {
        .name = "rfc959.long-line.one-reply",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "a line that is too long gets one reply, and the next command gets its own",
        .reason = "RFC 959, section 4.2: replies keep the two sides synchronized. Pieces of a line "
                  "that are answered one by one put every later reply behind its command.",
        .remedy = "After the buffer's end, go on reading to the line's end and discard it before "
                  "anything else is answered.",
        .run = recovers,
    },
    {
        .name = "security.long-line.tail",
        .severity = SEVERITY_ERROR,
        .title = "the end of a line that is too long is not run as a command",
        .reason = "CVE-2008-4242 (ProFTPD) and CVE-2008-4247 (BSD ftpd): a link of the form "
                  "ftp://host/aaa...DELE%20file makes the browser of somebody who is logged in "
                  "send the attacker's command.",
        .remedy = "Never begin a new command in the middle of a line, whatever the buffer's size.",
        .run = tail,
    },
    {
        .name = "limits.long-line.endless",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .title = "a megabyte without a line end harms nobody",
        .reason = "Anybody can send it without logging in (CVE-2019-18217: ProFTPD looped for "
                  "ever). Others must be served meanwhile, and the sender gets an answer or the "
                  "end of the connection.",
        .remedy = "Bound the buffer of a line, discard what exceeds it, and close the connection "
                  "if it goes on.",
        .run = endless,
    },
    {
        .name = "limits.login.long-name",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .title = "a user name of 5,000 bytes is answered, and the server goes on",
        .reason = "Names go through more layers than any other argument before a login, and "
                  "overlong ones have overflowed many servers.",
        .remedy = "Refuse a name that is longer than any account's before it is looked up.",
        .run = long_word,
        .parameter = "USER ",
    },
    {
        .name = "limits.login.long-password",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .title = "a password of 5,000 bytes is refused, and the server goes on",
        .reason = "Slow password hashes take time with the password's length: strangers could keep "
                  "the machine busy.",
        .remedy = "Refuse a password that is longer than any that can be set, before it is hashed.",
        .run = long_word,
        .parameter = "PASS ",
    },
    {
        .name = "limits.pipeline.thousand",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "a thousand commands sent in one piece are all answered",
        .reason = "Clients that delete or list many files send commands ahead of the replies; one "
                  "that is lost leaves them waiting.",
        .remedy = "Take one line at a time out of the input buffer, and stop reading, not "
                  "dropping, while it is full.",
        .run = flood,
    },
    {
        .name = "limits.pipeline.unread",
        .severity = SEVERITY_ERROR,
        .flags = TEST_DESTRUCTIVE | TEST_READ_ONLY,
        .title = "a client that sends without reading any reply stops nobody else",
        .reason = "Replies that nobody reads must not be kept without a bound, and a server that "
                  "waits for them to be taken must not let others wait.",
        .remedy = "Stop reading commands while replies wait to be sent, and end the session when "
                  "that lasts.",
        .run = unread,
    },
};

const struct group group_limits = {
    .name = "limits",
    .title = "Long lines and floods",
    .tests = tests,
    .count = ELEMENTS(tests),
};

/* Pipelining: lines are what counts, not the packets in which they come (RFC 1123, section
 * 4.1.2.10). See catalogue.h. */
#include "ftplint/exam.h"

#include "lib/cleanup.h"
#include "lib/clock.h"

#include <poll.h>
#include <string.h>

enum {
    SILENCE_MSEC = 250,
    READ_TIME = 2,
};

/* Commands whose replies differ in their first two digits. */
struct step {
    const char *line;
    const char *codes;
};

static const struct step steps[] = {
    {"NOOP", "20"}, {"PWD", "25"}, {"CWD ftplint-missing", "5"},
    {"NOOP", "20"}, {"PWD", "25"}, {"TYPE I", "20"},
    {"FLNT", "50"}, {"PWD", "25"}, {"NOOP", "20"},
};

/* Ends the test unless the server answers STEP alone as it will have to in company. */
static void given_steps(struct client *client)
{
    struct exam *exam = client->exam;
    exam->given++;
    for (size_t i = 0; i < ELEMENTS(steps); i++)
        expect(client, steps[i].codes, "%s", steps[i].line);
    exam->given--;
}

static void expect_steps(struct client *client)
{
    for (size_t i = 0; i < ELEMENTS(steps); i++) {
        const struct reply *reply = read_reply(client);
        if (!reply_is(reply, steps[i].codes))
            fail(client->exam,
                 exam_format(client->exam, "as reply %zu that to %s", i + 1, steps[i].line),
                 "\"%s\"", reply->lines[0]);
    }
    expect_silence(client, SILENCE_MSEC);
}

static char *all_steps(struct exam *exam)
{
    char *text = exam_format(exam, "%s", "");
    for (size_t i = 0; i < ELEMENTS(steps); i++)
        text = exam_format(exam, "%s%s\r\n", text, steps[i].line);
    return text;
}

/* Time for the other side to read what was sent, so that what follows is another read. */
static void let_read(void)
{
    (void)poll(NULL, 0, READ_TIME);
}

static void order(struct exam *exam)
{
    struct client *client = given_session(exam);
    given_steps(client);
    const char *text = all_steps(exam);
    send_bytes(client, text, strlen(text));
    expect_steps(client);
}

static void halves(struct exam *exam)
{
    struct client *client = given_session(exam);
    given_steps(client);
    const char *text = all_steps(exam);
    size_t size = strlen(text);
    /* Pieces of 7 bytes end within verbs and arguments, and not between CR and LF, which is
     * another test's matter. */
    for (size_t at = 0, piece; at < size; at += piece) {
        piece = size - at < 7 ? size - at : 7;
        piece += text[at + piece - 1] == '\r';
        send_bytes(client, text + at, piece);
        let_read();
    }
    expect_steps(client);
}

static void line_end(struct exam *exam)
{
    struct client *client = given_session(exam);
    send_bytes(client, "NOOP\r", 5);
    let_read();
    send_bytes(client, "\nPWD\r\n", 6);
    expect_next(client, "200|NOOP with CR and LF in two packets");
    expect_next(client, "257|PWD comes next");
    expect_silence(client, SILENCE_MSEC);
}

static void unfinished(struct exam *exam)
{
    struct client *client = given_session(exam);
    send_bytes(client, "NOOP", 4);
    const struct reply *reply = try_reply(client, SILENCE_MSEC);
    if (reply->code)
        fail(exam, "no reply before the line's end", "\"%s\" to NOOP without a line end",
             reply->lines[0]);
    send_bytes(client, "\r\n", 2);
    expect_next(client, "200");
}

static void bare_line_feed(struct exam *exam)
{
    struct client *client = given_session(exam);
    send_bytes(client, "NOOP\nNOOP\r\n", 11);
    const struct reply *reply = read_reply(client);
    const struct reply *second = try_reply(client, SILENCE_MSEC);
    if (second->code == 0)
        note(exam, "LF without CR ends no line here");
    else if (try_reply(client, SILENCE_MSEC)->code)
        fail(exam, "one reply to each line",
             "three replies to NOOP LF NOOP CR LF, the first "
             "\"%s\"",
             reply->lines[0]);
    expect(client, "200|the session goes on", "NOOP");
}

static void logging_in(struct exam *exam)
{
    const struct login *who = &exam->target->logins[ACCOUNT_USER];
    struct client *client = given_connection(exam);
    const char *text = exam_format(exam, "USER %s\r\nPASS %s\r\nPWD\r\n", who->user, who->password);
    /* Secret: the dialogue must not show the password. */
    ssize_t sent = wire_send(&client->wire, text, strlen(text), true, exam_patience(exam));
    if (sent != (ssize_t)strlen(text))
        blocked(exam, "the server does not read");
    const struct reply *reply = read_reply(client);
    expect_code(client, reply, "331 230");
    expect_next(client, "230 202 503|PASS in the packet that brought USER");
    expect_next(client, "257|PWD in the packet that brought the password");
}

static void transfer(struct exam *exam)
{
    static const char content[] = "ftplint: content of a file";
    const char *path = given_file(exam, "file", content, strlen(content));
    struct client *client = given_login(exam, ACCOUNT_USER);
    struct data *data = data_open(client, DATA_ANY);
    const char *text = exam_format(exam, "RETR %s\r\nPWD\r\nNOOP\r\n", path);
    send_bytes(client, text, strlen(text));
    expect_next(client, "125 150");
    data_ready(data);
    struct bytes received = data_read(data, 0);
    wire_close(&data->wire);
    if (received.size != strlen(content))
        fail(exam, exam_format(exam, "the file's %zu bytes", strlen(content)), "%zu bytes",
             received.size);
    /* NOOP may be answered while the transfer runs: only how many there are of each counts. */
    unsigned ended = 0, place = 0, noop = 0;
    for (int i = 0; i < 3; i++) {
        const struct reply *reply = read_reply(client);
        ended += reply_is(reply, "226 250");
        place += reply->code == 257;
        noop += reply->code == 200;
    }
    if (ended != 1 || place != 1 || noop != 1)
        fail(exam, "one reply each to RETR (226), PWD (257) and NOOP (200), sent in one packet",
             "%u to RETR, %u to PWD, %u to NOOP", ended, place, noop);
    expect_silence(client, SILENCE_MSEC);
}

static void renaming(struct exam *exam)
{
    const char *from = given_file(exam, "from", "x", 1);
    const char *to = own_path(exam, "to");
    struct client *client = given_session(exam);
    const char *text = exam_format(exam, "RNFR %s\r\nRNTO %s\r\n", from, to);
    send_bytes(client, text, strlen(text));
    expect_next(client, "2 3");
    expect_next(client, "2|RNTO in the packet that brought RNFR");
}

static void quit(struct exam *exam)
{
    struct client *client = given_connection(exam);
    send_bytes(client, "NOOP\r\nNOOP\r\nNOOP\r\nQUIT\r\n", 24);
    for (int i = 0; i < 3; i++)
        expect_next(client, "200 530|NOOP before QUIT in one packet");
    expect_next(client, "2|the reply to QUIT comes last");
}

static void after_quit(struct exam *exam)
{
    const char *path = own_path(exam, "after-quit");
    struct client *client = given_login(exam, ACCOUNT_USER);
    const char *text = exam_format(exam, "QUIT\r\nMKD %s\r\n", path);
    send_bytes(client, text, strlen(text));
    expect_closed(client, exam_patience(exam), NULL);
    if (exists(exam, path))
        fail(exam, "that nothing is done after QUIT", "MKD behind QUIT has made a directory");
}

static const char boundaries[] =
    "RFC 1123, section 4.1.2.10: a server MUST NOT take what one read brings for a line, neither "
    "less nor more. Networks split and join packets as they like, and clients send several "
    "commands at once to save time.";
static const char remedy[] =
    "Collect what comes, and take lines out of that: as many as there are, "
    "and keep the rest.";

static const struct test tests[] = {
    {
        .name = "rfc1123.pipeline.order",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "commands that come in one packet are answered one by one, in order",
        .reason = boundaries,
        .remedy = remedy,
        .run = order,
    },
    {
        .name = "rfc1123.pipeline.halves",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "commands that packets split in the middle are put together",
        .reason = boundaries,
        .remedy = remedy,
        .run = halves,
    },
    {
        .name = "rfc1123.pipeline.line-end",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "CR and LF may come in two packets",
        .reason = boundaries,
        .remedy = remedy,
        .run = line_end,
    },
    {
        .name = "rfc959.line.unfinished",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "nothing is done before the line's end has come",
        .reason = "RFC 959, section 5.3: the server is to take no action until the end of line "
                  "code is received. \"DELE a\" could be the beginning of \"DELE abc\".",
        .remedy = remedy,
        .run = unfinished,
    },
    {
        .name = "practice.line.bare-lf",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "LF without CR ends a line or does not, but never makes two of one",
        .reason = "RFC 959, section 5.3, ends a command with CR and LF. Scripts send LF alone; a "
                  "server may accept that, or wait for CR LF, but it must not get out of step.",
        .remedy = "Take LF for the line's end, and a CR before it for a part of that.",
        .run = bare_line_feed,
    },
    {
        .name = "rfc1123.pipeline.login",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "USER, PASS and the first command may come in one packet",
        .reason = boundaries,
        .remedy = "Hand over what has been read and not yet executed to the process that serves "
                  "the session after the login.",
        .run = logging_in,
    },
    {
        .name = "rfc959.pipeline.transfer",
        .severity = SEVERITY_ERROR,
        .title = "commands that come during a transfer are answered, at the latest after it",
        .reason = "RFC 959, section 4.2: every command must generate at least one reply, and "
                  "servers should queue those that arrive while another is in progress. A client "
                  "waits in vain for the reply to a command that is lost.",
        .remedy = "Leave them unread, or keep them, until the transfer has ended.",
        .run = transfer,
    },
    {
        .name = "rfc1123.pipeline.rename",
        .severity = SEVERITY_ERROR,
        .title = "RNFR and RNTO may come in one packet",
        .reason = boundaries,
        .remedy = remedy,
        .run = renaming,
    },
    {
        .name = "rfc959.pipeline.quit",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .after = "rfc959.greeting.once",
        .title = "commands before QUIT in the same packet are answered before the end",
        .reason = "RFC 959, section 5.2: the control connection is closed after all transfers and "
                  "replies are completed. A connection that is reset takes replies with it.",
        .remedy = "Execute commands in their order, and close when the last reply is out.",
        .run = quit,
    },
    {
        .name = "rfc959.pipeline.after-quit",
        .severity = SEVERITY_WARNING,
        .title = "commands behind QUIT are not executed",
        .reason = "RFC 959, section 4.1.1: QUIT ends the session of the user.",
        .remedy = "Read no further line after QUIT.",
        .run = after_quit,
    },
};

const struct group group_pipelining = {
    .name = "pipelining",
    .title = "Lines and packets",
    .tests = tests,
    .count = ELEMENTS(tests),
};

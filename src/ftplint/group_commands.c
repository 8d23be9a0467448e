/* Commands: verbs that are not known, their letter case, NOOP and QUIT. See
 * catalogue.h. */
#include "ftplint/exam.h"

#include "lib/cleanup.h"

static void unknown_code(struct exam *exam)
{
    expect(given_session(exam), "500 502|the verb is not known", "%s",
           (const char *)exam->test->parameter);
}

static void unknown_stays(struct exam *exam)
{
    struct client *client = given_session(exam);
    for (int i = 0; i < 3; i++)
        (void)command(client, "FTPLINT%d", i);
    expect(client, "200|the session goes on after a command that is not known", "NOOP");
}

/* .parameter: a command whose argument holds ESC, BEL, BS and DEL. */
static void echo(struct exam *exam)
{
    const char *line = exam->test->parameter;
    struct client *client = given_session(exam);
    /* Some servers (Pure-FTPd) pass such a line over in silence: NOOP tells it from a late reply.
     */
    send_line(client, "%s\r\nNOOP", line);
    const struct reply *reply = read_reply(client);
    if (reply_is(reply, "200"))
        note(exam, "the command is passed over in silence");
    else
        (void)read_reply(client);
    if (reply->flaws & REPLY_CONTROL_BYTE)
        fail(exam, "a reply in which control characters are left out, replaced or escaped",
             "the reply repeats them as they are: \"%s\"", reply->lines[0]);
}

static void quit_code(struct exam *exam)
{
    expect(given_connection(exam), "221", "QUIT");
}

static void quit_closes(struct exam *exam)
{
    struct client *client = given_connection(exam);
    (void)command(client, "QUIT");
    expect_closed(client, exam_patience(exam), NULL);
}

/* .parameter: a command in odd letters, and the codes that it would have in upper case. */
static void letter_case(struct exam *exam)
{
    const char *const *row = exam->test->parameter;
    expect(given_session(exam), row[1], "%s", row[0]);
}

static void idle_noop(struct exam *exam)
{
    expect(given_session(exam), "2", "NOOP");
}

static const char *const lower[] = {"pwd", "257|as to PWD: letter case does not matter"};
static const char *const mixed[] = {"nOoP", "200|as to NOOP: letter case does not matter"};

static const struct test tests[] = {
    {
        .name = "rfc959.unknown.code",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "a command that the server does not know is answered with 500 or 502",
        .reason =
            "RFC 959, section 4.2.1: 500 is \"command unrecognized\", 502 \"not implemented\", and "
            "RFC 1123, section 4.1.2.11, says that these codes should be used. Clients try newer "
            "commands and fall back on older ones when they see them.",
        .remedy = "Answer unknown verbs with 500.",
        .run = unknown_code,
        .parameter = "FLNT",
    },
    {
        .name = "rfc959.unknown.argument",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .after = "rfc959.unknown.code",
        .title = "an unknown command is answered with 500 or 502 also if it has an argument",
        .reason = "RFC 959, section 4.2.1: 501 would say that the command is known and its "
                  "argument wrong, so that the client tries again with another one; RFC 1123, "
                  "section 4.1.2.11, says that these codes should be used.",
        .remedy = "Look the verb up before the argument is examined.",
        .run = unknown_code,
        .parameter = "FLNT some/file name",
    },
    {
        .name = "practice.unknown.session",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "the session survives a few unknown commands",
        .reason = "Clients find out by trying which commands a server knows: CLNT, OPTS UTF8, "
                  "MLSD, HOST. They cannot use a server that closes the connection over that.",
        .remedy = "Count unknown commands, and close the connection after tens of them, not after "
                  "three.",
        .run = unknown_stays,
    },
    {
        .name = "security.reply.echo",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "a reply does not repeat control characters of a file's name",
        .reason = "A name that somebody else has chosen reaches the terminal of whoever uses it: "
                  "escape sequences in it change the screen, the title or the keys.",
        .remedy = "Replace control characters by \"?\" in the text of replies. (257 and the "
                  "listings have to repeat names as they are; this test asks for neither.)",
        .run = echo,
        .parameter = "CWD ftplint\033]0;name\007\033[31m\b\177",
    },
    {
        .name = "security.reply.echo-verb",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "a reply does not repeat control characters of an unknown command",
        .reason = "What comes as a command can be another protocol's content: a reply that repeats "
                  "its control characters carries them on to a terminal or a log.",
        .remedy = "Do not repeat what was not understood, or replace control characters by \"?\".",
        .run = echo,
        .parameter = "FL\033]0;name\007\033[31m\b\177NT",
    },
    {
        .name = "rfc959.quit.code",
        .severity = SEVERITY_WARNING,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .after = "rfc959.greeting.once",
        .title = "QUIT is answered with 221",
        .reason = "RFC 959, section 5.4, lists 221 as the only success of QUIT, and RFC 1123, "
                  "section 4.1.2.11, says that these codes should be used. It tells the client "
                  "that its session ended in order.",
        .remedy = "Answer QUIT with 221, before and after the login.",
        .run = quit_code,
    },
    {
        .name = "rfc959.quit.closes",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .title = "the server closes the connection after QUIT",
        .reason = "RFC 959, section 5.2: the control connection shall be closed by the server at "
                  "the user's request. Clients wait for that, and a server that does not close "
                  "keeps a session until it times out.",
        .remedy = "Close the control connection when 221 has been sent and no transfer is under "
                  "way.",
        .run = quit_closes,
    },
    {
        .name = "rfc959.noop.code",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "NOOP succeeds",
        .reason = "RFC 959, section 5.1, has NOOP in the minimum of every server, and section "
                  "4.1.3: it does nothing but make the server send an OK reply. Clients keep "
                  "sessions alive with it.",
        .remedy = "Answer NOOP with 200.",
        .run = idle_noop,
    },
    {
        .name = "rfc959.case.lower",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "verbs may be written in lower case",
        .reason = "RFC 959, section 5.3: upper and lower case letters of commands are to be "
                  "treated identically. Several clients, and people, write lower case.",
        .remedy = "Compare verbs without regard to letter case.",
        .run = letter_case,
        .parameter = lower,
    },
    {
        .name = "rfc959.case.mixed",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "verbs may be written in upper and lower case letters mixed",
        .reason = "RFC 959, section 5.3, gives RETR, Retr, retr, ReTr and rETr as equal.",
        .remedy = "Compare verbs without regard to letter case.",
        .run = letter_case,
        .parameter = mixed,
    },
};

const struct group group_commands = {
    .name = "commands",
    .title = "Commands",
    .tests = tests,
    .count = ELEMENTS(tests),
};

/* Arguments: every verb with none, with blanks, with too much, in and before a session. See
 * catalogue.h. */
#include "ftplint/exam.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <string.h>

/* What a verb takes and may do (CWD alone leads home on BSD and its heirs); those that end or
 * change the session itself are not here. */
enum verb_flag {
    VERB_NEEDS = 1 << 0,  /* RFC 959, section 5.3.1, and the others: it cannot stand alone */
    VERB_LOGIN = 1 << 1,  /* works on files: nothing for strangers */
    VERB_LISTEN = 1 << 2, /* opens a port: after those that would use it */
    VERB_DATA = 1 << 3,   /* may wait for a data connection after its first reply */
    VERB_MOVES = 1 << 4, /* may lead out of the test's own folder, where others would make things */
};

static const struct verb {
    const char *name;
    unsigned flags;
} verbs[] = {
    {"ABOR", 0},
    {"ACCT", VERB_NEEDS},
    {"ADAT", 0},
    {"ALLO", VERB_NEEDS},
    {"APPE", VERB_NEEDS | VERB_LOGIN | VERB_DATA},
    {"AVBL", VERB_LOGIN},
    {"CDUP", VERB_LOGIN | VERB_MOVES},
    {"CLNT", 0},
    {"CWD", VERB_LOGIN | VERB_MOVES},
    {"DELE", VERB_NEEDS | VERB_LOGIN},
    {"EPRT", VERB_NEEDS},
    {"FEAT", 0},
    {"HASH", VERB_LOGIN},
    {"HELP", 0},
    {"HOST", 0},
    {"LANG", 0},
    {"LIST", VERB_LOGIN | VERB_DATA},
    {"MDTM", VERB_NEEDS | VERB_LOGIN},
    {"MFF", VERB_LOGIN},
    {"MFMT", VERB_LOGIN},
    {"MKD", VERB_NEEDS | VERB_LOGIN},
    {"MLSD", VERB_LOGIN | VERB_DATA},
    {"MLST", VERB_LOGIN},
    {"MODE", VERB_NEEDS},
    {"NLST", VERB_LOGIN | VERB_DATA},
    {"NOOP", 0},
    {"OPTS", VERB_NEEDS},
    {"PORT", VERB_NEEDS},
    {"PWD", VERB_LOGIN},
    {"RANG", 0},
    {"REST", VERB_NEEDS},
    {"RETR", VERB_NEEDS | VERB_LOGIN | VERB_DATA},
    {"RMD", VERB_NEEDS | VERB_LOGIN},
    {"RNFR", VERB_NEEDS | VERB_LOGIN},
    {"RNTO", VERB_NEEDS | VERB_LOGIN},
    {"SITE", 0},
    {"SIZE", VERB_NEEDS | VERB_LOGIN},
    {"SMNT", 0},
    {"STAT", 0},
    {"STOR", VERB_NEEDS | VERB_LOGIN | VERB_DATA},
    {"STOU", VERB_LOGIN | VERB_DATA},
    {"STRU", VERB_NEEDS},
    {"SYST", 0},
    {"TYPE", VERB_NEEDS},
    {"XCRC", VERB_LOGIN},
    {"XCUP", VERB_LOGIN | VERB_MOVES},
    {"XCWD", VERB_LOGIN | VERB_MOVES},
    {"XMD5", VERB_LOGIN},
    {"XMKD", VERB_LOGIN},
    {"XPWD", VERB_LOGIN},
    {"XRMD", VERB_LOGIN},
    {"XSHA1", VERB_LOGIN},
    {"XYZZ", 0},
    {"EPSV", VERB_LISTEN},
    {"PASV", VERB_LISTEN},
};

static void go_inside(struct client *client)
{
    struct exam *exam = client->exam;
    exam->given++;
    expect(client, "250 200", "CWD %s", given_folder(exam));
    exam->given--;
}

/* A session in the test's own folder, so that what such a command makes is made there. */
static struct client *given_inside(struct exam *exam)
{
    (void)given_folder(exam);
    struct client *client = given_login(exam, ACCOUNT_USER);
    go_inside(client);
    return client;
}

/* LINE for people: a long one shortened. */
static const char *shown(struct exam *exam, const char *line)
{
    size_t size = strlen(line);
    return size <= 40 ? exam_format(exam, "\"%s\"", line)
                      : exam_format(exam, "\"%.20s...\" (%zu bytes)", line, size);
}

/* The first reply to LINE; silence and an end without a word are findings. */
static const struct reply *first_reply_to(struct client *client, const char *line)
{
    struct exam *exam = client->exam;
    send_line(client, "%s", line);
    const struct reply *reply = try_reply(client, exam_patience(exam));
    if (reply->error == -ETIMEDOUT)
        exam->result.timed_out = true;
    if (reply->code == 0)
        fail(exam, exam_format(exam, "a reply to %s", shown(exam, line)), "%s",
             reply->error == -ETIMEDOUT ? "no reply in time"
             : reply->error == -EPROTO  ? reply->lines[reply->count - 1]
                                        : "the end of the connection, without a word");
    return reply;
}

/* VERB with ARGUMENT behind it gets one final reply, and the NOOP after it 200. False if the server
 * took its leave (421), or waits for a data connection, which only another test gives it. */
static bool one_reply(struct client *client, const struct verb *verb, const char *argument)
{
    struct exam *exam = client->exam;
    const char *line = exam_format(exam, "%s%s", verb->name, argument);
    const struct reply *reply = first_reply_to(client, line);
    if (reply->code < 200 && (verb->flags & VERB_DATA))
        return false;
    while (reply->code < 200)
        reply = read_reply(client);
    if (reply->code == 421)
        return false;
    const struct reply *next = first_reply_to(client, "NOOP");
    if (next->code != 200)
        fail(exam, exam_format(exam, "one reply to %s, and then 200 to NOOP", shown(exam, line)),
             "\"%u %s\"; and then \"%u %s\"", reply->code, reply->text, next->code, next->text);
    if (verb->flags & VERB_MOVES)
        go_inside(client);
    return true;
}

/* Every verb with what the test's parameter, an argument, puts behind it. */
static void sweep(struct exam *exam)
{
    struct client *client = given_inside(exam);
    const char *argument = exam->test->parameter;
    for (size_t i = 0; i < ELEMENTS(verbs); i++)
        if (!one_reply(client, &verbs[i], argument))
            client = given_inside(exam);
}

static void sweep_long(struct exam *exam)
{
    static const size_t sizes[] = {300, 900, 1900};
    struct client *client = given_inside(exam);
    for (size_t i = 0; i < ELEMENTS(verbs); i++) {
        for (size_t j = 0; j < ELEMENTS(sizes); j++) {
            char *letters = exam_allocate(exam, sizes[j] + 1);
            memset(letters, 'A', sizes[j]);
            letters[0] = ' ';
            if (!one_reply(client, &verbs[i], letters))
                client = given_inside(exam);
        }
    }
}

/* Before the login; some servers close after a number of commands that they refuse. */
static void sweep_outside(struct exam *exam)
{
    struct client *client = given_connection(exam);
    for (size_t i = 0; i < ELEMENTS(verbs); i++)
        if (first_reply_to(client, verbs[i].name)->code == 421)
            client = given_connection(exam);
}

/* One line of a finding that has several. */
static const char *also(struct exam *exam, const char *list, const char *line,
                        const struct reply *reply)
{
    return exam_format(exam, "%s%s%s: %u %s", list, *list ? "; " : "", line, reply->code,
                       reply->text);
}

static void missing(struct exam *exam)
{
    struct client *client = given_inside(exam);
    const char *wrong = "";
    for (size_t i = 0; i < ELEMENTS(verbs); i++) {
        if (!(verbs[i].flags & VERB_NEEDS))
            continue;
        const struct reply *reply = first_reply_to(client, verbs[i].name);
        if (reply->code == 421)
            client = given_inside(exam);
        else if (reply->code < 400 && reply->code != 202)
            wrong = also(exam, wrong, verbs[i].name, reply);
    }
    if (*wrong)
        fail(exam, "501 to a command whose argument is missing", "%s", wrong);
}

/* --- before the login ------------------------------------------------------------------------- */

/* LINE before the login, told in WRONG if it is not refused. */
static const char *try_outside(struct client **client, const char *line, const char *wrong)
{
    struct exam *exam = (*client)->exam;
    send_line(*client, "%s", line);
    const struct reply *reply = try_reply(*client, exam_patience(exam));
    if (reply->code == 0 || reply->code == 421)
        *client = given_connection(exam);
    else if (reply->code < 400 && reply->code != 202)
        return also(exam, wrong, line, reply);
    return wrong;
}

static void refused_outside(struct exam *exam)
{
    static const char *const of_top[] = {"CWD /", "LIST /", "MLSD /", "MLST /", "STAT /"};
    struct client *client = given_connection(exam);
    const char *wrong = "";
    for (size_t i = 0; i < ELEMENTS(verbs); i++)
        if (verbs[i].flags & VERB_LOGIN)
            wrong = try_outside(&client,
                                exam_format(exam, "%s%s", verbs[i].name,
                                            verbs[i].flags & VERB_NEEDS ? " ftplint" : ""),
                                wrong);
    for (size_t i = 0; i < ELEMENTS(of_top); i++)
        wrong = try_outside(&client, of_top[i], wrong);
    if (*wrong)
        fail(exam, "530, or another refusal, to whoever is not logged in", "%s", wrong);
}

/* What exists is answered as what does not. */
static void same_outside(struct exam *exam)
{
    static const char *const probes[] = {"CWD",  "DELE", "MDTM", "MLSD", "MLST",
                                         "NLST", "RETR", "RMD",  "SIZE", "STAT"};
    static const char *const there[] = {"/", "/etc/passwd", "/bin"};
    struct client *client = given_connection(exam);
    for (size_t i = 0; i < ELEMENTS(probes); i++) {
        const struct reply *missing =
            first_reply_to(client, exam_format(exam, "%s /ftplint-is-not-there-%zu", probes[i], i));
        if (missing->code == 421)
            client = given_connection(exam);
        for (size_t j = 0; j < ELEMENTS(there) && missing->code >= 400; j++) {
            const char *line = exam_format(exam, "%s %s", probes[i], there[j]);
            const struct reply *reply = first_reply_to(client, line);
            if (reply->code == 421 || missing->code == 421) {
                client = given_connection(exam);
                continue;
            }
            if (reply->code != missing->code)
                fail(exam,
                     exam_format(exam, "the same code to \"%s\" as to a name that does not exist",
                                 line),
                     "\"%u %s\"; and for the name that does not exist \"%u %s\"", reply->code,
                     reply->text, missing->code, missing->text);
        }
    }
}

#define SWEEP_REMEDY                                                                               \
    "Check that there is an argument, and its length, before the command's own code sees it; "     \
    "answer each line once."

static const struct test tests[] = {
    {
        .name = "rfc959.arguments.missing",
        .severity = SEVERITY_WARNING,
        .title = "a command without the argument that it needs is refused",
        .reason = "RFC 959, section 5.3.1, gives these commands an argument that is not optional, "
                  "and section 4.2.1 has 501 for syntax errors in arguments. A client with an "
                  "empty name in hand must not be told that all went well.",
        .remedy = "Answer 501 when a required argument is missing.",
        .run = missing,
    },
    {
        .name = "robustness.arguments.none",
        .severity = SEVERITY_ERROR,
        .title = "every command without an argument gets one reply, and the session goes on",
        .reason = "RFC 959, section 4.2: every command must generate a reply. Code that takes the "
                  "argument for granted follows a pointer to nothing, and the session or the whole "
                  "server ends.",
        .remedy = SWEEP_REMEDY,
        .run = sweep,
        .parameter = "",
    },
    {
        .name = "robustness.arguments.blanks",
        .severity = SEVERITY_ERROR,
        .title = "every command with nothing but blanks gets one reply, and the session goes on",
        .reason = "RFC 959, section 4.2: every command must generate a reply. What is trimmed to "
                  "nothing has crashed parsers that had checked only for a missing argument.",
        .remedy = SWEEP_REMEDY,
        .run = sweep,
        .parameter = "   ",
    },
    {
        .name = "robustness.arguments.format",
        .severity = SEVERITY_ERROR,
        .title = "every command takes %n and %s for letters",
        .reason = "CVE-2000-0573 (wu-ftpd) and many after it: an argument that reaches printf() as "
                  "its format reads and writes the server's memory.",
        .remedy = "Never pass what a client sent as a format, not even to syslog().",
        .run = sweep,
        .parameter = " %s%s%n%n%x%1000000d",
    },
    {
        .name = "robustness.arguments.digits",
        .severity = SEVERITY_ERROR,
        .title = "every command takes a number of thirty digits and answers once",
        .reason = "CVE-2020-5204 (uftpd): the numbers of PORT, longer than those of any address, "
                  "overran a buffer. Elsewhere such numbers wrap around and become others.",
        .remedy = "Read numbers with a check of range and end, and refuse with 501.",
        .run = sweep,
        .parameter = " 999999999999999999999999999999",
    },
    {
        .name = "robustness.arguments.long",
        .severity = SEVERITY_ERROR,
        .title = "every command takes an argument of 1,900 bytes and answers once",
        .reason = "RFC 959, section 4.2: every command must generate a reply. Paths may have 4,095 "
                  "bytes on the systems that servers run on, and fixed buffers behind a verb are "
                  "the oldest hole of FTP servers.",
        .remedy = SWEEP_REMEDY,
        .run = sweep_long,
    },
    {
        .name = "robustness.arguments.before-login",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .title = "every command without an argument is answered before the login too",
        .reason = "RFC 959, section 4.2: every command must generate a reply; and who has no "
                  "account must not be able to end more than his own connection.",
        .remedy = "Answer 530 where a login is needed, before anything else is looked at.",
        .run = sweep_outside,
    },
    {
        .name = "security.before-login.refused",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .after = "rfc959.greeting.once",
        .title = "commands on files are refused before the login",
        .reason = "RFC 959, section 5.4, lists 530 for these commands. Whoever gets another answer "
                  "without a password learns what the server holds, or changes it (CVE-2023-45198, "
                  "tnftpd: MLST and MLSD told strangers of files).",
        .remedy = "Check the login in one place, for every command that is not on a short list.",
        .run = refused_outside,
    },
    {
        .name = "security.before-login.same",
        .severity = SEVERITY_WARNING,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .after = "rfc959.greeting.once",
        .title = "before the login, names that exist are refused as names that do not",
        .reason = "A refusal whose code depends on the name tells strangers what files there are.",
        .remedy = "Answer 530 before the argument is looked at.",
        .run = same_outside,
    },
};

const struct group group_arguments = {
    .name = "arguments",
    .title = "Arguments that are missing, empty or too long",
    .tests = tests,
    .count = ELEMENTS(tests),
};

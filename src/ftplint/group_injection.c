/* Bytes that mean something to somebody: control bytes in names and arguments, and formats. See
 * catalogue.h and planted.h. */
#include "ftplint/planted.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Sends SIZE bytes and CRLF; the reply, code 0 if there is none. */
static const struct reply *send_raw(struct client *client, const char *bytes, size_t size)
{
    struct exam *exam = client->exam;
    char *line = exam_allocate(exam, size + 2);
    memcpy(line, bytes, size);
    memcpy(line + size, "\r\n", 2);
    send_bytes(client, line, size + 2);
    return try_reply(client, 3000);
}

/* "VERB PATH" with BYTE between two parts of the name; the length is told by RET. */
static char *with_byte(struct exam *exam, const char *verb, const char *name, char byte,
                       size_t *ret)
{
    char *line = exam_format(exam, "%s %s?behind", verb, own_path(exam, name));
    *ret = strlen(line);
    line[*ret - strlen("?behind")] = byte;
    return line;
}

/* A row: a verb and the byte that stands in its name. */
struct row {
    const char *verb;
    char byte;
    const char *words;
};

/* The name must not be cut at the byte. */
static void truncated(struct exam *exam)
{
    static const char *const verbs[] = {"MKD", "STOR", "CWD", "RETR"};
    struct client *client = given_login(exam, ACCOUNT_USER);
    const char *made = own_path(exam, "cut");
    (void)given_directory(exam, "place");
    (void)given_file(exam, "file", "whole\n", 6);
    for (size_t i = 0; i < ELEMENTS(verbs); i++) {
        bool data = verbs[i][0] == 'S' || verbs[i][0] == 'R';
        const char *name = i < 2 ? "cut" : verbs[i][0] == 'C' ? "place" : "file";
        struct data *open = data ? data_open(client, DATA_ANY) : NULL;
        size_t size;
        const char *line = with_byte(exam, verbs[i], name, '\0', &size);
        const struct reply *reply = send_raw(client, line, size);
        bool taken = reply_is(reply, "1 2");
        if (i >= 2 && taken)
            fail(exam, "a refusal: there is no such name",
                 "%s with a NUL byte in the name: \"%u %s\"; the name ends there for the server",
                 verbs[i], reply->code, reply->text);
        if (open)
            data_end(open);
        if (reply_is(reply, "1"))
            (void)try_reply(client, 3000);
        /* A listing may show two lines for a name with a line feed: CWD and SIZE are not taken in.
         */
        if (i < 2 && taken && reply_is(command(client, i ? "SIZE %s" : "CWD %s", made), "2"))
            fail(exam, "a refusal, or the name as it was sent",
                 "%s with a NUL byte in the name: \"%u %s\"; and what has been made bears the "
                 "name's "
                 "beginning",
                 verbs[i], reply->code, reply->text);
        if (!reply->code)
            client = given_login(exam, ACCOUNT_USER);
    }
}

/* The session survives, and says what it thinks of the command. */
static void survives(struct exam *exam)
{
    const struct row *row = exam->test->parameter;
    struct client *client = given_login(exam, ACCOUNT_USER);
    size_t size;
    const char *line = with_byte(exam, row->verb, "survivor", row->byte, &size);
    const struct reply *reply = send_raw(client, line, size);
    if (reply->error == -ETIMEDOUT) {
        exam->result.timed_out = true;
        fail(exam, "a reply", "%s with %s in the name: none", row->verb, row->words);
    }
    if (!reply->code)
        fail(exam, "a reply, and a session that goes on",
             "%s with %s in the name: the server ends the connection", row->verb, row->words);
    /* 421 with words is an end too, but one that was meant. */
    if (reply->code != 421)
        expect(client, "200", "NOOP");
}

/* MKD of a name with BYTE must not make a name with a line feed. */
static void line_feed(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    size_t size;
    const char *line = with_byte(exam, "MKD", "split", '\0', &size);
    if (!reply_is(send_raw(client, line, size), "2"))
        return;
    struct transfer listing = try_retrieve(client, DATA_ANY, "NLST %s", given_folder(exam));
    struct lines lines = split_lines(exam, listing.bytes);
    for (size_t i = 0; i < lines.count; i++)
        if (strncmp(lines.line[i], "behind", 6) == 0)
            fail(exam, "a refusal, or a name that is listed in one line",
                 "MKD with a NUL byte in the name makes a directory whose name is listed in two "
                 "lines, the second of them \"%s\"",
                 lines.line[i]);
}

/* A carriage return inside of a line ends no command. */
static void bare_return(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const char *victim = given_directory(exam, "victim");
    const char *line = exam_format(exam, "NOOP\rRMD %s", victim);
    const struct reply *reply = send_raw(client, line, strlen(line));
    (void)try_reply(client, 200);
    if (reply->code && !exists(exam, victim))
        fail(exam, "one command: only CR and LF together end it",
             "\"NOOP\" CR \"RMD ...\" is taken for two commands, and the second is run");
}

/* The same within a name: what a proxy lets through as one argument. */
static void smuggled(struct exam *exam)
{
    static const char *const separators[] = {"\r",           "\0",       "\r\0",     "\v", "\f",
                                             "\xe2\x80\xa8", "\xc2\x85", "\xc4\x8a", ";",  "&&"};
    static const size_t sizes[] = {1, 1, 2, 1, 1, 3, 2, 2, 1, 2};
    struct client *client = given_login(exam, ACCOUNT_USER);
    for (size_t i = 0; i < ELEMENTS(separators); i++) {
        const char *victim = given_directory(exam, exam_format(exam, "victim%zu", i));
        const char *begin = exam_format(exam, "CWD %s", own_path(exam, "nothing"));
        const char *end = exam_format(exam, "RMD %s", victim);
        size_t size = strlen(begin) + sizes[i] + strlen(end);
        char *line = exam_allocate(exam, size + 1);
        (void)snprintf(line, size + 1, "%s", begin);
        memcpy(line + strlen(begin), separators[i], sizes[i]);
        memcpy(line + strlen(begin) + sizes[i], end, strlen(end));
        const struct reply *reply = send_raw(client, line, size);
        if (!reply->code)
            client = given_login(exam, ACCOUNT_USER);
        if (!exists(exam, victim))
            fail(exam, "one command, whose argument is all that stands in its line",
                 "\"CWD x\", the byte%s %s and \"RMD y\" in one line: y is gone",
                 sizes[i] > 1 ? "s" : "",
                 (const char *const[]){"CR", "NUL", "CR NUL", "VT", "FF", "of U+2028", "of U+0085",
                                       "of U+010A", ";", "&&"}[i]);
    }
}

/* Names that somebody else has planted: no line of a listing may be forged by them. */
static void forged_line(struct exam *exam)
{
    const char *verb = exam->test->parameter;
    static const char *const names[] = {"evil\r\nforged-entry", "evil\nforged-entry"};
    struct client *client = given_login(exam, ACCOUNT_USER);
    for (size_t i = 0; i < ELEMENTS(names); i++)
        (void)plant_file(exam, names[i], "x");
    exam->given++;
    expect(client, "250 200", "CWD %s", given_folder(exam));
    exam->given--;
    struct transfer listing = try_retrieve(client, DATA_ANY, "%s", verb);
    struct lines lines = split_lines(exam, listing.bytes);
    for (size_t i = 0; i < lines.count; i++)
        if (strncmp(lines.line[i], "forged-entry", 12) == 0)
            fail(exam, "one line for one name, with the line feed replaced or the name left out",
                 "%s shows the name in two lines, the second of them \"%s\"", verb, lines.line[i]);
}

/* The same over the control connection, where a line can be a reply. */
static void forged_reply(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const char *path = plant_file(exam, "x\r\n213 forged", "x");
    (void)path;
    const struct reply *reply = command(client, "STAT %s", given_folder(exam));
    skip_unknown(client, reply, "STAT with a path");
    for (size_t i = 0; i < reply->count; i++)
        if (strncmp(reply->lines[i], "213 forged", 10) == 0 ||
            (i && i + 1 < reply->count && strncmp(reply->lines[i], "forged", 6) == 0))
            fail(exam, "lines that begin with a space, and no control byte of a name",
                 "a file whose name holds CR LF puts a line of its own into the reply: \"%s\"",
                 reply->lines[i]);
    expect_code(client, command(client, "NOOP"), "2");
}

/* What follows a % is no format. */
static void format(struct exam *exam)
{
    static const char *const lines[] = {
        "CWD %s", "MKD %s/", "RETR %s", "SIZE %s", "SITE %s", "HELP %s", "STAT %s",
    };
    static const char attack[] = "%s%s%s%s%n%n%x%x%x%p-ftplint";
    struct client *client = given_login(exam, ACCOUNT_USER);
    for (size_t i = 0; i < ELEMENTS(lines); i++) {
        size_t verb = strcspn(lines[i], "%");
        const char *line = exam_format(exam, "%.*s%s", (int)verb, lines[i], attack);
        const struct reply *reply = send_raw(client, line, strlen(line));
        if (!reply->code)
            fail(exam, "a reply: the argument is text and no format", "%s: the server %s", line,
                 reply->error == -ETIMEDOUT ? "is silent" : "ends the connection");
        for (size_t j = 0; j < reply->count; j++) {
            const char *echo = strcasestr(reply->lines[j], "-ftplint");
            if (echo && !strchr(reply->lines[j], '%') && strncmp(echo, "-ftplint-", 9) != 0)
                fail(exam, "the argument echoed as it is, or not at all", "%s: \"%s\"", line,
                     reply->lines[j]);
        }
        if (reply_is(reply, "2") && strncmp(line, "MKD", 3) == 0)
            (void)command(client, "RMD %s", line + 4);
    }
}

/* The right name with more behind a NUL, and the right password. */
static void nul_user(struct exam *exam)
{
    const struct login *who = &exam->target->logins[ACCOUNT_USER];
    struct client *client = given_stranger(exam, STRANGER);
    char *line = exam_format(exam, "USER %s?x", who->user);
    size_t size = strlen(line);
    line[size - 2] = '\0';
    const struct reply *reply = send_raw(client, line, size);
    if (reply_is(reply, "3")) {
        send_line(client, "PASS %s", who->password);
        reply = try_reply(client, exam_patience(exam));
    }
    if (reply_is(reply, "2"))
        fail(exam, "a refusal: there is no account of that name",
             "USER with the user's name, a NUL byte and \"x\" is logged in: %u %s", reply->code,
             reply->text);
}

#define SURVIVES(NAME, VERB, BYTE, WORDS, TITLE)                                                   \
    {                                                                                              \
        .name = "robustness.byte." NAME, .severity = SEVERITY_ERROR, .title = TITLE,               \
        .reason = "RFC 959, section 4.2: every command must generate a reply. A session that "     \
                  "dies of a byte "                                                                \
                  "takes the transfers of its user with it, or those of everybody.",               \
        .remedy = "Refuse names with control bytes by 501 or 553, and go on.", .run = survives,    \
        .parameter = &(const struct row){VERB, BYTE, WORDS},                                       \
    }

static const struct test tests[] = {
    SURVIVES("nul-mkd", "MKD", '\0', "a NUL byte",
             "a NUL byte in the argument of MKD does not end the session"),
    SURVIVES("nul-cwd", "CWD", '\0', "a NUL byte",
             "a NUL byte in the argument of CWD does not end the session"),
    SURVIVES("cr-mkd", "MKD", '\r', "a carriage return",
             "a carriage return in the argument of MKD does not end the session"),
    SURVIVES("escape-mkd", "MKD", '\033', "an escape character",
             "an escape character in the argument of MKD does not end the session"),
    {
        .name = "security.nul.truncation",
        .severity = SEVERITY_ERROR,
        .title = "a name with a NUL byte is not cut there",
        .reason = "What one part of a server checks as a whole name and another takes up to the "
                  "NUL byte are two names: filters, logs and rights are got around.",
        .remedy = "Refuse lines with a NUL byte by 501 before anything looks at them.",
        .run = truncated,
    },
    {
        .name = "security.nul.line-feed",
        .severity = SEVERITY_WARNING,
        .title = "a NUL byte in a name does not become a line feed",
        .reason = "A name with a line feed in it forges a line in each listing and each log in "
                  "which it stands.",
        .remedy = "Refuse lines with a NUL byte by 501; never turn them into line feeds.",
        .run = line_feed,
    },
    {
        .name = "security.nul.user",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .after = "rfc959.greeting.once",
        .title = "a user's name with a NUL byte in it is not logged in",
        .reason = "One part of the server checks the password of the name up to the NUL byte, "
                  "another takes the rest for something else (CVE-2025-47812, Wing FTP Server).",
        .remedy = "Refuse USER with a NUL byte by 501.",
        .run = nul_user,
    },
    {
        .name = "security.line.bare-return",
        .severity = SEVERITY_ERROR,
        .title = "a carriage return alone does not end a command",
        .reason = "RFC 959, section 5.3.1: a command ends with CR LF. A proxy or a web page that "
                  "lets a lone CR through as part of a name would smuggle in a second command.",
        .remedy = "Split at LF alone, and refuse a CR that is not followed by it.",
        .run = bare_return,
    },
    {
        .name = "security.line.smuggling",
        .severity = SEVERITY_ERROR,
        .after = "security.line.bare-return",
        .title = "no byte within a line begins a second command",
        .reason = "What a proxy or a web page takes for one argument must be one argument for the "
                  "server: NUL, VT, U+2028 or a semicolon end nothing.",
        .remedy = "Split at CR LF (or LF) and at nothing else.",
        .run = smuggled,
    },
    {
        .name = "security.listing.forged-list",
        .severity = SEVERITY_ERROR,
        .flags = TEST_LOCAL,
        .title = "a line feed in a name forges no line of LIST",
        .reason = "Whoever can name a file invents entries for all who list the directory, which "
                  "their clients may delete, overwrite or store outside of their own folders.",
        .remedy = "Replace control bytes of names in listings (\"?\"), or leave such names out.",
        .run = forged_line,
        .parameter = "LIST",
    },
    {
        .name = "security.listing.forged-nlst",
        .severity = SEVERITY_ERROR,
        .flags = TEST_LOCAL,
        .title = "a line feed in a name forges no line of NLST",
        .reason = "Whoever can name a file invents entries for all who list the directory, which "
                  "their clients may delete, overwrite or store outside of their own folders.",
        .remedy = "Replace control bytes of names in listings (\"?\"), or leave such names out.",
        .run = forged_line,
        .parameter = "NLST",
    },
    {
        .name = "security.listing.forged-mlsd",
        .severity = SEVERITY_ERROR,
        .flags = TEST_LOCAL,
        .feature = "MLST",
        .title = "a line feed in a name forges no line of MLSD",
        .reason = "Whoever can name a file invents entries for all who list the directory, which "
                  "their clients may delete, overwrite or store outside of their own folders.",
        .remedy = "Replace control bytes of names in listings (\"?\"), or leave such names out.",
        .run = forged_line,
        .parameter = "MLSD",
    },
    {
        .name = "security.reply.forged",
        .severity = SEVERITY_ERROR,
        .flags = TEST_LOCAL,
        .title = "CR LF in a name forges no reply in STAT",
        .reason = "A line of a name that reads like a reply ends the real one too early, and "
                  "every reply after it is one command late.",
        .remedy = "Replace control bytes of names in replies, and begin inner lines with a space.",
        .run = forged_reply,
    },
    {
        .name = "security.format.argument",
        .severity = SEVERITY_ERROR,
        .title = "%s and %n in an argument are text",
        .reason = "An argument that reaches printf as its format reads and writes the server's "
                  "memory (CVE-2000-0573, wu-ftpd; CVE-2001-0318, ProFTPD).",
        .remedy = "Print every text of a client's by \"%s\"; compile with -Wformat-security.",
        .run = format,
    },
};

const struct group group_injection = {
    .name = "injection",
    .title = "Bytes that mean something to somebody",
    .tests = tests,
    .count = ELEMENTS(tests),
};

/* Quoting: the path in a 257 reply, as MKD and PWD give it. See catalogue.h. */
#include "ftplint/presence.h"

#include "lib/cleanup.h"

#include <string.h>

/* A directory's name, and a name for the same thing in prose if it says more. */
static const char *given_odd_directory(struct exam *exam, const char *name)
{
    given_place(given_session(exam), given_folder(exam));
    const struct reply *reply = command(given_session(exam), "MKD %s", name);
    if (!reply_is(reply, "2"))
        skip(exam, "the server refuses a directory of the name %s: %u %s", shown(exam, name),
             reply->code, reply->text);
    return exam_format(exam, "%s/%s", given_folder(exam), name);
}

/* The text between the outer quotes with each double quote in it doubled. */
static const char *doubled(struct exam *exam, const char *name)
{
    char *text = exam_allocate(exam, strlen(name) * 2 + 1);
    char *end = text;
    for (const char *at = name; *at; at++) {
        *end++ = *at;
        if (*at == '"')
            *end++ = *at;
    }
    return text;
}

/* A finding unless the quoted path of REPLY ends in NAME. */
static void expect_told(struct client *client, const struct reply *reply, const char *verb,
                        const char *name)
{
    struct exam *exam = client->exam;
    const char *path = reply_path(client, reply);
    size_t size = path ? strlen(path) : 0;
    if (path && size >= strlen(name) && strcmp(path + size - strlen(name), name) == 0 &&
        (size == strlen(name) || path[size - strlen(name) - 1] == '/'))
        return;
    if (!is_listed(exam, given_folder(exam), name))
        blocked(exam, "the server has given the directory %s another name", shown(exam, name));
    const char *expected = exam_format(
        exam, "a path that ends in the directory's name: 257 \"...%s\"", doubled(exam, name));
    fail(exam, expected, "%u %s (to %s)", reply->code, reply->text, verb);
}

/* The parameter is the name. */
static void mkd_tells(struct exam *exam)
{
    const char *name = exam->test->parameter;
    struct client *client = given_session(exam);
    given_place(client, given_folder(exam));
    const struct reply *reply = command(client, "MKD %s", name);
    if (!reply_is(reply, "2"))
        skip(exam, "the server refuses a directory of the name %s: %u %s", shown(exam, name),
             reply->code, reply->text);
    expect_told(client, reply, "MKD", name);
}

static void pwd_tells(struct exam *exam)
{
    const char *name = exam->test->parameter;
    given_odd_directory(exam, name);
    struct client *client = given_session(exam);
    given_place(client, name);
    exam->given++;
    const struct reply *reply = expect(client, "257", "PWD");
    exam->given--;
    expect_told(client, reply, "PWD", name);
}

/* MKD of a directory of the test's, by its absolute path unless RELATIVE. */
static const struct reply *given_made(struct exam *exam, bool relative)
{
    const char *folder = given_folder(exam);
    struct client *client = given_session(exam);
    given_place(client, folder);
    exam->given++;
    const struct reply *reply =
        expect(client, "2", "MKD %s", relative ? "made" : own_path(exam, "made"));
    exam->given--;
    return reply;
}

static void mkd_quoted(struct exam *exam)
{
    const struct reply *reply = given_made(exam, false);
    if (!reply_path(given_session(exam), reply))
        fail(exam, "257 with the directory's path between double quotes", "%u %s", reply->code,
             reply->text);
}

static void mkd_absolute(struct exam *exam)
{
    if (strncmp(exam->server->system, "UNIX", 4) != 0)
        skip(exam, "SYST does not announce the paths of UNIX: %s", exam->server->system);
    const struct reply *reply = given_made(exam, true);
    const char *path = reply_path(given_session(exam), reply);
    if (path && *path == '/')
        return;
    if (!path)
        blocked(exam, "no path between double quotes in the reply to MKD");
    fail(exam, "257 with a path that begins with a slash", "%u %s", reply->code, reply->text);
}

static void mkd_leads(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = reply_path(client, given_made(exam, true));
    if (!path)
        blocked(exam, "no path between double quotes in the reply to MKD");
    given_directory(exam, "elsewhere");
    given_directory(exam, "made/within");
    given_place(client, own_path(exam, "elsewhere"));
    expect(client, "2|the path is the one in the reply to MKD", "CWD %s", path);
    if (!reply_is(command(client, "CWD within"), "2"))
        fail(exam, "a path that leads to the new directory",
             "\"%s\", where a directory made in it since is not found", path);
}

/* A finding unless the text is a quoted path, followed by a space or nothing. */
static void expect_form(struct client *client, const struct reply *reply)
{
    const char *at = reply->text;
    if (*at == '"') {
        for (at++; *at && !(at[0] == '"' && at[1] != '"'); at++)
            at += at[0] == '"';
        if (at[0] == '"' && (at[1] == ' ' || at[1] == '\0'))
            return;
    }
    fail(client->exam, "257, a space, the path between double quotes, and a space if more follows",
         "%u %s", reply->code, reply->text);
}

static void mkd_form(struct exam *exam)
{
    const struct reply *reply = given_made(exam, false);
    if (!reply_path(given_session(exam), reply))
        blocked(exam, "no path between double quotes in the reply to MKD");
    expect_form(given_session(exam), reply);
}

static const struct reply *given_told(struct exam *exam)
{
    exam->given++;
    const struct reply *reply = expect(given_session(exam), "257", "PWD");
    exam->given--;
    return reply;
}

static void pwd_form(struct exam *exam)
{
    expect_form(given_session(exam), given_told(exam));
}

static void pwd_one_line(struct exam *exam)
{
    const struct reply *reply = given_told(exam);
    if (reply->count != 1)
        fail(exam, "one line", "%zu lines; the first is \"%s\"", reply->count, reply->lines[0]);
}

static void cwd_literal(struct exam *exam)
{
    const char *path = given_directory(exam, "plain");
    given_place(given_session(exam), given_folder(exam));
    const struct reply *reply = command(given_session(exam), "CWD \"%s\"", path);
    if (reply_is(reply, "2"))
        fail(exam, "a refusal: no directory has double quotes in its name", "%u %s", reply->code,
             reply->text);
}

#define DOUBLING                                                                                   \
    "RFC 959, appendix II: the path stands between double quotes, and a double quote in it is "    \
    "doubled. Otherwise a client ends the path too early and works in another directory."
#define DOUBLING_REMEDY "Write each double quote of the path twice in a 257 reply."
#define AS_IT_IS                                                                                   \
    "RFC 959, appendix II: the reply tells the string that names the directory. A client that "    \
    "is told another one cannot come back, and a byte that is taken for a format or an escape "    \
    "can be worse than that."
#define AS_IT_IS_REMEDY                                                                            \
    "Put the name into the reply as data, never as a format; double its double quotes and change " \
    "nothing else."

static const struct test tests[] = {
    {
        .name = "rfc959.mkd.quoted",
        .severity = SEVERITY_WARNING,
        .title = "the reply to MKD names the new directory between double quotes",
        .reason =
            "RFC 959, appendix II: the server should answer 257, a space and the path between "
            "double quotes. The client is told by it how to refer to the new directory.",
        .remedy = "Answer MKD with 257 \"/the/path\" and a comment.",
        .run = mkd_quoted,
    },
    {
        .name = "rfc959.mkd.absolute",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.mkd.quoted",
        .title = "the path in the reply to MKD is absolute",
        .reason = "RFC 959, appendix II: \"The 257 reply to the MKD command must always contain "
                  "the absolute pathname of the created directory.\"",
        .remedy = "Put the whole path into the reply, also if MKD was given a name only.",
        .run = mkd_absolute,
    },
    {
        .name = "rfc959.mkd.leads",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.mkd.absolute",
        .title = "CWD with the path in the reply to MKD leads into the new directory",
        .reason = "RFC 959, appendix II: the reply tells a path that is fit for CWD, so that the "
                  "client needs to know nothing of the server's file names.",
        .remedy = "Tell the path as CWD takes it: confined users see paths of their own root.",
        .run = mkd_leads,
    },
    {
        .name = "rfc959.mkd.quotes-doubled",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.mkd.quoted",
        .title = "the reply to MKD doubles a double quote in the path",
        .reason = DOUBLING,
        .remedy = DOUBLING_REMEDY,
        .run = mkd_tells,
        .parameter = "in\"side",
    },
    {
        .name = "practice.mkd.percent",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.mkd.quoted",
        .title = "the reply to MKD repeats percent signs and backslashes as they are",
        .reason = AS_IT_IS,
        .remedy = AS_IT_IS_REMEDY,
        .run = mkd_tells,
        .parameter = "100%d\\n%s%%",
    },
    {
        .name = "rfc2640.mkd.utf8",
        .severity = SEVERITY_ERROR,
        .feature = "UTF8",
        .after = "rfc959.mkd.quoted",
        .title = "the reply to MKD repeats a name in UTF-8 byte for byte",
        .reason = "RFC 2640, section 3.1: a server that announces UTF8 sends path names in UTF-8. "
                  "A client is told a name that does not exist if a byte of it is changed.",
        .remedy = "Copy the bytes of the path into the reply.",
        .run = mkd_tells,
        .parameter = "gr\xc3\xbc\xc3\x9f"
                     "e\xe6\x97\xa5\xe6\x9c\xac",
    },
    {
        .name = "practice.mkd.quote-first",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.mkd.quoted",
        .title = "in the reply to MKD the quoted path comes first",
        .reason = "RFC 959, appendix II, has the quoted path right behind the code and a space "
                  "behind it; clients take what stands there.",
        .remedy = "Answer 257 \"/the/path\" and put words behind it.",
        .run = mkd_form,
    },
    {
        .name = "rfc959.pwd.quotes-doubled",
        .severity = SEVERITY_ERROR,
        .title = "the reply to PWD doubles a double quote in the path",
        .reason = DOUBLING,
        .remedy = DOUBLING_REMEDY,
        .run = pwd_tells,
        .parameter = "in\"side",
    },
    {
        .name = "rfc959.pwd.quotes-outside",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.pwd.quotes-doubled",
        .title = "PWD doubles quotes that stand at both ends of a name or beside each other",
        .reason = DOUBLING,
        .remedy = DOUBLING_REMEDY,
        .run = pwd_tells,
        .parameter = "\"at\"\"both\"",
    },
    {
        .name = "practice.pwd.percent",
        .severity = SEVERITY_ERROR,
        .title = "PWD tells percent signs as they are",
        .reason = AS_IT_IS,
        .remedy = AS_IT_IS_REMEDY,
        .run = pwd_tells,
        .parameter = "100%d%s%%",
    },
    {
        .name = "practice.pwd.backslash",
        .severity = SEVERITY_ERROR,
        .title = "PWD tells backslashes as they are",
        .reason = AS_IT_IS,
        .remedy = AS_IT_IS_REMEDY,
        .run = pwd_tells,
        .parameter = "back\\slash\\n",
    },
    {
        .name = "practice.pwd.spaces",
        .severity = SEVERITY_ERROR,
        .title = "PWD tells every space of a name",
        .reason = AS_IT_IS,
        .remedy = AS_IT_IS_REMEDY,
        .run = pwd_tells,
        .parameter = "three   spaces",
    },
    {
        .name = "rfc2640.pwd.utf8",
        .severity = SEVERITY_ERROR,
        .feature = "UTF8",
        .title = "PWD tells a name in UTF-8 byte for byte",
        .reason = "RFC 2640, section 3.1: a server that announces UTF8 sends path names in UTF-8. "
                  "A client cannot come back to a directory whose name is told otherwise.",
        .remedy = "Copy the bytes of the path into the reply.",
        .run = pwd_tells,
        .parameter = "gr\xc3\xbc\xc3\x9f"
                     "e\xe6\x97\xa5\xe6\x9c\xac",
    },
    {
        .name = "practice.pwd.quote-first",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "in the reply to PWD the quoted path comes first",
        .reason = "RFC 959, appendix II, has the quoted path right behind the code and a space "
                  "behind it; clients take what stands there.",
        .remedy = "Answer 257 \"/the/path\" and put words behind it.",
        .run = pwd_form,
    },
    {
        .name = "practice.pwd.one-line",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "the reply to PWD is one line",
        .reason = "Clients look for the path in the first line, or in the last; only one line "
                  "suits both.",
        .remedy = "Answer with a single line.",
        .run = pwd_one_line,
    },
    {
        .name = "practice.cwd.quotes-literal",
        .severity = SEVERITY_NOTE,
        .title = "double quotes in a command's path belong to the name",
        .reason = "RFC 959, section 5.3.2: a path is a string of characters up to the end of the "
                  "line; quoting is for replies only. A name that has quotes at both ends cannot "
                  "be reached if they are taken away.",
        .remedy = "Take the argument as it is.",
        .run = cwd_literal,
    },
};

const struct group group_quoting = {
    .name = "quoting",
    .title = "Paths in replies",
    .tests = tests,
    .count = ELEMENTS(tests),
};

/* FEAT and OPTS: the form of what they tell (RFC 2389). Whether it is true stands in
 * group_announced.c. See catalogue.h. */
#include "ftplint/exam.h"

#include "lib/cleanup.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* FEAT's reply with features in it; skips the test where there is none. */
static const struct reply *given_features(struct exam *exam)
{
    struct client *client = given_session(exam);
    const struct reply *reply = command(client, "FEAT");
    skip_unknown(client, reply, "FEAT");
    if (reply->code != 211)
        blocked(exam, "FEAT is answered with %s", reply->lines[0]);
    return reply;
}

/* The same, of several lines; the features are those from 1 to count - 2. */
static const struct reply *given_list(struct exam *exam)
{
    const struct reply *reply = given_features(exam);
    if (reply->count < 2)
        skip(exam, "the server has no features to tell");
    return reply;
}

static void code(struct exam *exam)
{
    expect(given_session(exam), "211 4 5", "FEAT");
}

static void space(struct exam *exam)
{
    const struct reply *reply = given_list(exam);
    for (size_t i = 1; i + 1 < reply->count; i++)
        if (reply->lines[i][0] != ' ' || reply->lines[i][1] == ' ')
            fail(exam, "one space before each feature, neither more nor less", "\"%s\"",
                 reply->lines[i]);
}

static void last_line(struct exam *exam)
{
    const struct reply *reply = given_list(exam);
    const char *last = reply->lines[reply->count - 1];
    if (strcasecmp(last, "211 End") != 0)
        fail(exam, "the last line \"211 End\"", "\"%s\"", last);
}

static void labels(struct exam *exam)
{
    const struct reply *reply = given_list(exam);
    for (size_t i = 1; i + 1 < reply->count; i++) {
        const char *line = reply->lines[i] + strspn(reply->lines[i], " ");
        if (!*line)
            fail(exam, "a feature in each line", "an empty line");
        for (const char *at = line; *at; at++)
            if (*at != '\t' && (*at < ' ' || *at > '~'))
                fail(exam, "ASCII letters, digits and signs only", "\"%s\"", reply->lines[i]);
    }
}

static void empty_list(struct exam *exam)
{
    const struct reply *reply = given_features(exam);
    if (reply->count == 2)
        fail(exam, "one line, if there is no feature: \"211 No features\"", "\"%s\", \"%s\"",
             reply->lines[0], reply->lines[1]);
}

static void itself(struct exam *exam)
{
    (void)given_list(exam);
    for (const char *const *verb = (const char *const[]){"FEAT", "OPTS", NULL}; *verb; verb++)
        if (server_feature(exam->server, *verb))
            fail(exam, "neither FEAT nor OPTS in the list: that FEAT is answered tells both",
                 "a line \"%s\"", *verb);
}

static void twice(struct exam *exam)
{
    const struct reply *reply = given_list(exam);
    for (size_t i = 1; i + 1 < reply->count; i++)
        for (size_t j = i + 1; j + 1 < reply->count; j++)
            if (strcasecmp(reply->lines[i], reply->lines[j]) == 0)
                fail(exam, "each feature once", "\"%s\" stands there twice", reply->lines[i]);
}

static void argument(struct exam *exam)
{
    (void)given_features(exam);
    expect(given_session(exam), "501|FEAT takes no argument", "FEAT ftplint");
}

static void before_login(struct exam *exam)
{
    (void)given_features(exam);
    expect(given_connection(exam), "211|as after the login", "FEAT");
}

/* True if OPTS is not refused as unknown whatever it is about: some servers (ProFTPD) answer 500 to
 * a target alone that they do not know. */
static bool knows_opts(struct client *client)
{
    static const char *const lines[] = {"OPTS FTPLINT", "OPTS UTF8 ON", "OPTS MLST"};
    for (size_t i = 0; i < ELEMENTS(lines); i++)
        if (!reply_is(command(client, "%s", lines[i]), "500 502"))
            return true;
    return false;
}

static void opts_known(struct exam *exam)
{
    (void)given_features(exam);
    if (!knows_opts(given_login(exam, ACCOUNT_USER)))
        fail(exam, "501, or another sign that OPTS is known, as FEAT is",
             "500 or 502 to OPTS FTPLINT, OPTS UTF8 ON and OPTS MLST");
}

static void opts_code(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    if (!knows_opts(client))
        skip(exam, "the server does not know OPTS");
    expect(client, "501 451|there are no options for a command FTPLINT", "OPTS FTPLINT");
}

static void opts_utf8(struct exam *exam)
{
    expect(given_session(exam), "200 202", "OPTS UTF8 ON");
}

static void opts_case(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const struct reply *upper = command(client, "OPTS MLST TYPE;SIZE;");
    if (upper->code != 200)
        skip(exam, "OPTS MLST is answered with %s", upper->lines[0]);
    expect(client, "200|as to OPTS MLST in upper case", "opts mlst type;size;");
}

static const struct test tests[] = {
    {
        .name = "rfc2389.feat.code",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "FEAT is answered with 211, or refused by a server that has no FEAT",
        .reason = "RFC 2389, section 3.2: replies to FEAT MUST be 211 with or without features, or "
                  "an error (500 or 502 where FEAT is not known). Clients decide by this reply "
                  "what they can ask of the server.",
        .remedy = "Implement FEAT, or answer 500 as to any unknown verb.",
        .run = code,
    },
    {
        .name = "rfc2389.feat.space",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .after = "rfc2389.feat.code",
        .title = "each feature stands in a line that begins with one space",
        .reason =
            "RFC 2389, section 3.2: the space is not optional, nor does it stand for several. "
            "Clients take lines without it for text, and the feature for missing.",
        .remedy = "Write \" SIZE\", with one space in front and one feature in each line.",
        .run = space,
    },
    {
        .name = "rfc2389.feat.end",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .after = "rfc2389.feat.code",
        .title = "the list of features ends with the line \"211 End\"",
        .reason = "RFC 2389, section 3.2, says that all lines but the first MUST be exactly as "
                  "specified, and specifies \"211 End\", letter case aside. It is only a warning "
                  "because nearly all clients look at the code alone.",
        .remedy = "End the list with \"211 End\", without a full stop or further words.",
        .run = last_line,
    },
    {
        .name = "rfc2389.feat.labels",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .after = "rfc2389.feat.code",
        .title = "features are ASCII, and no line of the list is empty",
        .reason = "RFC 2389, section 3.2: a feature is a label of visible characters, and "
                  "parameters behind a space.",
        .remedy = "Write the labels as their RFCs have them.",
        .run = labels,
    },
    {
        .name = "rfc2389.feat.empty",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .after = "rfc2389.feat.code",
        .title = "a list without features is one line",
        .reason = "RFC 2389, section 3.2: the reply of a server without features MUST NOT have "
                  "several lines.",
        .remedy = "Answer \"211 No features\" then.",
        .run = empty_list,
    },
    {
        .name = "rfc2389.feat.itself",
        .severity = SEVERITY_NOTE,
        .flags = TEST_READ_ONLY,
        .after = "rfc2389.feat.code",
        .title = "FEAT and OPTS are not among the features",
        .reason = "RFC 2389, sections 3.2 and 4: that FEAT is answered shows that it and OPTS are "
                  "there.",
        .remedy = "Leave FEAT and OPTS out of the list.",
        .run = itself,
    },
    {
        .name = "practice.feat.twice",
        .severity = SEVERITY_NOTE,
        .flags = TEST_READ_ONLY,
        .after = "rfc2389.feat.code",
        .title = "no line of the list stands there twice",
        .reason = "Of two equal lines one says nothing; two modules of a server believe that they "
                  "own the feature.",
        .remedy = "Make the list out of one table.",
        .run = twice,
    },
    {
        .name = "rfc2389.feat.argument",
        .severity = SEVERITY_NOTE,
        .flags = TEST_READ_ONLY,
        .after = "rfc2389.feat.code",
        .title = "FEAT with an argument is refused with 501",
        .reason = "RFC 2389, sections 3.1 and 3.2: FEAT has no arguments, and giving one will "
                  "result in 501.",
        .remedy = "Refuse arguments of commands that take none.",
        .run = argument,
    },
    {
        .name = "practice.feat.before-login",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .after = "rfc2389.feat.code",
        .title = "FEAT is answered before the login",
        .reason = "RFC 3659, section 11: FEAT may be issued before the login. Clients ask then "
                  "whether there are AUTH TLS, HOST and UTF8.",
        .remedy = "Allow FEAT without a login.",
        .run = before_login,
    },
    {
        .name = "rfc2389.opts.known",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .after = "rfc2389.feat.code",
        .title = "a server with FEAT knows OPTS",
        .reason = "RFC 2389, section 4: OPTS MUST be implemented whenever FEAT is.",
        .remedy = "Implement OPTS, if only to answer 501.",
        .run = opts_known,
    },
    {
        .name = "rfc2389.opts.unknown",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "OPTS for a command that has no options is refused with 501",
        .reason =
            "RFC 2389, section 4, knows 200, and in all other cases 501 or, for what may work "
            "later, 451.",
        .remedy = "Answer 501.",
        .run = opts_code,
    },
    {
        .name = "practice.opts.utf8",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .feature = "UTF8",
        .title = "OPTS UTF8 ON is accepted where UTF8 is announced",
        .reason = "Windows Explorer and many other clients send OPTS UTF8 ON, and use another code "
                  "set when it is refused: names are broken then.",
        .remedy = "Answer \"200 Always in UTF-8.\"",
        .run = opts_utf8,
    },
    {
        .name = "rfc2389.opts.case",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .feature = "MLST",
        .title = "the words of OPTS MLST may be written in lower case",
        .reason = "RFC 959, section 5.3 and RFC 3659, section 7.5: neither verbs nor the names "
                  "of facts depend on letter case.",
        .remedy = "Compare them without regard to letter case.",
        .run = opts_case,
    },
};

const struct group group_features = {
    .name = "features",
    .title = "FEAT and OPTS",
    .tests = tests,
    .count = ELEMENTS(tests),
};

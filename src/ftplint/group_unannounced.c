/* FEAT's honesty, the other way: everything that works is announced (RFC 2389, section 3.2). The
 * first way stands in group_announced.c. See catalogue.h. */
#include "ftplint/exam.h"

#include "lib/cleanup.h"

#include <string.h>

static const char content[] = "ftplint: content of a file";

/* .parameter: a command that works if the server has FEATURE. */
struct probe {
    const char *feature;
    const char *line;
    bool file; /* a file's path follows */
    const char *codes;
};

static void needs_feat(struct exam *exam)
{
    if (!exam->server->has_feat)
        skip(exam, "the server does not know FEAT, or tells no feature");
}

static void silent(struct exam *exam)
{
    const struct probe *probe = exam->test->parameter;
    needs_feat(exam);
    if (server_feature(exam->server, probe->feature))
        return;
    const char *path = probe->file ? given_file(exam, "probe", content, strlen(content)) : NULL;
    /* The command may change the state of a session that others use. */
    struct client *client = given_login(exam, ACCOUNT_USER);
    const struct reply *reply =
        command(client, "%s%s%s", probe->line, path ? " " : "", path ? path : "");
    if (reply_is(reply, probe->codes))
        fail(exam, exam_format(exam, "a line \"%s\" in the reply to FEAT", probe->feature),
             "there is none, and \"%s%s\" is answered with \"%s\"", probe->line,
             path ? " PATH" : "", reply->lines[0]);
}

static void rest(struct exam *exam)
{
    const size_t offset = 9;
    needs_feat(exam);
    if (server_feature(exam->server, "REST STREAM"))
        return;
    const char *path = given_file(exam, "probe", content, strlen(content));
    struct client *client = given_login(exam, ACCOUNT_USER);
    if (command(client, "REST %zu", offset)->code != 350)
        return;
    struct transfer transfer = try_retrieve(client, DATA_ANY, "RETR %s", path);
    if (transfer.preliminary && transfer.bytes.size == strlen(content) - offset)
        fail(exam, "a line \"REST STREAM\" in the reply to FEAT",
             "there is none, and REST %zu with RETR sends the rest of a file", offset);
}

static void others(struct exam *exam)
{
    static const struct probe probes[] = {
        {"AVBL", "AVBL", false, "213"}, {"CLNT", "CLNT ftplint", false, "200"},
        {"XCRC", "XCRC", true, "2"},    {"XMD5", "XMD5", true, "2"},
        {"XSHA1", "XSHA1", true, "2"},  {"XSHA256", "XSHA256", true, "2"},
        {"HASH", "HASH", true, "213"},  {"RANG STREAM", "RANG 1 2", false, "350"},
    };
    needs_feat(exam);
    const char *path = given_file(exam, "probe", content, strlen(content));
    struct client *client = given_login(exam, ACCOUNT_USER);
    for (size_t i = 0; i < ELEMENTS(probes); i++) {
        if (server_feature(exam->server, probes[i].feature))
            continue;
        const struct reply *reply = command(client, "%s%s%s", probes[i].line,
                                            probes[i].file ? " " : "", probes[i].file ? path : "");
        if (reply_is(reply, probes[i].codes))
            fail(exam, exam_format(exam, "a line \"%s\" in the reply to FEAT", probes[i].feature),
                 "there is none, and \"%s%s\" is answered with \"%s\"", probes[i].line,
                 probes[i].file ? " PATH" : "", reply->lines[0]);
    }
}

static void host(struct exam *exam)
{
    needs_feat(exam);
    if (server_feature(exam->server, "HOST"))
        return;
    const struct reply *reply = command(given_connection(exam), "HOST %s", exam->target->host);
    if (reply_is(reply, "220 504"))
        fail(exam, "a line \"HOST\" in the reply to FEAT",
             "there is none, and HOST is answered with \"%s\"", reply->lines[0]);
}

static const struct probe size_probe = {"SIZE", "SIZE", true, "213"};
static const struct probe mdtm_probe = {"MDTM", "MDTM", true, "213"};
static const struct probe mlst_probe = {"MLST", "MLST", true, "250"};
static const struct probe mfmt_probe = {"MFMT", "MFMT 20200102030405", true, "213"};
static const struct probe epsv_probe = {"EPSV", "EPSV", false, "229"};
static const struct probe utf8_probe = {"UTF8", "OPTS UTF8 ON", false, "200"};
static const struct probe lang_probe = {"LANG", "LANG", false, "200"};
static const struct probe mode_probe = {"MODE Z", "MODE Z", false, "200"};

static const char remedy[] = "Add the line to the reply to FEAT.";

static const struct test tests[] = {
    {
        .name = "rfc3659.feat.size-announced",
        .severity = SEVERITY_ERROR,
        .title = "SIZE, if it works, is announced",
        .reason = "RFC 3659, section 4.3 and RFC 2389, section 3.2: FEAT MUST name it. Clients "
                  "that ask FEAT do not try what is not there, and show no progress.",
        .remedy = remedy,
        .run = silent,
        .parameter = &size_probe,
    },
    {
        .name = "rfc3659.feat.mdtm-announced",
        .severity = SEVERITY_ERROR,
        .title = "MDTM, if it works, is announced",
        .reason = "RFC 3659, section 3.3 and RFC 2389, section 3.2: FEAT MUST name it. Clients "
                  "that ask FEAT keep no times of files otherwise.",
        .remedy = remedy,
        .run = silent,
        .parameter = &mdtm_probe,
    },
    {
        .name = "rfc3659.feat.mlst-announced",
        .severity = SEVERITY_ERROR,
        .title = "MLST, if it works, is announced",
        .reason = "RFC 3659, section 7.8: FEAT MUST name it with its facts. Clients fall back on "
                  "LIST and guess at times and types otherwise.",
        .remedy = "Add \" MLST type*;size*;modify*;...\" to the reply to FEAT.",
        .run = silent,
        .parameter = &mlst_probe,
    },
    {
        .name = "rfc3659.feat.rest-announced",
        .severity = SEVERITY_ERROR,
        .title = "REST, if it works in stream mode, is announced as REST STREAM",
        .reason = "RFC 3659, section 5.4: FEAT MUST have a line that is exactly \"REST STREAM\". "
                  "Clients begin broken transfers anew otherwise.",
        .remedy = remedy,
        .run = rest,
    },
    {
        .name = "rfc2640.feat.utf8-announced",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "a server that accepts OPTS UTF8 ON announces UTF8",
        .reason = "RFC 2640, section 3.2: servers announce UTF-8 by the line UTF8. Without it many "
                  "clients take names for Latin-1 or the like, and letters beyond ASCII break.",
        .remedy = remedy,
        .run = silent,
        .parameter = &utf8_probe,
    },
    {
        .name = "rfc2640.feat.lang-announced",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "LANG, if it works, is announced",
        .reason = "RFC 2640, section 4.3: FEAT MUST have a line LANG with the languages that there "
                  "are; a client cannot know them otherwise.",
        .remedy = "Add \" LANG EN*\" to the reply to FEAT.",
        .run = silent,
        .parameter = &lang_probe,
    },
    {
        .name = "rfc7151.feat.host-announced",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .title = "HOST, if it works, is announced",
        .reason = "RFC 7151, section 3.4: FEAT MUST have a line HOST. Clients do not send HOST "
                  "otherwise and reach another site.",
        .remedy = remedy,
        .run = host,
    },
    {
        .name = "practice.feat.epsv-announced",
        .severity = SEVERITY_NOTE,
        .flags = TEST_READ_ONLY,
        .title = "EPSV, if it works, is announced",
        .reason = "RFC 2428 defines no line for it, but RFC 2389, section 3.2, has FEAT list every "
                  "extension; other servers announce EPSV, and clients look for it.",
        .remedy = remedy,
        .run = silent,
        .parameter = &epsv_probe,
    },
    {
        .name = "practice.feat.mfmt-announced",
        .severity = SEVERITY_WARNING,
        .title = "MFMT, if it works, is announced",
        .reason = "RFC 2389, section 3.2: a client can assume that the only extensions are those "
                  "which FEAT lists. Without the line, uploads get the time at which they came.",
        .remedy = remedy,
        .run = silent,
        .parameter = &mfmt_probe,
    },
    {
        .name = "practice.feat.mode-z-announced",
        .severity = SEVERITY_NOTE,
        .flags = TEST_READ_ONLY,
        .title = "MODE Z, if it works, is announced",
        .reason = "RFC 2389, section 3.2: a client can assume that the only extensions are those "
                  "which FEAT lists, and does not compress otherwise.",
        .remedy = remedy,
        .run = silent,
        .parameter = &mode_probe,
    },
    {
        .name = "practice.feat.others-announced",
        .severity = SEVERITY_NOTE,
        .title = "AVBL, CLNT, HASH, RANG, XCRC and their like, if they work, are announced",
        .reason = "RFC 2389, section 3.2: a client can assume that the only extensions are those "
                  "which FEAT lists.",
        .remedy = remedy,
        .run = others,
    },
};

const struct group group_unannounced = {
    .name = "unannounced",
    .title = "FEAT: what works is announced",
    .tests = tests,
    .count = ELEMENTS(tests),
};

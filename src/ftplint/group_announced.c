/* FEAT's honesty, one way: everything that is announced works. What works and is not announced
 * stands in group_unannounced.c. See catalogue.h. */
#include "ftplint/exam.h"

#include "lib/cleanup.h"

#include <string.h>

static const char content[] = "ftplint: content of a file";

/* .parameter: a command that works if its feature does. */
struct probe {
    const char *line;
    bool file; /* a file's path follows */
    const char *codes;
};

static void works(struct exam *exam)
{
    const struct probe *probe = exam->test->parameter;
    const char *path = probe->file ? given_file(exam, "probe", content, strlen(content)) : NULL;
    struct client *client = given_session(exam);
    const struct reply *reply =
        command(client, "%s%s%s", probe->line, path ? " " : "", path ? path : "");
    if (!reply_is(reply, probe->codes))
        fail(exam, exam_format(exam, "%s: FEAT announces it", probe->codes),
             "\"%s\" is answered with \"%s\"",
             path ? exam_format(exam, "%s PATH", probe->line) : probe->line, reply->lines[0]);
}

static void rest(struct exam *exam)
{
    const size_t offset = 9;
    const char *path = given_file(exam, "probe", content, strlen(content));
    struct client *client = given_login(exam, ACCOUNT_USER);
    struct data *data = data_open(client, DATA_ANY);
    expect(client, "2 3|FEAT announces REST STREAM", "REST %zu", offset);
    expect(client, "125 150", "RETR %s", path);
    data_ready(data);
    struct bytes bytes = data_read(data, 0);
    wire_close(&data->wire);
    if (bytes.size != strlen(content) - offset || strcmp(bytes.data, content + offset) != 0)
        fail(exam,
             exam_format(exam, "the file from byte %zu on, %zu bytes", offset,
                         strlen(content) - offset),
             "%zu bytes: \"%.40s\"", bytes.size, bytes.data);
}

/* .parameter: the way to a data connection. */
static void data_way(struct exam *exam)
{
    const enum data_mode *mode = exam->test->parameter;
    if (*mode == DATA_PASV && exam->target->address.ss_family == AF_INET6)
        skip(exam, "PASV is for IPv4");
    (void)data_ask(given_login(exam, ACCOUNT_USER), *mode);
}

static void active_way(struct exam *exam)
{
    (void)data_open(given_login(exam, ACCOUNT_USER), DATA_EPRT);
}

static void checksums(struct exam *exam)
{
    static const char *const verbs[] = {"XCRC",    "XMD5",    "XSHA", "XSHA1",
                                        "XSHA256", "XSHA512", "MD5"};
    const char *path = NULL;
    for (size_t i = 0; i < ELEMENTS(verbs); i++) {
        if (!server_feature(exam->server, verbs[i]))
            continue;
        if (!path)
            path = given_file(exam, "probe", content, strlen(content));
        expect(given_session(exam), "2|FEAT announces it", "%s %s", verbs[i], path);
    }
    if (!path)
        skip(exam, "the server announces none of XCRC, XMD5, XSHA...");
}

static void names(struct exam *exam)
{
    static const char name[] = "ma\xc3\x9f-\xe2\x82\xac";
    const char *path = given_file(exam, name, content, strlen(content));
    struct transfer transfer = try_retrieve(given_session(exam), DATA_ANY, "NLST %s", exam->folder);
    struct lines lines = split_lines(exam, transfer.bytes);
    for (size_t i = 0; i < lines.count; i++)
        if (strstr(lines.line[i], name))
            return;
    fail(exam, "the name in the listing as it was stored, byte by byte",
         "%s is stored; NLST tells %zu names, the first is %s", strrchr(path, '/') + 1, lines.count,
         lines.count ? lines.line[0] : "missing");
}

/* A path of two names leads to the same file as the second name does after CWD to the first. */
static void slashes(struct exam *exam)
{
    const char *directory = given_directory(exam, "folder");
    const char *above = given_folder(exam);
    (void)given_file(exam, "folder/probe", content, strlen(content));
    struct client *client = given_login(exam, ACCOUNT_USER);
    exam->given++;
    expect(client, "250", "CWD %s", above);
    exam->given--;
    struct transfer transfer = try_retrieve(client, DATA_ANY, "RETR folder/probe");
    if (transfer.bytes.size != strlen(content))
        fail(exam, "the file: TVFS separates names by slashes", "RETR folder/probe: \"%s\"",
             transfer.reply->lines[0]);
    expect(client, "250", "CWD folder");
    const char *place = reply_path(client, expect(client, "257", "PWD"));
    if (!place || place[0] != '/')
        fail(exam, "a path that begins with a slash from PWD", "%s",
             place ? place : "a reply without a path");
    transfer = try_retrieve(client, DATA_ANY, "RETR probe");
    if (transfer.bytes.size != strlen(content))
        fail(exam, "the same file after CWD to its directory", "RETR probe in %s: \"%s\"",
             directory, transfer.reply->lines[0]);
}

static void host(struct exam *exam)
{
    const char *name = exam->target->host;
    bool bare = exam->target->address.ss_family == AF_INET6 && strchr(name, ':');
    struct client *client = given_connection(exam);
    const struct reply *reply =
        command(client, "HOST %s%s%s", bare ? "[" : "", name, bare ? "]" : "");
    /* The certificate has been chosen by then. */
    if (exam->target->tls != TLS_NONE && reply->code == 503)
        skip(exam, "the server takes HOST only before TLS: 503 %s", reply->text);
    expect_code(client, reply, "220 504|FEAT announces HOST");
}

/* Commands that mean nothing as they are here; the server must know them nevertheless. */
static void verbs(struct exam *exam)
{
    static const char *const rows[][2] = {
        {"PRET", "PRET LIST"}, {"RMDA", "RMDA ftplint-missing"}, {"DSIZ", "DSIZ ."},
        {"COMB", "COMB"},      {"CSID", "CSID Name=ftplint;"},   {"MFCT", "MFCT ftplint"},
        {"STAT", "STAT"},      {"MLSD", "MLSD ftplint-missing"}, {"RANG", "RANG 1 0"},
    };
    struct client *client = given_login(exam, ACCOUNT_USER);
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        if (!server_feature(exam->server, rows[i][0]))
            continue;
        const struct reply *reply = command(client, "%s", rows[i][1]);
        if (reply_is(reply, "1"))
            reply = read_reply(client);
        if (reply_is(reply, "500 502"))
            fail(exam, "another reply than 500 or 502: FEAT announces the command",
                 "\"%s\" is answered with \"%s\"", rows[i][1], reply->lines[0]);
    }
}

static const struct probe size_probe = {"SIZE", true, "213"};
static const struct probe mdtm_probe = {"MDTM", true, "213"};
static const struct probe mlst_probe = {"MLST", true, "250"};
static const struct probe mfmt_probe = {"MFMT 20200102030405", true, "213"};
static const struct probe mff_probe = {"MFF modify=20200102030405;", true, "213"};
static const struct probe avbl_probe = {"AVBL", false, "213"};
static const struct probe hash_probe = {"HASH", true, "213"};
static const struct probe clnt_probe = {"CLNT ftplint", false, "2"};
static const enum data_mode epsv = DATA_EPSV;
static const enum data_mode pasv = DATA_PASV;

static const char announced[] =
    "RFC 2389, section 3: FEAT tells what the server supports, and a client relies on it. One that "
    "finds the command refused has to break off, or to guess.";
static const char remedy[] = "Announce it only where it is built in, switched on and allowed.";

static const struct test tests[] = {
    {
        .name = "rfc3659.feat.size-works",
        .severity = SEVERITY_ERROR,
        .feature = "SIZE",
        .title = "SIZE, if announced, tells a file's size",
        .reason = announced,
        .remedy = remedy,
        .run = works,
        .parameter = &size_probe,
    },
    {
        .name = "rfc3659.feat.mdtm-works",
        .severity = SEVERITY_ERROR,
        .feature = "MDTM",
        .title = "MDTM, if announced, tells a file's time",
        .reason = announced,
        .remedy = remedy,
        .run = works,
        .parameter = &mdtm_probe,
    },
    {
        .name = "rfc3659.feat.mlst-works",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .title = "MLST, if announced, tells the facts of a file",
        .reason = announced,
        .remedy = remedy,
        .run = works,
        .parameter = &mlst_probe,
    },
    {
        .name = "rfc3659.feat.rest-works",
        .severity = SEVERITY_ERROR,
        .feature = "REST STREAM",
        .title = "REST STREAM, if announced, resumes a download in the middle",
        .reason = "RFC 3659, section 5.4: the line says that restarts in stream mode are "
                  "supported; a client appends what comes to what it has.",
        .remedy = remedy,
        .run = rest,
    },
    {
        .name = "rfc2428.feat.epsv-works",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .feature = "EPSV",
        .title = "EPSV, if announced, opens a port",
        .reason = announced,
        .remedy = remedy,
        .run = data_way,
        .parameter = &epsv,
    },
    {
        .name = "rfc2428.feat.eprt-works",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .feature = "EPRT",
        .title = "EPRT, if announced, takes the client's own address",
        .reason = announced,
        .remedy = "Leave EPRT and PORT out of FEAT where active mode is switched off.",
        .run = active_way,
    },
    {
        .name = "rfc959.feat.pasv-works",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .feature = "PASV",
        .title = "PASV, if announced, opens a port",
        .reason = announced,
        .remedy = remedy,
        .run = data_way,
        .parameter = &pasv,
    },
    {
        .name = "rfc2640.feat.utf8-works",
        .severity = SEVERITY_ERROR,
        .feature = "UTF8",
        .title = "names in UTF-8 come back as they were stored where UTF8 is announced",
        .reason = "RFC 2640, section 3.2: UTF8 in FEAT says that names are UTF-8. A client that "
                  "believes it cannot find its files again otherwise.",
        .remedy = "Pass the bytes of names through unchanged.",
        .run = names,
    },
    {
        .name = "rfc3659.feat.tvfs-works",
        .severity = SEVERITY_ERROR,
        .feature = "TVFS",
        .title = "paths with slashes work as TVFS promises where it is announced",
        .reason = "RFC 3659, section 6: names are separated by slashes, and a path of several "
                  "leads where CWD to each of them leads.",
        .remedy = "Announce TVFS only if RFC 3659, section 6 holds.",
        .run = slashes,
    },
    {
        .name = "practice.feat.mfmt-works",
        .severity = SEVERITY_ERROR,
        .feature = "MFMT",
        .title = "MFMT, if announced, sets a file's time",
        .reason = announced,
        .remedy = remedy,
        .run = works,
        .parameter = &mfmt_probe,
    },
    {
        .name = "practice.feat.mff-works",
        .severity = SEVERITY_ERROR,
        .feature = "MFF",
        .title = "MFF, if announced, sets a file's time",
        .reason = announced,
        .remedy = remedy,
        .run = works,
        .parameter = &mff_probe,
    },
    {
        .name = "practice.feat.avbl-works",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .feature = "AVBL",
        .title = "AVBL, if announced, tells how much can be stored",
        .reason = announced,
        .remedy = remedy,
        .run = works,
        .parameter = &avbl_probe,
    },
    {
        .name = "practice.feat.hash-works",
        .severity = SEVERITY_ERROR,
        .feature = "HASH",
        .title = "HASH, if announced, tells a file's checksum",
        .reason = announced,
        .remedy = remedy,
        .run = works,
        .parameter = &hash_probe,
    },
    {
        .name = "practice.feat.checksums-work",
        .severity = SEVERITY_ERROR,
        .title = "XCRC, XMD5 and XSHA..., if announced, tell a file's checksum",
        .reason = announced,
        .remedy = remedy,
        .run = checksums,
    },
    {
        .name = "practice.feat.clnt-works",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .feature = "CLNT",
        .title = "CLNT, if announced, is accepted",
        .reason = announced,
        .remedy = remedy,
        .run = works,
        .parameter = &clnt_probe,
    },
    {
        .name = "rfc7151.feat.host-works",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .feature = "HOST",
        .title = "HOST, if announced, is answered with 220, or 504 to an unknown name",
        .reason = "RFC 7151, sections 3.2 and 3.3: 220 accepts the name, 504 says that there is no "
                  "such host. The name is that by which this run was told to find the server.",
        .remedy = remedy,
        .run = host,
    },
    {
        .name = "rfc2389.feat.known",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "no command that is announced is unknown",
        .reason = announced,
        .remedy = remedy,
        .run = verbs,
    },
};

const struct group group_announced = {
    .name = "announced",
    .title = "FEAT: what is announced works",
    .tests = tests,
    .count = ELEMENTS(tests),
};

/* NLST: names and nothing else, as programs use them. See catalogue.h. */
#include "ftplint/listing.h"
#include "ftplint/stock.h"

#include "lib/cleanup.h"

#include <string.h>

/* The stock's names by NLST with its path. */
static struct lines stock_lines(struct exam *exam)
{
    struct client *client = given_session(exam);
    return given_lines(client, exam_format(exam, "NLST %s", given_stock(exam)));
}

static void codes(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_stock(exam);
    struct transfer transfer = try_retrieve(client, DATA_ANY, "NLST %s", path);
    expect_code(client, transfer.preliminary ? transfer.preliminary : transfer.reply, "1");
    expect_code(client, transfer.reply, "2");
}

/* With the session in the type that the parameter names. */
static void crlf(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_stock(exam);
    exam->given++;
    expect(client, "200", "TYPE %s", (const char *)exam->test->parameter);
    exam->given--;
    struct bytes bytes = given_listing(client, exam_format(exam, "NLST %s", path));
    exam->given++;
    expect(client, "200", "TYPE I");
    exam->given--;
    expect_crlf(exam, bytes);
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* A line is the name of an entry, or FOLDER/name. */
static void names_only(struct exam *exam)
{
    const char *folder = given_stock(exam);
    struct lines lines = stock_lines(exam);
    for (size_t i = 0; i < lines.count; i++) {
        const char *line = lines.line[i];
        const char *name = path_name(line);
        if (is_dots(name))
            continue;
        const char *whole = exam_format(exam, "%s/%s", folder, name);
        if (!stock_find(name) || (strcmp(line, name) != 0 && strcmp(line, whole) != 0))
            fail(exam, "lines that are a name of the directory, or its path and the name", "\"%s\"",
                 line);
    }
}

static void complete(struct exam *exam)
{
    struct lines lines = stock_lines(exam);
    for (size_t i = 0; i < STOCK_COUNT; i++) {
        size_t count = lines_count(&lines, stock_entries[i].name);
        if (count != 1 && !stock_entries[i].directory)
            fail(exam, "every file of the directory, each once", "\"%s\" is listed %s",
                 stock_entries[i].name, count ? "more than once" : "nowhere");
    }
}

static void directories(struct exam *exam)
{
    struct lines lines = stock_lines(exam);
    if (lines_count(&lines, STOCK_FOLDER) != 1)
        fail(exam, "the name of the directory among the names", "it is listed %s",
             lines_count(&lines, STOCK_FOLDER) ? "more than once" : "nowhere");
}

static void dots(struct exam *exam)
{
    struct lines lines = stock_lines(exam);
    for (size_t i = 0; i < lines.count; i++)
        if (is_dots(path_name(lines.line[i])))
            fail(exam, "no line for the directory itself or its parent", "\"%s\"", lines.line[i]);
}

static void usable(struct exam *exam)
{
    struct client *client = given_stock_session(exam);
    struct lines lines = given_lines(client, "NLST");
    if (lines_count(&lines, STOCK_OTHER) == 0)
        fail(exam, "the names of the working directory", "%zu names without %s", lines.count,
             STOCK_OTHER);
    for (size_t i = 0; i < lines.count; i++) {
        const struct stock_entry *entry = stock_find(path_name(lines.line[i]));
        if (!entry || entry->directory)
            continue;
        struct transfer transfer = try_retrieve(client, DATA_ANY, "RETR %s", lines.line[i]);
        if (!reply_is(transfer.reply, "2"))
            fail(exam, "that RETR takes every name of a file as NLST wrote it",
                 "\"RETR %s\" was answered with %u %s", lines.line[i], transfer.reply->code,
                 transfer.reply->text);
    }
}

static void path_usable(struct exam *exam)
{
    struct lines lines = stock_lines(exam);
    struct client *client = given_session(exam);
    for (size_t i = 0; i < lines.count; i++) {
        if (strcmp(path_name(lines.line[i]), STOCK_OTHER) != 0)
            continue;
        struct transfer transfer = try_retrieve(client, DATA_ANY, "RETR %s", lines.line[i]);
        if (!reply_is(transfer.reply, "2"))
            fail(exam, "names that RETR takes from where NLST was sent",
                 "\"%s\" for a file of %s, and \"RETR %s\" was answered with %u %s", lines.line[i],
                 given_stock(exam), lines.line[i], transfer.reply->code, transfer.reply->text);
    }
}

static void empty(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = stock_path(exam, STOCK_FOLDER);
    struct transfer transfer = try_retrieve(client, DATA_ANY, "NLST %s", path);
    expect_code(client, transfer.reply, "226 250|an empty directory is no error");
    struct lines lines = split_lines(exam, transfer.bytes);
    for (size_t i = 0; i < lines.count; i++)
        if (!is_dots(path_name(lines.line[i])))
            fail(exam, "no name", "\"%s\"", lines.line[i]);
}

static void missing(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = stock_path(exam, "missing");
    struct transfer transfer = try_retrieve(client, DATA_ANY, "NLST %s", path);
    expect_code(client, transfer.reply, "450 550|a refusal: nothing has that name");
}

static void one_file(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = stock_path(exam, STOCK_FILE);
    struct transfer transfer = try_retrieve(client, DATA_ANY, "NLST %s", path);
    struct lines lines = split_lines(exam, transfer.bytes);
    if (lines.count != 1 || strcmp(path_name(lines.line[0]), STOCK_FILE) != 0)
        fail(exam, "one line with the name of the file", "%zu lines and \"%u %s\"", lines.count,
             transfer.reply->code, transfer.reply->text);
}

static void wildcard(struct exam *exam)
{
    struct client *client = given_stock_session(exam);
    struct transfer transfer = try_retrieve(client, DATA_ANY, "NLST *.txt");
    struct lines lines = split_lines(exam, transfer.bytes);
    if (lines.count != 3 || lines_count(&lines, STOCK_FILE) != 1 ||
        lines_count(&lines, STOCK_OTHER) != 1)
        fail(exam, "the three names that end in .txt for \"NLST *.txt\"", "%zu names and \"%u %s\"",
             lines.count, transfer.reply->code, transfer.reply->text);
}

static void wildcard_nothing(struct exam *exam)
{
    struct client *client = given_stock_session(exam);
    struct transfer transfer = try_retrieve(client, DATA_ANY, "NLST *.none");
    struct lines lines = split_lines(exam, transfer.bytes);
    if (lines.count)
        fail(exam, "no name for \"NLST *.none\": none ends so", "\"%s\"", lines.line[0]);
}

static void odd_name(struct exam *exam)
{
    const char *name = exam->test->parameter;
    (void)given_odd_file(exam, name, 5);
    struct client *client = given_session(exam);
    struct lines lines = given_lines(client, exam_format(exam, "NLST %s", given_folder(exam)));
    const char *other = "an empty listing";
    for (size_t i = 0; i < lines.count; i++)
        if (!is_dots(path_name(lines.line[i])))
            other = lines.line[i];
    if (lines_count(&lines, name) != 1)
        fail(exam, exam_format(exam, "the name \"%s\" exactly", name), "\"%s\"", other);
}

#define NLST_NAME_REASON                                                                           \
    "RFC 1123, section 4.1.2.7: NLST sends path names that can be used as they are; a name that "  \
    "was changed is the name of another file or of none."

static const struct test tests[] = {
    {
        .name = "rfc959.nlst.codes",
        .severity = SEVERITY_ERROR,
        .title =
            "NLST is answered with a preliminary reply and, after the data, a completion reply",
        .reason = "RFC 959, sections 4.2 and 5.4: 125 or 150 comes before the data, 226 or 250 "
                  "after them. A client that gets anything else takes the listing for failed.",
        .remedy = "Answer 150 before the data and 226 when they are sent.",
        .run = codes,
    },
    {
        .name = "rfc959.nlst.crlf",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.nlst.codes",
        .title = "names of NLST end in CR LF in TYPE A",
        .reason = "RFC 959, sections 3.1.1.1 and 4.1.3: names are sent as text of type ASCII, "
                  "separated by CR LF. A client that splits there gets one long name.",
        .remedy = "End every name with CR LF.",
        .run = crlf,
        .parameter = "A",
    },
    {
        .name = "rfc1123.nlst.crlf-image",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.nlst.codes",
        .title = "names of NLST end in CR LF in TYPE I too",
        .reason = "RFC 1123, section 4.1.2.7: NLST should be sent as ASCII whatever type stands, "
                  "so that a client need not change the type for \"multiple get\".",
        .remedy = "Send listings as text, with CR LF, in TYPE I as in TYPE A.",
        .run = crlf,
        .parameter = "I",
    },
    {
        .name = "rfc1123.nlst.names-only",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.nlst.codes",
        .title = "NLST sends names and nothing else",
        .reason = "RFC 1123, section 4.1.2.7: the data MUST contain only a simple list of legal "
                  "path names. A program takes every line for a file and asks for it.",
        .remedy = "Send no header, no details and no marks behind names.",
        .run = names_only,
    },
    {
        .name = "rfc959.nlst.complete",
        .severity = SEVERITY_ERROR,
        .after = "rfc1123.nlst.names-only",
        .title = "NLST of a directory names every file once",
        .reason = "RFC 959, section 4.1.3: NLST returns the names of files for programs that work "
                  "on them all. What is missing is not fetched or not saved.",
        .remedy = "Name every file of the directory, once.",
        .run = complete,
    },
    {
        .name = "practice.nlst.directories",
        .severity = SEVERITY_NOTE,
        .after = "rfc959.nlst.complete",
        .title = "NLST names directories as well",
        .reason = "RFC 959, section 4.1.3, speaks of files. Most servers name directories too, "
                  "and clients without another listing find them by it.",
        .remedy = "Name directories among the files.",
        .run = directories,
    },
    {
        .name = "practice.nlst.dots",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.nlst.codes",
        .title = "NLST does not name \".\" and \"..\"",
        .reason =
            "A program that works on every name would leave the directory, or go round for ever.",
        .remedy = "Leave out the directory itself and its parent.",
        .run = dots,
    },
    {
        .name = "rfc1123.nlst.usable",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.nlst.complete",
        .title = "NLST without an argument sends names that RETR takes",
        .reason = "RFC 959, section 4.1.3: without an argument it is the working directory. RFC "
                  "1123, section 4.1.2.7: the names can be used directly as the arguments of "
                  "transfer commands; \"multiple get\" does just that.",
        .remedy = "Send the names of the working directory as the server itself takes them.",
        .run = usable,
    },
    {
        .name = "rfc1123.nlst.path-usable",
        .severity = SEVERITY_NOTE,
        .after = "rfc1123.nlst.names-only",
        .title = "names of NLST with a path can be given to RETR from the same place",
        .reason = "RFC 1123, section 4.1.2.7: the names can be used directly as the arguments of "
                  "transfer commands. Bare names of another directory need its path before them; "
                  "servers differ here, and clients have to know both.",
        .remedy = "Put the path that was given before the names, or leave it: clients know both.",
        .run = path_usable,
    },
    {
        .name = "practice.nlst.empty",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.nlst.codes",
        .title = "NLST of an empty directory succeeds and is empty",
        .reason = "A refusal says that there is no such directory; libraries have to guess from "
                  "the words of the reply that it is only empty.",
        .remedy = "Answer 150, close the data connection and answer 226.",
        .run = empty,
    },
    {
        .name = "practice.nlst.missing",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.nlst.codes",
        .title = "NLST of a name that does not exist is refused with 450 or 550",
        .reason = "RFC 959, sections 4.2.2 and 5.4, have 450 for it, and 550 is common. A client "
                  "that gets an empty listing takes the directory for empty.",
        .remedy = "Answer 550 before a data connection is used.",
        .run = missing,
    },
    {
        .name = "practice.nlst.file",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.nlst.complete",
        .title = "NLST of a file sends its name",
        .reason = "Clients without MLST and SIZE ask so whether a file is there.",
        .remedy = "Answer NLST of a file with one line: its name.",
        .run = one_file,
    },
    {
        .name = "practice.nlst.wildcard",
        .severity = SEVERITY_WARNING,
        .after = "rfc1123.nlst.usable",
        .title = "NLST *.txt sends the names that match",
        .reason = "RFC 1123, section 4.1.2.7: \"multiple get\" needs the server's help. Clients "
                  "send the pattern that their user typed, and expect the names that match.",
        .remedy = "Take * and ? in the last part of the path of NLST for a pattern.",
        .run = wildcard,
    },
    {
        .name = "practice.nlst.wildcard-nothing",
        .severity = SEVERITY_WARNING,
        .after = "practice.nlst.wildcard",
        .title = "NLST with a pattern that nothing matches sends no name",
        .reason = "A client asks for every name that it gets; the pattern is the name of no file.",
        .remedy = "Answer with an empty listing or with 550.",
        .run = wildcard_nothing,
    },
    {
        .name = "rfc1123.nlst.spaces",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.nlst.complete",
        .title = "NLST keeps every space of a name",
        .reason = NLST_NAME_REASON,
        .remedy = "Send the name as it is between line ends, without quotes and escapes.",
        .run = odd_name,
        .parameter = " a  b",
    },
    {
        .name = "rfc2640.nlst.bytes",
        .severity = SEVERITY_ERROR,
        .feature = "UTF8",
        .after = "rfc959.nlst.complete",
        .title = "NLST shows a name in UTF-8 as it was stored",
        .reason = "RFC 2640, sections 2.2 and 3.1: a server that announces UTF8 sends path names "
                  "in UTF-8. A client cannot ask for a name that it does not get.",
        .remedy = "Send the bytes of the name unchanged; no locale and no question marks.",
        .run = odd_name,
        .parameter = "stra\303\237e \342\230\203.txt",
    },
};

const struct group group_nlst = {
    .name = "nlst",
    .title = "NLST",
    .tests = tests,
    .count = ELEMENTS(tests),
};

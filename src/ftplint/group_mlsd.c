/* MLSD: a directory in the form that machines read. See catalogue.h. */
#include "ftplint/facts.h"
#include "ftplint/listing.h"
#include "ftplint/stock.h"

#include "lib/cleanup.h"

#include <string.h>

static struct facts_list stock_list(struct exam *exam)
{
    struct client *client = given_session(exam);
    return given_mlsd(client, exam_format(exam, "MLSD %s", given_stock(exam)));
}

static void codes(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_stock(exam);
    struct transfer transfer = try_retrieve(client, DATA_ANY, "MLSD %s", path);
    expect_code(client, transfer.preliminary ? transfer.preliminary : transfer.reply, "125 150");
    expect_code(client, transfer.reply, "226 250");
}

static void exact_codes(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_stock(exam);
    struct transfer transfer = try_retrieve(client, DATA_ANY, "MLSD %s", path);
    if (!transfer.preliminary)
        blocked(exam, "it is refused: %u %s", transfer.reply->code, transfer.reply->text);
    expect_code(client, transfer.preliminary, "150");
    expect_code(client, transfer.reply, "226");
}

static void grammar(struct exam *exam)
{
    struct facts_list list = stock_list(exam);
    for (size_t i = 0; i < list.count; i++) {
        const char *line = list.entry[i].line;
        const char *problem = facts_problem(exam, line);
        if (!problem && list.entry[i].count && *list.entry[i].name == '\0')
            problem = "no name";
        if (!problem && *line == ' ' && server_feature(exam->server, "MLST") &&
            strchr(server_feature(exam->server, "MLST"), '*'))
            problem = "it begins with a space and has no facts";
        if (problem)
            fail(exam, "lines like \"type=file;size=3; name\" and no others", "%s: \"%s\"", problem,
                 line);
    }
}

/* With the session in the type that the parameter names: it must not matter. */
static void crlf(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_stock(exam);
    exam->given++;
    expect(client, "200", "TYPE %s", (const char *)exam->test->parameter);
    exam->given--;
    struct bytes bytes = given_listing(client, exam_format(exam, "MLSD %s", path));
    exam->given++;
    expect(client, "200", "TYPE I");
    exam->given--;
    expect_crlf(exam, bytes);
}

static void type_kept(struct exam *exam)
{
    struct client *client = given_session(exam);
    struct bytes content = {.data = "one\ntwo\r\nthree\n", .size = 15};
    const char *path = given_file(exam, "lines.bin", content.data, content.size);
    (void)given_listing(client, exam_format(exam, "MLSD %s", given_folder(exam)));
    struct bytes got = given_listing(client, exam_format(exam, "RETR %s", path));
    if (got.size != content.size || memcmp(got.data, content.data, got.size) != 0)
        fail(exam, "the file's 15 bytes as they are, for TYPE I still stands after MLSD",
             "%zu bytes, changed as in TYPE A", got.size);
}

static size_t count_of(const struct facts_list *list, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        count +=
            !facts_is_self(&list->entry[i]) && strcmp(path_name(list->entry[i].name), name) == 0;
    return count;
}

static void judge_names(struct exam *exam, const struct facts_list *list)
{
    for (size_t i = 0; i < STOCK_COUNT; i++) {
        size_t count = count_of(list, stock_entries[i].name);
        if (count != 1)
            fail(exam, "every entry of the directory, each once", "\"%s\" is listed %s",
                 stock_entries[i].name, count ? "more than once" : "nowhere");
    }
    for (size_t i = 0; i < list->count; i++)
        if (!facts_is_self(&list->entry[i]) && !stock_find(list->entry[i].name))
            fail(exam, "the names of the entries and no other", "\"%s\"", list->entry[i].line);
}

static void complete(struct exam *exam)
{
    struct facts_list list = stock_list(exam);
    for (size_t i = 0; i < list.count; i++)
        list.entry[i].name = path_name(list.entry[i].name);
    judge_names(exam, &list);
}

static void working_directory(struct exam *exam)
{
    struct facts_list list = given_mlsd(given_stock_session(exam), "MLSD");
    if (count_of(&list, STOCK_FILE) != 1)
        fail(exam, "the entries of the working directory", "%zu lines without %s", list.count,
             STOCK_FILE);
}

static void unqualified(struct exam *exam)
{
    struct facts_list list = stock_list(exam);
    for (size_t i = 0; i < list.count; i++)
        if (!facts_is_self(&list.entry[i]) && strchr(list.entry[i].name, '/'))
            fail(exam, "names without the path of their directory", "\"%s\"", list.entry[i].name);
}

/* The directory itself and its parent are told from entries by their type. */
static void self(struct exam *exam)
{
    struct facts_list list = stock_list(exam);
    for (size_t i = 0; i < list.count; i++) {
        const struct facts *facts = &list.entry[i];
        const char *type = fact_value(facts, "type");
        bool here = strcmp(facts->name, ".") == 0;
        bool above = strcmp(facts->name, "..") == 0;
        if ((here || above) && (!type || strcasecmp(type, here ? "cdir" : "pdir") != 0))
            fail(exam, here ? "type=cdir for \".\"" : "type=pdir for \"..\"", "\"%s\"",
                 facts->line);
    }
}

static const struct facts *need(struct exam *exam, const struct facts_list *list, const char *name)
{
    const struct facts *entry = facts_find(list, name);
    if (entry)
        return entry;
    blocked(exam, "%s is not listed", name);
}

/* What MLSD says of a file is what MLST says of it. */
static void same_as_mlst(struct exam *exam)
{
    static const char *const facts[] = {"type", "size", "modify", "unique", "perm"};
    struct facts_list list = stock_list(exam);
    const struct facts *entry = need(exam, &list, STOCK_FILE);
    struct facts alone =
        given_mlst(given_session(exam), exam_format(exam, "MLST %s", stock_path(exam, STOCK_FILE)));
    for (size_t i = 0; i < ELEMENTS(facts); i++) {
        const char *a = fact_value(entry, facts[i]);
        const char *b = fact_value(&alone, facts[i]);
        if (a && b && strcmp(a, b) != 0)
            fail(exam, "the same facts of a file as MLST tells", "MLSD: \"%s\", MLST: \"%s\"",
                 entry->line, alone.line);
    }
}

static void empty(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = stock_path(exam, STOCK_FOLDER);
    struct transfer transfer = try_retrieve(client, DATA_ANY, "MLSD %s", path);
    expect_code(client, transfer.reply, "2|an empty directory is no error");
    struct lines lines = split_lines(exam, transfer.bytes);
    for (size_t i = 0; i < lines.count; i++) {
        struct facts facts;
        facts_read(exam, lines.line[i], &facts);
        if (!facts_is_self(&facts))
            fail(exam, "no entry but cdir and pdir", "\"%s\"", lines.line[i]);
    }
}

static void odd_name(struct exam *exam)
{
    const char *name = exam->test->parameter;
    (void)given_odd_file(exam, name, 5);
    struct client *client = given_session(exam);
    struct facts_list list = given_mlsd(client, exam_format(exam, "MLSD %s", given_folder(exam)));
    if (count_of(&list, name) == 1)
        return;
    const char *line = "an empty listing";
    for (size_t i = 0; i < list.count; i++)
        if (!facts_is_self(&list.entry[i]))
            line = list.entry[i].line;
    fail(exam, exam_format(exam, "the name \"%s\" exactly", name), "\"%s\"", line);
}

static const struct test tests[] = {
    {
        .name = "rfc3659.mlsd.codes",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .title = "MLSD sends a listing where MLST is announced",
        .reason = "RFC 3659, section 7.8: the feature MLST says that both MLST and MLSD are "
                  "supported. Clients use MLSD then and nothing else.",
        .remedy = "Answer 150, send the listing and answer 226.",
        .run = codes,
    },
    {
        .name = "rfc3659.mlsd.codes-exact",
        .severity = SEVERITY_NOTE,
        .feature = "MLST",
        .after = "rfc3659.mlsd.codes",
        .title = "MLSD is answered with 150 and then 226",
        .reason = "RFC 3659, section 7.2: the grammar has these two codes; RFC 959 would allow "
                  "125 and 250 for other listings.",
        .remedy = "Answer 150 before the data and 226 after them.",
        .run = exact_codes,
    },
    {
        .name = "rfc3659.mlsd.grammar",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.mlsd.codes",
        .title = "lines of MLSD are facts, one space and a name",
        .reason = "RFC 3659, section 7.2: the format MUST NOT be varied by more spaces, headers or "
                  "blank lines. Clients take every line for an entry.",
        .remedy = "Write each line as NAME=VALUE; without spaces, one space and the name.",
        .run = grammar,
    },
    {
        .name = "rfc3659.mlsd.crlf",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.mlsd.codes",
        .title = "lines of MLSD end in CR LF",
        .reason = "RFC 3659, section 7.2: every entry ends in CR LF, whatever type stands.",
        .remedy = "End every line with CR LF.",
        .run = crlf,
        .parameter = "I",
    },
    {
        .name = "rfc3659.mlsd.crlf-ascii",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.mlsd.crlf",
        .title = "lines of MLSD end in CR LF in TYPE A too",
        .reason = "RFC 3659, section 7.2: the listing is sent as by TYPE L 8, whatever type "
                  "stands: no CR is added to those that are there.",
        .remedy = "Send the bytes of the listing without translation.",
        .run = crlf,
        .parameter = "A",
    },
    {
        .name = "rfc3659.mlsd.type-kept",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.mlsd.codes",
        .title = "MLSD leaves the transfer type as it was",
        .reason = "RFC 3659, section 7.2: the type of the listing holds for its data connection "
                  "only. A download after it would be changed on its way.",
        .remedy = "Do not touch the session's type for a listing.",
        .run = type_kept,
    },
    {
        .name = "rfc3659.mlsd.complete",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.mlsd.grammar",
        .title = "MLSD of a directory shows every entry once and no other",
        .reason = "RFC 3659, section 7.1: MLSD must return a listing of the contents of the "
                  "directory. A mirror deletes its copy of what is missing.",
        .remedy = "List every entry of the directory that is named, once.",
        .run = complete,
    },
    {
        .name = "rfc3659.mlsd.working-directory",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.mlsd.complete",
        .title = "MLSD without an argument lists the working directory",
        .reason = "RFC 3659, section 7.1: without an argument MLSD must list the current working "
                  "directory. It is the only defined way to do so.",
        .remedy = "List the working directory if MLSD has no argument.",
        .run = working_directory,
    },
    {
        .name = "rfc3659.mlsd.unqualified",
        .severity = SEVERITY_WARNING,
        .feature = "MLST",
        .after = "rfc3659.mlsd.grammar",
        .title = "names of MLSD have no path before them",
        .reason = "RFC 3659, section 7.3.1: the directory SHOULD NOT appear as a component of the "
                  "names. A client that puts it before them itself has it twice.",
        .remedy = "Send the name of the entry alone.",
        .run = unqualified,
    },
    {
        .name = "rfc3659.mlsd.self",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.mlsd.grammar",
        .title = "MLSD marks \".\" as cdir and \"..\" as pdir, or leaves them out",
        .reason = "RFC 3659, section 7.5.1: type=dir is a subdirectory, and the directory itself "
                  "and its parent have types of their own. A client that descends into every dir "
                  "goes round without an end.",
        .remedy = "Send type=cdir and type=pdir, or leave the two entries out.",
        .run = self,
    },
    {
        .name = "rfc3659.mlsd.same-as-mlst",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.mlsd.complete",
        .title = "MLSD and MLST tell the same facts of a file",
        .reason = "RFC 3659, section 7.5, defines each fact once for both commands. A client that "
                  "lists by one and checks by the other sees a file as changed.",
        .remedy = "Make the facts for both commands in one place.",
        .run = same_as_mlst,
    },
    {
        .name = "rfc3659.mlsd.empty",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.mlsd.grammar",
        .title = "MLSD of an empty directory succeeds without entries",
        .reason = "RFC 3659, sections 7.1 and 7.2: the contents of a directory may be nothing, "
                  "and no other line is ever sent.",
        .remedy = "Answer 150, send cdir and pdir or nothing, and answer 226.",
        .run = empty,
    },
    {
        .name = "rfc3659.mlsd.spaces",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.mlsd.complete",
        .title = "MLSD keeps every space of a name",
        .reason = "RFC 3659, sections 2.2 and 7.2: exactly one space stands before the name, and "
                  "any more are part of it.",
        .remedy = "Write one space and then the name as it is.",
        .run = odd_name,
        .parameter = " a  b",
    },
    {
        .name = "rfc3659.mlsd.bytes",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.mlsd.complete",
        .title = "MLSD shows a name in UTF-8 as it was stored",
        .reason = "RFC 3659, section 7.3: an implementation of MLSD must be 8-bit clean. A client "
                  "cannot ask for a name that it does not get.",
        .remedy = "Send the bytes of the name unchanged; no locale and no question marks.",
        .run = odd_name,
        .parameter = "stra\303\237e \342\230\203.txt",
    },
};

const struct group group_mlsd = {
    .name = "mlsd",
    .title = "MLSD",
    .tests = tests,
    .count = ELEMENTS(tests),
};

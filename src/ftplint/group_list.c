/* LIST: what it lists and how clients read its lines. See catalogue.h. */
#include "ftplint/listing.h"
#include "ftplint/stock.h"

#include "lib/cleanup.h"

#include <string.h>

/* The stock as LIST with its path shows it. */
static struct list stock_list(struct exam *exam)
{
    struct client *client = given_session(exam);
    return given_list(client, exam_format(exam, "LIST %s", given_stock(exam)));
}

static const struct list_entry *need(struct exam *exam, const struct list *list, const char *name)
{
    const struct list_entry *entry = list_find(list, name);
    if (entry)
        return entry;
    blocked(exam, "%s is not in the listing", name);
}

static void codes(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_stock(exam);
    struct transfer transfer = try_retrieve(client, DATA_ANY, "LIST %s", path);
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
    struct bytes bytes = given_listing(client, exam_format(exam, "LIST %s", path));
    exam->given++;
    expect(client, "200", "TYPE I");
    exam->given--;
    expect_crlf(exam, bytes);
}

static void parsable(struct exam *exam)
{
    struct list list = stock_list(exam);
    if (list.unreadable)
        fail(exam, "lines like \"-rw-r--r-- 1 owner group 4321 Nov 23 08:13 name\"", "\"%s\"",
             list.unreadable);
}

/* The stock's names, each once, and no other. */
static void judge_names(struct exam *exam, const struct list *list, const char *how)
{
    for (size_t i = 0; i < STOCK_COUNT; i++) {
        size_t count = list_count(list, stock_entries[i].name);
        if (count != 1)
            fail(exam, "every entry of the directory, each once", "\"%s\" is %s %s",
                 stock_entries[i].name, count ? "more than once in" : "not in", how);
    }
    for (size_t i = 0; i < list->count; i++)
        if (!stock_find(list->entry[i].name))
            fail(exam, "the names of the entries and no other", "\"%s\" in %s", list->entry[i].name,
                 how);
}

static void complete(struct exam *exam)
{
    struct list list = stock_list(exam);
    if (list.unreadable)
        blocked(exam, "a line cannot be read: \"%s\"", list.unreadable);
    judge_names(exam, &list, "LIST of a directory");
}

static void working_directory(struct exam *exam)
{
    struct list list = given_list(given_stock_session(exam), "LIST");
    if (list.unreadable)
        blocked(exam, "a line cannot be read: \"%s\"", list.unreadable);
    judge_names(exam, &list, "LIST without an argument");
}

static void size(struct exam *exam)
{
    struct list list = stock_list(exam);
    for (size_t i = 0; i < STOCK_COUNT; i++) {
        const struct stock_entry *truth = &stock_entries[i];
        const struct list_entry *entry = need(exam, &list, truth->name);
        if (!truth->directory && (!entry->has_size || entry->size != truth->size))
            fail(exam, exam_format(exam, "the size %zu of %s", truth->size, truth->name), "\"%s\"",
                 entry->line);
    }
}

static void kind(struct exam *exam)
{
    struct list list = stock_list(exam);
    for (size_t i = 0; i < STOCK_COUNT; i++) {
        const struct stock_entry *truth = &stock_entries[i];
        const struct list_entry *entry = need(exam, &list, truth->name);
        if (entry->directory != truth->directory || entry->link)
            fail(exam, truth->directory ? "a line that begins with d" : "a line of a plain file",
                 "\"%s\"", entry->line);
    }
}

static void one_file(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = stock_path(exam, STOCK_FILE);
    static const char expected[] = "one line that tells about the file";
    struct transfer transfer = try_retrieve(client, DATA_ANY, "LIST %s", path);
    if (!reply_is(transfer.reply, "2"))
        fail(exam, expected, "%u %s", transfer.reply->code, transfer.reply->text);
    struct list list = list_read(exam, transfer.bytes);
    if (list.unreadable)
        blocked(exam, "a line cannot be read: \"%s\"", list.unreadable);
    if (list.count != 1)
        fail(exam, expected, "%zu entries and \"%u %s\"", list.count, transfer.reply->code,
             transfer.reply->text);
    if (strcmp(path_name(list.entry[0].name), STOCK_FILE) != 0)
        fail(exam, expected, "\"%s\"", list.entry[0].line);
}

static void empty(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = stock_path(exam, STOCK_FOLDER);
    struct transfer transfer = try_retrieve(client, DATA_ANY, "LIST %s", path);
    expect_code(client, transfer.reply, "226 250|an empty directory is no error");
    struct list list = list_read(exam, transfer.bytes);
    if (list.count || list.unreadable)
        fail(exam, "a listing with no entry", "\"%s\"",
             list.unreadable ? list.unreadable : list.entry[0].line);
}

static void missing(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = stock_path(exam, "missing");
    struct transfer transfer = try_retrieve(client, DATA_ANY, "LIST %s", path);
    expect_code(client, transfer.reply, "450 550|a refusal: nothing has that name");
}

/* A name that is listed as it is. */
static void odd_name(struct exam *exam)
{
    const char *name = exam->test->parameter;
    (void)given_odd_file(exam, name, 5);
    struct client *client = given_session(exam);
    struct list list = given_list(client, exam_format(exam, "LIST %s", given_folder(exam)));
    if (list.unreadable)
        blocked(exam, "a line cannot be read: \"%s\"", list.unreadable);
    if (list_count(&list, name) != 1)
        fail(exam, exam_format(exam, "the name \"%s\" exactly", name), "\"%s\"",
             list.count ? list.entry[0].line : "an empty listing");
}

#define LIST_SPACES_REASON                                                                         \
    "RFC 959, section 4.1.3, leaves the form of LIST open; in the form that clients read, one "    \
    "space stands between the time and the name, and everything after it is the name. A client "   \
    "that gets another name asks for a file that is not there."
#define LIST_SPACES_REMEDY "Write one space and then the name as it is, with every space of it."

static const struct test tests[] = {
    {
        .name = "rfc959.list.codes",
        .severity = SEVERITY_ERROR,
        .title =
            "LIST is answered with a preliminary reply and, after the data, a completion reply",
        .reason = "RFC 959, sections 4.2 and 5.4: 125 or 150 comes before the data, 226 or 250 "
                  "after them. A client that gets anything else takes the listing for failed.",
        .remedy = "Answer 150 before the data and 226 when they are sent.",
        .run = codes,
    },
    {
        .name = "rfc959.list.crlf",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.list.codes",
        .title = "lines of LIST end in CR LF in TYPE A",
        .reason = "RFC 959, sections 3.1.1.1 and 4.1.3: listings are text of type ASCII, and its "
                  "lines end in CR LF. A client that splits there sees one line.",
        .remedy = "End every line with CR LF.",
        .run = crlf,
        .parameter = "A",
    },
    {
        .name = "rfc1123.list.crlf-image",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.list.codes",
        .title = "lines of LIST end in CR LF in TYPE I too",
        .reason = "RFC 1123, section 4.1.2.7: LIST should be sent as ASCII whatever type stands. "
                  "Clients that stay in TYPE I get lines that they cannot tell apart.",
        .remedy = "Send listings as text, with CR LF, in TYPE I as in TYPE A.",
        .run = crlf,
        .parameter = "I",
    },
    {
        .name = "practice.list.parsable",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.list.codes",
        .title = "each line of LIST has a form that clients know",
        .reason = "RFC 959, section 4.1.3, does not say what a line looks like, but clients "
                  "without MLSD read the lines of \"ls -l\", of DOS and of EPLF. What they cannot "
                  "read they do not show.",
        .remedy = "Write lines as \"ls -l\" does in the C locale.",
        .run = parsable,
    },
    {
        .name = "rfc959.list.complete",
        .severity = SEVERITY_ERROR,
        .after = "practice.list.parsable",
        .title = "LIST of a directory shows every entry once and no other",
        .reason = "RFC 959, section 4.1.3: LIST of a directory transfers a list of the files in "
                  "it. A client that mirrors a directory loses or deletes what is missing.",
        .remedy = "List every entry of the directory that is named, once, without its path.",
        .run = complete,
    },
    {
        .name = "rfc959.list.working-directory",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.list.complete",
        .title = "LIST without an argument lists the working directory",
        .reason = "RFC 959, section 4.1.3: a null argument implies the current directory.",
        .remedy = "List the working directory if LIST has no argument.",
        .run = working_directory,
    },
    {
        .name = "practice.list.size",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.list.complete",
        .title = "LIST tells the size of files in bytes",
        .reason = "Clients show the size, compare it to decide what to transfer, and take a "
                  "download for broken when it has another one.",
        .remedy = "Put the size in bytes into the column before the month.",
        .run = size,
    },
    {
        .name = "practice.list.kind",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.list.complete",
        .title = "LIST tells directories from files",
        .reason = "Clients descend into what they take for a directory and fetch what they take "
                  "for a file; a recursive transfer fails on an entry of the wrong kind.",
        .remedy = "Begin the lines of directories with d and those of files with a hyphen.",
        .run = kind,
    },
    {
        .name = "rfc959.list.file",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.list.complete",
        .title = "LIST of a file tells about this file",
        .reason = "RFC 959, section 4.1.3: if the path is that of a file, the server should send "
                  "current information on the file. Clients use it to look one file up.",
        .remedy = "Answer LIST of a file with its line.",
        .run = one_file,
    },
    {
        .name = "rfc959.list.empty",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.list.codes",
        .title = "LIST of an empty directory succeeds and is empty",
        .reason = "RFC 959, section 4.1.3: a directory is listed, whatever is in it. A refusal "
                  "tells a client that the directory is not there, and a line that is no entry "
                  "becomes a file that is not there.",
        .remedy = "Answer 150, close the data connection and answer 226.",
        .run = empty,
    },
    {
        .name = "practice.list.missing",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.list.codes",
        .title = "LIST of a name that does not exist is refused with 450 or 550",
        .reason = "RFC 959, sections 4.2.2 and 5.4, have 450 for it, and 550 is common. A client "
                  "that gets an empty listing takes the directory for empty, and a mirror deletes "
                  "its copy.",
        .remedy = "Answer 550 before a data connection is used.",
        .run = missing,
    },
    {
        .name = "practice.list.space-leading",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.list.complete",
        .title = "LIST keeps a space at the beginning of a name",
        .reason = LIST_SPACES_REASON,
        .remedy = LIST_SPACES_REMEDY,
        .run = odd_name,
        .parameter = " leading",
    },
    {
        .name = "practice.list.space-doubled",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.list.complete",
        .title = "LIST keeps doubled spaces in a name",
        .reason = LIST_SPACES_REASON,
        .remedy = LIST_SPACES_REMEDY,
        .run = odd_name,
        .parameter = "a  b",
    },
    {
        .name = "practice.list.space-trailing",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.list.complete",
        .title = "a space at the end of a name is there in LIST",
        .reason = "Where a server stores a file under another name than it was told, or lists it "
                  "under another, a client that compares both sides transfers it again and again.",
        .remedy =
            "Keep the name as it is, when the file is stored and when it is listed, or refuse "
            "it.",
        .run = odd_name,
        .parameter = "trailing ",
    },
    {
        .name = "rfc2640.list.bytes",
        .severity = SEVERITY_ERROR,
        .feature = "UTF8",
        .after = "rfc959.list.complete",
        .title = "LIST shows a name in UTF-8 as it was stored",
        .reason = "RFC 2640, sections 2.2 and 3.1: a server that announces UTF8 sends path names "
                  "in UTF-8. A client cannot ask for a name that it does not get.",
        .remedy = "Send the bytes of the name unchanged; no locale and no question marks.",
        .run = odd_name,
        .parameter = "stra\303\237e \342\230\203.txt",
    },
};

const struct group group_list = {
    .name = "list",
    .title = "LIST",
    .tests = tests,
    .count = ELEMENTS(tests),
};

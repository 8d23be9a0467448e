/* LIST in detail: times, options as clients send them, STAT of a path. See catalogue.h. */
#include "ftplint/facts.h"
#include "ftplint/listing.h"
#include "ftplint/stock.h"

#include "lib/cleanup.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    MINUTE = 60,
    QUARTER = 15 * MINUTE, /* time zones differ from UTC by multiples of it, by 14 hours at most */
    ZONES = 14 * 60 * MINUTE,
    DAY_SECONDS = 24 * 60 * MINUTE,
};

/* The one entry of a new file's listing. */
static struct list_entry listed(struct exam *exam, const char *name)
{
    struct client *client = given_session(exam);
    struct list list = given_list(client, exam_format(exam, "LIST %s", given_folder(exam)));
    const struct list_entry *entry = list_find(&list, name);
    if (entry)
        return *entry;
    blocked(exam, "LIST does not show %s in a form that is known", name);
}

/* By how much the time of a new file in LIST is before the one that MDTM tells. */
static int64_t time_lag(struct exam *exam, struct list_entry *ret)
{
    const char *path = given_file(exam, "new.txt", "new", 3);
    const struct reply *reply = command(given_session(exam), "MDTM %s", path);
    skip_unknown(given_session(exam), reply, "MDTM");
    int64_t truth;
    if (reply->code != 213 || !time_value(reply->text, &truth))
        blocked(exam, "MDTM tells no time: %u %s", reply->code, reply->text);
    *ret = listed(exam, "new.txt");
    if (ret->precision == LIST_TIME_NONE)
        skip(exam, "LIST tells no time");
    return truth - ret->time;
}

static void new_time(struct exam *exam)
{
    struct list_entry entry;
    int64_t lag = time_lag(exam, &entry);
    if (entry.precision == LIST_TIME_DAY)
        fail(exam, "month, day, hour and minute for a file that is new", "\"%s\"", entry.line);
    int64_t rest = ((lag % QUARTER) + QUARTER) % QUARTER;
    if (rest >= MINUTE || lag < -ZONES || lag >= ZONES + MINUTE)
        fail(exam, "the time that MDTM tells, in UTC or in a zone of the earth",
             "\"%s\", which is %" PRId64 " seconds %s than MDTM tells", entry.line,
             lag < 0 ? -lag : lag, lag < 0 ? "later" : "earlier");
}

static void utc(struct exam *exam)
{
    struct list_entry entry;
    int64_t lag = time_lag(exam, &entry);
    if (entry.precision == LIST_TIME_MINUTE && (lag < 0 || lag >= MINUTE))
        fail(exam, "the time in UTC, as MDTM and MLSD tell it",
             "\"%s\", which is %" PRId64 " seconds %s than MDTM tells", entry.line,
             lag < 0 ? -lag : lag, lag < 0 ? "later" : "earlier");
}

/* A file whose time is set to the parameter: the date in LIST, with its year, is that one. */
static void year(struct exam *exam)
{
    const char *when = exam->test->parameter;
    const char *path = given_file(exam, "dated.txt", "old", 3);
    struct client *client = given_session(exam);
    const struct reply *reply = command(client, "MFMT %s %s", when, path);
    if (reply->code != 213)
        skip(exam, "MFMT does not set the time: %u %s", reply->code, reply->text);
    struct list_entry entry = listed(exam, "dated.txt");
    int64_t truth;
    if (entry.precision == LIST_TIME_NONE || !time_value(when, &truth))
        skip(exam, "LIST tells no time");
    if (llabs(entry.time - truth) > DAY_SECONDS + ZONES)
        fail(
            exam,
            exam_format(exam, "the date of %.4s-%.2s-%.2s with its year", when, when + 4, when + 6),
            "\"%s\"", entry.line);
}

/* COMMAND is answered with a listing; the listing. */
static struct list expect_list(struct client *client, const char *command)
{
    struct exam *exam = client->exam;
    struct transfer transfer = try_retrieve(client, DATA_ANY, "%s", command);
    if (!reply_is(transfer.reply, "2"))
        fail(exam, exam_format(exam, "a listing for \"%s\"", command), "%u %s",
             transfer.reply->code, transfer.reply->text);
    struct list list = list_read(exam, transfer.bytes);
    if (list.unreadable)
        blocked(exam, "a line cannot be read: \"%s\"", list.unreadable);
    return list;
}

static void expect_entry(struct exam *exam, const struct list *list, const char *command,
                         const char *name)
{
    if (list_count(list, name) != 1)
        fail(exam, exam_format(exam, "the entry %s in the answer to \"%s\"", name, command),
             "%zu entries, %zu of that name", list->count, list_count(list, name));
}

static void option_l(struct exam *exam)
{
    struct list list = expect_list(given_stock_session(exam), "LIST -l");
    expect_entry(exam, &list, "LIST -l", STOCK_FILE);
}

static void option_path(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *whole = exam_format(exam, "LIST -la %s", given_stock(exam));
    struct list list = expect_list(client, whole);
    expect_entry(exam, &list, whole, STOCK_FILE);
}

static void option_a(struct exam *exam)
{
    (void)given_odd_file(exam, ".hidden", 3);
    struct client *client = given_session(exam);
    exam->given++;
    expect(client, "250 200", "CWD %s", given_folder(exam));
    exam->given--;
    struct list list = expect_list(client, "LIST -a");
    expect_entry(exam, &list, "LIST -a", ".hidden");
}

/* STAT of PATH; skips the test if the server does no such thing. */
static const struct reply *stat_of(struct exam *exam, const char *path)
{
    struct client *client = given_session(exam);
    const struct reply *reply = command(client, "STAT %s", path);
    skip_unknown(client, reply, "STAT with a path");
    return reply;
}

static void stat_listing(struct exam *exam)
{
    const struct reply *reply = stat_of(exam, given_stock(exam));
    expect_code(given_session(exam), reply, "211 212 213");
    for (size_t i = 0; i < STOCK_COUNT; i++) {
        bool found = false;
        for (size_t j = 0; j < reply->count; j++)
            found = found || strstr(reply->lines[j], stock_entries[i].name);
        if (!found)
            fail(exam, exam_format(exam, "a line with %s", stock_entries[i].name),
                 "%zu lines without that name", reply->count);
    }
}

static void stat_file(struct exam *exam)
{
    const struct reply *reply = stat_of(exam, stock_path(exam, STOCK_FILE));
    expect_code(given_session(exam), reply, "211 212 213");
    for (size_t i = 0; i < reply->count; i++)
        if (strstr(reply->lines[i], STOCK_FILE) && strstr(reply->lines[i], "4321"))
            return;
    fail(exam, "a line with the file's name and size", "%zu lines without them, the first \"%s\"",
         reply->count, reply->lines[0]);
}

static void stat_missing(struct exam *exam)
{
    const struct reply *reply = stat_of(exam, stock_path(exam, "missing"));
    expect_code(given_session(exam), reply, "4 5|a refusal: nothing has that name");
}

#define OPTION_REASON                                                                              \
    "RFC 959 knows no options, but many clients send LIST with those of \"ls\", because most "     \
    "servers know them. A server that takes them for a name shows these clients nothing."

static const struct test tests[] = {
    {
        .name = "practice.list.time",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.list.complete",
        .title = "LIST tells the time of a new file to the minute",
        .reason = "Clients without MLSD read the time from LIST and compare it to decide what is "
                  "newer; a wrong one makes them transfer too much or too little.",
        .remedy = "Write the modification time: month, day, hours and minutes if it is less than "
                  "half a year ago.",
        .run = new_time,
    },
    {
        .name = "practice.list.utc",
        .severity = SEVERITY_NOTE,
        .after = "practice.list.time",
        .title = "LIST tells times in UTC",
        .reason = "Nothing in a listing tells its time zone. RFC 3659, section 2.3, has UTC for "
                  "MDTM and MLSD; clients that mix both see files as hours too old or too new "
                  "when LIST has another zone.",
        .remedy = "Write the times of LIST in UTC.",
        .run = utc,
    },
    {
        .name = "practice.list.year-past",
        .severity = SEVERITY_WARNING,
        .feature = "MFMT",
        .after = "practice.list.time",
        .title = "LIST tells the year of an old file",
        .reason = "In the form of \"ls -l\" a time without a year lies within the last half year; "
                  "without its year an old file looks new to a client.",
        .remedy = "Write month, day and year if the time is more than half a year ago.",
        .run = year,
        .parameter = "20010203040506",
    },
    {
        .name = "practice.list.year-future",
        .severity = SEVERITY_WARNING,
        .feature = "MFMT",
        .after = "practice.list.time",
        .title = "LIST tells the year of a file whose time is yet to come",
        .reason = "In the form of \"ls -l\" a time without a year is taken for one that has "
                  "passed. A camera's or a neighbour's wrong clock makes files of the future.",
        .remedy = "Write month, day and year if the time is in the future, as \"ls -l\" does.",
        .run = year,
        .parameter = "20370506070809",
    },
    {
        .name = "practice.list.option-l",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.list.working-directory",
        .title = "LIST -l lists the working directory",
        .reason = OPTION_REASON,
        .remedy = "Ignore options of ls before the path of LIST.",
        .run = option_l,
    },
    {
        .name = "practice.list.option-path",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.list.complete",
        .title = "LIST -la PATH lists the directory",
        .reason = OPTION_REASON,
        .remedy = "Ignore options of ls before the path of LIST.",
        .run = option_path,
    },
    {
        .name = "practice.list.option-a",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.list.working-directory",
        .title = "LIST -a shows names that begin with a dot",
        .reason = OPTION_REASON " LIST -a is how they reach files like .htaccess.",
        .remedy = "Show hidden files for LIST -a, or always.",
        .run = option_a,
    },
    {
        .name = "rfc959.stat.directory",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.list.complete",
        .title = "STAT of a directory lists it over the control connection",
        .reason = "RFC 959, section 4.1.3: STAT with a path is like LIST, except that the data "
                  "come over the control connection. Clients use it where data connections fail.",
        .remedy = "Answer 212 or 213 with a line for each entry, or 502 if STAT takes no path.",
        .run = stat_listing,
    },
    {
        .name = "rfc959.stat.file",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.list.file",
        .title = "STAT of a file tells about this file",
        .reason = "RFC 959, section 4.1.3: STAT with a path is like LIST, which sends current "
                  "information on a file that is named.",
        .remedy = "Answer 213 with the line that LIST has for the file.",
        .run = stat_file,
    },
    {
        .name = "practice.stat.missing",
        .severity = SEVERITY_WARNING,
        .after = "practice.list.missing",
        .title = "STAT of a name that does not exist is refused",
        .reason = "RFC 959, section 5.4, has 450 for it. An answer without an entry says that "
                  "the directory is there and empty.",
        .remedy = "Answer 450 or 550.",
        .run = stat_missing,
    },
};

const struct group group_list_details = {
    .name = "list-details",
    .title = "LIST: times, options, STAT",
    .tests = tests,
    .count = ELEMENTS(tests),
};

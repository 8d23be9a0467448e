/* MLST: one entry in the reply, and what its facts say. See catalogue.h. */
#include "ftplint/facts.h"
#include "ftplint/stock.h"

#include "lib/cleanup.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* MLST of an entry of the stock. */
static struct facts stock_facts(struct exam *exam, const char *name)
{
    struct client *client = given_session(exam);
    return given_mlst(client, exam_format(exam, "MLST %s", stock_path(exam, name)));
}

/* A fact's value; skips the test if the entry has none. */
static const char *need(struct exam *exam, const struct facts *facts, const char *name)
{
    const char *value = fact_value(facts, name);
    if (!value)
        skip(exam, "MLST sends no fact %s for this entry", name);
    return value;
}

static void reply_form(struct exam *exam)
{
    static const char expected[] =
        "250-, one line that begins with exactly one space before facts and name, and 250";
    struct client *client = given_session(exam);
    const char *path = stock_path(exam, STOCK_FILE);
    const struct reply *reply = command(client, "MLST %s", path);
    expect_code(client, reply, "250");
    if (reply->count != 3)
        fail(exam, expected, "%zu lines, the first \"%s\"", reply->count, reply->lines[0]);
    const char *line = reply->lines[1];
    if (line[0] != ' ' || line[1] == ' ')
        fail(exam, expected, "\"%s\"", line);
}

static void facts_form(struct exam *exam)
{
    static const char *const names[] = {STOCK_FILE, STOCK_FOLDER};
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        struct facts facts = stock_facts(exam, names[i]);
        const char *problem = facts_problem(exam, facts.line);
        if (problem)
            fail(exam, "facts like \"type=file;size=3;\", a space, and the name", "%s: \"%s\"",
                 problem, facts.line);
    }
}

static void name(struct exam *exam)
{
    struct client *client = given_stock_session(exam);
    struct facts facts = given_mlst(client, "MLST " STOCK_FILE);
    if (strcmp(facts.name, STOCK_FILE) != 0 &&
        strcmp(facts.name, stock_path(exam, STOCK_FILE)) != 0)
        fail(exam,
             exam_format(exam, "the name %s as it was given, or %s", STOCK_FILE,
                         stock_path(exam, STOCK_FILE)),
             "\"%s\"", facts.name);
}

static void no_argument(struct exam *exam)
{
    struct client *client = given_stock_session(exam);
    const struct reply *reply = command(client, "MLST");
    expect_code(client, reply, "250");
    struct facts facts = reply_facts(client, reply);
    const char *type = need(exam, &facts, "type");
    if (strcasecmp(type, "file") == 0)
        fail(exam, "facts of the working directory", "\"%s\"", facts.line);
}

/* The type of a file and of a directory. */
static void type(struct exam *exam)
{
    static const struct {
        const char *name;
        const char *type;
    } rows[] = {{STOCK_FILE, "file"}, {STOCK_FOLDER, "dir"}};
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct facts facts = stock_facts(exam, rows[i].name);
        const char *value = need(exam, &facts, "type");
        /* cdir is another test's. */
        if (strcasecmp(value, rows[i].type) != 0 && strcasecmp(value, "cdir") != 0)
            fail(exam, exam_format(exam, "type=%s for %s", rows[i].type, rows[i].name), "\"%s\"",
                 facts.line);
    }
}

static void cdir(struct exam *exam)
{
    struct client *client = given_stock_session(exam);
    struct facts facts[] = {stock_facts(exam, STOCK_FOLDER), given_mlst(client, "MLST")};
    for (size_t i = 0; i < ELEMENTS(facts); i++) {
        const char *value = need(exam, &facts[i], "type");
        if (strcasecmp(value, "cdir") == 0 || strcasecmp(value, "pdir") == 0)
            fail(exam, "type=dir", "\"%s\"", facts[i].line);
    }
}

static void size(struct exam *exam)
{
    for (size_t i = 0; i < STOCK_COUNT; i++) {
        if (stock_entries[i].directory)
            continue;
        struct facts facts = stock_facts(exam, stock_entries[i].name);
        const char *value = need(exam, &facts, "size");
        if (strcmp(value, exam_format(exam, "%zu", stock_entries[i].size)) != 0)
            fail(exam, exam_format(exam, "size=%zu", stock_entries[i].size), "\"%s\"", facts.line);
    }
}

static void modify_form(struct exam *exam)
{
    struct facts facts = stock_facts(exam, STOCK_FILE);
    const char *value = need(exam, &facts, "modify");
    int64_t when;
    if (!time_value(value, &when))
        fail(exam, "modify=YYYYMMDDHHMMSS, with or without a fraction", "\"%s\"", facts.line);
}

static void modify_mdtm(struct exam *exam)
{
    struct client *client = given_session(exam);
    struct facts facts = stock_facts(exam, STOCK_FILE);
    int64_t fact;
    int64_t mdtm;
    const struct reply *reply = command(client, "MDTM %s", stock_path(exam, STOCK_FILE));
    if (!time_value(need(exam, &facts, "modify"), &fact))
        blocked(exam, "the fact modify cannot be read");
    if (reply->code != 213 || !time_value(reply->text, &mdtm))
        skip(exam, "MDTM tells no time: %u %s", reply->code, reply->text);
    if (llabs(fact - mdtm) > 1)
        fail(exam, exam_format(exam, "the time that MDTM tells: %s", reply->text), "\"%s\"",
             facts.line);
}

/* A new file's time differs from now by whole quarters of hours: that is a time zone. */
static void modify_utc(struct exam *exam)
{
    enum { QUARTER = 900, SLACK = 90, ZONES = 14 * 3600 };
    const char *path = given_file(exam, "new.txt", "new", 3);
    int64_t now = (int64_t)time(NULL);
    struct facts facts = given_mlst(given_session(exam), exam_format(exam, "MLST %s", path));
    int64_t fact;
    if (!time_value(need(exam, &facts, "modify"), &fact))
        blocked(exam, "the fact modify cannot be read");
    int64_t apart = llabs(fact - now);
    int64_t rest = apart % QUARTER;
    if (apart <= SLACK || apart > ZONES + SLACK)
        return;
    if (rest <= SLACK || rest >= QUARTER - SLACK)
        fail(exam, "the time of a file that was just made, in UTC",
             "\"%s\", which is %" PRId64 " seconds from this machine's clock: a time zone",
             facts.line, fact - now);
    note(exam, "the server's clock and this machine's are %" PRId64 " seconds apart", fact - now);
}

static void perm_form(struct exam *exam)
{
    static const char *const names[] = {STOCK_FILE, STOCK_FOLDER};
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        struct facts facts = stock_facts(exam, names[i]);
        const char *value = need(exam, &facts, "perm");
        if (value[strspn(value, "acdeflmprwACDEFLMPRW")] != '\0')
            fail(exam, "perm= with letters out of acdeflmprw alone", "\"%s\"", facts.line);
    }
}

/* Letters that the user's own file and directory have, and others that mean nothing there. */
static void perm_truth(struct exam *exam)
{
    static const struct {
        const char *name;
        const char *all;
        const char *none;
    } rows[] = {{STOCK_FILE, "rwadf", "celmp"}, {STOCK_FOLDER, "celmpf", "a"}};
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct facts facts = stock_facts(exam, rows[i].name);
        const char *value = need(exam, &facts, "perm");
        for (const char *at = rows[i].all; *at; at++)
            if (!strchr(value, *at) && !strchr(value, toupper((unsigned char)*at)))
                fail(exam,
                     exam_format(exam, "perm= with %s for %s, which this user made and may change",
                                 rows[i].all, rows[i].name),
                     "\"%s\"", facts.line);
        if (strpbrk(value, rows[i].none))
            fail(exam,
                 exam_format(exam, "perm= without %s, which says nothing of %s", rows[i].none,
                             rows[i].name),
                 "\"%s\"", facts.line);
    }
}

static void unique(struct exam *exam)
{
    const char *seen[STOCK_COUNT];
    for (size_t i = 0; i < STOCK_COUNT; i++) {
        struct facts facts = stock_facts(exam, stock_entries[i].name);
        seen[i] = need(exam, &facts, "unique");
        for (size_t j = 0; j < i; j++)
            if (strcmp(seen[i], seen[j]) == 0)
                fail(exam, "another value of unique for every file", "unique=%s for both %s and %s",
                     seen[i], stock_entries[j].name, stock_entries[i].name);
    }
    struct facts again = stock_facts(exam, stock_entries[0].name);
    const char *value = need(exam, &again, "unique");
    if (strcmp(value, seen[0]) != 0)
        fail(exam, "the same value of unique when it is asked again", "%s and then %s", seen[0],
             value);
}

static const struct test tests[] = {
    {
        .name = "rfc3659.mlst.reply",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .title = "MLST sends one entry between 250- and 250",
        .reason = "RFC 3659, section 7.2: the entry stands in the reply, on a line that begins "
                  "with exactly one space. Clients take it from there.",
        .remedy = "Answer \"250-\" and a text, a line of a space, the facts, a space and the name, "
                  "and \"250 \" and a text.",
        .run = reply_form,
    },
    {
        .name = "rfc3659.mlst.grammar",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.mlst.reply",
        .title = "the facts of MLST have the form NAME=VALUE;",
        .reason = "RFC 3659, sections 7.2 and 7.4: each fact ends in a semicolon, no space is in "
                  "the facts, and exactly one follows them. What is different becomes part of the "
                  "name.",
        .remedy = "Write every fact as name, \"=\", value and \";\", and leave out a fact whose "
                  "value has another character.",
        .run = facts_form,
    },
    {
        .name = "rfc3659.mlst.name",
        .severity = SEVERITY_WARNING,
        .feature = "MLST",
        .after = "rfc3659.mlst.grammar",
        .title = "MLST names the file as it was named, or by its whole path",
        .reason = "RFC 3659, section 7.3.1: the name should be the one that was given or, with "
                  "TVFS, the fully qualified path. A client compares it with what it asked for.",
        .remedy = "Send back the name that was given, or the whole path as PWD would tell it.",
        .run = name,
    },
    {
        .name = "rfc3659.mlst.type",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.mlst.grammar",
        .title = "MLST tells type=file and type=dir rightly",
        .reason = "RFC 3659, section 7.5.1: the type tells whether an entry is a file or a "
                  "directory. Clients fetch the one and descend into the other.",
        .remedy = "Send type=file for files and type=dir for directories.",
        .run = type,
    },
    {
        .name = "rfc3659.mlst.cdir",
        .severity = SEVERITY_WARNING,
        .feature = "MLST",
        .after = "rfc3659.mlst.type",
        .title = "MLST of a directory tells type=dir, not cdir",
        .reason = "RFC 3659, sections 7.5.1.2 and 7.5.1.4: cdir and pdir are only returned by "
                  "MLSD, where they set the directory apart from its entries. A client that asks "
                  "whether a name is a directory looks for dir.",
        .remedy = "Send type=dir for every directory in MLST.",
        .run = cdir,
    },
    {
        .name = "rfc3659.mlst.no-argument",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.mlst.type",
        .title = "MLST without an argument tells about the working directory",
        .reason = "RFC 3659, section 7.1: without an argument MLST must give information about "
                  "the current working directory itself.",
        .remedy = "Take the working directory if MLST has no argument.",
        .run = no_argument,
    },
    {
        .name = "rfc3659.mlst.size",
        .severity = SEVERITY_WARNING,
        .feature = "MLST",
        .after = "rfc3659.mlst.grammar",
        .title = "the fact size is the file's size in bytes",
        .reason = "RFC 3659, section 7.5.7: it should be as accurate as the server can make it. "
                  "Clients compare it to decide what to transfer.",
        .remedy = "Send the number of octets that the file has.",
        .run = size,
    },
    {
        .name = "rfc3659.mlst.modify-grammar",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.mlst.grammar",
        .title = "the fact modify has the form YYYYMMDDHHMMSS",
        .reason = "RFC 3659, sections 2.3 and 7.5.3: fourteen digits, and a point with more "
                  "digits if there is a fraction. Clients drop what they cannot read.",
        .remedy = "Write fourteen digits; a fraction only where it is known.",
        .run = modify_form,
    },
    {
        .name = "rfc3659.mlst.modify-mdtm",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.mlst.modify-grammar",
        .title = "the fact modify tells the time that MDTM tells",
        .reason = "RFC 3659, section 2.3: times are always in UTC and from one reference, so the "
                  "times that a server returns are consistent. A client that asks both ways sees "
                  "a file as changed.",
        .remedy = "Take the same time in UTC for MDTM, MLST and MLSD.",
        .run = modify_mdtm,
    },
    {
        .name = "rfc3659.mlst.modify-utc",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.mlst.modify-grammar",
        .title = "the fact modify is in UTC",
        .reason = "RFC 3659, section 2.3: time values are always represented in UTC. In local "
                  "time every file is hours too old or too new for a client, and copies are made "
                  "again and again.",
        .remedy = "Convert by gmtime(), not localtime().",
        .run = modify_utc,
    },
    {
        .name = "rfc3659.mlst.perm-grammar",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.mlst.grammar",
        .title = "the fact perm has only the ten letters that are defined",
        .reason = "RFC 3659, section 7.5.5: perm is a sequence of a, c, d, e, f, l, m, p, r and "
                  "w. Anything else means nothing to a client.",
        .remedy = "Send permissions of the system as UNIX.mode, and perm with these letters.",
        .run = perm_form,
    },
    {
        .name = "rfc3659.mlst.perm-truth",
        .severity = SEVERITY_WARNING,
        .feature = "MLST",
        .after = "rfc3659.mlst.perm-grammar",
        .title = "the fact perm tells what this user may do",
        .reason = "RFC 3659, section 7.5.5: perm tells the rights of the current user. Clients "
                  "grey out what is not allowed and offer what is.",
        .remedy = "Send rwadf for a file and celmpf for a directory that the user may change.",
        .run = perm_truth,
    },
    {
        .name = "rfc3659.mlst.unique",
        .severity = SEVERITY_WARNING,
        .feature = "MLST",
        .after = "rfc3659.mlst.grammar",
        .title = "the fact unique tells files apart and stays",
        .reason = "RFC 3659, section 7.5.2: it should differ for distinct files and stay for the "
                  "connection. Clients take entries with the same value for one file and transfer "
                  "only one of them.",
        .remedy = "Make it from the device and the inode, or leave it out.",
        .run = unique,
    },
};

const struct group group_mlst = {
    .name = "mlst",
    .title = "MLST",
    .tests = tests,
    .count = ELEMENTS(tests),
};

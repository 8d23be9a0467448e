/* Patterns, options of ls and trees that cost the server more than they cost the client. See
 * catalogue.h and planted.h. */
#include "ftplint/planted.h"

#include "lib/cleanup.h"
#include "lib/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    QUICK = 2000,   /* milliseconds that any listing may take here */
    MUCH = 1 << 20, /* bytes that no listing of these few files needs */
    DEPTH = 40,
};

/* A transfer that is judged by how long it takes and how much comes; it is given up beyond that. */
struct cost {
    uint64_t time;
    size_t size;
    const struct reply *reply; /* the last one; code 0: none, or not waited for */
    bool ended;
};

static struct cost spend(struct client *client, const char *line, size_t size)
{
    struct cost cost = {.ended = false};
    struct data *data = data_open(client, DATA_ANY);
    char *whole = exam_format(client->exam, "%.*s\r\n", (int)size, line);
    uint64_t begun = clock_msec();
    send_bytes(client, whole, strlen(whole));
    cost.reply = try_reply(client, QUICK);
    if (reply_is(cost.reply, "1")) {
        if (try_data_ready(data) == 0) {
            while (data->wire.end == WIRE_OPEN && buffer_size(&data->wire.input) <= MUCH &&
                   clock_msec() - begun < QUICK && wire_receive(&data->wire, QUICK) > 0)
                continue;
            cost.size = buffer_size(&data->wire.input);
        }
        /* Some servers (ProFTPD) do not reply before this side has closed as well. */
        wire_close(&data->wire);
        uint64_t spent = clock_msec() - begun;
        if (cost.size <= MUCH)
            cost.reply = try_reply(client, spent < QUICK ? (unsigned)(QUICK - spent) : 1);
    }
    cost.time = clock_msec() - begun;
    cost.ended = cost.reply->error == -EPIPE || cost.reply->error == -ECONNRESET;
    wire_close(&data->wire);
    return cost;
}

static void judge(struct exam *exam, const char *what, const struct cost *cost)
{
    if (cost->size > MUCH)
        fail(exam, "an end after a few bytes, or a refusal", "%s: more than %zu bytes", what,
             cost->size);
    if (cost->ended)
        fail(exam, "a listing or a refusal", "%s: the server ends the connection", what);
    if (!cost->reply->code) {
        exam->result.timed_out = true;
        fail(exam, "an answer at once", "%s: no reply within %d ms", what, QUICK);
    }
}

/* A few names in a folder of its own, in which the session stands. */
static struct client *given_few(struct exam *exam)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    for (size_t i = 0; i < ELEMENTS(names); i++)
        (void)given_directory(exam, names[i]);
    (void)given_file(exam, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "x", 1);
    struct client *client = given_login(exam, ACCOUNT_USER);
    exam->given++;
    expect(client, "250 200", "CWD %s", given_folder(exam));
    exam->given--;
    return client;
}

/* A row: what the pattern is called, and the pattern. */
struct pattern {
    const char *words;
    const char *text;
};

static void bomb(struct exam *exam)
{
    static const char *const verbs[] = {"NLST", "LIST"};
    const struct pattern *row = exam->test->parameter;
    struct client *client = given_few(exam);
    for (size_t i = 0; i < ELEMENTS(verbs); i++) {
        const char *line = exam_format(exam, "%s %s", verbs[i], row->text);
        struct cost cost = spend(client, line, strlen(line));
        judge(exam, exam_format(exam, "%s with %s", verbs[i], row->words), &cost);
    }
    send_line(client, "STAT %s", row->text);
    const struct reply *reply = try_reply(client, QUICK);
    if (reply->code)
        return;
    exam->result.timed_out = reply->error == -ETIMEDOUT;
    fail(exam, "an answer at once", "STAT with %s: %s", row->words,
         reply->error == -ETIMEDOUT ? "no reply within 2000 ms" : "the server ends the connection");
}

static void malformed(struct exam *exam)
{
    static const char *const patterns[] = {
        "[",   "[[[[[[[[", "[a-", "{",  "{{{{{{{{", "}",        "{a,b",  "~{",     "\\",
        "*\\", "[!]",      "[]",  "[^", "?",        "[[:alpha", "~~~~~", "{,}{,}", "-"};
    struct client *client = given_few(exam);
    for (size_t i = 0; i < ELEMENTS(patterns); i++) {
        const char *line = exam_format(exam, "NLST %s", patterns[i]);
        struct cost cost = spend(client, line, strlen(line));
        judge(exam, line, &cost);
    }
    expect(client, "200", "NOOP");
}

static void options(struct exam *exam)
{
    struct client *client = given_few(exam);
    char *many = exam_format(exam, "LIST%s", "");
    for (int i = 0; i < 200; i++)
        many = exam_format(exam, "%s -l", many);
    const char *lines[] = {
        "LIST -w 1000000000",
        "LIST -w1000000000",
        "LIST --width=1000000000",
        "LIST -T 99999999999",
        "LIST -",
        "LIST --",
        "LIST -I * -I ? -I [",
        many,
    };
    for (size_t i = 0; i < ELEMENTS(lines); i++) {
        struct cost cost = spend(client, lines[i], strlen(lines[i]));
        const char *what = lines[i] == many ? "LIST with 200 options" : lines[i];
        judge(exam, what, &cost);
    }
    expect(client, "200", "NOOP");
}

static void every_option(struct exam *exam)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789#@%";
    struct client *client = given_few(exam);
    for (size_t i = 0; letters[i]; i++) {
        const char *line = exam_format(exam, "LIST -%c", letters[i]);
        struct cost cost = spend(client, line, strlen(line));
        judge(exam, line, &cost);
    }
}

static void climbing(struct exam *exam)
{
    static const char *const patterns[] = {
        "../../../../../../../../../../etc/pass*",
        "/../../../../../../../etc/pass*",
        "../../../../../../../../../../et?/passwd",
        "{..,..}/../../../../../../../etc/{passwd,group}",
        "*/../../../../../../../../../../etc/pass*",
    };
    struct client *client = given_few(exam);
    struct transfer base = try_retrieve(client, DATA_ANY, "NLST /etc/pass*");
    if (base.bytes.size && strstr(base.bytes.data, "etc/passwd"))
        skip(exam, "/etc is there by its absolute path, which is another test's matter");
    for (size_t i = 0; i < ELEMENTS(patterns); i++) {
        struct transfer transfer = try_retrieve(client, DATA_ANY, "NLST %s", patterns[i]);
        if (transfer.bytes.size && strstr(transfer.bytes.data, "etc/passwd"))
            fail(exam, "nothing: above the user's folder there is nothing",
                 "NLST %s lists \"%.*s\"", patterns[i], (int)strcspn(transfer.bytes.data, "\r\n"),
                 transfer.bytes.data);
    }
}

/* What is deleted is named, never matched. */
static void deletion(struct exam *exam)
{
    static const char *const lines[] = {"RMD *", "RMD pla?e", "RMD plac[e]", "RMD {place,x}"};
    const char *directory = given_directory(exam, "place");
    struct client *client = given_login(exam, ACCOUNT_USER);
    exam->given++;
    expect(client, "250 200", "CWD %s", given_folder(exam));
    exam->given--;
    for (size_t i = 0; i < ELEMENTS(lines); i++) {
        const struct reply *reply = command(client, "%s", lines[i]);
        if (!exists(exam, directory))
            fail(exam, "550: there is no directory of that very name",
                 "\"%s\" to %s, and a directory that the pattern matches is gone", reply->lines[0],
                 lines[i]);
    }
}

static void deep(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    exam->given++;
    const char *path = given_folder(exam);
    expect(client, "250 200", "CWD %s", path);
    for (int i = 0; i < DEPTH; i++) {
        expect(client, "257 250", "MKD d");
        expect(client, "250 200", "CWD d");
    }
    expect(client, "250 200", "CWD %s", path);
    exam->given--;
    struct cost cost = spend(client, "LIST -R", 7);
    judge(exam, exam_format(exam, "LIST -R of a tree %d directories deep", DEPTH), &cost);
}

static void loop(struct exam *exam)
{
    struct client *client = given_few(exam);
    (void)plant_link(exam, "loop", ".");
    (void)plant_link(exam, "a/up", "..");
    static const char *const lines[] = {"LIST -R", "LIST -RL", "NLST -R"};
    for (size_t i = 0; i < ELEMENTS(lines); i++) {
        struct cost cost = spend(client, lines[i], strlen(lines[i]));
        judge(exam, exam_format(exam, "%s of a directory with links to itself", lines[i]), &cost);
    }
}

#define BOMB(NAME, WORDS, TEXT, TITLE)                                                             \
    {                                                                                              \
        .name = "limits.glob." NAME, .severity = SEVERITY_ERROR, .title = TITLE,                   \
        .reason = "A pattern of a few bytes that keeps the server busy for minutes, or fills its " \
                  "memory, lets each user stop all others (CVE-2001-1501, ProFTPD; "               \
                  "CVE-2010-2632, Solaris; CVE-2011-0418, Pure-FTPd).",                            \
        .remedy = "Expand no braces, let a pattern match the names of one directory, with a "      \
                  "matcher that does not go back, and bound the result.",                          \
        .run = bomb, .parameter = &(const struct pattern){WORDS, TEXT},                            \
    }

static const struct test tests[] = {
    BOMB("braces", "3 to the power of 10 alternatives in braces",
         "{a,b,c}{a,b,c}{a,b,c}{a,b,c}{a,b,c}{a,b,c}{a,b,c}{a,b,c}{a,b,c}{a,b,c}",
         "braces that multiply are answered at once"),
    BOMB("parents", "the pattern */../*/../*/..., 10 times",
         "*/../*/../*/../*/../*/../*/../*/../*/../*/../*/../*",
         "asterisks that go down and up again are answered at once"),
    BOMB("stars", "11 asterisks against a name of 32 equal letters", "*a*a*a*a*a*a*a*a*a*a*b",
         "many asterisks in one pattern are answered at once"),
    {
        .name = "robustness.glob.malformed",
        .severity = SEVERITY_ERROR,
        .title = "patterns that are not closed do not end the session",
        .reason = "The two bytes \"~{\" overran the pattern code of wu-ftpd (CVE-2001-0550).",
        .remedy = "Take what is no whole pattern as plain bytes.",
        .run = malformed,
    },
    {
        .name = "robustness.list.options",
        .severity = SEVERITY_ERROR,
        .title = "options with huge numbers and 200 options at once are answered",
        .reason = "LIST -w 1000000000 filled the memory of servers that hand options to ls "
                  "(CVE-2003-0853 and CVE-2003-0854, wu-ftpd).",
        .remedy = "Know a few letters (a, l, R) and ignore the rest.",
        .run = options,
    },
    {
        .name = "robustness.list.every-option",
        .severity = SEVERITY_ERROR,
        .title = "LIST with any letter as an option is answered",
        .reason = "Options that nobody tries are where servers end their sessions.",
        .remedy = "Know a few letters (a, l, R) and ignore the rest.",
        .run = every_option,
    },
    {
        .name = "security.glob.climb",
        .severity = SEVERITY_ERROR,
        .after = "security.confinement.dot-dot-list",
        .title = "patterns do not climb out of the user's folder by \"..\"",
        .reason = "What is checked is the pattern and what is opened is what it matched: \"..\" "
                  "may hide in either.",
        .remedy = "Check the names that a pattern yields, not the pattern alone.",
        .run = climbing,
    },
    {
        .name = "practice.rmd.pattern",
        .severity = SEVERITY_ERROR,
        .title = "RMD takes a pattern for a name",
        .reason = "RFC 959, section 4.1.3: RMD removes the directory that the path names. Clients "
                  "expand patterns themselves, and a directory named \"*\" must not take all "
                  "others with it.",
        .remedy = "Expand patterns in LIST, NLST and STAT alone, if at all.",
        .run = deletion,
    },
    {
        .name = "limits.list.deep",
        .severity = SEVERITY_ERROR,
        .title = "LIST -R of a tree 40 directories deep is answered",
        .reason = "A listing that calls itself for every level runs out of stack (CVE-2019-20176, "
                  "Pure-FTPd).",
        .remedy = "Walk trees with a list of what is still to do, or ignore -R.",
        .run = deep,
    },
    {
        .name = "limits.list.loop",
        .severity = SEVERITY_ERROR,
        .flags = TEST_LOCAL,
        .title = "LIST -R of a directory with links to itself comes to an end",
        .reason = "A listing that follows links goes round for ever.",
        .remedy = "Do not follow symbolic links in recursive listings.",
        .run = loop,
    },
};

const struct group group_globs = {
    .name = "globs",
    .title = "Patterns, options and trees",
    .tests = tests,
    .count = ELEMENTS(tests),
};

/* Uploads under a name that the server chooses: STOU. See catalogue.h. */
#include "ftplint/content.h"

#include "lib/cleanup.h"

#include <string.h>

struct unique {
    const struct reply *preliminary, *reply; /* reply: the last one */
    unsigned preliminaries;
};

/* STOU with CONTENT in the test's own folder; skips if the server does not know it. */
static struct unique store_unique(struct client *client, const char *content, const char *argument)
{
    struct exam *exam = client->exam;
    const char *folder = given_folder(exam);
    exam->given++;
    expect(client, "250 200", "CWD %s", folder);
    struct data *data = data_open(client, DATA_ANY);
    struct unique unique = {.preliminary = command(client, "STOU%s", argument)};
    if (!reply_is(unique.preliminary, "1"))
        skip(exam, "the server does not take STOU%s: %u %s", argument, unique.preliminary->code,
             unique.preliminary->text);
    data_ready(data);
    data_send(data, content, strlen(content));
    data_end(data);
    do {
        unique.preliminaries++;
        unique.reply = read_reply(client);
    } while (reply_is(unique.reply, "1") && unique.preliminaries < 5);
    exam->given--;
    return unique;
}

/* The name behind "FILE: "; NULL if there is none. */
static const char *unique_name(const struct unique *unique)
{
    const char *at = strcasestr(unique->preliminary->text, "FILE:");
    if (!at)
        return NULL;
    at += 5;
    return at + strspn(at, " ");
}

static void unique_form(struct exam *exam)
{
    struct unique unique = store_unique(given_session(exam), "text", "");
    if (strncmp(unique.preliminary->text, "FILE: ", 6) != 0 || !unique.preliminary->text[6])
        fail(exam, "125 or 150, then exactly \"FILE: \" and the name of the new file", "%u %s",
             unique.preliminary->code, unique.preliminary->text);
}

static void unique_once(struct exam *exam)
{
    struct client *client = given_session(exam);
    struct unique unique = store_unique(client, "text", "");
    if (unique.preliminaries > 1)
        fail(exam, "one preliminary reply, then the final one",
             "%u preliminary replies, the first %u %s", unique.preliminaries,
             unique.preliminary->code, unique.preliminary->text);
    expect_code(client, unique.reply, "226 250");
}

static void unique_names(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *names[3];
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        struct unique unique = store_unique(client, exam_format(exam, "text %zu", i), "");
        names[i] = unique_name(&unique);
        if (!names[i])
            blocked(exam, "the reply does not tell the file's name");
    }
    for (size_t i = 0; i < ELEMENTS(names); i++)
        same_bytes(exam, exam_format(exam, "the file %s as STOU stored it", names[i]),
                   bytes_of(exam_format(exam, "text %zu", i)), given_retrieved(client, names[i]));
}

static void unique_keeps(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_file(exam, "taken", "old", 3);
    (void)store_unique(client, "new", " taken");
    same_bytes(exam, "the file that was there before", bytes_of("old"),
               given_retrieved(client, path));
}

static const struct test tests[] = {
    {
        .name = "rfc1123.stou.form",
        .severity = SEVERITY_ERROR,
        .title = "STOU tells the new file's name as \"150 FILE: name\"",
        .reason = "RFC 1123, section 4.1.2.9: the server MUST return the actual name in the 125 or "
                  "150 that precedes the transfer, and the format is exactly \"FILE: \" and the "
                  "name. Otherwise the client does not know what its file is called.",
        .remedy = "Send \"150 FILE: \" and the name, and nothing else in that reply.",
        .run = unique_form,
    },
    {
        .name = "rfc959.stou.one-preliminary",
        .severity = SEVERITY_ERROR,
        .title = "STOU is answered with one preliminary reply and one final one",
        .reason = "RFC 959, section 4.2: the server may send at most one 1xx reply per command. A "
                  "client takes the second one for the answer to what it sends next.",
        .remedy = "Do not send the usual 150 of a transfer after \"150 FILE: name\".",
        .run = unique_once,
    },
    {
        .name = "rfc959.stou.unique",
        .severity = SEVERITY_ERROR,
        .after = "rfc1123.stou.form",
        .title = "each STOU makes a file of its own",
        .reason = "RFC 959, section 4.1.3: the file is created under a name unique to the "
                  "directory; a name that is used twice loses the first file.",
        .remedy = "Create the file with O_CREAT|O_EXCL under a random or counted name, and try "
                  "again while there is one.",
        .run = unique_names,
    },
    {
        .name = "rfc959.stou.keeps-others",
        .severity = SEVERITY_ERROR,
        .title = "STOU with the name of a file that exists leaves that file alone",
        .reason = "RFC 959, section 4.1.3: STOU creates a name unique to the directory, whatever "
                  "a client proposes; that no file is overwritten is what it is for.",
        .remedy = "Refuse the argument with 501, or use it as the beginning of a new name.",
        .run = unique_keeps,
    },
};

const struct group group_unique = {
    .name = "unique",
    .title = "Unique names",
    .tests = tests,
    .count = ELEMENTS(tests),
};

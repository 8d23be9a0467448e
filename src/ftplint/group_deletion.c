/* Deletion: DELE, and what must survive it. See catalogue.h. */
#include "ftplint/presence.h"
#include "ftplint/refusal.h"

#include "lib/cleanup.h"

#include <string.h>

static void code(struct exam *exam)
{
    const char *path = given_text(exam, "file", "a file");
    const struct reply *reply = command(given_session(exam), "DELE %s", path);
    if (!reply_is(reply, "2"))
        blocked(exam, "DELE of a file is refused: %u %s", reply->code, reply->text);
    expect_code(given_session(exam), reply, "250");
}

static void removes(struct exam *exam)
{
    const char *path = given_text(exam, "file", "a file");
    expect(given_session(exam), "2|that the file is deleted", "DELE %s", path);
    expect_gone(exam, path, "after 2xx to DELE");
}

static void relative(struct exam *exam)
{
    given_directory(exam, "sub");
    const char *outer = given_text(exam, "file", "outer");
    const char *inner = given_text(exam, "sub/file", "inner");
    struct client *client = given_session(exam);
    given_place(client, own_path(exam, "sub"));
    expect(client, "2|that the file of that name in the working directory is deleted", "DELE file");
    expect_gone(exam, inner, "after DELE with its name, in its directory");
    expect_there(exam, outer, "after DELE with the same name in another directory");
}

/* DELE with an argument that names no file, but that a shell would take for others. */
struct survival {
    const char *argument;
    const char *const *names; /* of the files that are there; ends in NULL */
};

static void survives(struct exam *exam)
{
    const struct survival *survival = exam->test->parameter;
    for (const char *const *name = survival->names; *name; name++)
        given_text(exam, *name, "to be kept");
    struct client *client = given_session(exam);
    given_place(client, given_folder(exam));
    const struct reply *reply = command(client, "DELE %s", survival->argument);
    for (const char *const *name = survival->names; *name; name++)
        if (!is_there(exam, own_path(exam, *name)))
            fail(exam,
                 exam_format(exam, "that DELE %s deletes nothing, there being no such name",
                             survival->argument),
                 "%s is gone; the answer was %u %s", shown(exam, *name), reply->code, reply->text);
    if (reply_is(reply, "2"))
        fail(exam, "a refusal: there is no such name", "%u %s", reply->code, reply->text);
}

static void glob_literal(struct exam *exam)
{
    const char *kept = given_text(exam, "kept", "to be kept");
    struct client *client = given_session(exam);
    given_place(client, given_folder(exam));
    struct transfer transfer = try_store(client, DATA_ANY, "x", 1, "STOR k*");
    if (!reply_is(transfer.reply, "2"))
        skip(exam, "the server does not take a file of the name \"k*\": %u %s",
             transfer.reply->code, transfer.reply->text);
    expect(client, "2|that the file of the name \"k*\" is deleted", "DELE k*");
    expect_there(exam, kept, "after DELE k*, which is the name of another file");
}

static void directory_kept(struct exam *exam)
{
    const char *path = given_object(exam, OBJECT_FULL);
    const struct reply *reply = command(given_session(exam), "DELE %s", path);
    if (!is_there(exam, own_path(exam, "full/file")))
        fail(exam, "that DELE of a directory leaves what is in it",
             "the file in it is gone; the answer was %u %s", reply->code, reply->text);
}

/* In a directory with nothing in it but a file: DELE of the directory, by dots. */
static void dots(struct exam *exam)
{
    const char *directory = given_directory(exam, "sub");
    const char *file = given_text(exam, "sub/file", "a file");
    struct client *client = given_session(exam);
    given_place(client, directory);
    static const char *const arguments[] = {".", "..", "../sub", "./"};
    for (size_t i = 0; i < ELEMENTS(arguments); i++) {
        const struct reply *reply = command(client, "DELE %s", arguments[i]);
        if (reply_is(reply, "2"))
            fail(exam, "a refusal: the path is that of a directory with something in it",
                 "\"%u %s\", to DELE %s", reply->code, reply->text, arguments[i]);
    }
    expect_there(exam, file, "after DELE of its directory was refused");
}

static void again(struct exam *exam)
{
    const char *path = given_text(exam, "file", "the old content, which is the longer one");
    exam->given++;
    expect(given_session(exam), "2", "DELE %s", path);
    exam->given--;
    given_text(exam, "file", "new");
    expect_holds(exam, path, "new", "after it was deleted and stored again");
}

/* What is refused, and by which codes. RFC 959, section 5.4; 521 is appendix II's. */
static const struct {
    const char *verb;
    enum refusal_object object;
    const char *codes;
} refusals[] = {
    {"CWD", OBJECT_MISSING, "550"},      {"CWD", OBJECT_FILE, "550"},
    {"RMD", OBJECT_MISSING, "550"},      {"RMD", OBJECT_FILE, "550"},
    {"RMD", OBJECT_FULL, "550"},         {"MKD", OBJECT_DIRECTORY, "550 521 553"},
    {"MKD", OBJECT_FILE, "550 521 553"}, {"DELE", OBJECT_MISSING, "550 450"},
    {"DELE", OBJECT_FULL, "550 450"},    {"RNFR", OBJECT_MISSING, "550 450"},
};

static void codes(struct exam *exam)
{
    const char *paths[OBJECT_FULL + 1];
    for (int object = OBJECT_MISSING; object <= OBJECT_FULL; object++)
        paths[object] = given_object(exam, (enum refusal_object)object);
    struct client *client = given_session(exam);
    const char *wrong = "";
    for (size_t i = 0; i < ELEMENTS(refusals); i++) {
        const struct reply *reply =
            command(client, "%s %s", refusals[i].verb, paths[refusals[i].object]);
        /* What is not refused at all is the finding of a test of its own. */
        if (reply_is(reply, "4 5") && !reply_is(reply, refusals[i].codes))
            wrong = exam_format(exam, "%s%s%u to %s of %s", wrong, *wrong ? ", " : "", reply->code,
                                refusals[i].verb, object_words(refusals[i].object));
    }
    if (*wrong)
        fail(exam, "550, or another code that RFC 959 lists for the command", "%s", wrong);
}

#define NEVER_PATTERNS                                                                             \
    "RFC 959, section 4.1.3: DELE deletes the file that the path names. A server that takes the "  \
    "name for a pattern or for several deletes what nobody asked it to, and nothing brings it "    \
    "back."

static const struct test tests[] = {
    {
        .name = "rfc959.dele.code",
        .severity = SEVERITY_WARNING,
        .title = "DELE of a file is answered with 250",
        .reason = "RFC 959, section 5.4, lists 250 as the only success of DELE, and RFC 1123, "
                  "section 4.1.2.11, says that these codes should be used.",
        .remedy = "Answer DELE with 250.",
        .run = code,
    },
    {
        .name = "rfc959.dele.removes",
        .severity = SEVERITY_ERROR,
        .title = "DELE removes the file",
        .reason = "RFC 959, section 4.1.3: DELE causes the file to be deleted at the server. RFC "
                  "1123, section 4.1.2.13, demands the command of every server.",
        .remedy = "Answer 250 only once the file is gone.",
        .run = removes,
    },
    {
        .name = "rfc959.dele.missing",
        .severity = SEVERITY_ERROR,
        .title = "DELE of a missing file is refused",
        .reason = "RFC 959, section 4.2: 2xx says that the action was done. A client believes that "
                  "it has deleted something, and does not see its mistake in the name.",
        .remedy = "Answer 550 if there is no such file.",
        .run = test_refusal,
        .parameter = &(const struct refusal){"DELE", OBJECT_MISSING},
    },
    {
        .name = "practice.dele.directory",
        .severity = SEVERITY_WARNING,
        .title = "DELE of an empty directory is refused",
        .reason = "RFC 959, section 4.1.3, has RMD for directories. Clients try DELE first where "
                  "they do not know what a name is, and delete a directory that should stay.",
        .remedy = "Answer 550 if the path is that of a directory.",
        .run = test_refusal,
        .parameter = &(const struct refusal){"DELE", OBJECT_DIRECTORY},
    },
    {
        .name = "rfc959.dele.directory-kept",
        .severity = SEVERITY_ERROR,
        .title = "DELE of a directory does not delete the files in it",
        .reason = "RFC 959, section 4.1.3: DELE deletes one file. A tree that goes with it is lost "
                  "by a slip.",
        .remedy = "Answer 550 if the path is that of a directory.",
        .run = directory_kept,
    },
    {
        .name = "practice.dele.dots",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.dele.directory-kept",
        .title = "DELE of ., .. and other ways to a directory is refused",
        .reason = "RFC 959, section 4.1.3: DELE deletes one file; these paths are those of "
                  "directories with something in them.",
        .remedy = "Resolve the path first, and answer 550 if it is that of a directory.",
        .run = dots,
    },
    {
        .name = "rfc959.dele.relative",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.dele.removes",
        .title = "DELE with a name deletes the file of the working directory",
        .reason = "RFC 959, section 4.1.1: CWD sets the directory that the user works with, and a "
                  "name alone is the name of a file in it. The same name in another directory is "
                  "another file.",
        .remedy = "Resolve a path that does not begin with a slash from the working directory.",
        .run = relative,
    },
    {
        .name = "practice.dele.star",
        .severity = SEVERITY_ERROR,
        .title = "DELE * deletes nothing",
        .reason = NEVER_PATTERNS,
        .remedy = "Take DELE's argument as one name; expand patterns in listings alone.",
        .run = survives,
        .parameter = &(const struct survival){"*", (const char *const[]){"one", "two", NULL}},
    },
    {
        .name = "practice.dele.pattern",
        .severity = SEVERITY_ERROR,
        .title = "DELE with the signs of a pattern deletes no other file",
        .reason = NEVER_PATTERNS,
        .remedy = "Take DELE's argument as one name; expand patterns in listings alone.",
        .run = survives,
        .parameter = &(const struct survival){"[a-f]?{1,2}", (const char *const[]){"ab1", NULL}},
    },
    {
        .name = "practice.dele.blank",
        .severity = SEVERITY_ERROR,
        .title = "DELE with a blank in its argument is about one name",
        .reason = NEVER_PATTERNS,
        .remedy = "Take everything behind DELE and one space as the name.",
        .run = survives,
        .parameter = &(const struct survival){"one two", (const char *const[]){"one", "two", NULL}},
    },
    {
        .name = "practice.dele.options",
        .severity = SEVERITY_ERROR,
        .title = "DELE with an option of rm is about a name",
        .reason = NEVER_PATTERNS,
        .remedy = "Do not hand the argument to a program, and know no options in DELE.",
        .run = survives,
        .parameter = &(const struct survival){"-f one", (const char *const[]){"one", NULL}},
    },
    {
        .name = "practice.dele.glob-literal",
        .severity = SEVERITY_ERROR,
        .after = "practice.dele.star",
        .title = "a file with an asterisk in its name is deleted by that name, and no other is",
        .reason = NEVER_PATTERNS,
        .remedy = "Take DELE's argument as one name; expand patterns in listings alone.",
        .run = glob_literal,
    },
    {
        .name = "practice.dele.again",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.dele.removes",
        .title = "a name that was deleted can be stored again, with the new content alone",
        .reason = "Clients replace a file by deleting and storing it; what was deleted must not "
                  "come back.",
        .remedy = "Look for caches and for names that are kept in memory after a deletion.",
        .run = again,
    },
    {
        .name = "rfc1123.refusal.codes",
        .severity = SEVERITY_WARNING,
        .title =
            "CWD, RMD, MKD, DELE and RNFR are refused with the codes that RFC 959 has for them",
        .reason = "RFC 959, section 5.4, lists the codes of each command, and RFC 1123, section "
                  "4.1.2.11, says that they should be used. 500 and 502 tell a client that the "
                  "server does not know the command; 4xx makes it try again and again.",
        .remedy = "Answer 550 if a path cannot be used as the command wants it.",
        .run = codes,
    },
};

const struct group group_deletion = {
    .name = "deletion",
    .title = "Deletion",
    .tests = tests,
    .count = ELEMENTS(tests),
};

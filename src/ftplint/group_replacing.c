/* Replacing: what must survive a renaming. See catalogue.h. */
#include "ftplint/presence.h"

#include "lib/cleanup.h"

#include <string.h>

/* RNFR and RNTO of what exists: the answer, of RNFR if that is a refusal. */
static const struct reply *rename_path(struct client *client, const char *from, const char *to)
{
    const struct reply *reply = command(client, "RNFR %s", from);
    if (reply_is(reply, "4 5"))
        return reply;
    client->exam->given++;
    expect_code(client, reply, "350");
    client->exam->given--;
    return command(client, "RNTO %s", to);
}

static void refused_keeps(struct exam *exam)
{
    const char *from = given_text(exam, "old", "a file");
    struct client *client = given_session(exam);
    const struct reply *reply = rename_path(client, from, own_path(exam, "missing/new"));
    if (reply_is(reply, "2")) {
        note(exam, "RNTO makes the missing directory");
        expect_holds(exam, own_path(exam, "missing/new"), "a file", "after 2xx to RNTO");
        return;
    }
    expect_holds(exam, from, "a file",
                 "after RNTO into a directory that does not exist was refused");
}

static void onto_file(struct exam *exam)
{
    const char *from = given_text(exam, "from", "the moved one");
    const char *to = given_text(exam, "to", "the old one");
    const struct reply *reply = rename_path(given_session(exam), from, to);
    if (reply_is(reply, "2")) {
        expect_gone(exam, from, "after it was renamed");
        expect_holds(exam, to, "the moved one", "after another file was renamed to it");
        return;
    }
    note(exam, "a rename onto an existing file is refused");
    expect_holds(exam, from, "the moved one", "after its rename was refused");
    expect_holds(exam, to, "the old one", "after a rename to it was refused");
}

static void file_onto_directory(struct exam *exam)
{
    const char *from = given_text(exam, "from", "a file");
    const char *to = given_directory(exam, "to");
    given_text(exam, "to/within", "to be kept");
    const struct reply *reply = rename_path(given_session(exam), from, to);
    expect_holds(
        exam, own_path(exam, "to/within"), "to be kept",
        exam_format(
            exam,
            "after a file was to be renamed to the directory that it is in (answered with %u)",
            reply->code));
}

static void directory_onto_directory(struct exam *exam)
{
    const char *from = given_directory(exam, "from");
    const char *to = given_directory(exam, "to");
    given_text(exam, "to/within", "to be kept");
    const struct reply *reply = rename_path(given_session(exam), from, to);
    expect_holds(exam, own_path(exam, "to/within"), "to be kept",
                 exam_format(exam,
                             "after another directory was to be renamed to the one that it is in "
                             "(answered with %u)",
                             reply->code));
}

static void into_itself(struct exam *exam)
{
    const char *from = given_directory(exam, "from");
    given_text(exam, "from/file", "to be kept");
    const struct reply *reply =
        rename_path(given_session(exam), from, own_path(exam, "from/below"));
    if (reply_is(reply, "2"))
        fail(exam, "a refusal: a directory cannot be moved into itself", "%u %s", reply->code,
             reply->text);
    expect_holds(exam, own_path(exam, "from/file"), "to be kept",
                 "after a rename of its directory into itself was refused");
}

static void onto_itself(struct exam *exam)
{
    const char *path = given_text(exam, "same", "to be kept");
    const struct reply *reply = rename_path(given_session(exam), path, path);
    expect_holds(
        exam, path, "to be kept",
        exam_format(exam, "after a rename to its own name, answered with %u", reply->code));
}

static void letter_case(struct exam *exam)
{
    const char *from = given_text(exam, "readme", "a file");
    const struct reply *reply = rename_path(given_session(exam), from, own_path(exam, "README"));
    expect_code(given_session(exam), reply, "2|that readme is renamed to README");
    if (!is_listed(exam, given_folder(exam), "README"))
        fail(exam, "that the listing shows README", "%s",
             shown_lines(exam, names_in(exam, given_folder(exam))));
}

static void keeps_time(struct exam *exam)
{
    const char *from = given_text(exam, "old", "a file");
    const char *to = own_path(exam, "new");
    struct client *client = given_session(exam);
    /* A time that the rename cannot have by chance. */
    const struct reply *set = command(client, "MFMT 20200102030405 %s", from);
    skip_unknown(client, set, "MFMT");
    exam->given++;
    const char *before = exam_format(exam, "%s", expect(client, "213", "MDTM %s", from)->text);
    exam->given--;
    exam->given++;
    expect_code(client, rename_path(client, from, to), "2");
    exam->given--;
    const struct reply *after = expect(client, "213", "MDTM %s", to);
    if (strcmp(before, after->text) != 0)
        fail(exam, exam_format(exam, "MDTM of the new name as of the old: %s", before), "%s",
             after->text);
}

static const struct test tests[] = {
    {
        .name = "rfc959.rnto.refused-keeps",
        .severity = SEVERITY_ERROR,
        .title = "a refused RNTO leaves the file under its old name",
        .reason = "RFC 959, section 4.2: 5xx says that the action was not done. A file that is "
                  "lost by a mistake in a path is lost for good.",
        .remedy = "Rename in one step; never delete or copy before the target is known to be good.",
        .run = refused_keeps,
    },
    {
        .name = "practice.rename.onto-file",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.rename.file",
        .title = "a rename onto a file replaces it whole, or is refused and changes nothing",
        .reason =
            "RFC 959, section 4.2: 2xx says that the action was done, 5xx that it was not. Clients "
            "upload under another name and rename, so as to replace a file in one step.",
        .remedy = "Replace the target by rename(2), or answer 553 and touch neither file.",
        .run = onto_file,
    },
    {
        .name = "practice.rename.file-onto-directory",
        .severity = SEVERITY_ERROR,
        .title = "a rename of a file onto a directory does not destroy what is in it",
        .reason = "No client means to give up a whole directory by a rename, and nothing brings it "
                  "back.",
        .remedy = "Answer 553 if the target is a directory.",
        .run = file_onto_directory,
    },
    {
        .name = "practice.rename.directory-onto-directory",
        .severity = SEVERITY_ERROR,
        .title = "a rename onto a directory with something in it does not destroy it",
        .reason = "No client means to give up a whole directory by a rename, and nothing brings it "
                  "back.",
        .remedy = "Answer 553 if the target is a directory that is not empty.",
        .run = directory_onto_directory,
    },
    {
        .name = "practice.rename.into-itself",
        .severity = SEVERITY_ERROR,
        .title = "a directory is not renamed into itself",
        .reason = "It would no longer be reached from anywhere. Servers that rename by copying "
                  "copy without end.",
        .remedy = "Answer 553 if the new path begins with the old one.",
        .run = into_itself,
    },
    {
        .name = "practice.rename.onto-itself",
        .severity = SEVERITY_ERROR,
        .title = "a rename of a file to its own name keeps the file",
        .reason = "Whether it is refused or taken for done, nothing has to change; a server that "
                  "removes the target first loses the file.",
        .remedy = "Compare the files, not only the paths, before anything is removed.",
        .run = onto_itself,
    },
    {
        .name = "practice.rename.letter-case",
        .severity = SEVERITY_NOTE,
        .after = "rfc959.rename.file",
        .title = "a rename that changes only the case of letters is done",
        .reason = "Where letter case does not matter, the new name exists already: it is that of "
                  "the file itself.",
        .remedy = "Let a target pass that is the file itself.",
        .run = letter_case,
    },
    {
        .name = "practice.rename.keeps-time",
        .severity = SEVERITY_WARNING,
        .feature = "MFMT",
        .after = "rfc959.rename.file",
        .title = "a rename does not change the time of the last change",
        .reason =
            "RFC 3659, section 7.5.3: the time is that of the last change of the content, which a "
            "rename does not touch. Clients that synchronise would transfer the file again.",
        .remedy = "Rename instead of copying, or carry the time over.",
        .run = keeps_time,
    },
};

const struct group group_replacing = {
    .name = "replacing",
    .title = "What survives renaming",
    .tests = tests,
    .count = ELEMENTS(tests),
};

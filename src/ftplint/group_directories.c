/* Directories: MKD, RMD and their older names. See catalogue.h. */
#include "ftplint/presence.h"
#include "ftplint/refusal.h"

#include "lib/cleanup.h"

#include <string.h>

static void mkd_code(struct exam *exam)
{
    const struct reply *reply = command(given_session(exam), "MKD %s", own_path(exam, "made"));
    if (!reply_is(reply, "2"))
        blocked(exam, "MKD is refused: %u %s", reply->code, reply->text);
    expect_code(given_session(exam), reply, "257");
}

static void rmd_code(struct exam *exam)
{
    const char *path = given_directory(exam, "made");
    const struct reply *reply = command(given_session(exam), "RMD %s", path);
    if (!reply_is(reply, "2"))
        blocked(exam, "RMD of an empty directory is refused: %u %s", reply->code, reply->text);
    expect_code(given_session(exam), reply, "250");
}

static void mkd_makes(struct exam *exam)
{
    const char *path = own_path(exam, "made");
    expect(given_session(exam), "2|that the directory is made", "MKD %s", path);
    expect_there(exam, path, "after 2xx to MKD");
    expect(given_session(exam), "2|that the new directory can be gone to", "CWD %s", path);
}

static void mkd_relative(struct exam *exam)
{
    given_directory(exam, "sub");
    struct client *client = given_session(exam);
    given_place(client, own_path(exam, "sub"));
    expect(client, "2|that the directory is made", "MKD made");
    expect_there(exam, own_path(exam, "sub/made"), "after MKD with its name, in sub");
}

static void mkd_missing_parent(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *parent = own_path(exam, "missing");
    const struct reply *reply = command(client, "MKD %s/made", parent);
    if (reply_is(reply, "2")) {
        note(exam, "MKD makes the directories above as well");
        expect_there(exam, exam_format(exam, "%s/made", parent), "after 2xx to MKD");
    } else if (!is_gone(exam, parent)) {
        fail(exam, "no directory \"missing\": MKD missing/made was refused", "it has been made");
    }
}

static void mkd_empty(struct exam *exam)
{
    const char *path = given_directory(exam, "made");
    struct lines names = names_in(exam, path);
    if (names.count)
        fail(exam, "that a new directory lists no names", "%s", shown_lines(exam, names));
}

static void mkd_slash(struct exam *exam)
{
    const char *path = own_path(exam, "made");
    expect(given_session(exam), "2|that the directory is made", "MKD %s/", path);
    expect_there(exam, path, "after 2xx to MKD");
}

enum { DEPTH = 40 };

static void mkd_deep(struct exam *exam)
{
    struct client *client = given_session(exam);
    given_place(client, given_folder(exam));
    for (int i = 1; i <= DEPTH; i++) {
        const char *codes = exam_format(exam, "2|that a tree of %d directories can be made", DEPTH);
        const struct reply *reply = command(client, "MKD d");
        if (reply_is(reply, "2"))
            reply = command(client, "CWD d");
        if (!reply_is(reply, "2"))
            note(exam, "the limit is at %d levels below the test's folder", i);
        expect_code(client, reply, codes);
    }
}

static void rmd_removes(struct exam *exam)
{
    const char *path = given_directory(exam, "made");
    expect(given_session(exam), "2|that an empty directory is removed", "RMD %s", path);
    expect_gone(exam, path, "after 2xx to RMD");
}

static void rmd_relative(struct exam *exam)
{
    const char *outer = given_directory(exam, "same");
    given_directory(exam, "sub");
    const char *inner = given_directory(exam, "sub/same");
    struct client *client = given_session(exam);
    given_place(client, own_path(exam, "sub"));
    expect(client, "2|that the directory of that name in the working directory is removed",
           "RMD same");
    expect_gone(exam, inner, "after RMD with its name, in its parent");
    expect_there(exam, outer, "after RMD with the same name in another directory");
}

static void rmd_full_kept(struct exam *exam)
{
    const char *path = given_object(exam, OBJECT_FULL);
    given_directory(exam, "full/empty");
    const struct reply *reply = command(given_session(exam), "RMD %s", path);
    if (reply_is(reply, "2"))
        blocked(exam, "RMD removes a directory with something in it");
    expect_there(exam, own_path(exam, "full/empty"), "after RMD of its parent was refused");
    expect_holds(exam, own_path(exam, "full/file"), "a file",
                 "after RMD of its directory was refused");
}

static void rmd_current(struct exam *exam)
{
    const char *path = given_directory(exam, "sub");
    struct client *client = given_login(exam, ACCOUNT_USER);
    given_place(client, path);
    const struct reply *reply = command(client, "RMD %s", path);
    (void)command(client, "PWD");
    const char *codes = exam_format(
        exam, "2|that another directory can be gone to, RMD having been answered with %u",
        reply->code);
    expect(client, codes, "CWD %s", given_folder(exam));
}

static void rmd_parent(struct exam *exam)
{
    const char *path = given_directory(exam, "sub");
    const char *file = given_text(exam, "file", "a file");
    struct client *client = given_session(exam);
    given_place(client, path);
    const struct reply *reply = command(client, "RMD ..");
    if (reply_is(reply, "2"))
        fail(exam, "a refusal: the directory above has something in it", "%u %s", reply->code,
             reply->text);
    expect_there(exam, file, "after RMD of its directory was refused");
}

static void rmd_again(struct exam *exam)
{
    const char *path = given_directory(exam, "made");
    const char *file = given_text(exam, "made/file", "a file");
    struct client *client = given_session(exam);
    exam->given++;
    expect(client, "2", "DELE %s", file);
    expect_gone(exam, file, "after 2xx to DELE");
    exam->given--;
    expect(client, "2|that a directory is removed once the last file in it is", "RMD %s", path);
    expect(client, "2|that a removed directory can be made again", "MKD %s", path);
    struct lines names = names_in(exam, path);
    if (names.count)
        fail(exam, "that the directory that was made again lists no names", "%s",
             shown_lines(exam, names));
}

/* The older name of a command: it does what the newer one does, in the test's folder. */
struct older {
    const char *verb;
    const char *argument; /* NULL: none */
    const char *prepare;  /* a directory that must be there; NULL: none */
    const char *equals;   /* the command that it is equal to */
};

static void older(struct exam *exam)
{
    const struct older *row = exam->test->parameter;
    if (row->prepare)
        given_directory(exam, row->prepare);
    struct client *client = given_session(exam);
    given_place(client, given_folder(exam));
    const char *codes = exam_format(exam, "2|the same as to %s", row->equals);
    const char *line =
        row->argument ? exam_format(exam, "%s %s", row->verb, row->argument) : row->verb;
    expect(client, codes, "%s", line);
}

#define OLDER(name_, verb_, argument_, prepare_, equals_)                                          \
    {                                                                                              \
        .name = "rfc1123." name_ ".known", .severity = SEVERITY_WARNING,                           \
        .title = verb_ " is known, as another name of " equals_,                                   \
        .reason = "RFC 1123, section 4.1.3.1: all implementations should recognize both forms of " \
                  "the directory commands. Old clients and devices use those with an X.",          \
        .remedy = "Enter " verb_ " beside " equals_ " in the table of commands.", .run = older,    \
        .parameter = &(const struct older){verb_, argument_, prepare_, equals_},                   \
    }

static const struct test tests[] = {
    {
        .name = "rfc959.mkd.code",
        .severity = SEVERITY_WARNING,
        .title = "MKD is answered with 257",
        .reason = "RFC 959, section 5.4, lists 257 as the only success of MKD, and RFC 1123, "
                  "section 4.1.2.11, says that these codes should be used. Clients look for the "
                  "new directory's path in a 257.",
        .remedy = "Answer MKD with 257 and the path.",
        .run = mkd_code,
    },
    {
        .name = "rfc959.mkd.makes",
        .severity = SEVERITY_ERROR,
        .title = "MKD makes a directory that can be gone to at once",
        .reason = "RFC 959, section 4.1.3: MKD causes the directory to be created. RFC 1123, "
                  "section 4.1.2.13, demands the command of every server whose file system has "
                  "directories.",
        .remedy = "Answer 257 only once the directory is there.",
        .run = mkd_makes,
    },
    {
        .name = "rfc959.mkd.relative",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.mkd.makes",
        .title = "MKD with a name makes a subdirectory of the working directory",
        .reason = "RFC 959, appendix II: the directory is created as a subdirectory of the current "
                  "working directory unless the path says otherwise.",
        .remedy = "Resolve a path that does not begin with a slash from the working directory.",
        .run = mkd_relative,
    },
    {
        .name = "rfc959.mkd.existing",
        .severity = SEVERITY_ERROR,
        .title = "MKD of a directory that exists is refused",
        .reason = "RFC 959, appendix II: that a directory of the name exists is an error, and the "
                  "server must refuse. Clients make a directory to have one that nobody else uses.",
        .remedy = "Answer 550 if the name is taken.",
        .run = test_refusal,
        .parameter = &(const struct refusal){"MKD", OBJECT_DIRECTORY},
    },
    {
        .name = "rfc959.mkd.existing-file",
        .severity = SEVERITY_ERROR,
        .title = "MKD of a name that a file has is refused",
        .reason = "RFC 959, appendix II: a file of the same name, which conflicts with the "
                  "directory, has it refused. There cannot be a directory of that name as well.",
        .remedy = "Answer 550 if the name is taken.",
        .run = test_refusal,
        .parameter = &(const struct refusal){"MKD", OBJECT_FILE},
    },
    {
        .name = "practice.mkd.missing-parent",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.mkd.makes",
        .title = "MKD below a missing directory makes all of the path or nothing",
        .reason = "RFC 959, section 4.2: 2xx says that the action was done, 5xx that it was not. "
                  "Clients make the directories above themselves when they are refused, and fail "
                  "if half of them is there.",
        .remedy = "Answer 550 and make nothing, or make the whole path and answer 257.",
        .run = mkd_missing_parent,
    },
    {
        .name = "practice.mkd.empty",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.mkd.makes",
        .title = "a new directory is empty",
        .reason = "What the server puts there for its own use is a user's burden: it is "
                  "downloaded, synchronised, and in the way of RMD.",
        .remedy = "Keep the server's own files outside of the users' folders.",
        .run = mkd_empty,
    },
    {
        .name = "practice.mkd.trailing-slash",
        .severity = SEVERITY_NOTE,
        .after = "rfc959.mkd.makes",
        .title = "MKD with a slash at the end of the path makes the directory",
        .reason = "Some clients write directories with a slash at the end, in every command; UNIX "
                  "takes it so.",
        .remedy = "Leave out slashes at the end of a directory's path.",
        .run = mkd_slash,
    },
    {
        .name = "limits.mkd.deep",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.mkd.relative",
        .title = "a tree of 40 directories, one in the other, can be made",
        .reason = "Build trees and web sites are that deep; an upload of one stops in the middle "
                  "at a limit that UNIX does not have.",
        .remedy = "Resolve paths without a fixed number of components.",
        .run = mkd_deep,
    },
    {
        .name = "rfc959.rmd.code",
        .severity = SEVERITY_WARNING,
        .title = "RMD of an empty directory is answered with 250",
        .reason = "RFC 959, section 5.4, lists 250 as the only success of RMD, and RFC 1123, "
                  "section 4.1.2.11, says that these codes should be used.",
        .remedy = "Answer RMD with 250.",
        .run = rmd_code,
    },
    {
        .name = "rfc959.rmd.removes",
        .severity = SEVERITY_ERROR,
        .title = "RMD removes an empty directory",
        .reason = "RFC 959, section 4.1.3: RMD causes the directory to be removed. RFC 1123, "
                  "section 4.1.2.13, demands the command of every server whose file system has "
                  "directories.",
        .remedy = "Answer 250 only once the directory is gone.",
        .run = rmd_removes,
    },
    {
        .name = "rfc959.rmd.relative",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.rmd.removes",
        .title = "RMD with a name removes the subdirectory of the working directory",
        .reason = "RFC 959, appendix II: the directory is removed as a subdirectory of the current "
                  "working directory unless the path says otherwise.",
        .remedy = "Resolve a path that does not begin with a slash from the working directory.",
        .run = rmd_relative,
    },
    {
        .name = "rfc959.rmd.missing",
        .severity = SEVERITY_ERROR,
        .title = "RMD of a missing directory is refused",
        .reason = "RFC 959, section 4.2: 2xx says that the action was done. A client does not see "
                  "its mistake in the name.",
        .remedy = "Answer 550 if there is no such directory.",
        .run = test_refusal,
        .parameter = &(const struct refusal){"RMD", OBJECT_MISSING},
    },
    {
        .name = "practice.rmd.file",
        .severity = SEVERITY_WARNING,
        .title = "RMD of a file is refused",
        .reason = "RFC 959, section 4.1.3, has DELE for files. A client that removes a directory "
                  "would delete a file that somebody has put in its place.",
        .remedy = "Answer 550 if the path is that of a file.",
        .run = test_refusal,
        .parameter = &(const struct refusal){"RMD", OBJECT_FILE},
    },
    {
        .name = "practice.rmd.not-empty",
        .severity = SEVERITY_WARNING,
        .title = "RMD of a directory with something in it is refused",
        .reason = "Clients remove a tree by deleting what is in it first, and rely upon RMD to "
                  "spare what they have not seen, such as another user's upload.",
        .remedy = "Answer 550 if the directory is not empty.",
        .run = test_refusal,
        .parameter = &(const struct refusal){"RMD", OBJECT_FULL},
    },
    {
        .name = "rfc959.rmd.not-empty-kept",
        .severity = SEVERITY_ERROR,
        .after = "practice.rmd.not-empty",
        .title = "a refused RMD removes nothing of what is in the directory",
        .reason = "RFC 959, section 4.2: 5xx says that the action was not done.",
        .remedy = "Remove the directory alone, and let the file system refuse it.",
        .run = rmd_full_kept,
    },
    {
        .name = "practice.rmd.parent",
        .severity = SEVERITY_ERROR,
        .after = "practice.rmd.not-empty",
        .title = "RMD .. is refused",
        .reason = "The directory above has something in it, at least the working directory: what "
                  "is refused by its name must not be done by another path.",
        .remedy = "Resolve the path first, then ask whether it may be removed.",
        .run = rmd_parent,
    },
    {
        .name = "robustness.rmd.current",
        .severity = SEVERITY_WARNING,
        .title = "a session goes on after RMD of its working directory",
        .reason = "Refused or done, the client is where it was or nowhere; from both places it "
                  "must be able to go elsewhere without a new login.",
        .remedy = "Resolve an absolute path from the top, whether or not the working directory "
                  "still exists.",
        .run = rmd_current,
    },
    {
        .name = "practice.rmd.again",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.rmd.removes",
        .title = "a directory that was emptied can be removed and made again, and is empty",
        .reason = "Clients remove trees from the bottom upwards; what was deleted must be neither "
                  "in the way nor come back.",
        .remedy = "Look for caches and for names that are kept in memory after a deletion.",
        .run = rmd_again,
    },
    OLDER("xpwd", "XPWD", NULL, NULL, "PWD"),
    OLDER("xcwd", "XCWD", "sub", "sub", "CWD"),
    OLDER("xcup", "XCUP", NULL, NULL, "CDUP"),
    OLDER("xmkd", "XMKD", "made", NULL, "MKD"),
    OLDER("xrmd", "XRMD", "sub", "sub", "RMD"),
};

const struct group group_directories = {
    .name = "directories",
    .title = "Directories",
    .tests = tests,
    .count = ELEMENTS(tests),
};

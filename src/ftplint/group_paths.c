/* Paths: where CWD leads, and how paths may be written. See catalogue.h. */
#include "ftplint/presence.h"
#include "ftplint/refusal.h"
#include "ftplint/tree.h"

#include "lib/cleanup.h"

#include <string.h>

/* From one place to another; an ARGUMENT that begins with a slash has the test's folder before it.
 */
struct turn {
    enum place from;
    const char *argument;
    enum place to;
};

static void turn(struct exam *exam)
{
    const struct turn *turn = exam->test->parameter;
    struct client *client = given_tree(exam, turn->from);
    const char *argument = *turn->argument == '/'
                               ? exam_format(exam, "%s%s", given_folder(exam), turn->argument)
                               : turn->argument;
    const char *codes = exam_format(exam, "2|the path leads to %s, from %s",
                                    place_path(exam, turn->to), place_path(exam, turn->from));
    expect(client, codes, "CWD %s", argument);
    expect_place(client, turn->to, exam_format(exam, "after CWD %s", argument));
}

static void cwd_code(struct exam *exam)
{
    const char *path = given_folder(exam);
    const struct reply *reply = command(given_session(exam), "CWD %s", path);
    if (!reply_is(reply, "2"))
        blocked(exam, "CWD to a directory is refused: %u %s", reply->code, reply->text);
    expect_code(given_session(exam), reply, "250");
}

static void missing_stays(struct exam *exam)
{
    struct client *client = given_tree(exam, SUB);
    const struct reply *reply = command(client, "CWD missing");
    if (reply_is(reply, "2"))
        blocked(exam, "CWD to a missing directory is accepted");
    expect_place(client, SUB, "after CWD to a missing directory was refused");
}

static void file_forms(struct exam *exam)
{
    struct client *client = given_tree(exam, SUB);
    const char *folder = given_folder(exam);
    given_text(exam, "sub/file", "one file");
    const char *const forms[] = {
        "file",
        "./file",
        "deep/../file",
        "../sub/file",
        exam_format(exam, "%s/sub/file", folder),
        exam_format(exam, "%s//sub/./file", folder),
    };
    given_place(client, place_path(exam, SUB));
    for (size_t i = 0; i < ELEMENTS(forms); i++)
        if (!holds(exam, forms[i], "one file"))
            fail(exam, "the same file by each of its paths",
                 "not by \"%s\", the working directory being %s", forms[i], place_path(exam, SUB));
}

static void cwd_removed(struct exam *exam)
{
    const char *path = given_directory(exam, "sub");
    struct client *client = given_login(exam, ACCOUNT_USER);
    given_place(client, path);
    if (!reply_is(command(given_session(exam), "RMD %s", path), "2"))
        skip(exam, "the server does not remove a directory in which a session stands");
    (void)command(client, "PWD");
    struct transfer listing = try_retrieve(client, DATA_ANY, "LIST");
    if (listing.reply->code == 421)
        fail(exam, "a listing or a refusal, and a session that goes on", "421 %s, to LIST",
             listing.reply->text);
    (void)command(client, "CDUP");
    expect(client, "2|that another directory can be gone to", "CWD %s", given_folder(exam));
}

#define UNIX_PATHS                                                                                 \
    "Clients and scripts write such paths as they are used to from UNIX, whose conventions "       \
    "nearly "                                                                                      \
    "every server follows (RFC 3659, section 6). A server that takes them otherwise leads them "   \
    "astray."
#define UNIX_REMEDY                                                                                \
    "Resolve a path component by component: skip empty ones and \".\", and let \"..\" go up."

static const struct test tests[] = {
    {
        .name = "rfc959.cwd.code",
        .severity = SEVERITY_WARNING,
        .title = "CWD to a directory is answered with 250",
        .reason = "RFC 959, section 5.4, lists 250 as the only success of CWD, and RFC 1123, "
                  "section 4.1.2.11, says that these codes should be used. Some clients compare "
                  "all three digits.",
        .remedy = "Answer CWD with 250.",
        .run = cwd_code,
    },
    {
        .name = "rfc959.cwd.missing",
        .severity = SEVERITY_ERROR,
        .title = "CWD to a missing directory is refused",
        .reason = "RFC 959, section 4.2: 2xx says that the action was done. Clients ask by CWD "
                  "whether a directory exists, and would upload to the wrong place.",
        .remedy = "Answer 550 if there is no such directory.",
        .run = test_refusal,
        .parameter = &(const struct refusal){"CWD", OBJECT_MISSING},
    },
    {
        .name = "rfc959.cwd.missing-stays",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.cwd.missing",
        .title = "a refused CWD leaves the working directory as it was",
        .reason = "RFC 959, section 4.2: 5xx says that the action was not done. A client goes on "
                  "where it was, and every relative path after that would be a wrong one.",
        .remedy = "Change the working directory only once the new one has been opened.",
        .run = missing_stays,
    },
    {
        .name = "rfc959.cwd.file",
        .severity = SEVERITY_ERROR,
        .title = "CWD to a file is refused",
        .reason = "RFC 959, section 4.1.1: CWD takes the user to another directory. Clients tell "
                  "files from directories by CWD, and would take the file for a directory.",
        .remedy = "Answer 550 if the path is that of something other than a directory.",
        .run = test_refusal,
        .parameter = &(const struct refusal){"CWD", OBJECT_FILE},
    },
    {
        .name = "rfc959.cwd.relative",
        .severity = SEVERITY_ERROR,
        .title = "CWD with a name goes to the directory of that name in the present one",
        .reason = "RFC 959, section 4.1.1: CWD sets the directory that the user works with, and "
                  "appendix II has a path that does not say otherwise begin there.",
        .remedy = "Resolve a path that does not begin with a slash from the working directory.",
        .run = turn,
        .parameter = &(const struct turn){SUB, "deep", DEEP},
    },
    {
        .name = "practice.cwd.nested",
        .severity = SEVERITY_WARNING,
        .title = "CWD with several names and slashes between them takes all these steps",
        .reason = UNIX_PATHS,
        .remedy = UNIX_REMEDY,
        .run = turn,
        .parameter = &(const struct turn){TOP, "sub/deep", DEEP},
    },
    {
        .name = "practice.cwd.absolute",
        .severity = SEVERITY_WARNING,
        .title = "CWD with an absolute path leads there, wherever the session stands",
        .reason = UNIX_PATHS,
        .remedy = UNIX_REMEDY,
        .run = turn,
        .parameter = &(const struct turn){DEEP, "/sub", SUB},
    },
    {
        .name = "practice.cwd.dot",
        .severity = SEVERITY_WARNING,
        .title = "CWD . stays in the present directory",
        .reason = UNIX_PATHS,
        .remedy = UNIX_REMEDY,
        .run = turn,
        .parameter = &(const struct turn){SUB, ".", SUB},
    },
    {
        .name = "practice.cwd.dot-dot",
        .severity = SEVERITY_WARNING,
        .title = "CWD .. goes to the directory above",
        .reason = UNIX_PATHS,
        .remedy = UNIX_REMEDY,
        .run = turn,
        .parameter = &(const struct turn){DEEP, "..", SUB},
    },
    {
        .name = "practice.cwd.dots-inside",
        .severity = SEVERITY_WARNING,
        .title = "dots inside a path are steps like others",
        .reason = UNIX_PATHS,
        .remedy = UNIX_REMEDY,
        .run = turn,
        .parameter = &(const struct turn){SUB, "./deep/../../sub/deep/.", DEEP},
    },
    {
        .name = "practice.cwd.trailing-slash",
        .severity = SEVERITY_WARNING,
        .title = "a slash at the end of a directory's path changes nothing",
        .reason = UNIX_PATHS,
        .remedy = UNIX_REMEDY,
        .run = turn,
        .parameter = &(const struct turn){TOP, "sub/", SUB},
    },
    {
        .name = "practice.cwd.doubled-slash",
        .severity = SEVERITY_WARNING,
        .title = "two slashes in a path are as one",
        .reason = UNIX_PATHS " Clients put paths together from parts that may end in a slash.",
        .remedy = UNIX_REMEDY,
        .run = turn,
        .parameter = &(const struct turn){TOP, "/sub//deep", DEEP},
    },
    {
        .name = "practice.paths.file-forms",
        .severity = SEVERITY_WARNING,
        .title = "a file is the same by its name, by a relative and by an absolute path",
        .reason = UNIX_PATHS,
        .remedy = UNIX_REMEDY,
        .run = file_forms,
    },
    {
        .name = "robustness.cwd.removed",
        .severity = SEVERITY_WARNING,
        .title = "a session goes on after its working directory was removed by another",
        .reason = "Two clients of one user tidy up at the same time; the one that stood in the "
                  "directory must be able to go elsewhere without a new login.",
        .remedy = "Resolve an absolute path from the top, whether or not the working directory "
                  "still exists.",
        .run = cwd_removed,
    },
};

const struct group group_paths = {
    .name = "paths",
    .title = "Paths",
    .tests = tests,
    .count = ELEMENTS(tests),
};

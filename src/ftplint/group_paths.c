/* Paths: where CWD and CDUP lead, and what PWD tells of it. See catalogue.h. */
#include "ftplint/presence.h"
#include "ftplint/refusal.h"

#include "lib/cleanup.h"

#include <string.h>

/* Places of a small tree in the test's folder. Each holds a directory of a name of its own, so that
 * where a session stands is seen without PWD: what PWD tells is other tests' business. */
enum place { TOP, SUB, DEEP };
static const char *const places[] = {[TOP] = "", [SUB] = "/sub", [DEEP] = "/sub/deep"};
static const char *const marks[] = {[TOP] = "in-top", [SUB] = "in-sub", [DEEP] = "in-deep"};

static const char *place_path(struct exam *exam, enum place place)
{
    return exam_format(exam, "%s%s", given_folder(exam), places[place]);
}

/* The tree, and a session that stands in FROM. */
static struct client *given_tree(struct exam *exam, enum place from)
{
    given_directory(exam, "in-top");
    given_directory(exam, "sub");
    given_directory(exam, "sub/in-sub");
    given_directory(exam, "sub/deep");
    given_directory(exam, "sub/deep/in-deep");
    struct client *client = given_session(exam);
    given_place(client, place_path(exam, from));
    return client;
}

/* A finding unless the session stands in PLACE. */
static void expect_place(struct client *client, enum place place, const char *since)
{
    struct exam *exam = client->exam;
    const char *claim = present_path(client);
    if (!reply_is(command(client, "CWD %s", marks[place]), "2"))
        fail(exam,
             exam_format(exam, "that the working directory is %s %s", place_path(exam, place),
                         since),
             "the directory \"%s\", which is in it, is not found; PWD tells \"%s\"", marks[place],
             claim);
}

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
    const char *codes = exam_format(exam, "2|that the way to %s is taken, from %s",
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

static void cdup_parent(struct exam *exam)
{
    struct client *client = given_tree(exam, DEEP);
    expect(client, "2|that it goes up one directory", "CDUP");
    expect_place(client, SUB, "after CDUP from the one below");
}

static void cdup_code(struct exam *exam)
{
    struct client *client = given_tree(exam, DEEP);
    const struct reply *reply = command(client, "CDUP");
    if (!reply_is(reply, "2"))
        blocked(exam, "CDUP is refused: %u %s", reply->code, reply->text);
    expect_code(client, reply, "200 250");
}

static void pwd_leads(struct exam *exam)
{
    struct client *client = given_tree(exam, DEEP);
    const char *path = present_path(client);
    given_place(client, place_path(exam, TOP));
    expect(client, "2|that the path which PWD told is known to CWD", "CWD %s", path);
    if (!reply_is(command(client, "CWD %s", marks[DEEP]), "2"))
        fail(exam, exam_format(exam, "a path that leads back to %s", place_path(exam, DEEP)),
             "\"%s\", and there the directory \"%s\", which is in it, is not found", path,
             marks[DEEP]);
}

static void pwd_absolute(struct exam *exam)
{
    if (strncmp(exam->server->system, "UNIX", 4) != 0)
        skip(exam, "SYST does not announce the paths of UNIX: %s", exam->server->system);
    const char *path = present_path(given_tree(exam, SUB));
    if (*path != '/')
        fail(exam, "a path that begins with a slash", "\"%s\"", path);
}

static void pwd_tidy(struct exam *exam)
{
    struct client *client = given_tree(exam, DEEP);
    const char *straight = present_path(client);
    if (!reply_is(command(client, "CWD %s//deep/../deep/", place_path(exam, SUB)), "2"))
        skip(exam, "the server does not go by way of doubled slashes and \"..\"");
    const char *roundabout = present_path(client);
    if (strcmp(straight, roundabout) != 0)
        fail(exam, exam_format(exam, "\"%s\", as after CWD by the straight path", straight),
             "\"%s\" after CWD %s//deep/../deep/", roundabout, place_path(exam, SUB));
}

enum { LONG_NAME = 200, LONG_DEPTH = 4 };

static void pwd_long(struct exam *exam)
{
    struct client *client = given_session(exam);
    char name[LONG_NAME + 1];
    memset(name, 'n', sizeof(name) - 1);
    name[LONG_NAME] = '\0';
    const char *path = given_folder(exam);
    given_place(client, path);
    for (int i = 0; i < LONG_DEPTH; i++) {
        if (!reply_is(command(client, "MKD %s", name), "2") ||
            !reply_is(command(client, "CWD %s", name), "2"))
            skip(exam, "the server does not take a directory %d levels deep, names of %d bytes",
                 i + 1, LONG_NAME);
        path = exam_format(exam, "%s/%s", path, name);
    }
    const char *told = present_path(client);
    if (strlen(told) < (size_t)LONG_NAME * LONG_DEPTH)
        fail(exam, exam_format(exam, "the whole path, of %zu bytes", strlen(path)),
             "%zu bytes: \"%s\"", strlen(told), told);
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
        .reason = "RFC 959, section 4.2.1: 2xx says that the action was done. Clients ask by CWD "
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
        .reason = "RFC 959, section 4.2.1: 5xx says that the action was not done. A client goes on "
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
        .reason = "RFC 959, section 4.1.1 and appendix II: a path that does not say otherwise is "
                  "relative to the working directory.",
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
        .name = "rfc959.cdup.parent",
        .severity = SEVERITY_ERROR,
        .title = "CDUP goes to the directory above",
        .reason = "RFC 959, section 4.1.1; RFC 1123, section 4.1.2.13, demands the command of "
                  "every server whose file system has directories.",
        .remedy = "Let CDUP do what CWD does with the parent directory.",
        .run = cdup_parent,
    },
    {
        .name = "rfc959.cdup.code",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.cdup.parent",
        .title = "CDUP is answered with 200 or 250",
        .reason = "RFC 959, section 5.4, lists 200, and section 4.1.1 the codes of CWD, thus 250; "
                  "RFC 1123, section 4.1.2.11, says that these codes should be used.",
        .remedy = "Answer CDUP with 250.",
        .run = cdup_code,
    },
    {
        .name = "rfc959.pwd.leads",
        .severity = SEVERITY_ERROR,
        .title = "CWD with the path that PWD told leads back to that directory",
        .reason = "RFC 959, appendix II: PWD tells the path in the form in which the server takes "
                  "it. A client has no other way to return to where it was.",
        .remedy = "Tell the working directory as an absolute path that CWD understands.",
        .run = pwd_leads,
    },
    {
        .name = "practice.pwd.absolute",
        .severity = SEVERITY_WARNING,
        .title = "PWD tells an absolute path",
        .reason = "A client keeps the path and uses it from other directories; a relative one "
                  "means something else there. SYST said that the paths are those of UNIX.",
        .remedy = "Tell the whole path of the working directory, from the first slash on.",
        .run = pwd_absolute,
    },
    {
        .name = "practice.pwd.tidy",
        .severity = SEVERITY_WARNING,
        .title = "PWD tells one path for one directory, however it was reached",
        .reason = "Clients compare paths to know whether they have been in a directory before; a "
                  "path with dots, doubled or trailing slashes looks like another one.",
        .remedy = "Tell the path with its dots resolved and without surplus slashes.",
        .run = pwd_tidy,
    },
    {
        .name = "practice.pwd.long",
        .severity = SEVERITY_WARNING,
        .title = "PWD tells a long path whole",
        .reason = "A path that ends too early is that of another directory: what a client then "
                  "uploads, deletes or compares is in the wrong place.",
        .remedy = "Do not cut replies at a fixed size; a reply's line may be as long as the path.",
        .run = pwd_long,
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
    .title = "Paths and the working directory",
    .tests = tests,
    .count = ELEMENTS(tests),
};

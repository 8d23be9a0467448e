/* The working directory: where CDUP leads, and what PWD tells. See catalogue.h. */
#include "ftplint/presence.h"
#include "ftplint/tree.h"

#include "lib/cleanup.h"

#include <string.h>

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
    if (!reply_is(command(client, "CWD %s", tree_marks[DEEP]), "2"))
        fail(exam, exam_format(exam, "a path that leads back to %s", place_path(exam, DEEP)),
             "\"%s\", and there the directory \"%s\", which is in it, is not found", path,
             tree_marks[DEEP]);
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

static const struct test tests[] = {
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
        .reason = "RFC 959, appendix II: like MKD, PWD tells the string to use when referring to "
                  "the directory. A client has no other way to return to where it was.",
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
};

const struct group group_working_directory = {
    .name = "working-directory",
    .title = "The working directory: CDUP and PWD",
    .tests = tests,
    .count = ELEMENTS(tests),
};

/* A small tree: see tree.h. */
#include "ftplint/tree.h"

#include "ftplint/presence.h"

static const char *const places[] = {[TOP] = "", [SUB] = "/sub", [DEEP] = "/sub/deep"};
const char *const tree_marks[] = {[TOP] = "in-top", [SUB] = "in-sub", [DEEP] = "in-deep"};

const char *place_path(struct exam *exam, enum place place)
{
    return exam_format(exam, "%s%s", given_folder(exam), places[place]);
}

struct client *given_tree(struct exam *exam, enum place from)
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

void expect_place(struct client *client, enum place place, const char *since)
{
    struct exam *exam = client->exam;
    const char *claim = present_path(client);
    if (!reply_is(command(client, "CWD %s", tree_marks[place]), "2"))
        fail(exam,
             exam_format(exam, "that the working directory is %s %s", place_path(exam, place),
                         since),
             "the directory \"%s\", which is in it, is not found; PWD tells \"%s\"",
             tree_marks[place], claim);
}

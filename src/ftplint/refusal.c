/* Commands that a good server refuses: see refusal.h. */
#include "ftplint/refusal.h"

#include "ftplint/presence.h"

const char *given_object(struct exam *exam, enum refusal_object object)
{
    const char *path;
    switch (object) {
    case OBJECT_FILE: return given_text(exam, "file", "a file");
    case OBJECT_DIRECTORY: return given_directory(exam, "empty");
    case OBJECT_FULL:
        path = given_directory(exam, "full");
        given_text(exam, "full/file", "a file");
        return path;
    case OBJECT_MISSING:
    default: return own_path(exam, "missing");
    }
}

const char *object_words(enum refusal_object object)
{
    switch (object) {
    case OBJECT_FILE: return "a file";
    case OBJECT_DIRECTORY: return "a directory";
    case OBJECT_FULL: return "a directory with a file in it";
    case OBJECT_MISSING:
    default: return "nothing that exists";
    }
}

void test_refusal(struct exam *exam)
{
    const struct refusal *refusal = exam->test->parameter;
    const char *path = given_object(exam, refusal->object);
    struct client *client = given_session(exam);
    const char *codes = exam_format(exam, "4 5|a refusal of %s, because the path leads to %s",
                                    refusal->verb, object_words(refusal->object));
    expect(client, codes, "%s %s", refusal->verb, path);
}

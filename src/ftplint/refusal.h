/*
 * Commands about a path that a good server refuses: rows for the tests of several groups. Only
 * src/ftplint uses it.
 */
#pragma once

#include "ftplint/exam.h"

enum refusal_object {
    OBJECT_MISSING,
    OBJECT_FILE,
    OBJECT_DIRECTORY, /* empty */
    OBJECT_FULL,      /* a directory with a file in it */
};

/* The parameter of a test whose function is test_refusal(). */
struct refusal {
    const char *verb;
    enum refusal_object object;
};

/* Makes the object and expects that the verb is refused with 4xx or 5xx. */
void test_refusal(struct exam *exam);

/* Makes the object, in the test's own folder, and returns its absolute path. */
const char *given_object(struct exam *exam, enum refusal_object object);

/* Where the path leads: "a directory with a file in it". */
const char *object_words(enum refusal_object object);

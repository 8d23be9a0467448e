/*
 * A small tree of directories in the test's folder, for tests of where commands lead. Each holds a
 * directory of a name of its own, so that where a session stands is seen without PWD: what PWD
 * tells is other tests' business. Only src/ftplint uses it.
 */
#pragma once

#include "ftplint/exam.h"

enum place { TOP, SUB, DEEP };

/* The directory that is in a place and nowhere else. */
extern const char *const tree_marks[];

/* The absolute path; makes nothing. */
const char *place_path(struct exam *exam, enum place place);

/* Makes the tree; the shared session, which stands in FROM. */
struct client *given_tree(struct exam *exam, enum place from);

/* A finding unless the session stands in PLACE. SINCE: "after CDUP". */
void expect_place(struct client *client, enum place place, const char *since);

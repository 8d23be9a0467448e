/*
 * What is in the user's folder now: for tests that change something there and ask whether it was
 * done. Looked at leniently and in more than one way, so that a listing that lies is the finding of
 * the test that is about listings and not of twenty others. Only src/ftplint uses it.
 */
#pragma once

#include "ftplint/exam.h"

/* The names in DIRECTORY, an absolute path: by MLSD where it is announced, by NLST elsewhere; "."
 * and ".." are left out. */
struct lines names_in(struct exam *exam, const char *directory);

/* True if MLSD or NLST of DIRECTORY shows NAME, byte for byte. */
bool is_listed(struct exam *exam, const char *directory, const char *name);

/* Both ask exists() and the listing of the directory that PATH is in: one that bears them out is
 * enough. */
bool is_there(struct exam *exam, const char *path);
bool is_gone(struct exam *exam, const char *path);

/* True if RETR brings exactly TEXT. */
bool holds(struct exam *exam, const char *path, const char *text);

/* The same as findings; SINCE says in words what makes it so: "after 250 to RMD". */
void expect_there(struct exam *exam, const char *path, const char *since);
void expect_gone(struct exam *exam, const char *path, const char *since);
void expect_holds(struct exam *exam, const char *path, const char *text, const char *since);

/* Uploads TEXT under NAME in the test's folder and returns the absolute path. */
const char *given_text(struct exam *exam, const char *name, const char *text);

/* Goes to PATH. */
void given_place(struct client *client, const char *path);

/* What PWD tells, unquoted; only for findings' words and for tests that are about PWD. */
const char *present_path(struct client *client);

/* NAME between double quotes, fit for a terminal: what cannot be printed becomes \xNN, and of a
 * long one only the beginning is shown. */
const char *shown(struct exam *exam, const char *name);
/* All of LINES so, with commas between them; at most about 400 bytes. */
const char *shown_lines(struct exam *exam, struct lines lines);

/*
 * What a test plants on this machine under the server's eyes (--local): links, pipes, devices and
 * names of any bytes in the user's folder, and a folder outside of it that the server must never
 * reach. Only src/ftplint's groups use it, in tests marked TEST_LOCAL. All of it is removed at the
 * exam's end; nothing that was there before is ever touched.
 */
#pragma once

#include "ftplint/exam.h"

#include <sys/types.h>

struct planted;

/* Makes something of NAME (any bytes but NUL and '/') in the test's own folder, as the folder's
 * owner. All return the server's absolute path of it. A failure here blocks the test. */
const char *plant_link(struct exam *exam, const char *name, const char *target);
const char *plant_pipe(struct exam *exam, const char *name);
const char *plant_socket(struct exam *exam, const char *name);
/* /dev/zero under another name; skips the test unless this machine lets us. */
const char *plant_device(struct exam *exam, const char *name);
/* A file of root's with MODE; skips the test unless we are root. */
const char *plant_foreign(struct exam *exam, const char *name, mode_t mode, const char *content);
const char *plant_file(struct exam *exam, const char *name, const char *content);
const char *plant_directory(struct exam *exam, const char *name);

/* Opens the pipe at the server's PATH for a moment, so that a server that hangs in its open() of it
 * goes on. */
void plant_release(struct exam *exam, const char *path);

/* A folder of this machine's /tmp that belongs to the user, so that nothing but the server's
 * confinement keeps the server from it. In it: "secret" with OUTSIDE_CONTENT, and an empty
 * directory "below". */
#define OUTSIDE_CONTENT "beyond the user's folder, ftplint\n"
const char *given_outside(struct exam *exam);

/* What has changed there, in words ("there is a new file ..."); NULL if nothing has. */
const char *outside_change(struct exam *exam);

/* Swaps two names of the test's own folder again and again in a process of its own until
 * plant_calm() or the exam's end. */
void plant_swapping(struct exam *exam, const char *name, const char *other);
void plant_calm(struct exam *exam);

/* For the exam's end. */
void planted_remove(struct exam *exam);

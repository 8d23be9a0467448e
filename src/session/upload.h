/*
 * Uploads: from the data connection into a file that nobody sees before it is complete. The
 * session's commands start them. Private to src/session.
 *
 *   a new or replaced file   is written under a reserved name beside it (unfinished.h), locked, and
 * renamed when the last byte is there: the old content or the new, at every instant, also after
 * kill -9 a continued file         (APPE, or REST at its very end) is appended to in place, under a
 * lock: what was there before is never touched
 */
#pragma once

#include "session/transfer.h"

enum upload_mode { UPLOAD_STORE, UPLOAD_APPEND, UPLOAD_UNIQUE };

/* Starts an upload to PATH (for UPLOAD_UNIQUE it may be "": the present directory). RESTART is the
 * offset of REST. Replies: 150, or why not. */
void upload_start(struct session *session, const char *path, enum upload_mode mode,
                  uint64_t restart, bool ascii);

/*
 * Downloads: a file, as it is or as text, or a listing, to the data connection. The session's
 * commands start them. Private to src/session.
 */
#pragma once

#include "session/listing.h"
#include "session/transfer.h"

/* Starts sending the regular file FILE, which it takes over, of SIZE bytes from START to END
 * (exclusive). With ASCII as text; START is then counted in what is sent, and must be 0. Replies
 * 150. */
void download_file(struct session *session, const char *path, int file, uint64_t start,
                   uint64_t end, bool ascii);

/* Starts sending LISTING, which it takes over. Replies 150. */
void download_listing(struct session *session, const char *path, struct listing *listing);

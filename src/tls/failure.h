/*
 * What went wrong, in words for the log. Private to src/tls.
 */
#pragma once

#include "tls/internal.h"

#include <stdbool.h>

/* Puts a sentence about what stands in OpenSSL's queue of errors (none: about the socket) into the
 * stream, and empties the queue. True if it is that the peer ended without close_notify. */
bool failure_take(struct tls_stream *stream);

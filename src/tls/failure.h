/*
 * What went wrong, in words for the log. Private to src/tls.
 */
#pragma once

#include "tls/internal.h"

/* Puts a sentence about CODE (of ERR_get_error(3); 0: OpenSSL has nothing to say) into the stream.
 */
void failure_words(struct tls_stream *stream, unsigned long code);

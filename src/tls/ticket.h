/* Which TLS sessions are this client's own: see ticket.c. Private to src/tls. */
#pragma once

#include "tls/internal.h"

/* Tickets of CONTEXT carry what ticket_is_own() looks for. */
void ticket_prepare(SSL_CTX *context);
/* After a complete handshake. Negative errno. */
int ticket_mark(struct tls_stream *stream);
bool ticket_is_own(const struct tls_stream *stream);

/*
 * Which TLS sessions are this client's own. Private to src/tls.
 *
 * A session that a data connection resumes proves that it is the client's, if the session was begun
 * on the control connection. One that was begun on a data connection proves nothing: a stranger who
 * made a full handshake there has got a ticket too. So the control connection's session carries a
 * mark, in its tickets as in memory, and every session that comes of it inherits the mark. This
 * holds between logins that share their ticket keys (tls_bind) as it does within one: what they
 * share seals a stranger's tickets too, but does not mark them.
 */
#include "tls/ticket.h"

#include <errno.h>
#include <string.h>

static const char mark[] = "control";

static int mark_session(SSL_SESSION *session)
{
    return SSL_SESSION_set1_ticket_appdata(session, mark, sizeof mark) == 1 ? 0 : -ENOMEM;
}

/* Called for each ticket before it is sealed; 1 goes on. */
static int seal(SSL *ssl, void *argument)
{
    (void)argument;
    const struct tls_stream *stream = SSL_get_app_data(ssl);
    return stream->purpose != TLS_CONTROL || mark_session(SSL_get_session(ssl)) == 0;
}

void ticket_prepare(SSL_CTX *context)
{
    (void)SSL_CTX_set_session_ticket_cb(context, seal, NULL, NULL);
}

int ticket_mark(struct tls_stream *stream)
{
    /* For a client without tickets, which resumes by a number (RFC 5246 section 7.3). */
    return stream->purpose == TLS_CONTROL ? mark_session(SSL_get_session(stream->ssl)) : 0;
}

bool ticket_is_own(const struct tls_stream *stream)
{
    void *data = NULL;
    size_t size = 0;
    return SSL_session_reused(stream->ssl) == 1 &&
           SSL_SESSION_get0_ticket_appdata(SSL_get_session(stream->ssl), &data, &size) == 1 &&
           size == sizeof mark && memcmp(data, mark, sizeof mark) == 0;
}

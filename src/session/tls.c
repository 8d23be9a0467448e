/*
 * TLS of the session: begun with it, before its first byte, or never; a session in clear hands its
 * connection over to a fresh one (session_hand_over). The private key is not here: chains and
 * signatures come from the monitor (ask.c). Used by run.c, data connections and command_tls.c.
 */
#include "lib/clock.h"
#include "lib/text.h"
#include "session/session.h"

#include <string.h>

/* HOST before AUTH names the host for clients that do not do so in TLS (RFC 7151 section 3.2). */
static int answer_identity(void *context, const char *name, uint8_t *ret_chain, size_t *size)
{
    const struct session *session = context;
    return ask_identity(session->monitor, *name ? name : session->host, ret_chain, size);
}

static int answer_sign(void *context, unsigned scheme, const uint8_t *text, size_t text_size,
                       uint8_t *ret_signature, size_t *signature_size)
{
    const struct session *session = context;
    return ask_sign(session->monitor, scheme, text, text_size, ret_signature, signature_size);
}

static int answer_certificate(void *context, const uint8_t *messages, size_t size)
{
    struct session *session = context;
    session->shown_certificate = true;
    return ask_certificate(session->monitor, messages, size);
}

/* With the option that is to blame, if one is. */
static void tell_unavailable(struct session *session, const struct tls_library *library)
{
    char words[TLS_WORDS_MAX] = "";
    struct event event = EVENT_INIT(EVENT_TLS_FAILED);
    event.reason = "unavailable";
    event.detail = library->check(session->config, words) < 0 ? words : NULL;
    tell_event(session, &event);
}

int tls_begin(struct session *session, const struct tls_library *library)
{
    session->questions = (struct tls_questions){
        .context = session,
        .identity = answer_identity,
        .sign = answer_sign,
        .challenge = session->challenge,
        .certificate = answer_certificate,
    };
    int r = library->open(session->config, &session->questions, session->config->tls_kernel,
                          &session->tls);
    if (r == 0) {
        session->library = library;
        r = connection_protect(&session->control.connection, library, session->tls, TLS_CONTROL);
    }
    if (r < 0) {
        tell_unavailable(session, library);
        session_close(session, "tls-failed");
        return r;
    }
    session->handshaking = true;
    return 0;
}

static void tell_success(struct session *session)
{
    struct tls_description about;
    session->library->describe(session->control.connection.stream, &about);
    struct event event = EVENT_INIT(EVENT_TLS);
    event.protocol = about.protocol;
    event.cipher = about.cipher;
    event.resumed = about.resumed ? "yes" : "no";
    event.detail = *about.name ? about.name : NULL;
    tell_event(session, &event);
}

static void give_up(struct session *session, const char *reason)
{
    tls_tell_failure(session, &session->control.connection, reason, NULL);
    session_close(session, "tls-failed");
    session->control.failed = true;
}

/* A client that has said HOST in clear and something else in TLS is not where it wants to be, or
 * not alone (row A23). */
static bool is_host_agreed(const struct session *session)
{
    struct tls_description about;
    session->library->describe(session->control.connection.stream, &about);
    return !*about.name || !*session->host || text_equal_ignoring_case(about.name, session->host);
}

void tls_handshake(struct session *session)
{
    int r = connection_handshake(&session->control.connection);
    if (r == -EAGAIN)
        return;
    if (r < 0) {
        give_up(session, "handshake");
        return;
    }
    session->handshaking = false;
    session->last_activity = clock_msec();
    tell_success(session);
    if (!is_host_agreed(session)) {
        reply(session, 421, "HOST has named one host and TLS (SNI) another. Goodbye.");
        session_close(session, "host-mismatch");
        return;
    }
    if (session->kind == SESSION_NEW_IMPLICIT)
        reply(session, 220, "%s", session->config->server_banner);
}

void tls_time_out(struct session *session)
{
    give_up(session, "timeout");
}

void tls_end(struct session *session)
{
    if (session->tls)
        session->library->close(session->tls);
    session->tls = NULL;
}

void tls_tell_failure(struct session *session, const struct connection *connection,
                      const char *reason, const char *command)
{
    struct event event = EVENT_INIT(EVENT_TLS_FAILED);
    const char *words = connection->tls ? connection->tls->failure(connection->stream) : "";
    event.command = command;
    event.reason = reason;
    event.detail = *words ? words : NULL;
    tell_event(session, &event);
}

void control_fresh_ticket(struct session *session)
{
    const struct connection *connection = &session->control.connection;
    if (connection->tls)
        (void)connection->tls->fresh_ticket(connection->stream); /* a client can do without */
}

/* AUTH, PBSZ, PROT, CCC: TLS as RFC 4217 has it, and what protects data connections. */
#include "lib/cleanup.h"
#include "lib/scan.h"
#include "lib/text.h"
#include "lib/tls_policy.h"
#include "session/command.h"

#include <string.h>

/* RFC 4217 section 17 and appendix A: the older names mean private data connections too. */
static const struct {
    const char *name;
    enum session_kind kind;
} mechanisms[] = {
    {"TLS", SESSION_TLS},
    {"TLS-C", SESSION_TLS},
    {"SSL", SESSION_TLS_PRIVATE},
    {"TLS-P", SESSION_TLS_PRIVATE},
};

/* Whoever could put bytes behind AUTH, in clear, would have them taken for the client's own under
 * TLS (row T01). Here they are in nobody's way, since a fresh process goes on; but whoever sends
 * them is no client. */
static void refuse_injection(struct session *session)
{
    struct event event = EVENT_INIT(EVENT_PROTOCOL_ABUSE);
    event.reason = "tls-injection";
    tell_event(session, &event);
    reply(session, 421, "Nothing can follow AUTH before its answer. Goodbye.");
    session_close(session, "tls-injection");
}

/* No going on in clear where that leads nowhere (row T13). The monitor decides who may; this is
 * about what to say. */
static void refuse_without_tls(struct session *session)
{
    if (tls_policy(session->config, &session->peer, NULL) == USER_MAY) {
        reply(session, 431, "TLS is not available at the moment. Tell the administrator.");
        return;
    }
    reply(session, 421,
          "TLS is not available at the moment, and nobody can log in without it. "
          "Tell the administrator.");
    session_close(session, "tls-unavailable");
}

static void begin_tls(struct session *session, enum session_kind kind)
{
    if (buffer_size(&session->control.input) > 0) {
        refuse_injection(session);
        return;
    }
    int r = ask_tls(session, session->host);
    if (r == -ESHUTDOWN)
        return;
    if (r == -EMFILE) { /* nothing is wrong with the server */
        reply(session, 431, "TLS has begun and ended too often here. Connect anew.");
        return;
    }
    if (r < 0) {
        refuse_without_tls(session);
        return;
    }
    reply(session, 234, "Begin TLS.");
    session_hand_over(session, kind);
}

void command_auth(struct session *session, char *argument)
{
    if (session->logged_in || session->tls) {
        reply(session, 503, session->tls ? "TLS has begun." : "AUTH must come before the login.");
        return;
    }
    for (size_t i = 0; i < ELEMENTS(mechanisms); i++)
        if (text_equal_ignoring_case(argument, mechanisms[i].name)) {
            begin_tls(session, mechanisms[i].kind);
            return;
        }
    reply(session, 504, "The mechanism is TLS: AUTH TLS.");
}

/* RFC 4217 section 9: TLS has records of its own, and the only size is 0. */
void command_pbsz(struct session *session, char *argument)
{
    uint64_t size;
    if (!session->tls) {
        reply(session, 503, "Begin TLS first, with AUTH TLS.");
        return;
    }
    if (scan_u64(argument, UINT32_MAX, &size) < 0) {
        reply(session, 501, "PBSZ needs a number: PBSZ 0");
        return;
    }
    session->settings.sized = true;
    reply(session, 200, "PBSZ=0");
}

static void protect(struct session *session)
{
    session->settings.protect = true;
    reply(session, 200, "Data connections are private.");
}

static void unprotect(struct session *session)
{
    if (session->config->tls_protect_data) {
        reply(session, 534, "Data connections are under TLS here: PROT P");
        return;
    }
    session->settings.protect = false;
    reply(session, 200, "Data connections are in clear.");
}

void command_prot(struct session *session, char *argument)
{
    if (!session->settings.sized) {
        reply(session, 503,
              session->tls ? "Send PBSZ 0 first." : "Begin TLS first, with AUTH TLS.");
        return;
    }
    if (text_equal_ignoring_case(argument, "P"))
        protect(session);
    else if (text_equal_ignoring_case(argument, "C"))
        unprotect(session);
    else if (text_equal_ignoring_case(argument, "S") || text_equal_ignoring_case(argument, "E"))
        reply(session, 536, "TLS has no such level; the levels are P and C.");
    else
        reply(session, 504, "The levels are P (private) and C (clear).");
}

/* RFC 2228 section 3: 533 says that the command itself was not protected. */
void command_ccc(struct session *session, char *argument)
{
    (void)argument;
    if (session->tls)
        reply(session, 534, "The control connection stays under TLS.");
    else
        reply(session, 533, "The control connection is in clear already.");
}

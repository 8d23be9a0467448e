/*
 * TLS, the monitor's part: whether a session that speaks it can begin, and then its certificate and
 * signatures by its key. Runs in the monitor; the handshakes are the session's (src/session).
 *
 * The key never gets into a session: it is read after the session's fork, when the session asks for
 * its identity, and cleared before the next one. What the session gets is signatures, a few, of the
 * texts that a TLS server signs and no others (lib/tls.h).
 */
#include "lib/cleanup.h"
#include "lib/mark.h"
#include "lib/tls_identity.h"
#include "lib/tls_library.h"
#include "monitor/verifier.h"

#include <string.h>
#include <time.h>

enum {
    SIGNATURES_CONTROL = 4, /* for the handshake of the control connection */
    SIGNATURES_DATA = 8,    /* for those who come to one data port */
    HANDOVERS = 4,          /* fresh sessions of one connection */
};

static void log_once(struct monitor *monitor, enum event_id id, const char *reason,
                     const char *detail)
{
    if (requests_admit_noise(monitor))
        monitor_log_reason(monitor, id, reason, detail);
}

/* A renewal in progress looks like a file that is missing, one that is empty or cut off because it
 * is being written, or two that do not match: it is given half a second. */
static bool may_be_renewal(int error)
{
    return error == -EKEYREJECTED || error == -ENOENT || error == -EBADMSG;
}

static int open_identity(struct monitor *monitor, const struct tls_files *files,
                         struct tls_identity **ret)
{
    enum { TRIES = 6, BETWEEN = 100 };
    char words[TLS_SENTENCE_MAX];
    int r = -EKEYREJECTED;
    for (int i = 0; i < TRIES && may_be_renewal(r); i++) {
        if (i > 0 && !monitor_pause(monitor, BETWEEN))
            break;
        r = tls_identity_load(monitor->tls.library, files, ret, words);
    }
    if (r < 0)
        log_once(monitor, EVENT_CERTIFICATE, tls_identity_reason(r), words);
    return r;
}

/* At most once an hour, whichever connection sees it first. */
static void warn_of_expiry(struct monitor *monitor, const struct tls_files *files)
{
    enum { HOUR = 3600 };
    char words[TLS_SENTENCE_MAX], mark[NAME_MAX + 1];
    time_t expires = monitor->tls.library->identity_expires(monitor->tls.identity);
    const char *reason = tls_identity_warning(monitor->config, files, expires, time(NULL), words);
    (void)snprintf(mark, sizeof(mark), "certificate-%.200s", files->host);
    if (reason && mark_take(monitor->config, mark, HOUR) != 0)
        monitor_log_reason(monitor, EVENT_CERTIFICATE, reason, words);
}

int tls_prepare(struct monitor *monitor, const char *name)
{
    struct monitor_tls *tls = &monitor->tls;
    char words[TLS_WORDS_MAX];
    if (!monitor->config->tls_enabled) {
        if (session_kind_is_tls(monitor->kind))
            log_once(monitor, EVENT_SERVER_FAILED, "tls-disabled",
                     "tls.enabled is false: set it, or do not listen on the port of implicit TLS");
        return -ENOTSUP;
    }
    int r = tls->library ? 0 : tls_library_load(&tls->library, words);
    if (r < 0) {
        log_once(monitor, EVENT_SERVER_FAILED, "tls-library", words);
        return r;
    }
    struct tls_files files;
    struct tls_identity *identity = NULL;
    tls_files_find(monitor->config, name, &files);
    r = open_identity(monitor, &files, &identity);
    tls->library->identity_close(identity);
    if (r < 0)
        return r;
    (void)snprintf(tls->host, sizeof(tls->host), "%s", name);
    tls->signatures = SIGNATURES_CONTROL;
    return 0;
}

void tls_release(struct monitor *monitor)
{
    struct monitor_tls *tls = &monitor->tls;
    if (tls->library)
        tls->library->identity_close(tls->identity);
    tls->identity = NULL;
}

int tls_handle(struct monitor *monitor, struct message *message, struct message *answer)
{
    struct monitor_tls *tls = &monitor->tls;
    const char *name = message_get_string(message, REQUEST_HOST_MAX);
    if (!message_end(message))
        return -EBADMSG;
    if (session_kind_is_tls(monitor->kind))
        return -EPROTO;
    /* The way back to clear must stay open; and what is broken is not looked at over and over. */
    if (monitor->handovers + 1 >= HANDOVERS)
        tls->error = -EMFILE;
    if (tls->error == 0)
        tls->error = tls_prepare(monitor, name);
    tls->ready = tls->error == 0;
    message_put_u32(answer, (uint32_t)-tls->error);
    return 0;
}

int handover_handle(struct monitor *monitor, struct message *message)
{
    enum session_kind kind = message_get_u32(message);
    if (!message_end(message))
        return -EBADMSG;
    bool good = session_kind_is_tls(monitor->kind)
                    ? kind == SESSION_CLEAR
                    : (kind == SESSION_TLS || kind == SESSION_TLS_PRIVATE) && monitor->tls.ready;
    if (!good || ++monitor->handovers > HANDOVERS)
        return -EPROTO;
    monitor->kind = kind;
    monitor->phase = PHASE_HANDOVER;
    monitor->named = monitor->allowed = false;
    monitor->tls.ready = monitor->tls.asked = false;
    monitor->tls.protocol[0] = '\0';
    (void)registry_set_protocol(&monitor->registry, "");
    if (kind == SESSION_CLEAR)
        monitor->tls.host[0] = '\0';
    return 0;
}

int identity_handle(struct monitor *monitor, struct message *message, struct message *answer)
{
    struct monitor_tls *tls = &monitor->tls;
    const char *name = message_get_string(message, REQUEST_HOST_MAX);
    if (!message_end(message))
        return -EBADMSG;
    if (!session_kind_is_tls(monitor->kind) || tls->asked)
        return -EPROTO;
    tls->asked = true;
    struct tls_files files;
    tls_files_find(monitor->config, name, &files);
    int r = open_identity(monitor, &files, &tls->identity);
    size_t size = 0;
    const uint8_t *chain = r == 0 ? tls->library->identity_chain(tls->identity, &size) : NULL;
    if (r == 0)
        warn_of_expiry(monitor, &files);
    message_put_u32(answer, (uint32_t)-r);
    message_put_bytes(answer, chain, size);
    return 0;
}

int sign_handle(struct monitor *monitor, struct message *message, struct message *answer)
{
    struct monitor_tls *tls = &monitor->tls;
    uint32_t scheme = message_get_u32(message);
    size_t text_size, size = TLS_SIGNATURE_MAX;
    const uint8_t *text = message_get_bytes(message, TLS_SIGNED_MAX, &text_size);
    if (!message_end(message))
        return -EBADMSG;
    if (!tls->identity)
        return -EPROTO;
    uint8_t signature[TLS_SIGNATURE_MAX];
    int r = -EPERM;
    if (tls->signatures > 0) {
        tls->signatures--;
        r = tls->library->sign(tls->identity, scheme, text, text_size, signature, &size);
        if (r == 0)
            verifier_note_signature(monitor, text, text_size);
    } else if (tls->refused++ == 0) {
        log_once(monitor, EVENT_TLS_FAILED, "too-many-signatures",
                 "handshakes without end on one data port; it was left to them");
    }
    message_put_u32(answer, (uint32_t)-r);
    message_put_bytes(answer, signature, r == 0 ? size : 0);
    return 0;
}

void tls_expect_data(struct monitor *monitor)
{
    monitor->tls.signatures = SIGNATURES_DATA;
}

int tls_report(struct monitor *monitor, const struct event *event)
{
    struct monitor_tls *tls = &monitor->tls;
    if (!session_kind_is_tls(monitor->kind) || tls->protocol[0] || !event->protocol ||
        !event->protocol[0])
        return -EPROTO;
    (void)snprintf(tls->protocol, sizeof(tls->protocol), "%s", event->protocol);
    (void)registry_set_protocol(&monitor->registry, tls->protocol);
    return 0;
}

/* The verifier, seen from the monitor: see verifier.h. */
#include "monitor/verifier.h"

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "monitor/cell.h"

#include <poll.h>
#include <sha2.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/random.h>

/*
 * Rights of the verifier: those of a session before a login, a closed cell, without a connection to
 * anybody but the monitor, which hands it two files to read. They are verified as for every cell
 * (cell_close.c).
 */
void verifier_start(struct monitor *monitor)
{
    struct verifier *verifier = &monitor->verifier;
    if (!session_kind_is_tls(monitor->kind) ||
        monitor->config->tls_client_certificates == CLIENT_CERTIFICATES_OFF)
        return;
    const struct session_start start = {
        .control = -1,
        .config = monitor->config,
        .kind = SESSION_VERIFIER,
        .tls = monitor->tls.library,
    };
    enum cell_step step = CELL_STEP_SOCKET;
    int r = getrandom(verifier->challenge, sizeof(verifier->challenge), 0) ==
                    (ssize_t)sizeof(verifier->challenge)
                ? cell_start(&start, &verifier->cell, &step)
                : -EIO;
    if (r < 0) {
        monitor_log_cell(monitor, cell_step_name(step), r);
        verifier->cell.pid = 0;
    }
}

const uint8_t *verifier_challenge(const struct monitor *monitor)
{
    return monitor->verifier.cell.pid > 0 ? monitor->verifier.challenge : NULL;
}

static void stop_process(struct verifier *verifier)
{
    if (verifier->cell.pid <= 0)
        return;
    (void)pidfd_send_signal(verifier->cell.process, SIGKILL, NULL, 0);
    (void)cell_end(&verifier->cell);
    verifier->cell.pid = 0;
}

void verifier_end(struct monitor *monitor)
{
    struct verifier *verifier = &monitor->verifier;
    stop_process(verifier);
    free(verifier->shown);
    *verifier = (struct verifier){.shown = NULL};
}

/* Only the form of TLS 1.3 ends with a hash; its length tells it from that of TLS 1.2, and the
 * library has looked at the rest. */
void verifier_note_signature(struct monitor *monitor, const uint8_t *text, size_t size)
{
    enum { HEAD = 64 + sizeof("TLS 1.3, server CertificateVerify"), SMALL = 32 };
    struct verifier *verifier = &monitor->verifier;
    size_t hash = size > HEAD && text[0] == ' ' ? size - HEAD : 0;
    if (hash != SMALL && hash != CLIENT_HASH_MAX)
        hash = 0;
    memcpy(verifier->signed_hash, text + size - hash, hash);
    verifier->signed_size = hash;
}

/* Receives one datagram from the verifier, until DEADLINE. */
static int hear(const struct monitor *monitor, uint64_t deadline, struct message *ret, int *ret_fd)
{
    const struct cell *cell = &monitor->verifier.cell;
    struct pollfd watched[] = {
        {.fd = cell->socket, .events = POLLIN},
        {.fd = monitor->signals, .events = POLLIN}, /* serve.c reads them */
    };
    int r;
    message_begin(ret, 0);
    do {
        uint64_t now = clock_msec();
        r = poll(watched, ELEMENTS(watched), now < deadline ? (int)(deadline - now) : 0);
    } while (r < 0 && errno == EINTR);
    if (r < 0)
        return -errno;
    if (!watched[0].revents)
        return r == 0 ? -ETIMEDOUT : -EINTR;
    r = message_receive(cell->socket, ret, ret_fd);
    return r == 1 ? 0 : r == 0 ? -EPIPE : r;
}

/* The cell is closed, or is not. The filter's listener is let go, so that the kernel refuses what
 * the filter does not know without asking anybody. */
static int hear_ready(struct monitor *monitor, uint64_t deadline)
{
    struct message message;
    cleanup_close int listener = -1;
    int r = hear(monitor, deadline, &message, &listener);
    if (r < 0)
        return r;
    uint32_t error = message_get_u32(&message);
    const char *step = message_get_string(&message, REQUEST_STEP_MAX);
    if (message.type != REQUEST_READY || !message_end(&message))
        return -EBADMSG;
    if (error != 0)
        monitor_log_cell(monitor, step, -(int)(error & 0xfff));
    return error != 0 ? -ECANCELED : 0;
}

static int ask(struct monitor *monitor, const struct client_question *question, int authorities,
               int revocations)
{
    struct message message;
    client_question_put(&message, question);
    int r = message_send(monitor->verifier.cell.socket, &message, authorities);
    if (r < 0)
        return r;
    message_begin(&message, CLIENT_REVOCATION_FILE);
    return message_send(monitor->verifier.cell.socket, &message, revocations);
}

static int hear_answer(struct monitor *monitor, uint64_t deadline, struct client_certificate *ret)
{
    struct message message;
    cleanup_close int came = -1;
    int r = hear(monitor, deadline, &message, &came);
    if (r < 0)
        return r;
    return message.type == CLIENT_ANSWER && came < 0 ? client_certificate_get(&message, ret)
                                                     : -EBADMSG;
}

static void hash_chain(const struct monitor *monitor, uint8_t ret[CLIENT_CHAIN_HASH_SIZE])
{
    size_t size = 0;
    const uint8_t *chain = monitor->tls.library->identity_chain(monitor->tls.identity, &size);
    SHA2_CTX state;
    SHA256Init(&state);
    SHA256Update(&state, chain, size);
    SHA256Final(ret, &state);
}

static void set_verdict(struct client_certificate *ret, enum client_verdict verdict,
                        const char *path, int error)
{
    ret->verdict = verdict;
    (void)snprintf(ret->words, sizeof(ret->words), "%.180s: %s", path, client_file_fault(error));
}

/* What the verifier says of MESSAGES. */
static void verify(struct monitor *monitor, const uint8_t *messages, size_t size,
                   struct client_certificate *ret)
{
    enum { PATIENCE = 5000 };
    const struct config *config = monitor->config;
    struct verifier *verifier = &monitor->verifier;
    struct client_question question = {
        .messages = messages, .messages_size = size, .signed_size = verifier->signed_size};
    memcpy(question.signed_hash, verifier->signed_hash, sizeof(question.signed_hash));
    memcpy(question.challenge, verifier->challenge, sizeof(question.challenge));
    hash_chain(monitor, question.chain_hash);
    cleanup_close int authorities = client_file_open(config->tls_client_ca);
    cleanup_close int revocations = client_file_open(config->tls_client_crl);
    if (authorities < 0) {
        set_verdict(ret, CLIENT_AUTHORITIES, config->tls_client_ca, authorities);
        return;
    }
    if (revocations < 0 && revocations != -ENOENT) {
        set_verdict(ret, CLIENT_REVOCATIONS, config->tls_client_crl, revocations);
        return;
    }
    uint64_t deadline = clock_msec() + PATIENCE;
    int r = hear_ready(monitor, deadline);
    if (r == 0)
        r = ask(monitor, &question, authorities, revocations);
    if (r == 0)
        r = hear_answer(monitor, deadline, ret);
    if (r < 0)
        set_verdict(ret, CLIENT_SILENT, "verifier", r);
}

static void log_verdict(struct monitor *monitor, const struct client_certificate *certificate)
{
    cleanup_free char *detail = NULL;
    bool good = certificate->verdict == CLIENT_GOOD;
    const char *words = good ? "sha256:" : certificate->words;
    if (asprintf(&detail, "%s%s%s%s", certificate->subject, *certificate->subject ? "; " : "",
                 words, good ? certificate->fingerprint : "") < 0)
        detail = NULL;
    if (requests_admit_noise(monitor))
        monitor_log_reason(monitor, good ? EVENT_CLIENT_CERTIFICATE : EVENT_CLIENT_REFUSED,
                           client_verdict_word(certificate->verdict), detail);
}

const struct client_certificate *good_certificate(const struct monitor *monitor)
{
    const struct client_certificate *shown = monitor->verifier.shown;
    return shown && shown->verdict == CLIENT_GOOD ? shown : NULL;
}

/* Why there is no good one, for the log. */
static void explain(const struct monitor *monitor, char ret[static sizeof(monitor->login_detail)])
{
    const struct verifier *verifier = &monitor->verifier;
    size_t size = sizeof(monitor->login_detail);
    if (good_certificate(monitor))
        (void)snprintf(ret, size, "the client has shown %.200s", verifier->shown->subject);
    else if (verifier->shown)
        (void)snprintf(ret, size, "the one that the client has shown was refused: %s",
                       client_verdict_word(verifier->shown->verdict));
    else if (monitor->config->tls_client_certificates == CLIENT_CERTIFICATES_OFF)
        (void)snprintf(ret, size, "tls.client_certificates is \"off\"");
    else if (!session_kind_is_tls(monitor->kind))
        (void)snprintf(ret, size, "the session is in clear");
    else if (verifier->signed_size == 0)
        (void)snprintf(ret, size,
                       "the client speaks TLS 1.2, and is asked for its certificate "
                       "under TLS 1.3 only");
    else
        (void)snprintf(ret, size, "the client has shown none");
}

const char *certificate_judge(struct monitor *monitor, const struct account *account,
                              bool password_fits)
{
    const struct client_certificate *good = good_certificate(monitor);
    const char *reason = client_judge(monitor->config, account, good, password_fits);
    if (reason && client_rule(monitor->config, account) > CLIENT_RULE_MAY)
        explain(monitor, monitor->login_detail);
    return reason;
}

/* Only if no other back end comes before the local accounts: it may know the name, and decides
 * about it then. */
bool certificate_is_enough(const struct monitor *monitor, const char *user)
{
    const struct client_certificate *good = good_certificate(monitor);
    cleanup_buffer struct buffer ignored;
    buffer_init(&ignored, 4096);
    cleanup_account struct account *account = NULL;
    return good && strcmp(monitor->config->auth_order[0], "local") == 0 &&
           account_load(monitor->config, user, &account, &ignored) == 0 &&
           !client_judge(monitor->config, account, good, false);
}

int certificate_handle(struct monitor *monitor, struct message *message, struct message *answer)
{
    struct verifier *verifier = &monitor->verifier;
    size_t size;
    const uint8_t *messages = message_get_bytes(message, CLIENT_MESSAGES_MAX, &size);
    if (!message_end(message))
        return -EBADMSG;
    if (!verifier_challenge(monitor) || !monitor->tls.identity)
        return -EPROTO; /* asked once, in a session that was told to */
    verifier->shown = calloc(1, sizeof(*verifier->shown));
    if (!verifier->shown)
        return -ENOMEM;
    verify(monitor, messages, size, verifier->shown);
    stop_process(verifier);
    log_verdict(monitor, verifier->shown);
    message_put_u32(answer, 0);
    return 0;
}

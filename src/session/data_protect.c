/*
 * Data connections under TLS (RFC 4217 section 10): the handshakes of all who have connected, none
 * of which blocks anything else, and the choice of the one that belongs to this session. Private to
 * src/session.
 *
 * A certificate says who the server is and nothing of the client, so a complete handshake is no
 * proof: anybody behind the same address can make one. Resuming the TLS session of the control
 * connection, or of a data connection that has, takes a secret that only this client has. See
 * tls.data_binding in cellftpd.conf(5).
 *
 * Nothing that a candidate does ends the control connection, or the wait for a better one.
 */
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "session/command.h"
#include "session/transfer.h"

#include <string.h>

enum {
    /* Milliseconds for the owner to come, from the command when somebody else was refused, and for
     * another handshake to end, from the one of a client that has not resumed. */
    GRACE = 3000,
    TLS_HANDSHAKE_RECORD = 22, /* the first byte of all (RFC 8446 section 5.1) */
};

static const struct {
    const char *word;
    const char *words;
} failures[DATA_FAILURE_COUNT] = {{NULL, "The data connection did not come about."},
#define DATA_FAILURE_ROW(name, word, words) {word, words},
                                  DATA_FAILURES(DATA_FAILURE_ROW)
#undef DATA_FAILURE_ROW
};

const char *data_failure_word(enum data_failure failure)
{
    return failures[failure].word;
}

const char *data_failure_words(enum data_failure failure)
{
    return failures[failure].words;
}

static bool is_free(const struct candidate *candidate)
{
    return candidate->connection.fd < 0;
}

static bool is_done(const struct candidate *candidate)
{
    return candidate->state == CANDIDATE_UNBOUND || candidate->state == CANDIDATE_BOUND;
}

void data_refuse(struct session *session, struct candidate *candidate, enum data_failure failure,
                 const char *detail)
{
    struct address peer;
    char address[ADDRESS_TEXT_MAX] = "unknown";
    char text[ADDRESS_TEXT_MAX + TLS_WORDS_MAX + 32];
    bool known = address_of_peer(candidate->connection.fd, &peer) == 0;
    if (known)
        address_format(&peer, address, sizeof(address));
    (void)snprintf(text, sizeof(text), "%s port %u%s%s", address, known ? peer.port : 0u,
                   detail ? ": " : "", detail ? detail : "");
    struct event event = EVENT_INIT(EVENT_DATA_REFUSED);
    event.command = session->transfer ? session->transfer->command->verb : NULL;
    event.reason = data_failure_word(failure);
    event.detail = text;
    tell_event(session, &event);
    session->data.failure = failure;
    connection_close(&candidate->connection);
}

/* The place of a candidate that has not said anything, the one that came first, or of the one that
 * came first: the owner talks as soon as it may. */
static struct candidate *make_room(struct session *session)
{
    struct candidate *oldest = NULL;
    bool oldest_is_silent = false;
    for (size_t i = 0; i < DATA_CANDIDATES_MAX; i++) {
        struct candidate *candidate = &session->data.candidates[i];
        if (is_free(candidate))
            return candidate;
        bool is_silent =
            candidate->state == CANDIDATE_SILENT && connection_peek(&candidate->connection) < 0;
        if (!oldest || (is_silent && !oldest_is_silent) ||
            (is_silent == oldest_is_silent && candidate->number < oldest->number)) {
            oldest = candidate;
            oldest_is_silent = is_silent;
        }
    }
    data_refuse(session, oldest, DATA_FAILURE_CROWDED, NULL);
    return oldest;
}

void data_add_candidate(struct session *session, int fd)
{
    struct candidate *candidate = make_room(session);
    *candidate = (struct candidate){.state = CANDIDATE_SILENT, .number = ++session->data.came};
    connection_init(&candidate->connection, fd);
}

/* Its first byte tells whether this is TLS at all. Who says nothing costs nothing. */
static int begin_handshake(struct session *session, struct candidate *candidate)
{
    int byte = connection_peek(&candidate->connection);
    if (byte == -EAGAIN)
        return byte;
    if (byte < 0)
        data_refuse(session, candidate, DATA_FAILURE_ENDED, NULL);
    else if (byte != TLS_HANDSHAKE_RECORD)
        data_refuse(session, candidate, DATA_FAILURE_CLEAR, NULL);
    if (is_free(candidate))
        return -ECONNRESET;
    bool upload = (session->transfer->kind->events & POLLIN) != 0;
    int r = connection_protect(&candidate->connection, session->library, session->tls,
                               upload ? TLS_UPLOAD : TLS_DOWNLOAD);
    if (r < 0) {
        data_refuse(session, candidate, DATA_FAILURE_HANDSHAKE, strerrordesc_np(-r));
        return r;
    }
    candidate->state = CANDIDATE_HANDSHAKE;
    return 0;
}

static bool must_be_bound(const struct session *session)
{
    uint64_t binding = session->config->tls_data_binding;
    return binding == DATA_BINDING_REQUIRE || (binding == DATA_BINDING_AUTO && session->data.bound);
}

/* Its handshake is complete. */
static void judge(struct session *session, struct candidate *candidate)
{
    struct tls_description description;
    /* Also for who is refused: if it was the client, the next try can resume. Only the client reads
     * the control connection. */
    control_fresh_ticket(session);
    session->library->describe(candidate->connection.stream, &description);
    candidate->since = clock_msec();
    candidate->state = description.resumed ? CANDIDATE_BOUND : CANDIDATE_UNBOUND;
    if (!description.resumed && must_be_bound(session))
        data_refuse(session, candidate, DATA_FAILURE_UNRESUMED, NULL);
}

static void advance(struct session *session, struct candidate *candidate, uint64_t latest)
{
    uint64_t now = clock_msec();
    if (candidate->deadline == 0)
        candidate->deadline = now + session->config->tls_handshake;
    if (candidate->deadline > latest)
        candidate->deadline = latest;
    int r = candidate->state == CANDIDATE_SILENT ? begin_handshake(session, candidate) : 0;
    if (r == 0)
        r = connection_handshake(&candidate->connection);
    if (is_free(candidate))
        return;
    if (r == 0)
        judge(session, candidate);
    else if (r != -EAGAIN)
        data_refuse(session, candidate, DATA_FAILURE_HANDSHAKE,
                    session->library->failure(candidate->connection.stream));
    else if (now >= candidate->deadline)
        data_refuse(session, candidate, DATA_FAILURE_TIMEOUT, NULL);
}

/* One that is bound, or one that is not if no better one may come any more. */
static struct candidate *choose(struct session *session)
{
    struct candidate *unbound = NULL;
    bool others = false;
    for (size_t i = 0; i < DATA_CANDIDATES_MAX; i++) {
        struct candidate *candidate = &session->data.candidates[i];
        if (is_free(candidate))
            continue;
        if (candidate->state == CANDIDATE_BOUND)
            return candidate;
        if (candidate->state == CANDIDATE_UNBOUND && !unbound)
            unbound = candidate;
        others = others || !is_done(candidate);
    }
    bool waits = others && session->config->tls_data_binding != DATA_BINDING_OFF;
    if (unbound && waits && clock_msec() < unbound->since + GRACE)
        return NULL;
    return unbound;
}

static void tell_unbound(struct session *session)
{
    if (session->config->tls_data_binding != DATA_BINDING_AUTO || session->data.unbound_told)
        return;
    session->data.unbound_told = true;
    struct event event = EVENT_INIT(EVENT_DATA_UNBOUND);
    tell_event(session, &event);
}

/* CHOSEN is the data connection; listener and all others are closed. */
static void take(struct session *session, struct candidate *chosen)
{
    struct data *data = &session->data;
    if (chosen->state == CANDIDATE_BOUND)
        data->bound = true;
    else
        tell_unbound(session);
    data->connection = chosen->connection;
    data->connected = true;
    connection_init(&chosen->connection, -1);
    data->listener = close_fd(data->listener);
    for (size_t i = 0; i < DATA_CANDIDATES_MAX; i++)
        if (!is_free(&data->candidates[i]))
            data_refuse(session, &data->candidates[i], DATA_FAILURE_LATE, NULL);
    data->failure = DATA_FAILURE_NONE;
}

int data_protect(struct session *session)
{
    struct data *data = &session->data;
    /* However many come and are refused, there is an end. */
    uint64_t latest = session->transfer->progress + session->config->transfer_connect +
                      session->config->tls_handshake;
    for (size_t i = 0; i < DATA_CANDIDATES_MAX; i++) {
        struct candidate *candidate = &data->candidates[i];
        if (!is_free(candidate) && !is_done(candidate))
            advance(session, candidate, latest);
    }
    struct candidate *chosen = choose(session);
    if (chosen) {
        take(session, chosen);
        return 1;
    }
    if (data_has_candidate(data) || clock_msec() < data_protect_deadline(session))
        return 0;
    return data->failure == DATA_FAILURE_NONE ? -ETIMEDOUT : -EPROTO;
}

uint64_t data_protect_deadline(const struct session *session)
{
    const struct data *data = &session->data;
    uint64_t deadline = UINT64_MAX;
    for (size_t i = 0; i < DATA_CANDIDATES_MAX; i++) {
        const struct candidate *candidate = &data->candidates[i];
        if (is_free(candidate))
            continue;
        uint64_t end = is_done(candidate)         ? candidate->since + GRACE
                       : candidate->deadline == 0 ? UINT64_MAX
                                                  : candidate->deadline;
        if (end < deadline)
            deadline = end;
    }
    if (data_has_candidate(data))
        return deadline;
    if (data->failure == DATA_FAILURE_NONE)
        return session->transfer->progress + session->config->transfer_connect;
    /* Who was refused may have been a stranger; but nobody is called twice. */
    return data->kind == DATA_ACTIVE ? 0 : session->transfer->progress + GRACE;
}

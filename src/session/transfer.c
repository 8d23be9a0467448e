/*
 * A transfer, whatever it moves: waiting for the data connection, moving, deadlines, the end. The
 * kinds (download.c, upload.c, command_hash.c) know what the bytes are; the poll loop (run.c) knows
 * when.
 */
#include "session/transfer.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/text.h"
#include "session/command.h"
#include "session/command_record.h"

#include <poll.h>
#include <string.h>

bool transfer_is_possible(struct session *session)
{
    if (session->tls && session->config->tls_protect_data && !session->settings.protect) {
        reply(session, 522, "Data connections must be under TLS here; send PBSZ 0 and PROT P.");
        return false;
    }
    if (session->data.kind != DATA_NONE)
        return true;
    reply(session, 425, "Send EPSV, PASV, EPRT or PORT first.");
    return false;
}

static void transfer_free(struct transfer *transfer)
{
    transfer->kind->free(transfer);
    free(transfer);
}

struct transfer *transfer_start(struct session *session, const struct transfer_kind *kind,
                                void *state, const char *path, const char *greeting)
{
    struct transfer *transfer = calloc(1, sizeof(*transfer));
    if (!transfer) {
        struct transfer failed = {.kind = kind, .state = state};
        kind->free(&failed);
        reply_error(session, 451, -ENOMEM);
        return NULL;
    }
    *transfer = (struct transfer){
        .kind = kind,
        .state = state,
        .command = session->command,
        .started = clock_usec(),
        .progress = clock_msec(),
    };
    transfer->reported = transfer->progress;
    path_full(path, transfer->path);
    session->transfer = transfer;
    if (greeting)
        reply(session, 150, "%s", greeting);
    return transfer;
}

/* What "cellftpctl who" shows; not more often than once a second. */
static void tell_progress(struct session *session, struct transfer *transfer, uint64_t now)
{
    enum { EVERY = 1000 };
    if (now - transfer->reported < EVERY)
        return;
    transfer->reported = now;
    char text[REQUEST_STATUS_MAX];
    (void)snprintf(text, sizeof(text), "%s %.160s %llu bytes", transfer->command->verb,
                   transfer->path, (unsigned long long)transfer->bytes);
    for (char *byte = text; *byte; byte++)
        if (!text_is_plain(byte, 1))
            *byte = '?'; /* somebody else may have given a directory such a name */
    transfer->told = true;
    tell_status(session, text);
}

static void remember_tls(struct transfer *transfer, const struct connection *connection)
{
    struct tls_description description;
    if (!connection->tls)
        return;
    connection->tls->describe(connection->stream, &description);
    (void)snprintf(transfer->protocol, sizeof(transfer->protocol), "%s", description.protocol);
    transfer->resumed = description.resumed;
}

/* Brings the data connection about. 1 when it is there, 0 to wait, negative errno. */
static int connect_first(struct session *session, struct transfer *transfer)
{
    if (transfer->connected || transfer->kind->events == 0)
        return 1;
    int r = data_establish(session);
    if (r == 1) {
        transfer->connected = true;
        transfer->progress = clock_msec();
        remember_tls(transfer, &session->data.connection);
    }
    return r;
}

static bool is_download(const struct transfer *transfer)
{
    return (transfer->kind->events & POLLOUT) != 0;
}

static enum pace_direction direction_of(const struct transfer *transfer)
{
    return is_download(transfer) ? PACE_DOWNLOAD : PACE_UPLOAD;
}

bool transfer_is_paused(const struct transfer *transfer)
{
    return transfer->paused_until > clock_msec();
}

size_t transfer_most(const struct session *session, size_t size)
{
    return pacing_most(session, direction_of(session->transfer), size);
}

/* 0 if bytes may move, -EAGAIN if the rates say to wait. Nobody has stalled meanwhile. */
static int pace(struct session *session, struct transfer *transfer)
{
    if (transfer->kind->events == 0 || transfer->finishing)
        return 0;
    int r = pacing_wait(session, direction_of(transfer), &transfer->paused_until);
    if (r < 0 || transfer->paused_until == 0)
        return r;
    transfer->progress = transfer->paused_until;
    return -EAGAIN;
}

short transfer_events(const struct transfer *transfer)
{
    if (transfer->finishing)
        return POLLOUT;
    bool listens = is_download(transfer) && *transfer->protocol && !transfer->ended;
    return (short)(transfer->kind->events | (listens ? POLLIN : 0));
}

bool transfer_is_ready(const struct session *session)
{
    const struct transfer *transfer = session->transfer;
    if (transfer->kind->events == 0) /* a checksum has nothing to wait for */
        return true;
    if (transfer->paused_until > 0)
        return !transfer_is_paused(transfer);
    return transfer->connected && !transfer->waits;
}

/* TLS has something to say in both directions: an alert, new keys. What else the client of a
 * download sends is nobody's. */
void transfer_listen(struct session *session)
{
    enum { AT_ONCE = 16 };
    struct transfer *transfer = session->transfer;
    ssize_t size = 1;
    if (!transfer->connected || transfer->finishing || !*transfer->protocol ||
        !is_download(transfer))
        return;
    for (int i = 0; i < AT_ONCE && size > 0; i++) {
        char bytes[4096];
        size = connection_read(&session->data.connection, bytes, sizeof(bytes));
    }
    if (size > 0 || size == -EAGAIN || size == -EINTR)
        return;
    transfer->ended = true;
    /* In TLS 1.3 a client may close its direction alone (RFC 8446 section 6.1); before, its
     * close_notify is the end of both (RFC 5246 section 7.2.1). Without one, nothing can be said to
     * it any more. */
    if (size < 0 || strcmp(transfer->protocol, "TLSv1.2") == 0)
        transfer_end(session, size == -EPROTO ? -EPROTO : -ECONNRESET);
}

/* All bytes are moved: the final reply comes when the client can have them, and what tells it that
 * they are all (row T04). TRANSFER_DONE, -EAGAIN, negative errno. */
static int finish_connection(struct session *session, struct transfer *transfer)
{
    struct connection *connection = &session->data.connection;
    transfer->finishing = true;
    int r = connection_flush(connection);
    if (r == 0) {
        /* It may have been content and gone before that word. */
        r = connection_finish(connection);
        if (r != -EAGAIN)
            r = 0;
    }
    /* Who uploads may be gone when we answer its last word. */
    return r == 0 || !is_download(transfer) ? TRANSFER_DONE : r;
}

static int step(struct session *session, struct transfer *transfer)
{
    if (transfer->finishing)
        return finish_connection(session, transfer);
    int r = transfer->kind->step(session, transfer);
    if (r == TRANSFER_DONE && transfer->kind->events != 0)
        return finish_connection(session, transfer);
    return r;
}

void transfer_run(struct session *session)
{
    enum { STEPS_AT_ONCE = 16 }; /* then the control connection gets its turn */
    struct transfer *transfer = session->transfer;
    /* A step of a checksum is work, one over the network at most a copy. */
    int steps = transfer->kind->events == 0 ? 1 : STEPS_AT_ONCE;
    int r = connect_first(session, transfer);
    if (r == 0)
        return;
    transfer->paused_until = 0;
    for (int i = 0; r >= 0 && i < steps; i++) {
        uint64_t before = transfer->bytes;
        r = pace(session, transfer);
        if (r < 0)
            break;
        r = step(session, transfer);
        if (transfer->bytes != before) {
            pacing_spend(session, direction_of(transfer), transfer->bytes - before);
            transfer->progress = clock_msec();
        }
        if (r == TRANSFER_DONE) {
            transfer_end(session, 0);
            return;
        }
        if (r == -EAGAIN)
            break;
    }
    transfer->waits = r == -EAGAIN;
    if (r < 0 && r != -EAGAIN)
        transfer_end(session, r);
    else
        tell_progress(session, transfer, clock_msec());
}

void transfer_end(struct session *session, int error)
{
    struct transfer *transfer = session->transfer;
    enum data_failure failure = session->data.failure; /* of who wanted to be the connection */
    bool full = error == -EDQUOT || error == -ENOSPC || error == -EFBIG;
    if (transfer->kind->events != 0 && (error == 0 || (full && transfer->connected)))
        data_leave(&session->data, full);
    else if (transfer->kind->events != 0)
        data_close(&session->data);
    session->data.failure = failure;
    transfer->kind->finish(session, transfer, error);
    if (transfer->told)
        tell_status(session, "idle");
    command_record_end(session, transfer->record);
    session->transfer = NULL;
    transfer_free(transfer);
    session->last_activity = clock_msec();
}

void transfer_drop(struct session *session)
{
    if (session->transfer)
        transfer_end(session, -ECONNRESET);
}

uint64_t transfer_deadline(const struct session *session)
{
    const struct transfer *transfer = session->transfer;
    uint64_t deadline = transfer->deadline;
    if (transfer->kind->events == 0)
        return deadline;
    if (!transfer->connected && session->settings.protect) {
        uint64_t handshakes = data_protect_deadline(session);
        return deadline != 0 && deadline < handshakes ? deadline : handshakes;
    }
    uint64_t patience =
        transfer->connected ? session->config->transfer_stall : session->config->transfer_connect;
    uint64_t idle = transfer->progress + patience;
    return deadline != 0 && deadline < idle ? deadline : idle;
}

/* True if somebody came to be the data connection, and was not taken. */
static bool is_refused(const struct session *session)
{
    const struct transfer *transfer = session->transfer;
    return !transfer->connected && session->data.failure != DATA_FAILURE_NONE;
}

void transfer_expire(struct session *session)
{
    /* One of several handshakes took too long: that need not be the end of the transfer. */
    if (!session->transfer->connected && session->settings.protect)
        transfer_run(session);
    if (session->transfer && clock_msec() >= transfer_deadline(session))
        transfer_end(session, -ETIMEDOUT);
}

void transfer_log(struct session *session, const struct transfer *transfer, enum event_id id,
                  int error, unsigned code)
{
    struct event event = EVENT_INIT(id);
    event.command = transfer->command->verb;
    event.path = transfer->path;
    event.type = id == EVENT_LIST || id == EVENT_HASH ? NULL : transfer->ascii ? "A" : "I";
    event.bytes = transfer->bytes;
    event.offset = transfer->offset > 0 ? transfer->offset : EVENT_UNSET;
    event.duration = clock_usec() - transfer->started;
    event.reply = code;
    if (*transfer->protocol) {
        event.protocol = transfer->protocol;
        event.resumed = transfer->resumed ? "yes" : "no";
    }
    event.reason = error == -ECANCELED   ? "aborted"
                   : error == -ESHUTDOWN ? "session-ended"
                   : is_refused(session) ? data_failure_word(session->data.failure)
                   : error < 0           ? reply_reason(error)
                                         : NULL;
    tell_event(session, &event);
}

unsigned transfer_reply_failed(struct session *session, int error)
{
    const struct transfer *transfer = session->transfer;
    unsigned code;
    if (transfer->kind->events != 0 && !transfer->connected && error != -ECANCELED) {
        /* RFC 4217 section 10.1: TLS was not as it must be. */
        code = is_refused(session) ? 522 : 425;
        reply(session, code, "%s", data_failure_words(session->data.failure));
        return code;
    }
    reply_error(session, 451, error);
    return session->replied;
}

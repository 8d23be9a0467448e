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

#include <string.h>
#include <sys/socket.h>

bool transfer_is_possible(struct session *session)
{
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

/* Brings the data connection about. 1 when it is there, 0 to wait, negative errno. */
static int connect_first(struct session *session, struct transfer *transfer)
{
    if (transfer->connected || transfer->kind->events == 0)
        return 1;
    int r = data_establish(session);
    if (r == 1) {
        transfer->connected = true;
        transfer->progress = clock_msec();
    }
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
    for (int i = 0; r >= 0 && i < steps; i++) {
        uint64_t before = transfer->bytes;
        r = transfer->kind->step(session, transfer);
        if (transfer->bytes != before)
            transfer->progress = clock_msec();
        if (r == TRANSFER_DONE) {
            transfer_end(session, 0);
            return;
        }
        if (r == -EAGAIN)
            break;
    }
    if (r < 0 && r != -EAGAIN)
        transfer_end(session, r);
    else
        tell_progress(session, transfer, clock_msec());
}

void transfer_end(struct session *session, int error)
{
    struct transfer *transfer = session->transfer;
    if (transfer->kind->events != 0)
        data_close(&session->data);
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
    uint64_t patience =
        transfer->connected ? session->config->transfer_stall : session->config->transfer_connect;
    uint64_t idle = transfer->progress + patience;
    return deadline != 0 && deadline < idle ? deadline : idle;
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
    event.reason = error == -ECANCELED   ? "aborted"
                   : error == -ESHUTDOWN ? "session-ended"
                   : error < 0           ? strerrordesc_np(-error)
                                         : NULL;
    tell_event(session, &event);
}

unsigned transfer_reply_failed(struct session *session, int error)
{
    const struct transfer *transfer = session->transfer;
    if (transfer->kind->events != 0 && !transfer->connected && error != -ECANCELED) {
        reply(session, 425, "The data connection did not come about.");
        return 425;
    }
    unsigned code = reply_code(451, error);
    reply(session, code, "%s", reply_words(error));
    return code;
}

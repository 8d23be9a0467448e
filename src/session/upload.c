/* Uploads: see upload.h. This file moves the bytes and ends the upload; upload_target.c opens what
 * they go to. */
#include "session/upload.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "session/ascii.h"
#include "session/upload_target.h"

#include <fcntl.h>
#include <poll.h>

struct upload {
    struct session *session;
    struct upload_target target;
    bool ascii;
    bool held_cr;
    bool unique; /* STOU: the reply names the file */
};

static void upload_free(struct transfer *transfer)
{
    struct upload *upload = transfer->state;
    upload_target_release(upload->session, &upload->target);
    free(upload);
}

static int write_text(struct upload *upload, const char *bytes, size_t size, char *converted)
{
    size_t length = ascii_decode(bytes, size, &upload->held_cr, converted);
    return upload_target_write(upload->session, &upload->target, converted, length);
}

/* In clear, the end of the data is the end of the file, unless the client ended altogether: one
 * that was killed closes both connections, and half a file must not replace a whole one (row F01).
 * Who says QUIT means it. */
static bool client_is_gone(struct session *session)
{
    if (session->data.connection.tls)
        return false; /* it has said that this is the end */
    control_read(&session->control);
    return session->control.failed ||
           (session->control.ended && !control_waits_for(&session->control, "QUIT"));
}

static int step(struct session *session, struct transfer *transfer)
{
    struct upload *upload = transfer->state;
    if (upload->target.source >= 0) {
        transfer->progress = clock_msec(); /* nothing moves on the network meanwhile */
        int copied = upload_target_copy(&upload->target);
        return copied < 0 ? copied : TRANSFER_MORE;
    }
    char *scratch = session_scratch(session);
    if (!scratch)
        return -ENOMEM;
    /* As text, the second half is for what it becomes. */
    size_t space = upload->ascii ? SESSION_SCRATCH / 2 - 1 : SESSION_SCRATCH;
    ssize_t size = connection_read(&session->data.connection, scratch, space);
    if (size < 0)
        return size == -EINTR ? TRANSFER_MORE : (int)size;
    if (size == 0)
        return client_is_gone(session) ? -ECONNRESET : TRANSFER_DONE;
    transfer->bytes += (uint64_t)size;
    int r = upload->ascii ? write_text(upload, scratch, (size_t)size, scratch + SESSION_SCRATCH / 2)
                          : upload_target_write(session, &upload->target, scratch, (size_t)size);
    return r < 0 ? r : TRANSFER_MORE;
}

/* The last byte is there: make it a file. */
static int complete(struct session *session, struct upload *upload)
{
    int r = upload->held_cr ? upload_target_write(session, &upload->target, "\r", 1) : 0;
    return r < 0 ? r : upload_target_publish(&upload->target, session->config->files_sync);
}

static void finish(struct session *session, struct transfer *transfer, int error)
{
    struct upload *upload = transfer->state;
    session->bytes_received += transfer->bytes;
    if (error == 0)
        error = complete(session, upload);
    if (error < 0)
        upload_target_abandon(&upload->target, session->config->files_keep_partial, error);
    upload_target_settle(session, &upload->target);
    unsigned code = 226;
    if (error == 0) {
        if (upload->unique)
            reply(session, code, "File stored as %s", upload->target.shown);
        else
            reply(session, code, "File stored.");
    } else {
        code = transfer_reply_failed(session, error);
    }
    transfer_log(session, transfer, error == 0 ? EVENT_UPLOAD : EVENT_UPLOAD_FAILED, error, code);
}

static const struct transfer_kind kind_upload = {POLLIN, step, finish, upload_free};

void upload_start(struct session *session, const char *path, enum upload_mode mode,
                  uint64_t restart, bool ascii)
{
    struct upload *upload = calloc(1, sizeof(*upload));
    int r = -ENOMEM;
    if (upload) {
        upload->session = session;
        upload->ascii = ascii;
        upload->unique = mode == UPLOAD_UNIQUE;
        r = upload_target_open(session, path, mode, restart, &upload->target);
    }
    if (r < 0) {
        free(upload);
        event_refused(session, path, r);
        if (r == -ERANGE)
            reply(session, 554, "The file is not that long.");
        else
            reply_error(session, r == -EISDIR || r == -EEXIST ? 553 : 550, r);
        return;
    }
    char full[PATH_MAX], greeting[PATH_MAX + 64];
    path_full(upload->target.shown, full);
    /* RFC 1123 section 4.1.2.9 has the exact words for STOU. */
    (void)snprintf(greeting, sizeof(greeting), "FILE: %s", upload->target.shown);
    uint64_t offset = upload->target.start;
    struct transfer *transfer = transfer_start(session, &kind_upload, upload, full,
                                               upload->unique ? greeting : "Send the file.");
    if (transfer) {
        transfer->ascii = ascii;
        transfer->offset = offset;
    }
}

/* RETR, STOR, APPE, STOU, ABOR: files over the data connection. */
#include "lib/cleanup.h"
#include "session/command.h"
#include "session/download.h"
#include "session/upload.h"

/* Where a download begins and ends: REST or RANG, within a file of SIZE bytes. Replies if that
 * cannot be. */
static bool download_range(struct session *session, uint64_t size, uint64_t *ret_start,
                           uint64_t *ret_end)
{
    const struct pending *pending = &session->pending;
    uint64_t start = pending->has_range ? pending->range_start : pending->restart;
    uint64_t end = pending->has_range && pending->range_end < size ? pending->range_end : size;
    if (start > size) {
        reply(session, 554, "The file is not that long.");
        return false;
    }
    *ret_start = start;
    *ret_end = end > start ? end : start;
    return true;
}

/* Offsets count bytes of the file; as text it has others (RFC 3659 section 5 leaves that to a
 * guess). */
static bool offset_is_possible(struct session *session)
{
    bool offset = session->pending.restart > 0 || session->pending.has_range;
    if (offset && session->settings.ascii)
        reply(session, 501, "REST and RANG need TYPE I.");
    return !offset || !session->settings.ascii;
}

void command_retr(struct session *session, char *argument)
{
    uint64_t size, start, end;
    if (!transfer_is_possible(session) || !offset_is_possible(session))
        return;
    int file = path_open_file(session, argument, &size);
    if (file < 0) {
        event_refused(session, argument, file);
        reply_error(session, 550, file);
        return;
    }
    if (!download_range(session, size, &start, &end)) {
        (void)close_fd(file);
        return;
    }
    download_file(session, argument, file, start, end, session->settings.ascii);
}

static void upload(struct session *session, const char *path, enum upload_mode mode)
{
    if (!transfer_is_possible(session) || !offset_is_possible(session))
        return;
    if (session->pending.has_range) {
        reply(session, 501, "RANG is for downloads and checksums; use REST.");
        return;
    }
    upload_start(session, path, mode, session->pending.restart, session->settings.ascii);
}

void command_stor(struct session *session, char *argument)
{
    upload(session, argument, UPLOAD_STORE);
}

void command_appe(struct session *session, char *argument)
{
    upload(session, argument, UPLOAD_APPEND);
}

void command_stou(struct session *session, char *argument)
{
    upload(session, argument, UPLOAD_UNIQUE);
}

/* The poll loop has ended the transfer when it saw this coming (run.c); what is left is the answer.
 */
void command_abor(struct session *session, char *argument)
{
    (void)argument;
    data_close(&session->data);
    reply(session, 226, "No transfer is running.");
}

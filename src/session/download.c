/* Downloads: see download.h. */
#include "session/download.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "session/ascii.h"

#include <poll.h>

enum { SEND_AT_ONCE = 1 << 20, TEXT_AT_ONCE = 64 * 1024 };

struct download {
    int file;               /* -1 for a listing */
    uint64_t position, end; /* in the file */
    bool ascii;
    struct listing *listing;
    size_t held_start, held; /* read into the scratch buffer, not yet sent */
    struct buffer text;      /* converted or listed, not yet sent */
    bool exhausted;          /* nothing more will come into text */
};

static void download_free(struct transfer *transfer)
{
    struct download *download = transfer->state;
    (void)close_fd(download->file);
    listing_free(download->listing);
    buffer_free(&download->text);
    free(download);
}

/* What the kernel cannot send by itself, as under TLS without its help: large pieces, which become
 * full records. The scratch buffer is ours as long as the transfer runs. */
static ssize_t send_pieces(struct session *session, struct download *download)
{
    _Static_assert((int)TLS_RECORDS_MAX <= (int)SESSION_SCRATCH, "what one write takes fits");
    char *scratch = session_scratch(session);
    if (!scratch)
        return -ENOMEM;
    if (download->held == 0) {
        uint64_t left = download->end - download->position;
        ssize_t size =
            pread(download->file, scratch, left < TLS_RECORDS_MAX ? left : TLS_RECORDS_MAX,
                  (off_t)download->position);
        if (size <= 0)
            return size < 0 ? -errno : 0;
        download->held_start = 0;
        download->held = (size_t)size;
    }
    ssize_t size = connection_write(&session->data.connection, scratch + download->held_start,
                                    transfer_most(session, download->held));
    if (size > 0) {
        download->held_start += (size_t)size;
        download->held -= (size_t)size;
    }
    return size;
}

/* Bytes of the file, by the kernel alone if it can. The file is sent up to the size that it had
 * when it was opened: what a writer appends meanwhile is not part of it, and if it became shorter
 * that is an error and not the end (row F06). */
static int step_plain(struct session *session, struct transfer *transfer)
{
    struct download *download = transfer->state;
    if (download->position >= download->end)
        return TRANSFER_DONE;
    uint64_t left = download->end - download->position;
    ssize_t size =
        connection_send_file(&session->data.connection, download->file, (off_t)download->position,
                             transfer_most(session, left < SEND_AT_ONCE ? left : SEND_AT_ONCE));
    if (size == -EOPNOTSUPP)
        size = send_pieces(session, download);
    if (size < 0)
        return (int)size;
    if (size == 0)
        return -ESTALE;
    download->position += (uint64_t)size;
    transfer->bytes += (uint64_t)size;
    return download->position >= download->end ? TRANSFER_DONE : TRANSFER_MORE;
}

static int fill_from_file(struct session *session, struct download *download)
{
    char *scratch = session_scratch(session);
    char *room;
    if (!scratch)
        return -ENOMEM;
    uint64_t left = download->end - download->position;
    ssize_t size = pread(download->file, scratch, left < TEXT_AT_ONCE ? left : TEXT_AT_ONCE,
                         (off_t)download->position);
    if (size < 0)
        return -errno;
    if (size == 0 && left > 0)
        return -ESTALE;
    int r = buffer_reserve(&download->text, 2 * (size_t)size, &room);
    if (r < 0)
        return r;
    buffer_commit(&download->text, ascii_encode(scratch, (size_t)size, room));
    download->position += (uint64_t)size;
    download->exhausted = download->position >= download->end;
    return 0;
}

static int fill_from_listing(struct download *download)
{
    int r = listing_fill(download->listing, &download->text, TEXT_AT_ONCE);
    if (r < 0)
        return r;
    download->exhausted = r == 0;
    return 0;
}

static int step_text(struct session *session, struct transfer *transfer)
{
    struct download *download = transfer->state;
    if (buffer_size(&download->text) == 0 && !download->exhausted) {
        int r = download->listing ? fill_from_listing(download) : fill_from_file(session, download);
        if (r < 0)
            return r == -EAGAIN ? -EIO : r;
    }
    if (buffer_size(&download->text) > 0) {
        ssize_t size = connection_write(&session->data.connection, buffer_begin(&download->text),
                                        transfer_most(session, buffer_size(&download->text)));
        if (size < 0)
            return (int)size;
        buffer_consume(&download->text, (size_t)size);
        transfer->bytes += (uint64_t)size;
    }
    return download->exhausted && buffer_size(&download->text) == 0 ? TRANSFER_DONE : TRANSFER_MORE;
}

static int step(struct session *session, struct transfer *transfer)
{
    const struct download *download = transfer->state;
    int r = download->ascii || download->listing ? step_text(session, transfer)
                                                 : step_plain(session, transfer);
    return r == -EINTR ? TRANSFER_MORE : r;
}

static void finish_file(struct session *session, struct transfer *transfer, int error)
{
    session->bytes_sent += transfer->bytes;
    unsigned code = 226;
    if (error == 0)
        reply(session, code, "File sent.");
    else
        code = transfer_reply_failed(session, error);
    transfer_log(session, transfer, error == 0 ? EVENT_DOWNLOAD : EVENT_DOWNLOAD_FAILED, error,
                 code);
}

static void finish_listing(struct session *session, struct transfer *transfer, int error)
{
    const struct download *download = transfer->state;
    session->bytes_sent += transfer->bytes;
    unsigned code = 226;
    if (error == 0)
        reply(session, code, "%llu entries listed.",
              (unsigned long long)listing_count(download->listing));
    else
        code = transfer_reply_failed(session, error);
    transfer_log(session, transfer, EVENT_LIST, error, code);
}

static const struct transfer_kind kind_file = {POLLOUT, step, finish_file, download_free};
static const struct transfer_kind kind_listing = {POLLOUT, step, finish_listing, download_free};

void download_file(struct session *session, const char *path, int file, uint64_t start,
                   uint64_t end, bool ascii)
{
    struct download *download = calloc(1, sizeof(*download));
    if (!download) {
        (void)close_fd(file);
        reply_error(session, 451, -ENOMEM);
        return;
    }
    *download = (struct download){.file = file, .position = start, .end = end, .ascii = ascii};
    buffer_init(&download->text, 4 * TEXT_AT_ONCE);
    download->exhausted = start >= end;
    char greeting[64];
    (void)snprintf(greeting, sizeof(greeting), "Sending %llu bytes.",
                   (unsigned long long)(end - start));
    struct transfer *transfer =
        transfer_start(session, &kind_file, download, path, ascii ? "Sending text." : greeting);
    if (transfer) {
        transfer->ascii = ascii;
        transfer->offset = start;
        transfer->total = end - start;
    }
}

void download_listing(struct session *session, const char *path, struct listing *listing)
{
    struct download *download = calloc(1, sizeof(*download));
    if (!download) {
        listing_free(listing);
        reply_error(session, 451, -ENOMEM);
        return;
    }
    *download = (struct download){.file = -1, .listing = listing};
    buffer_init(&download->text, 4 * TEXT_AT_ONCE);
    (void)transfer_start(session, &kind_listing, download, path, "Sending the listing.");
}

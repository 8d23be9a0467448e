/* LIST, NLST, MLSD, MLST, STAT: what is in a directory, over either connection. */
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "session/command.h"
#include "session/download.h"
#include "session/unfinished.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* What a crash left in a directory goes when somebody looks at the directory. */
static void sweep(void *data, int fd, const char *name)
{
    (void)unfinished_remove_abandoned(data, fd, name);
}

static struct listing_view view_of(struct session *session, enum listing_format format)
{
    return (struct listing_view){
        .format = format,
        .read_only = session->read_only,
        .local_time = session->config->files_list_time == LIST_TIME_LOCAL,
        .facts = session->settings.facts,
        .uid = session->uid,
        .owner = session->name,
        .unique_key = session->unique_key,
        .deny_names = session->config->files_deny_names,
        .no_links = !path_follows_links(session),
        .override_first =
            session->flags & ACCOUNT_IS_ADMIN ? (uid_t)session->config->accounts_uid_min : 0,
        .override_last =
            session->flags & ACCOUNT_IS_ADMIN ? (uid_t)session->config->accounts_uid_max : 0,
        .unfinished = sweep,
        .unfinished_data = session,
    };
}

/* What X.avbl says of the directory PATH and of those in it. -ESHUTDOWN; where it cannot be told,
 * the fact is left out. */
static int look_for_room(struct session *session, const char *path, struct listing_view *view)
{
    struct statx found;
    if (!(view->facts & FACT_AVAILABLE))
        return 0;
    cleanup_close int fd = path_open(session, *path ? path : ".", O_RDONLY | O_DIRECTORY);
    int r = fd < 0 ? fd : quota_available(session, fd, &view->available);
    if (r == -ESHUTDOWN)
        return r;
    if (r == 0 && statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &found) == 0)
        view->mount = found.stx_mnt_id;
    else
        view->facts &= ~(unsigned)FACT_AVAILABLE;
    return 0;
}

static void serve_listing(struct session *session, enum listing_format format, const char *argument)
{
    struct listing *listing;
    if (!transfer_is_possible(session))
        return;
    struct listing_view view = view_of(session, format);
    const char *path = format == LISTING_FACTS ? argument : listing_skip_options(argument);
    if (format == LISTING_FACTS && look_for_room(session, argument, &view) < 0)
        return;
    int r = listing_open(&view, argument, &listing);
    if (r < 0) {
        event_refused(session, path, r);
        /* RFC 3659 section 7.2.1: MLSD of something that is no directory is a bad argument. */
        reply_error(session, format == LISTING_FACTS && r == -ENOTDIR ? 501 : 550, r);
        return;
    }
    download_listing(session, *path ? path : ".", listing);
}

void command_list(struct session *session, char *argument)
{
    serve_listing(session, LISTING_LONG, argument);
}

void command_nlst(struct session *session, char *argument)
{
    serve_listing(session, LISTING_NAMES, argument);
}

void command_mlsd(struct session *session, char *argument)
{
    serve_listing(session, LISTING_FACTS, argument);
}

/* RFC 3659 section 7.2: the facts of one thing, over the control connection, with its full path. */
void command_mlst(struct session *session, char *argument)
{
    enum { MLST_LINE_MAX = 2 * PATH_MAX };
    const char *path = *argument ? argument : ".";
    struct statx entry;
    int r = path_stat(session, path, &entry);
    struct listing_view view = view_of(session, LISTING_FACTS);
    if (look_for_room(session, path, &view) < 0)
        return;
    cleanup_buffer struct buffer line;
    buffer_init(&line, MLST_LINE_MAX);
    char full[PATH_MAX];
    path_full(path, full);
    if (r == 0)
        r = listing_append_facts(&line, &view, &entry, NULL);
    if (r == 0)
        r = buffer_append_string(&line, full);
    if (r < 0) {
        reply_error(session, 550, r);
        return;
    }
    reply_first(session, 250, "Facts:");
    reply_line_bytes(session, buffer_begin(&line), buffer_size(&line));
    reply(session, 250, "End.");
}

/* The listing of STAT goes over the control connection, so it has an end (RFC 959 leaves the size
 * open). */
static void stat_path(struct session *session, const char *path)
{
    enum { LINES_MAX = 1000, PIECE = 16384, TEXT_MAX = 65536, OUTPUT_MAX = 512 * 1024 };
    struct listing *listing;
    struct listing_view view = view_of(session, LISTING_LONG);
    int r = listing_open(&view, path, &listing);
    if (r < 0) {
        reply_error(session, 550, r);
        return;
    }
    cleanup_buffer struct buffer text;
    buffer_init(&text, TEXT_MAX);
    reply_first(session, 213, "Listing:");
    unsigned lines = 0;
    do {
        r = listing_fill(listing, &text, PIECE);
        const char *end;
        while (r >= 0 && buffer_size(&text) > 0 && lines < LINES_MAX &&
               (end = memchr(buffer_begin(&text), '\n', buffer_size(&text)))) {
            size_t size = (size_t)(end - buffer_begin(&text));
            reply_line_bytes(session, buffer_begin(&text), size > 0 ? size - 1 : 0);
            buffer_consume(&text, size + 1);
            lines++;
        }
    } while (r == 1 && lines < LINES_MAX && buffer_size(&session->control.output) < OUTPUT_MAX);
    listing_free(listing);
    reply(session, 213, r == 0 ? "End." : "There is more; use LIST for all.");
}

static void stat_transfer(struct session *session)
{
    const struct transfer *transfer = session->transfer;
    reply_first(session, 211, "Transfer in progress:");
    reply_line(session, "%s %s", transfer->command->verb, transfer->path);
    if (transfer->total > 0)
        reply_line(session, "%llu of %llu bytes", (unsigned long long)transfer->bytes,
                   (unsigned long long)transfer->total);
    else
        reply_line(session, "%llu bytes", (unsigned long long)transfer->bytes);
    if (*transfer->protocol)
        reply_line(session, "Data connection is under %s", transfer->protocol);
    reply_line(session, "%llu seconds",
               (unsigned long long)((clock_usec() - transfer->started) / 1000000));
    reply(session, 211, "End.");
}

static void stat_tls(struct session *session)
{
    if (!session->tls) {
        reply_line(session, "Control connection is not encrypted");
        return;
    }
    struct tls_description about;
    session->library->describe(session->control.connection.stream, &about);
    reply_line(session, "Control connection is under %s (%s)", about.protocol, about.cipher);
    reply_line(session, "Data connections are %s",
               session->settings.protect ? "under TLS" : "not encrypted");
}

static void stat_session(struct session *session)
{
    char peer[ADDRESS_TEXT_MAX];
    address_format(&session->peer, peer, sizeof(peer));
    reply_first(session, 211, "State of this session:");
    reply_line(session, "Connected from %s", peer);
    reply_line(session, "Logged in as %s%s", session->name,
               session->read_only ? " (read-only)" : "");
    reply_line(session, "Type %s, structure F, mode S", session->settings.ascii ? "A" : "I");
    stat_tls(session);
    reply_line(session, "%llu bytes sent, %llu received", (unsigned long long)session->bytes_sent,
               (unsigned long long)session->bytes_received);
    reply_line(session, "Idle sessions end after %llu seconds",
               (unsigned long long)(session->settings.idle / 1000));
    reply(session, 211, "End.");
}

void command_stat(struct session *session, char *argument)
{
    if (session->transfer)
        stat_transfer(session);
    else if (*argument)
        stat_path(session, argument);
    else
        stat_session(session);
}

/* HASH (draft-bryan-ftpext-hash) and the older XCRC, XMD5, XSHA*: checksums. One is made in pieces
 * by the poll loop, as a transfer without a data connection, so that ABOR, NOOP and the deadline
 * get their turn (row P12). */
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/scan.h"
#include "lib/text.h"
#include "session/command.h"
#include "session/transfer.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

struct summing {
    struct hash *hash;
    int turn; /* locked while this is the one checksum that a user's sessions make */
    enum hash_algorithm algorithm;
    bool standard; /* HASH: the reply names the algorithm and the range */
    uint64_t start, end;
    char *path; /* as it was given: HASH repeats it */
    char digest[HASH_TEXT_MAX];
};

static void summing_free(struct transfer *transfer)
{
    struct summing *summing = transfer->state;
    hash_free(summing->hash);
    (void)close_fd(summing->turn);
    free(summing->path);
    free(summing);
}

static int step(struct session *session, struct transfer *transfer)
{
    (void)session;
    struct summing *summing = transfer->state;
    int r = hash_step(summing->hash, summing->digest);
    return r < 0 ? r : r == 1 ? TRANSFER_MORE : TRANSFER_DONE;
}

static unsigned reply_digest(struct session *session, struct transfer *transfer)
{
    struct summing *summing = transfer->state;
    if (summing->standard) {
        reply(session, 213, "%s %llu-%llu %s %s", hash_name(summing->algorithm),
              (unsigned long long)summing->start, (unsigned long long)summing->end, summing->digest,
              summing->path);
        return 213;
    }
    for (char *letter = summing->digest; *letter; letter++)
        if (*letter >= 'a' && *letter <= 'f')
            *letter = (char)(*letter - 'a' + 'A');
    reply(session, 250, "%s", summing->digest);
    return 250;
}

static void finish(struct session *session, struct transfer *transfer, int error)
{
    unsigned code;
    if (error == 0) {
        code = reply_digest(session, transfer);
    } else if (error == -ETIMEDOUT) {
        code = 450;
        reply(session, code, "That takes too long; ask for a smaller range.");
    } else {
        code = error == -ECANCELED || error == -ESTALE ? 451 : reply_code(451, error);
        reply(session, code, "%s", error == -ECANCELED ? "Checksum aborted." : reply_words(error));
    }
    transfer_log(session, transfer, EVENT_HASH, error, code);
}

static const struct transfer_kind kind_hash = {0, step, finish, summing_free};

/* Everything that summing_free releases; NULL when there is no memory. FILE is taken over. */
static struct summing *summing_new(int file, const char *path, struct summing parameters)
{
    struct summing *summing = malloc(sizeof(*summing));
    if (summing)
        *summing = parameters;
    if (!summing || !(summing->path = strdup(path))) {
        (void)close_fd(file);
        free(summing);
        return NULL;
    }
    if (hash_begin(file, summing->algorithm, summing->start, summing->end, &summing->hash) < 0) {
        free(summing->path);
        free(summing);
        return NULL;
    }
    return summing;
}

/* The sessions of a user have one thing in common that can be locked: their root. A crash unlocks
 * it. */
static int take_turn(void)
{
    cleanup_close int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0 || flock(root, LOCK_EX | LOCK_NB) < 0)
        return -errno;
    return take_fd(&root);
}

static void start(struct session *session, const char *path, struct summing parameters)
{
    uint64_t size;
    int file = path_open_file(session, path, &size);
    if (file < 0) {
        event_refused(session, path, file);
        reply_error(session, 550, file);
        return;
    }
    if (parameters.start > size) {
        (void)close_fd(file);
        reply(session, 501, "The file is not that long.");
        return;
    }
    if (parameters.end > size)
        parameters.end = size;
    parameters.turn = take_turn();
    if (parameters.turn < 0) {
        (void)close_fd(file);
        reply(session, 450, "Another session of yours is making a checksum; try again later.");
        return;
    }
    struct summing *summing = summing_new(file, path, parameters);
    if (!summing) {
        (void)close_fd(parameters.turn);
        reply_error(session, 451, -ENOMEM);
        return;
    }
    struct transfer *transfer = transfer_start(session, &kind_hash, summing, path, NULL);
    if (transfer)
        transfer->deadline = clock_msec() + session->config->transfer_hash;
}

void command_hash(struct session *session, char *argument)
{
    const struct pending *pending = &session->pending;
    start(session, argument,
          (struct summing){
              .algorithm = session->settings.hash,
              .standard = true,
              .start = pending->has_range ? pending->range_start : 0,
              .end = pending->has_range ? pending->range_end : UINT64_MAX,
          });
}

/* Cuts a number off the end of TEXT, if there is one behind a space. */
static bool cut_number(char *text, uint64_t *ret)
{
    char *space = strrchr(text, ' ');
    if (!space || space == text || scan_u64(space + 1, INT64_MAX, ret) < 0)
        return false;
    *space = '\0';
    return true;
}

/* "path", "path first" or "path first last" (last exclusive, as those who invented it have it);
 * quotes around the path are taken off. A file whose name ends in a number wins over a range. */
static void serve_old(struct session *session, char *argument, enum hash_algorithm algorithm)
{
    struct summing parameters = {.algorithm = algorithm, .end = UINT64_MAX};
    char *path = argument;
    char *quote = *path == '"' ? strrchr(path + 1, '"') : NULL;
    uint64_t numbers[2]; /* the last one first */
    size_t count = 0;
    struct statx entry;
    if (quote || path_stat(session, path, &entry) < 0)
        while (count < ELEMENTS(numbers) && cut_number(quote ? quote : path, &numbers[count]))
            count++;
    if (count > 0)
        parameters.start = numbers[count - 1];
    if (count == ELEMENTS(numbers))
        parameters.end = numbers[0];
    if (quote) {
        *quote = '\0';
        path++;
    }
    if (parameters.start > parameters.end)
        reply(session, 501, "The first byte cannot come after the last.");
    else
        start(session, path, parameters);
}

void command_xcrc(struct session *session, char *argument)
{
    serve_old(session, argument, HASH_CRC32);
}

void command_xmd5(struct session *session, char *argument)
{
    serve_old(session, argument, HASH_MD5);
}

void command_xsha1(struct session *session, char *argument)
{
    serve_old(session, argument, HASH_SHA_1);
}

void command_xsha256(struct session *session, char *argument)
{
    serve_old(session, argument, HASH_SHA_256);
}

void command_xsha512(struct session *session, char *argument)
{
    serve_old(session, argument, HASH_SHA_512);
}

/* ALLO, AVBL and SITE QUOTA: what can still be stored. */
#include "lib/cleanup.h"
#include "lib/scan.h"
#include "session/command.h"

#include <fcntl.h>
#include <string.h>
#include <sys/statfs.h>

/* False, and answered, if the present directory has no room for BYTES. */
static bool has_room(struct session *session, uint64_t bytes)
{
    uint64_t available = 0;
    cleanup_close int fd = path_open(session, ".", O_RDONLY | O_DIRECTORY);
    /* Where it cannot be told, the upload will find out. */
    if (bytes == 0 || fd < 0)
        return true;
    int r = quota_available(session, fd, &available);
    if (r == -ESHUTDOWN)
        return false;
    if (r < 0 || bytes <= available)
        return true;
    reply(session, 552, "There is no room for that: %llu bytes can still be stored.",
          (unsigned long long)available);
    return false;
}

/* RFC 959 section 4.1.3: "bytes" or "bytes R record-size". The next upload reserves that much, and
 * is refused early if it cannot. Here it is refused at once: the file may be meant for another
 * directory, on another disk, but who has that has no use for ALLO. */
void command_allo(struct session *session, char *argument)
{
    char *space = strchr(argument, ' ');
    uint64_t bytes, record;
    if (space)
        *space = '\0';
    if (scan_u64(argument, INT64_MAX, &bytes) < 0 ||
        (space &&
         (strncasecmp(space + 1, "R ", 2) != 0 || scan_u64(space + 3, INT64_MAX, &record) < 0))) {
        reply(session, 501, "ALLO needs a number of bytes.");
        return;
    }
    if (!has_room(session, bytes))
        return;
    session->pending.allocation = bytes;
    reply(session, 200, "The next upload may have %llu bytes.", (unsigned long long)bytes);
}

/* draft-peterson-streamlined-ftp-command-extensions section 4: what can still be stored, never the
 * size of the disk. */
void command_avbl(struct session *session, char *argument)
{
    uint64_t available = 0;
    cleanup_close int fd = path_open(session, *argument ? argument : ".", O_RDONLY | O_DIRECTORY);
    int r = fd < 0 ? fd : quota_available(session, fd, &available);
    if (r == -ESHUTDOWN)
        return;
    if (r < 0)
        reply_error(session, 550, r);
    else
        reply(session, 213, "%llu", (unsigned long long)available);
}

/* "1048576 bytes (1 MiB)" */
static void line_bytes(struct session *session, const char *name, uint64_t bytes)
{
    char size[32];
    if (bytes == NO_LIMIT) {
        reply_line(session, "%s: no limit", name);
        return;
    }
    format_size(bytes, size, sizeof(size));
    bool round = strlen(size) < 10 && strcmp(size + strlen(size) - 2, " B") != 0;
    reply_line(session, "%s: %llu bytes%s%s%s", name, (unsigned long long)bytes, round ? " (" : "",
               round ? size : "", round ? ")" : "");
}

static void line_files(struct session *session, uint64_t used, uint64_t limit)
{
    if (limit == NO_LIMIT)
        reply_line(session, "Files: %llu, no limit", (unsigned long long)used);
    else
        reply_line(session, "Files: %llu of %llu", (unsigned long long)used,
                   (unsigned long long)limit);
}

/* What the file system counts (quota.backend = "project"): ext4 and XFS tell of a project what
 * statfs(2) tells of a disk. Negative errno. */
static int ask_project(struct session *session, struct ledger_amount *ret_used,
                       struct ledger_amount *ret_limit)
{
    struct statfs found;
    cleanup_close int fd = path_open(session, "/", O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return fd;
    if (fstatfs(fd, &found) < 0)
        return -errno;
    uint64_t size = (uint64_t)found.f_bsize;
    *ret_limit = (struct ledger_amount){(uint64_t)found.f_blocks * size, (uint64_t)found.f_files};
    *ret_used = (struct ledger_amount){
        ret_limit->bytes - (uint64_t)found.f_bfree * size,
        ret_limit->files - (uint64_t)found.f_ffree,
    };
    return 0;
}

/* For people: one line a fact. */
void command_site_quota(struct session *session, char *argument)
{
    const struct quota *quota = &session->quota;
    struct ledger_amount used = {0}, limit = {NO_LIMIT, NO_LIMIT};
    uint64_t available = 0;
    (void)argument;
    cleanup_close int root = path_open(session, "/", O_RDONLY | O_DIRECTORY);
    int r = root < 0 ? root : quota_available(session, root, &available);
    if (r == 0 && quota->project)
        r = ask_project(session, &used, &limit);
    if (r == -ESHUTDOWN)
        return;
    if (r < 0) {
        reply_error(session, 550, r);
        return;
    }
    if (quota->leases) {
        used = quota->used;
        limit = quota->limit;
    }
    bool counted = (quota->leases && !quota->unknown) || quota->project;
    reply_first(session, 211, "Quota:");
    if (counted)
        line_bytes(session, "Used", used.bytes);
    else
        reply_line(session,
                   quota->leases ? "Used: not known; tell the administrator" : "Used: not counted");
    line_bytes(session, "Limit", limit.bytes);
    line_bytes(session, "Free", available);
    if (counted)
        line_files(session, used.files, limit.files);
    else if (!quota->leases)
        reply_line(session, "Files: not counted, no limit");
    reply(session, 211, "End.");
}

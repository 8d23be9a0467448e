/* DELE, SIZE, MDTM, MFMT, MFF: single files. */
#include "lib/calendar.h"
#include "lib/cleanup.h"
#include "lib/scan.h"
#include "lib/text.h"
#include "session/command.h"
#include "session/file.h"
#include "session/owner.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static void refuse(struct session *session, unsigned code, const char *path, int error)
{
    event_refused(session, path, error);
    reply_error(session, code, error);
}

/* With the size of what is gone: nobody can look it up any more. */
static void log_delete(struct session *session, const char *path, uint64_t size)
{
    char full[PATH_MAX];
    path_full(path, full);
    struct event event = EVENT_INIT(EVENT_DELETE);
    event.command = session->command->verb;
    event.path = full;
    event.bytes = size;
    tell_event(session, &event);
}

static int remove_file(struct session *session, const char *path, uint64_t *ret_size)
{
    cleanup_close int directory = -1;
    cleanup_free char *name = NULL;
    struct quota_claim claim = QUOTA_CLAIM_NONE;
    struct stat status;
    int r = path_parent(session, path, &directory, &name);
    if (r == 0)
        r = owner_check_names(session, directory);
    if (r == 0 && fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        r = -errno;
    if (r == 0)
        r = quota_claim(session, directory, &claim);
    if (r < 0)
        return r;
    quota_look(&claim, directory, name);
    if (claim.vacant) /* what comes to be there now is not what was meant */
        r = -ENOENT;
    else if (unlinkat(directory, name, 0) < 0)
        r = -errno;
    quota_removed(&claim, r == 0);
    quota_settle(session, &claim, &(struct ledger_amount){0});
    *ret_size = (uint64_t)status.st_size;
    return r;
}

void command_dele(struct session *session, char *argument)
{
    uint64_t size;
    int r = remove_file(session, argument, &size);
    if (r < 0) {
        refuse(session, 550, argument, r);
        return;
    }
    log_delete(session, argument, size);
    reply(session, 250, "File deleted.");
}

void command_size(struct session *session, char *argument)
{
    if (session->settings.ascii) {
        /* RFC 3659 section 4: the size is that of what would be sent, which is only known after
         * converting it all. */
        reply(session, 550, "SIZE is not offered in TYPE A; use TYPE I.");
        return;
    }
    struct statx entry;
    int r = path_stat(session, argument, &entry);
    if (r == 0 && !S_ISREG(entry.stx_mode))
        r = S_ISDIR(entry.stx_mode) ? -EISDIR : -ENXIO;
    if (r < 0)
        reply_error(session, 550, r);
    else
        reply(session, 213, "%llu", (unsigned long long)entry.stx_size);
}

static void format_time(int64_t seconds, char ret[32])
{
    struct calendar calendar;
    calendar_of(seconds, &calendar);
    (void)snprintf(ret, 32, "%04u%02u%02u%02u%02u%02u", calendar.year, calendar.month + 1,
                   calendar.day, calendar.hour, calendar.minute, calendar.second);
}

/* Sets the time of last change of the name itself, and tells in RET what the file has now: a file
 * system may know fewer years than four digits do. No right to read the file is needed, and a FIFO
 * cannot hold us up. */
static int set_time(struct session *session, const char *path, const struct timespec *modified,
                    char ret[32])
{
    cleanup_close int directory = -1;
    cleanup_free char *name = NULL;
    int r = path_parent(session, path, &directory, &name);
    if (r < 0)
        return r;
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, *modified};
    struct stat status;
    if (utimensat(directory, name, times, AT_SYMLINK_NOFOLLOW) < 0 ||
        fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    format_time(status.st_mtim.tv_sec, ret);
    return 0;
}

static void log_time(struct session *session, const char *path, const char *value)
{
    char full[PATH_MAX];
    path_full(path, full);
    struct event event = EVENT_INIT(EVENT_SET_TIME);
    event.command = session->command->verb;
    event.path = full;
    event.detail = value;
    tell_event(session, &event);
}

/* "YYYYMMDDHHMMSS path": splits at the first space. NULL if there is none. */
static char *split_time(char *argument)
{
    char *space = strchr(argument, ' ');
    if (!space || !space[1])
        return NULL;
    *space = '\0';
    return space + 1;
}

/* Sets the time of the file PATH to TEXT; replies with PREFIX before the path. */
static void serve_set_time(struct session *session, const char *text, const char *path)
{
    struct timespec modified;
    if (scan_timestamp(text, &modified) < 0) {
        reply(session, 501, "Not a time: write YYYYMMDDHHMMSS, in UTC.");
        return;
    }
    char value[32];
    int r = set_time(session, path, &modified, value);
    if (r < 0) {
        refuse(session, 550, path, r);
        return;
    }
    log_time(session, path, value);
    reply(session, 213, "Modify=%s; %s", value, path);
}

void command_mfmt(struct session *session, char *argument)
{
    char *path = split_time(argument);
    if (!path)
        reply(session, 501, "MFMT needs a time and a path.");
    else
        serve_set_time(session, argument, path);
}

/* With 14 digits in front it is the setter that older clients use; a file of such a name wins, as
 * it is asked for more often than not (RFC 3659 knows only the question). */
void command_mdtm(struct session *session, char *argument)
{
    struct statx entry;
    int r = path_stat(session, argument, &entry);
    bool timed =
        strspn(argument, "0123456789") >= 14 && (argument[14] == ' ' || argument[14] == '.');
    if (r < 0 && timed && strchr(argument, ' ')) {
        if (session->read_only) {
            refuse(session, 550, argument, -EROFS);
            return;
        }
        char *path = split_time(argument);
        if (path)
            serve_set_time(session, argument, path);
        else
            reply(session, 501, "MDTM needs a path.");
        return;
    }
    char value[32];
    if (r < 0) {
        reply_error(session, 550, r);
        return;
    }
    format_time(entry.stx_mtime.tv_sec, value);
    reply(session, 213, "%s", value);
}

/* An administrator may do this in everybody's folder: nobody can put a link to another's file under
 * the name in the last moment. */
static int change_opened(struct session *session, const char *path, unsigned mode)
{
    cleanup_close int file = path_open(session, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    return file < 0 ? file : fchmod(file, mode) < 0 ? -errno : 0;
}

int file_change_mode(struct session *session, const char *path, unsigned mode)
{
    cleanup_close int directory = -1;
    cleanup_free char *name = NULL;
    int r = path_parent(session, path, &directory, &name);
    bool is_root = r == -EBUSY;
    if (r < 0 && !is_root)
        return r;
    /* Who takes his own way into his folder away could not log in any more. */
    bool is_folder = is_root || owner_check_names(session, directory) < 0;
    if (is_folder && (mode & S_IRWXU) != S_IRWXU)
        return -EPERM;
    struct stat status;
    if (!is_root && fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    if (!is_root && S_ISLNK(status.st_mode))
        return -EINVAL; /* fchmodat would follow it to a file that deny_names may hide */
    if (session->flags & ACCOUNT_IS_ADMIN)
        return change_opened(session, path, mode);
    r = is_root ? fchmodat(AT_FDCWD, path, mode, 0) : fchmodat(directory, name, mode, 0);
    return r < 0 ? -errno : 0;
}

struct facts {
    bool has_time, has_mode;
    struct timespec modified;
    unsigned mode;
};

/* One "fact=value". 501 or 504 if it is not taken, 0 if it is. */
static unsigned take_fact(char *fact, struct facts *facts)
{
    char *value = strchr(fact, '=');
    if (!value)
        return 501;
    *value++ = '\0';
    if (text_equal_ignoring_case(fact, "modify")) {
        facts->has_time = true;
        return scan_timestamp(value, &facts->modified) < 0 ? 501 : 0;
    }
    if (text_equal_ignoring_case(fact, "unix.mode")) {
        facts->has_mode = true;
        return scan_octal(value, 0777, &facts->mode) < 0 ? 501 : 0;
    }
    return 504;
}

/* draft-somers-ftp-mfxx: "modify=20261122170000;unix.mode=0640; path", all of it or nothing. */
void command_mff(struct session *session, char *argument)
{
    struct facts facts = {0};
    char *path = strstr(argument, "; ");
    if (!path || !path[2]) {
        reply(session, 501, "MFF needs facts that end in a semicolon, a space, and a path.");
        return;
    }
    *path = '\0';
    path += 2;
    char *rest = argument, *fact;
    while ((fact = strsep(&rest, ";"))) {
        unsigned code = take_fact(fact, &facts);
        if (code != 0) {
            reply(session, code, "Known facts: modify=YYYYMMDDHHMMSS; and unix.mode=0640;");
            return;
        }
    }
    char done[96] = "", value[32], mode[32];
    int r = facts.has_mode ? file_change_mode(session, path, facts.mode) : 0;
    if (r == 0 && facts.has_time)
        r = set_time(session, path, &facts.modified, value);
    if (r < 0) {
        refuse(session, 550, path, r);
        return;
    }
    if (facts.has_time) {
        (void)snprintf(done, sizeof(done), "Modify=%s;", value);
        log_time(session, path, value);
    }
    if (facts.has_mode) {
        (void)snprintf(mode, sizeof(mode), "UNIX.mode=%04o;", facts.mode);
        (void)strncat(done, mode, sizeof(done) - strlen(done) - 1);
        event_path(session, EVENT_CHMOD, path);
    }
    reply(session, 213, "%s %s", done, path);
}

/* RNFR, RNTO: a new name. */
#include "lib/cleanup.h"
#include "session/command.h"
#include "session/owner.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

void command_rnfr(struct session *session, char *argument)
{
    cleanup_close int directory = -1;
    cleanup_free char *name = NULL;
    struct stat status;
    free(take_pointer(session->pending.rename_from)); /* also when this one is refused */
    int r = path_parent(session, argument, &directory, &name);
    if (r == 0)
        r = owner_check_names(session, directory);
    if (r == 0 && fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        r = -errno;
    if (r < 0) {
        event_refused(session, argument, r);
        reply_error(session, 550, r);
        return;
    }
    char *from = strdup(argument);
    if (!from) {
        reply_error(session, 451, -ENOMEM);
        return;
    }
    session->pending.rename_from = from;
    reply(session, 350, "Send RNTO with the new name.");
}

static void log_rename(struct session *session, const char *from, const char *to)
{
    char full_from[PATH_MAX], full_to[PATH_MAX];
    path_full(from, full_from);
    path_full(to, full_to);
    struct event event = EVENT_INIT(EVENT_RENAME);
    event.command = session->command->verb;
    event.path = full_from;
    event.path_to = full_to;
    tell_event(session, &event);
}

/* The kernel replaces an existing file in one step, and refuses an existing directory unless it is
 * empty; we refuse that too, because clients do not mean it. Never copies: another file system is
 * an error (row C15). */
static int rename_path(struct session *session, const char *from, const char *to)
{
    cleanup_close int from_directory = -1, to_directory = -1;
    cleanup_free char *from_name = NULL;
    cleanup_free char *to_name = NULL;
    int r = path_parent(session, from, &from_directory, &from_name);
    if (r < 0)
        return r;
    r = path_parent_new(session, to, &to_directory, &to_name);
    if (r < 0)
        return r;
    struct stat status;
    if (fstatat(to_directory, to_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISDIR(status.st_mode))
        return -EEXIST;
    const struct quota_place source = {from_directory, from_name};
    const struct quota_place target = {to_directory, to_name};
    struct owner_change change;
    r = owner_change_begin(session, from_directory, from_name, to_directory, &change);
    if (r == 0)
        r = quota_move(session, &source, &target);
    return owner_change_end(&change, r);
}

void command_rnto(struct session *session, char *argument)
{
    cleanup_free char *from = take_pointer(session->pending.rename_from);
    if (!from) {
        reply(session, 503, "Send RNFR first.");
        return;
    }
    int r = rename_path(session, from, argument);
    if (r < 0) {
        event_refused(session, argument, r);
        reply_error(session, r == -EEXIST || r == -EXDEV || r == -EOWNERDEAD ? 553 : 550, r);
        return;
    }
    log_rename(session, from, argument);
    reply(session, 250, "Renamed.");
}

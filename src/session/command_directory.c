/* CWD, CDUP, PWD, MKD, RMD and their X-forms: directories. The present directory is the kernel's
 * own, so that it is still right when something above it is renamed. */
#include "lib/cleanup.h"
#include "session/command.h"
#include "session/owner.h"
#include "session/unfinished.h"

#include <fcntl.h>
#include <sys/stat.h>

/* Replies with the present directory; CODE is 250 or 257. */
static void reply_present(struct session *session, unsigned code)
{
    char present[PATH_MAX];
    int r = path_present(present);
    if (r < 0)
        reply(session, code == 257 ? 550 : code, "%s",
              r == -ENOENT ? "The present directory was removed; use CWD /."
                           : "The present directory is too deep to be told.");
    else
        reply_path(session, code, present, " is the present directory.");
}

static void change_directory(struct session *session, const char *path)
{
    cleanup_close int fd = path_open(session, path, O_PATH | O_DIRECTORY);
    int r = fd < 0 ? fd : fchdir(fd) < 0 ? -errno : 0;
    if (r < 0) {
        event_refused(session, path, r);
        reply_error(session, 550, r);
        return;
    }
    reply_present(session, 250);
}

void command_cwd(struct session *session, char *argument)
{
    change_directory(session, argument);
}

void command_cdup(struct session *session, char *argument)
{
    (void)argument;
    change_directory(session, "..");
}

void command_pwd(struct session *session, char *argument)
{
    (void)argument;
    reply_present(session, 257);
}

static int make_directory(struct session *session, const char *path)
{
    cleanup_close int directory = -1;
    cleanup_free char *name = NULL;
    struct quota_claim claim = QUOTA_CLAIM_NONE;
    int r = path_parent_new(session, path, &directory, &name);
    if (r == 0)
        r = quota_claim(session, directory, &claim);
    if (r == 0)
        r = quota_reserve(session, &claim, 0, 1);
    if (r == 0)
        r = owner_make_directory(session, directory, name,
                                 (mode_t)session->config->files_directory_mode);
    quota_settle(session, &claim, &(struct ledger_amount){.files = r == 0 ? 1 : 0});
    return r;
}

void command_mkd(struct session *session, char *argument)
{
    char full[PATH_MAX];
    int r = make_directory(session, argument);
    if (r < 0) {
        event_refused(session, argument, r);
        reply_error(session, 550, r);
        return;
    }
    path_full(argument, full);
    event_path(session, EVENT_MKDIR, argument);
    reply_path(session, 257, full, " was made.");
}

static int remove_directory(struct session *session, const char *path)
{
    cleanup_close int directory = -1;
    cleanup_free char *name = NULL;
    struct quota_claim claim = QUOTA_CLAIM_NONE;
    int r = path_parent(session, path, &directory, &name);
    if (r == 0)
        r = owner_check_names(session, directory);
    if (r == 0 && unlinkat(directory, name, AT_REMOVEDIR) < 0)
        r = -errno;
    /* A directory that looks empty to the user must not be kept by what a crash left in it. */
    if (r == -ENOTEMPTY && unfinished_sweep(session, directory, name) > 0)
        r = unlinkat(directory, name, AT_REMOVEDIR) < 0 ? -errno : 0;
    if (r == 0 && quota_claim(session, directory, &claim) == 0) {
        /* Only one can remove it, and it has no other name. */
        claim.freed.files = claim.counts ? 1 : 0;
        quota_settle(session, &claim, &(struct ledger_amount){0});
    }
    return r;
}

void command_rmd(struct session *session, char *argument)
{
    int r = remove_directory(session, argument);
    if (r < 0) {
        event_refused(session, argument, r);
        reply_error(session, 550, r);
        return;
    }
    event_path(session, EVENT_RMDIR, argument);
    reply(session, 250, "Directory removed.");
}

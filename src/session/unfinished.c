/* Unfinished uploads: see unfinished.h. */
#include "session/unfinished.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "session/names.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

/* Somebody may be looking whether it is abandoned, for which he takes the lock for an instant. */
static int lock_new(int fd)
{
    enum { TRIES = 200 };
    for (unsigned i = 0; i < TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return 0;
        if (errno != EWOULDBLOCK)
            return -errno;
        clock_pause(1);
    }
    return -EWOULDBLOCK;
}

int unfinished_make(const struct session *session, int directory, mode_t mode,
                    char ret_name[UNFINISHED_NAME_MAX])
{
    uint64_t number;
    const char *prefix =
        session->flags & ACCOUNT_IS_ADMIN ? NAME_TEMPORARY_ADMIN : NAME_TEMPORARY_PREFIX;
    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        return -EIO;
    (void)snprintf(ret_name, UNFINISHED_NAME_MAX, "%s%016llx", prefix, (unsigned long long)number);
    /* O_EXCL: whatever somebody put there beforehand, a link or a file, is not ours (row C17). */
    cleanup_close int fd =
        openat(directory, ret_name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return -errno;
    int r = lock_new(fd);
    if (r < 0) {
        (void)unlinkat(directory, ret_name, 0);
        return r;
    }
    return take_fd(&fd);
}

static bool is_abandoned(const struct session *session, int directory, const char *name)
{
    struct stat status;
    int state = temporary_look(directory, name);
    /* With an umask of 777 even its owner cannot look at it. An administrator always can, and must
     * not change what the owner of the directory could put there at this moment. */
    if (state == -EACCES && !(session->flags & ACCOUNT_IS_ADMIN) &&
        fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode) &&
        fchmodat(directory, name, S_IRUSR | S_IWUSR, 0) == 0)
        state = temporary_look(directory, name);
    return state == TEMPORARY_ABANDONED;
}

bool unfinished_remove_abandoned(struct session *session, int directory, const char *name)
{
    struct quota_claim claim = QUOTA_CLAIM_NONE;
    if (session->read_only || !is_abandoned(session, directory, name) ||
        quota_claim(session, directory, &claim) < 0)
        return false;
    quota_look(&claim, directory, name);
    /* Without the lock, another session is removing it at this moment, and credits it. */
    bool gone = !(claim.counts && !claim.locked) && unlinkat(directory, name, 0) == 0;
    quota_removed(&claim, gone);
    quota_settle(session, &claim, &(struct ledger_amount){0});
    if (!gone)
        return false;
    struct event event = EVENT_INIT(EVENT_SWEEP);
    event.path = name;
    tell_event(session, &event);
    return true;
}

int unfinished_sweep(struct session *session, int directory, const char *name)
{
    int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return 0;
    cleanup_closedir DIR *stream = fdopendir(fd);
    if (!stream) {
        (void)close_fd(fd);
        return 0;
    }
    int swept = 0;
    for (const struct dirent *entry; (entry = readdir(stream));)
        if (strncmp(entry->d_name, NAME_TEMPORARY_PREFIX, strlen(NAME_TEMPORARY_PREFIX)) == 0)
            swept += unfinished_remove_abandoned(session, fd, entry->d_name);
    return swept;
}

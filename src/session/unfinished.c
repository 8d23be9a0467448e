/* Unfinished uploads: see unfinished.h. */
#include "session/unfinished.h"
#include "lib/cleanup.h"
#include "session/names.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

/* Seconds without a change before a free lock means a dead owner: making one and locking it are two
 * steps. */
enum { SETTLED = 10 };

int unfinished_make(int directory, mode_t mode, char ret_name[UNFINISHED_NAME_MAX])
{
    uint64_t number;
    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        return -EIO;
    (void)snprintf(ret_name, UNFINISHED_NAME_MAX, "%s%016llx", NAME_TEMPORARY_PREFIX,
                   (unsigned long long)number);
    /* O_EXCL: whatever somebody put there beforehand, a link or a file, is not ours (row C17). */
    cleanup_close int fd =
        openat(directory, ret_name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return -errno;
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        int r = -errno;
        (void)unlinkat(directory, ret_name, 0);
        return r;
    }
    return take_fd(&fd);
}

static bool is_abandoned(int directory, const char *name)
{
    const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    cleanup_close int fd = openat(directory, name, flags);
    /* With an umask of 777 even its owner cannot look at it. */
    if (fd < 0 && errno == EACCES && fchmodat(directory, name, S_IRUSR | S_IWUSR, 0) == 0)
        fd = openat(directory, name, flags);
    struct stat status;
    struct timespec now;
    if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
        clock_gettime(CLOCK_REALTIME, &now) < 0)
        return false;
    if (now.tv_sec - status.st_mtim.tv_sec < SETTLED && now.tv_sec >= status.st_mtim.tv_sec)
        return false;
    return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

bool unfinished_remove_abandoned(struct session *session, int directory, const char *name)
{
    struct quota_claim claim = QUOTA_CLAIM_NONE;
    if (session->read_only || !is_abandoned(directory, name) ||
        quota_claim(session, directory, &claim) < 0)
        return false;
    quota_look(&claim, directory, name);
    /* Without the lock, another session is removing it at this moment, and credits it. */
    bool gone = !(claim.counts && !claim.locked) && unlinkat(directory, name, 0) == 0;
    if (gone)
        quota_removed(&claim);
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

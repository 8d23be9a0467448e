/* Whose the things are that a session makes: see owner.h. */
#include "session/owner.h"
#include "lib/cleanup.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

/* Ids that the kernel does not map show as 65534, which is never in the range (lib/account_cell.c).
 * The last one is the administrators' own and has no folder. */
static bool is_users(const struct session *session, const struct stat *status)
{
    uint64_t first = session->config->accounts_uid_min;
    uint64_t last = session->config->accounts_uid_max;
    return status->st_uid >= first && status->st_uid < last && status->st_gid >= first &&
           status->st_gid <= last;
}

int owner_check_names(const struct session *session, int directory)
{
    struct stat status = {0}, root = {0};
    if (!(session->flags & ACCOUNT_IS_ADMIN))
        return 0;
    if (fstat(directory, &status) < 0 || fstatat(AT_FDCWD, "/", &root, 0) < 0)
        return -errno;
    return status.st_dev == root.st_dev && status.st_ino == root.st_ino ? -EUSERS : 0;
}

int owner_of(const struct session *session, int directory, struct owner *ret)
{
    struct stat status = {0};
    *ret = (struct owner){0};
    if (!(session->flags & ACCOUNT_IS_ADMIN))
        return 0;
    int r = owner_check_names(session, directory);
    if (r == 0 && fstat(directory, &status) < 0)
        r = -errno;
    if (r < 0)
        return r;
    if (!is_users(session, &status))
        return -EPERM;
    *ret = (struct owner){.uid = status.st_uid, .gid = status.st_gid};
    return 0;
}

/* FILE may not be what was made: somebody whose directory it is can have put something else under
 * its name meanwhile. Nothing but what an administrator has just made is of the session's uid. */
int owner_give(const struct session *session, int file, const struct owner *owner)
{
    struct stat status = {0};
    if (owner->uid == 0)
        return 0;
    if (fstat(file, &status) < 0)
        return -errno;
    if (status.st_uid != session->uid)
        return -EPERM;
    return fchown(file, owner->uid, owner->gid) < 0 ? -errno : 0;
}

int owner_make_directory(const struct session *session, int directory, const char *name,
                         mode_t mode)
{
    struct owner owner;
    int r = owner_of(session, directory, &owner);
    if (r < 0)
        return r;
    if (mkdirat(directory, name, mode) < 0)
        return -errno;
    if (owner.uid == 0)
        return 0;
    cleanup_close int made =
        openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    r = made < 0 ? -errno : owner_give(session, made, &owner);
    if (r < 0)
        (void)unlinkat(directory, name, AT_REMOVEDIR);
    return r;
}

/* A file with a single name, opened so that it can change hands. */
static int open_single(const struct session *session, int directory, const char *name,
                       struct stat *ret)
{
    /* Looked at before it is opened: opening some things does something. */
    if (fstatat(directory, name, ret, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    if (!S_ISREG(ret->st_mode))
        return -EOWNERDEAD;
    cleanup_close int file =
        openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (file < 0 || fstat(file, ret) < 0)
        return -errno;
    if (!S_ISREG(ret->st_mode) || ret->st_nlink != 1)
        return -EOWNERDEAD;
    if (!is_users(session, ret))
        return -EPERM;
    /* Who is continuing it would go on doing so in the folder of the other, and in nobody's quota.
     */
    return flock(file, LOCK_EX | LOCK_NB) < 0 ? -errno : take_fd(&file);
}

/*
 * It changes hands before it is moved, so that what the new owner may not have (his quota of the
 * kernel's, say) is known before something is replaced, and is given back if it stays. If the old
 * owner puts another file under the name in between, that one is moved as it is: the new owner has
 * a file in his folder that he can only remove.
 */
int owner_change_begin(const struct session *session, int from, const char *name, int to,
                       struct owner_change *ret)
{
    struct owner owner;
    struct stat status = {0};
    *ret = (struct owner_change){.file = -1};
    int r = owner_of(session, to, &owner);
    if (r == 0 && fstat(from, &status) < 0)
        r = -errno;
    if (r < 0 || owner.uid == 0 || owner.uid == status.st_uid)
        return r;
    cleanup_close int file = open_single(session, from, name, &status);
    if (file < 0)
        return file;
    if (fchown(file, owner.uid, owner.gid) < 0)
        return -errno;
    ret->before = (struct owner){.uid = status.st_uid, .gid = status.st_gid};
    ret->file = take_fd(&file);
    return 0;
}

int owner_change_end(struct owner_change *change, int result)
{
    cleanup_close int file = change->file;
    change->file = -1;
    if (file < 0 || result == 0)
        return result;
    return fchown(file, change->before.uid, change->before.gid) < 0 ? -errno : result;
}

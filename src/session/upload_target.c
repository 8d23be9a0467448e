/* The file that an upload becomes: see upload_target.h. */
#include "session/upload_target.h"
#include "lib/cleanup.h"
#include "session/owner.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/xattr.h>

/* A FIFO must not hold us up. */
enum { OPEN_EXISTING = O_NONBLOCK | O_NOCTTY | O_CLOEXEC };

/* What has come of it. What is given back, or credited, must be free: then it is closed. */
static struct ledger_amount gained_by(struct upload_target *target)
{
    struct quota_claim *claim = &target->claim;
    struct ledger_amount gained = {0};
    uint64_t before = target->made ? 0 : target->start;
    struct stat status;
    if (target->file < 0 || fstat(target->file, &status) < 0)
        return gained;
    uint64_t size = (uint64_t)status.st_size;
    if (status.st_nlink > 0) {
        gained.bytes = size > before ? size - before : 0;
        gained.files = target->made ? 1 : 0;
        claim->uncertain |= size < before;
        return gained;
    }
    /* Removed while it was being continued, nobody knows when: a count since then has not seen it
     * any more, and it must not be credited twice. */
    claim->uncertain |= !target->made;
    target->file = close_fd(target->file);
    return gained;
}

void upload_target_settle(struct session *session, struct upload_target *target)
{
    struct quota_claim *claim = &target->claim;
    if (!claim->counts || target->settled)
        return;
    struct ledger_amount gained = gained_by(target);
    quota_settle(session, claim, &gained);
    target->settled = true;
    /* Somebody may have removed it since it has its name, and had not got the lock either. */
    struct stat status;
    if (target->file < 0 || fstat(target->file, &status) < 0 || status.st_nlink > 0)
        return;
    claim->freed = (struct ledger_amount){(uint64_t)status.st_size, 1};
    target->file = close_fd(target->file);
    quota_settle(session, claim, &(struct ledger_amount){0});
}

void upload_target_release(struct session *session, struct upload_target *target)
{
    /* Still there: it was neither published nor abandoned, so the session is ending. */
    if (target->unfinished[0])
        (void)unlinkat(target->directory, target->unfinished, 0);
    upload_target_settle(session, target);
    target->file = close_fd(target->file);
    target->source = close_fd(target->source);
    target->directory = close_fd(target->directory);
    free(take_pointer(target->name));
    free(take_pointer(target->shown));
}

int upload_target_write(struct session *session, struct upload_target *target, const char *bytes,
                        size_t size)
{
    uint64_t before = target->made ? 0 : target->start;
    int r = quota_reserve(session, &target->claim, target->position + size - before, 0);
    while (r == 0 && size > 0) {
        ssize_t written = pwrite(target->file, bytes, size, (off_t)target->position);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        bytes += written;
        size -= (size_t)written;
        target->position += (uint64_t)written;
    }
    return r;
}

/* How much ALLO has announced, for which room is promised at once. Nothing keeps an administrator
 * from what he wants to store, and what he has not stored yet is not to be counted. */
static uint64_t promised(const struct session *session, const struct upload_target *target)
{
    return target->claim.owner == 0 ? session->pending.allocation : 0;
}

/* Continues the existing file in place, at its end. */
static int open_in_place(struct session *session, struct upload_target *target, uint64_t restart,
                         bool append)
{
    cleanup_close int file =
        openat(target->directory, target->name, O_WRONLY | OPEN_EXISTING | target->no_links);
    if (file < 0)
        return -errno;
    if (flock(file, LOCK_EX | LOCK_NB) < 0)
        return -errno;
    /* Only now nobody else of ours can make it longer. */
    struct stat status;
    if (fstat(file, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return -ENXIO;
    /* Another session was faster: it has made it longer, or removed it. */
    if ((!append && (uint64_t)status.st_size != restart) || status.st_nlink == 0)
        return -EWOULDBLOCK;
    target->file = take_fd(&file);
    target->start = (uint64_t)status.st_size;
    target->position = target->start;
    /* For REST it is the size of the whole that clients announce, or of the rest. */
    uint64_t announced = promised(session, target);
    if (!append)
        announced = announced > target->start ? announced - target->start : 0;
    target->claim.announced = announced;
    /* A count cannot tell that an administrator writes here: he has nothing ahead. */
    target->claim.writes = target->claim.owner == 0;
    return quota_reserve(session, &target->claim, announced, 0);
}

int upload_target_copy(struct upload_target *target)
{
    enum { COPY_AT_ONCE = 8 << 20 };
    while (target->source >= 0) {
        off_t from = (off_t)target->copied, to = (off_t)target->copied;
        uint64_t left = target->start - target->copied;
        ssize_t copied = copy_file_range(target->source, &from, target->file, &to,
                                         left < COPY_AT_ONCE ? left : COPY_AT_ONCE, 0);
        if (copied < 0)
            return -errno;
        if (copied == 0)
            return -ERANGE;
        target->copied += (uint64_t)copied;
        if (target->copied < target->start)
            return 1;
        target->source = close_fd(target->source);
    }
    return 0;
}

/* A file that is replaced keeps its permissions, as it would if it were written in place: its mode
 * and its ACL. An ACL that names others cannot be copied from in here, where those others have no
 * number; then the new file has what any new file in this directory gets, which the directory's own
 * default ACL decides, and no bit of the mode (which is the ACL's mask) that the old one had not.
 */
static int keep_permissions(const struct upload_target *target, const struct stat *present)
{
    static const char acl[] = "system.posix_acl_access";
    enum { ACL_MAX = 4096 };
    char value[ACL_MAX];
    cleanup_close int file =
        openat(target->directory, target->name, O_WRONLY | OPEN_EXISTING | target->no_links);
    if (file < 0)
        return errno == ENOENT ? 0 : -errno; /* it is gone by now */
    ssize_t size = fgetxattr(file, acl, value, sizeof(value));
    if (size < 0 && errno != ENODATA && errno != EOPNOTSUPP)
        return -errno;
    mode_t mode = present->st_mode & 0777;
    if (size >= 0) {
        if (fsetxattr(target->file, acl, value, (size_t)size, 0) == 0)
            return 0;
        struct stat made;
        if (errno != EINVAL || fstat(target->file, &made) < 0)
            return -errno;
        mode &= made.st_mode;
    }
    return fchmod(target->file, mode) < 0 ? -errno : 0;
}

static int open_unfinished(struct session *session, struct upload_target *target,
                           const struct stat *present, uint64_t restart)
{
    uint64_t announced = session->pending.allocation;
    struct owner owner;
    uint64_t room = promised(session, target);
    target->claim.announced = room;
    target->claim.writes = true;
    session->quota.replaces = target->existed;
    int r = owner_of(session, target->directory, &owner);
    if (r == 0)
        r = quota_reserve(session, &target->claim, room > restart ? room : restart, 1);
    if (r < 0)
        return r;
    target->file = unfinished_make(session, target->directory, (mode_t)session->config->files_mode,
                                   target->unfinished);
    if (target->file < 0)
        return target->file;
    target->made = true;
    r = owner_give(session, target->file, &owner);
    if (r == 0 && target->existed)
        r = keep_permissions(target, present);
    if (r < 0)
        return r;
    if (announced > 0 && fallocate(target->file, FALLOC_FL_KEEP_SIZE, 0, (off_t)announced) < 0 &&
        errno != EOPNOTSUPP)
        return -errno;
    target->start = restart;
    target->position = restart;
    if (restart == 0)
        return 0;
    target->source =
        openat(target->directory, target->name, O_RDONLY | OPEN_EXISTING | target->no_links);
    return target->source < 0 ? -errno : 0;
}

/* What is there already under the name: 0 and *RET, or why it cannot be replaced. */
static int examine(struct upload_target *target, struct stat *ret)
{
    int follow = target->no_links || target->exclusive ? AT_SYMLINK_NOFOLLOW : 0;
    if (fstatat(target->directory, target->name, ret, follow) < 0)
        return errno == ENOENT || errno == ELOOP ? 0 : -errno;
    target->existed = true;
    if (target->exclusive)
        return -EEXIST; /* whatever it is: a drop box does not tell */
    if (S_ISLNK(ret->st_mode))
        return -ENOENT; /* as for RETR: where names are denied, links lead nowhere */
    if (!S_ISREG(ret->st_mode))
        return S_ISDIR(ret->st_mode) ? -EISDIR : -ENXIO;
    /* Of what the session may do; without the flag an administrator's capabilities would not count
     * (access(2)). */
    return faccessat(target->directory, target->name, W_OK, AT_EACCESS) < 0 ? -errno : 0;
}

static int open_named(struct session *session, const char *path, enum upload_mode mode,
                      uint64_t restart, struct upload_target *target)
{
    struct stat present = {0};
    int r = path_parent_new(session, path, &target->directory, &target->name);
    if (r == 0)
        r = examine(target, &present);
    if (r == 0)
        r = quota_claim(session, target->directory, &target->claim);
    if (r < 0)
        return r;
    uint64_t size = target->existed ? (uint64_t)present.st_size : 0;
    if (mode == UPLOAD_APPEND && target->existed)
        return open_in_place(session, target, 0, true);
    if (mode == UPLOAD_APPEND)
        restart = 0;
    if (restart > size)
        return -ERANGE;
    if (restart > 0 && restart == size)
        return open_in_place(session, target, restart, false);
    return open_unfinished(session, target, &present, restart);
}

/* A name that nobody has; taking it at the end refuses to replace (row F04). */
static int open_unique(struct session *session, const char *path, struct upload_target *target)
{
    uint64_t number;
    cleanup_free char *unique = NULL;
    const struct stat nothing = {0};
    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        return -EIO;
    /* Without a name of the client's, in the directory that it named, or in the present one. */
    bool bare = !*path || path[strlen(path) - 1] == '/';
    if (asprintf(&unique, "%s%s%016llx", path, bare ? "upload-" : ".", (unsigned long long)number) <
        0)
        return -ENOMEM;
    int r = path_parent_new(session, unique, &target->directory, &target->name);
    if (r < 0)
        return r;
    free(target->shown);
    target->shown = take_pointer(unique);
    target->exclusive = true;
    r = quota_claim(session, target->directory, &target->claim);
    return r < 0 ? r : open_unfinished(session, target, &nothing, 0);
}

int upload_target_open(struct session *session, const char *path, enum upload_mode mode,
                       uint64_t restart, struct upload_target *ret)
{
    struct upload_target target = {
        .file = -1,
        .directory = -1,
        .source = -1,
        .claim = QUOTA_CLAIM_NONE,
        .shown = strdup(path),
        .exclusive = session->flags & ACCOUNT_UPLOAD_ONLY,
        .no_links = path_follows_links(session) ? 0 : O_NOFOLLOW,
    };
    int r = -ENOMEM;
    if (target.shown)
        r = mode == UPLOAD_UNIQUE ? open_unique(session, path, &target)
                                  : open_named(session, path, mode, restart, &target);
    if (r < 0) {
        upload_target_release(session, &target);
        return r;
    }
    *ret = target;
    return 0;
}

static int sync_directory(int directory)
{
    cleanup_close int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* Takes the reserved name away and gives the real one. */
static int rename_to_final(struct upload_target *target, bool exclusive)
{
    int directory = target->directory;
    int r = 0;
    if (!exclusive)
        r = quota_rename(&target->claim, directory, target->unfinished, directory, target->name);
    else if (renameat2(directory, target->unfinished, directory, target->name, RENAME_NOREPLACE) <
             0)
        r = -errno;
    if (r == 0)
        target->unfinished[0] = '\0';
    return r;
}

int upload_target_publish(struct upload_target *target, bool sync)
{
    if (sync && fdatasync(target->file) < 0)
        return -errno;
    if (!target->unfinished[0])
        return 0;
    /* ALLO may have reserved more than came. */
    if (ftruncate(target->file, (off_t)target->position) < 0)
        return -errno;
    int r = rename_to_final(target, target->exclusive);
    if (r < 0)
        return r;
    return sync ? sync_directory(target->directory) : 0;
}

void upload_target_abandon(struct upload_target *target, bool keep, int error)
{
    bool full = error == -ENOSPC || error == -EDQUOT || error == -EFBIG;
    if (!target->unfinished[0]) {
        /* What was appended before the disk was full is taken back. If not even that works, the
         * error that is being reported says all that there is to say. */
        if (full && !target->made && ftruncate(target->file, (off_t)target->start) < 0)
            return;
        return;
    }
    if (keep && !full && !target->existed && target->position > 0 &&
        ftruncate(target->file, (off_t)target->position) == 0 && rename_to_final(target, true) == 0)
        return;
    (void)unlinkat(target->directory, target->unfinished, 0);
    target->unfinished[0] = '\0';
}

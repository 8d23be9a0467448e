/* The session's side of the ledger: see quota.h. */
#include "session/quota.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/tree_count.h"
#include "session/session.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>

enum { STEP_ADMIN = 64 << 10, STEP_FIRST = 256 << 10, STEP_LEAST = 1 << 20, STEP_MOST = 64 << 20 };

static uint64_t less(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t minus(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

int quota_init(struct session *session, unsigned flags)
{
    struct statx root;
    struct quota *quota = &session->quota;
    *quota = (struct quota){
        .leases = flags & ACCOUNT_LEASES,
        .admin = flags & ACCOUNT_IS_ADMIN,
        .project = flags & ACCOUNT_PROJECT,
        .limit = {NO_LIMIT, NO_LIMIT},
    };
    if (statx(AT_FDCWD, "/", 0, STATX_MNT_ID, &root) < 0)
        return -errno;
    quota->mount = root.stx_mnt_id;
    return 0;
}

/* --- the ledger ---------------------------------------------------------------------------- */

/* One step in the ledger of CLAIM's owner. *RET_HELD, unless NULL, is the lease that there is. */
static int step(struct session *session, const struct quota_claim *claim,
                const struct ledger_step *request, struct ledger_amount *ret_held)
{
    struct lease_answer answer;
    int r = ask_lease(session, claim->owner, request, &answer);
    if (r < 0)
        return r;
    if (claim->owner == 0) {
        session->quota.known = true;
        session->quota.unknown = answer.error != 0 && answer.error != -EDQUOT;
        session->quota.used = answer.used;
        session->quota.limit = answer.quota;
    }
    if (ret_held)
        *ret_held = answer.lease;
    return answer.error < 0 ? -EDQUOT : 0;
}

int quota_ask(struct session *session)
{
    const struct quota_claim own = QUOTA_CLAIM_NONE;
    const struct ledger_step question = {0};
    int r = step(session, &own, &question, NULL);
    return r == -EDQUOT ? 0 : r;
}

struct ledger_amount quota_free(const struct session *session)
{
    const struct quota *quota = &session->quota;
    return (struct ledger_amount){
        .bytes = quota->limit.bytes == NO_LIMIT ? NO_LIMIT
                                                : minus(quota->limit.bytes, quota->used.bytes),
        .files = quota->limit.files == NO_LIMIT ? NO_LIMIT
                                                : minus(quota->limit.files, quota->used.files),
    };
}

/* What is in a share is in no quota. An administrator has none, and what lies in the folder of
 * nobody who could have one (the folders themselves are in such a one) counts nowhere. */
int quota_claim(struct session *session, int directory, struct quota_claim *ret)
{
    const struct quota *quota = &session->quota;
    struct statx found;
    *ret = QUOTA_CLAIM_NONE;
    session->quota.replaces = false;
    if (!quota->leases && !quota->admin)
        return 0;
    if (statx(directory, "", AT_EMPTY_PATH, STATX_UID | STATX_MNT_ID, &found) < 0)
        return -errno;
    ret->counts = found.stx_mnt_id == quota->mount;
    if (quota->admin) {
        ret->owner = found.stx_uid;
        ret->counts &= found.stx_uid >= session->config->accounts_uid_min &&
                       found.stx_uid <= session->config->accounts_uid_max;
    }
    return 0;
}

/* How much is asked for where BYTES are needed, so that the next question is not soon. Whoever has
 * announced a size gets that. */
static uint64_t generous(const struct session *session, const struct quota_claim *claim,
                         uint64_t bytes)
{
    /* What an administrator has ahead is in no lease but used: a count while he writes forgets it,
     * and one just before keeps it from being taken back. So it is little. */
    if (claim->owner != 0 && !claim->writes)
        return bytes;
    if (claim->owner != 0)
        return bytes + (bytes < 4 * STEP_ADMIN ? STEP_ADMIN : less(bytes / 4, STEP_LEAST));
    if (claim->announced > 0 && bytes <= claim->announced)
        return claim->announced;
    if (!session->quota.known)
        return bytes + STEP_FIRST;
    /* Other sessions need room, too, where little is left. */
    uint64_t room = quota_free(session).bytes;
    uint64_t part = less(room / 16, STEP_MOST);
    return bytes + (part < STEP_LEAST ? less(STEP_LEAST, room / 4) : part);
}

/* An administrator has no lease: what a work may need is used at once, and taken back at its end,
 * so that there is never less in the owner's ledger than on the disk. */
static int reserve_for(struct session *session, struct quota_claim *claim,
                       const struct ledger_amount *wanted)
{
    const struct ledger_step request = {
        .gained = {minus(wanted->bytes, claim->held.bytes),
                   minus(wanted->files, claim->held.files)},
    };
    int r = step(session, claim, &request, NULL);
    if (r == 0)
        claim->held = *wanted;
    return r;
}

int quota_reserve(struct session *session, struct quota_claim *claim, uint64_t bytes,
                  uint64_t files)
{
    bool ahead = claim->writes && claim->held.bytes == 0;
    if (!claim->counts || (bytes <= claim->held.bytes && files <= claim->held.files && !ahead))
        return 0;
    struct ledger_amount wanted = claim->held;
    if (bytes > wanted.bytes || ahead)
        wanted.bytes = generous(session, claim, bytes);
    if (files > wanted.files)
        wanted.files = files;
    if (claim->owner != 0)
        return reserve_for(session, claim, &wanted);
    const struct ledger_step request = {
        .least = bytes,
        .best = wanted.bytes,
        .files = wanted.files,
    };
    int r = step(session, claim, &request, &claim->held);
    /* It may be that files were removed that no session knows of: the next login is to see (Q05).
     */
    claim->uncertain |= r == -EDQUOT;
    return r;
}

void quota_settle(struct session *session, struct quota_claim *claim,
                  const struct ledger_amount *gained)
{
    struct ledger_step request = {
        .uncertain = claim->uncertain,
        .gained = *gained,
        .freed = claim->freed,
    };
    bool changed = claim->uncertain || claim->moving || claim->held.bytes + claim->held.files > 0 ||
                   gained->bytes + gained->files > 0 || claim->freed.bytes + claim->freed.files > 0;
    if (claim->counts && claim->owner != 0) {
        request.gained.bytes = minus(gained->bytes, claim->held.bytes);
        request.gained.files = minus(gained->files, claim->held.files);
        request.freed.bytes += minus(claim->held.bytes, gained->bytes);
        request.freed.files += minus(claim->held.files, gained->files);
    } else if (gained->bytes > claim->held.bytes || gained->files > claim->held.files) {
        /* Somebody outside of any session has made a file longer while it was written here. */
        request.gained.bytes = less(gained->bytes, claim->held.bytes);
        request.gained.files = less(gained->files, claim->held.files);
        request.uncertain = true;
    }
    if (claim->counts && changed)
        (void)step(session, claim, &request, NULL); /* a monitor that is gone: we go, too */
    (void)close_fd(claim->file);
    *claim = (struct quota_claim){.counts = claim->counts, .owner = claim->owner, .file = -1};
}

/* --- what is removed ----------------------------------------------------------------------- */

/* Opens what it is that will go, without following or waiting for anything. An owner who has taken
 * his own right to read it away gets it for an instant, as a lock takes a descriptor; not so an
 * administrator, under whose hands the owner could put a link to somebody else's file there. */
static int open_doomed(int directory, const char *name, bool own)
{
    const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    struct stat status;
    int file = openat(directory, name, flags);
    if (file >= 0 || errno != EACCES || !own)
        return file < 0 ? -errno : file;
    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode) || fchmodat(directory, name, S_IRUSR | S_IWUSR, 0) < 0)
        return -EACCES;
    file = openat(directory, name, flags);
    int error = -errno;
    /* It may stay after all, if it cannot be removed. */
    if (file >= 0)
        (void)fchmod(file, status.st_mode & 0777);
    return file < 0 ? error : file;
}

/* Another session may have it for an instant, as it is looking, too; or as long as it appends. */
static bool take_lock(int file)
{
    enum { TRIES = 4 };
    for (int i = 0; i < TRIES; i++) {
        if (i > 0)
            clock_pause(1);
        if (flock(file, LOCK_EX | LOCK_NB) == 0)
            return true;
    }
    return false;
}

/* True if it was of use: FILE is locked, or cannot be. */
static bool look_once(struct quota_claim *claim, int directory, const char *name)
{
    struct stat status;
    (void)close_fd(claim->file);
    claim->file = open_doomed(directory, name, claim->owner == 0);
    claim->vacant = claim->file == -ENOENT;
    if (claim->file < 0)
        claim->file = -1;
    bool locked = claim->file >= 0 && take_lock(claim->file);
    /* Its last name may have gone between the two, and whoever took it has credited it. */
    claim->locked = locked && fstat(claim->file, &status) == 0 && status.st_nlink > 0;
    return claim->locked || !locked;
}

void quota_look(struct quota_claim *claim, int directory, const char *name)
{
    enum { TRIES = 8 };
    if (!claim->counts)
        return;
    claim->looked = true;
    for (int i = 0; i < TRIES && !look_once(claim, directory, name); i++)
        ;
}

void quota_removed(struct quota_claim *claim, bool done)
{
    struct stat status;
    if (!claim->counts || !claim->looked)
        return;
    if (claim->locked && fstat(claim->file, &status) == 0 && status.st_nlink == 0) {
        claim->freed.bytes += S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0;
        claim->freed.files++;
    } else {
        claim->uncertain |= done;
    }
    claim->file = close_fd(claim->file); /* what is credited must be free */
}

int quota_rename(struct quota_claim *claim, int from_directory, const char *from, int to_directory,
                 const char *to)
{
    enum { TRIES = 100 };
    for (int i = 0; i < TRIES; i++) {
        quota_look(claim, to_directory, to);
        /* What comes to have that name meanwhile must not be replaced unseen. */
        bool nothing = claim->counts && claim->vacant;
        int r = renameat2(from_directory, from, to_directory, to, nothing ? RENAME_NOREPLACE : 0);
        if (r < 0 && errno == EEXIST && nothing)
            continue;
        if (r < 0 && errno == EINVAL && nothing) {
            /* A file system that cannot do this. */
            r = renameat(from_directory, from, to_directory, to);
            claim->uncertain = true;
        }
        int error = r < 0 ? -errno : 0;
        if (!nothing)
            quota_removed(claim, r == 0);
        return error;
    }
    return -EWOULDBLOCK; /* others make and remove it all the time */
}

/* Makes the ledger of CLAIM's owner know that something is being renamed. -ESHUTDOWN. */
static int announce_move(struct session *session, struct quota_claim *claim)
{
    const struct ledger_step request = {.moving = true};
    if (!claim->counts)
        return 0;
    claim->moving = true;
    int r = step(session, claim, &request, NULL);
    return r == -EDQUOT ? 0 : r;
}

/* How much PLACE holds, all that is in it. -EXDEV. */
static int measure(const struct quota_place *place, struct ledger_amount *ret)
{
    enum { PATIENCE = 10000 };
    struct stat status;
    struct tree_count count = {0};
    if (fstatat(place->directory, place->name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    if (S_ISDIR(status.st_mode)) {
        cleanup_close int tree =
            openat(place->directory, place->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (tree < 0 || tree_count(tree, clock_msec() + PATIENCE, false, &count) < 0)
            return -EXDEV;
    } else if (S_ISREG(status.st_mode)) {
        count.found.bytes = (uint64_t)status.st_size;
    }
    *ret = (struct ledger_amount){count.found.bytes, count.found.files + 1};
    return 0;
}

int quota_move(struct session *session, const struct quota_place *from,
               const struct quota_place *to)
{
    struct quota_claim source, target = QUOTA_CLAIM_NONE;
    struct ledger_amount moved = {0};
    int r = quota_claim(session, from->directory, &source);
    if (r == 0)
        r = quota_claim(session, to->directory, &target);
    bool crosses = source.owner != target.owner || source.counts != target.counts;
    if (r == 0 && crosses && !session->quota.admin)
        r = -EXDEV; /* into a share, or out of it */
    if (r == 0 && crosses)
        r = measure(from, &moved);
    if (r == 0 && crosses)
        r = quota_reserve(session, &target, moved.bytes, moved.files);
    if (r == 0)
        r = announce_move(session, &target);
    if (r == 0 && crosses)
        r = announce_move(session, &source);
    if (r == 0)
        r = quota_rename(&target, from->directory, from->name, to->directory, to->name);
    if (r < 0)
        moved = (struct ledger_amount){0};
    if (source.counts && crosses)
        source.freed = moved;
    quota_settle(session, &target, &moved);
    if (crosses)
        quota_settle(session, &source, &(struct ledger_amount){0});
    return r;
}

/* --- what is free -------------------------------------------------------------------------- */

int quota_available(struct session *session, int directory, uint64_t *ret)
{
    struct statfs disk;
    struct quota_claim claim;
    if (fstatfs(directory, &disk) < 0)
        return -errno;
    uint64_t available = (uint64_t)disk.f_bavail * (uint64_t)disk.f_bsize;
    int r = quota_claim(session, directory, &claim);
    if (r == 0 && claim.counts && claim.owner == 0) {
        r = quota_ask(session);
        available = session->quota.unknown ? 0 : less(available, quota_free(session).bytes);
    }
    *ret = session->read_only ? 0 : available;
    return r;
}

static size_t add_words(char ret[QUOTA_WORDS_MAX], size_t used, uint64_t room, uint64_t limit,
                        const char *unit)
{
    if (limit == NO_LIMIT)
        return used;
    int size = snprintf(ret + used, QUOTA_WORDS_MAX - used, "%s%llu of %llu %s are free",
                        used > 0 && ret[used - 1] == 'e' ? ", " : " ", (unsigned long long)room,
                        (unsigned long long)limit, unit);
    return used + (size_t)size;
}

void quota_words(const struct session *session, char ret[QUOTA_WORDS_MAX])
{
    const struct quota *quota = &session->quota;
    struct ledger_amount room = quota_free(session);
    if (quota->unknown) {
        (void)snprintf(ret, QUOTA_WORDS_MAX, "%s",
                       "Your files have not been counted, and until then nothing can be stored. "
                       "Tell the administrator.");
        return;
    }
    size_t used = (size_t)snprintf(ret, QUOTA_WORDS_MAX, "Quota exceeded:");
    size_t begin = used;
    if (quota->leases) {
        used = add_words(ret, used, room.bytes, quota->limit.bytes, "bytes");
        used = add_words(ret, used, room.files, quota->limit.files, "files");
    } else if (quota->project) {
        struct statfs disk;
        cleanup_close int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        /* ext4 and XFS tell of the project what statfs(2) tells of a disk. */
        if (root >= 0 && fstatfs(root, &disk) == 0)
            used = add_words(ret, used, (uint64_t)disk.f_bavail * (uint64_t)disk.f_bsize,
                             (uint64_t)disk.f_blocks * (uint64_t)disk.f_bsize, "bytes");
    }
    (void)snprintf(ret + used, QUOTA_WORDS_MAX - used, "%s",
                   used == begin     ? " the file system takes no more of yours."
                   : quota->replaces ? "; the present file counts until the new one is complete."
                                     : ".");
}

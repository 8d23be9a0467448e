/*
 * Removing an account, with its folder or without. See account_remove in account.h; cellftpctl and
 * the monitor's admin work call it, as root.
 *
 * Without the folder it is one unlink. With it: the account is disabled first, then the folder is
 * emptied without the lock (it may take minutes, and others want to log in), and only when it is
 * gone the record goes. Whoever stops in between finds a disabled account with less in its folder;
 * running it again goes on.
 */
#include "lib/account.h"

#include "lib/account_store.h"
#include "lib/cleanup.h"
#include "lib/ledger.h"
#include "lib/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <mntent.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* How often a folder may have something in it again before somebody is said to be writing there. */
enum { ROUNDS_MAX = 100 };

struct folder {
    int parent;
    int fd; /* -1 if there is none */
    char *path;
    char *name; /* the last component, in PATH */
};

static void folder_close(struct folder *folder)
{
    folder->fd = close_fd(folder->fd);
    folder->parent = close_fd(folder->parent);
    free(folder->path);
}

__attribute__((format(printf, 3, 4))) static int fail(struct buffer *problem, int error,
                                                      const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)buffer_append_formatv(problem, format, arguments);
    va_end(arguments);
    return error;
}

static const char *explain(int error)
{
    return error == EXDEV   ? "it is a mount point; unmount it first"
           : error == ELOOP ? "it is a symbolic link"
                            : strerror(error);
}

/* -EBUSY if something is mounted somewhere in the open DIRECTORY. tree_empty would stop at it, but
 * with half of the folder gone. */
static int refuse_mounts(int directory, struct buffer *problem)
{
    char link[64];
    char path[PATH_MAX];
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", directory);
    ssize_t size = readlink(link, path, sizeof(path));
    if (size < 0 || (size_t)size == sizeof(path))
        return size < 0 ? -errno : -ENAMETOOLONG;

    FILE *mounts = setmntent("/proc/self/mounts", "re");
    if (!mounts)
        return -errno;
    int r = 0;
    struct mntent entry;
    char text[4 * PATH_MAX];
    while (r == 0 && getmntent_r(mounts, &entry, text, (int)sizeof(text)))
        if (strncmp(entry.mnt_dir, path, (size_t)size) == 0 && entry.mnt_dir[size] == '/')
            r = fail(problem, -EBUSY, "%s is a mount point; unmount it first", entry.mnt_dir);
    (void)endmntent(mounts);
    return r;
}

/* Opens ACCOUNT's folder: a directory of its own, on no mount of its own, reached by no symbolic
 * link. A folder that is not the account's (home = "/srv") is nothing that removing the account
 * could mean. */
static int folder_open(const struct account *account, struct folder *ret, struct buffer *problem)
{
    ret->path = strdup(account->home);
    if (!ret->path)
        return -ENOMEM;
    size_t size = strlen(ret->path);
    while (size > 1 && ret->path[size - 1] == '/')
        ret->path[--size] = '\0';
    char *slash =
        strrchr(ret->path, '/'); /* account_load takes only absolute paths with a name in them */
    ret->name = slash + 1;
    *slash = '\0';
    int r = account_directory_open(slash == ret->path ? "/" : ret->path, 0, &ret->parent, problem);
    if (r == -ENOENT) {
        buffer_clear(problem);
        return 0;
    }
    if (r < 0)
        return r;

    struct open_how how = {
        .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
        .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
    };
    long fd = syscall(SYS_openat2, ret->parent, ret->name, &how, sizeof(how));
    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0)
        return fail(problem, -errno, "%s is not removed: %s", account->home, explain(errno));
    ret->fd = (int)fd;
    struct stat status;
    if (fstat(ret->fd, &status) < 0)
        return -errno;
    if (status.st_uid != account->uid)
        return fail(problem, -EPERM, "%s is not removed: it belongs to uid %u, not %u",
                    account->home, status.st_uid, account->uid);
    return refuse_mounts(ret->fd, problem);
}

/* Removes the emptied folder, if the name still leads to it. -ENOTEMPTY. */
static int folder_remove(const struct folder *folder)
{
    struct stat opened;
    struct stat named;
    if (folder->fd < 0)
        return 0;
    if (fstat(folder->fd, &opened) < 0)
        return -errno;
    if (fstatat(folder->parent, folder->name, &named, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (opened.st_dev != named.st_dev || opened.st_ino != named.st_ino)
        return -ESTALE;
    if (unlinkat(folder->parent, folder->name, AT_REMOVEDIR) < 0)
        return errno == EEXIST ? -ENOTEMPTY : -errno;
    return fsync(folder->parent) < 0 ? -errno : 0;
}

static int read_record(const struct account_store *store, const char *name, struct account **ret,
                       struct buffer *problem)
{
    char file[ACCOUNT_FILE_MAX];
    (void)snprintf(file, sizeof(file), ACCOUNT_RECORD, name);
    return account_record_read(store->config, store->users, file, name, ACCOUNT_UID_CONFIGURED, ret,
                               problem);
}

static int remove_record(const struct account_store *store, const char *name)
{
    char file[ACCOUNT_FILE_MAX];
    (void)snprintf(file, sizeof(file), ACCOUNT_RECORD, name);
    if (unlinkat(store->users, file, 0) < 0)
        return -errno;
    return fsync(store->users) < 0 ? -errno : 0;
}

/* Before the record: a uid without a ledger is counted, one with the ledger of another is not. */
static int forget_usage(const struct config *config, uid_t uid, struct buffer *problem)
{
    int r = ledger_remove(config, uid);
    return r < 0 ? fail(problem, r, "cannot remove %s/usage/%u: %s", config->directories_state, uid,
                        strerror(-r))
                 : 0;
}

/* Disables the account and opens its folder. */
static int purge_begin(const struct config *config, const char *name, struct account **ret,
                       struct folder *folder, struct buffer *problem)
{
    cleanup_account_store struct account_store store;
    int r = account_store_open(config, ACCOUNT_STORE_CHANGE, &store, problem);
    if (r == 0)
        r = read_record(&store, name, ret, problem);
    if (r == 0)
        r = folder_open(*ret, folder, problem);
    if (r < 0 || !(*ret)->enabled)
        return r;

    (*ret)->enabled = false;
    r = account_record_replace(config, store.users, *ret);
    return r < 0 ? fail(problem, r, "cannot lock it: %s", strerror(-r)) : 0;
}

/* Removes the empty folder and the record, unless somebody has put another account there meanwhile.
 */
static int purge_end(const struct config *config, const struct account *account,
                     const struct folder *folder, struct buffer *problem)
{
    cleanup_account_store struct account_store store;
    cleanup_account struct account *present = NULL;
    int r = account_store_open(config, ACCOUNT_STORE_CHANGE, &store, problem);
    if (r == 0)
        r = read_record(&store, account->name, &present, problem);
    if (r < 0)
        return r;
    if (present->uid != account->uid || present->enabled)
        return fail(problem, -ESTALE,
                    "it was changed by somebody else while its folder was removed");
    r = folder_remove(folder);
    if (r == -ENOTEMPTY)
        return r;
    if (r < 0)
        return fail(problem, r, "%s is not removed: %s", account->home, strerror(-r));
    r = forget_usage(config, account->uid, problem);
    return r < 0 ? r : remove_record(&store, account->name);
}

static int purge(const struct config *config, const char *name, void (*closed)(void *data),
                 void *data, struct buffer *problem)
{
    __attribute__((cleanup(folder_close))) struct folder folder = {.parent = -1, .fd = -1};
    cleanup_account struct account *account = NULL;
    int r = purge_begin(config, name, &account, &folder, problem);
    if (r == 0 && closed)
        closed(data);
    for (unsigned round = 0; r == 0 && round < ROUNDS_MAX; round++) {
        if (folder.fd >= 0)
            r = tree_empty(folder.fd, problem);
        if (r < 0)
            return fail(problem, r, " (in %s); it is locked now", account->home);
        r = purge_end(config, account, &folder, problem);
        if (r != -ENOTEMPTY)
            return r;
        r = 0; /* a session that began before it was disabled wrote something */
    }
    if (r == 0)
        return fail(problem, -ENOTEMPTY, "somebody is still writing to %s; it is locked now",
                    account->home);
    return r;
}

int account_forget(const struct config *config, const char *name,
                   int (*permit)(const char *name, void *data), void *data, struct buffer *problem)
{
    int valid = account_check_name(name);
    if (valid < 0)
        return fail(problem, valid, "is no name for an account");
    /* Without the folder nothing has to be read: this is also the way to be rid of a malformed
     * record. Whose ledger it is can be said of a good one only. */
    cleanup_account_store struct account_store store;
    cleanup_account struct account *account = NULL;
    cleanup_buffer struct buffer unread;
    buffer_init(&unread, 4096);
    int r = account_store_open(config, ACCOUNT_STORE_CHANGE, &store, problem);
    if (r == 0 && permit)
        r = permit(name, data);
    if (r == 0 && read_record(&store, name, &account, &unread) == 0)
        r = forget_usage(config, account->uid, problem);
    return r < 0 ? r : remove_record(&store, name);
}

int account_remove(const struct config *config, const char *name, bool with_folder,
                   void (*closed)(void *data), void *data, struct buffer *problem)
{
    int r = account_check_name(name);
    if (r < 0)
        return fail(problem, r, "is no name for an account");
    if (with_folder)
        return purge(config, name, closed, data, problem);
    r = account_forget(config, name, NULL, NULL, problem);
    if (r == 0 && closed)
        closed(data);
    return r;
}

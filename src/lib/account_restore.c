/*
 * The accounts of an archive put in the place of those that are there: see account_archive.h.
 *
 * They are written into a directory beside directories.users, on the disk, and then the two
 * directories change names in one step (renameat2, RENAME_EXCHANGE). Whoever reads an account has
 * the one or the other; whoever waits for the lock looks again which directory it is
 * (account_store_open). A crash leaves USERS.restore, which the next restore writes anew.
 */
#include "lib/account_archive.h"

#include "lib/account_store.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/tree.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static const char suffix_new[] = ".restore", suffix_old[] = ".before-restore";

struct place {
    int parent;
    char name[NAME_MAX + 1]; /* of the users directory */
    char fresh[NAME_MAX + 32];
    char old[NAME_MAX + 32];
    int made; /* the new directory */
};

static int fail(struct buffer *problem, const char *what, int error)
{
    (void)buffer_append_format(problem, "%s: %s", what, strerror(-error));
    return error;
}

static int find_place(const struct config *config, struct place *ret, struct buffer *problem)
{
    cleanup_free char *path = strdup(config->directories_users);
    if (!path)
        return -ENOMEM;
    size_t size = strlen(path);
    while (size > 1 && path[size - 1] == '/')
        path[--size] = '\0';
    char *slash = strrchr(path, '/');
    if (!slash || !slash[1] || strlen(slash + 1) > NAME_MAX - sizeof(suffix_old))
        return fail(problem, path, -EINVAL);
    (void)snprintf(ret->name, sizeof(ret->name), "%s", slash + 1);
    (void)snprintf(ret->fresh, sizeof(ret->fresh), "%s%s", ret->name, suffix_new);
    (void)snprintf(ret->old, sizeof(ret->old), "%s%s", ret->name, suffix_old);
    slash[slash == path] = '\0';
    ret->parent = directory_open(path, O_RDONLY);
    return ret->parent < 0 ? fail(problem, path, ret->parent) : 0;
}

/* Removes the directory NAME with everything in it, if it is there. */
static int remove_directory(int parent, const char *name, struct buffer *problem)
{
    cleanup_close int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : fail(problem, name, -errno);
    struct stat status;
    if (fstat(fd, &status) < 0 || status.st_uid != 0)
        return fail(problem, name, -EPERM); /* nothing that we have made */
    int r = tree_empty(fd, problem);
    if (r < 0)
        return r;
    return unlinkat(parent, name, AT_REMOVEDIR) < 0 ? fail(problem, name, -errno) : 0;
}

static int write_record(const struct place *place, const struct archived_account *account)
{
    char file[ACCOUNT_FILE_MAX];
    (void)snprintf(file, sizeof(file), ACCOUNT_RECORD, account->name);
    cleanup_close int fd =
        openat(place->made, file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd < 0 ? -errno : write_all(fd, account->record, account->size);
}

/* The new directory, complete and on the disk. One sync for all files. */
static int make_directory(struct place *place, const struct account_archive *archive,
                          uint64_t next_uid, struct buffer *problem)
{
    int r = remove_directory(place->parent, place->fresh, problem);
    if (r < 0)
        return r;
    if (mkdirat(place->parent, place->fresh, 0700) < 0)
        return fail(problem, place->fresh, -errno);
    place->made =
        openat(place->parent, place->fresh, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (place->made < 0)
        return fail(problem, place->fresh, -errno);
    for (size_t i = 0; r == 0 && i < archive->count; i++)
        r = write_record(place, &archive->accounts[i]);
    if (r == 0 && next_uid > 0)
        r = account_uid_plant(place->made, next_uid);
    if (r == 0 && syncfs(place->made) < 0)
        r = -errno;
    return r < 0 ? fail(problem, place->fresh, r) : 0;
}

static int count(const char *name, void *data)
{
    (void)name;
    ++*(size_t *)data;
    return 0;
}

/* The step. What was there gets a name of its own if it is worth keeping. */
static int exchange(const struct place *place, bool keeps, struct buffer *problem)
{
    if (renameat2(place->parent, place->fresh, place->parent, place->name, RENAME_EXCHANGE) < 0)
        return fail(problem, place->name, -errno);
    if (fsync(place->parent) < 0)
        return fail(problem, place->name, -errno);
    if (!keeps)
        return remove_directory(place->parent, place->fresh, problem);
    int r = remove_directory(place->parent, place->old, problem);
    if (r == 0 && renameat(place->parent, place->fresh, place->parent, place->old) < 0)
        r = fail(problem, place->fresh, -errno);
    return r;
}

int account_archive_restore(const struct config *config, const struct account_archive *archive,
                            bool replace, size_t *ret_replaced, struct buffer *problem)
{
    cleanup_account_store struct account_store store = {.users = -1, .hint = -1};
    struct place place = {.parent = -1, .made = -1};
    size_t present = 0;
    int r = account_store_open(config, ACCOUNT_STORE_CREATE, &store, problem);
    if (r == 0)
        r = account_list(config, count, &present);
    if (r == 0 && present > 0 && !replace) {
        (void)buffer_append_format(problem, "there are %zu accounts already", present);
        r = -EEXIST;
    }
    if (r == 0)
        r = find_place(config, &place, problem);
    if (r == 0) {
        /* Of neither those that are there nor those that come, nor of those that were removed. */
        uint64_t next = store.uid_next > archive->next_uid ? store.uid_next : archive->next_uid;
        r = make_directory(&place, archive, next, problem);
    }
    store.hint_current = false; /* it is of the old directory */
    if (r == 0)
        r = exchange(&place, present > 0, problem);
    place.made = close_fd(place.made);
    place.parent = close_fd(place.parent);
    *ret_replaced = present;
    return r;
}

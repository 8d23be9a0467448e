/*
 * The mount of a share: see share.h. It opens what the configuration names and nothing that a user
 * could have chosen, follows no link on the way, and reads nothing in it.
 */
#include "lib/share.h"

#include "lib/cleanup.h"
#include "lib/file.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#ifndef MOUNT_ATTR_NOSYMFOLLOW /* Linux 5.14 */
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

/* Appends COUNT numbers from INSIDE on, which become OUTSIDE and those behind it. */
static int append_extent(struct buffer *map, uint64_t inside, uint64_t outside, uint64_t count)
{
    return count == 0
               ? 0
               : buffer_append_format(map, "%llu %llu %llu\n", (unsigned long long)inside,
                                      (unsigned long long)outside, (unsigned long long)count);
}

/* A map in which OWNER, as the file system has it, and USER, as the session has it, have changed
 * places, and everybody else is who he is. Root is not in it: what is root's cannot be written to
 * through such a mount, whatever its mode, and nothing can be made root's. */
static int make_map(struct buffer *map, uint64_t owner, uint64_t user)
{
    uint64_t low = owner < user ? owner : user;
    uint64_t high = owner < user ? user : owner;
    if (owner == 0 || owner == user)
        return append_extent(map, 1, 1, UINT32_MAX - 1);
    int r = append_extent(map, 1, 1, low - 1);
    if (r == 0)
        r = append_extent(map, low, high, 1);
    if (r == 0)
        r = append_extent(map, low + 1, low + 1, high - low - 1);
    if (r == 0)
        r = append_extent(map, high, low, 1);
    return r == 0 ? append_extent(map, high + 1, high + 1, UINT32_MAX - high - 1) : r;
}

static int write_map(pid_t pid, const char *file, uint64_t owner, uint64_t user)
{
    cleanup_buffer struct buffer map;
    buffer_init(&map, 512);
    int r = make_map(&map, owner, user);
    if (r < 0)
        return r;
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
    cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    return write(fd, buffer_begin(&map), buffer_size(&map)) == (ssize_t)buffer_size(&map) ? 0
                                                                                          : -errno;
}

static int open_namespace(pid_t pid, const struct stat *folder, uid_t uid, gid_t gid)
{
    int r = write_map(pid, "gid_map", folder->st_gid, gid);
    if (r == 0)
        r = write_map(pid, "uid_map", folder->st_uid, uid);
    if (r < 0)
        return r;
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/*
 * A user namespace for nothing but its map: a child that is in it waits until it is killed.
 *
 * Rights: none are gained. The child has every capability in its own namespace, to which nothing
 * belongs, and runs no code but the one call.
 */
static int make_namespace(const struct stat *folder, uid_t uid, gid_t gid)
{
    pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid < 0)
        return -errno;
    if (pid == 0) {
        struct timespec longest = {.tv_sec = 10}; /* if nobody is left to kill it */
        (void)syscall(SYS_ppoll, NULL, 0, &longest, NULL, 0);
        _exit(0);
    }
    int fd = open_namespace(pid, folder, uid, gid);
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
    return fd;
}

static int set_attributes(int tree, struct mount_attr *attributes)
{
    long r = syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, attributes,
                     sizeof(*attributes));
    return r < 0 ? -errno : 0;
}

/* Has the user act as the owner of FOLDER, if that can be. If not, the user is who he is, and the
 * modes of what is there say what he may. */
static bool map_to_owner(int tree, const struct stat *folder, uid_t uid, gid_t gid)
{
    if (folder->st_uid == 0)
        return false;
    if (folder->st_uid == uid && folder->st_gid == gid)
        return true;
    cleanup_close int namespace = make_namespace(folder, uid, gid);
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (unsigned)namespace};
    return namespace >= 0 && set_attributes(tree, &attributes) == 0;
}

static int explain(const struct share *share, int error, char words[SHARE_WORDS_MAX])
{
    const char *what = error == -ENOENT    ? "is not there: make it, or take the share out"
                       : error == -ENOTDIR ? "is no directory"
                       : error == -ELOOP   ? "has a symbolic link in its path: name the directory "
                                             "itself"
                                           : strerror(-error);
    (void)snprintf(words, SHARE_WORDS_MAX, "%.300s %s", share->path, what);
    return error;
}

int share_mount(const struct config *config, const struct share *share, uid_t uid, gid_t gid,
                bool read_only, struct share_mount *ret, char words[SHARE_WORDS_MAX])
{
    int r = share_check(config, share, words);
    if (r < 0)
        return r;
    cleanup_close int folder = directory_open(share->path, O_PATH);
    struct stat status;
    if (folder < 0 || fstat(folder, &status) < 0)
        return explain(share, folder < 0 ? folder : -errno, words);
    cleanup_close int tree =
        (int)syscall(SYS_open_tree, folder, "",
                     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
    if (tree < 0)
        return explain(share, -errno, words);
    struct mount_attr attributes = {
        .attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
                    (read_only ? MOUNT_ATTR_RDONLY : 0) |
                    (share->read_only ? 0 : MOUNT_ATTR_NOSYMFOLLOW),
        .propagation = MS_PRIVATE,
    };
    r = set_attributes(tree, &attributes);
    if (r < 0)
        return explain(share, r, words);
    ret->as_owner = map_to_owner(tree, &status, uid, gid);
    ret->tree = take_fd(&tree);
    return 0;
}

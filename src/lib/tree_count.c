/*
 * Counting a tree of any depth: see tree_count.h.
 *
 * Down by openat(2), up by the stream of the directory above, which was kept open. Of a deep tree
 * only the lowest levels are open; above those is known where reading stopped, and that ".." must
 * be the directory that we came from, else somebody has moved something and counting begins anew.
 */
#include "lib/tree_count.h"

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/temporary.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum {
    LEVELS_MAX = 65536,
    STREAMS_MAX = 32,
    LINKS_FIRST = 1024,
    LINKS_MAX = 1 << 20, /* 8 MiB */
    LOOK_AT_CLOCK = 256, /* entries */
};

struct level {
    DIR *stream;   /* NULL: closed to save descriptors */
    long position; /* where reading goes on then */
    uint64_t inode;
};

struct walk {
    struct level *levels;
    size_t depth; /* levels that there are */
    size_t allocated;
    size_t open_from; /* the first that has its stream */
    uint64_t mount;
    uint32_t device_major, device_minor;
    uint64_t *links; /* files with several links: a hash table, 0 is free */
    size_t link_count, link_room;
    int no_atime; /* O_NOATIME, if it is permitted */
    bool sweep;
    uint64_t deadline, entries;
    struct tree_count *result;
};

static void walk_release(struct walk *walk)
{
    for (size_t i = walk->open_from; i < walk->depth; i++)
        if (walk->levels[i].stream)
            (void)closedir(walk->levels[i].stream);
    free(walk->levels);
    free(walk->links);
}

static size_t link_place(const uint64_t *links, size_t room, uint64_t inode)
{
    size_t place = (size_t)((inode * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (room - 1);
    while (links[place] != 0 && links[place] != inode)
        place = (place + 1) & (room - 1);
    return place;
}

static int grow_links(struct walk *walk)
{
    size_t room = walk->link_room > 0 ? 2 * walk->link_room : LINKS_FIRST;
    uint64_t *links = calloc(room, sizeof(*links));
    if (!links)
        return -ENOMEM;
    for (size_t i = 0; i < walk->link_room; i++)
        if (walk->links[i] != 0)
            links[link_place(links, room, walk->links[i])] = walk->links[i];
    free(walk->links);
    walk->links = links;
    walk->link_room = room;
    return 0;
}

/* Whether this is the first link of a file. Where there are too many to remember, and in a layer of
 * an overlay, each is: too much is counted then, never too little. */
static int is_first_link(struct walk *walk, const struct statx *status)
{
    uint64_t inode = status->stx_ino;
    if (status->stx_dev_major != walk->device_major || status->stx_dev_minor != walk->device_minor)
        return 1; /* two layers can have the same numbers */
    bool crowded = 2 * (walk->link_count + 1) > walk->link_room;
    int r = crowded && walk->link_room < LINKS_MAX ? grow_links(walk) : 0;
    if (r < 0)
        return r;
    size_t place = link_place(walk->links, walk->link_room, inode);
    if (walk->links[place] == inode)
        return 0;
    if (2 * (walk->link_count + 1) > walk->link_room) {
        walk->result->more = true;
        return 1;
    }
    walk->links[place] = inode;
    walk->link_count++;
    return 1;
}

/* 1 if the file NAME is not to be counted among the others. */
static int take_temporary(struct walk *walk, int directory, const char *name, uint64_t size)
{
    switch (temporary_look(directory, name)) {
    case TEMPORARY_RUNNING:
        if (strncmp(name, NAME_TEMPORARY_ADMIN, sizeof(NAME_TEMPORARY_ADMIN) - 1) == 0) {
            walk->result->unleased = true;
            return 0;
        }
        walk->result->running.bytes += size;
        walk->result->running.files++;
        return 1;
    case TEMPORARY_ABANDONED: return walk->sweep && unlinkat(directory, name, 0) == 0;
    default: return 0;
    }
}

static int open_directory(struct walk *walk, int parent, const char *name)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(parent, name, flags | walk->no_atime);
    if (fd < 0 && errno == EPERM && walk->no_atime) {
        walk->no_atime = 0; /* we are not its owner, and may not do as if */
        fd = openat(parent, name, flags);
    }
    return fd < 0 ? -errno : fd;
}

/* Looks at NAME, or at DIRECTORY itself if that is "". */
static int look(int directory, const char *name, struct statx *ret)
{
    const int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (*name ? 0 : AT_EMPTY_PATH);
    return statx(directory, name, flags, STATX_BASIC_STATS | STATX_MNT_ID, ret) < 0 ? -errno : 0;
}

/* Something that is mounted there; or a directory of another device, as a subvolume of btrfs is. Of
 * files the device says nothing: on an overlay they have that of the layer that they are in. */
static bool is_elsewhere(const struct walk *walk, const struct statx *status)
{
    return status->stx_mnt_id != walk->mount ||
           (S_ISDIR(status->stx_mode) && (status->stx_dev_major != walk->device_major ||
                                          status->stx_dev_minor != walk->device_minor));
}

/* Makes the stream of FD, which is taken over, that of LEVEL. */
static int open_stream(int fd, struct level *level)
{
    cleanup_close int owned = fd;
    struct stat status;
    if (fstat(fd, &status) < 0)
        return -errno;
    if (level->inode != 0 && status.st_ino != level->inode)
        return -EAGAIN;
    level->inode = status.st_ino;
    level->stream = fdopendir(fd);
    if (!level->stream)
        return errno == ENOMEM ? -ENOMEM : -errno;
    (void)take_fd(&owned);
    return 0;
}

/* One level down, to FD, which is taken over. */
static int descend(struct walk *walk, int fd)
{
    cleanup_close int owned = fd;
    if (walk->depth >= LEVELS_MAX)
        return -E2BIG;
    if (walk->depth == walk->allocated) {
        size_t allocated = walk->allocated > 0 ? 2 * walk->allocated : 64;
        struct level *levels = reallocarray(walk->levels, allocated, sizeof(*levels));
        if (!levels)
            return -ENOMEM;
        walk->levels = levels;
        walk->allocated = allocated;
    }
    if (walk->depth - walk->open_from >= STREAMS_MAX) {
        struct level *highest = &walk->levels[walk->open_from++];
        highest->position = telldir(highest->stream);
        (void)closedir(take_pointer(highest->stream));
    }
    struct level *level = &walk->levels[walk->depth];
    *level = (struct level){.stream = NULL};
    int r = open_stream(take_fd(&owned), level);
    if (r == 0)
        walk->depth++;
    return r;
}

/* The lowest level has been read: one up. */
static int ascend(struct walk *walk)
{
    struct level *level = &walk->levels[walk->depth - 1];
    int r = 0;
    if (walk->depth > 1 && !walk->levels[walk->depth - 2].stream) {
        struct level *above = &walk->levels[walk->depth - 2];
        int fd = open_directory(walk, dirfd(level->stream), "..");
        r = fd == -ENOENT ? -EAGAIN : fd < 0 ? fd : open_stream(fd, above);
        if (r == 0) {
            seekdir(above->stream, above->position);
            walk->open_from--;
        }
    }
    (void)closedir(take_pointer(level->stream));
    walk->depth--;
    if (walk->open_from > walk->depth)
        walk->open_from = walk->depth;
    return r;
}

/* Counts one entry; goes down if it is a directory. */
static int take_entry(struct walk *walk, int directory, const char *name)
{
    struct statx status;
    int r = look(directory, name, &status);
    if (r < 0)
        return r == -ENOENT ? 0 : r; /* gone meanwhile */
    bool elsewhere = is_elsewhere(walk, &status);
    if (S_ISREG(status.stx_mode) && !elsewhere) {
        if (name_is_temporary(name) && take_temporary(walk, directory, name, status.stx_size))
            return 0; /* the lease of its session covers it */
        int first = status.stx_nlink > 1 ? is_first_link(walk, &status) : 1;
        if (first < 0)
            return first;
        if (first > 0)
            walk->result->found.bytes += status.stx_size;
    }
    walk->result->found.files++;
    if (!S_ISDIR(status.stx_mode) || elsewhere)
        return 0;
    cleanup_close int fd = open_directory(walk, directory, name);
    if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
        return 0; /* it was removed, and something else may have its name */
    if (fd < 0)
        return fd;
    /* And if something was mounted on it in this moment: */
    r = look(fd, "", &status);
    if (r < 0 || is_elsewhere(walk, &status))
        return r;
    return descend(walk, take_fd(&fd));
}

/* One entry of the lowest level, or one level up. */
static int step(struct walk *walk)
{
    DIR *stream = walk->levels[walk->depth - 1].stream;
    errno = 0;
    const struct dirent *entry = readdir(stream);
    if (!entry)
        return errno == ENOENT || errno == 0 ? ascend(walk) : -errno; /* removed; at its end */
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
        return 0;
    if (walk->deadline != 0 && walk->entries++ % LOOK_AT_CLOCK == 0 &&
        clock_msec() >= walk->deadline)
        return -ETIMEDOUT;
    return take_entry(walk, dirfd(stream), entry->d_name);
}

int tree_count(int directory, uint64_t deadline, bool sweep, struct tree_count *ret)
{
    *ret = (struct tree_count){.more = false};
    __attribute__((cleanup(walk_release))) struct walk walk = {
        .no_atime = O_NOATIME, .sweep = sweep, .deadline = deadline, .result = ret};
    struct statx status;
    int r = look(directory, "", &status);
    if (r < 0)
        return r;
    walk.mount = status.stx_mnt_id;
    walk.device_major = status.stx_dev_major;
    walk.device_minor = status.stx_dev_minor;
    int fd = open_directory(&walk, directory, ".");
    r = fd < 0 ? fd : descend(&walk, fd);
    while (r == 0 && walk.depth > 0)
        r = step(&walk);
    return r;
}

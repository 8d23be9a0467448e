/* One log, read line by line: see log_reader.h. */
#include "ctl/log_reader.h"

#include "lib/cleanup.h"
#include "lib/log_read.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum {
    BLOCK = 64 * 1024,
    LINE_BYTES_MAX = 256 * 1024, /* longer than any that lib/log.c writes */
    MARGIN = 2000,               /* milliseconds that the times of neighbours may be out of order */
};

static int open_one(int directory, const char *name)
{
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int log_reader_open(int directory, enum event_file file, struct log_reader *ret)
{
    *ret = (struct log_reader){.directory = directory};
    buffer_init(&ret->block, LINE_BYTES_MAX + BLOCK + 1);
    (void)snprintf(ret->name, sizeof(ret->name), "%s.log", event_file_name(file));
    int fd = open_one(directory, ret->name);
    if (fd < 0 && fd != -ENOENT)
        return fd;
    ret->files[0] = fd < 0 ? -1 : fd; /* it may come later */
    ret->count = 1;
    char name[64];
    while (ret->count < LOG_FILES_MAX) {
        (void)snprintf(name, sizeof(name), "%s.%zu", ret->name, ret->count);
        fd = open_one(directory, name);
        if (fd < 0)
            break;
        ret->files[ret->count++] = fd;
    }
    (void)snprintf(name, sizeof(name), "%s.%zu.gz", ret->name, ret->count);
    ret->compressed = faccessat(directory, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    return fd < 0 && fd != -ENOENT ? fd : 0;
}

void log_reader_close(struct log_reader *reader)
{
    for (size_t i = 0; i < reader->count; i++)
        reader->files[i] = close_fd(reader->files[i]);
    reader->count = 0;
    buffer_free(&reader->block);
}

static off_t size_of(int fd)
{
    struct stat status;
    return fd >= 0 && fstat(fd, &status) == 0 ? status.st_size : 0;
}

static void go_to(struct log_reader *reader, size_t index, off_t offset)
{
    reader->index = index;
    reader->offset = offset;
    reader->skipping = false;
    buffer_clear(&reader->block);
}

/* --- Forwards --- */

/* A line out of what was read already. */
static bool take_line(struct log_reader *reader, char **ret)
{
    struct buffer *block = &reader->block;
    while (buffer_size(block) > 0) {
        char *start = block->data + block->start;
        char *end = memchr(start, '\n', buffer_size(block));
        if (!end)
            return false;
        bool good = !reader->skipping;
        reader->skipping = false;
        *end = '\0';
        buffer_consume(block, (size_t)(end - start) + 1);
        if (good) {
            *ret = start;
            return true;
        }
    }
    return false;
}

/* More of the present file. 1, 0 at its end, negative errno. */
static int read_more(struct log_reader *reader)
{
    if (buffer_size(&reader->block) > LINE_BYTES_MAX) {
        buffer_clear(&reader->block);
        reader->skipping = true;
    }
    char *room;
    int r = buffer_reserve(&reader->block, BLOCK, &room);
    int fd = reader->files[reader->index];
    ssize_t got = r < 0 || fd < 0 ? 0 : pread(fd, room, BLOCK, reader->offset);
    if (r < 0 || got < 0)
        return r < 0 ? r : -errno;
    buffer_commit(&reader->block, (size_t)got);
    reader->offset += got;
    return got > 0;
}

/* The present file has no more lines. 1 if the reader is at another one now, 0 if it must wait. */
static int at_end(struct log_reader *reader)
{
    if (reader->index > 0) {
        go_to(reader, reader->index - 1, 0);
        return 1;
    }
    int fd = reader->files[0];
    struct stat ours = {.st_ino = 0}, named;
    if (fstatat(reader->directory, reader->name, &named, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (fd >= 0 && fstat(fd, &ours) < 0)
        return -errno;
    if (fd >= 0 && ours.st_dev == named.st_dev && ours.st_ino == named.st_ino) {
        if (ours.st_size >= reader->offset)
            return 0;
        go_to(reader, 0, 0); /* logrotate's copytruncate */
        return 1;
    }
    /* Somebody who looked for the name before it was moved may still write into ours: one more
     * round. */
    if (fd >= 0 && !reader->moved) {
        reader->moved = true;
        return 0;
    }
    int next = open_one(reader->directory, reader->name);
    if (next < 0)
        return next == -ENOENT ? 0 : next;
    (void)close_fd(fd);
    reader->files[0] = next;
    reader->moved = false;
    go_to(reader, 0, 0);
    return 1;
}

int log_reader_next(struct log_reader *reader, char **ret_line)
{
    for (;;) {
        if (take_line(reader, ret_line))
            return 1;
        int r = read_more(reader);
        if (r == 0)
            r = at_end(reader);
        if (r <= 0)
            return r;
    }
}

/* The time of the first line that begins at or behind OFFSET and before END, and where it begins.
 * 1, 0 if there is none, negative errno. Leaves the reader there. */
static int line_at(struct log_reader *reader, off_t offset, off_t end, int64_t *ret_time,
                   off_t *ret_start)
{
    /* One byte earlier: the newline of the line before makes OFFSET the beginning of one. */
    go_to(reader, reader->index, offset > 0 ? offset - 1 : 0);
    bool whole = offset == 0;
    while (reader->offset - (off_t)buffer_size(&reader->block) < end) {
        off_t start = reader->offset - (off_t)buffer_size(&reader->block);
        char *line;
        if (take_line(reader, &line)) {
            if (whole && log_line_time(line, strlen(line), ret_time) == 0) {
                *ret_start = start;
                return 1;
            }
            whole = true;
            continue;
        }
        int r = read_more(reader);
        if (r <= 0)
            return r;
    }
    return 0;
}

/* Puts the reader at the first line of its file that is not older than SINCE, or a little before.
 */
static int search(struct log_reader *reader, int64_t since)
{
    off_t low = 0, high = size_of(reader->files[reader->index]);
    while (high - low > BLOCK) {
        off_t middle = low + (high - low) / 2, start = 0;
        int64_t time = 0;
        int r = line_at(reader, middle, high, &time, &start);
        if (r < 0)
            return r;
        if (r == 0 || time >= since)
            high = middle;
        else
            low = start;
    }
    go_to(reader, reader->index, low);
    return 0;
}

int log_reader_seek(struct log_reader *reader, int64_t since)
{
    reader->oldest = true;
    for (size_t i = 0; i < reader->count; i++) {
        int64_t first = 0;
        off_t start = 0;
        go_to(reader, i, 0);
        int r = line_at(reader, 0, size_of(reader->files[i]), &first, &start);
        if (r < 0)
            return r;
        if (r == 1 && first < since) {
            reader->oldest = false;
            return search(reader, since - MARGIN);
        }
    }
    go_to(reader, reader->count - 1, 0);
    return 0;
}

/* --- Backwards --- */

/* Where the last '\n' of the block is, the one at its very end not counted if SKIP. */
static const char *last_newline(const struct buffer *block, size_t skip)
{
    return buffer_size(block) > skip ? memrchr(buffer_begin(block), '\n', buffer_size(block) - skip)
                                     : NULL;
}

/* Puts the part of the file in front of the block before it. 1, 0 at the file's start, negative
 * errno. */
static int read_before(struct log_reader *reader)
{
    struct buffer *block = &reader->block;
    if (reader->offset == 0)
        return 0;
    if (buffer_size(block) > LINE_BYTES_MAX) { /* a line that is none of ours: its end is dropped */
        buffer_clear(block);
        reader->skipping = true;
    }
    size_t size = reader->offset < BLOCK ? (size_t)reader->offset : BLOCK;
    char *room;
    int r = buffer_reserve(block, size, &room);
    if (r < 0)
        return r;
    char *start = block->data + block->start;
    memmove(start + size, start, buffer_size(block));
    ssize_t got = pread(reader->files[reader->index], start, size, reader->offset - (off_t)size);
    if (got != (ssize_t)size)
        return got < 0 ? -errno : -ENODATA; /* it was cut off meanwhile */
    buffer_commit(block, size);
    reader->offset -= (off_t)size;
    return 1;
}

/* Drops what stands behind the last newline of the block: a line that is not finished, or what was
 * too long. */
static int drop_tail(struct log_reader *reader)
{
    int r = 1;
    const char *newline;
    while (!(newline = last_newline(&reader->block, 0)) && r > 0) {
        r = read_before(reader);
    }
    if (r < 0)
        return r;
    reader->block.end = newline ? (size_t)(newline + 1 - reader->block.data) : reader->block.start;
    reader->skipping = false;
    return 0;
}

int log_reader_seek_end(struct log_reader *reader)
{
    go_to(reader, 0, size_of(reader->files[0]));
    int r = drop_tail(reader);
    if (r < 0)
        return r;
    reader->end = reader->offset + (off_t)buffer_size(&reader->block);
    go_to(reader, 0, reader->end);
    return 0;
}

void log_reader_turn(struct log_reader *reader)
{
    go_to(reader, 0, reader->end);
}

int log_reader_previous(struct log_reader *reader, char **ret_line)
{
    struct buffer *block = &reader->block;
    for (;;) {
        const char *newline = last_newline(block, 1);
        if (!newline && reader->offset > 0) {
            int r = read_before(reader);
            if (r >= 0 && reader->skipping)
                r = drop_tail(reader);
            if (r < 0)
                return r;
            continue;
        }
        if (buffer_size(block) > 0) {
            size_t start = newline ? (size_t)(newline + 1 - block->data) : block->start;
            block->data[block->end - 1] = '\0';
            block->end = start;
            *ret_line = block->data + start;
            return 1;
        }
        if (reader->index + 1 >= reader->count) {
            reader->oldest = true;
            return 0;
        }
        go_to(reader, reader->index + 1, size_of(reader->files[reader->index + 1]));
        int r = drop_tail(reader);
        if (r < 0)
            return r;
    }
}

/*
 * The next uid, without reading 100,000 records for it: see account_store.h.
 *
 * The file .next-uid in the users directory says "N M S.F" and a checksum: the uids from N to M,
 * exclusive, are nobody's, if the directory's change time is still S.F. It is written in place, so
 * that writing it does not change that time. Anybody else's change to the directory (a record
 * copied in by configuration management, the administrator's rm) makes the times differ, and then
 * all records are read once. Not noticed is a record whose uid is edited in place.
 *
 * N only grows until the range is used up and then begins anew: the uid of a removed user is not
 * given away while there are others, because files of his may be left somewhere.
 *
 * N is on the disk before the uid is used: a crash loses a uid and never gives it out twice.
 */
#include "lib/account_store.h"

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

static const char hint_name[] = ".next-uid";

enum {
    HINT_FIELDS = 10 + 1 + 10 + 1 + 19 + 1 + 9,
    HINT_SIZE = HINT_FIELDS + 1 + 8 + 1, /* a space, the checksum, a newline */
    TAKEN_MAX = 4 * 1024 * 1024,
};

struct hint {
    uint64_t next;
    uint64_t end;
    uint64_t seconds;
    uint64_t nanoseconds;
};

/* --- The file --- */

/* FNV-1a: a hint that was damaged or edited must not pass for one that we wrote. */
static uint32_t checksum(const char *text)
{
    uint32_t sum = UINT32_C(2166136261);
    for (; *text; text++)
        sum = (uint32_t)((uint64_t)(sum ^ (unsigned char)*text) * 16777619u);
    return sum;
}

/* Always the same length, so that it can be written over the old one. */
static void hint_format(const struct hint *hint, char ret[HINT_SIZE + 1])
{
    (void)snprintf(ret, HINT_FIELDS + 1, "%010ju %010ju %019ju.%09ju", (uintmax_t)hint->next,
                   (uintmax_t)hint->end, (uintmax_t)hint->seconds, (uintmax_t)hint->nanoseconds);
    (void)snprintf(ret + HINT_FIELDS, HINT_SIZE + 1 - HINT_FIELDS, " %08x\n", checksum(ret));
}

/* Good is what hint_format would write, byte for byte. */
static bool hint_parse(const char *text, struct hint *ret)
{
    uint64_t *fields[] = {&ret->next, &ret->end, &ret->seconds, &ret->nanoseconds};
    char copy[HINT_SIZE + 1];
    char again[HINT_SIZE + 1];
    char *rest = copy;

    memcpy(copy, text, sizeof(copy));
    for (size_t i = 0; i < ELEMENTS(fields); i++) {
        const char *field = strsep(&rest, " .");
        if (!field || !rest || scan_u64(field, INT64_MAX, fields[i]) < 0)
            return false;
    }
    hint_format(ret, again);
    return memcmp(text, again, HINT_SIZE) == 0;
}

static int hint_write(const struct account_store *store, const struct timespec *when)
{
    struct hint hint = {store->uid_next, store->uid_end, (uint64_t)when->tv_sec,
                        (uint64_t)when->tv_nsec};
    char text[HINT_SIZE + 1];
    hint_format(&hint, text);
    if (lseek(store->hint, 0, SEEK_SET) < 0)
        return -errno;
    return write_all(store->hint, text, HINT_SIZE);
}

void account_uid_begin(struct account_store *store)
{
    cleanup_close int fd =
        openat(store->users, hint_name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat file;
    struct stat directory;
    char text[HINT_SIZE + 1] = "";
    struct hint hint;
    if (fd < 0 || fstat(fd, &file) < 0 || fstat(store->users, &directory) < 0)
        return;
    if (!S_ISREG(file.st_mode) || file.st_uid != 0 || (file.st_mode & (S_IWGRP | S_IWOTH)))
        return;
    store->hint = take_fd(&fd);
    if (file.st_size != HINT_SIZE || pread(store->hint, text, HINT_SIZE, 0) != HINT_SIZE ||
        !hint_parse(text, &hint))
        return;

    store->uid_next = hint.next;
    store->uid_end = hint.end;
    store->hint_current = hint.seconds == (uint64_t)directory.st_ctim.tv_sec &&
                          hint.nanoseconds == (uint64_t)directory.st_ctim.tv_nsec;
}

void account_uid_end(struct account_store *store)
{
    struct stat directory;
    if (!store->hint_current || store->hint < 0 || fstat(store->users, &directory) < 0)
        return;
    /* If this fails, or does not reach the disk, the times differ and the next one reads the
     * records. */
    (void)hint_write(store, &directory.st_ctim);
}

static int hint_create(struct account_store *store)
{
    if (store->hint >= 0)
        return 0;
    /* What has the name and was not fit to be opened above is no hint. */
    if (unlinkat(store->users, hint_name, 0) < 0 && errno != ENOENT)
        return -errno;
    store->hint = openat(store->users, hint_name,
                         O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    return store->hint < 0 ? -errno : 0;
}

/* --- The uids that are taken --- */

struct taken {
    uid_t *uids;
    size_t count;
    size_t allocated;
};

static void taken_free(struct taken *taken)
{
    free(taken->uids);
}

static int taken_add(struct taken *taken, uid_t uid)
{
    if (taken->count == taken->allocated) {
        size_t allocated = taken->allocated ? taken->allocated * 2 : 1024;
        if (allocated > TAKEN_MAX)
            return -ENOBUFS;
        uid_t *uids = reallocarray(taken->uids, allocated, sizeof(*uids));
        if (!uids)
            return -ENOMEM;
        taken->uids = uids;
        taken->allocated = allocated;
    }
    taken->uids[taken->count++] = uid;
    return 0;
}

/* If FILE is a record or a pending creation, its account's name goes to RET. */
static bool is_record(const char *file, char ret[ACCOUNT_NAME_MAX + 1])
{
    bool pending = file[0] == '.';
    const char *suffix = pending ? ".new" : ".conf";
    const char *name = pending ? file + 1 : file;
    size_t size = strlen(name);
    if (size <= strlen(suffix) || size - strlen(suffix) > ACCOUNT_NAME_MAX)
        return false;
    size -= strlen(suffix);
    if (strcmp(name + size, suffix) != 0)
        return false;
    memcpy(ret, name, size);
    ret[size] = '\0';
    return account_check_name(ret) == 0;
}

/* All uids of records and pending creations. A record that cannot be read ends it: its uid may be
 * any. */
static int taken_read(const struct account_store *store, struct taken *taken,
                      struct buffer *problem)
{
    cleanup_close int fd = openat(store->users, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_closedir DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (!stream)
        return -errno;
    (void)take_fd(&fd);

    for (;;) {
        char name[ACCOUNT_NAME_MAX + 1];
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (!entry)
            return -errno;
        if (!is_record(entry->d_name, name))
            continue;
        cleanup_account struct account *account = NULL;
        int r = account_record_read(store->config, store->users, entry->d_name, name,
                                    ACCOUNT_UID_ANY, &account, problem);
        if (r == 0)
            r = taken_add(taken, account->uid);
        if (r < 0)
            return r;
    }
}

static int compare_uids(const void *a, const void *b)
{
    uid_t left = *(const uid_t *)a;
    uid_t right = *(const uid_t *)b;
    return (left > right) - (left < right);
}

/* Sets the free uids to the first run of them at or behind FROM that ends before LIMIT. */
static bool find_free(struct account_store *store, const struct taken *taken, uint64_t from,
                      uint64_t limit)
{
    uint64_t next = from;
    for (size_t i = 0; i < taken->count && next < limit; i++) {
        if (taken->uids[i] < next)
            continue;
        if (taken->uids[i] > next) {
            limit = taken->uids[i] < limit ? taken->uids[i] : limit;
            break;
        }
        next++;
    }
    store->uid_next = next;
    store->uid_end = limit;
    return next < limit;
}

/* Finds a run of free uids by reading every record. */
static int refill(struct account_store *store, struct buffer *problem)
{
    uint64_t first = store->config->accounts_uid_min;
    uint64_t limit = store->config->accounts_uid_max; /* the administrators' own: account_cell.h */
    __attribute__((cleanup(taken_free))) struct taken taken = {0};
    int r = taken_read(store, &taken, problem);
    if (r < 0)
        return r;
    if (taken.count > 0)
        qsort(taken.uids, taken.count, sizeof(*taken.uids), compare_uids);

    /* Behind those that were given out already; with no hint, behind the highest that is in use. */
    uint64_t from = store->uid_next;
    for (size_t i = taken.count; from == 0 && i > 0; i--)
        if (taken.uids[i - 1] < limit)
            from = taken.uids[i - 1] + UINT64_C(1);
    if (from < first || from >= limit)
        from = first;
    if (!find_free(store, &taken, from, limit) && !find_free(store, &taken, first, from)) {
        (void)buffer_append_format(problem,
                                   "no uid is left in accounts.uid_min to accounts.uid_max "
                                   "(%ju to %ju, and the last is the administrators')",
                                   (uintmax_t)first, (uintmax_t)limit);
        return -ENOSPC;
    }
    store->hint_current = true;
    return 0;
}

int account_uid_take(struct account_store *store, uid_t *ret, struct buffer *problem)
{
    uint64_t first = store->config->accounts_uid_min;
    uint64_t last = store->config->accounts_uid_max;
    int r = hint_create(store);
    if (r < 0)
        return r;
    if (!store->hint_current || store->uid_next < first || store->uid_next >= last ||
        store->uid_next >= store->uid_end) {
        r = refill(store, problem);
        if (r < 0)
            return r;
    }

    uid_t uid = (uid_t)store->uid_next++;
    /* With time 0 until the end: after a crash the records are read, from uid_next on. */
    struct timespec never = {0};
    r = hint_write(store, &never);
    if (r == 0 && (fsync(store->hint) < 0 || fsync(store->users) < 0))
        r = -errno;
    if (r < 0)
        return r;
    *ret = uid;
    return 0;
}

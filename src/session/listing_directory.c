/* The names in one directory: see listing_private.h. Reads them with getdents64(2), 64 KiB at a
 * time, and looks at nothing but names: no file in the directory is touched. */
#include "lib/cleanup.h"
#include "lib/text.h"
#include "session/listing_private.h"
#include "session/names.h"

#include <dirent.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

enum { RECORDS_SIZE = 64 * 1024, NAMES_FIRST = 16 * 1024, ORDER_FIRST = 512 };

static bool wanted(const struct directory *directory, const char *name)
{
    const struct listing_view *view = directory->view;
    if (view->unfinished &&
        strncmp(name, NAME_TEMPORARY_PREFIX, strlen(NAME_TEMPORARY_PREFIX)) == 0)
        view->unfinished(view->unfinished_data, directory->fd, name);
    if (name[0] == '.') {
        if (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'))
            return false;
        bool asked_for = directory->pattern && directory->pattern[0] == '.';
        if (!view->all && !asked_for)
            return false;
    }
    if (directory->pattern && !text_matches(directory->pattern, name))
        return false;
    return name_exists_for_user(name, view->deny_names);
}

/* The next wanted name in the order of the file system. */
static int read_next(struct directory *directory, struct directory_entry *ret)
{
    for (;;) {
        if (directory->records_position >= directory->records_end) {
            ssize_t got = getdents64(directory->fd, directory->records, RECORDS_SIZE);
            if (got <= 0)
                return got < 0 ? -errno : 0;
            directory->records_position = 0;
            directory->records_end = (size_t)got;
        }
        const char *record = directory->records + directory->records_position;
        unsigned short record_size;
        memcpy(&record_size, record + offsetof(struct dirent64, d_reclen), sizeof(record_size));
        directory->records_position += record_size;

        const char *name = record + offsetof(struct dirent64, d_name);
        size_t size = strlen(name);
        if (size > LISTING_NAME_MAX || !wanted(directory, name))
            continue;
        ret->name = name;
        ret->size = size;
        ret->type = (unsigned char)record[offsetof(struct dirent64, d_type)];
        return 1;
    }
}

/* 1 if the entry was kept, 0 if that would be too much memory, -ENOMEM. */
static int keep(struct directory *directory, const struct directory_entry *entry)
{
    size_t size = entry->size + 2;
    size_t order_size = (directory->count + 1) * sizeof(directory->order[0]);
    if (directory->names_end + size + order_size > LISTING_SORT_MAX)
        return 0;
    if (directory->names_end + size > directory->names_allocated) {
        size_t allocated =
            directory->names_allocated ? 2 * directory->names_allocated : NAMES_FIRST;
        char *names = realloc(directory->names, allocated);
        if (!names)
            return -ENOMEM;
        directory->names = names;
        directory->names_allocated = allocated;
    }
    if (directory->count == directory->order_allocated) {
        size_t allocated =
            directory->order_allocated ? 2 * directory->order_allocated : ORDER_FIRST;
        uint32_t *order = realloc(directory->order, allocated * sizeof(*order));
        if (!order)
            return -ENOMEM;
        directory->order = order;
        directory->order_allocated = allocated;
    }
    directory->order[directory->count++] = (uint32_t)directory->names_end;
    directory->names[directory->names_end] = (char)entry->type;
    memcpy(directory->names + directory->names_end + 1, entry->name, entry->size + 1);
    directory->names_end += size;
    return 1;
}

static bool follows(const char *names, uint32_t a, uint32_t b)
{
    return strcmp(names + a + 1, names + b + 1) > 0;
}

/* A merge sort; SPARE has room for half of COUNT. Not qsort(): it asks for the machine's memory
 * first, which is a system call that a cell does not have. The depth is the logarithm of COUNT. */
static void sort(const char *names, uint32_t *order, size_t count, uint32_t *spare)
{
    if (count < 2)
        return;
    size_t half = count / 2;
    sort(names, order, half, spare);
    sort(names, order + half, count - half, spare);
    if (!follows(names, order[half - 1], order[half]))
        return;

    memcpy(spare, order, half * sizeof(*order));
    size_t left = 0;
    size_t right = half;
    for (size_t to = 0; left < half; to++) {
        if (right < count && follows(names, spare[left], order[right]))
            order[to] = order[right++];
        else
            order[to] = spare[left++];
    }
}

static void forget_names(struct directory *directory)
{
    free(directory->names);
    free(directory->order);
    directory->names = NULL;
    directory->order = NULL;
    directory->names_end = 0;
    directory->names_allocated = 0;
    directory->count = 0;
    directory->order_allocated = 0;
}

/* Reads all names and sorts them; goes back to the beginning if they are too many. */
static int gather(struct directory *directory)
{
    struct directory_entry entry;
    int r;
    while ((r = read_next(directory, &entry)) > 0) {
        r = keep(directory, &entry);
        if (r < 0)
            return r;
        if (r == 0) {
            forget_names(directory);
            directory->records_position = directory->records_end = 0;
            return lseek(directory->fd, 0, SEEK_SET) < 0 ? -errno : 0;
        }
    }
    if (r < 0)
        return r;
    if (directory->count > 1) {
        cleanup_free uint32_t *spare = malloc(directory->count / 2 * sizeof(*spare));
        if (!spare)
            return -ENOMEM;
        sort(directory->names, directory->order, directory->count, spare);
    }
    directory->sorted = true;
    return 0;
}

void directory_init(struct directory *directory)
{
    *directory = (struct directory){.fd = -1};
}

int directory_begin(struct directory *directory, int fd, const struct listing_view *view,
                    const char *pattern, bool in_order)
{
    directory_close(directory);
    directory->fd = fd;
    directory->view = view;
    directory->pattern = pattern;
    if (!directory->records) {
        directory->records = malloc(RECORDS_SIZE);
        if (!directory->records)
            return -ENOMEM;
    }
    return in_order ? gather(directory) : 0;
}

int directory_next(struct directory *directory, struct directory_entry *ret)
{
    if (!directory->sorted)
        return read_next(directory, ret);
    if (directory->next == directory->count)
        return 0;
    const char *kept = directory->names + directory->order[directory->next++];
    ret->type = (unsigned char)kept[0];
    ret->name = kept + 1;
    ret->size = strlen(ret->name);
    return 1;
}

void directory_set_type(struct directory *directory, unsigned char type)
{
    if (directory->sorted)
        directory->names[directory->order[directory->next - 1]] = (char)type;
}

const char *directory_previous_folder(struct directory *directory)
{
    while (directory->next > 0) {
        const char *kept = directory->names + directory->order[--directory->next];
        if (kept[0] == DT_DIR)
            return kept + 1;
    }
    return NULL;
}

void directory_close(struct directory *directory)
{
    forget_names(directory);
    directory->fd = close_fd(directory->fd);
    directory->sorted = false;
    directory->next = 0;
    directory->records_position = 0;
    directory->records_end = 0;
}

void directory_free(struct directory *directory)
{
    directory_close(directory);
    free(directory->records);
    directory->records = NULL;
}

/* The directories that LIST -R has yet to visit: see listing_private.h. A stack, because a walk
 * that goes deep first needs the memory of one branch only. Knows nothing of files. */
#include "session/listing_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ALLOCATION = 4096 };

/* Lies behind the path, so that the stack can be read from its top. */
struct footer {
    uint16_t path_size;
    uint16_t depth;
};

/* Makes room for SIZE bytes more, which is less than two paths. */
static int grow(struct pending *pending, size_t size)
{
    size_t allocated = pending->allocated ? pending->allocated : FIRST_ALLOCATION;
    while (allocated < pending->end + size)
        allocated *= 2;
    if (allocated == pending->allocated)
        return 0;
    char *bytes = realloc(pending->bytes, allocated);
    if (!bytes)
        return -ENOMEM;
    pending->bytes = bytes;
    pending->allocated = allocated;
    return 0;
}

int pending_push(struct pending *pending, const char *folder, const char *name, unsigned depth)
{
    size_t folder_size = strlen(folder);
    size_t name_size = strlen(name);
    size_t path_size = folder_size + (folder_size > 0) + name_size;
    size_t size = path_size + sizeof(struct footer);
    if (path_size >= PATH_MAX || pending->end + size > LISTING_PENDING_MAX)
        return 0;
    int r = grow(pending, size);
    if (r < 0)
        return r;

    char *to = pending->bytes + pending->end;
    memcpy(to, folder, folder_size);
    if (folder_size > 0)
        to[folder_size] = '/';
    memcpy(to + path_size - name_size, name, name_size);
    struct footer footer = {.path_size = (uint16_t)path_size, .depth = (uint16_t)depth};
    memcpy(to + path_size, &footer, sizeof(footer));
    pending->end += size;
    return 0;
}

bool pending_pop(struct pending *pending, char ret_path[PATH_MAX], unsigned *ret_depth)
{
    if (pending->end == 0)
        return false;
    struct footer footer;
    pending->end -= sizeof(footer);
    memcpy(&footer, pending->bytes + pending->end, sizeof(footer));
    pending->end -= footer.path_size;
    memcpy(ret_path, pending->bytes + pending->end, footer.path_size);
    ret_path[footer.path_size] = '\0';
    *ret_depth = footer.depth;
    return true;
}

void pending_free(struct pending *pending)
{
    free(pending->bytes);
    *pending = (struct pending){0};
}

/* The table of the connections that are alive, its locks, and who is in it: see registry.h. Here
 * nobody comes and nobody goes. */
#include "lib/cleanup.h"
#include "lib/registry_table.h"
#include "lib/table.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

/* The lock of a slot is on its own byte behind the table, so that no lock has to do with the data.
 */
enum { LOCK_BASE = 1 << 24 };

int registry_lock_slot(int fd, unsigned slot, int command, short type)
{
    struct flock lock = {
        .l_type = type, .l_whence = SEEK_SET, .l_start = LOCK_BASE + (off_t)slot, .l_len = 1};
    if (fcntl(fd, command, &lock) < 0)
        return -errno;
    return command == F_OFD_GETLK ? lock.l_type != F_UNLCK : 0;
}

bool registry_slot_is_alive(int fd, unsigned slot)
{
    return registry_lock_slot(fd, slot, F_OFD_GETLK, F_WRLCK) > 0;
}

int registry_open_table(const struct config *config, int *ret_fd, struct table **ret_table)
{
    void *table;
    int r = table_open(config, "sessions", sizeof(struct table), ret_fd, &table);
    if (r == 0)
        *ret_table = table;
    return r;
}

static void entry_read(const struct key *key, const struct text *text, struct registry_entry *ret)
{
    *ret = (struct registry_entry){
        .logged_in = key->state == STATE_LOGGED_IN,
        .remote = {.family = key->family == 4 ? AF_INET : AF_INET6, .port = key->port},
        .monitor = key->monitor,
        .started = key->started,
    };
    memcpy(ret->remote.bytes, key->address, sizeof(key->address));
    (void)snprintf(ret->session, sizeof(ret->session), "%.*s", (int)sizeof(text->session) - 1,
                   text->session);
    (void)snprintf(ret->user, sizeof(ret->user), "%.*s", (int)sizeof(text->user) - 1, text->user);
    (void)snprintf(ret->status, sizeof(ret->status), "%.*s", (int)sizeof(text->status) - 1,
                   text->status);
}

/* All that are alive, or SESSION alone, into RET, which has room for USED; their number. */
static size_t copy_entries(int fd, const struct table *table, unsigned used, const char *session,
                           struct registry_entry *ret)
{
    size_t count = 0;
    for (unsigned slot = 0; slot < used; slot++) {
        const struct text *text = &table->texts[slot];
        if (table->keys[slot].state == STATE_FREE ||
            (session && strncmp(text->session, session, sizeof(text->session)) != 0) ||
            !registry_slot_is_alive(fd, slot))
            continue;
        entry_read(&table->keys[slot], text, &ret[count]);
        (void)snprintf(ret[count].protocol, sizeof(ret->protocol), "%.*s", REGISTRY_PROTOCOL_MAX,
                       table->protocols[slot]);
        count++;
    }
    return count;
}

static int visit_entries(const struct config *config, const char *session,
                         int (*visit)(const struct registry_entry *entry, void *data), void *data)
{
    cleanup_close int fd = -1;
    struct table *table;
    int r = registry_open_table(config, &fd, &table);
    if (r < 0)
        return r;
    /* Nobody comes or goes while the slots are copied: else one entry could be half the one that
     * left and half the one that came after it. */
    cleanup_free struct registry_entry *entries = NULL;
    size_t count = 0;
    r = flock(fd, LOCK_SH) < 0 ? -errno : 0;
    if (r == 0) {
        unsigned used = table->magic == MAGIC && table->used <= REGISTRY_SLOTS ? table->used : 0;
        entries = calloc(used + 1, sizeof(*entries));
        if (entries)
            count = copy_entries(fd, table, used, session, entries);
        else
            r = -ENOMEM;
        (void)flock(fd, LOCK_UN);
    }
    table_unmap(table, sizeof(*table));
    for (size_t i = 0; i < count && r == 0; i++)
        r = visit(&entries[i], data);
    return r;
}

int registry_list(const struct config *config,
                  int (*visit)(const struct registry_entry *entry, void *data), void *data)
{
    return visit_entries(config, NULL, visit, data);
}

static int copy_entry(const struct registry_entry *entry, void *data)
{
    *(struct registry_entry *)data = *entry;
    return 1;
}

int registry_find(const struct config *config, const char *session, struct registry_entry *ret)
{
    int r = visit_entries(config, session, copy_entry, ret);
    return r == 0 ? -ENOENT : r < 0 ? r : 0;
}

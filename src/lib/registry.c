/* The connections that are alive, shared by all monitors: see registry.h. Here: who comes and goes.
 */
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/drain.h"
#include "lib/registry_table.h"
#include "lib/table.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <time.h>

static bool key_is_from(const struct key *key, const struct address *remote)
{
    return key->family == (remote->family == AF_INET ? 4 : 6) &&
           memcmp(key->address, remote->bytes, address_owner_size(remote)) == 0;
}

struct count {
    uint64_t all, waiting, from_address, waiting_from_address;
    unsigned free_slot; /* REGISTRY_SLOTS if there is none */
};

/* Counts who is there, the dead included. Called with the table locked. */
static struct count count_slots(struct table *table, const struct address *remote)
{
    struct count count = {.free_slot = REGISTRY_SLOTS};
    unsigned last = 0;
    for (unsigned slot = 0; slot < table->used; slot++) {
        const struct key *key = &table->keys[slot];
        if (key->state == STATE_FREE) {
            if (count.free_slot == REGISTRY_SLOTS)
                count.free_slot = slot;
            continue;
        }
        bool waiting = key->state == STATE_WAITING;
        bool from_address = key_is_from(key, remote);
        count.all++;
        count.waiting += waiting;
        count.from_address += from_address;
        count.waiting_from_address += waiting && from_address;
        last = slot + 1;
    }
    table->used = last;
    if (count.free_slot > last)
        count.free_slot = last; /* REGISTRY_SLOTS only when all are taken */
    return count;
}

/* Whether the connection of KEY is one of those of which LIMIT says that they are too many. */
static bool is_counted(const struct key *key, const struct address *remote,
                       enum registry_limit limit)
{
    switch (limit) {
    case REGISTRY_ADDRESS_FULL: return key_is_from(key, remote);
    case REGISTRY_WAITING_ADDRESS_FULL:
        return key->state == STATE_WAITING && key_is_from(key, remote);
    case REGISTRY_WAITING_FULL: return key->state == STATE_WAITING;
    default: return true;
    }
}

/*
 * Frees the slots of monitors that died, of those that LIMIT counts; how many there were. The
 * kernel is asked about each slot, and looks through the locks of all: with thousands, that is more
 * work than the rest of the connection, under the lock. So where more than a few were asked about
 * in vain, that is not repeated for a second: else whoever comes again and again to be turned away
 * would keep everybody waiting. Called with the table locked.
 */
static unsigned forget_dead(int fd, struct table *table, const struct address *remote,
                            enum registry_limit limit)
{
    enum { A_FEW = 64, EVERY = 1000 };
    uint64_t now = clock_msec();
    bool in_vain = now >= table->in_vain && now - table->in_vain < EVERY;
    unsigned asked = 0, dead = 0;
    for (unsigned slot = 0; slot < table->used && !(in_vain && asked == A_FEW); slot++) {
        struct key *key = &table->keys[slot];
        if (key->state == STATE_FREE || !is_counted(key, remote, limit))
            continue;
        asked++;
        if (registry_slot_is_alive(fd, slot))
            continue;
        key->state = STATE_FREE;
        dead++;
    }
    if (asked > A_FEW && dead == 0)
        table->in_vain = now;
    return dead;
}

static enum registry_limit judge(const struct config *config, const struct count *count)
{
    /* The address's own limits first: one address must not learn how busy the server is. */
    if (count->from_address >= config->limits_per_address)
        return REGISTRY_ADDRESS_FULL;
    if (count->waiting_from_address >= config->limits_waiting_per_address)
        return REGISTRY_WAITING_ADDRESS_FULL;
    if (count->waiting >= config->limits_waiting)
        return REGISTRY_WAITING_FULL;
    if (count->all >= config->limits_connections || count->free_slot >= REGISTRY_SLOTS)
        return REGISTRY_FULL;
    return REGISTRY_ADMITTED;
}

/* Looks for a place for one more. Called with the table locked. *RET_SLOT is only good if it is
 * admitted. */
static enum registry_limit find_place(const struct config *config, int fd, struct table *table,
                                      const struct address *remote, unsigned *ret_slot)
{
    /* Under the lock: who began to drain and lists the table then finds everybody who was let in.
     */
    if (drain_is_on(config))
        return REGISTRY_DRAINING;
    struct count count;
    enum registry_limit limit;
    do {
        count = count_slots(table, remote);
        limit = judge(config, &count);
    } while (limit != REGISTRY_ADMITTED && forget_dead(fd, table, remote, limit) > 0);
    *ret_slot = count.free_slot;
    return limit;
}

static void fill_slot(struct table *table, unsigned slot, const struct address *remote,
                      const char *session)
{
    struct key *key = &table->keys[slot];
    struct text *text = &table->texts[slot];
    *key = (struct key){
        .family = remote->family == AF_INET ? 4 : 6,
        .state = STATE_WAITING,
        .port = remote->port,
        .monitor = getpid(),
        .started = time(NULL),
    };
    memcpy(key->address, remote->bytes, sizeof(key->address));
    memset(text, 0, sizeof(*text));
    memset(table->protocols[slot], 0, sizeof(table->protocols[slot]));
    (void)snprintf(text->session, sizeof(text->session), "%s", session);
}

int registry_enter(const struct config *config, const struct address *remote, const char *session,
                   struct registry *ret, enum registry_limit *ret_limit)
{
    cleanup_close int fd = -1;
    struct table *table;
    int r = registry_open_table(config, &fd, &table);
    if (r < 0)
        return r;

    /* One at a time: two that count at once would both find the last place free. */
    if (flock(fd, LOCK_EX) < 0) {
        r = -errno;
        table_unmap(table, sizeof(*table));
        return r;
    }
    if (table->magic != MAGIC || table->used > REGISTRY_SLOTS) {
        memset(table, 0, sizeof(*table));
        table->magic = MAGIC;
    }
    unsigned slot = 0;
    *ret_limit = find_place(config, fd, table, remote, &slot);
    if (*ret_limit == REGISTRY_ADMITTED) {
        r = registry_lock_slot(fd, slot, F_OFD_SETLK, F_WRLCK);
        if (r == 0) {
            fill_slot(table, slot, remote, session);
            if (slot >= table->used)
                table->used = slot + 1;
        }
    }
    (void)flock(fd, LOCK_UN);
    table_unmap(table, sizeof(*table));
    if (r < 0)
        return r;
    ret->slot = slot;
    ret->fd = *ret_limit == REGISTRY_ADMITTED ? take_fd(&fd) : -1;
    return 0;
}

static int slot_write(const struct registry *registry, size_t offset, const void *bytes,
                      size_t size)
{
    if (registry->fd < 0)
        return 0;
    return pwrite(registry->fd, bytes, size, (off_t)offset) == (ssize_t)size ? 0 : -EIO;
}

static size_t text_offset(const struct registry *registry, size_t member)
{
    return offsetof(struct table, texts) + registry->slot * sizeof(struct text) + member;
}

/* How many connections but OWN are USER's. One that died is forgotten. Called with the table
 * locked. */
static uint64_t count_of(int fd, struct table *table, unsigned own, const char *user)
{
    uint64_t count = 0;
    for (unsigned slot = 0; slot < table->used; slot++) {
        struct key *key = &table->keys[slot];
        if (slot == own || key->state == STATE_FREE ||
            strncmp(table->texts[slot].user, user, sizeof(table->texts[slot].user)) != 0)
            continue;
        if (registry_slot_is_alive(fd, slot))
            count++;
        else
            key->state = STATE_FREE;
    }
    return count;
}

int registry_claim(struct registry *registry, const char *user, uint64_t most)
{
    if (most == NO_LIMIT || registry->fd < 0)
        return 0;
    struct table *table =
        mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE, MAP_SHARED, registry->fd, 0);
    if (table == MAP_FAILED)
        return -errno;
    int r = flock(registry->fd, LOCK_EX) < 0 ? -errno : 0;
    if (r == 0) {
        struct text *text = &table->texts[registry->slot];
        (void)snprintf(text->user, sizeof(text->user), "%s", user);
        if (count_of(registry->fd, table, registry->slot, text->user) >= most) {
            text->user[0] = '\0';
            r = -EUSERS;
        }
        (void)flock(registry->fd, LOCK_UN);
    }
    table_unmap(table, sizeof(*table));
    return r;
}

void registry_disclaim(struct registry *registry)
{
    const char nobody[REGISTRY_USER_MAX + 1] = "";
    (void)slot_write(registry, text_offset(registry, offsetof(struct text, user)), nobody,
                     sizeof(nobody));
}

int registry_log_in(struct registry *registry, const char *user)
{
    char name[REGISTRY_USER_MAX + 1] = "";
    (void)snprintf(name, sizeof(name), "%s", user);
    int r = slot_write(registry, text_offset(registry, offsetof(struct text, user)), name,
                       sizeof(name));
    if (r < 0)
        return r;
    uint8_t state = STATE_LOGGED_IN;
    size_t offset = offsetof(struct table, keys) + registry->slot * sizeof(struct key) +
                    offsetof(struct key, state);
    return slot_write(registry, offset, &state, sizeof(state));
}

int registry_set_status(struct registry *registry, const char *status)
{
    char text[REGISTRY_STATUS_MAX + 1] = "";
    (void)snprintf(text, sizeof(text), "%s", status);
    return slot_write(registry, text_offset(registry, offsetof(struct text, status)), text,
                      sizeof(text));
}

int registry_set_protocol(struct registry *registry, const char *protocol)
{
    char text[REGISTRY_PROTOCOL_MAX + 1] = "";
    (void)snprintf(text, sizeof(text), "%s", protocol);
    return slot_write(registry, offsetof(struct table, protocols) + registry->slot * sizeof(text),
                      text, sizeof(text));
}

void registry_leave(struct registry *registry)
{
    if (registry->fd < 0)
        return;
    uint8_t state = STATE_FREE;
    size_t offset = offsetof(struct table, keys) + registry->slot * sizeof(struct key) +
                    offsetof(struct key, state);
    /* Under the lock: who counts now must not find the slot free while our lock on it is still
     * there. Closing gives up both. */
    (void)flock(registry->fd, LOCK_EX);
    (void)slot_write(registry, offset, &state, sizeof(state));
    registry->fd = close_fd(registry->fd);
}

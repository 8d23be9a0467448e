/* The table of failures: see throttle_table.h. */
#include "lib/throttle_table.h"

#include "lib/cleanup.h"
#include "lib/table.h"

#include <sha2.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>

enum { MAGIC = 0x63667431 };

/* What a SIGKILL finds done before, and what after. */
static void then(void)
{
    atomic_signal_fence(memory_order_seq_cst);
}

static int make_table(struct throttle_table *table, uint64_t now)
{
    uint8_t key[sizeof(table->key)];
    if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
        return -EIO;
    memset(table, 0, sizeof(*table));
    then();
    memcpy(table->key, key, sizeof(key));
    table->log = (struct throttle_budget){.counted = now, .tokens = THROTTLE_LOG_BURST_ALL};
    then();
    table->magic = MAGIC;
    return 0;
}

int throttle_view_open(const struct config *config, uint64_t now, struct throttle_view *ret)
{
    struct throttle_view view = {.config = config, .now = now, .fd = -1};
    void *table;
    int r = table_open(config, "failures", sizeof(*view.table), &view.fd, &table);
    if (r < 0)
        return r;
    view.table = table;
    if (flock(view.fd, LOCK_EX) < 0)
        r = -errno;
    else if (view.table->magic != MAGIC)
        r = make_table(view.table, now);
    if (r < 0)
        throttle_view_close(&view);
    else
        *ret = view;
    return r;
}

void throttle_view_close(struct throttle_view *view)
{
    table_unmap(view->table, sizeof(*view->table));
    view->fd = close_fd(view->fd); /* unlocks */
}

uint64_t throttle_failures(const struct throttle_record *record)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < THROTTLE_PARTS; i++)
        sum += record->parts[i];
    return sum;
}

/* Forgets the failures whose time is over. */
static void drop_old_parts(struct throttle_record *record, uint64_t length, uint64_t now)
{
    uint64_t steps = throttle_since(record->part_start, now) / length;
    if (steps == 0)
        return;
    record->part_start += steps * length;
    size_t gone = steps < THROTTLE_PARTS ? (size_t)steps : THROTTLE_PARTS;
    memmove(record->parts + gone, record->parts, (THROTTLE_PARTS - gone) * sizeof(*record->parts));
    memset(record->parts, 0, gone * sizeof(*record->parts));
}

void throttle_refresh(const struct config *config, uint64_t now, struct throttle_record *record)
{
    enum { SKEW = 60000 };
    uint64_t latest = record->newest > record->part_start ? record->newest : record->part_start;
    if (latest > now + SKEW || record->log.counted > now + SKEW) {
        /* Damaged, or of before a restart of the machine, whose clock began anew. */
        uint8_t kind = record->kind;
        record->kind = THROTTLE_FREE;
        then();
        memset(&record->part_start, 0,
               sizeof(*record) - offsetof(struct throttle_record, part_start));
        then();
        record->kind = kind;
    }
    drop_old_parts(record, config->login_window / (THROTTLE_PARTS - 1), now);
    if (record->banned_until > now + config->login_ban)
        record->banned_until =
            now + config->login_ban; /* it was longer, by another configuration */
    /* After a ban the failures before it count no more: one more would be the next ban. */
    if (!throttle_is_banned(record, now) && record->newest < record->banned_until)
        memset(record->parts, 0, sizeof(record->parts));
    if (throttle_since(record->newest, now) > THROTTLE_CHECK_MAX)
        record->pending = 0;
}

/* How much a record matters, and of two that matter the same, which is the older one. */
static uint64_t worth(const struct throttle_record *record, uint64_t now)
{
    if (record->kind == THROTTLE_FREE)
        return 0;
    return throttle_is_banned(record, now) ? UINT64_MAX : 1 + throttle_failures(record);
}

static uint64_t last_use(const struct throttle_record *record)
{
    uint64_t last = record->newest > record->banned_until ? record->newest : record->banned_until;
    return record->log.counted > last ? record->log.counted : last;
}

static struct throttle_record *weakest(struct throttle_record *set, uint64_t now)
{
    struct throttle_record *found = &set[0];
    for (size_t i = 1; i < THROTTLE_SET; i++) {
        uint64_t this = worth(&set[i], now), least = worth(found, now);
        if (this < least || (this == least && last_use(&set[i]) < last_use(found)))
            found = &set[i];
    }
    return found;
}

/* The record of KEY in its set of COUNT records at RECORDS; a new one in the place of the weakest
 * if there is none. */
static struct throttle_record *find(struct throttle_view *view, struct throttle_record *records,
                                    size_t count, uint32_t hash, enum throttle_kind kind,
                                    const uint8_t key[16])
{
    struct throttle_record *set = records + hash % (count / THROTTLE_SET) * THROTTLE_SET;
    for (size_t i = 0; i < THROTTLE_SET; i++)
        throttle_refresh(view->config, view->now, &set[i]);
    for (size_t i = 0; i < THROTTLE_SET; i++)
        if (set[i].kind == kind && memcmp(set[i].key, key, sizeof(set[i].key)) == 0)
            return &set[i];

    struct throttle_record *record = weakest(set, view->now);
    view->table->log.left_out += record->log.left_out; /* still to be told */
    record->kind = THROTTLE_FREE;
    then();
    memset(record, 0, sizeof(*record));
    memcpy(record->key, key, sizeof(record->key));
    record->log = (struct throttle_budget){.counted = view->now, .tokens = THROTTLE_LOG_BURST};
    then();
    record->kind = (uint8_t)kind;
    return record;
}

static void digest(const struct throttle_view *view, enum throttle_kind kind, const void *bytes,
                   size_t size, uint8_t ret[SHA256_DIGEST_LENGTH])
{
    SHA2_CTX state;
    uint8_t first = (uint8_t)kind;
    SHA256Init(&state);
    SHA256Update(&state, view->table->key, sizeof(view->table->key));
    SHA256Update(&state, &first, sizeof(first));
    SHA256Update(&state, bytes, size);
    SHA256Final(ret, &state);
}

struct throttle_record *throttle_find_address(struct throttle_view *view,
                                              const struct address *address)
{
    enum throttle_kind kind = address->family == AF_INET ? THROTTLE_IPV4 : THROTTLE_IPV6;
    uint8_t key[16] = {0}, hash[SHA256_DIGEST_LENGTH];
    memcpy(key, address->bytes, address_owner_size(address));
    digest(view, kind, key, sizeof(key), hash);
    uint32_t set;
    memcpy(&set, hash, sizeof(set));
    return find(view, view->table->addresses, THROTTLE_ADDRESSES, set, kind, key);
}

struct throttle_record *throttle_find_name(struct throttle_view *view, const char *name)
{
    uint8_t hash[SHA256_DIGEST_LENGTH];
    digest(view, THROTTLE_USER, name, strlen(name), hash);
    uint32_t set;
    memcpy(&set, hash + 16, sizeof(set)); /* what is not in the key */
    return find(view, view->table->names, THROTTLE_NAMES, set, THROTTLE_USER, hash);
}

/* What the administrator sees of the throttling, and may forgive: see throttle.h. */
#include "lib/throttle.h"

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/throttle_table.h"

#include <string.h>

/* The wall clock at a moment of the other one; MOMENT 0 is never. */
static int64_t wall_clock(uint64_t moment, uint64_t now)
{
    int64_t distance = ((int64_t)moment - (int64_t)now) / 1000;
    return moment == 0 ? 0 : (int64_t)time(NULL) + distance;
}

static uint64_t oldest_failure(const struct config *config, const struct throttle_record *record)
{
    uint64_t length = config->login_window / (THROTTLE_PARTS - 1);
    uint64_t age = 0; /* of the oldest part, in parts */
    for (size_t i = 0; i < THROTTLE_PARTS; i++)
        age = record->parts[i] > 0 ? i : age;
    return record->part_start > age * length ? record->part_start - age * length : 1;
}

/* True if there is something to say about RECORD. */
static bool describe(const struct config *config, uint64_t now,
                     const struct throttle_record *record, struct throttle_entry *ret)
{
    if (record->kind != THROTTLE_IPV4 && record->kind != THROTTLE_IPV6)
        return false;
    struct address address = {.family = record->kind == THROTTLE_IPV4 ? AF_INET : AF_INET6};
    memcpy(address.bytes, record->key, sizeof(address.bytes));
    uint64_t failures = throttle_failures(record);
    bool banned = throttle_is_banned(record, now);
    *ret = (struct throttle_entry){
        .who = {.base = address, .bits = 8 * (unsigned)address_owner_size(&address)},
        .failures = failures,
        .oldest = failures > 0 ? wall_clock(oldest_failure(config, record), now) : 0,
        .newest = failures > 0 ? wall_clock(record->newest, now) : 0,
        .banned_until = banned ? wall_clock(record->banned_until, now) : 0,
        .left_out = record->log.left_out,
    };
    return failures > 0 || banned || ret->left_out > 0;
}

int throttle_list(const struct config *config, uint64_t now,
                  int (*visit)(const struct throttle_entry *entry, void *data), void *data)
{
    struct throttle_view view;
    cleanup_free struct throttle_record *records =
        calloc(THROTTLE_ADDRESSES, sizeof(struct throttle_record));
    if (!records)
        return -ENOMEM;
    int r = throttle_view_open(config, now, &view);
    if (r < 0)
        return r;
    memcpy(records, view.table->addresses, sizeof(view.table->addresses));
    throttle_view_close(&view);

    for (size_t i = 0; i < THROTTLE_ADDRESSES && r == 0; i++) {
        struct throttle_entry entry;
        throttle_refresh(config, now, &records[i]);
        if (describe(config, now, &records[i], &entry))
            r = visit(&entry, data);
    }
    return r;
}

/* What was left out of the log stays to be told. True if there was anything to forget. */
static bool forgive(struct throttle_record *record, uint64_t now)
{
    bool forgiven = throttle_failures(record) > 0 || throttle_is_banned(record, now);
    memset(record->parts, 0, sizeof(record->parts));
    record->pending = 0;
    record->banned_until = 0;
    return forgiven;
}

int throttle_clear(const struct config *config, uint64_t now, const struct address *address,
                   unsigned *ret_cleared)
{
    struct throttle_view view;
    int r = throttle_view_open(config, now, &view);
    if (r < 0)
        return r;
    unsigned cleared = 0;
    if (address)
        cleared = forgive(throttle_find_address(&view, address), now);
    for (size_t i = 0; !address && i < THROTTLE_ADDRESSES; i++) {
        throttle_refresh(config, now, &view.table->addresses[i]);
        cleared += forgive(&view.table->addresses[i], now);
    }
    if (!address)
        memset(view.table->names, 0, sizeof(view.table->names));
    throttle_view_close(&view);
    *ret_cleared = cleared;
    return 0;
}

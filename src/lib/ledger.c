/* How much a user stores and how much is promised: see ledger.h. */
#include "lib/ledger.h"

#include "lib/cleanup.h"
#include "lib/ledger_file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* No lease is larger, so that sums stay sums where there is no quota. */
#define LEASE_MAX (UINT64_C(1) << 60)

/* A free slot, taken; a new one at the end of the file if there is none. */
static int take_slot(struct ledger_file *file, unsigned *ret)
{
    for (unsigned slot = 0; slot < LEDGER_SLOTS; slot++) {
        bool added = slot >= file->header.slots;
        if (!added && file->slots[slot].taken)
            continue;
        int r = ledger_file_take_slot(file, slot);
        if (r == -EAGAIN)
            continue;
        if (r < 0)
            return r;
        file->slots[slot] = (struct ledger_slot){.taken = (uint32_t)getpid()};
        r = ledger_file_put_slot(file, slot);
        if (r == 0 && added) {
            file->header.slots = slot + 1;
            r = ledger_file_put_header(file);
        }
        *ret = slot;
        return r;
    }
    return -EUSERS;
}

int ledger_open(const struct config *config, uid_t uid, const struct ledger_amount *quota,
                struct ledger *ret, bool *ret_damaged)
{
    *ret = (struct ledger){.fd = -1, .uid = uid};
    cleanup_ledger_file struct ledger_file file = {.fd = -1};
    int r = ledger_file_open(config, uid, true, &file);
    if (r < 0)
        return r;
    if (ret_damaged)
        *ret_damaged = file.damaged;
    r = ledger_file_settle(&file);
    if (r == 0)
        r = ledger_file_begin_use(&file);
    if (r == 0 && memcmp(&file.header.quota, quota, sizeof(*quota)) != 0) {
        file.header.quota = *quota;
        r = ledger_file_put_header(&file);
    }
    if (r == 0)
        r = take_slot(&file, &ret->slot);
    if (r < 0)
        return r;
    ret->generation = file.header.generation;
    ret->fd = file.fd;
    file.close = false;
    return 0;
}

static bool is_nothing(const struct ledger_amount *amount)
{
    return amount->bytes == 0 && amount->files == 0;
}

/* Puts what has happened into the header; without CREDIT, nobody knows whether a count has not
 * seen already what was freed. True if the header is to be written. */
static bool account_for(struct ledger_file *file, const struct ledger_amount *gained,
                        const struct ledger_amount *freed, bool uncertain, bool credit)
{
    bool nothing = is_nothing(gained) && is_nothing(freed);
    if (nothing && !uncertain)
        return false;
    ledger_file_gain(file, gained);
    if (credit)
        ledger_file_free(file, freed);
    if (uncertain || (!credit && !is_nothing(freed)))
        file->header.flags |= LEDGER_STALE;
    file->header.changes++;
    return true;
}

void ledger_close(struct ledger *ledger, bool lost)
{
    if (ledger->fd < 0)
        return;
    struct ledger_file file;
    /* Whatever goes wrong here leaves a slot that nobody holds, as if this process had died. */
    if (ledger_file_lock(ledger->fd, &file) == 0) {
        file.slots[ledger->slot] = (struct ledger_slot){0};
        bool alone = true;
        for (unsigned i = 0; i < file.header.slots; i++)
            alone = alone && !file.slots[i].taken;
        const struct ledger_amount nothing = {0, 0};
        (void)account_for(&file, &ledger->owed, &nothing, ledger->uncertain || lost, true);
        if (lost)
            ledger_file_gain(&file, &ledger->lease);
        if (alone)
            memset(file.header.boot, 0, sizeof(file.header.boot));
        if (ledger_file_put_header(&file) == 0)
            (void)ledger_file_put_slot(&file, ledger->slot);
        ledger_file_release(&file);
    }
    *ledger = (struct ledger){.fd = close_fd(ledger->fd)};
}

/* Nobody takes so long from removing a file to saying so. */
static bool count_is_recent(const struct ledger_file *file)
{
    enum { RECENT = 60000 };
    uint64_t now = ledger_clock();
    return now >= file->header.counted_clock && now - file->header.counted_clock < RECENT;
}

/* What a session may have of one thing that has LIMIT, of which USED are gone. */
static uint64_t left_of(uint64_t limit, uint64_t used, bool unknown)
{
    uint64_t left = unknown || used >= limit ? 0 : limit - used;
    return left < LEASE_MAX ? left : LEASE_MAX;
}

/* The lease that STEP gets, of which REST is left. -EDQUOT. */
static int lease_for(const struct ledger_file *file, const struct ledger_step *step,
                     struct ledger_amount others, struct ledger_amount rest,
                     struct ledger_amount *ret)
{
    const struct ledger_header *header = &file->header;
    bool unknown = (header->flags & LEDGER_UNKNOWN) != 0;
    uint64_t bytes =
        left_of(header->quota.bytes, ledger_add(header->used.bytes, others.bytes), unknown);
    uint64_t files =
        left_of(header->quota.files, ledger_add(header->used.files, others.files), unknown);
    *ret = rest;
    if (step->least > bytes || step->files > files)
        return -EDQUOT;
    uint64_t best = step->best > step->least ? step->best : step->least;
    *ret = (struct ledger_amount){best < bytes ? best : bytes, step->files};
    return 0;
}

/* Puts what STEP says into the file; what cannot be written now is owed. */
static int settle_step(struct ledger *ledger, const struct ledger_step *step,
                       struct ledger_file *file)
{
    ledger->lease.bytes -= step->gained.bytes;
    ledger->lease.files -= step->gained.files;
    ledger->owed.bytes += step->gained.bytes;
    ledger->owed.files += step->gained.files;
    ledger->uncertain = ledger->uncertain || step->uncertain;
    int r = ledger_file_lock(ledger->fd, file);
    if (r == 0) {
        bool moved = step->moving || file->slots[ledger->slot].moving;
        bool counted = file->header.generation != ledger->generation;
        bool added = ledger->slot >= file->header.slots; /* the end of the file was lost */
        /* The count may have seen what has been leased until now. */
        bool twice = counted && !is_nothing(&ledger->owed);
        bool changed = account_for(file, &ledger->owed, &step->freed, ledger->uncertain || twice,
                                   !counted || !count_is_recent(file));
        file->header.moves += moved;
        if (added)
            file->header.slots = ledger->slot + 1;
        r = changed || moved || added ? ledger_file_put_header(file) : 0;
    }
    if (r < 0) {
        ledger->uncertain = ledger->uncertain || !is_nothing(&step->freed);
        return r;
    }
    ledger->owed = (struct ledger_amount){0, 0};
    ledger->uncertain = false;
    return 0;
}

int ledger_step(struct ledger *ledger, const struct ledger_step *step, struct ledger_state *ret)
{
    *ret = (struct ledger_state){.unknown = true};
    if (step->gained.bytes > ledger->lease.bytes || step->gained.files > ledger->lease.files)
        return -EPROTO;
    cleanup_ledger_file struct ledger_file file = {.fd = -1};
    int r = ledger->fd < 0 ? -EBADF : settle_step(ledger, step, &file);
    if (r < 0)
        return r;

    struct ledger_amount lease;
    struct ledger_amount others = ledger_file_leased(&file, ledger->slot);
    int verdict = lease_for(&file, step, others, ledger->lease, &lease);
    file.slots[ledger->slot] =
        (struct ledger_slot){.lease = lease, .taken = (uint32_t)getpid(), .moving = step->moving};
    ledger->generation = file.header.generation;
    /* What is not in the file is not promised. */
    r = ledger_file_put_slot(&file, ledger->slot);
    if (r == 0)
        ledger->lease = lease;
    ledger_file_state(&file, ret);
    return r < 0 ? r : verdict;
}

int ledger_adjust(const struct config *config, uid_t uid, const struct ledger_amount *gained,
                  const struct ledger_amount *freed, bool uncertain)
{
    cleanup_ledger_file struct ledger_file file = {.fd = -1};
    int r = ledger_file_open(config, uid, false, &file);
    if (r == 0)
        r = ledger_file_begin_use(&file);
    if (r < 0)
        return r;
    bool recent = count_is_recent(&file);
    (void)account_for(&file, gained, freed, uncertain || (recent && !is_nothing(gained)), !recent);
    file.header.moves++;
    return ledger_file_put_header(&file);
}

int ledger_doubt(const struct config *config, uid_t uid)
{
    cleanup_free char *path = NULL;
    cleanup_ledger_file struct ledger_file file = {.fd = -1};
    if (asprintf(&path, "%s/usage/%u", config->directories_state, uid) < 0)
        return -ENOMEM;
    /* Most have none: then nothing is made for it either. */
    int r = access(path, F_OK) < 0 ? -errno : ledger_file_open(config, uid, false, &file);
    if (r < 0)
        return r;
    bool alone = true;
    for (unsigned i = 0; i < file.header.slots; i++)
        alone = alone && !(file.slots[i].taken && ledger_file_slot_lives(&file, i));
    file.header.flags |= alone ? LEDGER_UNKNOWN : LEDGER_STALE;
    file.header.changes++; /* a count that runs has not seen all */
    return ledger_file_put_header(&file);
}

int ledger_read(const struct config *config, uid_t uid, struct ledger_state *ret)
{
    *ret = (struct ledger_state){.unknown = true};
    cleanup_ledger_file struct ledger_file file = {.fd = -1};
    int r = ledger_file_open(config, uid, false, &file);
    if (r < 0)
        return r;
    ledger_file_state(&file, ret);
    for (unsigned i = 0; i < file.header.slots; i++)
        ret->sessions -= file.slots[i].taken && !ledger_file_slot_lives(&file, i);
    return 0;
}

int ledger_set_quota(const struct config *config, uid_t uid, const struct ledger_amount *quota)
{
    cleanup_ledger_file struct ledger_file file = {.fd = -1};
    int r = ledger_file_open(config, uid, false, &file);
    if (r < 0)
        return r;
    file.header.quota = *quota;
    return ledger_file_put_header(&file);
}

int ledger_remove(const struct config *config, uid_t uid)
{
    cleanup_free char *path = NULL;
    if (asprintf(&path, "%s/usage/%u", config->directories_state, uid) < 0)
        return -ENOMEM;
    /* Who has it open finds it removed at the next step, and is promised nothing any more. */
    return unlink(path) < 0 && errno != ENOENT && errno != ENOTDIR ? -errno : 0;
}

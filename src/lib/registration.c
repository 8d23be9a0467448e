/* The table of registrations: see registration.h. */
#include "lib/registration.h"

#include "lib/cleanup.h"
#include "lib/state.h"

#include <fcntl.h>
#include <sha2.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>

enum {
    MAGIC = 0x63667231,
    SET = 16,
    RECORDS = 8192,
    /* The window is counted in quarters. One more than four: each registration is remembered for at
     * least a whole window, and for a quarter more at most. */
    PARTS = 5,
};

struct record {
    uint8_t key[16];     /* the owner's part of an address */
    uint64_t part_start; /* of parts[0], the present one */
    uint32_t parts[PARTS];
    uint32_t kind; /* 0: free, 4 or 6 */
};

struct table {
    uint32_t magic;
    uint8_t key[32]; /* so that nobody outside knows which addresses share a set */
    struct record records[RECORDS];
};

struct view {
    int fd;
    struct table *table;
};

static int make_table(struct table *table)
{
    uint8_t key[sizeof(table->key)];
    if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
        return -EIO;
    memset(table, 0, sizeof(*table));
    memcpy(table->key, key, sizeof(key));
    atomic_signal_fence(memory_order_seq_cst); /* a SIGKILL finds that done */
    table->magic = MAGIC;
    return 0;
}

static void view_close(struct view *view)
{
    if (view->table)
        (void)munmap(view->table, sizeof(*view->table));
    view->fd = close_fd(view->fd); /* unlocks */
}

static int view_map(struct view *view)
{
    struct stat status;
    if (fstat(view->fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode) || status.st_uid != geteuid())
        return -EPERM;
    int error = (size_t)status.st_size < sizeof(*view->table)
                    ? posix_fallocate(view->fd, 0, sizeof(*view->table))
                    : 0;
    if (error != 0)
        return -error;
    void *table = mmap(NULL, sizeof(*view->table), PROT_READ | PROT_WRITE, MAP_SHARED, view->fd, 0);
    if (table == MAP_FAILED)
        return -errno;
    view->table = table;
    while (flock(view->fd, LOCK_EX) < 0)
        if (errno != EINTR)
            return -errno;
    return view->table->magic == MAGIC ? 0 : make_table(view->table);
}

static int view_open(const struct config *config, struct view *ret)
{
    cleanup_close int state = state_directory_open(config);
    if (state < 0)
        return state;
    struct view view = {
        .fd = openat(state, "registrations", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
    int r = view.fd < 0 ? -errno : view_map(&view);
    if (r < 0)
        view_close(&view);
    else
        *ret = view;
    return r;
}

/* Brings a record up to the time NOW. */
static void refresh(const struct config *config, uint64_t now, struct record *record)
{
    uint64_t length = config->registration_window / (PARTS - 1);
    if (record->part_start > now)
        record->part_start = now; /* the clock was set back: it is remembered for longer */
    uint64_t steps = (now - record->part_start) / length;
    if (steps == 0)
        return;
    record->part_start += steps * length;
    size_t gone = steps < PARTS ? (size_t)steps : PARTS;
    memmove(record->parts + gone, record->parts, (PARTS - gone) * sizeof(*record->parts));
    memset(record->parts, 0, gone * sizeof(*record->parts));
}

static uint64_t count(const struct record *record)
{
    uint64_t sum = 0;
    for (size_t i = 0; record->kind != 0 && i < PARTS; i++)
        sum += record->parts[i];
    return sum;
}

static struct record *weakest(struct record *set)
{
    struct record *found = &set[0];
    for (size_t i = 1; i < SET; i++)
        if (count(&set[i]) < count(found) ||
            (count(&set[i]) == count(found) && set[i].part_start < found->part_start))
            found = &set[i];
    return found;
}

static struct record *find(const struct config *config, const struct view *view, uint64_t now,
                           const struct address *address)
{
    uint8_t key[16] = {0}, hash[SHA256_DIGEST_LENGTH];
    uint32_t kind = address->family == AF_INET ? 4 : 6, number;
    memcpy(key, address->bytes, address_owner_size(address));
    SHA2_CTX state;
    SHA256Init(&state);
    SHA256Update(&state, view->table->key, sizeof(view->table->key));
    SHA256Update(&state, key, sizeof(key));
    SHA256Final(hash, &state);
    memcpy(&number, hash, sizeof(number));

    struct record *set = view->table->records + number % (RECORDS / SET) * SET;
    for (size_t i = 0; i < SET; i++)
        refresh(config, now, &set[i]);
    for (size_t i = 0; i < SET; i++)
        if (set[i].kind == kind && memcmp(set[i].key, key, sizeof(key)) == 0)
            return &set[i];
    struct record *record = weakest(set);
    record->kind = 0;
    atomic_signal_fence(memory_order_seq_cst);
    *record = (struct record){.part_start = now};
    memcpy(record->key, key, sizeof(key));
    atomic_signal_fence(memory_order_seq_cst);
    record->kind = kind;
    return record;
}

int registration_begin(const struct config *config, uint64_t now, const struct address *remote,
                       bool *ret_admitted)
{
    struct view view;
    int r = view_open(config, &view);
    if (r < 0)
        return r;
    struct record *record = find(config, &view, now, remote);
    *ret_admitted = count(record) < config->registration_per_address;
    record->parts[0] += *ret_admitted;
    view_close(&view);
    return 0;
}

int registration_give_back(const struct config *config, uint64_t now, const struct address *remote)
{
    struct view view;
    int r = view_open(config, &view);
    if (r < 0)
        return r;
    struct record *record = find(config, &view, now, remote);
    for (size_t i = 0; i < PARTS; i++)
        if (record->parts[i] > 0) {
            record->parts[i]--;
            break;
        }
    view_close(&view);
    return 0;
}

bool registration_invites(const struct config *config, const char *invitation)
{
    enum { LONGEST = 512 };
    char given[LONGEST + 1] = "", wanted[LONGEST + 1] = "";
    (void)snprintf(given, sizeof(given), "%s", invitation);
    (void)snprintf(wanted, sizeof(wanted), "%s", config->registration_invitation);
    unsigned char difference = 0;
    for (size_t i = 0; i < sizeof(given); i++)
        difference |= (unsigned char)(given[i] ^ wanted[i]);
    bool fits = strlen(invitation) <= LONGEST;
    explicit_bzero(given, sizeof(given));
    return wanted[0] == '\0' || (difference == 0 && fits);
}

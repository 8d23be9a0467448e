/* The file of a ledger: see ledger_file.h. */
#include "lib/ledger_file.h"

#include "lib/cleanup.h"
#include "lib/state.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

/* The locks of the slots are far behind the data, so that they have to do with nothing else. */
enum { LOCK_BASE = 1 << 24, FILE_MODE = 0600 };

uint64_t ledger_clock(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

uint64_t ledger_add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* FNV-1a. Each step is one to one, so that no single byte can change without it. */
static uint64_t checksum(uint64_t seed, const void *bytes, size_t size)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325) ^ seed;
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ ((const uint8_t *)bytes)[i]) * UINT64_C(0x100000001b3);
    return sum;
}

static uint64_t header_checksum(const struct ledger_header *header)
{
    struct ledger_header copy = *header;
    copy.checksum = 0;
    return checksum(0, &copy, sizeof(copy));
}

/* With its place: a slot in the place of another is damage. */
static uint64_t slot_checksum(const struct ledger_slot *slot, unsigned number)
{
    return checksum(number + 1, slot, offsetof(struct ledger_slot, checksum));
}

static off_t slot_offset(unsigned slot)
{
    return (off_t)(sizeof(struct ledger_header) + slot * sizeof(struct ledger_slot));
}

static int put(int fd, const void *bytes, size_t size, off_t offset)
{
    ssize_t written = pwrite(fd, bytes, size, offset);
    return written < 0 ? -errno : (size_t)written == size ? 0 : -ENOSPC;
}

int ledger_file_put_header(struct ledger_file *file)
{
    file->header.checksum = header_checksum(&file->header);
    return put(file->fd, &file->header, sizeof(file->header), 0);
}

int ledger_file_put_slot(struct ledger_file *file, unsigned slot)
{
    file->slots[slot].checksum = slot_checksum(&file->slots[slot], slot);
    return put(file->fd, &file->slots[slot], sizeof(file->slots[slot]), slot_offset(slot));
}

static int slot_lock(int fd, unsigned slot, int command)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LOCK_BASE + (off_t)slot, .l_len = 1};
    if (fcntl(fd, command, &lock) < 0)
        return errno == EACCES ? -EAGAIN : -errno;
    return command == F_OFD_GETLK ? lock.l_type != F_UNLCK : 0;
}

int ledger_file_take_slot(struct ledger_file *file, unsigned slot)
{
    return slot_lock(file->fd, slot, F_OFD_SETLK);
}

bool ledger_file_slot_lives(const struct ledger_file *file, unsigned slot)
{
    return slot_lock(file->fd, slot, F_OFD_GETLK) != 0; /* who cannot be asked about lives */
}

/* Reads what is there; false if it is not what was written. */
static bool read_header(struct ledger_file *file)
{
    struct ledger_header *header = &file->header;
    return pread(file->fd, header, sizeof(*header), 0) == (ssize_t)sizeof(*header) &&
           header->magic == LEDGER_MAGIC && header->version == LEDGER_VERSION &&
           header->checksum == header_checksum(header) && header->slots <= LEDGER_SLOTS;
}

/* Nothing is known, and nothing is promised. */
static void make_header(struct ledger_file *file, unsigned slots)
{
    file->header = (struct ledger_header){
        .magic = LEDGER_MAGIC,
        .version = LEDGER_VERSION,
        .slots = slots,
        .flags = LEDGER_UNKNOWN,
    };
    /* Another count than any before: who still has the old one's number must not be believed. */
    file->header.generation = ledger_clock() << 20;
}

/* A slot that is not to be read is free, unless somebody has it: that one will write it anew. */
static int mend_slot(struct ledger_file *file, unsigned slot)
{
    file->damaged = true;
    file->header.flags |= LEDGER_UNKNOWN;
    file->header.moves++; /* a count that runs must not believe that all is known */
    file->slots[slot] = (struct ledger_slot){0};
    if (!ledger_file_slot_lives(file, slot))
        return ledger_file_put_slot(file, slot);
    file->slots[slot].taken = 1;
    return 0;
}

/* As many slots as a file of SIZE bytes has, and as somebody holds, whatever became of the file. */
static unsigned find_slots(const struct ledger_file *file, off_t size)
{
    off_t there = (size - slot_offset(0)) / (off_t)sizeof(struct ledger_slot);
    unsigned slots = there < 0 ? 0 : there > LEDGER_SLOTS ? LEDGER_SLOTS : (unsigned)there;
    for (unsigned i = slots; i < LEDGER_SLOTS; i++)
        if (ledger_file_slot_lives(file, i))
            slots = i + 1;
    return slots;
}

static int load(struct ledger_file *file, off_t size, bool fresh)
{
    bool good = read_header(file);
    if (!good) {
        make_header(file, fresh ? 0 : find_slots(file, size));
        file->damaged = !fresh;
    }
    unsigned slots = file->header.slots;
    size_t wanted = slots * sizeof(struct ledger_slot);
    ssize_t got = wanted > 0 ? pread(file->fd, file->slots, wanted, slot_offset(0)) : 0;
    if (got < 0)
        return -errno;
    memset((char *)file->slots + got, 0, sizeof(file->slots) - (size_t)got);
    for (unsigned i = 0; i < slots; i++) {
        bool same = file->slots[i].checksum == slot_checksum(&file->slots[i], i);
        int r = same ? 0 : mend_slot(file, i);
        if (r < 0)
            return r;
    }
    return good && !file->damaged ? 0 : ledger_file_put_header(file);
}

static int lock_and_load(struct ledger_file *file, bool fresh)
{
    while (flock(file->fd, LOCK_EX) < 0)
        if (errno != EINTR)
            return -errno;
    struct stat status;
    if (fstat(file->fd, &status) < 0)
        return -errno;
    return status.st_nlink == 0 ? -ESTALE : load(file, status.st_size, fresh);
}

int ledger_file_lock(int fd, struct ledger_file *ret)
{
    ret->fd = fd;
    ret->close = ret->damaged = false;
    int r = lock_and_load(ret, false);
    if (r < 0)
        ledger_file_release(ret);
    return r;
}

void ledger_file_release(struct ledger_file *file)
{
    if (file->fd < 0)
        return;
    (void)flock(file->fd, LOCK_UN);
    file->fd = file->close ? close_fd(file->fd) : -1;
}

/* STATE/usage, which nobody else can look into. */
static int directory_of(const struct config *config, bool make)
{
    enum { FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, MODE = 0700 };
    cleanup_close int state = state_directory_open(config);
    if (state < 0)
        return state;
    if (make && mkdirat(state, "usage", MODE) < 0 && errno != EEXIST)
        return -errno;
    int fd = openat(state, "usage", FLAGS);
    return fd < 0 ? -errno : fd;
}

static int open_named(const struct config *config, uid_t uid, bool make, bool *ret_made)
{
    enum { FLAGS = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY };
    char name[16];
    (void)snprintf(name, sizeof(name), "%u", uid);
    cleanup_close int directory = directory_of(config, make);
    if (directory < 0)
        return directory;
    *ret_made = false;
    int fd = openat(directory, name, FLAGS);
    if (fd < 0 && errno == ENOENT && make) {
        fd = openat(directory, name, FLAGS | O_CREAT | O_EXCL, FILE_MODE);
        *ret_made = fd >= 0;
        if (fd < 0 && errno == EEXIST)
            return -ESTALE; /* somebody else has just made it */
    }
    return fd < 0 ? -errno : fd;
}

int ledger_file_open(const struct config *config, uid_t uid, bool make, struct ledger_file *ret)
{
    enum { TRIES = 100 }; /* it may be removed between opening and locking */
    int r = -ESTALE;
    for (unsigned i = 0; r == -ESTALE && i < TRIES; i++) {
        bool made = false;
        cleanup_close int fd = open_named(config, uid, make, &made);
        if (fd == -ESTALE)
            continue;
        struct stat status;
        if (fd < 0)
            return fd;
        if (fstat(fd, &status) < 0)
            return -errno;
        if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & 077))
            return -EPERM;
        ret->fd = fd;
        ret->close = ret->damaged = false;
        r = lock_and_load(ret, made);
        ret->close = r == 0;
        if (r == 0)
            (void)take_fd(&fd);
        else
            ret->fd = -1;
    }
    return r;
}

void ledger_file_gain(struct ledger_file *file, const struct ledger_amount *amount)
{
    struct ledger_header *header = &file->header;
    header->used.bytes = ledger_add(header->used.bytes, amount->bytes);
    header->used.files = ledger_add(header->used.files, amount->files);
    header->gained.bytes += amount->bytes;
    header->gained.files += amount->files;
}

void ledger_file_free(struct ledger_file *file, const struct ledger_amount *amount)
{
    struct ledger_amount *used = &file->header.used;
    /* More than there was: somebody stored it without us. */
    if (amount->bytes > used->bytes || amount->files > used->files)
        file->header.flags |= LEDGER_STALE;
    used->bytes -= amount->bytes < used->bytes ? amount->bytes : used->bytes;
    used->files -= amount->files < used->files ? amount->files : used->files;
}

struct ledger_amount ledger_file_leased(const struct ledger_file *file, unsigned except)
{
    struct ledger_amount sum = {0, 0};
    for (unsigned i = 0; i < file->header.slots; i++)
        if (i != except) {
            sum.bytes = ledger_add(sum.bytes, file->slots[i].lease.bytes);
            sum.files = ledger_add(sum.files, file->slots[i].lease.files);
        }
    return sum;
}

int ledger_file_settle(struct ledger_file *file)
{
    bool dead[LEDGER_SLOTS] = {false};
    bool any = false;
    for (unsigned i = 0; i < file->header.slots; i++) {
        if (!file->slots[i].taken || ledger_file_slot_lives(file, i))
            continue;
        ledger_file_gain(file, &file->slots[i].lease);
        any = dead[i] = true;
    }
    if (!any)
        return 0;
    file->header.flags |= LEDGER_STALE; /* it may have removed something and not said so */
    file->header.changes++;
    int r = ledger_file_put_header(file);
    for (unsigned i = 0; r == 0 && i < file->header.slots; i++)
        if (dead[i]) {
            file->slots[i] = (struct ledger_slot){0};
            r = ledger_file_put_slot(file, i);
        }
    return r;
}

void ledger_file_state(const struct ledger_file *file, struct ledger_state *ret)
{
    *ret = (struct ledger_state){
        .used = file->header.used,
        .leased = ledger_file_leased(file, LEDGER_SLOTS),
        .quota = file->header.quota,
        .counted = file->header.counted,
        .stale = (file->header.flags & LEDGER_STALE) != 0,
        .unknown = (file->header.flags & LEDGER_UNKNOWN) != 0,
    };
    for (unsigned i = 0; i < file->header.slots; i++)
        ret->sessions += file->slots[i].taken != 0;
}

/* The name of this boot, all of it or nothing. */
static int read_boot(uint8_t ret[16])
{
    cleanup_fclose FILE *source = fopen("/proc/sys/kernel/random/boot_id", "re");
    if (!source)
        return -errno;
    for (unsigned digits = 0; digits < 32;) {
        int c = fgetc(source);
        if (c == '-')
            continue;
        int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (value < 0)
            return -EIO;
        ret[digits / 2] = (uint8_t)(ret[digits / 2] << 4 | value);
        digits++;
    }
    return 0;
}

int ledger_file_begin_use(struct ledger_file *file)
{
    uint8_t boot[16] = {0};
    static const uint8_t nobody[16] = {0};
    int r = read_boot(boot);
    if (r < 0 || memcmp(boot, file->header.boot, sizeof(boot)) == 0)
        return r;
    /* The machine stopped while sessions had it open: what they wrote may be on the disk, and what
     * the ledger said of it not. */
    if (memcmp(nobody, file->header.boot, sizeof(boot)) != 0)
        file->header.flags |= LEDGER_UNKNOWN;
    memcpy(file->header.boot, boot, sizeof(boot));
    r = ledger_file_put_header(file);
    return r < 0 ? r : fdatasync(file->fd) < 0 ? -errno : 0;
}

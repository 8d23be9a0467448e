/* The facts of RFC 3659 section 7.5, for MLSD, MLST, FEAT and OPTS MLST: one table. Used by the
 * listing and, through listing.h, by the session. Never shows a device or inode number. */
#include "lib/cleanup.h"
#include "lib/text.h"
#include "session/listing_private.h"

#include <string.h>
#include <strings.h>

/* What a fact is made of. */
struct subject {
    struct listing_memory *memory;
    const struct listing_view *view;
    const struct statx *entry;
    const char *kind;
    bool parent_writable;
};

static char *write_text(char *ret, const char *text)
{
    size_t size = strlen(text);
    memcpy(ret, text, size);
    return ret + size;
}

/* RFC 3659 section 7.5.1; what can be neither entered nor retrieved gets a type of section 7.5.1.5.
 */
static char *write_type(char *ret, const struct subject *subject)
{
    if (subject->kind)
        return write_text(ret, subject->kind);
    switch (subject->entry->stx_mode & S_IFMT) {
    case S_IFREG: return write_text(ret, "file");
    case S_IFDIR: return write_text(ret, "dir");
    case S_IFLNK: return write_text(ret, "OS.unix=symlink");
    case S_IFIFO: return write_text(ret, "OS.unix=fifo");
    case S_IFSOCK: return write_text(ret, "OS.unix=socket");
    case S_IFCHR: return write_text(ret, "OS.unix=character");
    case S_IFBLK: return write_text(ret, "OS.unix=block");
    default: return write_text(ret, "OS.unix=other");
    }
}

static char *write_number(char *ret, uint64_t number)
{
    unsigned digits = 1;
    for (uint64_t rest = number; rest >= 10; rest /= 10)
        digits++;
    return listing_write_digits(ret, number, digits);
}

/* Only of what can be retrieved: a folder's size says something about the file system, nothing
 * else. */
static char *write_size(char *ret, const struct subject *subject)
{
    if (!S_ISREG(subject->entry->stx_mode))
        return NULL;
    return write_number(ret, subject->entry->stx_size);
}

static char *write_modify(char *ret, const struct subject *subject)
{
    struct listing_memory *memory = subject->memory;
    int64_t seconds = subject->entry->stx_mtime.tv_sec;
    int64_t second = seconds % 86400;
    int64_t day = seconds / 86400;
    if (second < 0) {
        second += 86400;
        day--;
    }
    if (!memory->day_known || memory->day != day) {
        struct calendar calendar;
        calendar_of(seconds, &calendar);
        char *at = listing_write_digits(memory->day_text, calendar.year, 4);
        at = listing_write_digits(at, calendar.month + 1, 2);
        (void)listing_write_digits(at, calendar.day, 2);
        memory->day = day;
        memory->day_known = true;
    }
    unsigned rest = (unsigned)second;
    memcpy(ret, memory->day_text, sizeof(memory->day_text));
    ret = listing_write_digits(ret + sizeof(memory->day_text), rest / 3600, 2);
    ret = listing_write_digits(ret, rest / 60 % 60, 2);
    return listing_write_digits(ret, rest % 60, 2);
}

/* The three bits that count for the user. An account's group has the number of its uid: see
 * lib/account.h. */
static unsigned own_bits(const struct listing_view *view, const struct statx *entry)
{
    uid_t first = view->override_first, last = view->override_last;
    if (last != 0 && entry->stx_uid >= first && entry->stx_uid <= last && entry->stx_gid >= first &&
        entry->stx_gid <= last)
        return 7;
    unsigned shift = entry->stx_uid == view->uid ? 6 : entry->stx_gid == view->uid ? 3 : 0;
    return (unsigned)entry->stx_mode >> shift & 7u;
}

bool listing_may_change(const struct listing_view *view, const struct statx *directory)
{
    return !view->read_only && (own_bits(view, directory) & 3u) == 3u;
}

/* RFC 3659 section 7.5.5. */
static char *write_perm(char *ret, const struct subject *subject)
{
    unsigned mode = subject->entry->stx_mode;
    unsigned bits = own_bits(subject->view, subject->entry);
    bool changes = !subject->view->read_only;
    bool file = S_ISREG(mode);
    bool folder = S_ISDIR(mode);
    bool inside = folder && (bits & 3u) == 3u && changes;
    bool named = !subject->kind && subject->parent_writable && changes;
    bool writable = file && bits & 2u && changes;
    const struct {
        char letter;
        bool granted;
    } permissions[] = {
        {'a', writable},
        {'c', inside},
        {'d', named},
        {'e', folder && bits & 1u},
        {'f', named},
        {'l', folder && (bits & 5u) == 5u},
        {'m', inside},
        {'p', inside},
        {'r', file && bits & 4u},
        /* A new file takes the place of the old one when it is complete: that takes the folder too.
         */
        {'w', writable && subject->parent_writable},
    };
    for (size_t i = 0; i < ELEMENTS(permissions); i++)
        if (permissions[i].granted)
            *ret++ = permissions[i].letter;
    return ret;
}

static inline uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static inline void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    sip_round(v);
    v[0] ^= word;
}

/* SipHash-2-4 of device and inode (16 bytes) with the session's key as both halves of its key, so
 * that a client can tell two names of one file and nothing more (C06). */
static uint64_t unique_number(uint64_t key, const struct statx *entry)
{
    uint64_t v[4] = {key ^ 0x736f6d6570736575u, key ^ 0x646f72616e646f6du,
                     key ^ 0x6c7967656e657261u, key ^ 0x7465646279746573u};
    sip_word(v, (uint64_t)entry->stx_dev_major << 32 | entry->stx_dev_minor);
    sip_word(v, entry->stx_ino);
    sip_word(v, (uint64_t)16 << 56);
    v[2] ^= 0xff;
    for (unsigned i = 0; i < 4; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static char *write_unique(char *ret, const struct subject *subject)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t number = unique_number(subject->view->unique_key, subject->entry);
    for (unsigned i = 0; i < 16; i++)
        ret[i] = digits[number >> (60 - 4 * i) & 15];
    return ret + 16;
}

static char *write_unix_mode(char *ret, const struct subject *subject)
{
    for (unsigned i = 0; i < 4; i++)
        ret[i] = (char)('0' + (subject->entry->stx_mode >> (9 - 3 * i) & 7));
    return ret + 4;
}

/* RFC 3659 section 7.5: "X." begins a fact of one server. What is mounted below has another answer,
 * which AVBL knows. */
static char *write_available(char *ret, const struct subject *subject)
{
    const struct listing_view *view = subject->view;
    if (!S_ISDIR(subject->entry->stx_mode) || subject->entry->stx_mnt_id != view->mount)
        return NULL;
    return write_number(ret, view->available);
}

/* NAME ends with '='. WRITE returns NULL if the entry has no such fact. */
static const struct {
    enum fact fact;
    const char *name;
    char *(*write)(char *ret, const struct subject *subject);
} facts[] = {
    {FACT_TYPE, "type=", write_type},
    {FACT_SIZE, "size=", write_size},
    {FACT_MODIFY, "modify=", write_modify},
    {FACT_PERM, "perm=", write_perm},
    {FACT_UNIQUE, "unique=", write_unique},
    {FACT_UNIX_MODE, "UNIX.mode=", write_unix_mode},
    {FACT_AVAILABLE, "X.avbl=", write_available},
};

unsigned listing_scan_facts(const char *text)
{
    unsigned found = 0;
    while (*text) {
        size_t size = strcspn(text, ";");
        for (size_t i = 0; i < ELEMENTS(facts); i++)
            if (size + 1 == strlen(facts[i].name) && strncasecmp(text, facts[i].name, size) == 0)
                found |= facts[i].fact;
        text += size;
        text += *text == ';';
    }
    return found;
}

int listing_append_fact_names(struct buffer *buffer, unsigned chosen, bool mark)
{
    char text[LISTING_FACTS_MAX];
    char *end = text;
    for (size_t i = 0; i < ELEMENTS(facts); i++) {
        bool is_chosen = chosen & facts[i].fact;
        if (!mark && !is_chosen)
            continue;
        end = write_text(end, facts[i].name) - 1;
        if (mark && is_chosen)
            *end++ = '*';
        *end++ = ';';
    }
    return buffer_append(buffer, text, (size_t)(end - text));
}

char *listing_write_facts(char *ret, struct listing_memory *memory, const struct listing_view *view,
                          const struct statx *entry, const char *kind, bool parent_writable)
{
    const struct subject subject = {memory, view, entry, kind, parent_writable};
    for (size_t i = 0; i < ELEMENTS(facts); i++) {
        if (!(view->facts & facts[i].fact))
            continue;
        char *end = facts[i].write(write_text(ret, facts[i].name), &subject);
        if (!end)
            continue;
        *end++ = ';';
        ret = end;
    }
    *ret++ = ' ';
    return ret;
}

int listing_append_facts(struct buffer *buffer, const struct listing_view *view,
                         const struct statx *entry, const char *kind)
{
    /* The folder that holds the entry is not known here. RFC 3659 section 7.5.5 lets a server say
     * that something may work which then does not. */
    struct listing_memory memory = {0};
    char text[LISTING_FACTS_MAX];
    char *end = listing_write_facts(text, &memory, view, entry, kind, true);
    return buffer_append(buffer, text, (size_t)(end - text));
}

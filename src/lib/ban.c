/* The list of banned networks: see ban.h. */
#include "lib/ban.h"

#include "lib/calendar.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/scan.h"
#include "lib/state.h"
#include "lib/text.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

enum { FILE_SIZE_MAX = 2 << 20, LINE_SIZE_MAX = 512, TIME_SIZE = 32 };

static const char bans_name[] = "bans", new_name[] = ".bans.new", lock_name[] = ".bans.lock";
static const char for_ever[] = "for-ever";

void network_format(const struct network *network, char ret[NETWORK_TEXT_MAX])
{
    char base[ADDRESS_TEXT_MAX];
    address_format(&network->base, base, sizeof(base));
    if (network->bits == (network->base.family == AF_INET ? 32 : 128))
        (void)snprintf(ret, NETWORK_TEXT_MAX, "%s", base);
    else
        (void)snprintf(ret, NETWORK_TEXT_MAX, "%s/%u", base, network->bits);
}

bool network_covers(const struct network *outer, const struct network *inner)
{
    return outer->bits <= inner->bits && network_contains(outer, &inner->base);
}

static bool same_network(const struct network *a, const struct network *b)
{
    return network_covers(a, b) && network_covers(b, a);
}

/* --- Lines --- */

static void format_time(int64_t when, char ret[TIME_SIZE])
{
    struct calendar date;
    calendar_of(when, &date);
    (void)snprintf(ret, TIME_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ", date.year, date.month + 1,
                   date.day, date.hour, date.minute, date.second);
}

/* "2026-11-23T05:00:00Z" */
static bool parse_time(const char *text, int64_t *ret)
{
    static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
    char digits[16];
    size_t count = 0;
    struct timespec time;
    if (strlen(text) != strlen(form))
        return false;
    for (size_t i = 0; form[i]; i++) {
        bool is_digit = text[i] >= '0' && text[i] <= '9';
        if (form[i] == 'd' ? !is_digit : text[i] != form[i])
            return false;
        if (is_digit)
            digits[count++] = text[i];
    }
    digits[count] = '\0';
    if (scan_timestamp(digits, &time) < 0)
        return false;
    *ret = time.tv_sec;
    return true;
}

/* Takes the word that *TEXT begins with, and what is behind it. NULL if there is none. */
static char *take_word(char **text)
{
    char *word = *text + strspn(*text, " \t");
    size_t size = strcspn(word, " \t");
    *text = word + size + (word[size] != '\0');
    word[size] = '\0';
    return size > 0 ? word : NULL;
}

/* Reads a line, which is changed. */
static bool parse_line(char *line, struct ban *ret)
{
    struct ban ban = {.until = BAN_FOR_EVER};
    const char *network = take_word(&line), *until = take_word(&line), *since = take_word(&line);
    size_t size = strcspn(line, "\n");
    if (!network || !until || !since || size > BAN_WHO_MAX || !text_is_plain(line, size) ||
        network_parse(network, &ban.network) < 0 ||
        (strcmp(until, for_ever) != 0 && !parse_time(until, &ban.until)) ||
        !parse_time(since, &ban.since))
        return false;
    memcpy(ban.who, line, size);
    *ret = ban;
    return true;
}

/* --- The file --- */

struct bans {
    struct ban *all;
    size_t count, allocated;
    struct buffer damaged; /* their lines, as they are */
};

static void bans_free(struct bans *bans)
{
    free(bans->all);
    buffer_free(&bans->damaged);
}

static int bans_put(struct bans *bans, const struct ban *ban)
{
    if (bans->count == bans->allocated) {
        size_t allocated = bans->allocated ? 2 * bans->allocated : 16;
        struct ban *longer = reallocarray(bans->all, allocated, sizeof(*longer));
        if (!longer)
            return -ENOMEM;
        bans->all = longer;
        bans->allocated = allocated;
    }
    bans->all[bans->count++] = *ban;
    return 0;
}

static int take_line(struct bans *bans, int64_t now, const char *text, size_t size, unsigned number,
                     struct buffer *problem)
{
    char line[LINE_SIZE_MAX];
    struct ban ban;
    bool fits = size < sizeof(line) && !memchr(text, '\0', size);
    memcpy(line, text, fits ? size : 0);
    line[fits ? size : 0] = '\0';
    if (fits && (line[0] == '#' || line[strspn(line, " \t")] == '\0'))
        return 0;
    if (!fits || !parse_line(line, &ban)) {
        (void)buffer_append_format(problem, "line %u is damaged and bans nobody; ", number);
        int r = buffer_append(&bans->damaged, text, size);
        return r < 0 ? r : buffer_append_string(&bans->damaged, "\n");
    }
    if (ban.until <= now)
        return 0;
    if (bans->count < BAN_MAX)
        return bans_put(bans, &ban);
    (void)buffer_append_format(problem, "line %u is one too many and bans nobody; ", number);
    return 0;
}

/* The whole of the open FILE. */
static int read_text(int file, struct buffer *ret)
{
    struct stat status;
    if (fstat(file, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() ||
        (status.st_mode & (S_IWGRP | S_IWOTH)))
        return -EPERM;
    for (;;) {
        char *room;
        int r = buffer_reserve(ret, 4096, &room);
        if (r < 0)
            return r == -ENOBUFS ? -EFBIG : r;
        ssize_t got = read(file, room, 4096);
        if (got <= 0)
            return got < 0 ? -errno : 0;
        buffer_commit(ret, (size_t)got);
    }
}

/* Nobody has banned anybody: that costs one call. */
static int bans_read(const struct config *config, int64_t now, struct bans *ret,
                     struct buffer *problem)
{
    cleanup_free char *path = NULL;
    cleanup_buffer struct buffer text;
    buffer_init(&text, FILE_SIZE_MAX);
    buffer_init(&ret->damaged, FILE_SIZE_MAX);
    if (asprintf(&path, "%s/%s", config->directories_state, bans_name) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    cleanup_close int file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
        return errno == ENOENT ? 0 : -errno;
    int r = read_text(file, &text);
    for (unsigned number = 1; r == 0 && buffer_size(&text) > 0; number++) {
        const char *line = buffer_begin(&text);
        const char *end = memchr(line, '\n', buffer_size(&text));
        size_t size = end ? (size_t)(end - line) : buffer_size(&text);
        r = take_line(ret, now, line, size, number, problem);
        buffer_consume(&text, size + (end != NULL));
    }
    return r;
}

static int write_bans(const struct bans *bans, struct buffer *text)
{
    int r = buffer_append_string(text, "# NETWORK UNTIL SINCE WHO: see \"cellftpctl ban\"\n");
    for (size_t i = 0; r == 0 && i < bans->count; i++) {
        const struct ban *ban = &bans->all[i];
        char network[NETWORK_TEXT_MAX], until[TIME_SIZE], since[TIME_SIZE];
        network_format(&ban->network, network);
        format_time(ban->until, until);
        format_time(ban->since, since);
        r = buffer_append_format(text, "%s %s %s %s\n", network,
                                 ban->until == BAN_FOR_EVER ? for_ever : until, since, ban->who);
    }
    if (r == 0 && buffer_size(&bans->damaged) > 0)
        r = buffer_append(text, buffer_begin(&bans->damaged), buffer_size(&bans->damaged));
    return r;
}

static int bans_write(int state, const struct bans *bans)
{
    cleanup_buffer struct buffer text;
    buffer_init(&text, FILE_SIZE_MAX);
    int r = write_bans(bans, &text);
    if (r < 0)
        return r;
    /* The lock makes the name ours: a file that has it was left by a writer that died. */
    if (unlinkat(state, new_name, 0) < 0 && errno != ENOENT)
        return -errno;
    cleanup_close int file =
        openat(state, new_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0)
        return -errno;
    r = write_all(file, buffer_begin(&text), buffer_size(&text));
    if (r == 0 && (fsync(file) < 0 || renameat(state, new_name, state, bans_name) < 0))
        r = -errno;
    if (r < 0)
        (void)unlinkat(state, new_name, 0);
    else if (fsync(state) < 0)
        r = -errno;
    return r;
}

/* --- What others ask for --- */

int ban_list(const struct config *config, int64_t now,
             int (*visit)(const struct ban *ban, void *data), void *data, struct buffer *problem)
{
    __attribute__((cleanup(bans_free))) struct bans bans = {.count = 0};
    int r = bans_read(config, now, &bans, problem);
    for (size_t i = 0; r == 0 && i < bans.count; i++)
        r = visit(&bans.all[i], data);
    return r;
}

struct search {
    const struct address *address;
    struct ban *found;
};

static int visit_for(const struct ban *ban, void *data)
{
    struct search *search = data;
    if (!network_contains(&ban->network, search->address))
        return 0;
    *search->found = *ban;
    return 1;
}

int ban_find(const struct config *config, int64_t now, const struct address *address,
             bool *ret_banned, struct ban *ret, struct buffer *problem)
{
    struct search search = {address, ret};
    int r = ban_list(config, now, visit_for, &search, problem);
    *ret_banned = r > 0;
    return r < 0 ? r : 0;
}

/* Locks the list against other changes until *RET_LOCK is closed, and reads it. */
static int begin_change(const struct config *config, int64_t now, int *ret_state, int *ret_lock,
                        struct bans *bans, struct buffer *problem)
{
    buffer_init(&bans->damaged, 0);
    cleanup_close int state = state_directory_open(config);
    if (state < 0)
        return state;
    cleanup_close int lock =
        openat(state, lock_name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (lock < 0)
        return -errno;
    while (flock(lock, LOCK_EX) < 0)
        if (errno != EINTR)
            return -errno;
    int r = bans_read(config, now, bans, problem);
    if (r < 0)
        return r;
    *ret_state = take_fd(&state);
    *ret_lock = take_fd(&lock);
    return 0;
}

/* Takes NETWORK out of BANS. */
static bool bans_take(struct bans *bans, const struct network *network)
{
    size_t kept = 0, before = bans->count;
    for (size_t i = 0; i < before; i++)
        if (!same_network(&bans->all[i].network, network))
            bans->all[kept++] = bans->all[i];
    bans->count = kept;
    return kept < before;
}

int ban_add(const struct config *config, int64_t now, const struct ban *ban, struct buffer *problem)
{
    cleanup_close int state = -1, lock = -1;
    __attribute__((cleanup(bans_free))) struct bans bans = {.count = 0};
    int r = begin_change(config, now, &state, &lock, &bans, problem);
    if (r < 0)
        return r;
    (void)bans_take(&bans, &ban->network);
    if (bans.count >= BAN_MAX)
        return -ENOSPC;
    r = bans_put(&bans, ban);
    return r < 0 ? r : bans_write(state, &bans);
}

int ban_delete(const struct config *config, int64_t now, const struct network *network,
               struct buffer *problem)
{
    cleanup_close int state = -1, lock = -1;
    __attribute__((cleanup(bans_free))) struct bans bans = {.count = 0};
    int r = begin_change(config, now, &state, &lock, &bans, problem);
    if (r < 0 || !bans_take(&bans, network))
        return r;
    r = bans_write(state, &bans);
    return r < 0 ? r : 1;
}

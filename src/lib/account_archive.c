/* All accounts in one text, written and read: see account_archive.h. account_restore.c puts them in
 * place. */
#include "lib/account_archive.h"

#include "lib/account_store.h"
#include "lib/cleanup.h"
#include "lib/scan.h"

#include <fcntl.h>
#include <sha2.h>
#include <string.h>

enum {
    RECORD_MAX = 65536,
    PROBLEM_MAX = 16384,
    ARCHIVE_LINE = 256,
    ACCOUNTS_MAX = 4 * 1024 * 1024
};

static const char heading[] = "cellftpd accounts 1\n";

struct writing {
    const struct account_store *store;
    struct buffer *text;
    size_t count;
    void (*complain)(void *data, const char *words);
    void *data;
};

/* The text of the record FILE, which was found to be good. */
static int append_record(const struct writing *writing, const char *name, const char *file)
{
    char record[RECORD_MAX];
    cleanup_close int fd = openat(writing->store->users, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : pread(fd, record, sizeof(record), 0);
    if (size < 0)
        return -errno;
    if (size == (ssize_t)sizeof(record))
        return -EFBIG;
    int r = buffer_append_format(writing->text, "account %s %zd\n", name, size);
    if (r == 0)
        r = buffer_append(writing->text, record, (size_t)size);
    return r == 0 ? buffer_append_string(writing->text, "\n") : r;
}

static int visit(const char *name, void *data)
{
    struct writing *writing = data;
    cleanup_account struct account *account = NULL;
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, PROBLEM_MAX);
    char file[ACCOUNT_FILE_MAX];
    (void)snprintf(file, sizeof(file), ACCOUNT_RECORD, name);
    int r = account_record_read(writing->store->config, writing->store->users, file, name,
                                ACCOUNT_UID_ANY, &account, &problem);
    if (r == -EBADMSG && buffer_append(&problem, "", 1) == 0) {
        writing->complain(writing->data, buffer_begin(&problem));
        return 0;
    }
    if (r == 0)
        r = append_record(writing, name, file);
    writing->count += r == 0;
    return r;
}

static int append_end(struct buffer *text, size_t count)
{
    char digest[SHA256_DIGEST_STRING_LENGTH];
    (void)SHA256Data((const uint8_t *)buffer_begin(text), buffer_size(text), digest);
    return buffer_append_format(text, "end %zu %s\n", count, digest);
}

int account_archive_write(const struct config *config, struct buffer *ret, size_t *ret_count,
                          void (*complain)(void *data, const char *words), void *data,
                          struct buffer *problem)
{
    cleanup_account_store struct account_store store;
    int r = account_store_open(config, ACCOUNT_STORE_CHANGE, &store, problem);
    if (r < 0)
        return r;
    struct writing writing = {&store, ret, 0, complain, data};
    r = buffer_append_format(ret, "%snext-uid %ju\n", heading, (uintmax_t)store.uid_next);
    if (r == 0)
        r = account_list(config, visit, &writing);
    if (r == 0)
        r = append_end(ret, writing.count);
    *ret_count = writing.count;
    return r;
}

/* --- Reading --- */

struct reading {
    const struct config *config;
    const char *at, *end;
    struct account_archive *archive;
    size_t allocated;
    struct buffer *problem;
};

__attribute__((format(printf, 2, 3))) static int damaged(struct buffer *problem, const char *format,
                                                         ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)buffer_append_formatv(problem, format, arguments);
    va_end(arguments);
    return -EBADMSG;
}

/* The next line without its end, into RET. False if there is none, or a longer one. */
static bool take_line(struct reading *reading, char ret[ARCHIVE_LINE])
{
    size_t left = (size_t)(reading->end - reading->at);
    const char *newline = memchr(reading->at, '\n', left);
    size_t size = newline ? (size_t)(newline - reading->at) : ARCHIVE_LINE;
    if (size >= ARCHIVE_LINE || memchr(reading->at, '\0', size))
        return false;
    memcpy(ret, reading->at, size);
    ret[size] = '\0';
    reading->at = newline + 1;
    return true;
}

static struct archived_account *next_place(struct reading *reading)
{
    struct account_archive *archive = reading->archive;
    if (archive->count == reading->allocated) {
        size_t allocated = reading->allocated ? reading->allocated * 2 : 256;
        if (allocated > ACCOUNTS_MAX)
            return NULL;
        struct archived_account *grown = reallocarray(archive->accounts, allocated, sizeof(*grown));
        if (!grown)
            return NULL;
        archive->accounts = grown;
        reading->allocated = allocated;
    }
    struct archived_account *place = &archive->accounts[archive->count];
    *place = (struct archived_account){0};
    return place;
}

/* "alice 412", and the record behind it. */
static int take_account(struct reading *reading, char *line)
{
    uint64_t size;
    char *space = strchr(line, ' ');
    if (!space || scan_u64(space + 1, RECORD_MAX - 1, &size) < 0 ||
        (size_t)(reading->end - reading->at) <= size || reading->at[size] != '\n')
        return damaged(reading->problem, "is damaged behind its account %zu",
                       reading->archive->count);
    *space = '\0';
    cleanup_free char *record = strndup(reading->at, size);
    struct archived_account *place = next_place(reading);
    cleanup_account struct account *account = NULL;
    if (!record || !place)
        return -ENOMEM;
    int r = account_parse(reading->config, line, record, &account, reading->problem);
    if (r == -EINVAL)
        return damaged(reading->problem, "has an account of a name that none can have");
    if (r < 0)
        return r;
    if (account->uid < reading->config->accounts_uid_min ||
        account->uid > reading->config->accounts_uid_max)
        return damaged(reading->problem,
                       "has %s with uid %u, which is not in accounts.uid_min to accounts.uid_max; "
                       "set these as they were",
                       line, account->uid);
    place->name = strdup(line);
    place->record = reading->at;
    place->size = size;
    place->uid = account->uid;
    place->home = take_pointer(account->home);
    reading->archive->count++;
    reading->at += size + 1;
    return place->name ? 0 : -ENOMEM;
}

/* "2 SHA-256": nothing may be missing, changed, or come behind it. */
static int check_end(const struct reading *reading, const char *text, const char *line,
                     const char *rest)
{
    char digest[SHA256_DIGEST_STRING_LENGTH], expected[ARCHIVE_LINE];
    (void)SHA256Data((const uint8_t *)text, (size_t)(line - text), digest);
    (void)snprintf(expected, sizeof(expected), "%zu %s", reading->archive->count, digest);
    if (strcmp(rest, expected) != 0 || reading->at != reading->end)
        return damaged(reading->problem, "is damaged: its checksum is wrong");
    return 0;
}

static int compare_uids(const void *a, const void *b)
{
    const struct archived_account *left = a, *right = b;
    return (left->uid > right->uid) - (left->uid < right->uid);
}

static int compare_names(const void *a, const void *b)
{
    const struct archived_account *left = a, *right = b;
    return strcmp(left->name, right->name);
}

static int refuse_twins(const struct reading *reading)
{
    struct archived_account *accounts = reading->archive->accounts;
    size_t count = reading->archive->count;
    if (count < 2)
        return 0;
    qsort(accounts, count, sizeof(*accounts), compare_uids);
    for (size_t i = 1; i < count; i++)
        if (accounts[i - 1].uid == accounts[i].uid)
            return damaged(reading->problem, "gives the uid %u to %s and to %s", accounts[i].uid,
                           accounts[i - 1].name, accounts[i].name);
    qsort(accounts, count, sizeof(*accounts), compare_names);
    for (size_t i = 1; i < count; i++)
        if (strcmp(accounts[i - 1].name, accounts[i].name) == 0)
            return damaged(reading->problem, "has the account %s twice", accounts[i].name);
    return 0;
}

static int read_all(struct reading *reading, const char *text)
{
    char line[ARCHIVE_LINE];
    uint64_t next;
    if (!take_line(reading, line) || strncmp(line, heading, strlen(heading) - 1) != 0 ||
        strlen(line) != strlen(heading) - 1)
        return damaged(reading->problem, "is no backup of cellftpd's accounts");
    if (!take_line(reading, line) || strncmp(line, "next-uid ", 9) != 0 ||
        scan_u64(line + 9, UINT32_MAX, &next) < 0)
        return damaged(reading->problem, "is damaged in its second line");
    reading->archive->next_uid = next;
    for (;;) {
        const char *start = reading->at;
        if (!take_line(reading, line))
            return damaged(reading->problem, "is not whole: its end is missing");
        if (strncmp(line, "end ", 4) == 0)
            return check_end(reading, text, start, line + 4);
        int r = strncmp(line, "account ", 8) == 0
                    ? take_account(reading, line + 8)
                    : damaged(reading->problem, "is damaged behind its account %zu",
                              reading->archive->count);
        if (r < 0)
            return r;
    }
}

int account_archive_read(const struct config *config, const char *text, size_t size,
                         struct account_archive *ret, struct buffer *problem)
{
    *ret = (struct account_archive){0};
    struct reading reading = {
        .config = config, .at = text, .end = text + size, .archive = ret, .problem = problem};
    int r = read_all(&reading, text);
    return r == 0 ? refuse_twins(&reading) : r;
}

void account_archive_free(struct account_archive *archive)
{
    for (size_t i = 0; i < archive->count; i++) {
        free(archive->accounts[i].name);
        free(archive->accounts[i].home);
    }
    free(archive->accounts);
    *archive = (struct account_archive){0};
}

/* The file of one account, read: see account_record.h. */
#include "lib/account_reading.h"

#include "lib/cleanup.h"
#include "lib/syntax.h"

#include <errno.h>
#include <fcntl.h>
#include <libconfig.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { RECORD_MAX = 65536 };

int account_malformed(const struct account_reading *reading, unsigned line, const char *format, ...)
{
    (void)buffer_append_format(reading->problem, "%s/%s", reading->config->directories_users,
                               reading->file);
    if (line > 0)
        (void)buffer_append_format(reading->problem, ":%u", line);
    (void)buffer_append_string(reading->problem, ": ");
    va_list arguments;
    va_start(arguments, format);
    (void)buffer_append_formatv(reading->problem, format, arguments);
    va_end(arguments);
    return -EBADMSG;
}

static unsigned line_of(const char *text, const char *where)
{
    unsigned line = 1;
    for (; text < where; text++)
        line += *text == '\n';
    return line;
}

static int take_settings(const struct account_reading *reading, const config_t *parsed)
{
    const config_setting_t *root = config_root_setting(parsed);
    for (unsigned i = 0; i < (unsigned)config_setting_length(root); i++) {
        const config_setting_t *setting = config_setting_get_elem(root, i);
        const struct account_key *key = account_key_find(config_setting_name(setting));
        if (!key)
            return account_malformed(reading, config_setting_source_line(setting),
                                     "%s: is no key of an account", config_setting_name(setting));
        int r = key->take(reading, setting); /* libconfig refuses a key that comes twice */
        if (r < 0)
            return r;
    }
    for (size_t i = 0; i < account_key_count; i++)
        if (!account_keys[i].initial && !config_setting_get_member(root, account_keys[i].name))
            return account_malformed(reading, 0, "%s: is missing", account_keys[i].name);
    return 0;
}

static int parse(const struct account_reading *reading, const char *text)
{
    const char *where = text;
    const char *fault = account_record_fault(text, &where);
    if (fault)
        return account_malformed(reading, line_of(text, where), "%s", fault);
    if (strstr(text, "@include")) /* it would make us read a file that is no record */
        return account_malformed(reading, 0, "a record includes nothing");

    config_t parsed;
    config_init(&parsed);
    int r = config_read_string(&parsed, text) == CONFIG_TRUE
                ? take_settings(reading, &parsed)
                : account_malformed(reading,
                                    syntax_error_line(text, (unsigned)config_error_line(&parsed)),
                                    "%s", config_error_text(&parsed));
    config_destroy(&parsed);
    return r;
}

/* Opens FILE and reads it whole, if it is a plain file of root's that nobody else can read or
 * change. */
static int read_text(const struct account_reading *reading, int users, struct buffer *text)
{
    /* O_NONBLOCK: a FIFO in its place must not make a login wait for ever. */
    cleanup_close int fd =
        openat(users, reading->file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && errno == ELOOP)
        return account_malformed(reading, 0, "is a symbolic link");
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return account_malformed(reading, 0, "is no plain file");
    if (status.st_uid != 0)
        return account_malformed(reading, 0, "belongs to uid %u, must belong to root",
                                 status.st_uid);
    if (status.st_mode & (S_IRWXG | S_IRWXO))
        return account_malformed(reading, 0, "has mode %04o, must be 0600",
                                 status.st_mode & 07777u);

    for (;;) {
        char *room;
        int r = buffer_reserve(text, 1024, &room);
        if (r == -ENOBUFS)
            return account_malformed(reading, 0, "is too long for a record");
        if (r < 0)
            return r;
        ssize_t size = read(fd, room, 1024);
        if (size < 0 && errno != EINTR)
            return -errno;
        if (size > 0)
            buffer_commit(text, (size_t)size);
        if (size == 0)
            break;
    }
    if (buffer_size(text) > 0 && memchr(buffer_begin(text), '\0', buffer_size(text)))
        return account_malformed(reading, 0, "contains a zero byte");
    return buffer_append(text, "", 1);
}

/* TEXT is that of the record, or NULL: it is read from READING's file in USERS. */
static int make_account(const struct account_reading *known, int users, const char *name,
                        const char *text, struct account **ret)
{
    cleanup_buffer struct buffer file;
    buffer_init(&file, RECORD_MAX);
    cleanup_account struct account *account = calloc(1, sizeof(*account));
    if (!account)
        return -ENOMEM;

    struct account_reading reading = *known;
    reading.account = account;
    account->enabled = true;
    account->name = strdup(name);
    if (!account->name)
        return -ENOMEM;

    int r = text ? 0 : read_text(&reading, users, &file);
    if (r == 0)
        r = parse(&reading, text ? text : buffer_begin(&file));
    if (r == 0 && !account->home &&
        asprintf(&account->home, "%s/%s", reading.config->directories_homes, name) < 0) {
        account->home = NULL;
        r = -ENOMEM;
    }
    if (r < 0)
        return r;
    *ret = take_pointer(account);
    return 0;
}

int account_record_read(const struct config *config, int users, const char *file, const char *name,
                        enum account_uid_check check, struct account **ret, struct buffer *problem)
{
    struct account_reading reading = {config, file, check, NULL, problem};
    return make_account(&reading, users, name, NULL, ret);
}

int account_parse(const struct config *config, const char *name, const char *text,
                  struct account **ret, struct buffer *problem)
{
    struct account_reading reading = {config, name, ACCOUNT_UID_ANY, NULL, problem};
    int r = account_check_name(name);
    return r < 0 ? r : make_account(&reading, -1, name, text, ret);
}

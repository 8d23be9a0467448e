/* The file of one account, read: see account_record.h. */
#include "lib/account_record.h"

#include "lib/cleanup.h"
#include "lib/client_certificate.h"
#include "lib/config_lists.h"
#include "lib/password.h"
#include "lib/syntax.h"
#include "lib/text.h"

#include <errno.h>
#include <fcntl.h>
#include <libconfig.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

enum { RECORD_MAX = 65536 };

struct account_reading {
    const struct config *config;
    const char *file;
    enum account_uid_check check;
    struct account *account;
    struct buffer *problem;
};

__attribute__((format(printf, 3, 4))) static int malformed(const struct account_reading *reading,
                                                           unsigned line, const char *format, ...)
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

/* --- One function for each key: takes the setting into the account, or says what is wrong. --- */

static int wrong(const struct account_reading *reading, const config_setting_t *setting,
                 const char *what)
{
    return malformed(reading, config_setting_source_line(setting), "%s: %s",
                     config_setting_name(setting), what);
}

static bool is_integer(const config_setting_t *setting)
{
    return config_setting_type(setting) == CONFIG_TYPE_INT ||
           config_setting_type(setting) == CONFIG_TYPE_INT64;
}

static int take_uid(const struct account_reading *reading, const config_setting_t *setting)
{
    if (!is_integer(setting))
        return wrong(reading, setting, "must be a number");

    long long minimum = 1;
    long long maximum = (long long)UINT32_MAX - 1; /* (uid_t)-1 means "no uid" to the kernel */
    if (reading->check == ACCOUNT_UID_CONFIGURED) {
        minimum = (long long)reading->config->accounts_uid_min;
        maximum = (long long)reading->config->accounts_uid_max;
    }
    long long uid = config_setting_get_int64(setting);
    if (uid < 1 || uid < minimum || uid > maximum)
        return malformed(reading, config_setting_source_line(setting),
                         "uid: %lld is not in %lld to %lld", uid, minimum, maximum);
    /* No user may be who the administrators' sessions are (account_cell.h). */
    if (reading->check == ACCOUNT_UID_CONFIGURED && uid == maximum)
        return malformed(reading, config_setting_source_line(setting),
                         "uid: %lld, the last of the range, is that of the administrators' "
                         "sessions; raise accounts.uid_max by one",
                         uid);
    reading->account->uid = (uid_t)uid;
    reading->account->gid = (gid_t)uid;
    return 0;
}

static int take_created(const struct account_reading *reading, const config_setting_t *setting)
{
    if (!is_integer(setting) || config_setting_get_int64(setting) < 0)
        return wrong(reading, setting, "must be a time in seconds since 1970");
    reading->account->created = (time_t)config_setting_get_int64(setting);
    return 0;
}

/* 0 could be meant as never or as long ago: it is refused, as is a number of milliseconds. */
static int take_expires(const struct account_reading *reading, const config_setting_t *setting)
{
    if (!is_integer(setting) || config_setting_get_int64(setting) < 1 ||
        config_setting_get_int64(setting) > ACCOUNT_EXPIRES_MAX)
        return wrong(reading, setting, "must be a time in seconds since 1970, up to the year 9999");
    reading->account->expires = (time_t)config_setting_get_int64(setting);
    return 0;
}

static int take_boolean(const struct account_reading *reading, const config_setting_t *setting,
                        bool *ret)
{
    if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
        return wrong(reading, setting, "must be true or false");
    *ret = config_setting_get_bool(setting) != 0;
    return 0;
}

static int take_enabled(const struct account_reading *reading, const config_setting_t *setting)
{
    return take_boolean(reading, setting, &reading->account->enabled);
}

static int take_read_only(const struct account_reading *reading, const config_setting_t *setting)
{
    reading->account->sets_read_only = true;
    return take_boolean(reading, setting, &reading->account->read_only);
}

static int take_string(const struct account_reading *reading, const config_setting_t *setting,
                       size_t maximum, char **ret)
{
    const char *text = config_setting_get_string(setting);
    if (config_setting_type(setting) != CONFIG_TYPE_STRING || !text)
        return wrong(reading, setting, "must be text between quotes");
    size_t size = strlen(text);
    if (size == 0)
        return wrong(reading, setting, "is empty");
    if (size > maximum)
        return wrong(reading, setting, "is too long");
    if (!text_is_plain(text, size))
        return wrong(reading, setting, "contains a control character");
    *ret = strdup(text);
    return *ret ? 0 : -ENOMEM;
}

static int take_password(const struct account_reading *reading, const config_setting_t *setting)
{
    return take_string(reading, setting, PASSWORD_HASH_MAX - 1, &reading->account->password);
}

bool account_is_home(const char *path)
{
    if (path[0] != '/')
        return false;
    bool named = false;
    while (*path) {
        size_t slashes = strspn(path, "/");
        size_t size = strcspn(path + slashes, "/");
        const char *component = path + slashes;
        if ((size == 1 && component[0] == '.') || (size == 2 && strncmp(component, "..", 2) == 0))
            return false;
        named = named || size > 0;
        path = component + size;
    }
    return named;
}

static int take_home(const struct account_reading *reading, const config_setting_t *setting)
{
    int r = take_string(reading, setting, PATH_MAX - 1, &reading->account->home);
    if (r < 0)
        return r;
    if (!account_is_home(reading->account->home))
        return wrong(reading, setting, "must be an absolute path without \".\" and \"..\"");
    return 0;
}

/* One of WORDS, as its index. EXPECTED says which there are. */
static int take_word(const struct account_reading *reading, const config_setting_t *setting,
                     const char *const *words, const char *expected, unsigned *ret)
{
    const char *text = config_setting_type(setting) == CONFIG_TYPE_STRING
                           ? config_setting_get_string(setting)
                           : NULL;
    for (unsigned i = 0; text && words[i]; i++)
        if (strcmp(text, words[i]) == 0) {
            *ret = i;
            return 0;
        }
    return wrong(reading, setting, expected);
}

static int take_tls(const struct account_reading *reading, const config_setting_t *setting)
{
    unsigned word = 0;
    int r = take_word(reading, setting, account_tls_words,
                      "must be \"default\", \"required\" or \"optional\"", &word);
    reading->account->tls = word;
    return r;
}

static int take_role(const struct account_reading *reading, const config_setting_t *setting)
{
    unsigned word = 0;
    int r = take_word(reading, setting, account_role_words, "must be \"user\" or \"admin\"", &word);
    reading->account->role = word;
    reading->account->sets_role = true;
    return r;
}

static int take_certificate(const struct account_reading *reading, const config_setting_t *setting)
{
    unsigned word = 0;
    int r = take_word(reading, setting, account_certificate_words,
                      "must be \"default\", \"no\", \"factor\" or \"instead\"", &word);
    reading->account->certificate = word;
    return r;
}

static int take_certificate_name(const struct account_reading *reading,
                                 const config_setting_t *setting)
{
    char **name = &reading->account->certificate_name;
    int r = take_string(reading, setting, CLIENT_WANTED_MAX, name);
    const char *fault = r == 0 ? client_certificate_name_fault(*name) : NULL;
    return fault ? wrong(reading, setting, fault) : r;
}

static int take_groups(const struct account_reading *reading, const config_setting_t *setting)
{
    char **labels = NULL;
    static const char expected[] = "must be up to 64 names of groups, as in [ \"staff\" ]";
    int count = config_setting_length(setting);
    if (config_setting_type(setting) != CONFIG_TYPE_ARRAY || count > ACCOUNT_LABELS_MAX)
        return wrong(reading, setting, expected);
    labels = calloc((size_t)count + 1, sizeof(*labels));
    if (!labels)
        return -ENOMEM;
    reading->account->labels = labels;
    for (int i = 0; i < count; i++) {
        const config_setting_t *entry = config_setting_get_elem(setting, (unsigned)i);
        if (config_setting_type(entry) != CONFIG_TYPE_STRING ||
            !group_name_is_good(config_setting_get_string(entry)))
            return wrong(reading, setting, expected);
        labels[i] = strdup(config_setting_get_string(entry));
        if (!labels[i])
            return -ENOMEM;
    }
    return 0;
}

/* A rule, of which rules.c says what is wrong. */
struct told {
    const struct account_reading *reading;
    const config_setting_t *setting;
    bool told;
};

static void tell_rule(void *data, unsigned line, const char *words)
{
    struct told *told = data;
    if (!told->told)
        (void)malformed(told->reading, line, "%s: %s", config_setting_name(told->setting), words);
    told->told = true;
}

static int take_rule(const struct account_reading *reading, const config_setting_t *setting)
{
    struct told told = {reading, setting, false};
    int r = rule_take(&reading->account->rules, rule_find(config_setting_name(setting)), setting,
                      tell_rule, &told);
    return r == -EINVAL ? -EBADMSG : r;
}

#define RULE_EXPECTED_LIMIT "\"none\", or a size as in cellftpd.conf(5)"
#define RULE_EXPECTED_COUNT "\"none\", or a number without quotes"
#define RULE_EXPECTED_FLAG  "true or false, without quotes"
#define RULE_EXPECTED_WORDS "an array of texts"
#define RULE_EXPECTED_TEXT  "a text in quotes"
#define RULE_KEY(type, key, initial, meaning)                                                      \
    {#key, "that of the groups, then the server's", RULE_EXPECTED_##type, take_rule},

const struct account_key account_keys[] = {
    {"uid", NULL, "a number from accounts.uid_min to accounts.uid_max", take_uid},
    {"password", NULL, "a hash as in crypt(5), in quotes", take_password},
    {"home", "NAME in directories.homes",
     "an absolute path in quotes, without \".\" and \"..\", and not \"/\"", take_home},
    {"enabled", "true", "true or false, without quotes", take_enabled},
    {"read_only", "that of the groups, else false", "true or false, without quotes",
     take_read_only},
    {"tls", "\"default\"", "\"default\", \"required\" or \"optional\"", take_tls},
    {"role", "that of the groups, else \"user\"", "\"user\" or \"admin\"", take_role},
    {"certificate", "\"default\"", "\"default\", \"no\", \"factor\" or \"instead\"",
     take_certificate},
    {"certificate_name", "the account's name",
     "a common name, \"email:ADDRESS\", \"dns:HOST\" or \"sha256:FINGERPRINT\"",
     take_certificate_name},
    {"created", NULL, "seconds since 1970, UTC", take_created},
    {"expires", "never", "seconds since 1970, UTC, from 1 to 253402300799", take_expires},
    {"groups", "none", "names of groups of cellftpd.conf(5), as in [ \"staff\" ]", take_groups},
    RULES(RULE_KEY)};
const size_t account_key_count = ELEMENTS(account_keys);

static const struct account_key *find_key(const char *name)
{
    for (size_t i = 0; i < account_key_count; i++)
        if (strcmp(account_keys[i].name, name) == 0)
            return &account_keys[i];
    return NULL;
}

/* --- From the text to the account --- */

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
        const struct account_key *key = find_key(config_setting_name(setting));
        if (!key)
            return wrong(reading, setting, "is no key of an account");
        int r = key->take(reading, setting); /* libconfig refuses a key that comes twice */
        if (r < 0)
            return r;
    }
    for (size_t i = 0; i < account_key_count; i++)
        if (!account_keys[i].initial && !config_setting_get_member(root, account_keys[i].name))
            return malformed(reading, 0, "%s: is missing", account_keys[i].name);
    return 0;
}

static int parse(const struct account_reading *reading, const char *text)
{
    const char *where = text;
    const char *fault = account_record_fault(text, &where);
    if (fault)
        return malformed(reading, line_of(text, where), "%s", fault);
    if (strstr(text, "@include")) /* it would make us read a file that is no record */
        return malformed(reading, 0, "a record includes nothing");

    config_t parsed;
    config_init(&parsed);
    int r = config_read_string(&parsed, text) == CONFIG_TRUE
                ? take_settings(reading, &parsed)
                : malformed(reading, syntax_error_line(text, (unsigned)config_error_line(&parsed)),
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
        return malformed(reading, 0, "is a symbolic link");
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return malformed(reading, 0, "is no plain file");
    if (status.st_uid != 0)
        return malformed(reading, 0, "belongs to uid %u, must belong to root", status.st_uid);
    if (status.st_mode & (S_IRWXG | S_IRWXO))
        return malformed(reading, 0, "has mode %04o, must be 0600", status.st_mode & 07777u);

    for (;;) {
        char *room;
        int r = buffer_reserve(text, 1024, &room);
        if (r == -ENOBUFS)
            return malformed(reading, 0, "is too long for a record");
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
        return malformed(reading, 0, "contains a zero byte");
    return buffer_append(text, "", 1);
}

int account_record_read(const struct config *config, int users, const char *file, const char *name,
                        enum account_uid_check check, struct account **ret, struct buffer *problem)
{
    cleanup_buffer struct buffer text;
    buffer_init(&text, RECORD_MAX);
    cleanup_account struct account *account = calloc(1, sizeof(*account));
    if (!account)
        return -ENOMEM;

    struct account_reading reading = {config, file, check, account, problem};
    account->enabled = true;
    account->name = strdup(name);
    if (!account->name)
        return -ENOMEM;

    int r = read_text(&reading, users, &text);
    if (r == 0)
        r = parse(&reading, buffer_begin(&text));
    if (r == 0 && !account->home &&
        asprintf(&account->home, "%s/%s", config->directories_homes, name) < 0) {
        account->home = NULL;
        r = -ENOMEM;
    }
    if (r < 0)
        return r;
    *ret = take_pointer(account);
    return 0;
}

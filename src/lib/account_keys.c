/* The keys of an account's record, each with what takes it: see account_record.h. */
#include "lib/account_reading.h"

#include "lib/cleanup.h"
#include "lib/client_certificate.h"
#include "lib/config_lists.h"
#include "lib/password.h"
#include "lib/text.h"

#include <errno.h>
#include <libconfig.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Each function takes its setting into the account, or says what is wrong. */

static int wrong(const struct account_reading *reading, const config_setting_t *setting,
                 const char *what)
{
    return account_malformed(reading, config_setting_source_line(setting), "%s: %s",
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
        return account_malformed(reading, config_setting_source_line(setting),
                                 "uid: %lld is not in %lld to %lld", uid, minimum, maximum);
    /* No user may be who the administrators' sessions are (account_cell.h). */
    if (reading->check == ACCOUNT_UID_CONFIGURED && uid == maximum)
        return account_malformed(reading, config_setting_source_line(setting),
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
        (void)account_malformed(told->reading, line, "%s: %s", config_setting_name(told->setting),
                                words);
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

const struct account_key *account_key_find(const char *name)
{
    for (size_t i = 0; i < account_key_count; i++)
        if (strcmp(account_keys[i].name, name) == 0)
            return &account_keys[i];
    return NULL;
}

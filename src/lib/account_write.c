/* The file of one account, written: see account_record.h. */
#include "lib/account_record.h"

#include "lib/cleanup.h"
#include "lib/client_certificate.h"
#include "lib/password.h"
#include "lib/scan.h"
#include "lib/text.h"

#include <errno.h>
#include <fcntl.h>
#include <libconfig.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

static bool set_number(config_setting_t *root, const char *name, int64_t value)
{
    bool is_int = value <= INT_MAX;
    config_setting_t *setting =
        config_setting_add(root, name, is_int ? CONFIG_TYPE_INT : CONFIG_TYPE_INT64);
    if (!setting)
        return false;
    return (is_int ? config_setting_set_int(setting, (int)value)
                   : config_setting_set_int64(setting, value)) == CONFIG_TRUE;
}

static bool set_boolean(config_setting_t *root, const char *name, bool value)
{
    config_setting_t *setting = config_setting_add(root, name, CONFIG_TYPE_BOOL);
    return setting && config_setting_set_bool(setting, value) == CONFIG_TRUE;
}

static bool set_string(config_setting_t *root, const char *name, const char *value)
{
    config_setting_t *setting = config_setting_add(root, name, CONFIG_TYPE_STRING);
    return setting && config_setting_set_string(setting, value) == CONFIG_TRUE;
}

static bool set_words(config_setting_t *root, const char *name, char *const *words)
{
    config_setting_t *array = config_setting_add(root, name, CONFIG_TYPE_ARRAY);
    bool good = array != NULL;
    for (size_t i = 0; good && words[i]; i++) {
        config_setting_t *entry = config_setting_add(array, NULL, CONFIG_TYPE_STRING);
        good = entry && config_setting_set_string(entry, words[i]) == CONFIG_TRUE;
    }
    return good;
}

/* One function for each type of rules.h. */
static bool set_limit(config_setting_t *root, const char *name, uint64_t value)
{
    char text[32] = "none";
    if (value != NO_LIMIT)
        format_size(value, text, sizeof(text));
    return set_string(root, name, text);
}

static bool set_count(config_setting_t *root, const char *name, uint64_t value)
{
    return value == NO_LIMIT ? set_string(root, name, "none")
                             : set_number(root, name, (int64_t)value);
}

#define SET_LIMIT set_limit
#define SET_COUNT set_count
#define SET_FLAG  set_boolean
#define SET_WORDS set_words
#define SET_TEXT  set_string
#define SET_RULE(type, key, initial, meaning)                                                      \
    &&(!RULES_HAVE(rules, key) || SET_##type(root, #key, rules->key))

static bool set_rules(config_setting_t *root, const struct rules *rules)
{
    return true RULES(SET_RULE);
}

/* A home where it would be anyway is left out: it follows directories.homes. */
static bool is_default_home(const struct config *config, const struct account *account)
{
    size_t size = strlen(config->directories_homes);
    return !account->home ||
           (strncmp(account->home, config->directories_homes, size) == 0 &&
            account->home[size] == '/' && strcmp(account->home + size + 1, account->name) == 0);
}

static int write_text(const struct config *config, const struct account *account, FILE *file)
{
    config_t record;
    config_init(&record);
    config_setting_t *root = config_root_setting(&record);
    bool complete =
        set_number(root, "uid", account->uid) && set_string(root, "password", account->password) &&
        (is_default_home(config, account) || set_string(root, "home", account->home)) &&
        set_boolean(root, "enabled", account->enabled) &&
        ((!account->sets_read_only && !account->read_only) ||
         set_boolean(root, "read_only", account->read_only)) &&
        (account->tls == ACCOUNT_TLS_DEFAULT ||
         set_string(root, "tls", account_tls_words[account->tls])) &&
        ((!account->sets_role && account->role == ACCOUNT_USER) ||
         set_string(root, "role", account_role_words[account->role])) &&
        (account->certificate == ACCOUNT_CERTIFICATE_DEFAULT ||
         set_string(root, "certificate", account_certificate_words[account->certificate])) &&
        (!account->certificate_name ||
         set_string(root, "certificate_name", account->certificate_name)) &&
        set_number(root, "created", account->created) &&
        (account->expires == 0 || set_number(root, "expires", account->expires)) &&
        (!account->labels || set_words(root, "groups", account->labels)) &&
        set_rules(root, &account->rules);
    if (complete)
        config_write(&record, file);
    config_destroy(&record);

    if (!complete)
        return -ENOMEM;
    if (fflush(file) != 0 || ferror(file))
        return errno > 0 ? -errno : -EIO;
    return fsync(fileno(file)) < 0 ? -errno : 0;
}

/* What account_record_read would refuse is not written. */
static bool is_writable(const struct account *account)
{
    return account->password && account->password[0] != '\0' &&
           strlen(account->password) < PASSWORD_HASH_MAX &&
           text_is_plain(account->password, strlen(account->password)) && account->created >= 0 &&
           (!account->certificate_name ||
            !client_certificate_name_fault(account->certificate_name)) &&
           account->expires >= 0 && account->expires <= ACCOUNT_EXPIRES_MAX &&
           account->tls <= ACCOUNT_TLS_OPTIONAL && account->role <= ACCOUNT_ADMIN &&
           account->certificate <= ACCOUNT_CERTIFICATE_INSTEAD &&
           (!account->home || (account_is_home(account->home) &&
                               text_is_plain(account->home, strlen(account->home))));
}

int account_record_write(const struct config *config, int users, const struct account *account)
{
    char name[ACCOUNT_FILE_MAX];
    if (!is_writable(account))
        return -EINVAL;

    /* The lock makes the name ours: a file that has it was left by a writer that died. */
    (void)snprintf(name, sizeof(name), ACCOUNT_TEMPORARY, account->name);
    if (unlinkat(users, name, 0) < 0 && errno != ENOENT)
        return -errno;
    cleanup_close int fd = openat(users, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                                  S_IRUSR | S_IWUSR);
    if (fd < 0)
        return -errno;

    int r = -ENOMEM;
    cleanup_fclose FILE *file = fdopen(fd, "w");
    if (file) {
        (void)take_fd(&fd);
        r = write_text(config, account, file);
    }
    if (r < 0)
        (void)unlinkat(users, name, 0);
    return r;
}

int account_record_replace(const struct config *config, int users, const struct account *account)
{
    char temporary[ACCOUNT_FILE_MAX];
    char record[ACCOUNT_FILE_MAX];
    int r = account_record_write(config, users, account);
    if (r < 0)
        return r;
    (void)snprintf(temporary, sizeof(temporary), ACCOUNT_TEMPORARY, account->name);
    (void)snprintf(record, sizeof(record), ACCOUNT_RECORD, account->name);
    if (renameat(users, temporary, users, record) < 0) {
        int error = errno;
        (void)unlinkat(users, temporary, 0);
        return -error;
    }
    return fsync(users) < 0 ? -errno : 0;
}

/* The lists of cellftpd.conf: see config_lists.h. */
#include "lib/config_lists.h"

#include "lib/account.h"
#include "lib/cleanup.h"
#include "lib/rules.h"
#include "lib/text.h"
#include "lib/words.h"

#include <errno.h>
#include <libconfig.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 4096, NAME_LISTED_MAX = 64 };

/* An entry of a list that is being read. */
struct entry {
    struct config *config;
    const char *about; /* "groups", "groups.staff", and the key that is read */
    const char *key;
    setting_reporter report;
    void *data;
    int result;
};

static void fail(struct entry *entry, int r)
{
    if (r < 0 && entry->result != -ENOMEM)
        entry->result = r;
}

__attribute__((format(printf, 3, 4))) static void
problem(struct entry *entry, const config_setting_t *setting, const char *format, ...)
{
    char words[WORDS_MAX];
    int size = snprintf(words, sizeof(words), "%s%s%.*s: ", entry->about, entry->key ? "." : "",
                        GROUP_NAME_MAX, entry->key ? entry->key : "");
    va_list arguments;
    va_start(arguments, format);
    if (size >= 0 && (size_t)size < sizeof(words))
        (void)vsnprintf(words + size, sizeof(words) - (size_t)size, format, arguments);
    va_end(arguments);
    entry->report(entry->data, config_setting_source_line(setting), words);
    fail(entry, -EINVAL);
}

/* What option_take and rule_take say of a value gets the name of what it is about. */
struct valued {
    struct entry *entry;
    const config_setting_t *setting;
};

static void report_value(void *data, unsigned line, const char *words)
{
    const struct valued *valued = data;
    char whole[WORDS_MAX + 256];
    (void)snprintf(whole, sizeof(whole), "%s.%s: %s", valued->entry->about, valued->entry->key,
                   words);
    valued->entry->report(valued->entry->data, line, whole);
    fail(valued->entry, -EINVAL);
}

/* One value as an option that is in no table: VALUES is what OFFSET belongs to. */
static void take_value(struct entry *entry, enum option_type type, uint64_t minimum,
                       uint64_t maximum, void *slot, const config_setting_t *setting)
{
    const struct option option = {.type = type, .minimum = minimum, .maximum = maximum};
    struct valued valued = {entry, setting};
    fail(entry, option_take(&option, slot, setting, report_value, &valued));
}

bool group_name_is_good(const char *name)
{
    size_t size = strlen(name);
    return size > 0 && size <= GROUP_NAME_MAX && !strpbrk(name, " ,:/\"\\") &&
           text_is_plain(name, size) && text_is_utf8(name, size);
}

/* --- Groups --- */

static void take_role(struct entry *entry, const config_setting_t *setting, bool *ret)
{
    const char *text = config_setting_type(setting) == CONFIG_TYPE_STRING
                           ? config_setting_get_string(setting)
                           : "";
    *ret = strcmp(text, account_role_words[ACCOUNT_ADMIN]) == 0;
    if (!*ret && strcmp(text, account_role_words[ACCOUNT_USER]) != 0)
        problem(entry, setting, "does not fit; expected \"user\" or \"admin\"");
}

static void take_group_member(struct entry *entry, struct group_rules *group,
                              const config_setting_t *setting)
{
    entry->key = config_setting_name(setting);
    enum rule rule = rule_find(entry->key);
    struct valued valued = {entry, setting};
    if (strcmp(entry->key, "name") == 0)
        return;
    group->sets_role |= strcmp(entry->key, "role") == 0;
    group->sets_read_only |= strcmp(entry->key, "read_only") == 0;
    if (strcmp(entry->key, "role") == 0)
        take_role(entry, setting, &group->admin);
    else if (strcmp(entry->key, "read_only") == 0)
        take_value(entry, OPTION_BOOLEAN, 0, 0, &group->read_only, setting);
    else if (rule < RULE_KIND_COUNT)
        fail(entry, rule_take(&group->rules, rule, setting, report_value, &valued));
    else
        problem(entry, setting,
                "unknown; a group has name, role, read_only and the rules, which are in "
                "cellftpd.conf(5) under GROUPS AND SHARES");
}

/* The name that ENTRY must have, told if it is not good; NULL. */
static const char *name_of(struct entry *entry, const config_setting_t *setting)
{
    const config_setting_t *name = config_setting_get_member(setting, "name");
    if (!name || config_setting_type(name) != CONFIG_TYPE_STRING ||
        !group_name_is_good(config_setting_get_string(name))) {
        problem(entry, name ? name : setting,
                "a group needs a name = \"...\" of at most 64 bytes, without spaces, commas, "
                "colons and slashes");
        return NULL;
    }
    const char *text = config_setting_get_string(name);
    for (size_t i = 0; i < entry->config->group_count; i++)
        if (strcmp(entry->config->groups[i].name, text) == 0) {
            problem(entry, name, "there is a group \"%s\" already; expected each once", text);
            return NULL;
        }
    return text;
}

static void take_group(struct entry *entry, const config_setting_t *setting)
{
    struct config *config = entry->config;
    const char *name = name_of(entry, setting);
    if (!name)
        return;
    struct group_rules *longer =
        reallocarray(config->groups, config->group_count + 1, sizeof(*longer));
    if (longer)
        config->groups = longer;
    char *copy = longer ? strdup(name) : NULL;
    if (!copy) {
        fail(entry, -ENOMEM);
        return;
    }
    struct group_rules *group = &config->groups[config->group_count++];
    *group = (struct group_rules){.name = copy};
    char about[GROUP_NAME_MAX + 16];
    (void)snprintf(about, sizeof(about), "groups.%s", name);
    entry->about = about;
    for (int i = 0; i < config_setting_length(setting); i++)
        take_group_member(entry, group, config_setting_get_elem(setting, (unsigned)i));
    entry->about = "groups";
    entry->key = NULL;
}

/* --- Shares --- */

/* A place below the user's root: names with one slash between, none of them "." or "..". */
static bool is_place(const char *text)
{
    size_t length = strlen(text);
    if (length == 0 || length >= PATH_MAX || !text_is_plain(text, length) ||
        !text_is_utf8(text, length))
        return false;
    for (;; text++) {
        size_t size = strcspn(text, "/");
        if (size == 0 || size > NAME_MAX || (size == 1 && text[0] == '.') ||
            (size == 2 && strncmp(text, "..", 2) == 0))
            return false;
        text += size;
        if (*text == '\0')
            return true;
    }
}

static void take_place(struct entry *entry, char **ret, const config_setting_t *setting)
{
    const char *text = config_setting_type(setting) == CONFIG_TYPE_STRING
                           ? config_setting_get_string(setting)
                           : "";
    if (!is_place(text))
        problem(entry, setting,
                "does not fit; expected a path below the user's folder in quotes, without a slash "
                "in front and without \".\" and \"..\", as in \"common\"");
    else if (!(*ret = strdup(text)))
        fail(entry, -ENOMEM);
}

static void take_share_member(struct entry *entry, struct share *share,
                              const config_setting_t *setting)
{
    entry->key = config_setting_name(setting);
    if (strcmp(entry->key, "path") == 0)
        take_value(entry, OPTION_PATH, 0, 0, &share->path, setting);
    else if (strcmp(entry->key, "at") == 0)
        take_place(entry, &share->at, setting);
    else if (strcmp(entry->key, "read_only") == 0)
        take_value(entry, OPTION_BOOLEAN, 0, 0, &share->read_only, setting);
    else if (strcmp(entry->key, "users") == 0)
        take_value(entry, OPTION_LIST, 0, NAME_LISTED_MAX, &share->users, setting);
    else if (strcmp(entry->key, "groups") == 0)
        take_value(entry, OPTION_LIST, 0, NAME_LISTED_MAX, &share->groups, setting);
    else
        problem(entry, setting, "unknown; a share has path, at, read_only, users and groups");
}

static void share_free(struct share *share)
{
    free(share->path);
    free(share->at);
    words_free(share->users);
    words_free(share->groups);
}

static void take_share(struct entry *entry, const config_setting_t *setting)
{
    struct config *config = entry->config;
    struct share share = {.read_only = true,
                          .users = calloc(1, sizeof(char *)),
                          .groups = calloc(1, sizeof(char *)),
                          .line = config_setting_source_line(setting)};
    struct share *longer = reallocarray(config->shares, config->share_count + 1, sizeof(*longer));
    if (longer)
        config->shares = longer;
    if (!longer || !share.users || !share.groups) {
        share_free(&share);
        fail(entry, -ENOMEM);
        return;
    }
    for (int i = 0; i < config_setting_length(setting); i++)
        take_share_member(entry, &share, config_setting_get_elem(setting, (unsigned)i));
    entry->key = NULL;
    if (!config_setting_get_member(setting, "path") || !config_setting_get_member(setting, "at"))
        problem(entry, setting,
                "a share needs path = \"/a/folder/of/the/host\" and at = \"its/place\"");
    if (share.path && share.at)
        config->shares[config->share_count++] = share;
    else
        share_free(&share);
}

/* --- Both --- */

static const struct {
    const char *name;
    int maximum;
    void (*take)(struct entry *entry, const config_setting_t *setting);
} lists[] = {
    {"groups", CONFIG_GROUPS_MAX, take_group},
    {"shares", CONFIG_SHARES_MAX, take_share},
};

static size_t list_find(const char *name)
{
    size_t i = 0;
    while (i < ELEMENTS(lists) && strcmp(lists[i].name, name) != 0)
        i++;
    return i;
}

bool config_list_exists(const char *name)
{
    return list_find(name) < ELEMENTS(lists);
}

int config_list_take(struct config *config, const struct config_setting_t *setting,
                     setting_reporter report, void *data)
{
    size_t list = list_find(config_setting_name(setting));
    struct entry entry = {
        .config = config, .about = lists[list].name, .report = report, .data = data};
    int type = config_setting_type(setting);
    size_t present = list == 0 ? config->group_count : config->share_count;
    if (type != CONFIG_TYPE_LIST)
        problem(&entry, setting, "not a list; expected %s = ( { ... }, { ... } );", entry.about);
    else if ((size_t)config_setting_length(setting) + present > (size_t)lists[list].maximum)
        problem(&entry, setting, "too many; expected at most %d", lists[list].maximum);
    int count = entry.result == 0 ? config_setting_length(setting) : 0;
    for (int i = 0; entry.result != -ENOMEM && i < count; i++) {
        const config_setting_t *element = config_setting_get_elem(setting, (unsigned)i);
        if (config_setting_type(element) == CONFIG_TYPE_GROUP)
            lists[list].take(&entry, element);
        else
            problem(&entry, element, "not a group of settings; expected { ... }");
    }
    return entry.result;
}

void config_lists_free(struct config *config)
{
    for (size_t i = 0; i < config->group_count; i++) {
        free(config->groups[i].name);
        rules_free(&config->groups[i].rules);
    }
    for (size_t i = 0; i < config->share_count; i++)
        share_free(&config->shares[i]);
    free(config->groups);
    free(config->shares);
    config->groups = NULL;
    config->shares = NULL;
    config->group_count = config->share_count = 0;
}

/* cellftpctl user: rules and groups of an account, as options, as words, and shown. It changes an
 * account in memory only. */
#include "ctl/user.h"

#include "lib/cleanup.h"
#include "lib/words.h"

#include <errno.h>
#include <string.h>

enum { VALUE_MAX = 16384 };

/* What stands in the record instead of it is said by nobody: the groups and the server decide. */
static const char unset[] = "default";

void user_wish_free(struct user_wish *wish)
{
    rules_free(&wish->rules);
    words_free(wish->labels);
}

/* The values were checked when the command line was read. */
void user_rules_read(const struct invocation *invocation, struct user_wish *wish)
{
    for (enum rule rule = 0; rule < RULE_KIND_COUNT; rule++) {
        const char *value = option_value(invocation, option_of_rule(rule));
        if (value && strcmp(value, unset) == 0)
            wish->forgets |= UINT32_C(1) << rule;
        else if (value)
            (void)rule_set(&wish->rules, rule, value);
    }
    const char *names = option_value(invocation, OPTION_GROUPS);
    wish->sets_labels = names != NULL;
    if (names && strcmp(names, unset) != 0)
        (void)words_split(names, ", ", &wish->labels);
}

bool user_rules_ask(const struct user_wish *wish, enum rule rule)
{
    return rule_is_given(&wish->rules, rule) || (wish->forgets & UINT32_C(1) << rule);
}

/* Whether the two say the same of RULE. */
static bool is_same(const struct rules *a, const struct rules *b, enum rule rule)
{
    cleanup_buffer struct buffer first, second;
    buffer_init(&first, VALUE_MAX);
    buffer_init(&second, VALUE_MAX);
    return rule_is_given(a, rule) && rule_is_given(b, rule) &&
           rule_append_value(a, rule, &first) == 0 && rule_append_value(b, rule, &second) == 0 &&
           buffer_size(&first) == buffer_size(&second) &&
           memcmp(buffer_begin(&first), buffer_begin(&second), buffer_size(&first)) == 0;
}

int user_rules_apply(const struct user_wish *wish, struct account *account, enum rule rule)
{
    if (wish->forgets & UINT32_C(1) << rule) {
        bool given = rule_is_given(&account->rules, rule);
        rule_clear(&account->rules, rule);
        return given;
    }
    if (!rule_is_given(&wish->rules, rule) || is_same(&wish->rules, &account->rules, rule))
        return 0;
    struct rules one = wish->rules; /* only looked at */
    one.set = UINT32_C(1) << rule;
    int r = rules_copy(&one, &account->rules);
    return r < 0 ? r : 1;
}

int user_labels_apply(const struct user_wish *wish, struct account *account)
{
    if (!wish->sets_labels || words_equal(wish->labels, account->labels))
        return 0;
    char **labels = NULL;
    int r = words_copy(wish->labels, &labels);
    if (r < 0)
        return r;
    words_free(account->labels);
    account->labels = labels;
    return 1;
}

static void append_words(struct buffer *buffer, char *const *words)
{
    for (size_t i = 0; words && words[i]; i++)
        (void)buffer_append_format(buffer, "%s%s", i > 0 ? "," : "", words[i]);
}

void user_rules_append(struct buffer *buffer, const struct account *account, enum rule rule)
{
    (void)buffer_append_format(buffer, "%s ", rule_key(rule));
    if (rule_is_given(&account->rules, rule))
        (void)rule_append_plain(&account->rules, rule, buffer);
    else
        (void)buffer_append_string(buffer, unset);
}

void user_labels_append(struct buffer *buffer, const struct account *account)
{
    (void)buffer_append_string(buffer, "groups ");
    if (account->labels)
        append_words(buffer, account->labels);
    else
        (void)buffer_append_string(buffer, "none");
}

/* --- Shown --- */

#define HEADING_quota                 "QUOTA"
#define HEADING_quota_files           "QUOTA FILES"
#define HEADING_sessions              "SESSIONS"
#define HEADING_upload_rate           "UPLOAD RATE"
#define HEADING_download_rate         "DOWNLOAD RATE"
#define HEADING_session_upload_rate   "SESSION UPLOAD"
#define HEADING_session_download_rate "SESSION DOWNLOAD"
#define HEADING_upload_only           "UPLOAD ONLY"
#define HEADING_networks              "NETWORKS"
#define HEADING_hours                 "HOURS"
#define HEADING_deny_names            "DENIED NAMES"
#define HEADING_allow_names           "ALLOWED NAMES"

#define TYPE_LIMIT TABLE_NUMBER
#define TYPE_COUNT TABLE_NUMBER
#define TYPE_FLAG  TABLE_BOOLEAN
#define TYPE_WORDS TABLE_TEXT
#define TYPE_TEXT  TABLE_TEXT

/* For people the value and where it comes from; in JSON one member for each. */
#define RULE_COLUMNS(type, key, initial, meaning)                                                  \
    {HEADING_##key, NULL, TABLE_TEXT}, {NULL, #key, TYPE_##type}, {NULL, #key "_from", TABLE_TEXT},

void user_rules_columns(bool shown, struct table_column *ret)
{
    static const struct table_column columns[] = {
        {"GROUPS", "groups", TABLE_TEXT}, {"QUOTA", NULL, TABLE_TEXT}, RULES(RULE_COLUMNS)};
    _Static_assert(ELEMENTS(columns) == USER_RULE_COLUMNS, "every rule has three columns");
    memcpy(ret, columns, sizeof(columns));
    if (shown)
        ret[1].heading = NULL; /* it is among the others */
    for (size_t i = 2; !shown && i < USER_RULE_COLUMNS; i++)
        ret[i].heading = NULL;
}

/* "record", "group staff" or "server". */
static const char *origin(const struct config *config, const struct account *account,
                          enum rule rule, char *room, size_t size)
{
    const struct group_rules *group = rules_group_of(config, account, rule);
    if (group) {
        (void)snprintf(room, size, "group %s", group->name);
        return room;
    }
    return rule_is_given(&account->rules, rule) ? "record" : "server";
}

static void put_flat(struct table *table, const struct rules *rules, enum rule rule,
                     const char *text)
{
    if (!text)
        table_put(table, NULL);
    else if (rule_type(rule) == RULE_IS_LIMIT || rule_type(rule) == RULE_IS_COUNT)
        table_put_number(table, rule_number(rules, rule));
    else if (rule_type(rule) == RULE_IS_FLAG)
        table_put_boolean(table, strcmp(text, "true") == 0);
    else
        table_put(table, text);
}

/* The three columns of one rule. */
static void put_rule(struct table *table, const struct config *config,
                     const struct account *account, enum rule rule)
{
    const struct rules *rules = &account->effective;
    cleanup_buffer struct buffer plain, both;
    buffer_init(&plain, VALUE_MAX);
    buffer_init(&both, VALUE_MAX + 128);
    char room[128];
    const char *from = origin(config, account, rule, room, sizeof(room));
    bool is_server = strcmp(from, "server") == 0;
    bool some = !rule_is_nothing(rules, rule) && rule_append_plain(rules, rule, &plain) == 0 &&
                buffer_append(&plain, "", 1) == 0;
    const char *text = some ? buffer_begin(&plain) : NULL;
    if (text || !is_server) /* "none" of a group is worth knowing, that of nobody is not */
        (void)buffer_append_format(&both, "%s%s%s%s", text ? text : "none", is_server ? "" : " (",
                                   is_server ? "" : from, is_server ? "" : ")");
    bool told = buffer_size(&both) > 0 && buffer_append(&both, "", 1) == 0;
    table_put(table, told ? buffer_begin(&both) : NULL);
    put_flat(table, rules, rule, text);
    table_put(table, from);
}

void user_rules_put(struct table *table, const struct config *config, const struct account *account)
{
    if (!account) {
        for (size_t i = 0; i < USER_RULE_COLUMNS; i++)
            table_put(table, NULL);
        return;
    }
    cleanup_buffer struct buffer labels, quota;
    buffer_init(&labels, VALUE_MAX);
    buffer_init(&quota, VALUE_MAX);
    append_words(&labels, account->labels);
    bool any = buffer_size(&labels) > 0 && buffer_append(&labels, "", 1) == 0;
    table_put(table, any ? buffer_begin(&labels) : NULL);
    bool limited = account->effective.quota != NO_LIMIT &&
                   rule_append_plain(&account->effective, RULE_quota, &quota) == 0 &&
                   buffer_append(&quota, "", 1) == 0;
    table_put(table, limited ? buffer_begin(&quota) : NULL);
    for (enum rule rule = 0; rule < RULE_KIND_COUNT; rule++)
        put_rule(table, config, account, rule);
}

/* The effective configuration as a file: see config.h. It never writes anything but a buffer. */
#include "lib/account.h"
#include "lib/config.h"
#include "lib/config_lists.h"
#include "lib/option.h"
#include "lib/rules.h"

#include <string.h>

static int dump_option(const struct option *option, const struct config *config, struct buffer *ret)
{
    int r = buffer_append_format(ret, "    # %s: ", option->meaning);
    if (r >= 0)
        r = option_append_expected(option, ret);
    if (r >= 0)
        r = buffer_append_format(ret, "\n    %s = ", option->key);
    if (r >= 0)
        r = option_append_value(option, config, ret);
    return r < 0 ? r : buffer_append_string(ret, ";\n");
}

/* "    key = value;\n" of a value that is in no table of options. */
static int dump_value(const char *key, enum option_type type, const void *slot, struct buffer *ret)
{
    const struct option option = {.type = type};
    int r = buffer_append_format(ret, "    %s = ", key);
    if (r >= 0)
        r = option_append_value(&option, slot, ret);
    return r < 0 ? r : buffer_append_string(ret, ";\n");
}

static int dump_group(const struct group_rules *group, struct buffer *ret)
{
    int r = dump_value("name", OPTION_STRING, &group->name, ret);
    const char *role = account_role_words[group->admin ? ACCOUNT_ADMIN : ACCOUNT_USER];
    if (r >= 0 && group->sets_role)
        r = dump_value("role", OPTION_STRING, &role, ret);
    if (r >= 0 && group->sets_read_only)
        r = dump_value("read_only", OPTION_BOOLEAN, &group->read_only, ret);
    for (enum rule rule = 0; r >= 0 && rule < RULE_KIND_COUNT; rule++) {
        if (!rule_is_given(&group->rules, rule))
            continue;
        r = buffer_append_format(ret, "    %s = ", rule_key(rule));
        if (r >= 0)
            r = rule_append_value(&group->rules, rule, ret);
        if (r >= 0)
            r = buffer_append_string(ret, ";\n");
    }
    return r;
}

static int dump_share(const struct share *share, struct buffer *ret)
{
    int r = dump_value("path", OPTION_PATH, &share->path, ret);
    if (r >= 0)
        r = dump_value("at", OPTION_STRING, &share->at, ret);
    if (r >= 0)
        r = dump_value("read_only", OPTION_BOOLEAN, &share->read_only, ret);
    if (r >= 0)
        r = dump_value("users", OPTION_LIST, &share->users, ret);
    return r < 0 ? r : dump_value("groups", OPTION_LIST, &share->groups, ret);
}

int config_lists_dump(const struct config *config, struct buffer *ret)
{
    int r = buffer_append_string(ret, "\n# who may do more, or less: see GROUPS AND SHARES in "
                                      "cellftpd.conf(5)\ngroups = (");
    for (size_t i = 0; r >= 0 && i < config->group_count; i++) {
        r = buffer_append_string(ret, i == 0 ? "{\n" : ", {\n");
        if (r >= 0)
            r = dump_group(&config->groups[i], ret);
        if (r >= 0)
            r = buffer_append_string(ret, "}");
    }
    if (r >= 0)
        r = buffer_append_string(ret, ");\n\n# folders of the host inside users' folders: see "
                                      "SHARES\nshares = (");
    for (size_t i = 0; r >= 0 && i < config->share_count; i++) {
        r = buffer_append_string(ret, i == 0 ? "{\n" : ", {\n");
        if (r >= 0)
            r = dump_share(&config->shares[i], ret);
        if (r >= 0)
            r = buffer_append_string(ret, "}");
    }
    return r < 0 ? r : buffer_append_string(ret, ");\n");
}

int config_dump(const struct config *config, struct buffer *ret)
{
    int r = 0;
    const char *group = NULL; /* that is open */
    for (size_t i = 0; r >= 0 && i < option_count(); i++) {
        const struct option *option = option_at(i);
        if (!group || strcmp(group, option->group) != 0) {
            r = buffer_append_format(ret, "%s%s: {\n", group ? "};\n\n" : "", option->group);
            group = option->group;
        }
        if (r >= 0)
            r = dump_option(option, config, ret);
    }
    if (r >= 0)
        r = buffer_append_string(ret, "};\n");
    return r < 0 ? r : config_lists_dump(config, ret);
}

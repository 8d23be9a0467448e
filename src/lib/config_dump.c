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

/* The lists, as they stand in a file or in JSON. The first error stays. */
struct writer {
    struct buffer *out;
    bool json;
    bool first; /* of the members of an entry, or of the entries of a list */
    int error;
};

__attribute__((format(printf, 2, 3))) static void put(struct writer *writer, const char *format,
                                                      ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (writer->error >= 0)
        writer->error = buffer_append_formatv(writer->out, format, arguments);
    va_end(arguments);
}

static void begin_member(struct writer *writer, const char *key)
{
    if (writer->json)
        put(writer, "%s\"%s\": ", writer->first ? "" : ", ", key);
    else
        put(writer, "    %s = ", key);
    writer->first = false;
}

static void end_member(struct writer *writer)
{
    put(writer, "%s", writer->json ? "" : ";\n");
}

/* A value that is in no table of options. */
static void put_value(struct writer *writer, const char *key, enum option_type type,
                      const void *slot)
{
    const struct option option = {.type = type};
    begin_member(writer, key);
    if (writer->error >= 0)
        writer->error = option_append_value(&option, slot, writer->out);
    end_member(writer);
}

static void put_group(struct writer *writer, const struct group_rules *group)
{
    const char *role = account_role_words[group->admin ? ACCOUNT_ADMIN : ACCOUNT_USER];
    put_value(writer, "name", OPTION_STRING, &group->name);
    if (group->sets_role)
        put_value(writer, "role", OPTION_STRING, &role);
    if (group->sets_read_only)
        put_value(writer, "read_only", OPTION_BOOLEAN, &group->read_only);
    for (enum rule rule = 0; rule < RULE_KIND_COUNT; rule++) {
        if (!rule_is_given(&group->rules, rule))
            continue;
        begin_member(writer, rule_key(rule));
        if (writer->error >= 0)
            writer->error = rule_append_value(&group->rules, rule, writer->out);
        end_member(writer);
    }
}

static void put_share(struct writer *writer, const struct share *share)
{
    put_value(writer, "path", OPTION_PATH, &share->path);
    put_value(writer, "at", OPTION_STRING, &share->at);
    put_value(writer, "read_only", OPTION_BOOLEAN, &share->read_only);
    put_value(writer, "users", OPTION_LIST, &share->users);
    put_value(writer, "groups", OPTION_LIST, &share->groups);
}

static void begin_entry(struct writer *writer, size_t index)
{
    put(writer, "%s{%s", index > 0 ? ", " : "", writer->json ? "" : "\n");
    writer->first = true;
}

int config_lists_dump(const struct config *config, bool json, struct buffer *ret)
{
    struct writer writer = {.out = ret, .json = json};
    const char *end = json ? "]" : ");\n";
    put(&writer, "%s",
        json ? "\"groups\": ["
             : "\n# who may do more, or less: see GROUPS AND SHARES in cellftpd.conf(5)\n"
               "groups = (");
    for (size_t i = 0; i < config->group_count; i++) {
        begin_entry(&writer, i);
        put_group(&writer, &config->groups[i]);
        put(&writer, "}");
    }
    put(&writer, "%s%s", end,
        json ? ",\n\"shares\": ["
             : "\n# folders of the host inside users' folders: see there\nshares = (");
    for (size_t i = 0; i < config->share_count; i++) {
        begin_entry(&writer, i);
        put_share(&writer, &config->shares[i]);
        put(&writer, "}");
    }
    put(&writer, "%s", end);
    return writer.error;
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
    return r < 0 ? r : config_lists_dump(config, false, ret);
}

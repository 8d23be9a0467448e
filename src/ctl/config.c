/* cellftpctl config: the configuration, checked and shown. It never changes it. */
#include "ctl/command.h"

#include "ctl/json.h"
#include "lib/config_lists.h"
#include "lib/option.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { DUMP_MAX = 1024 * 1024, PROBLEMS_MAX = 256 * 1024 };

enum exit_status config_of(const struct invocation *invocation, struct config **ret,
                           struct buffer *problems)
{
    bool named = option_given(invocation, OPTION_CONFIG);
    int r = config_load(invocation->config_path, named, ret, problems);
    if (r == 0)
        return STATUS_OK;
    if (buffer_size(problems) == 0)
        (void)buffer_append_format(problems, "%s: %s\n", invocation->config_path, strerror(-r));
    return r == -EACCES || r == -EPERM ? STATUS_NO_PERMISSION : STATUS_NOT_CONFIGURED;
}

static void print_problems(const struct invocation *invocation, struct buffer *problems)
{
    struct json_object object;
    json_begin(&object, stdout);
    json_text(&object, "file", invocation->config_path);
    json_bare(&object, "correct", buffer_size(problems) == 0 ? "true" : "false");
    json_member(&object, "problems");
    const char *before = "[";
    while (buffer_size(problems) > 0) {
        char *line = problems->data + problems->start;
        char *end = memchr(line, '\n', buffer_size(problems));
        size_t size = end ? (size_t)(end - line) : buffer_size(problems);
        char *text = strndup(line, size);
        (void)fputs(before, stdout);
        json_print_string(stdout, text);
        free(text);
        buffer_consume(problems, end ? size + 1 : size);
        before = ",";
    }
    (void)fputs(before[0] == '[' ? "[]" : "]", stdout);
    json_end(&object);
    (void)putchar('\n');
}

enum exit_status command_config_check(const struct invocation *invocation)
{
    cleanup_config struct config *config = NULL;
    cleanup_buffer struct buffer problems;
    buffer_init(&problems, PROBLEMS_MAX);
    enum exit_status status = config_of(invocation, &config, &problems);
    if (option_given(invocation, OPTION_JSON))
        print_problems(invocation, &problems);
    else if (status == STATUS_OK)
        (void)printf("%s is correct\n", invocation->config_path);
    else
        (void)fwrite(buffer_begin(&problems), 1, buffer_size(&problems), stderr);
    return status;
}

/* {"server": {"banner": ...}, ..., "groups": [...], "shares": [...]}. A value as it stands in the
 * file is JSON, too: texts are UTF-8 without control characters there, and libconfig quotes them in
 * the same way. */
static int append_json(const struct config *config, struct buffer *ret)
{
    const char *group = "";
    int r = 0;
    for (size_t i = 0; r >= 0 && i < option_count(); i++) {
        const struct option *option = option_at(i);
        bool same = strcmp(group, option->group) == 0;
        if (!same)
            r = buffer_append_format(ret, "%s\"%s\": {", i > 0 ? "},\n" : "{\n", option->group);
        group = option->group;
        if (r >= 0)
            r = buffer_append_format(ret, "%s\"%s\": ", same ? ", " : "", option->key);
        if (r >= 0)
            r = option_append_value(option, config, ret);
    }
    if (r >= 0)
        r = buffer_append_string(ret, "},\n");
    if (r >= 0)
        r = config_lists_dump(config, true, ret);
    return r < 0 ? r : buffer_append_string(ret, "\n}\n");
}

enum exit_status command_config_show(const struct invocation *invocation)
{
    cleanup_buffer struct buffer text;
    buffer_init(&text, DUMP_MAX);
    int r = option_given(invocation, OPTION_JSON) ? append_json(invocation->config, &text)
                                                  : config_dump(invocation->config, &text);
    if (r < 0) {
        complain("cannot show the configuration: %s", strerror(-r));
        return STATUS_FAILED;
    }
    (void)fwrite(buffer_begin(&text), 1, buffer_size(&text), stdout);
    return STATUS_OK;
}

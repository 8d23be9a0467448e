/* Which lines of the logs are wanted: see log_select.h. */
#include "ctl/log_select.h"

#include "lib/cleanup.h"

#include <string.h>

/* The log whose name the SIZE bytes at TEXT are, EVENT_FILE_COUNT if there is none. */
static enum event_file find_log(const char *text, size_t size)
{
    for (enum event_file file = 0; file < EVENT_FILE_COUNT; file++) {
        const char *name = event_file_name(file);
        if (strlen(name) == size && strncmp(name, text, size) == 0)
            return file;
    }
    return EVENT_FILE_COUNT;
}

int logs_parse(const char *text, unsigned *ret)
{
    unsigned logs = 0;
    for (;;) {
        size_t size = strcspn(text, ",");
        enum event_file file = find_log(text, size);
        if (file == EVENT_FILE_COUNT)
            return -EINVAL;
        logs |= 1u << file;
        if (text[size] == '\0')
            break;
        text += size + 1;
    }
    *ret = logs;
    return 0;
}

static bool has_value(const struct log_line *line, const char *field, const char *value)
{
    const char *found = log_line_field(line, field);
    return found && strcmp(found, value) == 0;
}

bool log_select_wants(const struct log_select *select, const struct log_line *line)
{
    if (line->time < select->since || (select->user && !has_value(line, "user", select->user)) ||
        (select->session && !has_value(line, "session", select->session)))
        return false;
    struct address remote;
    const char *text = log_line_field(line, "remote");
    return !select->has_address || (text && address_parse(text, &remote) == 0 &&
                                    address_same_host(&remote, &select->address));
}

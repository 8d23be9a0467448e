/* A line of a log for whoever asked: see log_print.h. */
#include "ctl/log_print.h"

#include "lib/cleanup.h"
#include "lib/json.h"
#include "lib/log_read.h"
#include "lib/scan.h"

#include <string.h>

enum { OBJECT_MAX = 1024 * 1024 };

static bool is_number(const struct log_field *field)
{
    /* clang-format off */
#define NUMBER_OF_ORIGIN(line, journal, from) line,
#define NUMBER(member, line, journal) line,
    static const char *const numbers[] = {EVENT_FIELDS(EVENT_SKIP, NUMBER_OF_ORIGIN, EVENT_SKIP, NUMBER)};
#undef NUMBER_OF_ORIGIN
#undef NUMBER
    /* clang-format on */
    uint64_t ignored;
    for (size_t i = 0; i < ELEMENTS(numbers); i++)
        if (strcmp(field->name, numbers[i]) == 0)
            return scan_u64(field->value, UINT64_MAX, &ignored) == 0;
    return false;
}

static int append_text(struct buffer *buffer, const char *name, const char *value)
{
    int r = buffer_append_string(buffer, ",");
    return r < 0 ? r : json_append_member(buffer, name, value);
}

static int append_object(struct buffer *buffer, const struct log_line *line)
{
    int r = buffer_append_format(buffer, "{\"time\":\"%s\",\"log\":\"%s\",\"event\":\"%s\"",
                                 line->when, line->file, line->word);
    for (size_t i = 0; i < line->count && r >= 0; i++) {
        const struct log_field *field = &line->fields[i];
        r = is_number(field) ? buffer_append_format(buffer, ",\"%s\":%s", field->name, field->value)
                             : append_text(buffer, field->name, field->value);
    }
    return r < 0 ? r : buffer_append_string(buffer, "}\n");
}

void log_print(const char *line, bool json)
{
    if (!json) {
        (void)puts(line);
        return;
    }
    cleanup_free char *copy = strdup(line);
    cleanup_buffer struct buffer object;
    buffer_init(&object, OBJECT_MAX);
    struct log_line parsed;
    if (copy && log_line_parse(copy, &parsed) == 0 && append_object(&object, &parsed) == 0)
        (void)fwrite(buffer_begin(&object), 1, buffer_size(&object), stdout);
}

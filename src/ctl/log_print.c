/* A line of a log for whoever asked: see log_print.h. */
#include "ctl/log_print.h"

#include "ctl/json.h"
#include "lib/cleanup.h"
#include "lib/log_read.h"
#include "lib/scan.h"

#include <string.h>

static bool is_number(const struct log_field *field, uint64_t *ret)
{
    static const char *const numbers[] = {"port", "bytes", "offset", "usec", "reply"};
    for (size_t i = 0; i < ELEMENTS(numbers); i++)
        if (strcmp(field->name, numbers[i]) == 0)
            return scan_u64(field->value, UINT64_MAX, ret) == 0;
    return false;
}

static void print_json(const struct log_line *line)
{
    struct json_object object;
    json_begin(&object, stdout);
    json_text(&object, "time", line->when);
    json_text(&object, "log", line->file);
    json_text(&object, "event", line->word);
    for (size_t i = 0; i < line->count; i++) {
        uint64_t number;
        if (is_number(&line->fields[i], &number))
            json_number(&object, line->fields[i].name, number);
        else
            json_text(&object, line->fields[i].name, line->fields[i].value);
    }
    json_end(&object);
    (void)putchar('\n');
}

void log_print(const char *line, bool json)
{
    cleanup_free char *copy = json ? strdup(line) : NULL;
    struct log_line parsed;
    if (copy && log_line_parse(copy, &parsed) == 0)
        print_json(&parsed);
    else if (!json)
        (void)puts(line);
}

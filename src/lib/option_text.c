/*
 * The value of an option as it stands in a file, and what would be a good one: see option.h. Only
 * lib/config.c and its neighbours use it. It never changes a value.
 */
#include "lib/option.h"

#include "lib/scan.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

enum { UNIT_TEXT_MAX = 32 };

static const void *member(const struct option *option, const void *values)
{
    return (const char *)values + option->offset;
}

static uint64_t number(const struct option *option, const void *values)
{
    return *(const uint64_t *)member(option, values);
}

/* A string in libconfig's form. Bytes above 0x7f stand for themselves there. */
static int append_string(struct buffer *buffer, const char *text)
{
    int r = buffer_append_string(buffer, "\"");
    for (; r >= 0 && *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            r = buffer_append_string(buffer, "\\");
        if (r >= 0)
            r = buffer_append(buffer, text, 1);
    }
    return r < 0 ? r : buffer_append_string(buffer, "\"");
}

static int append_list(struct buffer *buffer, char *const *list)
{
    int r = buffer_append_string(buffer, "[ ");
    for (size_t i = 0; r >= 0 && list[i]; i++) {
        if (i > 0)
            r = buffer_append_string(buffer, ", ");
        if (r >= 0)
            r = append_string(buffer, list[i]);
    }
    return r < 0 ? r : buffer_append_string(buffer, list[0] ? " ]" : "]");
}

static int append_choice(struct buffer *buffer, const char *choices, uint64_t index)
{
    for (; index > 0; index--)
        choices = strchrnul(choices, '|') + 1;
    return buffer_append_format(buffer, "\"%.*s\"", (int)strcspn(choices, "|"), choices);
}

int option_append_value(const struct option *option, const void *values, struct buffer *buffer)
{
    const void *slot = member(option, values);
    char text[UNIT_TEXT_MAX];
    switch (option->type) {
    case OPTION_BOOLEAN:
        return buffer_append_string(buffer, *(const bool *)slot ? "true" : "false");
    case OPTION_NUMBER: return buffer_append_format(buffer, "%" PRIu64, number(option, values));
    case OPTION_COUNT:
        if (number(option, values) == NO_LIMIT)
            return append_string(buffer, "none");
        return buffer_append_format(buffer, "%" PRIu64, number(option, values));
    case OPTION_LIMIT:
        if (number(option, values) == NO_LIMIT)
            return append_string(buffer, "none");
        format_size(number(option, values), text, sizeof(text));
        return append_string(buffer, text);
    case OPTION_SIZE:
        format_size(number(option, values), text, sizeof(text));
        return append_string(buffer, text);
    case OPTION_DURATION:
        format_duration(number(option, values), text, sizeof(text));
        return append_string(buffer, text);
    case OPTION_MODE:
        return buffer_append_format(buffer, "\"%04" PRIo64 "\"", number(option, values));
    case OPTION_PORTS: {
        const struct port_range *range = slot;
        return buffer_append_format(buffer, "\"%u-%u\"", range->first, range->last);
    }
    case OPTION_CHOICE: return append_choice(buffer, option->choices, number(option, values));
    case OPTION_STRING:
    case OPTION_PATH: return append_string(buffer, *(char *const *)slot);
    case OPTION_LIST: return append_list(buffer, *(char *const *const *)slot);
    }
    return -EINVAL;
}

static int append_choices(struct buffer *buffer, const char *choices)
{
    int r = buffer_append_string(buffer, "one of \"");
    for (; r >= 0 && *choices != '\0'; choices++)
        r = *choices == '|' ? buffer_append_string(buffer, "\", \"")
                            : buffer_append(buffer, choices, 1);
    return r < 0 ? r : buffer_append_string(buffer, "\"");
}

static int append_unit_range(const struct option *option, struct buffer *buffer, const char *what,
                             void (*format)(uint64_t value, char *ret, size_t size))
{
    char minimum[UNIT_TEXT_MAX];
    char maximum[UNIT_TEXT_MAX];
    format(option->minimum, minimum, sizeof(minimum));
    format(option->maximum, maximum, sizeof(maximum));
    return buffer_append_format(buffer, "%s from \"%s\" to \"%s\"", what, minimum, maximum);
}

int option_append_expected(const struct option *option, struct buffer *buffer)
{
    switch (option->type) {
    case OPTION_BOOLEAN: return buffer_append_string(buffer, "true or false, without quotes");
    case OPTION_NUMBER:
        return buffer_append_format(buffer,
                                    "a number from %" PRIu64 " to %" PRIu64 ", without quotes",
                                    option->minimum, option->maximum);
    case OPTION_SIZE: return append_unit_range(option, buffer, "a size", format_size);
    case OPTION_LIMIT: return append_unit_range(option, buffer, "\"none\", or a size", format_size);
    case OPTION_COUNT:
        return buffer_append_format(
            buffer, "\"none\", or a number from %" PRIu64 " to %" PRIu64 " without quotes",
            option->minimum, option->maximum);
    case OPTION_DURATION: return append_unit_range(option, buffer, "a time", format_duration);
    case OPTION_MODE:
        return buffer_append_format(buffer,
                                    "octal permissions in quotes, at least \"%04" PRIo64
                                    "\", at most \"%04" PRIo64 "\"",
                                    option->minimum, option->maximum);
    case OPTION_PORTS:
        return buffer_append_format(
            buffer, "a range within \"%" PRIu64 "-%" PRIu64 "\", in quotes, the smaller port first",
            option->minimum, option->maximum);
    case OPTION_CHOICE: return append_choices(buffer, option->choices);
    case OPTION_STRING:
        return buffer_append_format(
            buffer, "a text in quotes, %" PRIu64 " to %" PRIu64 " bytes of UTF-8 in one line",
            option->minimum, option->maximum);
    case OPTION_PATH:
        return buffer_append_string(buffer, "an absolute path in quotes, without \"..\"");
    case OPTION_LIST:
        return buffer_append_format(buffer, "up to %" PRIu64 " texts, as in [ \"a\", \"b\" ]",
                                    option->maximum);
    }
    return -EINVAL;
}

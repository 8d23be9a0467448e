/*
 * The options of cellftpd.conf as a table, and one value in and out of text: see option.h. Only
 * lib/config.c and its neighbours use it. It never knows a single option by name.
 */
#include "lib/option.h"

#include "lib/cleanup.h"
#include "lib/scan.h"
#include "lib/text.h"
#include "lib/words.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

enum { ENTRY_MAX = 255 }; /* bytes of one entry of a list */

/* The columns "minimum" and "maximum" mean something else for a CHOICE. */
#define LIMITS_NUMERIC(low, high)    .minimum = (low), .maximum = (high)
#define LIMITS_BOOLEAN               LIMITS_NUMERIC
#define LIMITS_NUMBER                LIMITS_NUMERIC
#define LIMITS_SIZE                  LIMITS_NUMERIC
#define LIMITS_DURATION              LIMITS_NUMERIC
#define LIMITS_MODE                  LIMITS_NUMERIC
#define LIMITS_PORTS                 LIMITS_NUMERIC
#define LIMITS_STRING                LIMITS_NUMERIC
#define LIMITS_PATH                  LIMITS_NUMERIC
#define LIMITS_LIST                  LIMITS_NUMERIC
#define LIMITS_LIMIT                 LIMITS_NUMERIC
#define LIMITS_COUNT                 LIMITS_NUMERIC
#define LIMITS_CHOICE(words, unused) .choices = (words), .maximum = (unused)

#define OPTION_ROW(kind, in_group, name, first, low, high, about)                                  \
    {.type = OPTION_##kind,                                                                        \
     .group = #in_group,                                                                           \
     .key = #name,                                                                                 \
     .initial = (first),                                                                           \
     LIMITS_##kind(low, high),                                                                     \
     .meaning = (about),                                                                           \
     .offset = offsetof(struct config, in_group##_##name)},
static const struct option options[] = {OPTIONS(OPTION_ROW)};

size_t option_count(void)
{
    return ELEMENTS(options);
}

const struct option *option_at(size_t index)
{
    return &options[index];
}

static void *member(const struct option *option, void *values)
{
    return (char *)values + option->offset;
}

static int set_number(const struct option *option, void *slot, uint64_t value)
{
    if (value < option->minimum || value > option->maximum)
        return -ERANGE;
    *(uint64_t *)slot = value;
    return 0;
}

static int parse_boolean(const struct option *option, const char *text, void *slot)
{
    (void)option;
    bool yes = strcmp(text, "true") == 0;
    if (!yes && strcmp(text, "false") != 0)
        return -EINVAL;
    *(bool *)slot = yes;
    return 0;
}

static int parse_number(const struct option *option, const char *text, void *slot)
{
    uint64_t value;
    int r = scan_u64(text, UINT64_MAX, &value);
    return r < 0 ? r : set_number(option, slot, value);
}

static int parse_size(const struct option *option, const char *text, void *slot)
{
    uint64_t value;
    int r = scan_size(text, &value);
    return r < 0 ? r : set_number(option, slot, value);
}

static int set_none(void *slot)
{
    *(uint64_t *)slot = NO_LIMIT;
    return 0;
}

static int parse_limit(const struct option *option, const char *text, void *slot)
{
    return strcmp(text, "none") == 0 ? set_none(slot) : parse_size(option, text, slot);
}

static int parse_count(const struct option *option, const char *text, void *slot)
{
    return strcmp(text, "none") == 0 ? set_none(slot) : parse_number(option, text, slot);
}

static int parse_duration(const struct option *option, const char *text, void *slot)
{
    uint64_t value;
    int r = scan_duration(text, &value);
    return r < 0 ? r : set_number(option, slot, value);
}

/* A range of permissions is meant bit by bit: all those of the minimum, none outside of the
 * maximum. */
static int parse_mode(const struct option *option, const char *text, void *slot)
{
    unsigned mode;
    int r = scan_octal(text, 07777, &mode);
    if (r < 0)
        return r;
    if ((mode & option->minimum) != option->minimum || (mode & ~option->maximum) != 0)
        return -ERANGE;
    *(uint64_t *)slot = mode;
    return 0;
}

static int parse_ports(const struct option *option, const char *text, void *slot)
{
    char first_text[8];
    const char *dash = strchrnul(text, '-');
    size_t length = (size_t)(dash - text);
    if (*dash == '\0' || length >= sizeof(first_text))
        return -EINVAL;
    memcpy(first_text, text, length);
    first_text[length] = '\0';

    uint64_t first, last;
    int r = scan_u64(first_text, UINT16_MAX, &first);
    if (r >= 0)
        r = scan_u64(dash + 1, UINT16_MAX, &last);
    if (r < 0)
        return r;
    if (first < option->minimum || last > option->maximum || first > last)
        return -ERANGE;
    *(struct port_range *)slot = (struct port_range){(uint16_t)first, (uint16_t)last};
    return 0;
}

/* The word number INDEX of "utc|local" and its length; NULL behind the last. */
static const char *choice_at(const char *choices, uint64_t index, size_t *ret_length)
{
    for (;; index--) {
        size_t length = (size_t)(strchrnul(choices, '|') - choices);
        if (index == 0) {
            *ret_length = length;
            return choices;
        }
        if (choices[length] == '\0')
            return NULL;
        choices += length + 1;
    }
}

static int parse_choice(const struct option *option, const char *text, void *slot)
{
    const char *word;
    size_t length;
    for (uint64_t i = 0; (word = choice_at(option->choices, i, &length)); i++)
        if (strlen(text) == length && memcmp(text, word, length) == 0) {
            *(uint64_t *)slot = i;
            return 0;
        }
    return -EINVAL;
}

/* Text that goes into replies and file names: nothing in it may break a line. */
static int check_text(const char *text)
{
    size_t length = strlen(text);
    return text_is_plain(text, length) && text_is_utf8(text, length) ? 0 : -EINVAL;
}

static int replace_string(const char *text, void *slot)
{
    char *copy = strdup(text);
    if (!copy)
        return -ENOMEM;
    char **string = slot;
    free(*string);
    *string = copy;
    return 0;
}

static int parse_string(const struct option *option, const char *text, void *slot)
{
    int r = check_text(text);
    if (r < 0)
        return r;
    size_t length = strlen(text);
    if (length < option->minimum || length > option->maximum)
        return -ERANGE;
    return replace_string(text, slot);
}

static int parse_path(const struct option *option, const char *text, void *slot)
{
    (void)option;
    if (text[0] != '/' || check_text(text) < 0)
        return -EINVAL;
    if (strlen(text) >= PATH_MAX)
        return -ERANGE;
    for (const char *dots = text; (dots = strstr(dots, "/..")); dots += 3)
        if (dots[3] == '/' || dots[3] == '\0')
            return -EINVAL;
    return replace_string(text, slot);
}

static int list_append(const struct option *option, char ***list, const char *text)
{
    size_t count = 0;
    while ((*list)[count])
        count++;
    if (check_text(text) < 0 || text[0] == '\0')
        return -EINVAL;
    if (count >= option->maximum || strlen(text) > ENTRY_MAX)
        return -ERANGE;

    cleanup_free char *copy = strdup(text);
    char **longer = copy ? reallocarray((void *)*list, count + 2, sizeof(*longer)) : NULL;
    if (!longer)
        return -ENOMEM;
    longer[count] = take_pointer(copy);
    longer[count + 1] = NULL;
    *list = longer;
    return 0;
}

/* Entries with spaces between them, as defaults are written; a list in a file comes entry by entry.
 */
static int parse_list(const struct option *option, const char *text, void *slot)
{
    char **list = calloc(1, sizeof(*list));
    if (!list)
        return -ENOMEM;
    while (*text) {
        char entry[ENTRY_MAX + 1];
        size_t size = strcspn(text, " ");
        int r = size > ENTRY_MAX ? -ERANGE : 0;
        if (r == 0) {
            (void)snprintf(entry, sizeof(entry), "%.*s", (int)size, text);
            r = list_append(option, &list, entry);
        }
        if (r < 0) {
            words_free(list);
            return r;
        }
        text += size + (text[size] == ' ');
    }
    char ***present = slot;
    words_free(*present);
    *present = list;
    return 0;
}

int option_append_entry(const struct option *option, void *values, const char *text)
{
    return list_append(option, member(option, values), text);
}

static int (*const parsers[])(const struct option *option, const char *text, void *slot) = {
    [OPTION_BOOLEAN] = parse_boolean, [OPTION_NUMBER] = parse_number,
    [OPTION_SIZE] = parse_size,       [OPTION_DURATION] = parse_duration,
    [OPTION_MODE] = parse_mode,       [OPTION_PORTS] = parse_ports,
    [OPTION_CHOICE] = parse_choice,   [OPTION_STRING] = parse_string,
    [OPTION_PATH] = parse_path,       [OPTION_LIST] = parse_list,
    [OPTION_LIMIT] = parse_limit,     [OPTION_COUNT] = parse_count,
};

int option_set(const struct option *option, void *values, const char *text)
{
    return parsers[option->type](option, text, member(option, values));
}

void option_clear(const struct option *option, void *values)
{
    void *slot = member(option, values);
    if (option->type == OPTION_STRING || option->type == OPTION_PATH) {
        free(*(char **)slot);
        *(char **)slot = NULL;
    } else if (option->type == OPTION_LIST) {
        words_free(*(char ***)slot);
        *(char ***)slot = NULL;
    }
}

int option_copy(const struct option *option, const void *from, void *to)
{
    const void *source = (const char *)from + option->offset;
    void *slot = member(option, to);
    switch (option->type) {
    case OPTION_BOOLEAN: *(bool *)slot = *(const bool *)source; return 0;
    case OPTION_PORTS: *(struct port_range *)slot = *(const struct port_range *)source; return 0;
    case OPTION_STRING:
    case OPTION_PATH:
        *(char **)slot = strdup(*(char *const *)source);
        return *(char **)slot ? 0 : -ENOMEM;
    case OPTION_LIST: return words_copy(*(char *const *const *)source, slot);
    default: *(uint64_t *)slot = *(const uint64_t *)source; return 0;
    }
}

/* A line of a log file taken apart: see log_read.h. It reads no file. */
#include "lib/log_read.h"

#include "lib/cleanup.h"
#include "lib/scan.h"

#include <errno.h>
#include <string.h>

int log_line_time(const char *text, size_t size, int64_t *ret)
{
    static const char pattern[] = "9999-99-99T99:99:99.999Z";
    char stamp[LOG_TIME_SIZE];
    size_t used = 0;
    if (size < LOG_TIME_SIZE)
        return -EBADMSG;
    for (size_t i = 0; i < LOG_TIME_SIZE; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (pattern[i] == '9' ? !digit : text[i] != pattern[i])
            return -EBADMSG;
        if (digit || pattern[i] == '.')
            stamp[used++] = text[i];
    }
    stamp[used] = '\0'; /* "20261122170421.123" */
    struct timespec when;
    if (scan_timestamp(stamp, &when) < 0)
        return -EBADMSG;
    *ret = when.tv_sec * 1000 + when.tv_nsec / 1000000;
    return 0;
}

/* No line of ours has one of these: a terminal would obey it. */
static bool has_control(const char *line)
{
    for (const unsigned char *byte = (const unsigned char *)line; *byte; byte++)
        if (*byte < 0x20 || *byte == 0x7f || (*byte == 0xc2 && byte[1] >= 0x80 && byte[1] < 0xa0))
            return true;
    return false;
}

/* The word at *NEXT, which must consist of the characters in ALLOWED and end with a space or the
 * line; NULL. It is terminated, and *NEXT is behind it: at the line's end, or behind the space. */
static const char *take_word(char **next, const char *allowed)
{
    char *word = *next;
    size_t size = strspn(word, allowed);
    if (size == 0 || (word[size] != ' ' && word[size] != '\0'))
        return NULL;
    *next = word + size + (word[size] == ' ');
    word[size] = '\0';
    return word;
}

static int digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c != '\0' ? strchr(digits, c) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* What stands between quotes at *NEXT (behind the first), undone in place; NULL if the quotes do
 * not end, or if there is an escape that text_append_quoted does not write. */
static const char *take_quoted(char **next)
{
    char *value = *next, *to = value;
    for (const char *from = value; *from != '\0'; from++) {
        if (*from == '"') {
            bool last = from[1] == '\0';
            if (!last && from[1] != ' ')
                return NULL;
            *next = value + (from - value) + (last ? 1 : 2);
            *to = '\0';
            return value;
        }
        if (*from != '\\') {
            *to++ = *from;
        } else if (from[1] == '"' || from[1] == '\\') {
            *to++ = *++from;
        } else {
            int high = from[1] == 'x' ? digit_of(from[2]) : -1;
            int low = high >= 0 ? digit_of(from[3]) : -1;
            if (low < 0 || (high == 0 && low == 0)) /* a zero byte would hide the rest */
                return NULL;
            *to++ = (char)(high * 16 + low);
            from += 3;
        }
    }
    return NULL;
}

static int take_field(char **next, struct log_line *line)
{
    if (line->count >= LOG_FIELDS_MAX)
        return -EBADMSG;
    struct log_field *field = &line->fields[line->count];
    char *name = *next;
    size_t size = strspn(name, EVENT_LOWER "_");
    if (size == 0 || name[size] != '=')
        return -EBADMSG;
    name[size] = '\0';
    *next = name + size + 1;
    field->name = name;
    if (log_line_field(line, name))
        return -EBADMSG;
    if (**next == '"') {
        ++*next;
        field->value = take_quoted(next);
    } else {
        field->value = take_word(next, EVENT_LOWER EVENT_UPPER EVENT_DIGITS "-.:%_@");
    }
    line->count++;
    return field->value ? 0 : -EBADMSG;
}

int log_line_parse(char *line, struct log_line *ret)
{
    *ret = (struct log_line){.when = line};
    int r = log_line_time(line, strlen(line), &ret->time);
    if (r < 0 || line[LOG_TIME_SIZE] != ' ' || has_control(line))
        return -EBADMSG;
    line[LOG_TIME_SIZE] = '\0';
    char *next = line + LOG_TIME_SIZE + 1;
    ret->file = take_word(&next, EVENT_LOWER);
    ret->word = ret->file ? take_word(&next, EVENT_LOWER "-") : NULL;
    if (!ret->word)
        return -EBADMSG;
    while (r == 0 && *next != '\0')
        r = take_field(&next, ret);
    return r;
}

const char *log_line_field(const struct log_line *line, const char *name)
{
    for (size_t i = 0; i < line->count; i++)
        if (strcmp(line->fields[i].name, name) == 0)
            return line->fields[i].value;
    return NULL;
}

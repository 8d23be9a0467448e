/* Lines of LIST and names of NLST, as clients read them: see listing.h. */
#include "ftplint/listing.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WORDS_MAX = 16, DAY_SECONDS = 24 * 3600 };

/* A word of a line and where it ends. */
struct word {
    const char *begin;
    size_t size;
};

/* The words that LINE begins with, at most WORDS_MAX. */
static size_t split_words(const char *line, struct word words[WORDS_MAX])
{
    size_t count = 0;
    for (const char *at = line + strspn(line, " \t"); *at && count < WORDS_MAX;
         at += strspn(at, " \t")) {
        words[count].begin = at;
        words[count].size = strcspn(at, " \t");
        at += words[count++].size;
    }
    return count;
}

static bool all_digits(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!isdigit((unsigned char)text[i]))
            return false;
    return size > 0;
}

/* The number of one or two digits at *AT, which goes behind it, and behind END if that is not 0. */
static bool take_number(const char **at, char end, unsigned *ret)
{
    size_t digits = strspn(*at, "0123456789");
    if (digits < 1 || digits > 2 || (end && (*at)[digits] != end))
        return false;
    *ret = (unsigned)strtoul(*at, NULL, 10);
    *at += digits + (end ? 1 : 0);
    return true;
}

/* 0 to 11, or -1. */
static int month_of(struct word word)
{
    static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    if (word.size != 3)
        return -1;
    for (int i = 0; i < 12; i++)
        if (strncasecmp(word.begin, months + (ptrdiff_t)3 * i, 3) == 0)
            return i;
    return -1;
}

/* "08:13" or "2001" behind a month and a day. Without a year it is the last time that this was. */
static bool unix_time(int month, struct word day, struct word rest, struct list_entry *entry)
{
    struct tm when = {.tm_mon = month, .tm_mday = (int)strtol(day.begin, NULL, 10)};
    unsigned hour;
    unsigned minute;
    const char *clock = rest.begin;
    if (rest.size == 4 && all_digits(rest.begin, 4)) {
        when.tm_year = (int)strtol(rest.begin, NULL, 10) - 1900;
        entry->precision = LIST_TIME_DAY;
    } else if (take_number(&clock, ':', &hour) && take_number(&clock, ' ', &minute) && hour < 24 &&
               minute < 60) {
        time_t now = time(NULL);
        struct tm today;
        if (!gmtime_r(&now, &today))
            return false;
        when.tm_year = today.tm_year;
        when.tm_hour = (int)hour;
        when.tm_min = (int)minute;
        struct tm copy = when;
        if (timegm(&copy) > now + DAY_SECONDS)
            when.tm_year--;
        entry->precision = LIST_TIME_MINUTE;
    } else {
        return false;
    }
    entry->time = timegm(&when);
    return true;
}

/* drwxr-xr-x 2 owner group 4096 Nov 23 08:13 name. Owner and group may be missing. */
static bool parse_unix(struct exam *exam, const char *line, struct list_entry *entry)
{
    if (strspn(line, "-dlbcpsD") == 0 || strspn(line + 1, "rwxsStTlL-") < 9)
        return false;
    struct word words[WORDS_MAX];
    size_t count = split_words(line, words);
    for (size_t i = 2; i + 3 <= count; i++) {
        int month = month_of(words[i]);
        if (month < 0 || !all_digits(words[i - 1].begin, words[i - 1].size) ||
            !all_digits(words[i + 1].begin, words[i + 1].size) || words[i + 1].size > 2 ||
            !unix_time(month, words[i + 1], words[i + 2], entry))
            continue;
        const char *name = words[i + 2].begin + words[i + 2].size;
        if (*name != ' ' || name[1] == '\0')
            return false;
        entry->directory = line[0] == 'd';
        entry->link = line[0] == 'l';
        entry->has_size = true;
        entry->size = strtoull(words[i - 1].begin, NULL, 10);
        const char *arrow = entry->link ? strstr(name, " -> ") : NULL;
        entry->name = arrow ? exam_copy(exam, name + 1, (size_t)(arrow - name) - 1) : name + 1;
        return true;
    }
    return false;
}

/* 11-23-26 or 11-23-2026, and 08:13, 08:13AM. */
static bool dos_time(const char *date, const char *clock, struct tm *ret)
{
    unsigned month;
    unsigned day;
    unsigned hour;
    unsigned minute;
    if (!take_number(&date, '-', &month) || !take_number(&date, '-', &day) || month < 1 ||
        month > 12 || day < 1 || day > 31 || !isdigit((unsigned char)*date))
        return false;
    int year = (int)strtol(date, NULL, 10);
    if (!take_number(&clock, ':', &hour) || !take_number(&clock, '\0', &minute) || hour > 23 ||
        minute > 59)
        return false;
    char half = (char)tolower((unsigned char)*clock);
    if (half == 'p' && hour < 12)
        hour += 12;
    else if (half == 'a' && hour == 12)
        hour = 0;
    *ret = (struct tm){.tm_year = year > 999  ? year - 1900
                                  : year < 70 ? year + 100
                                              : year,
                       .tm_mon = (int)month - 1,
                       .tm_mday = (int)day,
                       .tm_hour = (int)hour,
                       .tm_min = (int)minute};
    return true;
}

/* 11-23-26  08:13AM       <DIR>          name */
static bool parse_dos(const char *line, struct list_entry *entry)
{
    struct word words[WORDS_MAX];
    struct tm when;
    if (split_words(line, words) < 4 || !dos_time(words[0].begin, words[1].begin, &when))
        return false;
    entry->directory = strncasecmp(words[2].begin, "<DIR>", 5) == 0;
    entry->has_size = all_digits(words[2].begin, words[2].size);
    if (!entry->directory && !entry->has_size)
        return false;
    entry->size = entry->has_size ? strtoull(words[2].begin, NULL, 10) : 0;
    entry->name = entry->directory ? words[3].begin : words[2].begin + words[2].size + 1;
    entry->time = timegm(&when);
    entry->precision = LIST_TIME_MINUTE;
    return true;
}

/* +i8388621.48594,m825718503,r,s280,<TAB>name */
static bool parse_eplf(const char *line, struct list_entry *entry)
{
    const char *tab = line[0] == '+' ? strchr(line, '\t') : NULL;
    if (!tab)
        return false;
    entry->name = tab + 1;
    for (const char *at = line + 1; at < tab; at += strcspn(at, ",\t") + 1) {
        if (*at == '/')
            entry->directory = true;
        if (*at == 's' && isdigit((unsigned char)at[1])) {
            entry->has_size = true;
            entry->size = strtoull(at + 1, NULL, 10);
        }
        if (*at == 'm' && isdigit((unsigned char)at[1])) {
            entry->precision = LIST_TIME_MINUTE;
            entry->time = strtoll(at + 1, NULL, 10);
        }
    }
    return true;
}

bool list_parse(struct exam *exam, const char *line, struct list_entry *ret)
{
    *ret = (struct list_entry){.line = line};
    return parse_unix(exam, line, ret) || parse_dos(line, ret) || parse_eplf(line, ret);
}

struct list list_read(struct exam *exam, struct bytes bytes)
{
    struct lines lines = split_lines(exam, bytes);
    struct list list = {.count = 0};
    list.entry = exam_allocate(exam, (lines.count + 1) * sizeof(*list.entry));
    for (size_t i = 0; i < lines.count; i++) {
        const char *line = lines.line[i];
        struct list_entry *entry = &list.entry[list.count];
        if (strncmp(line, "total ", 6) == 0 && all_digits(line + 6, strlen(line + 6)))
            continue;
        if (!list_parse(exam, line, entry))
            list.unreadable = list.unreadable ? list.unreadable : line;
        else if (strcmp(entry->name, ".") != 0 && strcmp(entry->name, "..") != 0)
            list.count++;
    }
    return list;
}

const struct list_entry *list_find(const struct list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->entry[i].name, name) == 0)
            return &list->entry[i];
    return NULL;
}

size_t list_count(const struct list *list, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        count += strcmp(list->entry[i].name, name) == 0;
    return count;
}

struct bytes given_listing(struct client *client, const char *command)
{
    client->exam->given++;
    struct bytes bytes = retrieve(client, "%s", command);
    client->exam->given--;
    return bytes;
}

struct list given_list(struct client *client, const char *command)
{
    return list_read(client->exam, given_listing(client, command));
}

struct lines given_lines(struct client *client, const char *command)
{
    return split_lines(client->exam, given_listing(client, command));
}

void expect_crlf(struct exam *exam, struct bytes bytes)
{
    static const char expected[] = "lines that end in CR LF, the last one as well";
    for (size_t at = 0; at < bytes.size;) {
        const char *stop = memchr(bytes.data + at, '\n', bytes.size - at);
        size_t size = stop ? (size_t)(stop - bytes.data) - at : 0;
        if (!stop)
            fail(exam, expected, "no line end behind \"%s\"", bytes.data + at);
        const char *line = exam_copy(exam, bytes.data + at, size);
        if (size == 0 || line[size - 1] != '\r')
            fail(exam, expected, "LF without CR behind \"%s\"", line);
        if (size > 1 && line[size - 2] == '\r')
            fail(exam, expected, "CR CR LF behind \"%.*s\"", (int)size - 2, line);
        at += size + 1;
    }
}

size_t lines_count(const struct lines *lines, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < lines->count; i++)
        count += strcmp(path_name(lines->line[i]), name) == 0;
    return count;
}

const char *given_odd_file(struct exam *exam, const char *name, size_t size)
{
    exam->given++;
    const char *path = own_path(exam, name);
    struct bytes content = exam_content(exam, size, 1);
    struct transfer transfer =
        try_store(given_session(exam), DATA_ANY, content.data, content.size, "STOR %s", path);
    if (!transfer.preliminary)
        skip(exam, "the server refuses the name \"%s\": %u %s", name, transfer.reply->code,
             transfer.reply->text);
    expect_code(given_session(exam), transfer.reply, "226 250");
    exam->given--;
    return path;
}

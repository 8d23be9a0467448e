/*
 * Events as lines, as JSON and as records of the journal: see event_format.h. Never lets anything
 * but a quoted string hold what a client sent.
 */
#include "lib/event_format.h"

#include "lib/cleanup.h"
#include "lib/journal.h"
#include "lib/json.h"
#include "lib/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
#define ORIGIN_TEXT(line, journal, plain, from)     {line, journal, plain},
#define ORIGIN_NUMBER(line, journal, from)          {line, journal, NULL},
#define TEXT(member, line, journal, plain, maximum) {line, journal, plain},
#define NUMBER(member, line, journal)               {line, journal, NULL},
/* clang-format on */
static const struct field {
    const char *line;
    const char *journal;
    const char *plain;
} fields[] = {EVENT_FIELDS(ORIGIN_TEXT, ORIGIN_NUMBER, TEXT, NUMBER)};
#undef ORIGIN_TEXT
#undef ORIGIN_NUMBER
#undef TEXT
#undef NUMBER

/* What the fields are in one event, in the same order: a text, a number, or neither. */
struct value {
    const char *text;
    uint64_t number;
};
struct values {
    char address[ADDRESS_TEXT_MAX];
    struct value of[ELEMENTS(fields)];
};

static void collect(const struct event_origin *origin, const struct event *event,
                    struct values *ret)
{
    const char *address = NULL;
    if (origin->remote) {
        address_format(origin->remote, ret->address, sizeof(ret->address));
        address = ret->address;
    }
    struct value *next = ret->of;
    /* clang-format off */
#define ORIGIN_TEXT(line, journal, plain, from)     *next++ = (struct value){(from), EVENT_UNSET};
#define ORIGIN_NUMBER(line, journal, from)          *next++ = (struct value){NULL, (from)};
#define TEXT(member, line, journal, plain, maximum) *next++ = (struct value){event->member, EVENT_UNSET};
#define NUMBER(member, line, journal)               *next++ = (struct value){NULL, event->member};
    /* clang-format on */
    EVENT_FIELDS(ORIGIN_TEXT, ORIGIN_NUMBER, TEXT, NUMBER)
#undef ORIGIN_TEXT
#undef ORIGIN_NUMBER
#undef TEXT
#undef NUMBER
}

/* The year, month and day of a count of days since 1970-01-01: gmtime_r() would read the time zone
 * file, which a process in a cell does not have. */
static void date_of_days(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
    int64_t shifted = days + 719468; /* since 0000-03-01: a leap day is then the last of its year */
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t of_era = shifted - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153; /* 0 is March */
    *ret_day = (int)(of_year - (153 * month + 2) / 5 + 1);
    *ret_month = (int)(month < 10 ? month + 3 : month - 9);
    *ret_year = (int)(year + era * 400 + (*ret_month <= 2 ? 1 : 0));
}

void event_format_time(const struct timespec *when, char ret[EVENT_TIME_MAX])
{
    int64_t second = when->tv_sec % 86400;
    int64_t days = when->tv_sec / 86400;
    if (second < 0) { /* a clock that was never set may stand before 1970 */
        second += 86400;
        days--;
    }
    int year, month, day;
    date_of_days(days, &year, &month, &day);
    (void)snprintf(ret, EVENT_TIME_MAX, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ", year, month, day,
                   (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60),
                   when->tv_nsec / 1000000);
}

/* " name=value"; quoted unless all of it is in the field's plain characters. */
static int append_text(struct buffer *buffer, const struct field *field, const char *text)
{
    int r = buffer_append_format(buffer, " %s=", field->line);
    if (r < 0)
        return r;
    size_t length = strlen(text);
    if (field->plain && length > 0 && strspn(text, field->plain) == length)
        return buffer_append(buffer, text, length);
    return text_append_quoted(buffer, text, length);
}

static int append_line(struct buffer *buffer, const struct event_kind *kind,
                       const struct values *values)
{
    int r = buffer_append_format(buffer, "%s %s", event_file_name(kind->file), kind->word);
    for (size_t i = 0; i < ELEMENTS(fields) && r >= 0; i++) {
        const struct value *value = &values->of[i];
        if (value->text)
            r = append_text(buffer, &fields[i], value->text);
        else if (value->number != EVENT_UNSET)
            r = buffer_append_format(buffer, " %s=%" PRIu64, fields[i].line, value->number);
    }
    return r;
}

static int append_member(struct buffer *buffer, const struct field *field, const char *text)
{
    size_t length = strlen(text);
    int r = buffer_append_format(buffer, ",\"%s\":", field->line);
    if (r >= 0)
        r = json_append_string(buffer, text, length);
    if (r < 0 || text_is_utf8(text, length))
        return r;
    r = buffer_append_format(buffer, ",\"%s_hex\":\"", field->line);
    for (size_t i = 0; i < length && r >= 0; i++)
        r = buffer_append_format(buffer, "%02x", (unsigned char)text[i]);
    return r < 0 ? r : buffer_append_string(buffer, "\"");
}

static int append_object(struct buffer *buffer, const struct event_kind *kind,
                         const struct values *values)
{
    int r = buffer_append_format(buffer, "\"log\":\"%s\",\"event\":\"%s\"",
                                 event_file_name(kind->file), kind->word);
    for (size_t i = 0; i < ELEMENTS(fields) && r >= 0; i++) {
        const struct value *value = &values->of[i];
        if (value->text)
            r = append_member(buffer, &fields[i], value->text);
        else if (value->number != EVENT_UNSET)
            r = buffer_append_format(buffer, ",\"%s\":%" PRIu64, fields[i].line, value->number);
    }
    return r < 0 ? r : buffer_append_string(buffer, "}");
}

static int append_record(struct buffer *buffer, const struct event_kind *kind,
                         const struct values *values)
{
    int r = journal_append(buffer, "MESSAGE_ID", kind->id, strlen(kind->id));
    if (r >= 0)
        r = buffer_append_format(buffer,
                                 "PRIORITY=%d\nSYSLOG_IDENTIFIER=cellftpd\nSYSLOG_FACILITY=%d\n"
                                 "FTP_EVENT=%s-%s\n",
                                 kind->priority, LOG_FAC(LOG_FTP), event_file_name(kind->file),
                                 kind->word);
    for (size_t i = 0; i < ELEMENTS(fields) && r >= 0; i++) {
        const struct value *value = &values->of[i];
        if (value->text)
            r = journal_append(buffer, fields[i].journal, value->text, strlen(value->text));
        else if (value->number != EVENT_UNSET)
            r = buffer_append_format(buffer, "%s=%" PRIu64 "\n", fields[i].journal, value->number);
    }
    return r;
}

/* Half of a line would swallow the next one: what does not fit leaves nothing. */
static int whole_or_nothing(struct buffer *buffer, size_t before, int r)
{
    if (r < 0)
        buffer->end = buffer->start + before;
    return r;
}

int event_format_text(struct buffer *buffer, const struct event_origin *origin,
                      const struct event *event)
{
    struct values values;
    size_t before = buffer_size(buffer);
    collect(origin, event, &values);
    return whole_or_nothing(buffer, before, append_line(buffer, event_kind(event->id), &values));
}

int event_format_json(struct buffer *buffer, const struct event_origin *origin,
                      const struct event *event)
{
    struct values values;
    size_t before = buffer_size(buffer);
    collect(origin, event, &values);
    return whole_or_nothing(buffer, before, append_object(buffer, event_kind(event->id), &values));
}

int event_format_journal(struct buffer *buffer, const struct buffer *message,
                         const struct event_origin *origin, const struct event *event)
{
    struct values values;
    size_t before = buffer_size(buffer);
    collect(origin, event, &values);
    int r = journal_append(buffer, "MESSAGE", buffer_begin(message), buffer_size(message));
    if (r >= 0)
        r = append_record(buffer, event_kind(event->id), &values);
    return whole_or_nothing(buffer, before, r);
}

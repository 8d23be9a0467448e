/*
 * Events as lines, as JSON and as records of the journal: see event_format.h. Never lets anything
 * but a quoted string hold what a client sent.
 */
#include "lib/event_format.h"

#include "lib/calendar.h"
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

void event_format_time(const struct timespec *when, char ret[EVENT_TIME_MAX])
{
    struct calendar calendar;
    calendar_of(when->tv_sec, &calendar);
    (void)snprintf(ret, EVENT_TIME_MAX, "%04u-%02u-%02uT%02u:%02u:%02u.%03ldZ", calendar.year,
                   calendar.month + 1, calendar.day, calendar.hour, calendar.minute,
                   calendar.second, when->tv_nsec / 1000000);
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
    int r = buffer_append_string(buffer, ",");
    return r < 0 ? r : json_append_member(buffer, field->line, text);
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

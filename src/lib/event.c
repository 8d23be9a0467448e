/*
 * Events: in and out of a message, and as a line of a log file: see event.h. Monitor, session and
 * cellftpctl use it. It never writes a file, and never lets anything but a quoted string hold what
 * a client sent.
 */
#include "lib/event.h"

#include "lib/cleanup.h"
#include "lib/text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* Together with the numbers they fit into one message: EVENT_STRINGS below is checked against that.
 */
enum { COMMAND_MAX = 64, PATH_BYTES_MAX = 8192, REASON_MAX = 512, DETAIL_MAX = 2048 };

/* The fields in the order in which they travel. */
#define EVENT_STRINGS(X)                                                                           \
    X(command, COMMAND_MAX)                                                                        \
    X(path, PATH_BYTES_MAX)                                                                        \
    X(path_to, PATH_BYTES_MAX)                                                                     \
    X(reason, REASON_MAX)                                                                          \
    X(detail, DETAIL_MAX)
#define EVENT_NUMBERS(X) X(bytes) X(offset) X(duration) X(reply)

#define STRING_SIZE(name, maximum) +(maximum) + 6
#define NUMBER_SIZE(name)          +9
_Static_assert(5 EVENT_STRINGS(STRING_SIZE) EVENT_NUMBERS(NUMBER_SIZE) <= MESSAGE_MAX,
               "every event fits into a message");
#undef STRING_SIZE
#undef NUMBER_SIZE

const struct event_kind *event_kind(enum event_id id)
{
#define EVENT_KIND(name, file, word, priority, from, id)                                           \
    {word, EVENT_FILE_##file, priority, EVENT_FROM_##from, id},
    static const struct event_kind kinds[EVENT_COUNT] = {EVENTS(EVENT_KIND)};
#undef EVENT_KIND
    return &kinds[id];
}

const char *event_file_name(enum event_file file)
{
    static const char *const names[EVENT_FILE_COUNT] = {
        [EVENT_FILE_connections] = "connections",
        [EVENT_FILE_auth] = "auth",
        [EVENT_FILE_files] = "files",
        [EVENT_FILE_admin] = "admin",
        [EVENT_FILE_commands] = "commands",
    };
    return names[file];
}

/* A string that is too long is cut: an event must not be lost because a client made it large. */
static void put_string(struct message *message, const char *text, size_t maximum)
{
    char cut[PATH_BYTES_MAX + 1];
    if (text && strnlen(text, maximum + 1) > maximum) {
        memcpy(cut, text, maximum);
        cut[maximum] = '\0';
        text = cut;
    }
    message_put_string(message, text);
}

void event_put(struct message *message, const struct event *event)
{
    message_put_u32(message, event->id);
#define PUT_STRING(name, maximum) put_string(message, event->name, maximum);
#define PUT_NUMBER(name)          message_put_u64(message, event->name);
    EVENT_STRINGS(PUT_STRING)
    EVENT_NUMBERS(PUT_NUMBER)
#undef PUT_STRING
#undef PUT_NUMBER
}

/* NULL for a string that was not set. */
static const char *get_string(struct message *message, size_t maximum)
{
    const char *text = message_get_string(message, maximum);
    return *text != '\0' ? text : NULL;
}

int event_get(struct message *message, struct event *ret)
{
    struct event event = {.id = 0};
    uint32_t id = message_get_u32(message);
#define GET_STRING(name, maximum) event.name = get_string(message, maximum);
#define GET_NUMBER(name)          event.name = message_get_u64(message);
    EVENT_STRINGS(GET_STRING)
    EVENT_NUMBERS(GET_NUMBER)
#undef GET_STRING
#undef GET_NUMBER
    if (!message_end(message) || id >= EVENT_COUNT)
        return -EBADMSG;
    event.id = (enum event_id)id;
    *ret = event;
    return 0;
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

static int append_time(struct buffer *buffer, const struct timespec *when)
{
    int64_t second = when->tv_sec % 86400;
    int64_t days = when->tv_sec / 86400;
    if (second < 0) { /* a clock that was never set may stand before 1970 */
        second += 86400;
        days--;
    }
    int year, month, day;
    date_of_days(days, &year, &month, &day);
    return buffer_append_format(buffer, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ", year, month, day,
                                (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60),
                                when->tv_nsec / 1000000);
}

/* One field of a line: " name=value", nothing if TEXT is NULL. Only a word of the characters in
 * PLAIN may stand without quotes; PLAIN is NULL where even that could be mistaken. */
static int append_text(struct buffer *buffer, const char *name, const char *text, const char *plain)
{
    if (!text)
        return 0;
    int r = buffer_append_format(buffer, " %s=", name);
    if (r < 0)
        return r;
    size_t length = strlen(text);
    if (plain && length > 0 && strspn(text, plain) == length)
        return buffer_append(buffer, text, length);
    return text_append_quoted(buffer, text, length);
}

static int append_number(struct buffer *buffer, const char *name, uint64_t value)
{
    if (value == EVENT_UNSET)
        return 0;
    return buffer_append_format(buffer, " %s=%" PRIu64, name, value);
}

static int append_remote(struct buffer *buffer, const struct address *remote)
{
    if (!remote)
        return 0;
    char text[ADDRESS_TEXT_MAX];
    address_format(remote, text, sizeof(text));
    return buffer_append_format(buffer, " remote=%s port=%u", text, (unsigned)remote->port);
}

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static int append_line(struct buffer *buffer, const struct timespec *when,
                       const struct event_origin *origin, const struct event *event)
{
    const struct event_kind *kind = event_kind(event->id);
    int r = append_time(buffer, when);
    if (r >= 0)
        r = buffer_append_format(buffer, " %s %s", event_file_name(kind->file), kind->word);
    if (r >= 0)
        r = append_remote(buffer, origin->remote);
    if (r >= 0)
        r = append_text(buffer, "user", origin->user, NULL);
    if (r >= 0)
        r = append_text(buffer, "command", event->command, UPPER DIGITS);
    if (r >= 0)
        r = append_text(buffer, "path", event->path, NULL);
    if (r >= 0)
        r = append_text(buffer, "to", event->path_to, NULL);
    if (r >= 0)
        r = append_number(buffer, "bytes", event->bytes);
    if (r >= 0)
        r = append_number(buffer, "offset", event->offset);
    if (r >= 0)
        r = append_number(buffer, "usec", event->duration);
    if (r >= 0)
        r = append_number(buffer, "reply", event->reply);
    if (r >= 0)
        r = append_text(buffer, "reason", event->reason, LOWER DIGITS "-");
    if (r >= 0)
        r = append_text(buffer, "detail", event->detail, NULL);
    if (r >= 0)
        r = append_text(buffer, "actor", origin->actor, NULL);
    if (r >= 0)
        r = append_text(buffer, "session", origin->session, LOWER DIGITS);
    if (r >= 0)
        r = buffer_append_string(buffer, "\n");
    return r;
}

int event_format(struct buffer *buffer, const struct timespec *when,
                 const struct event_origin *origin, const struct event *event)
{
    size_t before = buffer_size(buffer);
    int r = append_line(buffer, when, origin, event);
    if (r < 0) /* half a line would swallow the next one */
        buffer->end = buffer->start + before;
    return r;
}

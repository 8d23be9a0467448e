/*
 * Events: their kinds, and in and out of a message: see event.h. Monitor, session and cellftpctl
 * use it. It never writes anything down.
 */
#include "lib/event.h"

#include <errno.h>
#include <string.h>

/* clang-format off */
#define TEXT_SIZE(member, line, journal, plain, maximum) + (maximum) + 6
#define TEXT_CUT(member, line, journal, plain, maximum)  char member[(maximum) + 1];
#define NUMBER_SIZE(member, line, journal)               + 9
/* clang-format on */
_Static_assert(5 EVENT_FIELDS(EVENT_SKIP, EVENT_SKIP, TEXT_SIZE, NUMBER_SIZE) <= MESSAGE_MAX,
               "every event fits into a message");
/* Room for the longest text. */
union cut {
    EVENT_FIELDS(EVENT_SKIP, EVENT_SKIP, TEXT_CUT, EVENT_SKIP)
};
#undef TEXT_SIZE
#undef TEXT_CUT
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
    char cut[sizeof(union cut)];
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
#define PUT_TEXT(member, line, journal, plain, maximum) put_string(message, event->member, maximum);
#define PUT_NUMBER(member, line, journal)               message_put_u64(message, event->member);
    EVENT_FIELDS(EVENT_SKIP, EVENT_SKIP, PUT_TEXT, PUT_NUMBER)
#undef PUT_TEXT
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
#define GET_TEXT(member, line, journal, plain, maximum) event.member = get_string(message, maximum);
#define GET_NUMBER(member, line, journal)               event.member = message_get_u64(message);
    EVENT_FIELDS(EVENT_SKIP, EVENT_SKIP, GET_TEXT, GET_NUMBER)
#undef GET_TEXT
#undef GET_NUMBER
    if (!message_end(message) || id >= EVENT_COUNT)
        return -EBADMSG;
    event.id = (enum event_id)id;
    *ret = event;
    return 0;
}

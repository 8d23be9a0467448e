/* commands.log: see command_record.h. It decides what is shown of a line; the monitor writes it. */
#include "session/command_record.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "session/command.h"
#include "session/command_admin.h"

#include <string.h>

static const char hidden[] = "***";

struct command_record {
    const struct command *command; /* NULL: unknown */
    const char *reason; /* why the argument is not shown, NULL if it is or there is none */
    char *shown;        /* argument, or NULL */
    uint64_t started;   /* clock_usec */
};

static bool is_separator(char byte)
{
    unsigned char code = (unsigned char)byte;
    return code <= ' ' || code == ':' || code == '=' || code == 0x7f;
}

size_t command_secret(const char *text, size_t size)
{
    static const char word[] = "PASS";
    const size_t length = strlen(word);
    for (size_t i = 0; i + length <= size; i++)
        if ((i == 0 || is_separator(text[i - 1])) && strncasecmp(text + i, word, length) == 0 &&
            i + length < size && is_separator(text[i + length]))
            return i + length + 1;
    return size;
}

/* The first SIZE bytes of TEXT, and that there is more. */
static char *show(const char *text, size_t size, bool more)
{
    char *shown = NULL;
    return asprintf(&shown, "%.*s%s", (int)size, text, more ? hidden : "") < 0 ? NULL : shown;
}

static char *show_argument(const struct session *session, const struct command *command,
                           const char *argument)
{
    size_t size = strlen(argument);
    if (size == 0)
        return NULL;
    bool is_site = command->serve == command_site;
    if (is_site && !site_may_be_logged(argument)) {
        size_t shown = admin_visible(session, argument);
        return show(argument, shown, shown < size);
    }
    if (command->flags & SECRET)
        return show(argument, 0, true);
    size_t visible = session->logged_in ? size : command_secret(argument, size);
    return show(argument, visible, visible < size);
}

static const struct command *find(const char *line, size_t length)
{
    char verb[16 + 1];
    if (length >= sizeof(verb))
        return NULL;
    (void)snprintf(verb, sizeof(verb), "%.*s", (int)length, line);
    return command_find(verb);
}

static void describe(const struct session *session, struct command_record *record, const char *line,
                     size_t size)
{
    size_t length = line ? strcspn(line, " ") : 0;
    record->command = line ? find(line, length) : NULL;
    if (!line)
        record->reason = "too-long";
    else if (memchr(line, '\0', size))
        record->reason = "zero-byte";
    else if (memchr(line, '\r', size))
        record->reason = "carriage-return";
    else if (!record->command)
        record->reason = "unknown";
    else
        record->shown =
            show_argument(session, record->command, line + length + (line[length] == ' '));
}

struct command_record *command_record_begin(struct session *session, const char *line, size_t size)
{
    session->replied = 0;
    if (!session->config->logs_commands)
        return NULL;
    struct command_record *record = calloc(1, sizeof(*record));
    if (!record)
        return NULL;
    record->started = clock_usec();
    describe(session, record, line, size);
    return record;
}

void command_record_end(struct session *session, struct command_record *record)
{
    if (!record)
        return;
    struct event event = EVENT_INIT(EVENT_COMMAND);
    event.command = record->command ? record->command->verb : NULL;
    event.reason = record->reason;
    event.detail = record->shown;
    event.duration = clock_usec() - record->started;
    event.reply = session->replied != 0 ? session->replied : EVENT_UNSET;
    tell_event(session, &event);
    free(record->shown);
    free(record);
}

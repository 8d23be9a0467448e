/* Events of the session, filled in the same way everywhere: the verb, and paths as the user sees
 * them. */
#include "session/command.h"

#include <string.h>

static struct event event_about(const struct session *session, enum event_id id, const char *path,
                                char full[PATH_MAX])
{
    struct event event = EVENT_INIT(id);
    event.command = session->command ? session->command->verb : NULL;
    path_full(path, full);
    event.path = full;
    return event;
}

void event_path(struct session *session, enum event_id id, const char *path)
{
    char full[PATH_MAX];
    struct event event = event_about(session, id, path, full);
    tell_event(session, &event);
}

void event_refused(struct session *session, const char *path, int error)
{
    char full[PATH_MAX];
    struct event event = event_about(session, EVENT_FILE_REFUSED, path, full);
    event.reason = reply_reason(error);
    tell_event(session, &event);
}

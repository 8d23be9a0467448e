/*
 * Ending live connections: see live.h. It signals nobody but monitors that it has made sure of, and
 * leaves a record of each.
 */
#include "ctl/live.h"

#include "ctl/actor.h"
#include "ctl/record.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>

enum {
    AT_ONCE = 256,   /* a descriptor each */
    PATIENCE = 2000, /* milliseconds for the monitor, longer than the session's (lib/stop.h) */
    LAST = 2000,     /* for one that was killed */
};

static struct event_origin origin_of(const struct registry_entry *entry)
{
    return (struct event_origin){
        .remote = &entry->remote,
        .user = entry->logged_in ? entry->user : NULL,
        .session = entry->session,
    };
}

/* Waits until all have ended, but not longer than MILLISECONDS, and closes those that have. The
 * number that is left. */
static size_t wait_for(struct pollfd *processes, size_t count, uint64_t milliseconds)
{
    uint64_t deadline = clock_msec() + milliseconds;
    for (;;) {
        size_t left = 0;
        for (size_t i = 0; i < count; i++) {
            if (processes[i].fd >= 0 && processes[i].revents != 0)
                processes[i].fd = close_fd(processes[i].fd);
            left += processes[i].fd >= 0;
            processes[i].revents = 0;
        }
        uint64_t now = clock_msec();
        if (left == 0 || now >= deadline)
            return left;
        (void)poll(processes, count, (int)(deadline - now));
    }
}

/* A monitor that does not answer hangs in something that is not its client's: a name service, a
 * disk. Its death takes the session with it, and the record is written here. */
static void kill_rest(const struct invocation *invocation, const struct registry_entry *entries,
                      struct pollfd *processes, size_t count, enum stop_reason reason)
{
    for (size_t i = 0; i < count; i++) {
        if (processes[i].fd < 0 || pidfd_send_signal(processes[i].fd, SIGKILL, NULL, 0) < 0)
            continue;
        struct event event = EVENT_INIT(EVENT_DISCONNECT);
        event.reason = stop_word(reason);
        event.detail = "the monitor did not answer and was killed";
        record(invocation, origin_of(&entries[i]), &event);
    }
}

/* Tells one. *RET_PROCESS is its monitor, -1 if it has ended by itself. */
static enum exit_status tell(const struct invocation *invocation,
                             const struct registry_entry *entry, enum stop_reason reason,
                             int *ret_process)
{
    int r = stop_session(invocation->config, entry, reason, ret_process);
    if (r == -ESRCH)
        return STATUS_OK;
    if (r < 0) {
        complain("cannot end session %s: %s", entry->session, strerror(-r));
        return STATUS_FAILED;
    }
    struct event event = EVENT_INIT(EVENT_KICK);
    event.reason = stop_word(reason);
    record(invocation, origin_of(entry), &event);
    return STATUS_OK;
}

/* The session that this is done for: its monitor waits for us. */
static bool is_own(const struct registry_entry *entry)
{
    const char *own = actor_session();
    return own && strcmp(own, entry->session) == 0;
}

static enum exit_status stop_some(const struct invocation *invocation,
                                  const struct registry_entry *entries, size_t count,
                                  enum stop_reason reason)
{
    struct pollfd processes[AT_ONCE];
    enum exit_status status = STATUS_OK;
    for (size_t i = 0; i < count; i++) {
        processes[i] = (struct pollfd){.fd = -1, .events = POLLIN};
        if (!is_own(&entries[i]) &&
            tell(invocation, &entries[i], reason, &processes[i].fd) != STATUS_OK)
            status = STATUS_FAILED;
    }
    if (wait_for(processes, count, PATIENCE) == 0)
        return status;
    kill_rest(invocation, entries, processes, count, reason);
    if (wait_for(processes, count, LAST) == 0)
        return status;
    for (size_t i = 0; i < count; i++)
        if (processes[i].fd >= 0) {
            processes[i].fd = close_fd(processes[i].fd);
            complain("session %s (process %d) was killed and does not end: it waits for a disk",
                     entries[i].session, (int)entries[i].monitor);
        }
    return STATUS_FAILED;
}

enum exit_status live_stop(const struct invocation *invocation, const struct live *live,
                           enum stop_reason reason)
{
    enum exit_status status = STATUS_OK;
    for (size_t done = 0; done < live->count; done += AT_ONCE) {
        size_t left = live->count - done;
        enum exit_status some =
            stop_some(invocation, live->entries + done, left < AT_ONCE ? left : AT_ONCE, reason);
        status = some == STATUS_OK ? status : some;
    }
    for (size_t i = 0; i < live->count; i++) {
        cleanup_close int process = -1;
        if (is_own(&live->entries[i]) &&
            tell(invocation, &live->entries[i], reason, &process) != STATUS_OK)
            status = STATUS_FAILED;
    }
    return status;
}

enum exit_status live_kick_user(const struct invocation *invocation, const char *user,
                                enum stop_reason reason, unsigned *ret_count)
{
    cleanup_live struct live live = {.count = 0};
    const struct live_filter filter = {.user = user};
    enum exit_status status = live_find(invocation, &filter, &live);
    size_t kept = 0;
    for (size_t i = 0; i < live.count; i++)
        if (reason != STOP_PASSWORD || !is_own(&live.entries[i]))
            live.entries[kept++] = live.entries[i];
    live.count = kept;
    if (status == STATUS_OK)
        status = live_stop(invocation, &live, reason);
    if (ret_count)
        *ret_count = (unsigned)live.count;
    return status;
}

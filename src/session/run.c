/*
 * The life of a session: one poll loop for the control connection, the data connection and the
 * monitor, and every deadline. No signal handlers, no threads. All time is monotonic: setting the
 * clock ends nothing (row P14).
 */
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "session/command.h"
#include "session/listing.h"
#include "session/transfer.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    LAST_WORDS = 2000,  /* milliseconds for the last reply to get out */
    HALF_CLOSED = 3000, /* for a transfer whose client has closed the control connection */
    NEVER = INT32_MAX,
};

char *session_scratch(struct session *session)
{
    if (!session->scratch)
        session->scratch = malloc(SESSION_SCRATCH);
    return session->scratch;
}

void session_close(struct session *session, const char *reason)
{
    if (session->closing)
        return;
    session->closing = true;
    session->closing_since = clock_msec();
    session->end_reason = reason;
}

/* Milliseconds from NOW until DEADLINE. */
static int until(uint64_t deadline, uint64_t now)
{
    uint64_t left = deadline > now ? deadline - now : 0;
    return left < NEVER ? (int)left : NEVER;
}

static uint64_t idle_deadline(const struct session *session)
{
    if (session->logged_in)
        return session->last_activity + session->settings.idle;
    return session->started + session->config->login_deadline;
}

/* When something has to happen although nobody does anything. */
static uint64_t next_deadline(const struct session *session)
{
    if (session->closing)
        return session->closing_since + LAST_WORDS;
    if (session->transfer) {
        uint64_t deadline = transfer_deadline(session);
        return deadline != 0 ? deadline : UINT64_MAX;
    }
    return idle_deadline(session);
}

static void enforce_deadline(struct session *session)
{
    if (session->closing) {
        session->control.failed = true; /* the last words were not wanted */
        return;
    }
    if (session->transfer) {
        transfer_end(session, -ETIMEDOUT);
        return;
    }
    reply(session, 421,
          session->logged_in ? "Idle for too long. Goodbye."
                             : "Not logged in for too long. Goodbye.");
    session_close(session, session->logged_in ? "idle" : "login-deadline");
}

/* ABOR ends the transfer at once, even from behind commands that wait for its end; all of them are
 * answered in turn. */
static void obey_abort(struct session *session)
{
    if (session->transfer && control_waits_for(&session->control, "ABOR"))
        transfer_end(session, -ECANCELED);
}

/* True if a command waits that could be served now. */
static bool has_work(const struct session *session)
{
    return !session->closing && buffer_size(&session->control.output) < CONTROL_OUTPUT_ENOUGH &&
           control_has_line(&session->control) && command_may_serve(session);
}

/* Commands, in the order in which they came, as long as their replies find a place. */
static void serve_commands(struct session *session)
{
    while (!session->closing && !session->control.failed && command_may_serve(session) &&
           buffer_size(&session->control.output) < CONTROL_OUTPUT_ENOUGH) {
        char *line;
        size_t size;
        int r = control_line(&session->control, &line, &size);
        if (r == 0)
            break;
        if (r == -EMSGSIZE)
            command_refuse_long(session);
        else
            command_serve(session, line, size);
        if (session->transfer)
            transfer_run(session);
        obey_abort(session);
    }
    if (session->control.discarded > CONTROL_DISCARD_MAX) {
        reply(session, 421, "Line too long. Goodbye.");
        session_close(session, "line-too-long");
    }
}

/* The client has closed its side. What it had sent is still served (a script that pipes commands in
 * wants its answers), but nobody may be there to see the end of a transfer. */
static void end_of_control(struct session *session)
{
    if (session->transfer) {
        uint64_t soon = clock_msec() + HALF_CLOSED;
        if (session->transfer->deadline == 0 || session->transfer->deadline > soon)
            session->transfer->deadline = soon;
        return;
    }
    if (!control_has_line(&session->control)) /* a last line without an end is no command */
        session_close(session, "client-closed");
}

void session_stop(struct session *session, enum stop_reason reason)
{
    if (session->transfer)
        transfer_end(session, -ESHUTDOWN);
    reply(session, 421, "%s", stop_text(reason));
    session_close(session, stop_word(reason));
}

/* The monitor says one thing unasked: that this session must leave, and why. Or it is gone. */
static void obey_monitor(struct session *session)
{
    session_stop(session, hear_monitor(session->monitor, 0));
}

enum watched { WATCH_CONTROL, WATCH_MONITOR, WATCH_DATA, WATCH_COUNT };

static short control_events(const struct session *session)
{
    short events = 0;
    /* A full input waits for the transfer, or for the client to read its replies: that is the
     * back-pressure. */
    if (!session->control.ended && !session->closing &&
        buffer_size(&session->control.output) < CONTROL_OUTPUT_ENOUGH &&
        buffer_size(&session->control.input) < CONTROL_INPUT_MAX)
        events |= POLLIN;
    if (buffer_size(&session->control.output) > 0)
        events |= POLLOUT;
    return events;
}

static struct pollfd data_watch(const struct session *session)
{
    struct pollfd watched = {.fd = -1};
    if (session->transfer && session->transfer->connected) {
        watched.fd = session->data.fd;
        watched.events = session->transfer->kind->events;
    } else if (!session->closing) {
        watched.fd = data_poll(&session->data, &watched.events);
    }
    return watched;
}

static int poll_timeout(const struct session *session)
{
    /* A checksum has nothing to wait for. */
    bool summing = session->transfer && session->transfer->kind->events == 0;
    if ((summing && !session->closing) || has_work(session))
        return 0;
    return until(next_deadline(session), clock_msec());
}

static void serve_data(struct session *session, short events)
{
    if (session->transfer)
        transfer_run(session);
    else if (events)
        data_accept(session);
}

/* One turn of the loop. */
static void turn(struct session *session)
{
    struct pollfd watched[WATCH_COUNT] = {
        [WATCH_CONTROL] = {.fd = session->control.fd, .events = control_events(session)},
        [WATCH_MONITOR] = {.fd = session->closing ? -1 : session->monitor, .events = POLLIN},
        [WATCH_DATA] = data_watch(session),
    };
    if (session->control.ended && watched[WATCH_CONTROL].events == 0)
        watched[WATCH_CONTROL].fd = -1; /* it would say for ever that it has ended */
    int r = poll(watched, WATCH_COUNT, poll_timeout(session));
    if (r < 0 && errno != EINTR) {
        session->control.failed = true;
        return;
    }
    if (clock_msec() >= next_deadline(session))
        enforce_deadline(session);
    if (watched[WATCH_MONITOR].revents)
        obey_monitor(session);
    if (watched[WATCH_CONTROL].revents & (POLLERR | POLLNVAL))
        session->control.failed = true;
    if (watched[WATCH_CONTROL].revents & (POLLIN | POLLHUP))
        control_read(&session->control);
    obey_abort(session);
    bool summing = session->transfer && session->transfer->kind->events == 0;
    if (watched[WATCH_DATA].revents || summing)
        serve_data(session, watched[WATCH_DATA].revents);
    serve_commands(session);
    if (session->control.ended && !session->closing && !session->control.failed)
        end_of_control(session);
    control_write(&session->control);
}

static void tell_end(struct session *session)
{
    struct event event = EVENT_INIT(EVENT_SESSION_END);
    event.reason = session->end_reason       ? session->end_reason
                   : session->control.failed ? "connection-lost"
                                             : "client-closed";
    struct message message;
    message_begin(&message, REQUEST_EVENT);
    event_put(&message, &event);
    (void)message_send(session->monitor, &message, -1);
}

/* A cell on trial (cellftpd --check): enters the folder that comes, and that is all. */
static int run_trial(int monitor)
{
    struct login_answer answer;
    enum stop_reason stop = STOP_COUNT;
    int r = ask_trial(monitor, &answer);
    if (r == 0)
        r = enter_folder(monitor, &answer, &stop);
    return r == 0 && stop == STOP_COUNT ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int session_init(struct session *session, const struct session_start *start)
{
    *session = (struct session){
        .config = start->config,
        .monitor = start->monitor,
        .started = clock_msec(),
        .last_activity = clock_msec(),
        .settings = {.ascii = true, .facts = FACT_ALL, .idle = start->config->session_idle},
    };
    control_init(&session->control, start->control);
    data_init(&session->data);
    /* Whatever library may ask for the time: it must not look for a time zone in the user's folder.
     * Here, where nobody has logged in, the root is empty. */
    if (start->config->files_list_time == LIST_TIME_UTC) {
        if (setenv("TZ", "UTC0", 1) < 0)
            return -errno;
        tzset();
    }
    int r = address_of_socket(start->control, &session->local);
    return r < 0 ? r : address_of_peer(start->control, &session->peer);
}

static void session_free(struct session *session)
{
    transfer_drop(session);
    data_close(&session->data);
    control_free(&session->control);
    free(session->pending.rename_from);
    free(session->scratch);
}

int session_run(const struct session_start *start)
{
    if (start->control < 0)
        return run_trial(start->monitor);
    struct session session;
    if (session_init(&session, start) == 0)
        reply(&session, 220, "%s", start->config->server_banner);
    else
        session.control.failed = true; /* gone before it began */

    while (!session.control.failed &&
           !(session.closing && buffer_size(&session.control.output) == 0))
        turn(&session);
    transfer_drop(&session);
    tell_end(&session);
    /* What the client still sends must not turn the last reply into a reset. */
    (void)shutdown(session.control.fd, SHUT_WR);
    session_free(&session);
    return EXIT_SUCCESS;
}

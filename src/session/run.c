/*
 * The poll loop of a session: one for the control connection, the data connection and the monitor,
 * and every deadline. No signal handlers, no threads. All time is monotonic: setting the
 * clock ends nothing (row P14).
 */
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "session/command.h"
#include "session/transfer.h"

#include <errno.h>
#include <poll.h>

enum {
    LAST_WORDS = 2000,  /* milliseconds for the last reply to get out */
    HALF_CLOSED = 3000, /* for a transfer whose client has closed the control connection */
    NEVER = INT32_MAX,
};

/* Milliseconds from NOW until DEADLINE. */
static int until(uint64_t deadline, uint64_t now)
{
    uint64_t left = deadline > now ? deadline - now : 0;
    return left < NEVER ? (int)left : NEVER;
}

/* REIN under TLS: what the client still says of TLS must not reach the session in clear. */
static bool awaits_close_notify(const struct session *session)
{
    return session->hands_over && session->tls && session->control.finished &&
           !session->control.ended;
}

static uint64_t idle_deadline(const struct session *session)
{
    if (session->logged_in)
        return session->last_activity + session->settings.idle;
    return session->connected + session->config->login_deadline;
}

/* When something has to happen although nobody does anything. */
static uint64_t next_deadline(const struct session *session)
{
    if (session->closing)
        return session->closing_since + LAST_WORDS;
    if (session->handshaking) {
        uint64_t deadline = session->started + session->config->tls_handshake;
        uint64_t login = idle_deadline(session);
        return deadline < login ? deadline : login;
    }
    if (session->transfer) {
        uint64_t deadline = transfer_deadline(session);
        return deadline != 0 ? deadline : UINT64_MAX;
    }
    return idle_deadline(session);
}

static void enforce_deadline(struct session *session)
{
    if (awaits_close_notify(session)) {
        session->control.ended = true; /* not every client says it */
        return;
    }
    if (session->closing) {
        session->control.failed = true; /* the last words were not wanted */
        return;
    }
    if (session->transfer) {
        transfer_expire(session);
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
        session_obey_stop(session);
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
        session_close(session, session->control.cut ? "no-close-notify" : "client-closed");
}

void session_stop(struct session *session, enum stop_reason reason)
{
    if (session->transfer)
        transfer_end(session, -ESHUTDOWN);
    if (session->handshaking)
        session->control.failed = true; /* there is no way to say it */
    else
        reply(session, 421, "%s", stop_text(reason));
    session_close(session, stop_word(reason));
}

void session_obey_stop(struct session *session)
{
    if (session->told_to_stop && !session->closing)
        session_stop(session, session->stop);
}

/* The monitor says one thing unasked: that this session must leave, and why. Or it is gone. */
static void obey_monitor(struct session *session)
{
    session_stop(session, hear_monitor(session->monitor, 0));
}

enum watched {
    WATCH_CONTROL,
    WATCH_MONITOR,
    WATCH_DATA,
    WATCH_COUNT = WATCH_DATA + DATA_WATCH_COUNT
};

static short control_events(const struct session *session)
{
    short events = 0;
    /* A full input waits for the transfer, or for the client to read its replies: that is the
     * back-pressure. TLS answers by itself (KeyUpdate), and has to be read first too. */
    if (!session->control.ended && !session->closing && !session->control.unflushed &&
        buffer_size(&session->control.output) < CONTROL_OUTPUT_ENOUGH &&
        buffer_size(&session->control.input) < CONTROL_INPUT_MAX)
        events |= POLLIN;
    if (awaits_close_notify(session))
        events |= POLLIN;
    if (control_has_unwritten(&session->control))
        events |= POLLOUT;
    return events;
}

/* True if there is something to be read now that TLS holds already. */
static bool has_unread(const struct session *session)
{
    return (control_events(session) & POLLIN) && control_has_unread(&session->control);
}

static int poll_timeout(const struct session *session)
{
    bool is_ready = session->transfer && !session->closing && transfer_is_ready(session);
    if (is_ready || has_work(session) || has_unread(session))
        return 0;
    uint64_t deadline = next_deadline(session);
    if (session->data.leaving.fd >= 0 && session->data.leaving_deadline < deadline)
        deadline = session->data.leaving_deadline;
    if (session->transfer && session->transfer->paused_until > 0 &&
        session->transfer->paused_until < deadline)
        deadline = session->transfer->paused_until;
    return until(deadline, clock_msec());
}

static void serve_data(struct session *session, const struct pollfd watched[DATA_WATCH_COUNT])
{
    bool has_news = session->transfer && transfer_is_ready(session);
    for (size_t i = 0; i < DATA_WATCH_COUNT; i++)
        has_news = has_news || (i != DATA_WATCH_LEAVING && watched[i].revents);
    data_let_go(&session->data);
    if (session->transfer && (watched[DATA_WATCH_CONNECTION].revents & POLLIN))
        transfer_listen(session);
    if (session->transfer && has_news)
        transfer_run(session);
    else if (has_news)
        data_accept(session);
}

/* How many of WATCHED have to be looked at. No more than a process may have open can be asked for
 * at once (poll(2), EINVAL), and an administrator may have set that low for a user. */
static nfds_t count_watched(const struct pollfd watched[WATCH_COUNT])
{
    nfds_t count = WATCH_COUNT;
    while (count > 0 && watched[count - 1].fd < 0)
        count--;
    return count;
}

/* One turn of the loop. */
static void turn(struct session *session)
{
    struct pollfd watched[WATCH_COUNT] = {
        [WATCH_CONTROL] = {.fd = session->control.connection.fd, .events = control_events(session)},
        [WATCH_MONITOR] = {.fd = session->closing ? -1 : session->monitor, .events = POLLIN},
    };
    data_watch(session, &watched[WATCH_DATA]);
    if (session->control.ended && watched[WATCH_CONTROL].events == 0)
        watched[WATCH_CONTROL].fd = -1; /* it would say for ever that it has ended */
    int r = poll(watched, count_watched(watched), poll_timeout(session));
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
    if ((watched[WATCH_CONTROL].revents & (POLLIN | POLLHUP)) || has_unread(session))
        control_read(&session->control);
    obey_abort(session);
    serve_data(session, &watched[WATCH_DATA]);
    session_obey_stop(session);
    serve_commands(session);
    if (session->control.ended && !session->closing && !session->control.failed)
        end_of_control(session);
    control_write(&session->control);
    if (session->closing && !control_has_unwritten(&session->control))
        (void)control_finish(&session->control);
}

/* The beginning of a session under TLS: nothing else is possible until the handshake is done. */
static void shake_hands(struct session *session)
{
    tls_handshake(session);
    if (session->control.failed || !session->handshaking)
        return;
    struct connection *connection = &session->control.connection;
    struct pollfd watched[] = {
        [WATCH_CONTROL] = {.fd = connection->fd, .events = connection_events(connection, 0)},
        [WATCH_MONITOR] = {.fd = session->monitor, .events = POLLIN},
    };
    int r = poll(watched, ELEMENTS(watched), until(next_deadline(session), clock_msec()));
    if (r < 0 && errno != EINTR)
        session->control.failed = true;
    else if (watched[WATCH_MONITOR].revents)
        obey_monitor(session);
    else if (clock_msec() >= next_deadline(session))
        tls_time_out(session);
}

/* True when there is nothing more to be said or heard. */
static bool is_over(const struct session *session)
{
    const struct control *control = &session->control;
    if (control->failed)
        return true;
    return session->closing && control->finished && !awaits_close_notify(session);
}

void session_serve(struct session *session)
{
    while (!is_over(session)) {
        if (session->handshaking)
            shake_hands(session);
        else
            turn(session);
    }
}

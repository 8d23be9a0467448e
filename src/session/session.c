/*
 * The life of a session, from the descriptors that the monitor hands it to its last word to the
 * monitor. What is in between is run.c.
 */
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/words.h"
#include "session/listing.h"
#include "session/transfer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

char *session_scratch(struct session *session)
{
    if (!session->scratch)
        session->scratch = malloc(SESSION_SCRATCH);
    return session->scratch;
}

void settings_init(struct session *session)
{
    bool is_private = session->kind == SESSION_NEW_IMPLICIT || session->kind == SESSION_TLS_PRIVATE;
    session->settings = (struct settings){
        .ascii = true,
        .facts = FACT_USUAL,
        .idle = session->config->session_idle,
        .protect = is_private,
    };
}

void session_close(struct session *session, const char *reason)
{
    if (session->closing)
        return;
    session->closing = true;
    session->closing_since = clock_msec();
    session->end_reason = reason;
}

void session_hand_over(struct session *session, enum session_kind kind)
{
    session_close(session, NULL);
    session->hands_over = true;
    session->successor = kind;
}

static void tell_end(struct session *session)
{
    if (session->control.error == -EPROTO)
        tls_tell_failure(session, &session->control.connection, "broken", NULL);
    struct event event = EVENT_INIT(EVENT_SESSION_END);
    event.reason = session->end_reason       ? session->end_reason
                   : session->control.failed ? "connection-lost"
                                             : "client-closed";
    struct message message;
    message_begin(&message, REQUEST_EVENT);
    event_put(&message, &event);
    (void)message_send(session->monitor, &message, -1);
}

/* To the fresh session that goes on, or to nobody. A client that says something in between, where
 * nothing may be said, has no successor to say it to. */
static void leave(struct session *session)
{
    struct control *control = &session->control;
    if (session->hands_over && !control->failed && buffer_size(&control->input) == 0) {
        tell_handover(session->monitor, session->successor);
        return;
    }
    if (session->hands_over && !control->failed)
        session->end_reason = "behind-rein"; /* behind AUTH nothing was read */
    tell_end(session);
    /* What the client still sends must not turn the last reply into a reset. */
    (void)shutdown(control->connection.fd, SHUT_WR);
}

/* A cell on trial (cellftpd --check): enters the folder that comes, and that is all. */
static int run_trial(int monitor)
{
    struct login_answer answer;
    enum stop_reason stop = STOP_COUNT;
    int r = ask_trial(monitor, &answer);
    if (r == 0)
        r = enter_folder(monitor, &answer, false, &stop);
    return r == 0 && stop == STOP_COUNT ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int session_init(struct session *session, const struct session_start *start)
{
    *session = (struct session){
        .config = start->config,
        .monitor = start->monitor,
        .connected = start->connected,
        .started = clock_msec(),
        .last_activity = clock_msec(),
        .kind = start->kind,
        .challenge = start->challenge,
    };
    (void)snprintf(session->host, sizeof(session->host), "%s", start->host);
    settings_init(session);
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
    if (r == 0)
        r = address_of_peer(start->control, &session->peer);
    return r == 0 && start->tls ? tls_begin(session, start->tls) : r;
}

static void session_free(struct session *session)
{
    transfer_drop(session);
    data_free(&session->data);
    control_free(&session->control);
    tls_end(session);
    free(session->pending.rename_from);
    free(session->scratch);
    words_free(session->deny_names);
    words_free(session->allow_names);
}

int session_run(const struct session_start *start)
{
    if (start->kind == SESSION_VERIFIER)
        return verifier_run(start->monitor, start->tls);
    if (start->control < 0)
        return run_trial(start->monitor);
    struct session session;
    if (session_init(&session, start) < 0)
        session.control.failed = true; /* gone before it began */
    else if (start->kind == SESSION_NEW)
        reply(&session, 220, "%s", start->config->server_banner);

    session_serve(&session);
    transfer_drop(&session);
    leave(&session);
    session_free(&session);
    return EXIT_SUCCESS;
}

/*
 * One line of a client: what it is, whether it is allowed now, and to whom it goes. Decided by the
 * table of command_table.c; no handler checks again what a column says.
 */
#include "session/command.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/text.h"
#include "session/command_record.h"
#include "session/transfer.h"

#include <string.h>

/* A browser that was talked into posting to port 21 (rows P04, P05 of the regression list): the
 * first verb of HTTP ends the connection, before and after the login. */
static const char *const http_verbs[] = {"GET",     "POST",  "HEAD",  "PUT",     "DELETE",
                                         "OPTIONS", "TRACE", "PATCH", "CONNECT", "PROPFIND"};

static bool is_http(const char *verb)
{
    for (size_t i = 0; i < ELEMENTS(http_verbs); i++)
        if (text_equal_ignoring_case(verb, http_verbs[i]))
            return true;
    return strncasecmp(verb, "HTTP/", 5) == 0;
}

/* Somebody who goes on sending nonsense without logging in is no FTP client. */
static void refuse_unknown(struct session *session)
{
    struct event event = EVENT_INIT(EVENT_PROTOCOL_ABUSE);
    event.reason = "unknown-command";
    tell_event(session, &event);
    if (session->logged_in || ++session->bad_commands <= session->config->login_bad_commands) {
        reply(session, 500, "Unknown command.");
        return;
    }
    reply(session, 421, "Too many unknown commands. Goodbye.");
    session_close(session, "bad-commands");
}

/* What one command leaves for the next does not outlive a command that has nothing to do with it.
 */
static void forget_pending(struct session *session, unsigned flags)
{
    struct pending *pending = &session->pending;
    if (!(flags & KEEPS_RENAME)) {
        free(pending->rename_from);
        pending->rename_from = NULL;
    }
    if (!(flags & KEEPS_RESTART)) {
        pending->restart = 0;
        pending->has_range = false;
        pending->allocation = 0;
    }
}

void reply_not_logged_in(struct session *session)
{
    reply(session, 530, "Log in first, with USER and PASS.");
}

/* True if COMMAND may be served now with ARGUMENT; else it has been answered. */
static bool is_permitted(struct session *session, const struct command *command,
                         const char *argument)
{
    if (!session->logged_in && !(command->flags & BEFORE_LOGIN)) {
        reply_not_logged_in(session);
        return false;
    }
    if (!command_is_offered(session, command)) {
        reply(session, 502, "%s is not offered by this server.", command->verb);
        return false;
    }
    if (command->argument == ARGUMENT_NONE && *argument) {
        reply(session, 501, "%s takes no argument.", command->verb);
        return false;
    }
    if (command->argument == ARGUMENT_REQUIRED && !*argument) {
        reply(session, 501, "%s needs an argument: %s %s", command->verb, command->verb,
              command->syntax);
        return false;
    }
    bool reveals = (command->flags & REVEALS) || ((command->flags & REVEALS_PATH) && *argument);
    if ((session->flags & ACCOUNT_UPLOAD_ONLY) && reveals) {
        event_refused(session, argument, -EACCES);
        reply(session, 550, DROP_BOX);
        return false;
    }
    if ((command->flags & WRITES) && session->read_only) {
        event_refused(session, argument, -EROFS);
        reply_error(session, 550, -EROFS);
        return false;
    }
    return true;
}

static void serve_verb(struct session *session, const char *verb, char *argument)
{
    const struct command *command = command_find(verb);
    session->command = command;
    if (!command)
        refuse_unknown(session);
    else if (is_permitted(session, command, argument))
        command->serve(session, argument);
    session_obey_stop(session);
    /* Whoever uses what is pending has done so. */
    forget_pending(session, command ? command->flags : 0);
}

/* The line of a client that sends zero bytes: its name, made visible, goes into the log; a password
 * never does. */
static void refuse_zero_byte(struct session *session, const char *line, size_t size)
{
    cleanup_buffer struct buffer shown;
    buffer_init(&shown, 4 * CONTROL_LINE_MAX + 16);
    size_t visible = command_secret(line, size);
    struct event event = EVENT_INIT(EVENT_PROTOCOL_ABUSE);
    event.reason = "zero-byte";
    if (strncasecmp(line, "USER ", 5) == 0 && size <= 256 &&
        text_append_quoted(&shown, line, visible) == 0 && buffer_append(&shown, "", 1) == 0)
        event.detail = buffer_begin(&shown);
    tell_event(session, &event);
    reply(session, 501, "A command cannot contain a zero byte.");
}

static void serve_line(struct session *session, char *line, size_t size)
{
    enum { VERB_MAX = 16 };
    char verb[VERB_MAX + 1];
    session->last_activity = clock_msec();
    if (memchr(line, '\0', size)) {
        refuse_zero_byte(session, line, size);
        forget_pending(session, 0);
        return;
    }
    size_t length = strcspn(line, " ");
    if (length == 0 || length > VERB_MAX || !text_is_plain(line, length)) {
        refuse_unknown(session);
        forget_pending(session, 0);
        return;
    }
    memcpy(verb, line, length);
    verb[length] = '\0';
    if (is_http(verb)) {
        struct event event = EVENT_INIT(EVENT_PROTOCOL_ABUSE);
        event.reason = "http";
        tell_event(session, &event);
        reply(session, 421, "This is an FTP server. Goodbye.");
        session_close(session, "http");
        return;
    }
    char *argument = line + length + (line[length] == ' ');
    if (strchr(argument, '\r')) {
        reply(session, 501, "A command cannot contain a carriage return.");
        forget_pending(session, 0);
        return;
    }
    serve_verb(session, verb, argument);
}

void command_serve(struct session *session, char *line, size_t size)
{
    struct command_record *record = command_record_begin(session, line, size);
    const struct transfer *before = session->transfer;
    serve_line(session, line, size);
    if (session->transfer && session->transfer != before)
        session->transfer->record = record; /* its final reply is still to come */
    else
        command_record_end(session, record);
}

void command_refuse_long(struct session *session)
{
    struct command_record *record = command_record_begin(session, NULL, 0);
    reply(session, 500, "Line too long.");
    command_record_end(session, record);
}

bool command_may_serve(const struct session *session)
{
    static const char *const during_transfer[] = {"NOOP", "STAT", NULL};
    return !session->transfer || control_next_is(&session->control, during_transfer);
}

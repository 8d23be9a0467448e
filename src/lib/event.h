/*
 * Every kind of event that is logged, once: the log lines, the manual's list and what a session is
 * allowed to report are made from this table. Monitor, session and cellftpctl use it.
 *
 *   X(NAME, file, word, priority, from)
 *
 * file      connections, auth, files or admin: NAME.log, and the second word of the line
 * word      the third word of the line
 * priority  as in syslog(3)
 * from      who may report it: MONITOR (or cellftpctl), SESSION, or SESSION with NOISE: a session
 * that reports many of these is cut short and the rest counted
 *
 * A line: 2026-11-22T17:04:21.123Z auth refused remote=198.51.100.9 port=50312 user="alice"
 * reason=bad-password session=7f3a90c2d4e5f601 (in one line). The address stands before anything
 * that a client chose, so that no name can pass for one.
 */
#pragma once

#include "lib/address.h"
#include "lib/buffer.h"
#include "lib/message.h"

#include <stdint.h>
#include <sys/types.h>
#include <syslog.h>

/* clang-format off */
#define EVENTS(X)                                                                      \
    X(CONNECT,           connections, "connect",           LOG_INFO,    MONITOR)       \
    X(DISCONNECT,        connections, "disconnect",        LOG_INFO,    MONITOR)       \
    X(REFUSE_CONNECTION, connections, "refused",           LOG_NOTICE,  MONITOR)       \
    X(CELL_FAILED,       connections, "cell-failed",       LOG_ERR,     MONITOR)       \
    X(SERVER_FAILED,     connections, "server-failed",     LOG_ERR,     MONITOR)       \
    X(ATTACK,            connections, "attack",            LOG_WARNING, MONITOR)       \
    X(CALL_REFUSED,      connections, "call-refused",      LOG_WARNING, MONITOR)       \
    X(THROTTLED,         connections, "log-throttled",     LOG_NOTICE,  MONITOR)       \
    X(PROTOCOL_ABUSE,    connections, "protocol-abuse",    LOG_NOTICE,  SESSION_NOISE) \
    X(DATA_REFUSED,      connections, "data-refused",      LOG_NOTICE,  SESSION_NOISE) \
    X(SESSION_END,       connections, "session-end",       LOG_INFO,    SESSION)       \
    X(LOGIN,             auth,        "accepted",          LOG_INFO,    MONITOR)       \
    X(LOGIN_REFUSED,     auth,        "refused",           LOG_NOTICE,  MONITOR)       \
    X(UPLOAD,            files,       "upload",            LOG_INFO,    SESSION)       \
    X(UPLOAD_FAILED,     files,       "upload-failed",     LOG_NOTICE,  SESSION)       \
    X(DOWNLOAD,          files,       "download",          LOG_INFO,    SESSION)       \
    X(DOWNLOAD_FAILED,   files,       "download-failed",   LOG_NOTICE,  SESSION)       \
    X(LIST,              files,       "list",              LOG_INFO,    SESSION)       \
    X(DELETE,            files,       "delete",            LOG_INFO,    SESSION)       \
    X(RENAME,            files,       "rename",            LOG_INFO,    SESSION)       \
    X(MKDIR,             files,       "mkdir",             LOG_INFO,    SESSION)       \
    X(RMDIR,             files,       "rmdir",             LOG_INFO,    SESSION)       \
    X(CHMOD,             files,       "chmod",             LOG_INFO,    SESSION)       \
    X(SET_TIME,          files,       "set-time",          LOG_INFO,    SESSION)       \
    X(HASH,              files,       "hash",              LOG_INFO,    SESSION)       \
    X(FILE_REFUSED,      files,       "refused",           LOG_NOTICE,  SESSION_NOISE) \
    X(SWEEP,             files,       "sweep",             LOG_INFO,    SESSION)       \
    X(USER_ADD,          admin,       "user-add",          LOG_NOTICE,  MONITOR)       \
    X(USER_DELETE,       admin,       "user-delete",       LOG_NOTICE,  MONITOR)       \
    X(USER_PASSWORD,     admin,       "user-password",     LOG_NOTICE,  MONITOR)
/* clang-format on */

#define EVENT_ENUM(name, file, word, priority, from) EVENT_##name,
enum event_id { EVENTS(EVENT_ENUM) EVENT_COUNT };
#undef EVENT_ENUM

enum event_file {
    EVENT_FILE_connections,
    EVENT_FILE_auth,
    EVENT_FILE_files,
    EVENT_FILE_admin,
    EVENT_FILE_COUNT
};
enum event_from { EVENT_FROM_MONITOR, EVENT_FROM_SESSION, EVENT_FROM_SESSION_NOISE };

struct event_kind {
    const char *word;
    enum event_file file;
    int priority;
    enum event_from from;
};
const struct event_kind *event_kind(enum event_id id);
const char *event_file_name(enum event_file file); /* "connections" */

/* What happened. Unset strings are NULL and left out of the line; so are numbers equal to
 * EVENT_UNSET. */
#define EVENT_UNSET UINT64_MAX
struct event {
    enum event_id id;
    const char *command; /* the verb, upper case */
    const char *path;    /* as the user sees it */
    const char *path_to; /* of a rename */
    const char *reason;  /* one lower-case word with hyphens, or a sentence of ours */
    const char *detail;  /* anything else worth knowing, may contain what the client sent */
    uint64_t bytes;
    uint64_t offset;
    uint64_t duration; /* microseconds */
    uint64_t reply;    /* code of the final reply */
};
#define EVENT_INIT(which)                                                                          \
    {                                                                                              \
        .id = (which), .bytes = EVENT_UNSET, .offset = EVENT_UNSET, .duration = EVENT_UNSET,       \
        .reply = EVENT_UNSET                                                                       \
    }

/* Who and where: filled in by the monitor, never by the session. */
struct event_origin {
    const struct address *remote; /* NULL for cellftpctl */
    const char *user;             /* NULL before a name was given */
    const char *session;          /* 16 hexadecimal digits, NULL for cellftpctl */
    const char *actor;            /* who ran cellftpctl, NULL otherwise */
};

/* Event in and out of a message. event_get returns -EBADMSG for a malformed one; the strings point
 * into MESSAGE. */
void event_put(struct message *message, const struct event *event);
int event_get(struct message *message, struct event *ret);

/* Appends the line of EVENT that happened at the wall-clock time WHEN, with its newline. */
int event_format(struct buffer *buffer, const struct timespec *when,
                 const struct event_origin *origin, const struct event *event);

/*
 * The session: the half of a connection that speaks FTP. Private to src/session.
 *
 * Rights: nobody in an empty root before login, the user in the user's folder after it
 * (monitor/cell_close.c, session/enter.c). Everything that a client can say ends up here; nothing
 * here is trusted by anybody.
 *
 * All state of a connection is in one struct session, which every function gets; there are no
 * globals.
 */
#pragma once

#include "lib/account.h"
#include "lib/address.h"
#include "lib/buffer.h"
#include "lib/event.h"
#include "lib/message.h"
#include "lib/request.h"
#include "lib/stop.h"
#include "lib/tls.h"
#include "session/connection.h"
#include "session/data.h"
#include "session/hash.h"
#include "session/listing.h"
#include "session/pacing.h"
#include "session/quota.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct command;
struct transfer;

/* The control connection: lines in, replies out. control.c, reply.c. */
struct control {
    struct connection connection;
    struct buffer input;  /* after telnet's own bytes are taken out */
    struct buffer output; /* replies not yet written */
    bool unflushed;       /* TLS has taken what the kernel has not */
    bool finished;        /* the last word of TLS, close_notify, is said */
    bool ended;           /* the client will send no more */
    bool cut;             /* ... and under TLS has not said so: anybody may have ended it */
    bool failed;          /* the connection broke: nothing can be written any more */
    int error;            /* why it failed, a negative errno, or 0 */
    bool discarding;      /* inside a line that is too long */
    uint64_t discarded;   /* bytes of it so far */
    enum { TELNET_DATA, TELNET_IAC, TELNET_OPTION } telnet;
};

/* What a login, TYPE, OPTS and the like have set. */
struct settings {
    bool ascii;     /* TYPE A, as RFC 959 has it at the start */
    bool epsv_all;  /* RFC 2428 section 4: nothing but EPSV any more */
    unsigned facts; /* of MLSD and MLST */
    enum hash_algorithm hash;
    mode_t umask;
    uint64_t idle; /* milliseconds */
    bool sized;    /* PBSZ has come, so that PROT may (RFC 4217 section 8) */
    bool protect;  /* PROT P: data connections are under TLS */
};

/* What one command leaves for the next; command.c clears what the next one does not keep. */
struct pending {
    uint64_t restart;                /* REST */
    bool has_range;                  /* RANG */
    uint64_t range_start, range_end; /* end exclusive */
    uint64_t allocation;             /* ALLO */
    char *rename_from;               /* RNFR */
};

struct session {
    const struct config *config;
    int monitor;
    struct address local;
    struct address peer;
    struct control control;
    struct data data;
    struct settings settings;
    struct pending pending;

    const struct tls_library *library; /* NULL in clear, as TLS is */
    struct tls *tls;
    struct tls_questions questions;
    enum session_kind kind;
    const uint8_t *challenge;    /* for the client's certificate, NULL: it is asked for none */
    bool shown_certificate;      /* the monitor knows what it is worth */
    bool handshaking;            /* on the control connection: nothing can be said yet */
    char host[TLS_NAME_MAX + 1]; /* that HOST has named, "" */
    bool hands_over;             /* ends so that a fresh session can go on */
    enum session_kind successor; /* the kind of that */

    struct pacing pacing[PACE_DIRECTIONS];
    struct transfer *transfer;     /* the one that runs, or NULL */
    char *scratch;                 /* SESSION_SCRATCH bytes for moving data, made on first use */
    const struct command *command; /* being served, for events */
    unsigned replied;              /* code of the last reply, 0 before a command has one */

    bool user_given; /* USER has come, PASS has not */
    char user[REQUEST_NAME_MAX + 1];
    bool logged_in;
    bool password_unasked;           /* the certificate was enough, and PASS has not come */
    char name[REQUEST_NAME_MAX + 1]; /* of the account */
    uid_t uid;
    unsigned flags;     /* enum account_flags: what the account may do */
    char **deny_names;  /* that do not exist, the server's and the account's; after the login */
    char **allow_names; /* if any: what a new name must be like; after the login */
    unsigned share_count;
    bool read_only;
    struct mount_list read_only_mounts; /* shares in which nothing can be changed */
    uint64_t unique_key;                /* of MLSD's unique facts */
    struct quota quota;

    uint64_t connected;     /* clock_msec: of the client, maybe to a session before this one */
    uint64_t started;       /* clock_msec */
    uint64_t last_activity; /* clock_msec */
    uint64_t bytes_sent, bytes_received;
    unsigned bad_commands;
    bool told_to_stop; /* instead of an answer of the monitor's, for the reason STOP */
    enum stop_reason stop;
    bool closing;           /* no command is read any more; ends when the replies are out */
    uint64_t closing_since; /* clock_msec */
    const char *end_reason; /* for the log */
};

enum { SESSION_SCRATCH = 256 * 1024 };

/* Serves the client until the session is over. run.c */
void session_serve(struct session *session);

/* Settings as a fresh session has them. */
void settings_init(struct session *session);

/* The scratch buffer, or NULL when there is no memory. */
char *session_scratch(struct session *session);

/* Ends the session once its replies are written. REASON is a word for the log; the first one
 * counts. */
void session_close(struct session *session, const char *reason);
/* The same because the monitor has said so, or is gone: with whatever runs, and a 421. */
void session_stop(struct session *session, enum stop_reason reason);
/* Does that if it was heard in the middle of something else. */
void session_obey_stop(struct session *session);

/* Ends it the same way, but the connection stays: the monitor makes a fresh session of kind KIND
 * go on with it. Nothing is read from here on. */
void session_hand_over(struct session *session, enum session_kind kind);

/* Makes the user's folder, which came with ANSWER, the root of this process, as the user with the
 * user's groups. Reports to the monitor either way, and waits until that knows. Negative errno: the
 * process must end. *RET_STOP is STOP_COUNT, or why this session must leave nevertheless. enter.c
 */
struct login_answer;
int enter_folder(int monitor, const struct login_answer *answer, bool kernel_tls,
                 struct mount_list *ret_read_only, enum stop_reason *ret_stop);

/* Attaches the COUNT shares of the account below the root. One that cannot be is left out, and the
 * monitor is told. *RET_READ_ONLY are those in which nothing can be changed. Negative errno if the
 * monitor is gone, or without memory; *RET_STOP is why this session must leave, if it must. share.c
 */
int enter_shares(int monitor, size_t count, struct mount_list *ret_read_only,
                 enum stop_reason *ret_stop);

/* Instead of a session: judges a client's certificate, once. Returns the exit status of the
 * process. verifier.c */
int verifier_run(int monitor, const struct tls_library *library);

/* --- the monitor; ask.c
 * --------------------------------------------------------------------------------------- */

/* All that ask return -ESHUTDOWN if this session must leave instead: then nothing is said to the
 * client, the poll loop will (session_obey_stop). */

struct login_answer {
    enum login_result result;
    uint32_t sessions; /* if LOGIN_CROWDED: that there may be */
    uid_t uid;
    gid_t gid;
    gid_t groups[ACCOUNT_GROUPS_MAX]; /* supplementary */
    size_t group_count;
    char name[REQUEST_NAME_MAX + 1];
    unsigned flags;                      /* enum account_flags */
    uint64_t upload_rate, download_rate; /* of this session, NO_LIMIT: none */
    char deny_names[MESSAGE_STRING_MAX + 1], allow_names[MESSAGE_STRING_MAX + 1]; /* \n between */
    unsigned share_count;
    bool has_key; /* the logins of this account from this address have tickets in common */
    uint8_t key[TLS_KEY_SIZE];
    int folder; /* owned by the caller, -1 if not granted */
};
int ask_login(struct session *session, const char *user, const char *password,
              struct login_answer *ret);
/* Waits for the answer to a login that was never asked: a cell on trial. */
int ask_trial(int monitor, struct login_answer *ret);
/* *RET_FD is a listener on *RET_PORT; RET_ANNOUNCED is the IPv4 address for PASV. The server's
 * errno, negative. */
int ask_listen(struct session *session, int *ret_fd, uint16_t *ret_port,
               char ret_announced[ADDRESS_TEXT_MAX]);
int ask_connect(struct session *session, const struct address *peer, uint16_t port, int *ret_fd);
/* BYTES may move in this direction after WAIT milliseconds: the rate of the user. Negative errno.
 */
int ask_pace(struct session *session, enum pace_direction direction, uint32_t *ret_wait,
             uint64_t *ret_bytes);
/* Takes the one message that the monitor sends next. STOP_COUNT if it is the answer WANTED (0: none
 * is), which has no contents; else why this session must leave, STOP_STOPPED if the monitor is
 * gone. */
enum stop_reason hear_monitor(int monitor, uint32_t wanted);
/* May USER log in in clear, or, with a certificate, without a password? */
int ask_user(struct session *session, const char *user, enum user_verdict *ret);
/* 0: a session under TLS can follow. The server's errno, negative. */
int ask_tls(struct session *session, const char *host);
/* As the questions of lib/tls.h. */
int ask_certificate(struct session *session, const uint8_t *messages, size_t size);
int ask_identity(struct session *session, const char *name, uint8_t *ret_chain, size_t *size);
int ask_sign(struct session *session, unsigned scheme, const uint8_t *text, size_t text_size,
             uint8_t *ret_signature, size_t *signature_size);
/* What an administrator asks for (lib/admin.h), with COUNT arguments. *RET_STATUS is cellftpctl's
 * exit status, *RET_FD what it has said. -EINVAL for an argument that none can be; the server's
 * errno, negative. */
int ask_admin(struct session *session, unsigned operation, size_t count, char *const *arguments,
              unsigned *ret_status, int *ret_fd);
/* RET_WORDS is for the client. */
enum { REGISTER_WORDS_MAX = 511 };
int ask_register(struct session *session, const char *name, const char *password,
                 const char *invitation, enum register_result *ret,
                 char ret_words[REGISTER_WORDS_MAX + 1]);
int ask_password(struct session *session, const char *present, const char *new,
                 enum register_result *ret, char ret_words[REGISTER_WORDS_MAX + 1]);
/* A step in the ledger of OWNER (0: the session's own). 0 if there was an answer. */
struct lease_answer {
    int error; /* -EDQUOT: there is no room; another negative errno: nobody knows */
    struct ledger_amount lease;
    struct ledger_amount used;
    struct ledger_amount quota;
};
int ask_lease(struct session *session, uid_t owner, const struct ledger_step *step,
              struct lease_answer *ret);
/* The last word to the monitor. */
void tell_handover(int monitor, enum session_kind kind);
int tell_cell(int monitor, enum request type, int error, const char *step, int listener);
void tell_event(struct session *session, const struct event *event);
void tell_status(struct session *session, const char *status);

/* --- events of the session; events.c
 * --------------------------------------------------------------------------- */

/* One event about the file PATH as the client named it. */
void event_path(struct session *session, enum event_id id, const char *path);
/* A file command was refused with ERROR (negative errno). */
void event_refused(struct session *session, const char *path, int error);

/* --- replies; reply.c
 * ------------------------------------------------------------------------------------------ */

/* A complete reply of one line. TEXT is English, says what happened and what to do; bytes in it
 * that could break a line or a terminal are made harmless, whatever it was made of. */
void reply(struct session *session, unsigned code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A reply of several lines (RFC 959 section 4.2): first, any number of lines, last. */
void reply_first(struct session *session, unsigned code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void reply_line(struct session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A line that is made of LENGTH bytes as they are, apart from control characters. */
void reply_line_bytes(struct session *session, const char *bytes, size_t length);
/* For a failed file operation: "550 NAME-OF-PROBLEM". ERROR is a negative errno; CODE is used
 * unless the errno has one of its own (disk full, busy). */
void reply_error(struct session *session, unsigned code, int error);
/* The code that reply_error would use. */
unsigned reply_code(unsigned code, int error);
const char *reply_words(int error);
/* The same for the log: the system's words, or ours for what only we refuse. */
const char *reply_reason(int error);
/* "/a ""quoted"" path" as 257 has it (RFC 959 appendix II). */
void reply_path(struct session *session, unsigned code, const char *path, const char *text);

/* --- the control connection; control.c
 * --------------------------------------------------------------------------- */

/* FD belongs to it from here on. */
void control_init(struct control *control, int fd);
void control_free(struct control *control);
/* Reads what is there, as much as fits. */
void control_read(struct control *control);
/* True if control_read() has something to do of which poll(2) does not know. */
bool control_has_unread(const struct control *control);
/* Writes what can be written. */
void control_write(struct control *control);
/* True if something is still to be written. */
bool control_has_unwritten(const struct control *control);
/* Says close_notify under TLS, behind all that is to be written. True when it is out, and at once
 * in clear. */
bool control_finish(struct control *control);
/* Takes the next line, without its end, terminated; valid until the next call on CONTROL. 1, 0 if
 * there is none yet, -EMSGSIZE for a line that was too long (once for each). *RET_SIZE counts zero
 * bytes in it too. */
int control_line(struct control *control, char **ret, size_t *ret_size);
/* True if a complete line that is just VERB (any case) waits anywhere in the input. */
bool control_waits_for(const struct control *control, const char *verb);
/* True if the first waiting line begins with one of the verbs in VERBS (ends with NULL). */
bool control_next_is(const struct control *control, const char *const *verbs);
bool control_has_line(const struct control *control);

enum {
    CONTROL_LINE_MAX = 8192,
    CONTROL_INPUT_MAX = 16384, /* two lines, so that ABOR is seen behind one that waits */
    CONTROL_DISCARD_MAX = 1 << 20,
    CONTROL_OUTPUT_ENOUGH = 16384, /* replies that nobody reads, until no command is served */
};

/* --- TLS of the session; tls.c
 * ----------------------------------------------------------------------------------- */

/* Puts the control connection under TLS; the handshake is to follow. */
int tls_begin(struct session *session, const struct tls_library *library);
/* Goes on with the handshake of the control connection. Its end, good or bad, is logged; one that
 * has failed ends the session without a word. */
void tls_handshake(struct session *session);
/* Gives it up because it takes too long. */
void tls_time_out(struct session *session);
void tls_end(struct session *session);
/* Logs that CONNECTION failed: REASON is a word, and TLS says the rest. COMMAND is the verb of a
 * data connection, NULL for the control connection. */
void tls_tell_failure(struct session *session, const struct connection *connection,
                      const char *reason, const char *command);
/* A new ticket for the client, with the next reply: it has used one for a data connection. */
void control_fresh_ticket(struct session *session);
/* The client has logged in: tickets that it can use for data connections, with the next reply, if
 * they did not come with the handshake. KEY is what lib/tls.h's bind() takes, NULL: there is none.
 */
void control_first_tickets(struct session *session, const uint8_t *key);

/* --- commands; command.c
 * ----------------------------------------------------------------------------------------- */

/* Serves one line. */
void command_serve(struct session *session, char *line, size_t size);
/* Answers a line that was too long to be kept. */
void command_refuse_long(struct session *session);
/* True if the next line may be served now: always, but while a transfer runs only some. */
bool command_may_serve(const struct session *session);

/* --- paths; path.c
 * -------------------------------------------------------------------------------------------------
 */

/* All of these take a path as the client gave it and return a negative errno; -ENOENT for names
 * that do not exist for users. Nothing here is a security boundary against leaving the folder: the
 * kernel is, there is no outside. */

/* Where names are denied, a link could lead to one under another name; in the folder of all users'
 * folders, one that lies in a user's could lead into another's. There none is followed at all. */
bool path_follows_links(const struct session *session);
/* openat2 with FLAGS; O_CLOEXEC and O_NOCTTY are added. */
int path_open(struct session *session, const char *path, uint64_t flags);
/* A regular file for reading; anything else is -EISDIR or -EINVAL, never a wait. */
int path_open_file(struct session *session, const char *path, uint64_t *ret_size);
struct statx;
int path_stat(struct session *session, const char *path, struct statx *ret);
/* The directory that holds the last component, and that component, which the caller may create,
 * remove or rename. *RET_NAME is allocated. "/", "." and ".." have no such component: -EBUSY. */
int path_parent(struct session *session, const char *path, int *ret_directory, char **ret_name);
/* As path_parent, for a name that is to be made: control characters and reserved names are -EILSEQ,
 * those that are not among the allowed ones -EKEYREJECTED. */
int path_parent_new(struct session *session, const char *path, int *ret_directory, char **ret_name);
/* The present directory. -ENOENT if it was removed, -ENAMETOOLONG if it is too deep to be told. */
int path_present(char ret[PATH_MAX]);
/* The path from the folder's root, without "." and "..", for replies and logs. */
void path_full(const char *path, char ret[PATH_MAX]);

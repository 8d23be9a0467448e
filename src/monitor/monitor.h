/*
 * The monitor: the privileged half of one connection. Private to src/monitor and
 * src/check.
 *
 * Rights: it begins as root with what capabilities.h lists, reads no byte from the network, and
 * answers the requests of lib/request.h. After a login it keeps the capabilities of
 * capabilities.h's second list and no descriptor but the logs, its slot in the registry, the user's
 * ledger and rates, the session's socket, that of the PAM process of a system user, and the queue
 * of hooks. Of a session under TLS it holds the private key, for signatures, until that ends.
 */
#pragma once

#include "lib/account.h"
#include "lib/address.h"
#include "lib/client_certificate.h"
#include "lib/hook.h"
#include "lib/ledger.h"
#include "lib/log.h"
#include "lib/message.h"
#include "lib/pace.h"
#include "lib/registry.h"
#include "lib/request.h"
#include "lib/stop.h"
#include "lib/throttle.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What has happened so far; requests.c says what may be asked when. */
enum phase {
    PHASE_STARTING = 1 << 0, /* the cell is being closed around the session */
    PHASE_LOGIN = 1 << 1,    /* nobody yet */
    PHASE_ENTERING = 1 << 2, /* granted; the session is making the folder its root */
    PHASE_SESSION = 1 << 3,  /* in the folder */
    PHASE_HANDOVER = 1 << 4, /* it leaves, and a fresh session comes in its place */
};

/* What a session can cause at will: so many at once, then one each refill. */
struct noise {
    unsigned tokens;
    uint64_t refilled; /* clock_msec */
};
/* False if this one, after BURST, is too many; requests.c. */
bool noise_admit(struct noise *noise, unsigned burst);

/* The other process of the connection. */
struct cell {
    pid_t pid;
    int process;  /* pidfd */
    int socket;   /* requests */
    int listener; /* refused system calls, -1 when there is none */
    uid_t owner;  /* of its user namespace: the cell user */
};

/* The process that has to do with PAM, while there is one: pam_process.h. */
struct pam_process {
    pid_t pid;   /* 0 when there is none */
    int process; /* pidfd */
    int socket;
};

/* The process that runs hooks; hook.c. */
struct hooks {
    pid_t pid;   /* 0 when there is none */
    int process; /* pidfd */
    int socket;  /* the queue */
    bool hurry;  /* the server stops: no hook is waited for */
    uint64_t left_out;
};

/* TLS, as far as the monitor has to do with it; tls.c. */
struct monitor_tls {
    const struct tls_library *library; /* NULL until it is wanted */
    struct tls_identity *identity;     /* of the session that runs, once it has asked for it */
    bool ready;                        /* certificate and key were looked at, and can be used */
    int error; /* or cannot be: what was answered, and will be on this connection */
    char host[REQUEST_HOST_MAX + 1]; /* what was said before AUTH, "" */
    bool asked;                      /* for the identity: a session does so once */
    unsigned signatures;             /* that this session may still have */
    unsigned refused;                /* that were too many */
    char protocol[17];               /* what the session has reported, "" before */
};

/* The client's certificate; verifier.h. */
struct verifier {
    struct cell cell; /* its pid is 0 when there is none */
    uint8_t challenge[CLIENT_CHALLENGE_SIZE];
    uint8_t signed_hash[CLIENT_HASH_MAX]; /* the last that was signed for TLS 1.3 */
    size_t signed_size;
    struct client_certificate *shown; /* what the verifier has said of it, NULL: nothing shown */
};

struct monitor {
    const struct config *config;
    const char *config_file; /* as on the command line; NULL: the default */
    struct log log;
    struct registry registry;
    enum phase phase;
    enum session_kind kind;
    int control;        /* the connection, until a login is granted; never read from */
    unsigned handovers; /* fresh sessions so far */
    struct monitor_tls tls;
    struct verifier verifier;
    char session[17]; /* 16 hexadecimal digits: the name of this connection in logs and registry */
    struct address local;
    struct address remote;
    uint64_t started; /* clock_usec */
    struct cell cell;
    unsigned attempts;                        /* passwords tried */
    unsigned registrations, password_changes; /* tried */
    unsigned users; /* names asked about in clear, and the last one whose password may come so */
    bool allowed;
    char allowed_user[REQUEST_NAME_MAX + 1];
    bool named; /* user holds what the client called itself */
    char user[REQUEST_NAME_MAX + 1];
    struct account *account; /* whom the login was granted to, from PHASE_ENTERING on */
    size_t shares;           /* of the account's that the session has asked for */
    bool share_given;        /* the last of them was handed out */
    struct pace pace;        /* the rates of the user, once they were asked for */
    bool paces_alone;        /* they could not be opened: pace_alone has this session's own */
    uint64_t pace_alone[PACE_DIRECTIONS];
    bool leases; /* it has a quota, which the ledger counts, open if it could be */
    struct ledger ledger;
    bool quiet; /* the log has enough of this address: see guard_arrival() */
    struct pam_process pam;
    struct hooks hooks;
    struct hooks stranger_hooks; /* of the same client before the login */
    char login_detail[256];      /* more about why a login was refused than its word says; "" */
    struct noise noise;          /* events */
    struct noise commands;       /* logged before the login */
    struct noise statuses;       /* told to systemd */
    uint64_t left_out;           /* events that were too many */
    uint64_t log_debt; /* bytes of events beyond what time has earned, and when that was counted */
    uint64_t log_time;
    int signals;            /* signalfd */
    uint64_t stop_deadline; /* clock_msec, 0: nobody has told this monitor to stop */
    uint64_t refused_calls;
    uint8_t refused_seen[128]; /* one bit a system call: its name was logged */
    bool ended;                /* the reason of the end is known: the first one counts */
    char end_reason[REQUEST_STATUS_MAX + 1];
};

/* Serves the connection on CONTROL, which is taken over, from the first limit to the last log line.
 * CONFIG_FILE is what the command line has named, NULL: the default.
 * It begins as KIND. PROBLEMS is what is wrong with the present configuration if CONFIG is an older
 * one, else NULL. Returns the exit status of the process: 0 for every end that a client can cause.
 */
int monitor_serve(const struct config *config, const char *config_file, const char *problems,
                  enum session_kind kind, int control);

/* Whether the connection may go on; arrival.c. PROBLEMS of the configuration are logged there,
 * where it is known that a stranger does not fill the disk with them. */
bool arrival_admit(struct monitor *monitor, const char *problems);
/* The one thing that a monitor says to a client: a constant, and only if the socket takes it at
 * once. Nothing where the client expects TLS: it could not read it. */
void arrival_turn_away(struct monitor *monitor, const char *reply);
#define ARRIVAL_BROKEN "421 Service not available.\r\n"

/* What the connection is doing, for "cellftpctl who" and "systemctl status"; status.c. */
void status_set(struct monitor *monitor, const char *text);

/* Answers one request; requests.c. 0, or a negative errno that ends the session: -EPROTO and
 * -EBADMSG are an attack, the rest a fault of ours that has been logged. */
int requests_handle(struct monitor *monitor, struct message *message, int fd);

/* False if this connection has caused too many events of its kind; counts those. */
bool requests_admit_noise(struct monitor *monitor);

/* Login; login.c. Fills the answer, *RET_FD is the user's folder when it was granted. */
int login_handle(struct monitor *monitor, struct message *message, struct message *answer,
                 int *ret_fd);
/* Fills the answer that lets ACCOUNT in; the mount that cell_admit() made goes with it. KEY is that
 * of its tickets, NULL: none. So many SHARES it may ask for. */
void login_put_grant(const struct config *config, const struct account *account, const uint8_t *key,
                     size_t shares, struct message *answer);
/* May the password of a name come in clear? */
int user_handle(struct monitor *monitor, struct message *message, struct message *answer);
/* A login was granted or, for REASON, refused. */
void login_log(struct monitor *monitor, enum event_id id, const char *reason);

/*
 * What strangers may do how often; guard.c.
 */
/* Somebody comes: sets monitor->quiet. Negative errno if that is not known, and was logged. */
int guard_arrival(struct monitor *monitor, bool *ret_banned);
/* Whether an administrator has banned the address. To be asked once the connection stands in the
 * table of live ones: whoever bans it finds it there, or it finds the ban. Negative errno, logged.
 */
int guard_banned(struct monitor *monitor, bool *ret_banned);
/* An event of a connection that has not logged in; left out if that is quiet. */
void guard_log_stranger(struct monitor *monitor, enum event_id id, const char *reason);
/* True if the end of the connection need not be logged; it is counted then. */
bool guard_leaves_out_end(struct monitor *monitor);
/* May USER's password be checked? *RET_REASON is NULL if so, else the reason for the log, and
 * guard_refused() must follow. May wait for other tries to end. Negative errno, logged. */
int guard_try(struct monitor *monitor, const char *user, struct throttle_try *ret,
              const char **ret_reason);
/* TRY, which came at ARRIVED (clock_msec), is refused: pauses. True if no other may follow. */
bool guard_refused(struct monitor *monitor, struct throttle_try *try, uint64_t arrived);
void guard_granted(struct monitor *monitor, const char *user);

/*
 * TLS; tls.c.
 */
/* Can a session that speaks TLS follow, for the host NAME? Loads the library, and looks at
 * certificate and key, of which nothing stays in memory. Negative errno, logged. */
int tls_prepare(struct monitor *monitor, const char *name);
/* Clears the key from memory; before a fork of a session, or in the child. */
void tls_release(struct monitor *monitor);
int tls_handle(struct monitor *monitor, struct message *message, struct message *answer);
int handover_handle(struct monitor *monitor, struct message *message);
int identity_handle(struct monitor *monitor, struct message *message, struct message *answer);
int sign_handle(struct monitor *monitor, struct message *message, struct message *answer);
/* A data connection will come, which needs signatures for its handshake. */
void tls_expect_data(struct monitor *monitor);
/* The key of the tickets of ACCOUNT from this address, for this session if it can use one. Negative
 * errno, logged if it should not be so. */
int tls_ticket_key(struct monitor *monitor, const struct account *account,
                   uint8_t ret[TLS_KEY_SIZE]);
/* The session reports its handshake. -EPROTO if it has none to report. */
int tls_report(struct monitor *monitor, const struct event *event);

/* One of the account's shares; share.c. */
int share_handle(struct monitor *monitor, struct message *message, struct message *answer,
                 int *ret_fd);

/* Hooks; hook.c. Makes their process, if any is configured: with the rights of a login, once it is
 * known whose it is. What fails is logged. */
void hooks_start(struct monitor *monitor);
/* Queues the one of KIND, if there is one; never waits. TEXT is as in hook_post(). */
void hooks_post(struct monitor *monitor, enum hook_kind kind, const char *text, uint64_t bytes);
/* The account NAME was made, for an administrator or, before a login, for a stranger: cellftpctl,
 * which has made it, leaves its hook to the monitor, which outlives it. */
void hooks_registered(struct monitor *monitor, const char *name);
/* The session is over, and its slot given back: waits for hooks as long as one may take. */
void hooks_end(struct monitor *monitor);

/*
 * The quota of whoever has logged in; quota.c.
 */
/* Opens the ledger of ACCOUNT, if it has a quota, and counts FOLDER if that is needed. A failure is
 * logged, and nothing can be uploaded then. */
void quota_open(struct monitor *monitor, const struct account *account, int folder);
/* Before the folder is handed out: with quota.backend = "project", ACCOUNT becomes read-only where
 * the file system would not hold it to its quota, and that is logged. */
void quota_enforce(struct monitor *monitor, struct account *account, int folder);
/* The session is gone. LOST: without having told all that it has done. */
void quota_close(struct monitor *monitor, bool lost);
int lease_handle(struct monitor *monitor, struct message *message, struct message *answer);

/* What an administrator asks for; admin.c. *RET_FD is what cellftpctl has said. */
int admin_handle(struct monitor *monitor, struct message *message, struct message *answer,
                 int *ret_fd);
/* Accounts that clients make, and passwords that they change; register.c. */
int register_handle(struct monitor *monitor, struct message *message, struct message *answer);
int password_handle(struct monitor *monitor, struct message *message, struct message *answer);

/* Data sockets; sockets.c. */
int listen_handle(struct monitor *monitor, struct message *message, struct message *answer,
                  int *ret_fd);
int connect_handle(struct monitor *monitor, struct message *message, struct message *answer,
                   int *ret_fd);

/* How much of the user's rate this session gets, and when; pace.c. */
int pace_handle(struct monitor *monitor, struct message *message, struct message *answer);

/* A system call of the session was refused by its filter; calls.c. Negative errno if the session
 * must end. */
int calls_handle(struct monitor *monitor);

/* Does nothing for so many milliseconds. False, and at once, when this monitor is told to stop. */
bool monitor_pause(const struct monitor *monitor, uint64_t milliseconds);

/* Has the session say goodbye for REASON and leave; it is killed when that takes too long. The
 * first reason stays. */
void monitor_stop(struct monitor *monitor, enum stop_reason reason);

/* Writes EVENT with this connection as its origin. */
void monitor_log(struct monitor *monitor, const struct event *event);
/* The same with whoever has logged in as the one who did it. */
void monitor_log_admin(struct monitor *monitor, const struct event *event);
/* The same for the frequent case of an event with nothing but a reason and a detail. */
void monitor_log_reason(struct monitor *monitor, enum event_id id, const char *reason,
                        const char *detail);
/* The connection is over: WHY, if the session has not said, and how its process ended. */
void monitor_log_end(struct monitor *monitor, const char *why, int status);
/* A step of building the cell failed with ERROR (negative errno): its name, the cause, the remedy.
 */
void monitor_log_cell(struct monitor *monitor, const char *step, int error);

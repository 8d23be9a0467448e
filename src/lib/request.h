/*
 * The whole protocol between the two processes of a connection, on one page.
 *
 * The session asks, the monitor answers. Every message is one datagram (lib/message.h). The monitor
 * ends the session, and logs an attack, when a request is unknown, malformed, too long, or not
 * permitted in the present phase (monitor/requests.c has the table). The session never gets a path
 * of the host, a uid that is not its own, or a reason why a login was refused.
 *
 *  READY      u32 errno, string step, [fd filter]
 *             the first message: the cell is closed, or is not
 *  LOGIN      string user, string password
 *             answer: u32 login_result, and if granted: u32 uid, u32 gid, u32 number of
 *             supplementary groups, u32 each of them, string name, u32 account_flags, bytes key of
 *             tickets (lib/ticket_key.h; none unless tls.data_binding is "auto" and TLS is 1.3),
 *             u64 session_upload_rate, u64 session_download_rate, string denied names, string
 *             allowed names (of the account alone, with newlines between), u32 number of shares,
 *             [fd folder]
 *             if LOGIN_CROWDED: u32 sessions that this user may have
 *  SHARE      u32 which, from 0, each once; u32 errno of attaching the one before, 0 if it is there
 *             answer: u32 errno, string where below the root, u32 1 if it is read-only, [fd mount];
 *             behind the last one nothing but u32 0, as there is only to be heard how that went
 *  ENTERED    u32 errno, string step, [fd filter]
 *             the folder is the root now, or is not
 *             answer, if it is: nothing. Who looks finds the user in the table of sessions and the
 *             login in the log, and whoever locks the account ends this session: only now may it
 *             say 230. If it must leave at once, STOP comes instead
 *  LISTEN     nothing
 *             answer: u32 errno, u32 port, string announced address, [fd listener]
 *  CONNECT    string address, u32 port
 *             answer: u32 errno, [fd connecting socket]
 *  USER       string user
 *             answer: u32 user_verdict; asked by a session in clear, or by one that has sent
 *             CERTIFICATE
 *  TLS        string host, "" if the client has named none (HOST)
 *             answer: u32 errno; 0: a session that speaks TLS can follow
 *  HANDOVER   u32 session_kind
 *             the last message: a fresh session is to go on with this connection
 *  IDENTITY   string name of the host that the client wants, "" if it does not say
 *             answer: u32 errno, bytes certificate chain (lib/tls.h)
 *  SIGN       u32 scheme, bytes text
 *             answer: u32 errno, bytes signature (lib/tls.h)
 *  CERTIFICATE  bytes messages of the handshake (lib/client_certificate.h)
 *             answer: u32 0. What they are worth is not the session's business
 *  LEASE      u32 uid of the folder's owner (0: the session's own; another only for an admin), u32
 *             lease_flags, u64 bytes and u64 files that came to be there, u64 bytes and u64 files
 *             that are gone, u64 least and u64 best bytes, u64 files that the lease shall have from
 *             now on
 *             answer: u32 errno (0; EDQUOT: the lease is what it was, less what came to be there;
 *             ENODATA and others: nobody knows, and nothing more can be had), u64 bytes and u64
 *             files of the lease, u64 bytes and u64 files in use or leased to other sessions, u64
 *             bytes and u64 files of the quota (lib/ledger.h)
 *  PACE       u32 pace_direction (lib/pace.h)
 *             answer: u32 milliseconds to wait, u64 bytes that may move then, before it is asked
 *             again (rates.upload, rates.download). Only where account_flags say that there is a
 *             rate
 *  ADMIN      u32 admin_operation (lib/admin.h), u32 number, string each argument
 *             answer: u32 errno, u32 exit status of cellftpctl, [fd what it has written, a file]
 *  REGISTER   string name, string password, string invitation ("" if none)
 *             answer: u32 register_result, string what is wrong, in words for the client
 *  PASSWORD   string present password, string new password
 *             answer: u32 register_result, string what is wrong
 *  EVENT      see lib/event.h
 *  STATUS     string what the session is doing
 *
 * The monitor says one thing unasked, and nothing after it:
 *
 *  STOP       u32 reason (lib/stop.h): say goodbye and leave
 *
 * "fd filter" is the descriptor on which the kernel asks the monitor about system calls that the
 * session's seccomp filter does not know (seccomp_unotify(2)).
 */
#pragma once

#include "lib/config.h"
#include "lib/tls.h"

#include <stdint.h>

enum request {
    REQUEST_READY = 1,
    REQUEST_LOGIN,
    REQUEST_ENTERED,
    REQUEST_LISTEN,
    REQUEST_CONNECT,
    REQUEST_EVENT,
    REQUEST_STATUS,
    REQUEST_STOP,
    REQUEST_USER,
    REQUEST_TLS,
    REQUEST_HANDOVER,
    REQUEST_IDENTITY,
    REQUEST_SIGN,
    REQUEST_CERTIFICATE,
    REQUEST_SHARE,
    REQUEST_LEASE,
    REQUEST_PACE,
    REQUEST_ADMIN,
    REQUEST_REGISTER,
    REQUEST_PASSWORD,
};

/* The answer to request R has the type R | REQUEST_ANSWER. */
enum { REQUEST_ANSWER = 0x100 };

enum login_result {
    LOGIN_GRANTED,
    LOGIN_REFUSED, /* name or password wrong, or not allowed in: the session is not told which */
    LOGIN_LAST,    /* refused, and no further try will be answered */
    LOGIN_UNAVAILABLE, /* something is broken on the server; it is in the log */
    LOGIN_CROWDED,     /* right, but this user has as many sessions as there may be */
};

/* What became of REGISTER and PASSWORD. */
enum register_result {
    REGISTER_DONE,
    REGISTER_REFUSED,     /* name, password or invitation will not do: the words say why */
    REGISTER_TOO_MANY,    /* from this address, or in all */
    REGISTER_UNAVAILABLE, /* something is broken on the server; it is in the log */
};

/* LEASE: what the session knows about what it has done. */
enum lease_flags {
    LEASE_UNCERTAIN = 1 << 0, /* it may be less than what is said: to be counted again */
    LEASE_MOVES = 1 << 1, /* something is about to be renamed. Said before; the next LEASE, which
                             comes at once, ends it. A count that runs meanwhile is not believed */
};

/* May USER's password come in clear? Or is it not needed at all? */
enum user_verdict { USER_MAY, USER_NEEDS_TLS, USER_NEEDS_NO_PASSWORD };

/* How a session begins. */
enum session_kind {
    SESSION_NEW,          /* in clear, with the banner */
    SESSION_NEW_IMPLICIT, /* a handshake, then the banner; data connections are protected */
    SESSION_TLS,          /* a handshake: AUTH has been answered */
    SESSION_TLS_PRIVATE,  /* the same behind AUTH SSL: data connections are protected */
    SESSION_VERIFIER,     /* none at all: judges a client's certificate (monitor/verifier.h) */
    SESSION_CLEAR,        /* in clear again: REIN has been answered */
};

static inline bool session_kind_is_tls(enum session_kind kind)
{
    return kind == SESSION_NEW_IMPLICIT || kind == SESSION_TLS || kind == SESSION_TLS_PRIVATE;
}

/* What an account may do, as far as the session needs to know it to give the right reply. The
 * kernel enforces it (a read-only account gets a read-only mount). */
enum account_flags {
    ACCOUNT_READ_ONLY = 1 << 0,
    ACCOUNT_UPLOAD_ONLY = 1 << 1,
    ACCOUNT_IS_ADMIN = 1 << 2,
    ACCOUNT_LEASES = 1 << 3,   /* it has a quota that the ledger counts: LEASE before writing */
    ACCOUNT_PACED_UP = 1 << 4, /* its uploads have a rate in common: PACE */
    ACCOUNT_PACED_DOWN = 1 << 5,
    ACCOUNT_ANONYMOUS = 1 << 6,
    ACCOUNT_MAY_CHANGE_PASSWORD = 1 << 7,
    ACCOUNT_PROJECT = 1 << 8, /* its quota is the file system's */
};

enum {
    REQUEST_NAME_MAX = 128,     /* bytes of a login name that the monitor looks at */
    REQUEST_PASSWORD_MAX = 512, /* bytes of a password */
    REQUEST_HOST_MAX = 255,     /* bytes of a host's name, as a client can say it (RFC 6066) */
    REQUEST_STEP_MAX = 128,
    REQUEST_STATUS_MAX = 256,
};

/* What the session begins with: all that it owns. */
struct session_start {
    int control; /* the control connection */
    int monitor; /* to the monitor, SOCK_SEQPACKET */
    const struct config *config;
    enum session_kind kind;
    const struct tls_library *tls; /* NULL in clear */
    const uint8_t *challenge;      /* CLIENT_CHALLENGE_SIZE bytes, for the client's certificate;
                                      NULL: it is asked for none */
    const char *host;              /* what HOST said before AUTH, "" */
    uint64_t connected;            /* when the client came, clock_msec: the deadline of the login
                                      counts from there */
};

/* Runs one FTP session from banner to goodbye, in the closed cell. Returns the exit status of the
 * process. Implemented by src/session, called by src/monitor in the child. */
int session_run(const struct session_start *start);

/*
 * What is examined, and how hard: the command line's outcome. Written by options.c, read by all of
 * src/ftplint.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum target_tls {
    TLS_NONE,     /* everything in clear; tests of TLS itself make their own connections */
    TLS_EXPLICIT, /* AUTH TLS, PBSZ, PROT P on every connection (RFC 4217) */
    TLS_IMPLICIT, /* the handshake comes first (port 990) */
};

struct login {
    const char *user; /* NULL: not given */
    const char *password;
};

/* The accounts that a test can log in to. */
enum account { ACCOUNT_USER, ACCOUNT_SECOND, ACCOUNT_ADMIN, ACCOUNTS };

struct target {
    const char *host; /* as it was given, for TLS and reports */
    uint16_t port;
    const char *path; /* where ftplint's folder is made; NULL: where the login leads */
    struct sockaddr_storage address;
    socklen_t address_size;
    enum target_tls tls;
    const char *authorities; /* a file of PEM certificates; NULL: the system's */
    const char *certificate; /* of the client, PEM, with its key; NULL: none */
    struct login logins[ACCOUNTS];
    const char *local;    /* the first user's folder as a path of this machine; NULL: not known */
    unsigned timeout;     /* milliseconds that one answer may take */
    unsigned test_limit;  /* milliseconds that one test may take */
    unsigned connections; /* control connections that are open at once, at most */
    bool destructive;
    bool quick;
};

/*
 * TLS as a client that can misbehave: any version, any ALPN, resuming or not, closing rightly or
 * not. Only src/ftplint uses it. All that knows OpenSSL is in tls*.c; a certificate is never a
 * reason to refuse a connection here: what is wrong with it is a finding (tls_certificate.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct target;
struct tls; /* one connection's */
struct wire;

/* What the handshake is to offer; zeros are a good client's defaults. */
struct tls_offer {
    int version_min;          /* TLS1_VERSION..TLS1_3_VERSION of OpenSSL; 0: TLS 1.2 */
    int version_max;          /* 0: the newest */
    const char *ciphers;      /* OpenSSL's list for TLS up to 1.2; NULL: its own */
    const char *alpn;         /* one protocol name; NULL: none */
    const char *name;         /* server name indication; NULL: the target's host if it is a name */
    bool without_name;        /* no server name indication at all */
    void *resume;             /* an SSL_SESSION (of tls_session()); NULL: a new session */
    bool without_certificate; /* keeps the client's own certificate to itself */
};

/* What the handshake came to. */
struct tls_result {
    const char *version; /* "TLSv1.3" */
    const char *cipher;
    bool resumed;
    char alpn[32];     /* "" if none was chosen */
    char problem[256]; /* of a handshake that failed: OpenSSL's words, with the alert */
    unsigned alert;    /* the alert that the server sent, RFC 8446, section 6; 0: none */
};

/* The target's own files: NULL, or what is wrong with one of them, in words. */
const char *tls_files_problem(const struct target *target);

/* Begins TLS on WIRE, which is connected and in clear, within TIMEOUT milliseconds. 0, -ETIMEDOUT,
 * -EPROTO (RET says why), or what the socket said. */
int tls_start(struct wire *wire, const struct target *target, const struct tls_offer *offer,
              struct tls_result *ret, unsigned timeout);

/* As read(2) and write(2), with -EAGAIN when *RET_EVENTS (of poll(2)) has to be waited for; 0 from
 * tls_read is close_notify, -ENODATA an end without it, -EPROTO another fault. */
ssize_t tls_read(struct tls *tls, void *bytes, size_t size, short *ret_events);
ssize_t tls_write(struct tls *tls, const void *bytes, size_t size, short *ret_events);

/* For tls_*.c, before each call of OpenSSL's that may read. */
void tls_go_on(struct tls *tls);

/* Sends close_notify. */
void tls_finish(struct tls *tls);

/* The newest session of this connection, for tls_offer.resume; NULL if the server gave none. The
 * caller frees it by tls_session_free(). */
void *tls_session(const struct tls *tls);
void tls_session_free(void *session);

/* How many session tickets have come. */
unsigned tls_tickets(const struct tls *tls);

/* The session of a ticket that was not handed out before, oldest first, for clients that use each
 * only once (RFC 8446, appendix C.4); NULL: there is none. At most TLS_TICKETS_MAX are kept. The
 * caller frees it by tls_session_free(). */
enum { TLS_TICKETS_MAX = 16 };
void *tls_take_ticket(struct tls *tls);

/* Bytes that are decrypted and not yet read. */
size_t tls_pending(const struct tls *tls);

/* HOST if it may stand in server name indication; NULL if it is an address, which is no name
 * (RFC 6066, section 3). */
const char *tls_host_name(const char *host);

/* OpenSSL's own object, an SSL, for tls_*.c. */
void *tls_handle(const struct tls *tls);

void tls_free(struct tls *tls);

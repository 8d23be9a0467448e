/*
 * The interface of the TLS library of this server: cellftpd-tls.so, made of src/tls, which is all
 * that knows OpenSSL. The monitor loads it when TLS is wanted (monitor/tls.c); a connection in
 * clear never pays for it. Nothing here is global: whoever uses it holds what it was given.
 *
 * Two parties use it, in two processes, and neither can do the other's part. The monitor holds
 * identities: certificates with their private keys. The session speaks TLS, and asks the monitor
 * for the chain of an identity and for signatures by it; a private key is never in its memory.
 *
 * Errors are negative errno; -EAGAIN always means: wait for tls_stream_events and call again.
 */
#pragma once

#include "lib/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

enum {
    TLS_NAME_MAX = 253,          /* of a host (RFC 1035 section 2.3.4, without the last dot) */
    TLS_CHAIN_MAX = 16384,       /* bytes of DER, all certificates of a chain one behind another */
    TLS_SIGNED_MAX = 256,        /* bytes of a text that TLS signs: see sign() */
    TLS_SIGNATURE_MAX = 1024,    /* bytes: RSA of 8192 bits */
    TLS_WORDS_MAX = 256,         /* bytes of a sentence about a failure, with its end */
    TLS_RECORDS_MAX = 128 << 10, /* bytes that one write() should bring, to make full records */
    TLS_KEY_SIZE = 32,           /* of bind() */
};

/* What a session asks of the monitor during a handshake (session/ask.c). */
struct tls_questions {
    void *context;
    /* The chain for the host NAME, "" if the client named none. *SIZE is the room in RET_CHAIN and
     * becomes what was filled. */
    int (*identity)(void *context, const char *name, uint8_t *ret_chain, size_t *size);
    /* The signature of that identity: see sign() below for SCHEME and TEXT. */
    int (*sign)(void *context, unsigned scheme, const uint8_t *text, size_t text_size,
                uint8_t *ret_signature, size_t *signature_size);
    /* CLIENT_CHALLENGE_SIZE bytes of the monitor's; NULL: clients are asked for no certificate. */
    const uint8_t *challenge;
    /* The client has shown a certificate: the messages of the handshake, for the monitor to judge
     * (lib/client_certificate.h). Asked once, when the handshake is done. */
    int (*certificate)(void *context, const uint8_t *messages, size_t size);
};

enum tls_purpose {
    TLS_CONTROL,
    TLS_DOWNLOAD, /* a data connection: a fresh ticket comes with its handshake */
    TLS_UPLOAD,   /* no ticket before the client's close_notify: one that never reads would answer
                     it with a reset, and what it has sent last would be lost */
};

/* What came out of a handshake; texts live as long as the stream. */
struct tls_description {
    const char *protocol; /* "TLSv1.3" */
    const char *cipher;   /* "TLS_AES_128_GCM_SHA256" */
    const char *name;     /* the host that the client named (SNI), "" if none */
    bool resumed;         /* a session of this very login, or of one by bind(), was resumed */
    bool kernel_sends;    /* the kernel encrypts what is sent */
};

struct tls;          /* the TLS of one FTP session: settings, ticket keys. In the session */
struct tls_stream;   /* TLS over one connection. In the session */
struct tls_identity; /* a certificate chain and its private key. In the monitor, and only there */

struct client_question;
struct client_certificate;

/* What a check of the configuration says of FILE, which can be NULL; REMEDY is NULL if all is well.
 * Texts must be copied. */
enum tls_result { TLS_OK, TLS_NOTE, TLS_PROBLEM };
typedef void (*tls_finding)(void *context, enum tls_result result, const char *file,
                            const char *words, const char *remedy);
/* See client_check below. */
typedef void (*client_content_checker)(const struct config *config,
                                       const struct client_question *question, tls_finding found,
                                       void *context);

struct tls_library {
    /* --- the session --- */

    /* Ticket keys are random, so that nothing but a session of this very TLS can be resumed,
     * until bind() says otherwise.
     * KERNEL: kernel TLS may be tried on data connections. QUESTIONS must live as long. Where
     * bind() may follow (tls.data_binding is "auto"), no ticket comes with the handshake of the
     * control connection under TLS 1.3. */
    int (*open)(const struct config *config, const struct tls_questions *questions, bool kernel,
                struct tls **ret);
    void (*close)(struct tls *tls);
    /* Tickets from here on are good wherever the same KEY was given, and those count as this TLS's
     * own; earlier ones are worth nothing. */
    int (*bind)(struct tls *tls, const uint8_t key[TLS_KEY_SIZE]);

    /* TLS on the connected, non-blocking socket FD, which stays the caller's. Nothing is read yet.
     * All streams share the identity that the control connection's handshake has chosen. */
    int (*stream_open)(struct tls *tls, int fd, enum tls_purpose purpose, struct tls_stream **ret);
    /* Says nothing to the client and leaves the socket open. NULL is fine. */
    void (*stream_close)(struct tls_stream *stream);

    /* Goes on with the handshake. 0 when it is done; -EAGAIN; -EPROTO: it has failed for good,
     * failure() says why, and the alert was sent. */
    int (*handshake)(struct tls_stream *stream);
    /* What to poll the socket for after -EAGAIN: POLLIN or POLLOUT. */
    short (*events)(const struct tls_stream *stream);

    /* Up to SIZE bytes. 0 after the client's close_notify; -EAGAIN; -ECONNABORTED if the connection
     * ended without one (row T03); -EPROTO, -ECONNRESET. */
    ssize_t (*read)(struct tls_stream *stream, void *bytes, size_t size);
    /* True if read() has something although the socket has nothing. */
    bool (*pending)(const struct tls_stream *stream);
    /* Takes some of the bytes, TLS_RECORDS_MAX at most, and hands them to the kernel as far as it
     * takes them; the rest stays here and goes first. -EAGAIN: nothing was taken. */
    ssize_t (*write)(struct tls_stream *stream, const void *bytes, size_t size);
    /* The same out of a file, by the kernel alone. -EOPNOTSUPP unless kernel_sends. */
    ssize_t (*send_file)(struct tls_stream *stream, int file, off_t offset, size_t size);
    /* Hands over what write() has kept. 0 when nothing is left. */
    int (*flush)(struct tls_stream *stream);
    /* Flushes and sends close_notify; 0 when it is with the kernel. The client's own, which may
     * come later, is what read() ends with. */
    int (*finish)(struct tls_stream *stream);
    /* A new ticket with the next bytes that are written (TLS 1.3; nothing happens before). */
    int (*fresh_ticket)(struct tls_stream *stream);

    void (*describe)(const struct tls_stream *stream, struct tls_description *ret);
    /* True if the certificate that the client was shown is for the host NAME. */
    bool (*covers)(const struct tls_stream *stream, const char *name);
    /* One sentence about what failed last, for the log; "" if nothing did. */
    const char *(*failure)(const struct tls_stream *stream);

    /* --- the monitor --- */

    /* Whether open() can use the configuration. -EINVAL if not: RET_WORDS names the option and what
     * would be right. */
    int (*check)(const struct config *config, char ret_words[TLS_WORDS_MAX]);
    /* Reads the chain in CERTIFICATE_FILE and the key in KEY_FILE (PEM, both may be in one file),
     * which must belong together. On failure RET_WORDS has what is wrong and what to do;
     * -EKEYREJECTED if the two do not match, which a renewal in progress also looks like. */
    int (*identity_open)(const char *certificate_file, const char *key_file,
                         struct tls_identity **ret, char ret_words[TLS_WORDS_MAX]);
    /* Clears the key from memory. NULL is fine. */
    void (*identity_close)(struct tls_identity *identity);
    /* The chain as DER, TLS_CHAIN_MAX bytes at most. */
    const uint8_t *(*identity_chain)(const struct tls_identity *identity, size_t *ret_size);
    time_t (*identity_expires)(const struct tls_identity *identity);
    /*
     * Signs TEXT, which must be one of the two things that a TLS server signs:
     *   TLS 1.3 (RFC 8446 section 4.4.3): 64 spaces, "TLS 1.3, server CertificateVerify", a zero
     *           byte, a hash of 32 or 48 bytes;
     *   TLS 1.2 (RFC 8422 section 5.4): 64 random bytes, 3, a group that we offer, the length of a
     *           point of that group and the point.
     * SCHEME is a SignatureScheme of RFC 8446 section 4.2.3 that fits the key. -EPERM for anything
     * else. *SIZE is the room, TLS_SIGNATURE_MAX, and becomes what was filled.
     */
    int (*sign)(const struct tls_identity *identity, unsigned scheme, const uint8_t *text,
                size_t text_size, uint8_t *ret_signature, size_t *signature_size);

    /* --- the verifier --- */

    /* Judges what a client has shown as its certificate: lib/client_certificate.h. Reads what a
     * stranger has sent, so it is called in a closed cell only. */
    void (*client_verify)(const struct client_question *question, struct client_certificate *ret);
    /* Judges the two files in QUESTION as client_verify would, before there is a client
     * (lib/client_check.h). */
    client_content_checker client_check;
};

/* The one symbol of cellftpd-tls.so. */
#define TLS_LIBRARY_FILE   "cellftpd-tls.so"
#define TLS_LIBRARY_SYMBOL "cellftpd_tls"
extern const struct tls_library cellftpd_tls;

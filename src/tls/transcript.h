/*
 * The messages of a TLS 1.3 handshake with a client certificate, taken apart (RFC 8446 section 4):
 * where the parts stand that the verifier looks at, and the hashes of the transcript. Private to
 * src/tls; used in the verifier's cell only, on what a stranger has sent. It looks into no
 * certificate.
 */
#pragma once

#include "lib/client_certificate.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the messages. */
struct span {
    const uint8_t *bytes;
    size_t size;
};

struct transcript {
    struct span first_hello;   /* the ClientHello before a HelloRetryRequest; empty without one */
    struct span rest;          /* all messages, without that one */
    const uint8_t *server_end; /* behind the server's Certificate */
    const uint8_t *client_end; /* behind the client's Certificate */
    const EVP_MD *hash;        /* of the cipher suite */
    struct span challenge;     /* our extension of CertificateRequest; empty if it is missing */
    struct span server_list;   /* entries of the server's Certificate */
    struct span client_list;
    unsigned scheme; /* of the client's CertificateVerify */
    struct span signature;
};

/* MESSAGES must be exactly those from ClientHello to the client's CertificateVerify, in their
 * order. -EBADMSG. */
int transcript_read(const uint8_t *messages, size_t size, struct transcript *ret);

/* The hash of the transcript up to END. Returns its size, 0 without memory. */
size_t transcript_hash(const struct transcript *transcript, const uint8_t *end,
                       uint8_t ret[CLIENT_HASH_MAX]);

/* Takes the next certificate from LIST: 1, 0 at the end, -EBADMSG. */
int transcript_certificate(struct span *list, struct span *ret);

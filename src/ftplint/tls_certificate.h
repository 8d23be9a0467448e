/*
 * A server's certificate and its chain, as facts: what a strict client would look at. It
 * judges whether the authorities vouch for it; everything else is a test's business. Only
 * src/ftplint uses it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct target;
struct tls;

struct certificate {
    char subject[256]; /* "CN = ftp.example.net" */
    char issuer[256];
    char names[512]; /* of subjectAltName: "DNS ftp.example.net, IP 192.0.2.1"; "" if there is none
                      */
    char trust_problem[160]; /* why a client with these authorities refuses the chain; "" if not */
    char key_type[16];       /* "RSA", "EC", ... as OpenSSL names it */
    char signature[32];      /* the hash of its signature, "SHA256"; "" if it has none of its own */
    unsigned key_bits;
    unsigned version;   /* of X.509: 3 */
    int64_t not_before; /* seconds since 1970 */
    int64_t not_after;
    bool self_issued;  /* the subject is the issuer */
    bool is_authority; /* basicConstraints has CA:TRUE */
    bool serves;       /* its key usages, if it has any, allow a TLS server */
    bool matches;      /* it names the target's host */
    unsigned length;   /* certificates that the server sent */
    unsigned stray;    /* the first, from 1, that does not certify the one before it; 0: none */
    unsigned char fingerprint[32]; /* SHA-256 of the whole */
};

/* The facts of the other side's certificate. False if there is none. */
bool tls_certificate(const struct tls *tls, const struct target *target, struct certificate *ret);

/*
 * Certificates and private keys in PEM files: reading them, saying what they are, and whether a
 * server can use them. The TLS library (monitor's side) and cellftpctl use it. It never judges who
 * may read a file, and never writes one.
 *
 * RET_WORDS is one sentence for the administrator: the file, what is wrong, what to do.
 */
#pragma once

#include "lib/tls.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum {
    CERTIFICATE_FILE_MAX = 256 << 10,
    CERTIFICATE_COUNT_MAX = 16, /* in a chain */
    CERTIFICATE_TEXT_MAX = 256, /* bytes of a subject or an issuer, with the end */
    CERTIFICATE_KIND_MAX = 32,  /* "RSA, 2048 bits" */
    CERTIFICATE_HASH_MAX = 96,  /* "AB:CD:..." of SHA-256 */
    CERTIFICATE_RSA_BITS_MIN = 2048,
    CERTIFICATE_RSA_BITS_MAX = 8192, /* TLS_SIGNATURE_MAX */
};

/* The certificates in FILE in their order, at least one; anything else in it is passed over. The
 * caller frees *RET (certificate_chain_free). Negative errno of the file, -EBADMSG for its content.
 */
int certificate_read(const char *file, STACK_OF(X509) * *ret, char ret_words[TLS_WORDS_MAX]);
void certificate_chain_free(STACK_OF(X509) * chain);

/* The private key in FILE, which is never asked a passphrase for. The caller frees *RET
 * (EVP_PKEY_free, which clears it). Negative errno of the file, -EBADMSG for its content. */
int certificate_read_key(const char *file, EVP_PKEY **ret, char ret_words[TLS_WORDS_MAX]);

/* 0 if a server can use CHAIN, which was read from FILE: the leaf first, each certificate issued by
 * the next one, TLS_CHAIN_MAX bytes of DER at most, a key of a kind and size that is served. Time
 * is not looked at. -EBADMSG. */
int certificate_check(STACK_OF(X509) * chain, const char *file, char ret_words[TLS_WORDS_MAX]);

/* 0 if KEY is the private key of CERTIFICATE, else -EKEYREJECTED. The files are named in the words.
 */
int certificate_check_key(const X509 *certificate, const char *certificate_file,
                          const EVP_PKEY *key, const char *key_file, char ret_words[TLS_WORDS_MAX]);

/* What a certificate says of itself, made fit for a terminal. */
void certificate_subject(const X509 *certificate, char ret[CERTIFICATE_TEXT_MAX]);
void certificate_issuer(const X509 *certificate, char ret[CERTIFICATE_TEXT_MAX]);
/* "RSA, 2048 bits", "EC, P-256", "Ed25519". */
void certificate_kind(const X509 *certificate, char ret[CERTIFICATE_KIND_MAX]);
/* SHA-256 of the whole, as browsers and clients show it. */
void certificate_fingerprint(const X509 *certificate, char ret[CERTIFICATE_HASH_MAX]);
/* Signed with its own key: only who has been given it can trust it. */
bool certificate_is_self_signed(X509 *certificate);
time_t certificate_begins(const X509 *certificate);
time_t certificate_expires(const X509 *certificate);

/* The name or address number INDEX, counted from 0, that CERTIFICATE is for (subject alternative
 * names only, as clients do: RFC 6125). False if there are not so many. */
bool certificate_name(const X509 *certificate, size_t index, char ret[TLS_NAME_MAX + 1]);
/* True if CERTIFICATE is for the host or address NAME. */
bool certificate_covers(X509 *certificate, const char *name);

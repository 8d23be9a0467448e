/*
 * Whether a client has proved to have a certificate: the verifier's work. Private to src/tls; runs
 * in the verifier's cell only, because everything here reads what a stranger has sent. It trusts
 * nothing but the monitor's part of the question, opens nothing, and asks nobody.
 */
#pragma once

#include "lib/client_certificate.h"

#include <openssl/x509.h>

/* Judges the messages in QUESTION; what is said about it in lib/tls.h. */
void client_verify(const struct client_question *question, struct client_certificate *ret);

/* The chain of LEAF over UNTRUSTED to one of the authorities; client_chain.c. Sets the verdict and
 * the words, and returns whether it is good. */
bool client_chain_verify(const struct client_question *question, X509 *leaf,
                         STACK_OF(X509) * untrusted, struct client_certificate *ret);

/* Adds all that one of the files has to STORE, PEM. -ENODATA if there is nothing, -EBADMSG if
 * something is damaged. */
int client_chain_authorities(const uint8_t *bytes, size_t size, X509_STORE *store);
int client_chain_revocations(const uint8_t *bytes, size_t size, X509_STORE *store);
/* How a chain is verified; REVOCATIONS: the store has lists. */
bool client_chain_configure(X509_STORE_CTX *context, bool revocations);

/* The names of LEAF; client_names.c. The subject and the fingerprint are for the log, whatever they
 * are. */
void client_names_describe(const X509 *leaf, struct client_certificate *ret);
/* The names that can be an account's; false, with verdict and words, if one could be read in two
 * ways. */
bool client_names_read(const X509 *leaf, struct client_certificate *ret);

/* Sets the verdict and the words. Always false. */
bool client_refuse(struct client_certificate *ret, enum client_verdict verdict, const char *words);

/*
 * Which certificate and key are a host's, and whether they can be used. The monitor asks for each
 * connection anew, and cellftpd --check; never a session, and never before its process is a fork of
 * its own if the key stays open.
 */
#pragma once

#include "lib/config.h"
#include "lib/tls.h"

#include <limits.h>

/* Bytes of a sentence with the names of two files, with its end. */
enum { TLS_SENTENCE_MAX = 2 * PATH_MAX + 512 };

struct tls_files {
    char host[TLS_NAME_MAX + 1]; /* "": the server's own */
    char certificate[PATH_MAX];
    char key[PATH_MAX];
};

/* Those of the host NAME, as a client says it: in tls.hosts if there is a directory of that name,
 * else the server's own. What is no name of a host has none there. */
void tls_files_find(const struct config *config, const char *name, struct tls_files *ret);

/* Opens FILES. Negative errno, and RET_WORDS has what is wrong with which file and what to do:
 * -EPERM if others can read the key or write to either, -ENOENT if one is missing, -EKEYREJECTED if
 * they do not belong together, else whatever else makes them unusable. */
int tls_identity_load(const struct tls_library *library, const struct tls_files *files,
                      struct tls_identity **ret, char ret_words[TLS_SENTENCE_MAX]);

/* The word for the log for such an error. */
const char *tls_identity_reason(int error);

/* The word for the log if the certificate, which ends at EXPIRES, has expired at NOW or is within
 * tls.expiry_warning of its end, and RET_WORDS; else NULL. */
const char *tls_identity_warning(const struct config *config, const struct tls_files *files,
                                 time_t expires, time_t now, char ret_words[TLS_SENTENCE_MAX]);

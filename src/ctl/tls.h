/*
 * What the commands about certificates share. Only src/ctl includes it. OpenSSL is used through
 * tls/certificate.h, and directly where something is made or judged; no private key is ever shown.
 */
#pragma once

#include "ctl/command.h"
#include "lib/tls_identity.h"
#include "tls/certificate.h"

enum { TLS_NAMES_MAX = 32 };

/* Host names and addresses, each once, the first one first. */
struct tls_names {
    size_t count;
    char names[TLS_NAMES_MAX][TLS_NAME_MAX + 1];
};
/* False if there is no room; a name that is there already changes nothing. */
bool tls_names_add(struct tls_names *names, const char *name);
/* Those that this machine has: its host name, its full name, and localhost. */
void tls_names_of_machine(struct tls_names *ret);
/* Those of --name. False after having said that there are too many. */
bool tls_names_given(const struct invocation *invocation, struct tls_names *names);

/* Where the certificate and the key of HOST are, or will be; HOST is NULL for those of all hosts
 * that have none of their own. False after having said that the paths are too long. */
bool tls_files_of(const struct config *config, const char *host, struct tls_files *ret);
/* Those that the command is about: of the host that it names, or else tls.certificate and all in
 * tls.hosts. VISIT returns whether all is well; so does this. */
bool tls_files_each(const struct invocation *invocation,
                    bool (*visit)(const struct tls_files *files, void *data), void *data);

/* --- Making them --- */

struct tls_text {
    char *bytes; /* PEM */
    size_t size;
};
/* Clears it. */
void tls_text_free(struct tls_text *text);
#define cleanup_tls_text __attribute__((cleanup(tls_text_free)))

/* The words that --type takes; NULL ends them. The first is the default. */
extern const char *const tls_key_types[];

/* Makes a key of TYPE, one of tls_key_types, and a certificate for NAMES that it has signed itself,
 * which is good from an hour ago until DAYS from now. -EIO if OpenSSL fails, -ENOMEM. */
int tls_create(const struct tls_names *names, const char *type, unsigned days,
               struct tls_text *ret_key, struct tls_text *ret_certificate);

/* Puts both in their places, or none. Without FORCE, -EEXIST if one of them is there; but if an
 * interrupted tls_store has left a new key without its certificate, puts that to it instead, and
 * returns 1. Directories that are missing are made, for root alone. WORDS says what has failed. */
int tls_store(const struct tls_files *files, const struct tls_text *key,
              const struct tls_text *certificate, bool force, struct buffer *words);
/* -EEXIST with WORDS if one of them is there. */
int tls_store_refuses(const struct tls_files *files, struct buffer *words);

/* --- Judging them --- */

/* What a check has to say. A problem and a note have a REMEDY. Texts are copied. */
struct tls_check;
void tls_found(struct tls_check *check, enum tls_result result, const char *file,
               const char *remedy, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Whether CHAIN, read from FILE, is strong, leads to a CA that this system knows, and is not over:
 * tls_check_chain.c. WARNING: days before the end that are a problem. */
void tls_check_chain(struct tls_check *check, const char *file, STACK_OF(X509) * chain,
                     unsigned warning);
/* Who can read and replace the files: tls_check_files.c. */
void tls_check_files(struct tls_check *check, const struct tls_files *files);
/* Ciphers and groups, and what is switched off. */
void tls_check_settings(struct tls_check *check, const struct config *config);

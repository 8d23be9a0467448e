/*
 * What the three processes say to each other about a client's certificate, and what it is worth.
 *
 * The session, which a stranger may have taken over, collects the messages of the control
 * connection's handshake (RFC 8446) and hands them to the monitor; the monitor, which parses
 * nothing of a stranger's, hands them on to the verifier: a process in a cell like a session's,
 * started before the private key was loaded. The verifier believes the session nothing. It
 * recomputes what the monitor has signed in this very connection out of these messages, and only
 * then looks at the client's signature and certificate (src/tls/client_certificate.c). The monitor
 * compares the names that come back with an account. Monitor, session and src/tls use this; nothing
 * here parses a certificate.
 */
#pragma once

#include "lib/account.h"
#include "lib/config.h"
#include "lib/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CLIENT_MESSAGES_MAX = 16384,  /* bytes of a handshake that is looked at */
    CLIENT_CHALLENGE_SIZE = 32,   /* random, of the monitor, in each CertificateRequest */
    CLIENT_HASH_MAX = 48,         /* of a transcript: SHA-256 or SHA-384 */
    CLIENT_CHAIN_HASH_SIZE = 32,  /* SHA-256 */
    CLIENT_FILE_MAX = 4 << 20,    /* bytes of the file of authorities, and of the one of CRLs */
    CLIENT_NAME_MAX = 128,        /* bytes of a name in a certificate that can be an account's */
    CLIENT_WANTED_MAX = 160,      /* bytes of certificate_name in an account's record */
    CLIENT_NAMES_MAX = 8,         /* e-mail addresses, and DNS names, that are looked at */
    CLIENT_SUBJECT_MAX = 256,     /* bytes of a subject in the log */
    CLIENT_WORDS_MAX = 256,       /* bytes of a sentence about what is wrong, with its end */
    CLIENT_FINGERPRINT_SIZE = 64, /* hexadecimal digits of SHA-256 */
};

/* The extension of CertificateRequest that carries the challenge: private use (RFC 8446 section
 * 11); clients must pass over what they do not know (section 4.3.2). */
enum { CLIENT_CHALLENGE_EXTENSION = 0xff7a };

/* What became of a certificate; the word is the log's. */
/* clang-format off */
#define CLIENT_VERDICTS(X)                                                                          \
    X(GOOD,        "good")                                                                          \
    X(MALFORMED,   "malformed")       /* these are no messages of a handshake with a certificate */ \
    X(TRANSCRIPT,  "transcript")      /* the messages are not those of this connection */           \
    X(SIGNATURE,   "bad-signature")   /* the client does not have the key */                        \
    X(AUTHORITIES, "authorities")     /* tls.client_ca cannot be used */                            \
    X(REVOCATIONS, "revocations")     /* tls.client_crl cannot be used, or is out of date */        \
    X(UNTRUSTED,   "untrusted")       /* not issued by one of the authorities */                    \
    X(EARLY,       "not-yet-valid")                                                                 \
    X(EXPIRED,     "expired")                                                                       \
    X(PURPOSE,     "purpose")         /* not for clients */                                         \
    X(WEAK,        "weak")            /* a key or a signature that can be forged */                 \
    X(REVOKED,     "revoked")                                                                       \
    X(NAME,        "bad-name")        /* a name with a zero byte or a control character */          \
    X(SILENT,      "verifier-failed") /* the verifier gave no answer */
/* clang-format on */
#define CLIENT_VERDICT_ENUM(name, word) CLIENT_##name,
enum client_verdict { CLIENT_VERDICTS(CLIENT_VERDICT_ENUM) CLIENT_VERDICT_COUNT };
#undef CLIENT_VERDICT_ENUM
const char *client_verdict_word(enum client_verdict verdict);

/* What the verifier is asked; all but the messages comes from the monitor. */
struct client_question {
    const uint8_t *messages; /* handshake messages from ClientHello to CertificateVerify */
    size_t messages_size;
    uint8_t signed_hash[CLIENT_HASH_MAX]; /* what the monitor has signed in this connection */
    size_t signed_size;
    uint8_t challenge[CLIENT_CHALLENGE_SIZE]; /* the monitor's, for this connection only */
    uint8_t
        chain_hash[CLIENT_CHAIN_HASH_SIZE]; /* SHA-256 of the chain that this server has shown */
    const uint8_t *authorities;             /* the files, as they are */
    size_t authorities_size;
    const uint8_t *revocations; /* NULL: there is no such file */
    size_t revocations_size;
};

/* Opens one of the two files: root's, which nobody else can change, because who can, can let
 * anybody in. -EPERM if it is not so, else negative errno; the words for either. */
int client_file_open(const char *path);
const char *client_file_fault(int error);

struct client_file {
    uint8_t *bytes; /* NULL: there is none */
    size_t size;
};
/* All of the file FD. Negative errno, -EFBIG past CLIENT_FILE_MAX. */
int client_file_read(int fd, struct client_file *ret);
void client_file_free(struct client_file *file);
#define cleanup_client_file __attribute__((cleanup(client_file_free)))

/* The messages between the monitor and the verifier, which begins as any session does (READY). */
enum {
    CLIENT_QUESTION = 0x300, /* a struct client_question, [fd authorities] */
    CLIENT_REVOCATION_FILE,  /* nothing, [fd revocations], if there are any */
    CLIENT_ANSWER,           /* a struct client_certificate */
};
/* The question without its files. What is read points into MESSAGE; -EBADMSG. */
void client_question_put(struct message *message, const struct client_question *question);
int client_question_get(struct message *message, struct client_question *ret);

/* What it answers. Names are set if the certificate is good, subject and fingerprint if there is
 * one to be read; all are printable UTF-8. */
struct client_certificate {
    enum client_verdict verdict;
    char words[CLIENT_WORDS_MAX];
    char subject[CLIENT_SUBJECT_MAX + 1]; /* RFC 2253, for the log */
    char fingerprint[CLIENT_FINGERPRINT_SIZE + 1];
    char common_name[CLIENT_NAME_MAX + 1]; /* "" if there is none, or more than one */
    size_t email_count;
    char emails[CLIENT_NAMES_MAX][CLIENT_NAME_MAX + 1];
    size_t host_count;
    char hosts[CLIENT_NAMES_MAX][CLIENT_NAME_MAX + 1];
};

/* Refuses a good one with a name that a terminal would act upon (text_character). */
void client_certificate_refuse_names(struct client_certificate *certificate);

/* The answer in and out of a message. Reading is strict, because the verifier has read a stranger's
 * certificate: -EBADMSG for anything that it would not have written. */
void client_certificate_put(struct message *message, const struct client_certificate *certificate);
int client_certificate_get(struct message *message, struct client_certificate *ret);

/*
 * Whether CERTIFICATE, which is good, is for the account NAME. WANTED is the account's key
 * certificate_name: "cn:NAME" or just "NAME", "email:ADDRESS", "dns:HOST", "sha256:FINGERPRINT";
 * NULL: the common name must be the account's name. One kind of name never stands for another.
 */
bool client_certificate_is_for(const struct client_certificate *certificate, const char *wanted,
                               const char *name);
/* NULL if TEXT can be a certificate_name, else what is wrong with it. */
const char *client_certificate_name_fault(const char *text);

/* What a certificate means for a login. */
enum client_rule {
    CLIENT_RULE_NONE,    /* nothing: the password decides */
    CLIENT_RULE_ANY,     /* a good one of anybody's, and the password */
    CLIENT_RULE_MAY,     /* the account's own is enough, else the password */
    CLIENT_RULE_FACTOR,  /* the account's own, and the password */
    CLIENT_RULE_INSTEAD, /* the account's own, and no password ever */
};
/* The rule for ACCOUNT: its own key, or what tls.client_certificates and tls.client_login say. A
 * system user (without a password of ours) always needs the password. */
enum client_rule client_rule(const struct config *config, const struct account *account);

/* Why ACCOUNT is not let in, as a word for the log, NULL if it is: PASSWORD_FITS says what the
 * password is worth, CERTIFICATE is NULL if none was shown that is good. */
const char *client_judge(const struct config *config, const struct account *account,
                         const struct client_certificate *certificate, bool password_fits);

/*
 * Users of the system: which of them may log in, whatever PAM says, and why one was refused, in a
 * word for the log. The PAM process and cellftpctl use it. It asks no name service and no PAM: what
 * those have said comes in, a decision goes out.
 */
#pragma once

#include "lib/config.h"

#include <pwd.h>
#include <shadow.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>

/* Why a login was refused: the reason=WORD of the log. A client is never told. */
/* clang-format off */
#define REFUSALS(X)                                \
    X(UNKNOWN_USER,     "unknown-user")            \
    X(BAD_PASSWORD,     "bad-password")            \
    X(LOCKED,           "locked")                  \
    X(EXPIRED,          "expired")                 \
    X(PASSWORD_EXPIRED, "password-expired")        \
    X(NOLOGIN,          "nologin")                 \
    X(FTPUSERS,         "ftpusers")                \
    X(UID_TOO_LOW,      "uid-too-low")             \
    X(UID_OF_LOCAL,     "uid-of-local-accounts")   \
    X(GROUP_ROOT,       "group-root")              \
    X(NO_HOME,          "no-home")                 \
    X(PAM_DENIED,       "pam-denied")              \
    X(PAM_CONVERSATION, "pam-conversation")        \
    X(PAM_ERROR,        "pam-error")               \
    X(PAM_SERVICE,      "pam-service")             \
    X(PAM_CRASHED,      "pam-crashed")             \
    X(PAM_TIMEOUT,      "pam-timeout")             \
    X(NO_CERTIFICATE,   "no-certificate")          \
    X(OTHER_CERTIFICATE, "other-certificate")      \
    X(LIMITS,           "limits")                  \
    X(STOPPING,         "stopping")                \
    X(TLS_REQUIRED,     "tls-required")            \
    X(NETWORK,          "network")                 \
    X(HOURS,            "hours")                   \
    X(RULES,            "rules")
/* clang-format on */

#define REFUSAL_ENUM(name, word) REFUSAL_##name,
enum refusal { REFUSAL_NONE, REFUSALS(REFUSAL_ENUM) REFUSAL_COUNT };
#undef REFUSAL_ENUM

/* NULL for REFUSAL_NONE. */
const char *refusal_word(enum refusal refusal);

/* What PAM was asked when it said no. */
enum pam_phase { PAM_PHASE_AUTH, PAM_PHASE_ACCOUNT, PAM_PHASE_CREDENTIALS, PAM_PHASE_SESSION };
const char *pam_phase_name(enum pam_phase phase);

/* What the result CODE of PHASE means, as far as it can be told. */
enum refusal refusal_of_pam(enum pam_phase phase, int code);

/* What ENTRY of the shadow file (NULL: there is none) says about a refusal in PHASE: a stack often
 * has one answer for everything. REFUSAL_NONE if it says nothing. */
enum refusal refusal_of_shadow(enum pam_phase phase, const struct spwd *entry, time_t now);

/* A name that a name service and PAM may be asked about: shorter than REQUEST_NAME_MAX (one of that
 * length may be the beginning of a longer one), no slash, no colon, no
 * control character, no "-" in front, not "." or "..". Everything else in it is literal (row A17).
 */
bool system_user_name_is_good(const char *name);

/* Whether a user with this uid and primary group may log in. */
enum refusal system_user_check(const struct config *config, uid_t uid, gid_t gid);

/* Whether the user with this entry may log in, whatever PAM says (row A18): the same, and
 * /etc/ftpusers, which must be readable if it is there. */
enum refusal system_user_permit(const struct config *config, const struct passwd *entry);

/* True if FILE, in the format of wu-ftpd's ftpusers (a name in each line, # begins a comment), has
 * NAME. */
bool ftpusers_has(FILE *file, const char *name);

/* Which users of the system may log in: see system_user.h. */
#include "lib/system_user.h"

#include "lib/cleanup.h"
#include "lib/request.h"
#include "lib/text.h"

#include <security/pam_appl.h>
#include <stdlib.h>
#include <string.h>

const char *refusal_word(enum refusal refusal)
{
    static const char *const words[] = {
#define REFUSAL_ROW(name, word) [REFUSAL_##name] = (word),
        REFUSALS(REFUSAL_ROW)
#undef REFUSAL_ROW
    };
    return words[refusal];
}

const char *pam_phase_name(enum pam_phase phase)
{
    static const char *const names[] = {
        [PAM_PHASE_AUTH] = "auth",
        [PAM_PHASE_ACCOUNT] = "account",
        [PAM_PHASE_CREDENTIALS] = "setcred",
        [PAM_PHASE_SESSION] = "session",
    };
    return names[phase];
}

enum refusal refusal_of_pam(enum pam_phase phase, int code)
{
    /* The same in every phase (pam(3)); PAM_AUTH_ERR in the account phase is a "no" without a
     * reason, from pam_nologin, pam_succeed_if and others. */
    static const struct {
        int code;
        enum refusal refusal;
    } rows[] = {
        {PAM_USER_UNKNOWN, REFUSAL_UNKNOWN_USER},
        {PAM_MAXTRIES, REFUSAL_LOCKED},
        {PAM_ACCT_EXPIRED, REFUSAL_EXPIRED},
        {PAM_NEW_AUTHTOK_REQD, REFUSAL_PASSWORD_EXPIRED},
        {PAM_AUTHTOK_EXPIRED, REFUSAL_PASSWORD_EXPIRED},
        {PAM_CRED_EXPIRED, REFUSAL_PASSWORD_EXPIRED},
        {PAM_AUTH_ERR, REFUSAL_PAM_DENIED},
        {PAM_PERM_DENIED, REFUSAL_PAM_DENIED},
        {PAM_CONV_ERR, REFUSAL_PAM_CONVERSATION},
    };
    if (phase == PAM_PHASE_AUTH && code == PAM_AUTH_ERR)
        return REFUSAL_BAD_PASSWORD;
    for (size_t i = 0; i < ELEMENTS(rows); i++)
        if (rows[i].code == code)
            return rows[i].refusal;
    return REFUSAL_PAM_ERROR;
}

enum refusal refusal_of_shadow(enum pam_phase phase, const struct spwd *entry, time_t now)
{
    if (!entry)
        return REFUSAL_NONE;
    if (phase == PAM_PHASE_AUTH) {
        bool locked = entry->sp_pwdp && (entry->sp_pwdp[0] == '!' || entry->sp_pwdp[0] == '*');
        return locked ? REFUSAL_LOCKED : REFUSAL_NONE;
    }
    /* shadow(5): days since 1970, negative or empty (-1) for never. */
    long today = (long)(now / 86400);
    if (entry->sp_expire >= 0 && today >= entry->sp_expire)
        return REFUSAL_EXPIRED;
    if (entry->sp_lstchg == 0)
        return REFUSAL_PASSWORD_EXPIRED;
    if (entry->sp_lstchg > 0 && entry->sp_max >= 0 && today - entry->sp_lstchg > entry->sp_max)
        return REFUSAL_PASSWORD_EXPIRED;
    return REFUSAL_NONE;
}

bool system_user_name_is_good(const char *name)
{
    size_t size = strnlen(name, REQUEST_NAME_MAX + 1);
    return size > 0 && size < REQUEST_NAME_MAX && name[0] != '-' && !strpbrk(name, "/:") &&
           text_is_plain(name, size) && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

enum refusal system_user_check(const struct config *config, uid_t uid, gid_t gid)
{
    if (uid == 0 || uid < config->pam_uid_min)
        return REFUSAL_UID_TOO_LOW;
    /* The kernel keeps apart what has different numbers only; (uid_t)-1 means "no change" to it. */
    if ((uid >= config->accounts_uid_min && uid <= config->accounts_uid_max) || uid == (uid_t)-1)
        return REFUSAL_UID_OF_LOCAL;
    if (gid == 0 || gid == (gid_t)-1)
        return REFUSAL_GROUP_ROOT;
    return REFUSAL_NONE;
}

enum refusal system_user_permit(const struct config *config, const struct passwd *entry)
{
    cleanup_fclose FILE *listed = fopen("/etc/ftpusers", "re");
    if (listed ? ftpusers_has(listed, entry->pw_name) : errno != ENOENT)
        return REFUSAL_FTPUSERS;
    return system_user_check(config, entry->pw_uid, entry->pw_gid);
}

bool ftpusers_has(FILE *file, const char *name)
{
    static const char blanks[] = " \t\r\n";
    cleanup_free char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, file) >= 0) {
        line[strcspn(line, "#")] = '\0';
        char *word = line + strspn(line, blanks);
        word[strcspn(word, blanks)] = '\0';
        if (*word && strcmp(word, name) == 0)
            return true;
    }
    return false;
}

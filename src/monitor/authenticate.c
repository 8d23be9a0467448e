/* The back ends of authentication, in their order: see authenticate.h. */
#include "monitor/authenticate.h"

#include "lib/cleanup.h"
#include "lib/tls_policy.h"
#include "lib/words.h"

#include <string.h>

static const struct {
    const char *name; /* in auth.order */
    authenticator authenticate;
} back_ends[] = {
    {"local", authenticate_local},
    {"pam", authenticate_pam},
};

bool authenticate_uses_pam(const struct config *config)
{
    for (char **name = config->auth_order; *name; name++)
        if (strcmp(*name, "pam") == 0)
            return true;
    return false;
}

enum refusal authenticate_judge(struct monitor *monitor, struct account *account)
{
    const struct config *config = monitor->config;
    if (rules_resolve(config, account) < 0)
        return REFUSAL_RULES;
    if (!session_kind_is_tls(monitor->kind) &&
        tls_policy(config, &monitor->remote, account) != USER_MAY)
        return REFUSAL_TLS_REQUIRED;
    if (!rules_admit_address(&account->effective, &monitor->remote))
        return REFUSAL_NETWORK;
    return rules_admit_time(&account->effective, time(NULL)) ? REFUSAL_NONE : REFUSAL_HOURS;
}

const char *authenticate(struct monitor *monitor, const char *user, const char *password,
                         struct account **ret)
{
    if (monitor->config->anonymous_enabled && words_have(monitor->config->anonymous_names, user))
        return authenticate_anonymous(monitor, ret);
    for (char **name = monitor->config->auth_order; *name; name++)
        for (size_t i = 0; i < ELEMENTS(back_ends); i++) {
            if (strcmp(*name, back_ends[i].name) != 0)
                continue;
            const char *reason = NULL;
            switch (back_ends[i].authenticate(monitor, user, password, ret, &reason)) {
            case AUTHENTICATION_GRANTED: return NULL;
            case AUTHENTICATION_REFUSED: return reason;
            default: break;
            }
        }
    return "unknown-user";
}

/* The back ends of authentication, in their order: see authenticate.h. */
#include "monitor/authenticate.h"

#include "lib/cleanup.h"

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

const char *authenticate(struct monitor *monitor, const char *user, const char *password,
                         struct account **ret)
{
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

/* From whom a password in clear is taken: see tls_policy.h. */
#include "lib/tls_policy.h"

#include "lib/cleanup.h"

#include <string.h>

static enum user_verdict default_policy(const struct config *config, const struct address *remote)
{
    switch (config->tls_required) {
    case TLS_REQUIRED_NEVER: return USER_MAY;
    case TLS_REQUIRED_PUBLIC: return address_is_private(remote) ? USER_MAY : USER_NEEDS_TLS;
    default: return USER_NEEDS_TLS;
    }
}

enum user_verdict tls_policy(const struct config *config, const struct address *remote,
                             const struct account *account)
{
    /* Only TLS can show a certificate. */
    if (config->tls_client_certificates == CLIENT_CERTIFICATES_REQUIRED)
        return USER_NEEDS_TLS;
    if (!account)
        return default_policy(config, remote);
    if (account->tls == ACCOUNT_TLS_REQUIRED ||
        (account->role == ACCOUNT_ADMIN && !address_is_loopback(remote)))
        return USER_NEEDS_TLS;
    bool excepted = account->tls == ACCOUNT_TLS_OPTIONAL && account->role != ACCOUNT_ADMIN &&
                    strcmp(config->auth_order[0], "local") == 0;
    return excepted ? USER_MAY : default_policy(config, remote);
}

enum user_verdict tls_policy_of(const struct config *config, const struct address *remote,
                                const char *name)
{
    cleanup_buffer struct buffer ignored;
    buffer_init(&ignored, 4096);
    cleanup_account struct account *account = NULL;
    for (char **order = config->auth_order; *order && !account; order++)
        if (strcmp(*order, "local") == 0)
            (void)account_load(config, name, &account, &ignored);
    if (account && rules_resolve(config, account) < 0) /* a group may make it an administrator */
        return USER_NEEDS_TLS;
    return tls_policy(config, remote, account);
}

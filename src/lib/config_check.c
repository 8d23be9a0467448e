/*
 * What can be wrong in a configuration though each value alone is in its range: see option.h. Only
 * lib/config.c uses it. It never asks the system: the answer is the same on every machine.
 */
#include "lib/address.h"
#include "lib/cleanup.h"
#include "lib/option.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { WORDS_MAX = 512 };

/* The first may be as large as the second, but not larger. */
static void check_order(const struct config *config, config_report report, void *data)
{
    const struct {
        const char *group, *smaller, *larger;
        uint64_t small, large;
    } pairs[] = {
        {"accounts", "uid_min", "uid_max", config->accounts_uid_min, config->accounts_uid_max},
        {"session", "idle", "idle_max", config->session_idle, config->session_idle_max},
        {"login", "delay", "delay_max", config->login_delay, config->login_delay_max},
    };
    for (size_t i = 0; i < ELEMENTS(pairs); i++) {
        if (pairs[i].small <= pairs[i].large)
            continue;
        char words[WORDS_MAX];
        (void)snprintf(words, sizeof(words),
                       "%s.%s is larger than %s.%s; expected the same or less", pairs[i].group,
                       pairs[i].smaller, pairs[i].group, pairs[i].larger);
        report(data, option_find(pairs[i].group, pairs[i].smaller),
               option_find(pairs[i].group, pairs[i].larger), words);
    }
}

/* PASV knows IPv4 only (RFC 959 section 4.1.2), and nobody can connect to 0.0.0.0. "auto" is the
 * address that the client has connected to. */
static bool can_be_announced(const char *text)
{
    struct address address;
    return strcmp(text, "auto") == 0 ||
           (address_parse(text, &address) == 0 && address.family == AF_INET &&
            !address_is_unspecified(&address));
}

static bool is_exception(const char *text)
{
    char network_text[ADDRESS_TEXT_MAX];
    struct network network;
    const char *equals = strchrnul(text, '=');
    size_t length = (size_t)(equals - text);
    if (*equals == '\0' || length >= sizeof(network_text))
        return false;
    memcpy(network_text, text, length);
    network_text[length] = '\0';
    return network_parse(network_text, &network) == 0 && can_be_announced(equals + 1);
}

static void check_passive(const struct config *config, config_report report, void *data)
{
    const char *address = config->passive_address;
    char words[WORDS_MAX];
    if (!can_be_announced(address)) {
        (void)snprintf(words, sizeof(words),
                       "\"%s\" does not fit; expected \"auto\" or an IPv4 address", address);
        report(data, option_find("passive", "address"), NULL, words);
    }
    for (size_t i = 0; config->passive_networks[i]; i++) {
        const char *entry = config->passive_networks[i];
        if (is_exception(entry))
            continue;
        (void)snprintf(words, sizeof(words),
                       "\"%s\" does not fit; expected NETWORK=ADDRESS, as in \"10.0.0.0/8=auto\"",
                       entry);
        report(data, option_find("passive", "networks"), NULL, words);
    }
}

/* Each at most once, and at least one: a server to which nobody can log in is a mistake. */
static void check_auth(const struct config *config, config_report report, void *data)
{
    char **order = config->auth_order;
    bool good = order[0] != NULL && !(order[1] && strcmp(order[0], order[1]) == 0);
    for (size_t i = 0; good && order[i]; i++)
        good = strcmp(order[i], "local") == 0 || strcmp(order[i], "pam") == 0;
    if (!good)
        report(data, option_find("auth", "order"), NULL,
               "does not fit; expected \"local\", \"pam\" or both, each once");
    /* libpam makes lower case of the name before it looks for the file. */
    if (strpbrk(config->pam_service, "/ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
        report(data, option_find("pam", "service"), NULL,
               "does not fit; expected the name of a file in /etc/pam.d, in lower case and without "
               "a slash");
}

/* Only TLS can show a certificate. */
static void check_tls(const struct config *config, config_report report, void *data)
{
    if (!config->tls_enabled && config->tls_client_certificates != CLIENT_CERTIFICATES_OFF)
        report(data, option_find("tls", "enabled"), option_find("tls", "client_certificates"),
               "TLS is off but tls.client_certificates wants it; expected \"off\" with it");
}

void config_check(const struct config *config, config_report report, void *data)
{
    check_order(config, report, data);
    check_passive(config, report, data);
    check_auth(config, report, data);
    check_tls(config, report, data);
}

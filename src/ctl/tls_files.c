/* Where certificates and their keys are, and what this machine is called: see tls.h. It reads
 * directories only. */
#include "ctl/tls.h"

#include "lib/cleanup.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

bool tls_names_add(struct tls_names *names, const char *name)
{
    char lower[TLS_NAME_MAX + 1];
    size_t size = strnlen(name, sizeof(lower));
    if (size == sizeof(lower))
        return false;
    for (size_t i = 0; i <= size; i++)
        lower[i] = (char)tolower((unsigned char)name[i]);
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->names[i], lower) == 0)
            return true;
    if (names->count == TLS_NAMES_MAX)
        return false;
    memcpy(names->names[names->count++], lower, size + 1);
    return true;
}

bool tls_names_given(const struct invocation *invocation, struct tls_names *names)
{
    const char *name;
    for (size_t i = 0; (name = option_value_at(invocation, OPTION_NAME, i)); i++)
        if (!tls_names_add(names, name)) {
            complain("a certificate can be for %d names", TLS_NAMES_MAX);
            return false;
        }
    return true;
}

/* The name with the domain, as "hostname -f" finds it: /etc/hosts or the DNS know it. */
static void add_full_name(struct tls_names *names, const char *name)
{
    struct addrinfo *found = NULL;
    const struct addrinfo hints = {.ai_flags = AI_CANONNAME, .ai_socktype = SOCK_STREAM};
    if (getaddrinfo(name, NULL, &hints, &found) != 0)
        return;
    if (found->ai_canonname && host_is_good(found->ai_canonname))
        (void)tls_names_add(names, found->ai_canonname);
    freeaddrinfo(found);
}

void tls_names_of_machine(struct tls_names *ret)
{
    char name[TLS_NAME_MAX + 1] = "";
    ret->count = 0;
    if (gethostname(name, sizeof(name) - 1) == 0 && host_is_good(name)) {
        if (!strchr(name, '.'))
            add_full_name(ret, name);
        (void)tls_names_add(ret, name);
    }
    (void)tls_names_add(ret, "localhost");
}

static bool format_path(char ret[PATH_MAX], const char *first, const char *second,
                        const char *third)
{
    int size = snprintf(ret, PATH_MAX, "%s%s%s%s%s", first, second ? "/" : "", second ? second : "",
                        third ? "/" : "", third ? third : "");
    if (size >= 0 && size < PATH_MAX)
        return true;
    complain("the paths in the group tls of the configuration are too long");
    return false;
}

bool tls_files_of(const struct config *config, const char *host, struct tls_files *ret)
{
    *ret = (struct tls_files){0};
    if (!host)
        return format_path(ret->certificate, config->tls_certificate, NULL, NULL) &&
               format_path(ret->key, config->tls_key, NULL, NULL);
    (void)snprintf(ret->host, sizeof(ret->host), "%s", host);
    return format_path(ret->certificate, config->tls_hosts, host, "fullchain.pem") &&
           format_path(ret->key, config->tls_hosts, host, "privkey.pem");
}

static int is_host_entry(const struct dirent *entry)
{
    return entry->d_type != DT_REG && host_is_good(entry->d_name);
}

bool tls_files_each(const struct invocation *invocation,
                    bool (*visit)(const struct tls_files *files, void *data), void *data)
{
    const struct config *config = invocation->config;
    struct tls_files files;
    bool good = tls_files_of(config, invocation->name, &files) && visit(&files, data);
    if (invocation->name)
        return good;

    struct dirent **entries = NULL;
    int count = scandir(config->tls_hosts, &entries, is_host_entry, alphasort);
    if (count < 0 && errno != ENOENT) {
        complain("cannot read %s: %s", config->tls_hosts, strerror(errno));
        return false;
    }
    for (int i = 0; i < count; i++) {
        good = tls_files_of(config, entries[i]->d_name, &files) && visit(&files, data) && good;
        free(entries[i]);
    }
    free(entries);
    return good;
}

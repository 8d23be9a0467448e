/* Who can read and replace a certificate and its key, and whether ciphers and groups are there: see
 * tls.h. */
#include "ctl/tls.h"

#include "lib/cleanup.h"
#include "lib/option.h"
#include "tls/settings.h"

#include <errno.h>
#include <grp.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/stat.h>

/* --- Files --- */

static void check_owner(struct tls_check *check, const char *path, const struct stat *state)
{
    if (state->st_uid != 0)
        tls_found(check, TLS_PROBLEM, path, "chown root", "belongs to uid %u, who can replace it",
                  state->st_uid);
    if (state->st_mode & (S_IWGRP | S_IWOTH))
        tls_found(check, TLS_PROBLEM, path, "chmod go-w",
                  "can be replaced by others than root: its mode is %04o",
                  (unsigned)state->st_mode & 07777);
}

/* A directory in which others can write lets them put another file in the place. */
static void check_directory(struct tls_check *check, const char *file)
{
    char path[PATH_MAX];
    struct stat state;
    if (!realpath(file, path)) /* the links of certbot lead elsewhere */
        return;
    char *slash = strrchr(path, '/');
    slash[slash == path] = '\0';
    if (stat(path, &state) == 0)
        check_owner(check, path, &state);
}

static const char *group_name(gid_t gid)
{
    const struct group *group = getgrgid(gid);
    return group ? group->gr_name : "unknown";
}

static void check_key_file(struct tls_check *check, const char *path)
{
    struct stat state;
    if (stat(path, &state) < 0)
        return; /* it was said that it cannot be read */
    check_owner(check, path, &state);
    if (state.st_mode & S_IRWXO)
        tls_found(check, TLS_PROBLEM, path,
                  "chmod 0600, and get a new key and certificate if somebody may have read it",
                  "the server refuses it: everybody can use the private key, its mode is %04o",
                  (unsigned)state.st_mode & 07777);
    else if (state.st_mode & S_IRGRP)
        tls_found(check, TLS_NOTE, path, "chmod 0600 if that is not meant",
                  "the private key can be read by the group %s", group_name(state.st_gid));
    else if (state.st_uid == 0)
        tls_found(check, TLS_OK, path, NULL, "only root can read it");
}

void tls_check_files(struct tls_check *check, const struct tls_files *files)
{
    struct stat state;
    check_key_file(check, files->key);
    check_directory(check, files->key);
    if (strcmp(files->key, files->certificate) == 0)
        return;
    if (stat(files->certificate, &state) == 0)
        check_owner(check, files->certificate, &state);
}

/* --- Settings --- */

/* Whether the server can use what CONFIG says, one list at a time, so that each mistake is found:
 * the others are the defaults meanwhile. */
static void check_lists(struct tls_check *check, struct config *config, SSL_CTX *context)
{
    const struct {
        const char *key;
        char **value;
        char *given;
    } lists[] = {
        {"ciphers", &config->tls_ciphers, config->tls_ciphers},
        {"ciphersuites", &config->tls_ciphersuites, config->tls_ciphersuites},
        {"groups", &config->tls_groups, config->tls_groups},
    };
    char words[TLS_WORDS_MAX];
    for (size_t i = 0; i < ELEMENTS(lists); i++) {
        for (size_t k = 0; k < ELEMENTS(lists); k++)
            *lists[k].value = k == i ? lists[k].given
                                     : (char *)(uintptr_t)option_find("tls", lists[k].key)->initial;
        if (settings_apply(config, context, words) < 0)
            tls_found(check, TLS_PROBLEM, NULL,
                      "take the default (cellftpctl config explain); openssl ciphers -v prints "
                      "names",
                      "%s", words);
    }
}

void tls_check_settings(struct tls_check *check, const struct config *config)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    cleanup_free struct config *copy = malloc(sizeof(*copy)); /* a shallow one */
    if (context && copy) {
        *copy = *config;
        check_lists(check, copy, context);
    } else {
        tls_found(check, TLS_PROBLEM, NULL, "look at /etc/ssl/openssl.cnf",
                  "OpenSSL cannot be used");
    }
    SSL_CTX_free(context);
    if (!config->tls_enabled && config->tls_required == TLS_REQUIRED_ALWAYS)
        tls_found(check, TLS_PROBLEM, NULL, "set tls.enabled = true",
                  "TLS is switched off, and tls.required lets nobody in without");
    else if (!config->tls_enabled)
        tls_found(check, TLS_NOTE, NULL, "set tls.enabled = true",
                  "TLS is switched off, and passwords come in clear");
}

/* Who can read and replace a certificate and its key, and whether ciphers and groups are there: see
 * tls.h. */
#include "ctl/tls.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <grp.h>
#include <openssl/err.h>
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
    if (state.st_mode & S_IROTH)
        tls_found(check, TLS_PROBLEM, path,
                  "chmod 0600, and get a new key and certificate if somebody may have read it",
                  "the private key can be read by everybody: its mode is %04o",
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

static void check_setting(struct tls_check *check, const char *option, const char *value, bool good)
{
    if (!good)
        tls_found(check, TLS_PROBLEM, NULL,
                  "take its default; openssl ciphers -v prints names of ciphers",
                  "%s = \"%s\" has a name that OpenSSL does not know, or none that can be used",
                  option, value);
    ERR_clear_error();
}

void tls_check_settings(struct tls_check *check, const struct config *config)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (!context) {
        tls_found(check, TLS_PROBLEM, NULL, "look at /etc/ssl/openssl.cnf",
                  "OpenSSL cannot be used");
        return;
    }
    check_setting(check, "tls.ciphers", config->tls_ciphers,
                  SSL_CTX_set_cipher_list(context, config->tls_ciphers) == 1);
    check_setting(check, "tls.ciphersuites", config->tls_ciphersuites,
                  SSL_CTX_set_ciphersuites(context, config->tls_ciphersuites) == 1);
    check_setting(check, "tls.groups", config->tls_groups,
                  SSL_CTX_set1_groups_list(context, config->tls_groups) == 1);
    SSL_CTX_free(context);
    if (!config->tls_enabled)
        tls_found(check, TLS_NOTE, NULL, "set tls.enabled = true",
                  "TLS is switched off, and passwords come in clear");
}

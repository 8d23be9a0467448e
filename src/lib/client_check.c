/* Whether clients' certificates can work: see client_check.h. */
#include "lib/client_check.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { SENTENCE_MAX = 512 };

struct client_checking {
    const struct config *config;
    tls_finding found;
    void *context;
};

/* --- The files --- */

static const char *remedy_of(int error, bool is_list)
{
    if (error == -EPERM)
        return "chown root it, and chmod 0644";
    if (is_list)
        return "put a list of each authority there, PEM, or remove the file to do without";
    return "put the certificates of the authorities there, PEM (CLIENT CERTIFICATES in "
           "cellftpd(8)), or set tls.client_certificates = \"off\"";
}

/* False after having said what is wrong with the file at PATH, which the verifier refuses too. */
static bool read_file(const struct client_checking *checking, const char *path, bool is_list,
                      struct client_file *ret)
{
    char words[SENTENCE_MAX];
    cleanup_close int fd = client_file_open(path);
    int r = fd < 0 ? fd : client_file_read(fd, ret);
    if (r == -ENOENT && is_list) {
        checking->found(checking->context, TLS_OK, path,
                        "is not there: no client's certificate can be revoked", NULL);
        return true;
    }
    if (r == 0)
        return true;
    (void)snprintf(words, sizeof(words), "the server refuses every client's certificate: %s",
                   client_file_fault(r));
    checking->found(checking->context, TLS_PROBLEM, path, words, remedy_of(r, is_list));
    return false;
}

static void check_files(const struct client_checking *checking, client_content_checker content)
{
    const struct config *config = checking->config;
    cleanup_client_file struct client_file authorities = {NULL, 0}, revocations = {NULL, 0};
    bool good = read_file(checking, config->tls_client_ca, false, &authorities);
    if (!read_file(checking, config->tls_client_crl, true, &revocations) || !good)
        return;
    const struct client_question question = {
        .authorities = authorities.bytes,
        .authorities_size = authorities.size,
        .revocations = revocations.bytes,
        .revocations_size = revocations.size,
    };
    content(config, &question, checking->found, checking->context);
}

/* --- The accounts --- */

struct client_waiting {
    const struct config *config;
    unsigned count;
    char first[CLIENT_NAME_MAX + 1];
};

/* Counts the accounts that need a certificate, which nobody will ask their clients for. */
static int count_waiting(const char *name, void *data)
{
    struct client_waiting *waiting = data;
    cleanup_account struct account *account = NULL;
    cleanup_buffer struct buffer ignored;
    buffer_init(&ignored, 4096);
    if (account_load(waiting->config, name, &account, &ignored) == 0 && account->enabled &&
        client_rule(waiting->config, account) > CLIENT_RULE_MAY && waiting->count++ == 0)
        (void)snprintf(waiting->first, sizeof(waiting->first), "%s", name);
    return 0;
}

/* Without a way to show a certificate, who needs one cannot log in. */
static void check_accounts(const struct client_checking *checking)
{
    char words[SENTENCE_MAX];
    struct client_waiting waiting = {.config = checking->config, .count = 0};
    (void)account_list(checking->config, count_waiting, &waiting); /* none: nobody waits */
    if (waiting.count == 0)
        return;
    (void)snprintf(words, sizeof(words),
                   "%u account%s a client's certificate to log in, the first is %s; but "
                   "tls.client_certificates is \"off\"",
                   waiting.count, waiting.count > 1 ? "s need" : " needs", waiting.first);
    checking->found(checking->context, TLS_PROBLEM, NULL, words,
                    "set tls.client_certificates = \"optional\", or take the need away: cellftpctl "
                    "user mod NAME --certificate no");
}

void client_check(const struct config *config, client_content_checker content, tls_finding found,
                  void *context)
{
    const struct client_checking checking = {.config = config, .found = found, .context = context};
    if (config->tls_client_certificates != CLIENT_CERTIFICATES_OFF) {
        check_files(&checking, content);
        return;
    }
    check_accounts(&checking);
    if (config->tls_client_login == CLIENT_LOGIN_INSTEAD)
        found(context, TLS_NOTE, NULL,
              "tls.client_login is of no use while tls.client_certificates is \"off\"",
              "set tls.client_certificates = \"optional\" or \"required\"");
}

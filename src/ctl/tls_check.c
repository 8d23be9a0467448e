/*
 * cellftpctl tls check: everything that keeps clients from trusting this server, or lets strangers
 * pass for it, in one run, each with its remedy. It changes nothing.
 */
#include "ctl/table.h"
#include "ctl/tls.h"

#include "lib/cleanup.h"
#include "lib/client_check.h"
#include "tls/client_content.h"

#include <stdarg.h>
#include <string.h>

enum { FOUND_MAX = 2 * PATH_MAX };

static const struct table_column columns[] = {
    {"RESULT", "result", TABLE_TEXT},
    {"FILE", "file", TABLE_TEXT},
    {"FOUND", "found", TABLE_TEXT},
    {"REMEDY", "remedy", TABLE_TEXT},
};

struct tls_check {
    const struct invocation *invocation;
    struct table table;
    struct tls_names given;
    unsigned problems;
};

void tls_found(struct tls_check *check, enum tls_result result, const char *file,
               const char *remedy, const char *format, ...)
{
    static const char *const results[] = {
        [TLS_OK] = "ok", [TLS_NOTE] = "note", [TLS_PROBLEM] = "problem"};
    char found[FOUND_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(found, sizeof(found), format, arguments);
    va_end(arguments);
    table_put(&check->table, results[result]);
    table_put(&check->table, file);
    table_put(&check->table, found);
    table_put(&check->table, remedy);
    check->problems += result == TLS_PROBLEM;
}

/* What was said of FILE by words that begin with its name. */
static void found_words(struct tls_check *check, const char *file, const char *remedy,
                        const char *words)
{
    size_t size = strlen(file);
    bool named = strncmp(words, file, size) == 0 && strncmp(words + size, ": ", 2) == 0;
    tls_found(check, TLS_PROBLEM, file, remedy, "%s", named ? words + size + 2 : words);
}

/* For a file that cannot be read; OTHER is for one that is there. */
static const char *remedy_of(const struct tls_files *files, const char *other)
{
    return access(files->certificate, F_OK) == 0 || access(files->key, F_OK) == 0 ? other
           : files->host[0] != '\0' ? "put fullchain.pem and privkey.pem there"
                                    : "cellftpctl tls self-signed makes it";
}

/* --- The names --- */

static void check_name(struct tls_check *check, const struct tls_files *files, X509 *certificate,
                       const char *name)
{
    if (certificate_covers(certificate, name))
        tls_found(check, TLS_OK, files->certificate, NULL, "is for %s", name);
    else
        tls_found(check, TLS_PROBLEM, files->certificate,
                  "get one with this name among its alternative names; cellftpctl tls show prints "
                  "those that it has",
                  "is not for %s: clients that call the server so refuse it", name);
}

/* Without a name to go by, one of the machine's own would be good; but clients may well use
 * another. */
static void check_machine(struct tls_check *check, const struct tls_files *files, X509 *certificate)
{
    struct tls_names machine;
    tls_names_of_machine(&machine);
    for (size_t i = 0; i < machine.count; i++)
        if (strcmp(machine.names[i], "localhost") != 0 &&
            certificate_covers(certificate, machine.names[i])) {
            check_name(check, files, certificate, machine.names[i]);
            return;
        }
    tls_found(check, TLS_NOTE, files->certificate,
              "give the name that clients use with --name, to have it checked",
              "is for no name of this machine");
}

/* Whether clients that say NAME are shown the certificate in FILES. */
static bool is_shown(const struct tls_check *check, const struct tls_files *files, const char *name)
{
    struct tls_files own;
    if (files->host[0] != '\0')
        return check->invocation->name != NULL;
    tls_files_find(check->invocation->config, name, &own);
    return own.host[0] == '\0';
}

static void check_names(struct tls_check *check, const struct tls_files *files, X509 *certificate)
{
    for (size_t i = 0; i < check->given.count; i++)
        if (is_shown(check, files, check->given.names[i]))
            check_name(check, files, certificate, check->given.names[i]);
    if (files->host[0] != '\0')
        check_name(check, files, certificate, files->host);
    else if (check->given.count == 0)
        check_machine(check, files, certificate);
}

/* --- One certificate and its key --- */

static void check_chain(struct tls_check *check, const struct tls_files *files,
                        STACK_OF(X509) * chain)
{
    char words[TLS_WORDS_MAX];
    if (certificate_check(chain, files->certificate, words) < 0)
        found_words(check, files->certificate,
                    "get another one, or put the certificates in the order in which each is signed "
                    "by the next",
                    words);
    else
        tls_found(check, TLS_OK, files->certificate, NULL,
                  "the server can use it: its key, and %d certificates behind it",
                  sk_X509_num(chain) - 1);
    check_names(check, files, sk_X509_value(chain, 0));
    tls_check_chain(check, files->certificate, chain,
                    (unsigned)check->invocation->config->tls_expiry_warning);
}

static void check_key(struct tls_check *check, const struct tls_files *files,
                      const STACK_OF(X509) * chain)
{
    char words[TLS_WORDS_MAX];
    EVP_PKEY *key = NULL;
    if (certificate_read_key(files->key, &key, words) < 0)
        found_words(check, files->key,
                    remedy_of(files, "put the key of the certificate there, in PEM and without a "
                                     "passphrase"),
                    words);
    else if (chain && certificate_check_key(sk_X509_value(chain, 0), files->certificate, key,
                                            files->key, words) < 0)
        found_words(check, files->key, "install both of the same issue", words);
    else
        tls_found(check, TLS_OK, files->key, NULL, "%s",
                  chain ? "belongs to the certificate" : "is a private key");
    EVP_PKEY_free(key);
}

static bool visit(const struct tls_files *files, void *data)
{
    struct tls_check *check = data;
    char words[TLS_WORDS_MAX];
    STACK_OF(X509) *chain = NULL;
    if (certificate_read(files->certificate, &chain, words) < 0)
        found_words(check, files->certificate,
                    remedy_of(files, "put the certificate of the key there, in PEM"), words);
    else
        check_chain(check, files, chain);
    check_key(check, files, chain);
    tls_check_files(check, files);
    certificate_chain_free(chain);
    return true;
}

/* --- Certificates of clients --- */

static void found_client(void *context, enum tls_result result, const char *file, const char *words,
                         const char *remedy)
{
    tls_found(context, result, file, remedy, "%s", words);
}

enum exit_status command_tls_check(const struct invocation *invocation)
{
    struct tls_check check = {.invocation = invocation};
    if (!tls_names_given(invocation, &check.given))
        return STATUS_USAGE;
    table_begin(&check.table, invocation, columns, ELEMENTS(columns), TABLE_OF_MANY);
    bool done = tls_files_each(invocation, visit, &check);
    tls_check_settings(&check, invocation->config);
    client_check(invocation->config, client_content_check, found_client, &check);
    enum exit_status status = table_end(&check.table);
    table_free(&check.table);
    if (check.problems > 0)
        complain("%u problem%s found", check.problems, check.problems > 1 ? "s" : "");
    return check.problems > 0 || !done ? STATUS_FAILED : status;
}

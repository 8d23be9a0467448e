/* cellftpctl tls show: what the certificates of the server say. It reads no key. */
#include "ctl/table.h"
#include "ctl/tls.h"

#include "lib/cleanup.h"

#include <openssl/objects.h>
#include <string.h>

enum { DAY = 86400, LIST_MAX = TLS_CHAIN_MAX };

static const struct table_column columns[] = {
    {"HOST", "host", TABLE_TEXT},           {"FILE", "file", TABLE_TEXT},
    {"STATE", "state", TABLE_TEXT},         {"DAYS LEFT", "days_left", TABLE_NUMBER},
    {"NAMES", "names", TABLE_TEXT},         {"SUBJECT", "subject", TABLE_TEXT},
    {"ISSUER", "issuer", TABLE_TEXT},       {"SELF-SIGNED", "self_signed", TABLE_BOOLEAN},
    {"CHAIN", "chain", TABLE_TEXT},         {"BEGINS", "begins", TABLE_TEXT},
    {"EXPIRES", "expires", TABLE_TEXT},     {"KEY", "key", TABLE_TEXT},
    {"SIGNATURE", "signature", TABLE_TEXT}, {"SHA-256", "sha256", TABLE_TEXT},
};

struct showing {
    struct table table;
    time_t now;
};

static void put_list(struct table *table, struct buffer *list)
{
    (void)buffer_append(list, "", 1);
    table_put(table, buffer_begin(list)[0] != '\0' ? buffer_begin(list) : NULL);
}

static void put_names(struct table *table, const X509 *certificate)
{
    char name[TLS_NAME_MAX + 1];
    cleanup_buffer struct buffer list;
    buffer_init(&list, LIST_MAX);
    for (size_t i = 0; certificate_name(certificate, i, name); i++)
        (void)buffer_append_format(&list, "%s%s", i > 0 ? ", " : "", name);
    put_list(table, &list);
}

/* The certificates behind the server's own. */
static void put_chain(struct table *table, const STACK_OF(X509) * chain)
{
    char subject[CERTIFICATE_TEXT_MAX];
    cleanup_buffer struct buffer list;
    buffer_init(&list, LIST_MAX);
    for (int i = 1; i < sk_X509_num(chain); i++) {
        certificate_subject(sk_X509_value(chain, i), subject);
        (void)buffer_append_format(&list, "%s%s", i > 1 ? "; " : "", subject);
    }
    put_list(table, &list);
}

static void put_times(struct showing *showing, const X509 *certificate)
{
    time_t begins = certificate_begins(certificate), expires = certificate_expires(certificate);
    time_t left = expires > showing->now ? expires - showing->now : 0;
    table_put(&showing->table, left == 0               ? "expired"
                               : begins > showing->now ? "not valid yet"
                                                       : "valid");
    table_put_number(&showing->table, (uint64_t)left / DAY);
}

static bool visit(const struct tls_files *files, void *data)
{
    struct showing *showing = data;
    struct table *table = &showing->table;
    char words[TLS_WORDS_MAX], text[CERTIFICATE_TEXT_MAX];
    STACK_OF(X509) *chain = NULL;
    if (certificate_read(files->certificate, &chain, words) < 0) {
        complain("%s", words);
        return false;
    }
    X509 *certificate = sk_X509_value(chain, 0);
    table_put(table, files->host[0] != '\0' ? files->host : NULL);
    table_put(table, files->certificate);
    put_times(showing, certificate);
    put_names(table, certificate);
    certificate_subject(certificate, text);
    table_put(table, text);
    certificate_issuer(certificate, text);
    table_put(table, text);
    table_put_boolean(table, certificate_is_self_signed(certificate));
    put_chain(table, chain);
    table_put_time(table, certificate_begins(certificate));
    table_put_time(table, certificate_expires(certificate));
    certificate_kind(certificate, text);
    table_put(table, text);
    table_put(table, OBJ_nid2ln(X509_get_signature_nid(certificate)));
    certificate_fingerprint(certificate, text);
    table_put(table, text);
    certificate_chain_free(chain);
    return true;
}

enum exit_status command_tls_show(const struct invocation *invocation)
{
    struct showing showing = {.now = time(NULL)};
    table_begin(&showing.table, invocation, columns, ELEMENTS(columns), TABLE_OF_BLOCKS);
    bool good = tls_files_each(invocation, visit, &showing);
    enum exit_status status = table_end(&showing.table);
    table_free(&showing.table);
    return good ? status : STATUS_FAILED;
}

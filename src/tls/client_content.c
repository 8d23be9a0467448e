/*
 * What is in the files of client certificates: see client_content.h. Each authority is verified by
 * itself with the settings of the verifier, so that what would refuse all of its certificates is
 * found without one of them.
 */
#include "tls/client_content.h"

#include "lib/cleanup.h"
#include "tls/certificate.h"
#include "tls/client_certificate.h"
#include "tls/start.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>

enum { DAY = 86400, SENTENCE_MAX = CERTIFICATE_TEXT_MAX + 256 };

struct content_check {
    const struct config *config;
    const struct client_question *question;
    tls_finding found;
    void *context;
    char subject[CERTIFICATE_TEXT_MAX]; /* of the authority that is looked at */
    bool good;                          /* so far */
};

/* The text after the subject of the authority. */
static void find(struct content_check *check, enum tls_result result, const char *file,
                 const char *words, const char *remedy)
{
    char sentence[SENTENCE_MAX];
    (void)snprintf(sentence, sizeof(sentence), "%s %s", check->subject, words);
    check->found(check->context, result, file, sentence, remedy);
    check->good = false;
}

/* What refuses every certificate of an authority; IN_LIST: a matter of tls.client_crl. */
static const struct {
    int error;
    bool in_list;
    const char *words;
    const char *remedy;
} errors[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED, false,
     "has expired: the server refuses all certificates that it has issued",
     "put the next one there, and issue the certificates anew if its key is another"},
    {X509_V_ERR_CERT_NOT_YET_VALID, false, "is not valid yet",
     "look whether the clock of this machine is right"},
    {X509_V_ERR_EE_KEY_TOO_SMALL, false, "has a key that is too short: the server refuses it",
     "make an authority with another key: RSA takes 2048 bits"},
    {X509_V_ERR_UNABLE_TO_GET_CRL, true,
     "has no list here: the server refuses all certificates that it has issued",
     "add its list, which openssl ca -gencrl makes, or remove the file to do without"},
    {X509_V_ERR_CRL_HAS_EXPIRED, true,
     "has a list that is out of date: the server refuses all certificates that it has issued",
     "fetch or make the next one (openssl ca -gencrl)"},
    {X509_V_ERR_CRL_NOT_YET_VALID, true, "has a list that is not valid yet",
     "look whether the clock of this machine is right"},
    {X509_V_ERR_CRL_SIGNATURE_FAILURE, true,
     "has a list that it has not signed: the server refuses all certificates that it has issued",
     "fetch or make it anew (openssl ca -gencrl)"},
    {X509_V_ERR_KEYUSAGE_NO_CRL_SIGN, true,
     "may not sign lists: the server refuses all certificates that it has issued",
     "make it anew with keyUsage cRLSign, or remove the file to do without"},
};

static void explain(struct content_check *check, int error, bool has_issuer)
{
    const char *list = check->config->tls_client_crl;
    for (size_t i = 0; i < ELEMENTS(errors); i++) {
        if (errors[i].error != error)
            continue;
        if (errors[i].in_list && has_issuer)
            find(check, TLS_PROBLEM, list,
                 "has an issuer of its own, of which the server wants a list and can use none: it "
                 "refuses all certificates that it has issued",
                 "put an authority without an issuer into tls.client_ca instead, or remove the "
                 "file to do without");
        else
            find(check, TLS_PROBLEM, errors[i].in_list ? list : check->config->tls_client_ca,
                 errors[i].words, errors[i].remedy);
        return;
    }
    find(check, TLS_PROBLEM, check->config->tls_client_ca, X509_verify_cert_error_string(error),
         "get another one, or another list");
}

/* OpenSSL's callback. It goes on after an error, so that one run names them all. That the authority
 * is no client itself is none. */
static int collect(int good, X509_STORE_CTX *context)
{
    int error = X509_STORE_CTX_get_error(context);
    if (!good && error != X509_V_ERR_INVALID_PURPOSE)
        explain(X509_STORE_CTX_get_app_data(context), error,
                X509_self_signed(X509_STORE_CTX_get0_cert(context), 0) != 1);
    return 1;
}

/* In a store of its own, as the end of each chain that leads to it. */
static bool verify(struct content_check *check, X509 *authority)
{
    const struct client_question *question = check->question;
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    bool ready =
        store && context && X509_STORE_add_cert(store, authority) == 1 &&
        (!question->revocations ||
         client_chain_revocations(question->revocations, question->revocations_size, store) == 0) &&
        X509_STORE_CTX_init(context, store, authority, NULL) == 1 &&
        client_chain_configure(context, question->revocations != NULL) &&
        X509_STORE_CTX_set_app_data(context, check) == 1;
    if (ready) {
        X509_STORE_CTX_set_verify_cb(context, collect);
        (void)X509_verify_cert(context);
    }
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return ready;
}

static void check_authority(struct content_check *check, X509 *authority)
{
    const char *file = check->config->tls_client_ca;
    check->good = true;
    certificate_subject(authority, check->subject);
    if (!verify(check, authority))
        find(check, TLS_PROBLEM, file, "was not judged: no memory", "try again");
    if (X509_check_purpose(authority, X509_PURPOSE_SSL_CLIENT, 1) != 1)
        find(check, TLS_NOTE, file, "is no authority for clients: it is good for itself only",
             "put the certificate of the authority there (basicConstraints CA:TRUE)");
    time_t now = time(NULL), expires = certificate_expires(authority);
    if (expires > now && expires - now < (time_t)check->config->tls_expiry_warning * DAY)
        find(check, TLS_NOTE, file, "expires soon: the server refuses all that it has issued then",
             "add the next one");
    if (check->good)
        check->found(check->context, TLS_OK, file, check->subject, NULL);
}

/* Whether all of a file could be read (RESULT); says so if not. */
static bool is_read(const struct content_check *check, int result, const char *file,
                    const char *nothing, const char *remedy)
{
    if (result == 0)
        return true;
    check->found(check->context, TLS_PROBLEM, file,
                 result == -ENODATA ? nothing : "something in it is damaged", remedy);
    return false;
}

void client_content_check(const struct config *config, const struct client_question *question,
                          tls_finding found, void *context)
{
    struct content_check check = {
        .config = config, .question = question, .found = found, .context = context};
    X509_STORE *store = library_start() < 0 ? NULL : X509_STORE_new();
    X509_STORE *lists = store ? X509_STORE_new() : NULL;
    if (!lists)
        found(context, TLS_PROBLEM, config->tls_client_ca, "was not judged: no memory",
              "try again");
    bool good =
        lists &&
        is_read(&check,
                client_chain_authorities(question->authorities, question->authorities_size, store),
                config->tls_client_ca,
                "no certificate in it (PEM, -----BEGIN CERTIFICATE-----): the server "
                "refuses every client's",
                "put the certificates of the authorities there");
    if (lists && question->revocations)
        good &= is_read(
            &check,
            client_chain_revocations(question->revocations, question->revocations_size, lists),
            config->tls_client_crl,
            "no list in it (PEM, -----BEGIN X509 CRL-----): the server refuses every "
            "client's certificate",
            "put a list of each authority there (openssl ca -gencrl), or remove the "
            "file to do without");
    const STACK_OF(X509_OBJECT) *objects = good ? X509_STORE_get0_objects(store) : NULL;
    for (int i = 0; i < sk_X509_OBJECT_num(objects); i++)
        check_authority(&check, X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i)));
    X509_STORE_free(lists);
    X509_STORE_free(store);
    ERR_clear_error();
}

/*
 * Versions, ciphers and groups. See settings.h. What the administrator chooses here can make TLS
 * stricter than the defaults, or more tolerant of old clients, but never weak: no exchange of keys
 * without forward secrecy, no cipher or signature below 112 bits (security level 2), no version
 * before 1.2.
 */
#include "tls/settings.h"

#include "lib/cleanup.h"
#include "tls/start.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { SECURITY_LEVEL = 2, LIST_MAX = 1200 };

static int refuse(char ret_words[TLS_WORDS_MAX], const char *option, const char *problem)
{
    (void)snprintf(ret_words, TLS_WORDS_MAX, "%s: %s", option, problem);
    ERR_clear_error();
    return -EINVAL;
}

/* Only what is signed by the one form that sign() of lib/tls.h has for TLS 1.2: ECDHE with a
 * certificate. Old or broken ciphers go, whatever was asked for. */
static int apply_ciphers(const char *ciphers, SSL_CTX *context, char ret_words[TLS_WORDS_MAX])
{
    char list[LIST_MAX];
    int size = snprintf(list, sizeof list,
                        "%s:!kRSA:!kDHE:!kECDHEPSK:!kDHEPSK:!kRSAPSK:!kPSK:!SRP:!aNULL:!aDSS:!aPSK"
                        ":!eNULL:!LOW:!EXPORT:!3DES:!RC4:!MD5:!SEED:!IDEA",
                        ciphers);
    /* '@' would change the security level. */
    if (size < 0 || (size_t)size >= sizeof list || strchr(ciphers, '@') ||
        SSL_CTX_set_cipher_list(context, list) != 1)
        return refuse(ret_words, "tls.ciphers",
                      "no cipher of TLS 1.2 with ECDHE is left (ciphers(1)); @ is not allowed");
    return 0;
}

/* Those that sign() knows, and those that only TLS 1.3 has, where nothing of the group is signed.
 */
static bool group_is_known(const char *name, size_t size)
{
    static const char *const names[] = {
        "X25519",         "X448",
        "P-256",          "P-384",
        "P-521",          "secp256r1",
        "secp384r1",      "secp521r1",
        "prime256v1",     "ffdhe2048",
        "ffdhe3072",      "ffdhe4096",
        "X25519MLKEM768", "SecP256r1MLKEM768",
    };
    for (size_t i = 0; i < ELEMENTS(names); i++)
        if (strlen(names[i]) == size && strncasecmp(names[i], name, size) == 0)
            return true;
    return false;
}

static int apply_groups(const char *groups, SSL_CTX *context, char ret_words[TLS_WORDS_MAX])
{
    for (const char *name = groups; *name != '\0';) {
        size_t size = strcspn(name, ":");
        if (!group_is_known(name, size))
            return refuse(ret_words, "tls.groups",
                          "a group that is not served: X25519, X448, P-256, P-384, P-521 and, "
                          "where OpenSSL has it, X25519MLKEM768 are, with : between them");
        name += size + (name[size] == ':');
    }
    /* The macros of OpenSSL want to be able to write, and do not. */
    char list[LIST_MAX];
    int size = snprintf(list, sizeof list, "%s", groups);
    if (size < 0 || (size_t)size >= sizeof list || SSL_CTX_set1_groups_list(context, list) != 1)
        return refuse(ret_words, "tls.groups", "this version of OpenSSL does not know all of them");
    return 0;
}

int settings_apply(const struct config *config, SSL_CTX *context, char ret_words[TLS_WORDS_MAX])
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    if (SSL_CTX_set_min_proto_version(context, versions[config->tls_minimum]) != 1 ||
        SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) != 1)
        return refuse(ret_words, "tls.minimum", "OpenSSL does not speak it");
    int error = apply_ciphers(config->tls_ciphers, context, ret_words);
    if (error < 0)
        return error;
    if (SSL_CTX_set_ciphersuites(context, config->tls_ciphersuites) != 1)
        return refuse(ret_words, "tls.ciphersuites", "unknown names (ciphers(1))");
    error = apply_groups(config->tls_groups, context, ret_words);
    if (error < 0)
        return error;
    /* The schemes of sign() in lib/tls.h; SHA-1 and SHA-224 would be offered otherwise. */
    char schemes[] = "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:"
                     "RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:"
                     "RSA+SHA256:RSA+SHA384:RSA+SHA512";
    if (SSL_CTX_set1_sigalgs_list(context, schemes) != 1)
        return refuse(ret_words, "tls", "this OpenSSL lacks signatures");
    SSL_CTX_set_security_level(context, SECURITY_LEVEL);
    return 0;
}

int settings_check(const struct config *config, char ret_words[TLS_WORDS_MAX])
{
    (void)snprintf(ret_words, TLS_WORDS_MAX, "no memory for TLS");
    int error = library_start();
    if (error < 0)
        return error;
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (!context)
        return -ENOMEM;
    error = settings_apply(config, context, ret_words);
    SSL_CTX_free(context);
    if (error == 0)
        ret_words[0] = '\0';
    return error;
}

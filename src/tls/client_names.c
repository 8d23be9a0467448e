/*
 * The names in a client's certificate: see client_certificate.h. A name is text with a length; one
 * with a zero byte in it would be another name to whoever stops there (row T14, CVE-2009-3639).
 * Such a certificate is refused, whichever of its names it is.
 */
#include "tls/client_certificate.h"

#include <openssl/bio.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

void client_names_describe(const X509 *leaf, struct client_certificate *ret)
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (X509_digest(leaf, EVP_sha256(), hash, &size) == 1)
        for (unsigned i = 0; i < size; i++)
            (void)snprintf(ret->fingerprint + (size_t)2 * i, 3, "%02x", hash[i]);
    BIO *memory = BIO_new(BIO_s_mem());
    /* Escapes control characters, and all that is not ASCII. */
    if (memory &&
        X509_NAME_print_ex(memory, X509_get_subject_name(leaf), 0, XN_FLAG_RFC2253) >= 0) {
        int length = BIO_read(memory, ret->subject, CLIENT_SUBJECT_MAX);
        ret->subject[length > 0 ? length : 0] = '\0';
    }
    BIO_free(memory);
}

/* UTF-8 without control characters, C1 among them (two bytes in UTF-8). */
static bool is_plain(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] < ' ' || bytes[i] == 0x7f ||
            (bytes[i] == 0xc2 && i + 1 < size && bytes[i + 1] < 0xa0))
            return false;
    return true;
}

/* Every attribute of the subject must be readable; a common name counts if it is the only one. */
static bool read_subject(const X509 *leaf, char ret_common_name[CLIENT_NAME_MAX + 1])
{
    const X509_NAME *subject = X509_get_subject_name(leaf);
    unsigned common_names = 0;
    bool good = true;
    for (int i = 0; i < X509_NAME_entry_count(subject) && good; i++) {
        const X509_NAME_ENTRY *entry = X509_NAME_get_entry(subject, i);
        unsigned char *text = NULL;
        int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
        good = size >= 0 && is_plain(text, (size_t)size);
        if (good && OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)) == NID_commonName &&
            ++common_names == 1 && size <= CLIENT_NAME_MAX)
            (void)snprintf(ret_common_name, CLIENT_NAME_MAX + 1, "%.*s", size, (const char *)text);
        OPENSSL_free(text);
    }
    if (!good || common_names > 1)
        ret_common_name[0] = '\0';
    return good;
}

/* Takes an alternative name of ASCII; one that is too long, or one too many, is nobody's. */
static bool take_name(const ASN1_STRING *string, char names[][CLIENT_NAME_MAX + 1], size_t *count)
{
    const unsigned char *bytes = ASN1_STRING_get0_data(string);
    size_t size = (size_t)ASN1_STRING_length(string);
    for (size_t i = 0; i < size; i++)
        if (bytes[i] <= ' ' || bytes[i] >= 0x7f)
            return false;
    if (size == 0 || size > CLIENT_NAME_MAX || *count == CLIENT_NAMES_MAX)
        return true;
    memcpy(names[*count], bytes, size);
    names[*count][size] = '\0';
    (*count)++;
    return true;
}

static bool read_alternatives(const X509 *leaf, struct client_certificate *ret)
{
    int critical = 0;
    GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, &critical, NULL);
    bool good = names || critical == -1; /* -1: there is none */
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && good; i++) {
        int type = 0;
        const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
        if (type == GEN_EMAIL)
            good = take_name(value, ret->emails, &ret->email_count);
        else if (type == GEN_DNS)
            good = take_name(value, ret->hosts, &ret->host_count);
    }
    GENERAL_NAMES_free(names);
    return good;
}

bool client_names_read(const X509 *leaf, struct client_certificate *ret)
{
    if (read_subject(leaf, ret->common_name) && read_alternatives(leaf, ret))
        return true;
    ret->common_name[0] = '\0';
    ret->email_count = ret->host_count = 0;
    return client_refuse(ret, CLIENT_NAME,
                         "a name in the certificate has a zero byte or a control character in it, "
                         "or cannot be read");
}

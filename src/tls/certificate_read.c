/*
 * Reading PEM files (RFC 7468) with certificates and keys. See certificate.h. What was read is
 * cleared from memory, because it may have been a key.
 */
#include "tls/certificate.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct content {
    char *bytes;
    size_t size;
};

static void content_free(struct content *content)
{
    OPENSSL_clear_free(content->bytes, content->size);
}
#define cleanup_content __attribute__((cleanup(content_free)))

static int content_fill(struct content *content, int fd)
{
    struct stat state;
    if (fstat(fd, &state) < 0)
        return -errno;
    if (!S_ISREG(state.st_mode))
        return -ENOTSUP;
    if (state.st_size > CERTIFICATE_FILE_MAX)
        return -EFBIG;
    content->size = (size_t)state.st_size;
    content->bytes = OPENSSL_zalloc(content->size + 1);
    if (!content->bytes)
        return -ENOMEM;
    for (size_t done = 0; done < content->size;) {
        ssize_t got = read(fd, content->bytes + done, content->size - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break; /* it became shorter: what is missing shows in the PEM */
        done += (size_t)got;
    }
    return 0;
}

static int content_read(const char *file, struct content *ret, char ret_words[TLS_WORDS_MAX])
{
    cleanup_close int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    int error = fd < 0 ? -errno : content_fill(ret, fd);
    if (error == -ENOTSUP)
        (void)snprintf(ret_words, TLS_WORDS_MAX, "%s is not a file", file);
    else if (error < 0)
        (void)snprintf(ret_words, TLS_WORDS_MAX, "cannot read %s: %s", file, strerror(-error));
    return error;
}

/* One block of a PEM file, decoded. */
struct block {
    char *name;   /* "CERTIFICATE" */
    char *header; /* of RFC 1421; "" in anything but old keys under a passphrase */
    unsigned char *bytes;
    long size;
};

/* PEM_read_bio_ex with this flag clears all that it allocates. */
enum { BLOCK_FLAGS = PEM_FLAG_SECURE | PEM_FLAG_EAY_COMPATIBLE };

static void block_free(struct block *block)
{
    OPENSSL_secure_free(block->name);
    OPENSSL_secure_free(block->header);
    OPENSSL_secure_clear_free(block->bytes, block->size > 0 ? (size_t)block->size : 0);
}
#define cleanup_block __attribute__((cleanup(block_free)))

static bool block_next(BIO *source, struct block *ret)
{
    bool found = PEM_read_bio_ex(source, &ret->name, &ret->header, &ret->bytes, &ret->size,
                                 BLOCK_FLAGS) == 1;
    ERR_clear_error();
    return found;
}

static bool block_is(const struct block *block, const char *name)
{
    return strcmp(block->name, name) == 0;
}

/* Appends the certificate in BLOCK. */
static int chain_append(STACK_OF(X509) * chain, const struct block *block)
{
    if (sk_X509_num(chain) >= CERTIFICATE_COUNT_MAX)
        return -E2BIG;
    const unsigned char *next = block->bytes;
    X509 *certificate = d2i_X509(NULL, &next, block->size);
    ERR_clear_error();
    if (!certificate)
        return -EBADMSG;
    if (sk_X509_push(chain, certificate) > 0)
        return 0;
    X509_free(certificate);
    return -ENOMEM;
}

static int chain_parse(BIO *source, STACK_OF(X509) * chain)
{
    int error = 0;
    for (bool more = true; more && error == 0;) {
        cleanup_block struct block block = {0};
        more = block_next(source, &block);
        if (more && (block_is(&block, "CERTIFICATE") || block_is(&block, "X509 CERTIFICATE")))
            error = chain_append(chain, &block);
    }
    return error;
}

int certificate_read(const char *file, STACK_OF(X509) * *ret, char ret_words[TLS_WORDS_MAX])
{
    cleanup_content struct content content = {0};
    int error = content_read(file, &content, ret_words);
    if (error < 0)
        return error;
    BIO *source = BIO_new_mem_buf(content.bytes, (int)content.size);
    STACK_OF(X509) *chain = sk_X509_new_null();
    error = source && chain ? chain_parse(source, chain) : -ENOMEM;
    BIO_free(source);
    if (error == 0 && sk_X509_num(chain) > 0) {
        *ret = chain;
        return 0;
    }
    certificate_chain_free(chain);
    if (error == -ENOMEM)
        (void)snprintf(ret_words, TLS_WORDS_MAX, "no memory for %s", file);
    else if (error == -E2BIG)
        (void)snprintf(ret_words, TLS_WORDS_MAX, "%s: more than %d certificates in a chain", file,
                       CERTIFICATE_COUNT_MAX);
    else if (error < 0)
        (void)snprintf(ret_words, TLS_WORDS_MAX, "%s: a certificate in it is damaged", file);
    else
        (void)snprintf(ret_words, TLS_WORDS_MAX,
                       "%s: no certificate in it (PEM, -----BEGIN CERTIFICATE-----)", file);
    return error == -ENOMEM ? -ENOMEM : -EBADMSG;
}

void certificate_chain_free(STACK_OF(X509) * chain)
{
    sk_X509_pop_free(chain, X509_free);
}

static bool block_is_key(const struct block *block)
{
    return block_is(block, "PRIVATE KEY") || block_is(block, "RSA PRIVATE KEY") ||
           block_is(block, "EC PRIVATE KEY") || block_is(block, "ENCRYPTED PRIVATE KEY");
}

static const char *key_parse(const struct block *block, EVP_PKEY **ret)
{
    if (block_is(block, "ENCRYPTED PRIVATE KEY") || block->header[0] != '\0')
        return "the key in it is under a passphrase, which nobody is there to type; write it "
               "without one: openssl pkey -in OLD -out NEW";
    const unsigned char *next = block->bytes;
    *ret = d2i_AutoPrivateKey(NULL, &next, block->size);
    ERR_clear_error();
    return *ret ? NULL : "the key in it is damaged, or of a kind that is not known here";
}

int certificate_read_key(const char *file, EVP_PKEY **ret, char ret_words[TLS_WORDS_MAX])
{
    cleanup_content struct content content = {0};
    int error = content_read(file, &content, ret_words);
    if (error < 0)
        return error;
    BIO *source = BIO_new_mem_buf(content.bytes, (int)content.size);
    const char *problem =
        source ? "no private key in it (PEM, -----BEGIN PRIVATE KEY-----)" : "no memory to read it";
    for (bool more = source != NULL; more;) {
        cleanup_block struct block block = {0};
        more = block_next(source, &block);
        if (more && block_is_key(&block)) {
            problem = key_parse(&block, ret);
            more = false;
        }
    }
    BIO_free(source);
    if (!problem)
        return 0;
    (void)snprintf(ret_words, TLS_WORDS_MAX, "%s: %s", file, problem);
    return source ? -EBADMSG : -ENOMEM;
}

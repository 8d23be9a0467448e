/*
 * Certificates and keys in files: what tls/certificate.h reads and says, and what identity_open of
 * lib/tls.h refuses with which words.
 */
#include "tls_fixture.h"

#include "tls/certificate.h"

#include <sys/wait.h>

static char directory[64];
static char certificate_file[96];
static char key_file[96];

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(directory, sizeof directory, "/tmp/test_tls.XXXXXX");
    assert_non_null(mkdtemp(directory));
    (void)snprintf(certificate_file, sizeof certificate_file, "%s/certificate.pem", directory);
    (void)snprintf(key_file, sizeof key_file, "%s/key.pem", directory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(certificate_file);
    (void)unlink(key_file);
    return rmdir(directory);
}

static void put_text(const char *file, const char *mode, const char *text)
{
    FILE *stream = fopen(file, mode);
    assert_non_null(stream);
    assert_true(fputs(text, stream) >= 0);
    assert_int_equal(fclose(stream), 0);
}

/* Opening fails with ERROR, and the words have all of PARTS (up to the NULL) in them. */
static void refused(int error, const char *const *parts)
{
    struct tls_identity *identity = NULL;
    char words[TLS_WORDS_MAX] = "";
    assert_int_equal(cellftpd_tls.identity_open(certificate_file, key_file, &identity, words),
                     error);
    assert_null(identity);
    for (; *parts; parts++)
        if (!strstr(words, *parts))
            fail_msg("\"%s\" is not in \"%s\"", *parts, words);
}
#define REFUSED(error, ...) refused(error, (const char *const[]){__VA_ARGS__, NULL})

static struct tls_identity *opened(const char *certificates, const char *key)
{
    struct tls_identity *identity = NULL;
    char words[TLS_WORDS_MAX];
    if (cellftpd_tls.identity_open(certificates, key, &identity, words) != 0)
        fail_msg("%s", words);
    assert_string_equal(words, "");
    return identity;
}

/* Root, intermediate and leaf; the leaf lives longest. */
struct chain {
    EVP_PKEY *keys[3];
    X509 *certificates[3];
};

static void chain_make(struct chain *chain)
{
    for (size_t i = 0; i < 3; i++)
        chain->keys[i] = fixture_key("P-256");
    chain->certificates[0] = fixture_certificate("root.test", chain->keys[0], NULL, NULL, 10);
    chain->certificates[1] =
        fixture_certificate("middle.test", chain->keys[1], "root.test", chain->keys[0], 20);
    chain->certificates[2] =
        fixture_certificate("leaf.test", chain->keys[2], "middle.test", chain->keys[1], 30);
}

static void chain_free(struct chain *chain)
{
    for (size_t i = 0; i < 3; i++) {
        X509_free(chain->certificates[i]);
        EVP_PKEY_free(chain->keys[i]);
    }
}

static void test_chain(void **state)
{
    (void)state;
    struct chain chain;
    chain_make(&chain);
    fixture_put(certificate_file, "w", chain.certificates[2], NULL);
    fixture_put(certificate_file, "a", chain.certificates[1], NULL);
    fixture_put(certificate_file, "a", chain.certificates[0], NULL);
    fixture_put(key_file, "w", NULL, chain.keys[2]);
    struct tls_identity *identity = opened(certificate_file, key_file);
    size_t size = 0;
    const unsigned char *next = cellftpd_tls.identity_chain(identity, &size);
    const unsigned char *end = next + size;
    for (int i = 2; i >= 0; i--) {
        X509 *certificate = d2i_X509(NULL, &next, end - next);
        assert_non_null(certificate);
        assert_int_equal(X509_cmp(certificate, chain.certificates[i]), 0);
        X509_free(certificate);
    }
    assert_ptr_equal(next, end);
    /* the first of the chain that ends, ends it all */
    time_t now = time(NULL);
    time_t expires = cellftpd_tls.identity_expires(identity);
    assert_in_range(expires, now + 10 * 86400 - 3600, now + 10 * 86400);
    cellftpd_tls.identity_close(identity);
    chain_free(&chain);
}

/* Both in one file, in either order, with text between them, as some tools write it. */
static void test_one_file(void **state)
{
    (void)state;
    for (unsigned order = 0; order < 2; order++) {
        EVP_PKEY *key = fixture_key("RSA-2048");
        X509 *certificate = fixture_certificate("one.test", key, NULL, NULL, 1);
        put_text(certificate_file, "w", "Bag Attributes\n    friendlyName: one\n");
        fixture_put(certificate_file, "a", order ? certificate : NULL, order ? NULL : key);
        put_text(certificate_file, "a", "subject=one\n\n");
        fixture_put(certificate_file, "a", order ? NULL : certificate, order ? key : NULL);
        struct tls_identity *identity = opened(certificate_file, certificate_file);
        cellftpd_tls.identity_close(identity);
        X509_free(certificate);
        EVP_PKEY_free(key);
    }
}

/* As older tools write keys. */
static void test_traditional_keys(void **state)
{
    (void)state;
    static const char *const kinds[] = {"RSA-2048", "P-384"};
    for (size_t i = 0; i < ELEMENTS(kinds); i++) {
        EVP_PKEY *key = fixture_key(kinds[i]);
        X509 *certificate = fixture_certificate("old.test", key, NULL, NULL, 1);
        fixture_put(certificate_file, "w", certificate, NULL);
        BIO *file = BIO_new_file(key_file, "w");
        /* openssl ecparam -genkey puts this before it */
        if (kinds[i][0] == 'P')
            BIO_puts(file, "-----BEGIN EC PARAMETERS-----\nBgUrgQQAIg==\n-----END EC "
                           "PARAMETERS-----\n");
        assert_int_equal(PEM_write_bio_PrivateKey_traditional(file, key, NULL, NULL, 0, NULL, NULL),
                         1);
        BIO_free(file);
        cellftpd_tls.identity_close(opened(certificate_file, key_file));
        X509_free(certificate);
        EVP_PKEY_free(key);
    }
}

static void test_files(void **state)
{
    (void)state;
    REFUSED(-ENOENT, "cannot read", certificate_file, "No such file");
    assert_int_equal(mkdir(certificate_file, 0700), 0);
    REFUSED(-ENOTSUP, certificate_file, "is not a file");
    assert_int_equal(rmdir(certificate_file), 0);
    assert_int_equal(mkfifo(certificate_file, 0600), 0);
    REFUSED(-ENOTSUP, certificate_file, "is not a file");
    assert_int_equal(unlink(certificate_file), 0);
    put_text(certificate_file, "w", "");
    REFUSED(-EBADMSG, certificate_file, "no certificate in it");
    put_text(certificate_file, "w",
             "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    REFUSED(-EBADMSG, certificate_file, "damaged");
    assert_int_equal(truncate(certificate_file, CERTIFICATE_FILE_MAX + 1), 0);
    REFUSED(-EFBIG, certificate_file, "File too large");

    EVP_PKEY *key = fixture_key("P-256");
    X509 *certificate = fixture_certificate("files.test", key, NULL, NULL, 1);
    fixture_put(certificate_file, "w", certificate, NULL);
    REFUSED(-ENOENT, "cannot read", key_file, "No such file");
    fixture_put(key_file, "w", certificate, NULL);
    REFUSED(-EBADMSG, key_file, "no private key in it");
    put_text(key_file, "w", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    REFUSED(-EBADMSG, key_file, "the key in it is damaged");
    X509_free(certificate);
    EVP_PKEY_free(key);
}

/* Half of a file, as while it is being written, is never taken. */
static void test_cut_files(void **state)
{
    (void)state;
    EVP_PKEY *key = fixture_key("P-256");
    X509 *certificate = fixture_certificate("cut.test", key, NULL, NULL, 1);
    fixture_put(certificate_file, "w", certificate, key);
    struct stat whole;
    assert_int_equal(stat(certificate_file, &whole), 0);
    (void)snprintf(key_file, sizeof key_file, "%s", certificate_file);
    for (off_t size = whole.st_size - 2; size >= 0; size--) {
        assert_int_equal(truncate(certificate_file, size), 0);
        struct tls_identity *identity = NULL;
        char words[TLS_WORDS_MAX];
        assert_int_equal(cellftpd_tls.identity_open(certificate_file, key_file, &identity, words),
                         -EBADMSG);
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static void test_passphrase(void **state)
{
    (void)state;
    EVP_PKEY *key = fixture_key("RSA-2048");
    X509 *certificate = fixture_certificate("locked.test", key, NULL, NULL, 1);
    fixture_put(certificate_file, "w", certificate, NULL);
    for (unsigned traditional = 0; traditional < 2; traditional++) {
        BIO *file = BIO_new_file(key_file, "w");
        const EVP_CIPHER *cipher = EVP_aes_128_cbc();
        unsigned char pass[] = "secret";
        assert_int_equal(
            traditional
                ? PEM_write_bio_PrivateKey_traditional(file, key, cipher, pass, 6, NULL, NULL)
                : PEM_write_bio_PKCS8PrivateKey(file, key, cipher, (char *)pass, 6, NULL, NULL),
            1);
        BIO_free(file);
        REFUSED(-EBADMSG, key_file, "passphrase", "openssl pkey -in OLD -out NEW");
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static void test_mismatch(void **state)
{
    (void)state;
    static const char *const kinds[] = {"RSA-2048", "P-256", "P-384", "ED25519"};
    for (size_t i = 0; i < ELEMENTS(kinds); i++) {
        EVP_PKEY *key = fixture_key("P-256");
        EVP_PKEY *other = fixture_key(kinds[i]);
        X509 *certificate = fixture_certificate("mismatch.test", key, NULL, NULL, 1);
        fixture_put(certificate_file, "w", certificate, NULL);
        fixture_put(key_file, "w", NULL, other);
        REFUSED(-EKEYREJECTED, key_file, certificate_file, "does not belong");
        X509_free(certificate);
        EVP_PKEY_free(other);
        EVP_PKEY_free(key);
    }
}

/* Keys that clients refuse, or that no server here signs with. */
static void test_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *kind;
        const char *words;
    } rows[] = {
        {"RSA-1024", "shorter than 2048 bits"},
        {"RSA-2040", "shorter than 2048 bits"},
        {"ED448", "neither RSA, nor EC, nor Ed25519"},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        EVP_PKEY *key = fixture_key(rows[i].kind);
        X509 *certificate = X509_new();
        X509_set_pubkey(certificate, key);
        X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
        X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
        const EVP_MD *hash = strcmp(rows[i].kind, "ED448") == 0 ? NULL : EVP_sha256();
        assert_true(X509_sign(certificate, key, hash) > 0);
        fixture_put(certificate_file, "w", certificate, NULL);
        fixture_put(key_file, "w", NULL, key);
        REFUSED(-EBADMSG, certificate_file, rows[i].words);
        X509_free(certificate);
        EVP_PKEY_free(key);
    }
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1");
    X509 *certificate = fixture_certificate("curve.test", key, NULL, NULL, 1);
    fixture_put(certificate_file, "w", certificate, key);
    fixture_put(key_file, "w", NULL, key);
    REFUSED(-EBADMSG, certificate_file, "none of P-256, P-384 and P-521");
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static void test_order(void **state)
{
    (void)state;
    struct chain chain;
    chain_make(&chain);
    fixture_put(key_file, "w", NULL, chain.keys[2]);
    /* the leaf is not first: then the key is not the first certificate's */
    fixture_put(certificate_file, "w", chain.certificates[1], NULL);
    fixture_put(certificate_file, "a", chain.certificates[2], NULL);
    REFUSED(-EKEYREJECTED, certificate_file);
    /* one is missing between them */
    fixture_put(certificate_file, "w", chain.certificates[2], NULL);
    fixture_put(certificate_file, "a", chain.certificates[0], NULL);
    REFUSED(-EBADMSG, certificate_file, "do not follow one another");
    /* the right name, and another key */
    X509 *forged = fixture_certificate("middle.test", chain.keys[0], NULL, NULL, 1);
    fixture_put(certificate_file, "w", chain.certificates[2], NULL);
    fixture_put(certificate_file, "a", forged, NULL);
    REFUSED(-EBADMSG, certificate_file, "do not follow one another");
    X509_free(forged);
    chain_free(&chain);
}

static void test_too_long(void **state)
{
    (void)state;
    EVP_PKEY *key = fixture_key("RSA-2048");
    X509 *certificate = fixture_certificate("long.test", key, NULL, NULL, 1);
    fixture_put(key_file, "w", NULL, key);
    fixture_put(certificate_file, "w", certificate, NULL);
    for (unsigned i = 1; i < CERTIFICATE_COUNT_MAX + 1; i++)
        fixture_put(certificate_file, "a", certificate, NULL);
    REFUSED(-EBADMSG, certificate_file, "more than 16 certificates");
    X509_free(certificate);

    EVP_PKEY *large = fixture_key("RSA-2048");
    certificate = fixture_certificate("large.test", large, NULL, NULL, 1);
    static char comment[TLS_CHAIN_MAX];
    memset(comment, 'x', sizeof comment - 1);
    fixture_extension(certificate, NID_netscape_comment, comment);
    assert_true(X509_sign(certificate, large, EVP_sha256()) > 0);
    fixture_put(certificate_file, "w", certificate, NULL);
    fixture_put(key_file, "w", NULL, large);
    REFUSED(-EBADMSG, certificate_file, "longer than 16384 bytes");
    X509_free(certificate);
    EVP_PKEY_free(large);
    EVP_PKEY_free(key);
}

static void test_description(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        const char *kind;
    } rows[] = {
        {"RSA-2048", "RSA, 2048 bits"}, {"P-256", "EC, P-256"}, {"P-384", "EC, P-384"},
        {"P-521", "EC, P-521"},         {"ED25519", "Ed25519"},
    };
    char text[CERTIFICATE_TEXT_MAX];
    char kind[CERTIFICATE_KIND_MAX];
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        EVP_PKEY *key = fixture_key(rows[i].key);
        X509 *certificate = fixture_certificate("kind.test", key, NULL, NULL, 5);
        certificate_kind(certificate, kind);
        assert_string_equal(kind, rows[i].kind);
        assert_true(certificate_is_self_signed(certificate));
        time_t now = time(NULL);
        assert_in_range(certificate_begins(certificate), now - 3700, now - 3600);
        assert_in_range(certificate_expires(certificate), now + 5 * 86400 - 60, now + 5 * 86400);
        X509_free(certificate);
        EVP_PKEY_free(key);
    }
    struct chain chain;
    chain_make(&chain);
    X509 *leaf = chain.certificates[2];
    certificate_subject(leaf, text);
    assert_string_equal(text, "CN=leaf.test");
    certificate_issuer(leaf, text);
    assert_string_equal(text, "CN=middle.test");
    assert_false(certificate_is_self_signed(leaf));
    char fingerprint[CERTIFICATE_HASH_MAX];
    certificate_fingerprint(leaf, fingerprint);
    assert_int_equal(strlen(fingerprint), 32 * 3 - 1);
    assert_int_equal(strspn(fingerprint, "0123456789ABCDEF:"), 32 * 3 - 1);
    chain_free(&chain);
}

static void test_names(void **state)
{
    (void)state;
    EVP_PKEY *key = fixture_key("P-256");
    X509 *certificate = fixture_certificate("a.test", key, NULL, NULL, 1);
    char name[TLS_NAME_MAX + 1];
    static const char *const expected[] = {"a.test", "*.wild.a.test", "192.0.2.7"};
    for (size_t i = 0; i < ELEMENTS(expected); i++) {
        assert_true(certificate_name(certificate, i, name));
        assert_string_equal(name, expected[i]);
    }
    assert_false(certificate_name(certificate, ELEMENTS(expected), name));
    assert_true(certificate_covers(certificate, "a.test"));
    assert_false(certificate_covers(certificate, "b.test"));
    X509_free(certificate);

    /* a name with a control character or a zero is none; the common name is none either */
    certificate = X509_new();
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                               (const unsigned char *)"a.test\x1b[2J", -1, -1, 0);
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    static const struct {
        const char *bytes;
        int size;
    } bad[] = {{"a.test\0.evil.test", 17}, {"a\nb", 3}, {"", 0}};
    for (size_t i = 0; i < ELEMENTS(bad); i++) {
        GENERAL_NAME *entry = GENERAL_NAME_new();
        ASN1_IA5STRING *value = ASN1_IA5STRING_new();
        ASN1_STRING_set(value, bad[i].bytes, bad[i].size);
        GENERAL_NAME_set0_value(entry, GEN_DNS, value);
        sk_GENERAL_NAME_push(names, entry);
    }
    assert_int_equal(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0), 1);
    assert_false(certificate_name(certificate, 0, name));
    assert_false(certificate_covers(certificate, "a.test"));
    char text[CERTIFICATE_TEXT_MAX];
    certificate_subject(certificate, text);
    assert_string_equal(text, "CN=a.test\\1B[2J");
    GENERAL_NAMES_free(names);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

#ifndef CELLFTPD_SANITIZED /* there freed memory is kept, on purpose */

/* A part of a private key, each byte inverted, so that this test's own copy is not found. */
struct secret {
    uint8_t inverted[512];
    size_t size;
};

static bool stands_at(const uint8_t *at, const struct secret *secret, bool reversed)
{
    for (size_t i = 0; i < secret->size; i++) {
        uint8_t inverted = secret->inverted[reversed ? secret->size - 1 - i : i];
        if ((at[i] ^ inverted) != 0xff)
            return false;
    }
    return true;
}

/* How often it stands in this process's writable memory: as in a file, or as OpenSSL calculates
 * with it, which is backwards on this machine. */
static unsigned occurrences(const struct secret *secret)
{
    unsigned found = 0;
    cleanup_fclose FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    char line[512];
    while (fgets(line, sizeof line, maps)) {
        char *rest = NULL;
        const uint8_t *at = (const uint8_t *)strtoul(line, &rest, 16);
        const uint8_t *end = (const uint8_t *)strtoul(rest + 1, &rest, 16);
        if (strncmp(rest, " rw", 3) != 0)
            continue;
        for (; at + secret->size <= end; at++)
            found += stands_at(at, secret, false) || stands_at(at, secret, true);
    }
    return found;
}

/* A child makes the files, so that this process has never had the key but by identity_open. */
static void make_files(const char *kind, struct secret *ret)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        EVP_PKEY *key = fixture_key(kind);
        fixture_put(certificate_file, "w", fixture_certificate("x.test", key, NULL, NULL, 1), NULL);
        fixture_put(key_file, "w", NULL, key);
        struct secret secret = {0};
        if (EVP_PKEY_is_a(key, "ED25519")) {
            secret.size = sizeof secret.inverted;
            assert_int_equal(EVP_PKEY_get_raw_private_key(key, secret.inverted, &secret.size), 1);
        } else {
            BIGNUM *number = NULL;
            const char *part = EVP_PKEY_is_a(key, "RSA") ? "rsa-factor1" : "priv";
            assert_int_equal(EVP_PKEY_get_bn_param(key, part, &number), 1);
            secret.size = (size_t)BN_bn2bin(number, secret.inverted);
        }
        for (size_t i = 0; i < secret.size; i++)
            secret.inverted[i] ^= 0xff;
        assert_int_equal(write(ends[1], &secret, sizeof secret), sizeof secret);
        _exit(0);
    }
    assert_int_equal(read(ends[0], ret, sizeof *ret), sizeof *ret);
    assert_int_equal(waitpid(child, NULL, 0), child);
    (void)close_fd(ends[0]);
    (void)close_fd(ends[1]);
}

/* After identity_close nothing of the key is left, also if it has signed; nor after a failure. */
static void test_key_is_cleared(void **state)
{
    (void)state;
    static const char *const kinds[] = {"P-256", "P-384", "ED25519", "RSA-2048"};
    static const unsigned schemes[] = {0x0403, 0x0503, 0x0807, 0x0804};
    for (size_t i = 0; i < ELEMENTS(kinds); i++) {
        struct secret secret;
        make_files(kinds[i], &secret);
        assert_int_equal(occurrences(&secret), 0);
        struct tls_identity *identity = opened(certificate_file, key_file);
        assert_true(occurrences(&secret) > 0);
        uint8_t text[64 + 34 + 48];
        memset(text, ' ', 64);
        memcpy(text + 64, "TLS 1.3, server CertificateVerify", 34);
        uint8_t signature[TLS_SIGNATURE_MAX];
        size_t size = sizeof signature;
        assert_int_equal(
            cellftpd_tls.sign(identity, schemes[i], text, sizeof text, signature, &size), 0);
        cellftpd_tls.identity_close(identity);
        unsigned left = occurrences(&secret);
        if (left > 0)
            fail_msg("the %s key is left %u times", kinds[i], left);

        EVP_PKEY *other = fixture_key("P-256");
        X509 *certificate = fixture_certificate("other.test", other, NULL, NULL, 1);
        fixture_put(certificate_file, "w", certificate, NULL);
        X509_free(certificate);
        EVP_PKEY_free(other);
        REFUSED(-EKEYREJECTED, key_file);
        assert_int_equal(occurrences(&secret), 0);
    }
}

#endif

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    /* The library must be the first that uses OpenSSL, as in the monitor. */
    char words[TLS_WORDS_MAX];
    struct config *config = config_default();
    (void)cellftpd_tls.check(config, words);
    config_free(config);
    const struct CMUnitTest tests[] = {
        TEST(test_chain),          TEST(test_one_file),    TEST(test_traditional_keys),
        TEST(test_files),          TEST(test_cut_files),   TEST(test_passphrase),
        TEST(test_mismatch),       TEST(test_kinds),       TEST(test_order),
        TEST(test_too_long),       TEST(test_description), TEST(test_names),
#ifndef CELLFTPD_SANITIZED
        TEST(test_key_is_cleared),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

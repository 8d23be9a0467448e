/*
 * The verifier of client certificates (src/tls/client_certificate.c): real handshakes with OpenSSL
 * as the client, and every way of being wrong (row T14).
 */
#include "client_fixture.h"

struct world {
    struct asking asking;
    struct holder authority;
    struct pem trusted;
};

static void world_begin(struct world *world)
{
    asking_start(&world->asking);
    world->authority = holder_make(&(struct recipe){.name = "Authority", .authority = true}, NULL);
    world->trusted.size = 0;
    pem_add(&world->trusted, world->authority.certificate, NULL);
}

static void world_end(struct world *world)
{
    holder_free(&world->authority);
    server_stop(&world->asking.server);
}

static int begin(void **state)
{
    *state = calloc(1, sizeof(struct world));
    world_begin(*state);
    return 0;
}

static int end(void **state)
{
    world_end(*state);
    free(*state);
    return 0;
}

static struct client_certificate judge(const struct world *world, const struct pem *revocations)
{
    struct client_certificate answer;
    struct client_question question = asking_question(&world->asking, &world->trusted, revocations);
    cellftpd_tls.client_verify(&question, &answer);
    return answer;
}

/* The verdict on a client with a certificate after RECIPE. */
static struct client_certificate try_recipe(struct world *world, const struct recipe *recipe)
{
    struct holder alice = holder_make(recipe, &world->authority);
    unsigned before = world->asking.shown;
    int result = asking_handshake(&world->asking, TLS1_3_VERSION, &alice, NULL, NULL);
    if (result < 0 || world->asking.shown != before + 1)
        fail_msg("%s: the handshake fails or shows nothing", recipe->name);
    struct client_certificate answer = judge(world, NULL);
    holder_free(&alice);
    return answer;
}

static void expect(const struct client_certificate *answer, enum client_verdict verdict,
                   const char *words)
{
    if (answer->verdict != verdict || (words && !strstr(answer->words, words)))
        fail_msg("%s: %s, not %s: %s", client_verdict_word(answer->verdict), answer->words,
                 client_verdict_word(verdict), words ? words : "");
    if (verdict != CLIENT_GOOD) {
        assert_string_equal(answer->common_name, "");
        assert_int_equal(answer->email_count + answer->host_count, 0);
    }
}

/* --- what is right --- */

static void test_T14_good(void **state)
{
    struct client_certificate answer = try_recipe(
        *state, &(struct recipe){.name = "alice",
                                 .alternative = "email:alice@example.org,email:a@b.example,"
                                                "DNS:camera.example.org,IP:192.0.2.1,"
                                                "URI:ftp://x.example"});
    expect(&answer, CLIENT_GOOD, NULL);
    assert_string_equal(answer.common_name, "alice");
    assert_string_equal(answer.subject, "CN=alice");
    assert_int_equal(strlen(answer.fingerprint), 64);
    assert_int_equal(answer.email_count, 2);
    assert_string_equal(answer.emails[0], "alice@example.org");
    assert_string_equal(answer.emails[1], "a@b.example");
    assert_int_equal(answer.host_count, 1);
    assert_string_equal(answer.hosts[0], "camera.example.org");
}

static void test_T14_keys(void **state)
{
    static const char *const kinds[] = {"RSA-2048", "P-256", "P-384", "P-521", "ED25519"};
    for (size_t i = 0; i < ELEMENTS(kinds); i++) {
        struct recipe recipe = {.name = "alice", .key = kinds[i]};
        struct client_certificate answer = try_recipe(*state, &recipe);
        expect(&answer, CLIENT_GOOD, NULL);
    }
}

static void use_sha384(SSL_CTX *context)
{
    assert_int_equal(SSL_CTX_set_ciphersuites(context, "TLS_AES_256_GCM_SHA384"), 1);
}

/* The server does not have the first group: it asks for another hello. */
static void use_retry(SSL_CTX *context)
{
    static char groups[] = "P-521:P-256";
    assert_int_equal(SSL_CTX_set1_groups_list(context, groups), 1);
}

static void use_retry_sha384(SSL_CTX *context)
{
    use_retry(context);
    use_sha384(context);
}

static void test_T14_transcripts(void **state)
{
    struct world *world = *state;
    static void (*const adjust[])(SSL_CTX *) = {use_sha384, use_retry, use_retry_sha384};
    static const uint8_t hello = 1;
    for (size_t i = 0; i < ELEMENTS(adjust); i++) {
        struct holder alice = holder_make(&(struct recipe){.name = "alice"}, &world->authority);
        assert_int_equal(asking_handshake(&world->asking, TLS1_3_VERSION, &alice, NULL, adjust[i]),
                         0);
        struct client_certificate answer = judge(world, NULL);
        expect(&answer, CLIENT_GOOD, NULL);
        assert_int_equal(world->asking.messages[0], hello);
        holder_free(&alice);
    }
}

/* Through an authority between; the client sends it, or the server has it. */
static void test_T14_intermediate(void **state)
{
    struct world *world = *state;
    struct holder between =
        holder_make(&(struct recipe){.name = "Between", .authority = true}, &world->authority);
    struct holder alice = holder_make(&(struct recipe){.name = "alice"}, &between);
    assert_int_equal(asking_handshake(&world->asking, TLS1_3_VERSION, &alice, &between, NULL), 0);
    struct client_certificate answer = judge(world, NULL);
    expect(&answer, CLIENT_GOOD, NULL);

    assert_int_equal(asking_handshake(&world->asking, TLS1_3_VERSION, &alice, NULL, NULL), 0);
    answer = judge(world, NULL);
    expect(&answer, CLIENT_UNTRUSTED, NULL);
    pem_add(&world->trusted, between.certificate, NULL);
    answer = judge(world, NULL);
    expect(&answer, CLIENT_GOOD, NULL);

    /* Only those below it are meant. */
    world->trusted.size = 0;
    pem_add(&world->trusted, between.certificate, NULL);
    answer = judge(world, NULL);
    expect(&answer, CLIENT_GOOD, NULL);
    struct holder bob = holder_make(&(struct recipe){.name = "bob"}, &world->authority);
    assert_int_equal(asking_handshake(&world->asking, TLS1_3_VERSION, &bob, NULL, NULL), 0);
    answer = judge(world, NULL);
    expect(&answer, CLIENT_UNTRUSTED, NULL);
    holder_free(&bob);
    holder_free(&alice);
    holder_free(&between);
}

/* --- who is asked, and when --- */

static void test_asked(void **state)
{
    struct world *world = *state;
    struct holder alice = holder_make(&(struct recipe){.name = "alice"}, &world->authority);
    /* A client without one gets through the handshake; TLS 1.2 asks for none. */
    assert_int_equal(asking_handshake(&world->asking, TLS1_3_VERSION, NULL, NULL, NULL), 0);
    assert_int_equal(world->asking.shown, 0);
    assert_int_equal(asking_handshake(&world->asking, TLS1_2_VERSION, &alice, NULL, NULL), 0);
    assert_int_equal(world->asking.shown, 0);
    /* Nor does a server that has no challenge. */
    world->asking.server.questions.challenge = NULL;
    assert_int_equal(asking_handshake(&world->asking, TLS1_3_VERSION, &alice, NULL, NULL), 0);
    assert_int_equal(world->asking.shown, 0);
    holder_free(&alice);
}

/* More than is looked at: as if the client had none, and the handshake goes on. */
static void test_overflow(void **state)
{
    struct world *world = *state;
    struct holder alice = holder_make(&(struct recipe){.name = "alice"}, &world->authority);
    char names[16000] = "DNS:a.example";
    for (size_t size = strlen(names); size < sizeof names - 40; size = strlen(names))
        (void)snprintf(names + size, sizeof names - size, ",DNS:%zu.example.org", size);
    struct holder large =
        holder_make(&(struct recipe){.name = "large", .alternative = names}, &world->authority);
    assert_int_equal(asking_handshake(&world->asking, TLS1_3_VERSION, &large, &large, NULL), 0);
    assert_int_equal(world->asking.shown, 0);
    holder_free(&large);
    holder_free(&alice);
}

/* --- it must be this connection --- */

static void test_T14_every_bit(void **state)
{
    struct world *world = *state;
    struct holder alice = holder_make(&(struct recipe){.name = "alice"}, &world->authority);
    assert_int_equal(asking_handshake(&world->asking, TLS1_3_VERSION, &alice, NULL, NULL), 0);
    struct asking *asking = &world->asking;
    struct client_certificate answer = judge(world, NULL);
    expect(&answer, CLIENT_GOOD, NULL);
    for (size_t bit = 0; bit < asking->size * 8; bit++) {
        asking->messages[bit / 8] ^= (uint8_t)(1u << bit % 8);
        answer = judge(world, NULL);
        if (answer.verdict == CLIENT_GOOD)
            fail_msg("bit %zu of byte %zu of %zu does not matter", bit % 8, bit / 8, asking->size);
        asking->messages[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t bit = 0; bit < asking->signed_size * 8; bit++) {
        asking->signed_hash[bit / 8] ^= (uint8_t)(1u << bit % 8);
        answer = judge(world, NULL);
        expect(&answer, CLIENT_TRANSCRIPT, "has signed");
        asking->signed_hash[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    answer = judge(world, NULL);
    expect(&answer, CLIENT_GOOD, NULL);
    holder_free(&alice);
}

static void test_T14_every_length(void **state)
{
    struct world *world = *state;
    struct holder alice = holder_make(&(struct recipe){.name = "alice"}, &world->authority);
    assert_int_equal(asking_handshake(&world->asking, TLS1_3_VERSION, &alice, NULL, NULL), 0);
    struct asking *asking = &world->asking;
    size_t whole = asking->size;
    struct client_certificate answer;
    for (asking->size = 0; asking->size < whole; asking->size++) {
        answer = judge(world, NULL);
        expect(&answer, CLIENT_MALFORMED, NULL);
    }
    asking->messages[whole] = 0;
    for (asking->size = whole + 1; asking->size < whole + 8; asking->size++) {
        answer = judge(world, NULL);
        expect(&answer, CLIENT_MALFORMED, NULL);
    }
    holder_free(&alice);
}

/* Recorded in another connection: a session that was taken over can have the old hash signed again,
 * but not the old challenge. */
static void test_T14_replay(void **state)
{
    struct world *world = *state;
    struct holder alice = holder_make(&(struct recipe){.name = "alice"}, &world->authority);
    assert_int_equal(asking_handshake(&world->asking, TLS1_3_VERSION, &alice, NULL, NULL), 0);
    world->asking.challenge[0] ^= 1;
    struct client_certificate answer = judge(world, NULL);
    expect(&answer, CLIENT_TRANSCRIPT, "challenge");
    world->asking.challenge[0] ^= 1;

    /* Or a handshake that the client had with another server, which asks in the same way. */
    struct asking other;
    asking_start(&other);
    assert_int_equal(asking_handshake(&other, TLS1_3_VERSION, &alice, NULL, NULL), 0);
    memcpy(world->asking.messages, other.messages, other.size);
    world->asking.size = other.size;
    answer = judge(world, NULL);
    expect(&answer, CLIENT_TRANSCRIPT, "has signed");
    memcpy(world->asking.signed_hash, other.signed_hash, sizeof other.signed_hash);
    answer = judge(world, NULL);
    expect(&answer, CLIENT_TRANSCRIPT, "another certificate");
    server_stop(&other.server);
    holder_free(&alice);
}

/* The certificate is public: only the signature tells who has the key. */
static void test_T14_stolen_certificate(void **state)
{
    struct world *world = *state;
    struct asking *asking = &world->asking;
    struct holder alice = holder_make(&(struct recipe){.name = "alice"}, &world->authority);
    uint8_t hers[4096], own[4096], *next = hers;
    int size = i2d_X509(alice.certificate, &next);
    /* One of the same length, so that it can stand in its place; signatures differ by a byte. */
    struct holder thief = {NULL, NULL};
    int own_size = 0;
    for (unsigned i = 0; i < 200 && own_size != size; i++) {
        holder_free(&thief);
        thief = holder_make(&(struct recipe){.name = "thief"}, &world->authority);
        next = own;
        own_size = i2d_X509(thief.certificate, &next);
    }
    assert_int_equal(own_size, size);
    assert_int_equal(asking_handshake(asking, TLS1_3_VERSION, &thief, NULL, NULL), 0);
    uint8_t *place = memmem(asking->messages, asking->size, own, (size_t)size);
    assert_non_null(place);
    memcpy(place, hers, (size_t)size);
    struct client_certificate answer = judge(world, NULL);
    expect(&answer, CLIENT_SIGNATURE, "not made with the key");
    assert_string_equal(answer.subject, "CN=alice");
    holder_free(&thief);
    holder_free(&alice);
}

/* --- the certificate must be right --- */

static void test_T14_times_and_purposes(void **state)
{
    struct client_certificate answer =
        try_recipe(*state, &(struct recipe){.name = "alice", .begins = -7200, .ends = -3600});
    expect(&answer, CLIENT_EXPIRED, "expired");
    assert_string_equal(answer.subject, "CN=alice");
    answer = try_recipe(*state, &(struct recipe){.name = "alice", .begins = 3600, .ends = 7200});
    expect(&answer, CLIENT_EARLY, NULL);
    answer = try_recipe(*state, &(struct recipe){.name = "alice", .usage = "serverAuth"});
    expect(&answer, CLIENT_PURPOSE, "clientAuth");
    /* Without the extension, any purpose is meant (RFC 5280 section 4.2.1.12). */
    answer = try_recipe(*state, &(struct recipe){.name = "alice", .usage = ""});
    expect(&answer, CLIENT_GOOD, NULL);
}

static void test_T14_weak(void **state)
{
    struct client_certificate answer =
        try_recipe(*state, &(struct recipe){.name = "alice", .hash = "SHA1"});
    expect(&answer, CLIENT_WEAK, NULL);
    answer = try_recipe(*state, &(struct recipe){.name = "alice", .key = "RSA-1024"});
    expect(&answer, CLIENT_WEAK, NULL);
    /* ECDSA has no MD5. */
    struct world *world = *state;
    holder_free(&world->authority);
    world->authority = holder_make(
        &(struct recipe){.name = "Authority", .authority = true, .key = "RSA-2048"}, NULL);
    world->trusted.size = 0;
    pem_add(&world->trusted, world->authority.certificate, NULL);
    answer = try_recipe(*state, &(struct recipe){.name = "alice", .hash = "MD5"});
    expect(&answer, CLIENT_WEAK, NULL);
    answer = try_recipe(*state, &(struct recipe){.name = "alice"});
    expect(&answer, CLIENT_GOOD, NULL);
}

static void test_T14_wrong_authority(void **state)
{
    struct world *world = *state;
    /* The same name, another key. */
    struct holder other =
        holder_make(&(struct recipe){.name = "Authority", .authority = true}, NULL);
    struct holder alice = holder_make(&(struct recipe){.name = "alice"}, &other);
    assert_int_equal(asking_handshake(&world->asking, TLS1_3_VERSION, &alice, &other, NULL), 0);
    struct client_certificate answer = judge(world, NULL);
    expect(&answer, CLIENT_UNTRUSTED, NULL);
    holder_free(&alice);
    /* Signed by a certificate that is no authority's. */
    struct holder bob = holder_make(&(struct recipe){.name = "bob"}, &world->authority);
    alice = holder_make(&(struct recipe){.name = "alice"}, &bob);
    assert_int_equal(asking_handshake(&world->asking, TLS1_3_VERSION, &alice, &bob, NULL), 0);
    answer = judge(world, NULL);
    if (answer.verdict == CLIENT_GOOD)
        fail_msg("a client's certificate can sign another");
    holder_free(&alice);
    holder_free(&bob);
    holder_free(&other);
    /* By itself. */
    alice = holder_make(&(struct recipe){.name = "alice"}, NULL);
    assert_int_equal(asking_handshake(&world->asking, TLS1_3_VERSION, &alice, NULL, NULL), 0);
    answer = judge(world, NULL);
    expect(&answer, CLIENT_UNTRUSTED, NULL);
    holder_free(&alice);
}

static void test_T14_revocations(void **state)
{
    struct world *world = *state;
    struct holder alice = holder_make(&(struct recipe){.name = "alice"}, &world->authority);
    struct holder bob = holder_make(&(struct recipe){.name = "bob"}, &world->authority);
    assert_int_equal(asking_handshake(&world->asking, TLS1_3_VERSION, &alice, NULL, NULL), 0);
    static struct pem list;
    list.size = 0;
    pem_add_crl(&list, &world->authority, bob.certificate, 3600);
    struct client_certificate answer = judge(world, &list);
    expect(&answer, CLIENT_GOOD, NULL);
    list.size = 0;
    pem_add_crl(&list, &world->authority, alice.certificate, 3600);
    answer = judge(world, &list);
    expect(&answer, CLIENT_REVOKED, NULL);
    list.size = 0;
    pem_add_crl(&list, &world->authority, NULL, -60);
    answer = judge(world, &list);
    expect(&answer, CLIENT_REVOCATIONS, "out of date");
    /* Of somebody else of the same name: it is no word about this authority. */
    struct holder other =
        holder_make(&(struct recipe){.name = "Authority", .authority = true}, NULL);
    list.size = 0;
    pem_add_crl(&list, &other, NULL, 3600);
    answer = judge(world, &list);
    expect(&answer, CLIENT_REVOCATIONS, NULL);
    holder_free(&other);
    other = holder_make(&(struct recipe){.name = "Other", .authority = true}, NULL);
    list.size = 0;
    pem_add_crl(&list, &other, NULL, 3600);
    answer = judge(world, &list);
    expect(&answer, CLIENT_REVOCATIONS, "no CRL");
    holder_free(&other);
    list.size = 0;
    answer = judge(world, &list);
    expect(&answer, CLIENT_REVOCATIONS, "empty");
    holder_free(&bob);
    holder_free(&alice);
}

/* CVE-2019-19270: the CRL of the authority between is looked for as well. */
static void test_T14_revoked_between(void **state)
{
    struct world *world = *state;
    struct holder between =
        holder_make(&(struct recipe){.name = "Between", .authority = true}, &world->authority);
    struct holder alice = holder_make(&(struct recipe){.name = "alice"}, &between);
    assert_int_equal(asking_handshake(&world->asking, TLS1_3_VERSION, &alice, &between, NULL), 0);
    static struct pem list;
    list.size = 0;
    pem_add_crl(&list, &world->authority, NULL, 3600);
    struct client_certificate answer = judge(world, &list);
    expect(&answer, CLIENT_REVOCATIONS, "no CRL");
    pem_add_crl(&list, &between, NULL, 3600);
    answer = judge(world, &list);
    expect(&answer, CLIENT_GOOD, NULL);
    list.size = 0;
    pem_add_crl(&list, &world->authority, between.certificate, 3600);
    pem_add_crl(&list, &between, NULL, 3600);
    answer = judge(world, &list);
    expect(&answer, CLIENT_REVOKED, NULL);
    holder_free(&alice);
    holder_free(&between);
}

static void test_T14_authorities_broken(void **state)
{
    struct world *world = *state;
    struct holder alice = holder_make(&(struct recipe){.name = "alice"}, &world->authority);
    assert_int_equal(asking_handshake(&world->asking, TLS1_3_VERSION, &alice, NULL, NULL), 0);
    size_t whole = world->trusted.size;
    world->trusted.size = 0;
    struct client_certificate answer = judge(world, NULL);
    expect(&answer, CLIENT_AUTHORITIES, "tls.client_ca");
    world->trusted.size = whole - 60;
    answer = judge(world, NULL);
    expect(&answer, CLIENT_AUTHORITIES, NULL);
    world->trusted.size = whole;
    world->trusted.text[100] ^= 1;
    answer = judge(world, NULL);
    if (answer.verdict == CLIENT_GOOD)
        fail_msg("a damaged authority is trusted");
    holder_free(&alice);
}

/* --- names that could be read in two ways --- */

static void test_T14_names(void **state)
{
    static const struct {
        const char *name;
        int size;
        int type;
    } bad[] = {
        {"alice\0.evil.example", 19, V_ASN1_UTF8STRING}, /* CVE-2009-3639 */
        {"alice\0", 6, V_ASN1_PRINTABLESTRING},
        {"\0a\0l\0i\0c\0e\0\0", 12, V_ASN1_BMPSTRING},
        {"alice\n", 6, V_ASN1_UTF8STRING},
        {"al\033[2Jice", 9, V_ASN1_UTF8STRING},
        {"alice\302\205", 7, V_ASN1_UTF8STRING}, /* C1 */
    };
    for (size_t i = 0; i < ELEMENTS(bad); i++) {
        struct recipe recipe = {
            .name = bad[i].name, .name_size = bad[i].size, .name_type = bad[i].type};
        struct client_certificate answer = try_recipe(*state, &recipe);
        expect(&answer, CLIENT_NAME, NULL);
        for (const char *next = answer.subject; *next; next++)
            assert_true(*next >= ' ' && *next < 0x7f);
    }
    /* Two common names: neither is the one. */
    struct client_certificate answer =
        try_recipe(*state, &(struct recipe){.name = "alice", .second = "bob"});
    expect(&answer, CLIENT_GOOD, NULL);
    assert_string_equal(answer.common_name, "");
}

/* An alternative name with a zero byte; it cannot be written as text. */
static void test_T14_alternative_names(void **state)
{
    struct world *world = *state;
    static const struct {
        int type;
        const char *bytes;
        int size;
    } bad[] = {
        {GEN_EMAIL, "alice@example.org\0.evil", 23},
        {GEN_DNS, "camera\0.example", 15},
        {GEN_DNS, "ca mera", 7},
        {GEN_EMAIL, "al\012ice@x", 8},
    };
    for (size_t i = 0; i < ELEMENTS(bad); i++) {
        struct holder alice = holder_make(&(struct recipe){.name = "alice"}, &world->authority);
        GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
        GENERAL_NAME *name = GENERAL_NAME_new();
        ASN1_IA5STRING *string = ASN1_IA5STRING_new();
        ASN1_STRING_set(string, bad[i].bytes, bad[i].size);
        GENERAL_NAME_set0_value(name, bad[i].type, string);
        sk_GENERAL_NAME_push(names, name);
        assert_int_equal(X509_add1_ext_i2d(alice.certificate, NID_subject_alt_name, names, 0, 0),
                         1);
        GENERAL_NAMES_free(names);
        assert_true(X509_sign(alice.certificate, world->authority.key, EVP_sha256()) > 0);
        assert_int_equal(asking_handshake(&world->asking, TLS1_3_VERSION, &alice, NULL, NULL), 0);
        struct client_certificate answer = judge(world, NULL);
        expect(&answer, CLIENT_NAME, NULL);
        holder_free(&alice);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_T14_good, begin, end),
        cmocka_unit_test_setup_teardown(test_T14_keys, begin, end),
        cmocka_unit_test_setup_teardown(test_T14_transcripts, begin, end),
        cmocka_unit_test_setup_teardown(test_T14_intermediate, begin, end),
        cmocka_unit_test_setup_teardown(test_asked, begin, end),
        cmocka_unit_test_setup_teardown(test_overflow, begin, end),
        cmocka_unit_test_setup_teardown(test_T14_every_bit, begin, end),
        cmocka_unit_test_setup_teardown(test_T14_every_length, begin, end),
        cmocka_unit_test_setup_teardown(test_T14_replay, begin, end),
        cmocka_unit_test_setup_teardown(test_T14_stolen_certificate, begin, end),
        cmocka_unit_test_setup_teardown(test_T14_times_and_purposes, begin, end),
        cmocka_unit_test_setup_teardown(test_T14_weak, begin, end),
        cmocka_unit_test_setup_teardown(test_T14_wrong_authority, begin, end),
        cmocka_unit_test_setup_teardown(test_T14_revocations, begin, end),
        cmocka_unit_test_setup_teardown(test_T14_revoked_between, begin, end),
        cmocka_unit_test_setup_teardown(test_T14_authorities_broken, begin, end),
        cmocka_unit_test_setup_teardown(test_T14_names, begin, end),
        cmocka_unit_test_setup_teardown(test_T14_alternative_names, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

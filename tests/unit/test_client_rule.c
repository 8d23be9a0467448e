/*
 * What a client's certificate is worth (src/lib/client_certificate.c): the message between
 * processes, whose a certificate is, and what an account needs.
 */
#include "lib/cleanup.h"
#include "lib/client_certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define FINGERPRINT "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct client_certificate alice(void)
{
    return (struct client_certificate){
        .verdict = CLIENT_GOOD,
        .subject = "CN=alice",
        .fingerprint = FINGERPRINT,
        .common_name = "alice",
        .email_count = 2,
        .emails = {"Alice@Example.org", "a@b"},
        .host_count = 1,
        .hosts = {"camera.example.org"},
    };
}

/* --- the message --- */

static int through(const struct client_certificate *sent, struct client_certificate *ret)
{
    struct message message;
    message_begin(&message, 1);
    client_certificate_put(&message, sent);
    return client_certificate_get(&message, ret);
}

static void test_message(void **state)
{
    (void)state;
    struct client_certificate sent = alice(), got;
    assert_int_equal(through(&sent, &got), 0);
    assert_memory_equal(&sent, &got, sizeof(sent));
    /* The longest of everything. */
    memset(sent.words, 'w', sizeof(sent.words) - 1);
    memset(sent.subject, 's', sizeof(sent.subject) - 1);
    memset(sent.common_name, 'c', sizeof(sent.common_name) - 1);
    sent.email_count = sent.host_count = CLIENT_NAMES_MAX;
    for (size_t i = 0; i < CLIENT_NAMES_MAX; i++) {
        memset(sent.emails[i], 'e', CLIENT_NAME_MAX);
        memset(sent.hosts[i], 'h', CLIENT_NAME_MAX);
        sent.emails[i][CLIENT_NAME_MAX] = sent.hosts[i][CLIENT_NAME_MAX] = '\0';
    }
    assert_int_equal(through(&sent, &got), 0);
    assert_memory_equal(&sent, &got, sizeof(sent));
}

/* The verifier has read a stranger's certificate: nothing of what it says is taken on trust. */
static void test_message_of_an_intruder(void **state)
{
    (void)state;
    struct client_certificate sent, got;
    static const char *const bad[] = {"al\033ice", "alice\n", "\377", "a\342\200\256b"};
    for (size_t i = 0; i < ELEMENTS(bad); i++) {
        sent = alice();
        (void)snprintf(sent.common_name, sizeof(sent.common_name), "%s", bad[i]);
        assert_int_equal(through(&sent, &got), -EBADMSG);
        assert_int_equal(got.verdict, CLIENT_SILENT);
        assert_string_equal(got.common_name, "");
        sent = alice();
        (void)snprintf(sent.subject, sizeof(sent.subject), "%s", bad[i]);
        assert_int_equal(through(&sent, &got), -EBADMSG);
        sent = alice();
        (void)snprintf(sent.hosts[0], sizeof(sent.hosts[0]), "%s", bad[i]);
        assert_int_equal(through(&sent, &got), -EBADMSG);
    }
    sent = alice();
    sent.verdict = CLIENT_VERDICT_COUNT;
    assert_int_equal(through(&sent, &got), -EBADMSG);
    sent = alice();
    sent.fingerprint[3] = 'G';
    assert_int_equal(through(&sent, &got), -EBADMSG);
    sent = alice();
    sent.emails[0][0] = '\0'; /* no name matches nothing */
    assert_int_equal(through(&sent, &got), -EBADMSG);

    struct message message;
    message_begin(&message, 1);
    sent = alice();
    client_certificate_put(&message, &sent);
    message_put_u32(&message, 0);
    assert_int_equal(client_certificate_get(&message, &got), -EBADMSG);
    message_begin(&message, 1);
    message_put_u32(&message, CLIENT_GOOD);
    for (unsigned i = 0; i < 4; i++)
        message_put_string(&message, i == 2 ? FINGERPRINT : "x");
    message_put_u32(&message, CLIENT_NAMES_MAX + 1);
    for (unsigned i = 0; i < CLIENT_NAMES_MAX + 1; i++)
        message_put_string(&message, "x");
    message_put_u32(&message, 0);
    assert_int_equal(client_certificate_get(&message, &got), -EBADMSG);
}

static void test_names_for_terminals(void **state)
{
    (void)state;
    struct client_certificate certificate = alice();
    client_certificate_refuse_names(&certificate);
    assert_int_equal(certificate.verdict, CLIENT_GOOD);
    (void)snprintf(certificate.common_name, sizeof(certificate.common_name), "a\342\200\256b");
    client_certificate_refuse_names(&certificate);
    assert_int_equal(certificate.verdict, CLIENT_NAME);
    assert_string_equal(certificate.common_name, "");
}

/* --- whose it is --- */

static void test_T14_whose(void **state)
{
    (void)state;
    static const struct {
        const char *wanted;
        const char *name;
        bool fits;
    } cases[] = {
        {NULL, "alice", true},
        {NULL, "bob", false},
        {NULL, "Alice", false},
        {NULL, "alic", false},
        {NULL, "alice2", false},
        {"alice", "bob", true},
        {"cn:alice", "bob", true},
        {"cn:bob", "alice", false},
        {"email:Alice@example.ORG", "x", true},
        {"email:alice@example.org", "x", false}, /* before the @, case counts */
        {"email:a@b", "x", true},
        {"email:a@b.org", "x", false},
        {"dns:CAMERA.example.org", "x", true},
        {"dns:example.org", "x", false},
        {"sha256:" FINGERPRINT, "x", true},
        {"sha256:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:"
         "BB:CC:DD:EE:FF",
         "x", true},
        {"sha256:10112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", "x", false},
        {"sha256:0011", "x", false},
        /* One kind of name never stands for another. */
        {"Alice@Example.org", "x", false},
        {"cn:camera.example.org", "x", false},
        {"dns:alice", "x", false},
        {"email:alice", "x", false},
        {NULL, "camera.example.org", false},
    };
    struct client_certificate certificate = alice();
    for (size_t i = 0; i < ELEMENTS(cases); i++)
        if (client_certificate_is_for(&certificate, cases[i].wanted, cases[i].name) !=
            cases[i].fits)
            fail_msg("%s of %s", cases[i].wanted ? cases[i].wanted : "the name", cases[i].name);
    /* A certificate without a common name is not that of somebody without a name. */
    certificate.common_name[0] = '\0';
    assert_false(client_certificate_is_for(&certificate, NULL, ""));
    assert_false(client_certificate_is_for(&certificate, "cn:", "x"));
}

static void test_name_faults(void **state)
{
    (void)state;
    static const char fingerprint[] = "sha256:" FINGERPRINT, longer[] = "sha256:" FINGERPRINT "00";
    static const char *const good[] = {"alice",   "cn:Alice Example", "email:a@b",
                                       "dns:a.b", fingerprint,        "Zo\303\253"};
    static const char *const bad[] = {
        "", "cn:", "email:", "email:alice", "dns:", "sha256:", "sha256:00", longer, "a\tb", "\377"};
    for (size_t i = 0; i < ELEMENTS(good); i++)
        assert_null(client_certificate_name_fault(good[i]));
    for (size_t i = 0; i < ELEMENTS(bad); i++)
        assert_non_null(client_certificate_name_fault(bad[i]));
}

/* --- what is needed --- */

enum shown { NOTHING, OTHERS, OWN };

static void test_T14_rules(void **state)
{
    (void)state;
    enum {
        OFF = CLIENT_CERTIFICATES_OFF,
        MAY = CLIENT_CERTIFICATES_OPTIONAL,
        MUST = CLIENT_CERTIFICATES_REQUIRED
    };
    enum { FACTOR = CLIENT_LOGIN_FACTOR, INSTEAD = CLIENT_LOGIN_INSTEAD };
    static const char no[] = "no-certificate", other[] = "other-certificate",
                      password[] = "bad-password";
    /* With a wrong password and a right one, for each of what may be shown. */
    static const struct {
        unsigned certificates, login;
        enum account_certificate own;
        const char *wrong[3], *right[3];
    } cases[] = {
        {OFF, FACTOR, ACCOUNT_CERTIFICATE_DEFAULT, {password, password, password}, {NULL}},
        {OFF, INSTEAD, ACCOUNT_CERTIFICATE_DEFAULT, {password, password, password}, {NULL}},
        {OFF, FACTOR, ACCOUNT_CERTIFICATE_NO, {password, password, password}, {NULL}},
        {OFF, FACTOR, ACCOUNT_CERTIFICATE_FACTOR, {password, password, password}, {no, other}},
        {OFF, FACTOR, ACCOUNT_CERTIFICATE_INSTEAD, {no, other, NULL}, {no, other}},
        {MAY, FACTOR, ACCOUNT_CERTIFICATE_DEFAULT, {password, password, password}, {NULL}},
        {MAY, INSTEAD, ACCOUNT_CERTIFICATE_DEFAULT, {password, password, NULL}, {NULL}},
        {MAY, INSTEAD, ACCOUNT_CERTIFICATE_NO, {password, password, password}, {NULL}},
        {MAY, FACTOR, ACCOUNT_CERTIFICATE_FACTOR, {password, password, password}, {no, other}},
        {MAY, INSTEAD, ACCOUNT_CERTIFICATE_FACTOR, {password, password, password}, {no, other}},
        {MAY, FACTOR, ACCOUNT_CERTIFICATE_INSTEAD, {no, other, NULL}, {no, other}},
        {MUST, FACTOR, ACCOUNT_CERTIFICATE_DEFAULT, {password, password, password}, {no, other}},
        {MUST, INSTEAD, ACCOUNT_CERTIFICATE_DEFAULT, {no, other, NULL}, {no, other}},
        {MUST, INSTEAD, ACCOUNT_CERTIFICATE_NO, {password, password, password}, {no}},
        {MUST, INSTEAD, ACCOUNT_CERTIFICATE_FACTOR, {password, password, password}, {no, other}},
    };
    struct client_certificate own = alice(), others = alice();
    (void)snprintf(others.common_name, sizeof(others.common_name), "bob");
    const struct client_certificate *shown[] = {NULL, &others, &own};
    cleanup_config struct config *config = config_default();
    char name[] = "alice", hash[] = "$y$";
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        config->tls_client_certificates = cases[i].certificates;
        config->tls_client_login = cases[i].login;
        struct account account = {.name = name, .password = hash, .certificate = cases[i].own};
        for (enum shown which = NOTHING; which <= OWN; which++) {
            const char *wrong = client_judge(config, &account, shown[which], false);
            const char *right = client_judge(config, &account, shown[which], true);
            if (wrong != cases[i].wrong[which] &&
                (!wrong || !cases[i].wrong[which] || strcmp(wrong, cases[i].wrong[which]) != 0))
                fail_msg("case %zu, %d, wrong password: %s", i, (int)which, wrong ? wrong : "in");
            if (right != cases[i].right[which] &&
                (!right || !cases[i].right[which] || strcmp(right, cases[i].right[which]) != 0))
                fail_msg("case %zu, %d, right password: %s", i, (int)which, right ? right : "in");
        }
    }
}

/* A system user's password is PAM's: a certificate never stands for it. */
static void test_T14_system_users(void **state)
{
    (void)state;
    struct client_certificate own = alice();
    cleanup_config struct config *config = config_default();
    char name[] = "alice";
    struct account account = {.name = name};
    config->tls_client_login = CLIENT_LOGIN_INSTEAD;
    config->tls_client_certificates = CLIENT_CERTIFICATES_OPTIONAL;
    assert_string_equal(client_judge(config, &account, &own, false), "bad-password");
    assert_null(client_judge(config, &account, NULL, true));
    config->tls_client_certificates = CLIENT_CERTIFICATES_REQUIRED;
    assert_string_equal(client_judge(config, &account, &own, false), "bad-password");
    assert_string_equal(client_judge(config, &account, NULL, true), "no-certificate");
    assert_null(client_judge(config, &account, &own, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_message),
        cmocka_unit_test(test_message_of_an_intruder),
        cmocka_unit_test(test_names_for_terminals),
        cmocka_unit_test(test_T14_whose),
        cmocka_unit_test(test_name_faults),
        cmocka_unit_test(test_T14_rules),
        cmocka_unit_test(test_T14_system_users),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * lib/tls_policy.c: from whom a password in clear is taken (rows A10, and the old camera of
 * complaint 15): every combination of tls.required, address, and an account's tls and role.
 */
#include "lib/tls_policy.h"

#include "account_fixture.h"

enum { NONE = -1 }; /* a name without a record */

/* Verdicts by tls.required: never, public, always. 'c': clear will do; 't': TLS. */
struct row {
    int tls, role;
    const char *loopback, *private, *public;
};
static const struct row rows[] = {
    {NONE, NONE, "cct", "cct", "ctt"},
    {ACCOUNT_TLS_DEFAULT, ACCOUNT_USER, "cct", "cct", "ctt"},
    {ACCOUNT_TLS_REQUIRED, ACCOUNT_USER, "ttt", "ttt", "ttt"},
    {ACCOUNT_TLS_OPTIONAL, ACCOUNT_USER, "ccc", "ccc", "ccc"},
    {ACCOUNT_TLS_DEFAULT, ACCOUNT_ADMIN, "cct", "ttt", "ttt"},
    {ACCOUNT_TLS_REQUIRED, ACCOUNT_ADMIN, "ttt", "ttt", "ttt"},
    {ACCOUNT_TLS_OPTIONAL, ACCOUNT_ADMIN, "cct", "ttt", "ttt"},
};

static const struct {
    const char *address;
    char kind; /* loopback, private, public */
} addresses[] = {
    {"127.0.0.1", 'l'},        {"127.255.0.9", 'l'},    {"::1", 'l'},
    {"::ffff:127.0.0.1", 'l'}, {"10.1.2.3", 'p'},       {"172.16.0.1", 'p'},
    {"172.31.255.255", 'p'},   {"192.168.178.2", 'p'},  {"169.254.7.7", 'p'},
    {"fe80::1", 'p'},          {"fd00::1", 'p'},        {"fc12:3456::1", 'p'},
    {"::ffff:10.1.2.3", 'p'},  {"192.0.2.1", 'w'},      {"172.32.0.1", 'w'},
    {"100.64.0.1", 'w'},       {"8.8.8.8", 'w'},        {"2001:db8::1", 'w'},
    {"fe00::1", 'w'},          {"fec0::1", 'w'},        {"::", 'w'},
    {"::ffff:192.0.2.1", 'w'}, {"64:ff9b::a00:1", 'w'}, {"0.0.0.0", 'w'},
};

static void test_A10_every_combination(void **state)
{
    (void)state;
    static char local[] = "local", pam[] = "pam";
    static char *order[] = {local, pam, NULL};
    struct config config = {.auth_order = order};
    for (size_t i = 0; i < ELEMENTS(rows); i++)
        for (size_t j = 0; j < ELEMENTS(addresses); j++)
            for (unsigned required = 0; required < 3; required++) {
                struct address address;
                struct account account = {.tls = (enum account_tls)rows[i].tls,
                                          .role = (enum account_role)rows[i].role};
                const char *verdicts = addresses[j].kind == 'l'   ? rows[i].loopback
                                       : addresses[j].kind == 'p' ? rows[i].private
                                                                  : rows[i].public;
                config.tls_required = required;
                assert_int_equal(address_parse(addresses[j].address, &address), 0);
                enum user_verdict verdict =
                    tls_policy(&config, &address, rows[i].tls == NONE ? NULL : &account);
                if (verdict != (verdicts[required] == 'c' ? USER_MAY : USER_NEEDS_TLS))
                    fail_msg("row %zu, %s, required %u: %d", i, addresses[j].address, required,
                             (int)verdict);
            }
}

/* Nobody knows yet from where. */
static void test_unknown_address(void **state)
{
    (void)state;
    static char *order[] = {NULL};
    struct config config = {.auth_order = order, .tls_required = TLS_REQUIRED_PUBLIC};
    struct address address = {.family = AF_UNSPEC};
    assert_int_equal(tls_policy(&config, &address, NULL), USER_NEEDS_TLS);
}

/* Where another back end is asked first, the record may belong to somebody else than the password:
 * it can demand, but not allow. */
static void test_A19_records_behind_pam(void **state)
{
    (void)state;
    static char local[] = "local", pam[] = "pam";
    static char *order[] = {pam, local, NULL};
    struct config config = {.auth_order = order, .tls_required = TLS_REQUIRED_ALWAYS};
    struct address address;
    struct account account = {.tls = ACCOUNT_TLS_OPTIONAL};
    assert_int_equal(address_parse("10.0.0.1", &address), 0);
    assert_int_equal(tls_policy(&config, &address, &account), USER_NEEDS_TLS);
    config.tls_required = TLS_REQUIRED_NEVER;
    account.tls = ACCOUNT_TLS_REQUIRED;
    assert_int_equal(tls_policy(&config, &address, &account), USER_NEEDS_TLS);
}

static int require_tls(struct account *account, void *data)
{
    (void)data;
    account->tls = ACCOUNT_TLS_REQUIRED;
    return 1;
}

/* By name: a record counts, if local accounts do, and everything else is as good as unknown. */
static void test_names(void **state)
{
    struct fixture *fixture = *state;
    static char local[] = "local", pam[] = "pam";
    char *order[] = {pam, local, NULL};
    struct address address;
    fixture->config.auth_order = order;
    fixture->config.tls_required = TLS_REQUIRED_PUBLIC;
    assert_int_equal(address_parse("10.0.0.1", &address), 0);
    (void)fixture_must_create(fixture, "alice");
    static const char *const names[] = {"alice", "bob", "", "../alice", "Alice", "alice.conf"};
    for (size_t i = 0; i < ELEMENTS(names); i++)
        assert_int_equal(tls_policy_of(&fixture->config, &address, names[i]), USER_MAY);
    assert_int_equal(fixture_change(fixture, "alice", require_tls, NULL), 1);
    for (size_t i = 0; i < ELEMENTS(names); i++)
        assert_int_equal(tls_policy_of(&fixture->config, &address, names[i]),
                         i == 0 ? USER_NEEDS_TLS : USER_MAY);
    order[1] = NULL;
    assert_int_equal(tls_policy_of(&fixture->config, &address, "alice"), USER_MAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_A10_every_combination),
        cmocka_unit_test(test_unknown_address),
        cmocka_unit_test(test_A19_records_behind_pam),
        cmocka_unit_test_setup_teardown(test_names, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

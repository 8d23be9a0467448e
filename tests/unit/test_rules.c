/* lib/rules*.c: one rule in and out of text, what holds for an account, from where and when. */
#include "lib/account.h"
#include "lib/address.h"
#include "lib/cleanup.h"
#include "lib/request.h"
#include "lib/rules.h"
#include "lib/words.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

struct row {
    enum rule rule;
    const char *text;
    int result;
    const char *plain; /* what it becomes */
};

static void test_every_rule_in_and_out_of_text(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {RULE_quota, "10G", 0, "10 GiB"},
        {RULE_quota, "10 GiB", 0, "10 GiB"},
        {RULE_quota, "0", 0, "0 B"},
        {RULE_quota, "none", 0, "none"},
        {RULE_quota, "-1", -EINVAL, NULL}, /* row Q01 */
        {RULE_quota, "", -EINVAL, NULL},
        {RULE_quota, "18446744073709551615", -ERANGE, NULL}, /* nobody writes NO_LIMIT */
        {RULE_quota, "99999999999999999999999", -ERANGE, NULL},
        {RULE_quota_files, "0", 0, "0"},
        {RULE_quota_files, "12", 0, "12"},
        {RULE_quota_files, "12 K", -EINVAL, NULL},
        {RULE_sessions, "0", -ERANGE, NULL},
        {RULE_sessions, "4096", 0, "4096"},
        {RULE_sessions, "4097", -ERANGE, NULL},
        {RULE_upload_rate, "1023", -ERANGE, NULL},
        {RULE_upload_rate, "1 MB", 0, "1 MB"},
        {RULE_download_rate, "none", 0, "none"},
        {RULE_session_upload_rate, "1K", 0, "1 KiB"},
        {RULE_session_download_rate, "1X", -EINVAL, NULL},
        {RULE_session_download_rate, "2 TiB", 0, "2 TiB"},
        {RULE_upload_only, "true", 0, "true"},
        {RULE_upload_only, "yes", -EINVAL, NULL},
        {RULE_networks, "192.0.2.0/24, 2001:db8::/32,127.0.0.1", 0,
         "192.0.2.0/24,2001:db8::/32,127.0.0.1"},
        {RULE_networks, "192.0.2.0/33", -EINVAL, NULL},
        {RULE_networks, "everywhere", -EINVAL, NULL},
        {RULE_networks, "", 0, ""},
        {RULE_hours, "mon-fri 08:00-18:00, sat", 0, "mon-fri 08:00-18:00, sat"},
        {RULE_hours, "mon 8", -EINVAL, NULL},
        {RULE_deny_names, "*.exe,.*", 0, "*.exe,.*"},
        {RULE_allow_names, "*.jpg *.png", 0, "*.jpg,*.png"},
        {RULE_allow_names, "a\nb", -EINVAL, NULL},
    };
    uint32_t seen = 0;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        const struct row *row = &rows[i];
        struct rules rules = {0};
        int r = rule_set(&rules, row->rule, row->text);
        if (r != row->result)
            fail_msg("%s = %s: %d", rule_key(row->rule), row->text, r);
        assert_int_equal(rule_is_given(&rules, row->rule), r == 0);
        assert_int_equal(rule_find(rule_key(row->rule)), row->rule);
        seen |= r == 0 ? rules.set : 0;
        if (r == 0) {
            cleanup_buffer struct buffer text;
            buffer_init(&text, 4096);
            assert_int_equal(rule_append_plain(&rules, row->rule, &text), 0);
            assert_int_equal(buffer_append(&text, "", 1), 0);
            assert_string_equal(buffer_begin(&text), row->plain);
        }
        rules_free(&rules);
        assert_int_equal(rules.set, 0);
    }
    assert_int_equal(seen, (1u << RULE_KIND_COUNT) - 1); /* each was in the table */
    assert_int_equal(rule_find("colour"), RULE_KIND_COUNT);
}

/* What is too much for one message to the session is refused here. */
static void test_words_have_a_maximum(void **state)
{
    (void)state;
    char text[64 * 256] = "";
    size_t size = 0;
    struct rules rules = {0};
    for (size_t i = 0; i < 64; i++)
        size += (size_t)snprintf(text + size, sizeof(text) - size, "%0200zu,", i);
    assert_int_equal(rule_set(&rules, RULE_deny_names, text), -EINVAL);
    text[30 * 201] = '\0';
    assert_int_equal(rule_set(&rules, RULE_deny_names, text), 0);
    /* What failed has left what was there. */
    assert_int_equal(rule_set(&rules, RULE_deny_names, "a\rb"), -EINVAL);
    assert_non_null(rules.deny_names[29]);
    assert_null(rules.deny_names[30]);
    rules_free(&rules);
}

/* --- What holds --- */

static char staff_name[] = "staff", guests_name[] = "guests";

struct house {
    struct config *config;
    struct group_rules groups[2];
};

static void build(struct house *ret)
{
    *ret = (struct house){.config = config_default()};
    assert_non_null(ret->config);
    ret->groups[0].name = staff_name;
    ret->groups[1].name = guests_name;
    ret->config->groups = ret->groups;
    ret->config->group_count = 2;
}

static void tear_down(struct house *house)
{
    for (size_t i = 0; i < 2; i++)
        rules_free(&house->groups[i].rules);
    house->config->groups = NULL;
    house->config->group_count = 0;
    config_free(house->config);
}

static struct account *make_account(const char *labels)
{
    struct account *account = calloc(1, sizeof(*account));
    assert_non_null(account);
    assert_int_equal(words_split(labels, " ", &account->labels), 0);
    return account;
}

static void test_record_then_groups_then_the_server(void **state)
{
    (void)state;
    struct house house;
    build(&house);
    house.config->quota_bytes = 1;
    house.config->limits_per_user = 7;
    assert_int_equal(rule_set(&house.groups[0].rules, RULE_quota, "2"), 0);
    assert_int_equal(rule_set(&house.groups[1].rules, RULE_quota, "3"), 0);
    assert_int_equal(rule_set(&house.groups[1].rules, RULE_sessions, "none"), 0);
    assert_int_equal(rule_set(&house.groups[1].rules, RULE_upload_only, "true"), 0);
    assert_int_equal(rule_set(&house.groups[1].rules, RULE_networks, "127.0.0.0/8"), 0);
    static const struct {
        const char *labels, *own;
        uint64_t quota, sessions;
        const char *group; /* that the quota comes from */
    } rows[] = {
        {"", NULL, 1, 7, NULL},
        {"others", NULL, 1, 7, NULL},
        {"staff", NULL, 2, 7, "staff"},
        {"guests", NULL, 3, NO_LIMIT, "guests"},
        {"guests staff", NULL, 2, NO_LIMIT, "staff"}, /* in the order of the file */
        {"guests staff", "5", 5, NO_LIMIT, NULL},
        {"staff", "none", NO_LIMIT, 7, NULL},
        {"", "0", 0, 7, NULL},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        cleanup_account struct account *account = make_account(rows[i].labels);
        if (rows[i].own)
            assert_int_equal(rule_set(&account->rules, RULE_quota, rows[i].own), 0);
        for (int twice = 0; twice < 2; twice++)
            assert_int_equal(rules_resolve(house.config, account), 0);
        const struct rules *rules = &account->effective;
        bool guest = words_have(account->labels, "guests");
        assert_true(rules->quota == rows[i].quota);
        assert_true(rules->sessions == rows[i].sessions);
        assert_true(rules->quota_files == NO_LIMIT);
        assert_int_equal(rules->upload_only, guest);
        assert_int_equal(words_have(rules->networks, "127.0.0.0/8"), guest);
        assert_null(rules->hours);
        const struct group_rules *group = rules_group_of(house.config, account, RULE_quota);
        assert_string_equal(group ? group->name : "", rows[i].group ? rows[i].group : "");
        unsigned flags = rules_flags(house.config, account);
        assert_int_equal(!!(flags & ACCOUNT_LEASES), rows[i].quota != NO_LIMIT);
        assert_int_equal(!!(flags & ACCOUNT_UPLOAD_ONLY), guest);
    }
    tear_down(&house);
}

static void test_role_and_read_only_of_groups(void **state)
{
    (void)state;
    struct house house;
    build(&house);
    house.groups[0].sets_role = house.groups[0].admin = true;
    house.groups[1].sets_role = house.groups[1].sets_read_only = house.groups[1].read_only = true;
    for (unsigned i = 0; i < 16; i++) {
        bool staff = i & 1, guest = i & 2, says_role = i & 4, says_rights = i & 8;
        cleanup_account struct account *account = make_account(staff && guest ? "guests staff"
                                                               : staff        ? "staff"
                                                               : guest        ? "guests"
                                                                              : "");
        account->sets_role = says_role;
        account->sets_read_only = says_rights;
        assert_int_equal(rules_resolve(house.config, account), 0);
        bool admin = staff && !says_role, reads = guest && !says_rights;
        assert_int_equal(account->role, admin ? ACCOUNT_ADMIN : ACCOUNT_USER);
        assert_int_equal(account->read_only, reads);
        unsigned flags = rules_flags(house.config, account);
        assert_int_equal(!!(flags & ACCOUNT_IS_ADMIN), admin);
        assert_int_equal(!!(flags & ACCOUNT_READ_ONLY), reads);
    }
    tear_down(&house);
}

/* An administrator has no quota, a reader needs none, and the file system may have it. */
static void test_who_leases(void **state)
{
    (void)state;
    struct house house;
    build(&house);
    for (unsigned i = 0; i < 16; i++) {
        bool limited = i & 1, admin = i & 2, reader = i & 4, project = i & 8;
        house.config->quota_files = limited ? 5 : NO_LIMIT;
        house.config->quota_backend = project ? QUOTA_PROJECT : QUOTA_LEDGER;
        cleanup_account struct account *account = make_account("");
        account->role = admin ? ACCOUNT_ADMIN : ACCOUNT_USER;
        account->read_only = reader;
        assert_int_equal(rules_resolve(house.config, account), 0);
        unsigned flags = rules_flags(house.config, account);
        bool counts = limited && !admin && !reader;
        assert_int_equal(!!(flags & ACCOUNT_LEASES), counts && !project);
        assert_int_equal(!!(flags & ACCOUNT_PROJECT), counts && project);
    }
    tear_down(&house);
}

/* --- From where and when --- */

static void test_networks(void **state)
{
    (void)state;
    struct rules rules = {0};
    struct address address;
    static const struct {
        const char *networks, *from;
        bool admitted;
    } rows[] = {
        {NULL, "192.0.2.1", true},
        {"", "192.0.2.1", true},
        {"192.0.2.0/24", "192.0.2.255", true},
        {"192.0.2.0/24", "192.0.3.0", false},
        {"192.0.2.0/24", "2001:db8::1", false},
        {"192.0.2.7", "192.0.2.7", true},
        {"192.0.2.7,2001:db8::/32", "2001:db8:9::1", true},
        {"0.0.0.0/0", "2001:db8::1", false},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        if (rows[i].networks)
            assert_int_equal(rule_set(&rules, RULE_networks, rows[i].networks), 0);
        assert_int_equal(address_parse(rows[i].from, &address), 0);
        if (rules_admit_address(&rules, &address) != rows[i].admitted)
            fail_msg("%s from %s", rows[i].networks, rows[i].from);
    }
    rules_free(&rules);
}

static void test_what_hours_can_be(void **state)
{
    (void)state;
    static const char *const good[] = {
        "mon",         "mon-fri",         "sat-mon",     "08:00-18:00", "22:00-06:00",
        "00:00-24:00", "mon 08:00-18:00", "mon,tue,wed", "mon , tue ",  "fri 22:00-02:00, sun",
    };
    static const char *const bad[] = {
        "",
        " ",
        ",",
        "mon,",
        "mon,,tue",
        "monday",
        "mon-",
        "mon-xyz",
        "Mon",
        "mon08:00-18:00",
        "08:00",
        "08:00-",
        "8:00-18:00",
        "24:00-24:00",
        "24:00-01:00",
        "08:60-09:00",
        "25:00-26:00",
        "08:00-00:00",
        "08:00-18:00 mon",
        "08:00-18:00x",
        "mon tue",
        "mon 08:00 - 18:00",
    };
    for (size_t i = 0; i < ELEMENTS(good); i++)
        assert_true(hours_are_good(good[i]));
    for (size_t i = 0; i < ELEMENTS(bad); i++)
        if (hours_are_good(bad[i]))
            fail_msg("\"%s\" was taken", bad[i]);
}

/* 2026-11-23T00:00:00Z */
#define MONDAY INT64_C(1795392000)

static void test_hours(void **state)
{
    (void)state;
    assert_int_equal(setenv("TZ", "UTC", 1), 0);
    tzset();
    enum { DAY = 86400, HOUR = 3600, MINUTE = 60 };
    static const struct {
        const char *hours;
        int64_t time; /* since a Monday, 00:00 */
        bool admitted;
    } rows[] = {
        {"mon", 0, true},
        {"mon", DAY - 1, true},
        {"mon", DAY, false},
        {"mon", -1, false},
        {"mon-fri 08:00-18:00", 8 * HOUR - 1, false},
        {"mon-fri 08:00-18:00", 8 * HOUR, true},
        {"mon-fri 08:00-18:00", 18 * HOUR - 1, true},
        {"mon-fri 08:00-18:00", 18 * HOUR, false},
        {"mon-fri 08:00-18:00", 5 * DAY + 9 * HOUR, false},
        {"sat-mon", 6 * DAY, true},
        {"sat-mon", 7 * DAY, true},
        {"sat-mon", 8 * DAY, false},
        {"mon 22:00-06:00", 23 * HOUR, true},
        {"mon 22:00-06:00", DAY + 5 * HOUR, true},
        {"mon 22:00-06:00", DAY + 6 * HOUR, false},
        {"mon 22:00-06:00", 5 * HOUR, false}, /* of Sunday's night */
        {"sun 22:00-06:00", 5 * HOUR, true},
        {"22:00-06:00", 5 * HOUR, true},
        {"22:00-06:00", 12 * HOUR, false},
        {"tue, mon 10:00-11:00", 10 * HOUR + 59 * MINUTE, true},
        {"tue, mon 10:00-11:00", 11 * HOUR, false},
        {"tue, mon 10:00-11:00", DAY + 11 * HOUR, true},
        {NULL, 0, true},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct rules rules = {0};
        if (rows[i].hours)
            assert_int_equal(rule_set(&rules, RULE_hours, rows[i].hours), 0);
        if (rules_admit_time(&rules, MONDAY + rows[i].time) != rows[i].admitted)
            fail_msg("\"%s\" at %lld", rows[i].hours ? rows[i].hours : "", (long long)rows[i].time);
        rules_free(&rules);
    }
    /* In the machine's zone: it is 23:30 of Sunday there. */
    assert_int_equal(setenv("TZ", "XXX+0:30", 1), 0);
    tzset();
    struct rules rules = {0};
    assert_int_equal(rule_set(&rules, RULE_hours, "sun 23:00-24:00"), 0);
    assert_true(rules_admit_time(&rules, MONDAY));
    rules_free(&rules);
}

/* Random text is refused or taken, and never read past its end. */
static void test_hours_of_anything(void **state)
{
    (void)state;
    static const char *const pieces[] = {"mon", "fri", "-", " ", ",", "08:00", "24:00", "1", ":"};
    srand(1);
    for (int round = 0; round < 20000; round++) {
        char text[64] = "";
        size_t size = 0;
        for (int i = rand() % 9; i > 0; i--)
            size += (size_t)snprintf(text + size, sizeof(text) - size, "%s",
                                     pieces[(size_t)rand() % ELEMENTS(pieces)]);
        cleanup_free char *copy = strdup(text); /* ends where it ends */
        struct rules rules = {0};
        bool good = hours_are_good(copy);
        assert_int_equal(rule_set(&rules, RULE_hours, copy) == 0, good);
        if (good)
            (void)rules_admit_time(&rules, rand());
        rules_free(&rules);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_rule_in_and_out_of_text),
        cmocka_unit_test(test_words_have_a_maximum),
        cmocka_unit_test(test_record_then_groups_then_the_server),
        cmocka_unit_test(test_role_and_read_only_of_groups),
        cmocka_unit_test(test_who_leases),
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_what_hours_can_be),
        cmocka_unit_test(test_hours),
        cmocka_unit_test(test_hours_of_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

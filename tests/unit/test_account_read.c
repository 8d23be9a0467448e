/*
 * lib/account_read.c: records, and above all everything that is none (CVE_TESTS A15, A05): it must
 * fail, in words, and never become another account.
 */
#include "account_fixture.h"

#define HEAD "uid = 200007;\ncreated = 1795000000;\n"
#define PASS "password = \"" FIXTURE_HASH "\";\n"
#define GOOD HEAD PASS

static void test_good_records(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *text;
        uid_t uid;
        bool enabled;
        bool read_only;
        const char *home; /* NULL: the default one */
        time_t expires;
    } rows[] = {
        {GOOD, 200007, true, false, NULL, 0},
        {"# alice\n" GOOD "/* 9999999999 */ enabled = true; // 1.5\n", 200007, true, false, NULL,
         0},
        {"uid: 200000\ncreated: 0L\n" PASS, 200000, true, false, NULL, 0},
        {"uid = 299998L; created = 9999999999L;" PASS, 299998, true, false, NULL, 0},
        {GOOD "enabled = false;", 200007, false, false, NULL, 0},
        {GOOD "read_only = true;", 200007, true, true, NULL, 0},
        {GOOD "home = \"/srv/other/a b\";", 200007, true, false, "/srv/other/a b", 0},
        {GOOD "home = \"/srv/4294967296/0x1\";", 200007, true, false, "/srv/4294967296/0x1", 0},
        {GOOD "home = \"/srv/...\";", 200007, true, false, "/srv/...", 0},
        {GOOD "expires = 1;", 200007, true, false, NULL, 1},
        {GOOD "expires = 1798761599;", 200007, true, false, NULL, 1798761599},
        {GOOD "expires = 253402300799L;", 200007, true, false, NULL, 253402300799},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        cleanup_account struct account *account = NULL;
        char home[PATH_MAX];
        (void)snprintf(home, sizeof(home), "%s/alice", fixture->homes);
        fixture_write(fixture, "alice.conf", rows[i].text, strlen(rows[i].text));
        if (fixture_load(fixture, "alice", &account) < 0)
            fail_msg("%s: %s", rows[i].text, fixture_words(fixture));
        assert_string_equal(account->name, "alice");
        assert_string_equal(account->password, FIXTURE_HASH);
        assert_string_equal(account->home, rows[i].home ? rows[i].home : home);
        assert_int_equal(account->uid, rows[i].uid);
        assert_int_equal(account->gid, rows[i].uid);
        assert_int_equal(account->enabled, rows[i].enabled);
        assert_int_equal(account->read_only, rows[i].read_only);
        assert_int_equal(account->expires, rows[i].expires);
    }
}

static void test_T14_certificate(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *text;
        enum account_certificate rule;
        const char *name;
    } rows[] = {
        {GOOD, ACCOUNT_CERTIFICATE_DEFAULT, NULL},
        {GOOD "certificate = \"default\";", ACCOUNT_CERTIFICATE_DEFAULT, NULL},
        {GOOD "certificate = \"no\";", ACCOUNT_CERTIFICATE_NO, NULL},
        {GOOD "certificate = \"factor\";", ACCOUNT_CERTIFICATE_FACTOR, NULL},
        {GOOD "certificate = \"instead\"; certificate_name = \"dns:a.example\";",
         ACCOUNT_CERTIFICATE_INSTEAD, "dns:a.example"},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        cleanup_account struct account *account = NULL;
        fixture_write(fixture, "alice.conf", rows[i].text, strlen(rows[i].text));
        if (fixture_load(fixture, "alice", &account) < 0)
            fail_msg("%s: %s", rows[i].text, fixture_words(fixture));
        assert_int_equal(account->certificate, rows[i].rule);
        if (rows[i].name)
            assert_string_equal(account->certificate_name, rows[i].name);
        else
            assert_null(account->certificate_name);
    }
}

static void test_tls_and_role(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *text;
        enum account_tls tls;
        enum account_role role;
    } rows[] = {
        {GOOD, ACCOUNT_TLS_DEFAULT, ACCOUNT_USER},
        {GOOD "tls = \"default\"; role = \"user\";", ACCOUNT_TLS_DEFAULT, ACCOUNT_USER},
        {GOOD "tls = \"required\";", ACCOUNT_TLS_REQUIRED, ACCOUNT_USER},
        {GOOD "tls = \"optional\";", ACCOUNT_TLS_OPTIONAL, ACCOUNT_USER},
        {GOOD "role = \"admin\"; tls = \"optional\";", ACCOUNT_TLS_OPTIONAL, ACCOUNT_ADMIN},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        cleanup_account struct account *account = NULL;
        fixture_write(fixture, "alice.conf", rows[i].text, strlen(rows[i].text));
        if (fixture_load(fixture, "alice", &account) < 0)
            fail_msg("%s: %s", rows[i].text, fixture_words(fixture));
        assert_int_equal(account->tls, rows[i].tls);
        assert_int_equal(account->role, rows[i].role);
    }
}

static void test_rules(void **state)
{
    struct fixture *fixture = *state;
    static const char text[] =
        GOOD "groups = [ \"staff\", \"a b\" ]; quota = \"10G\"; quota_files = 5000000000L;";
    cleanup_account struct account *account = NULL;
    fixture_write(fixture, "alice.conf", text, strlen(text));
    assert_int_equal(fixture_load(fixture, "alice", &account), -EBADMSG); /* no name of a group */
    static const char good[] = GOOD "groups = [ \"staff\", \"guests\" ]; quota = \"10G\";"
                                    "quota_files = 0; sessions = \"none\"; upload_only = true;"
                                    "networks = [ \"192.0.2.0/24\" ]; hours = \"mon\";"
                                    "deny_names = []; upload_rate = 4096;";
    fixture_write(fixture, "alice.conf", good, strlen(good));
    if (fixture_load(fixture, "alice", &account) < 0)
        fail_msg("%s", fixture_words(fixture));
    assert_string_equal(account->labels[1], "guests");
    assert_null(account->labels[2]);
    const struct rules *rules = &account->rules;
    assert_true(rules->quota == UINT64_C(10) << 30);
    assert_true(rules->quota_files == 0);
    assert_true(rules->sessions == NO_LIMIT);
    assert_true(rules->upload_rate == 4096);
    assert_true(rules->upload_only);
    assert_string_equal(rules->networks[0], "192.0.2.0/24");
    assert_string_equal(rules->hours, "mon");
    assert_null(rules->deny_names[0]);
    assert_true(RULES_HAVE(rules, deny_names));
    assert_false(RULES_HAVE(rules, allow_names) || RULES_HAVE(rules, download_rate));
    assert_false(account->sets_role || account->sets_read_only);
}

static void assert_malformed(struct fixture *fixture, const char *text, size_t size,
                             const char *words)
{
    cleanup_account struct account *account = NULL;
    fixture_write(fixture, "alice.conf", text, size);
    int r = fixture_load(fixture, "alice", &account);
    const char *said = fixture_words(fixture);
    if (r != -EBADMSG || !strstr(said, words) || !strstr(said, "alice.conf") || account)
        fail_msg("%s: result %d, \"%s\" instead of \"%s\"", text, r, said, words);
}

static void test_malformed_A15(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *text;
        const char *words;
    } rows[] = {
        {"", "uid: is missing"},
        {HEAD, "password: is missing"},
        {"uid = 200007;\n" PASS, "created: is missing"},
        {"created = 1;\n" PASS, "uid: is missing"},
        /* the uid: never 0, never one outside of the range, never another number than was written
         */
        {"uid = 0; created = 1;" PASS, "uid: 0 is not in 200000 to 299999"},
        {"uid = 199999; created = 1;" PASS, "uid: 199999 is not"},
        {"uid = 300000; created = 1;" PASS, "uid: 300000 is not"},
        {"uid = 299999; created = 1;" PASS, "that of the administrators' sessions"},
        {"uid = 4294967296L; created = 1;" PASS, "uid: 4294967296 is not"},
        {"uid = 4295167296L; created = 1;" PASS, "uid: 4295167296 is not"},
        {"uid = 4294967295L; created = 1;" PASS, "uid: 4294967295 is not"},
        /* libconfig 1.5 would take these modulo 2^32 */
        {"uid = 4294967296; created = 1;" PASS, ":1: a number"},
        {"uid = 4295167296; created = 1;" PASS, ":1: a number"},
        {"created = 1;\nuid = 0x100030D40;" PASS, ":2: a number"},
        {"uid = 0x30D40; created = 1;" PASS, ":1: a number"},
        {"uid = -1; created = 1;" PASS, ":1: a number"},
        {"uid = +200000; created = 1;" PASS, ":1: a number"},
        {"uid = 200000.0; created = 1;" PASS, ":1: a number"},
        {"uid = 2e5; created = 1;" PASS, ":1: a number"},
        {"uid = 99999999999999999999999999999; created = 1;" PASS, ":1: a number"},
        {"uid = 99999999999999999999999999999L; created = 1;" PASS, ":1: a number"},
        {"/* \n */ # \"\n uid = 4295167296; created = 1;" PASS, ":3: a number"},
        {"uid = \"200007\"; created = 1;" PASS, "uid: must be a number"},
        {"uid = \"root\"; created = 1;" PASS, "uid: must be a number"},
        {"uid = true; created = 1;" PASS, "uid: must be a number"},
        {"uid = ; created = 1;" PASS, "syntax error"},
        {"uid = [200007]; created = 1;" PASS, "uid: must be a number"},
        {"uid = 200007; uid = 200008; created = 1;" PASS, "duplicate"},
        /* the password: never none */
        {HEAD "password = \"\";", "password: is empty"},
        {HEAD "password = 12345;", "password: must be text"},
        {HEAD "password = true;", "password: must be text"},
        {HEAD "password = ();", "password: must be text"},
        {HEAD "password = \"a\\nb\";", "password: contains a control character"},
        {HEAD "password = \"abc", ":3: a quotation mark"},
        {GOOD "\"enabled = false;", ":4: a quotation mark"},
        {GOOD "home = \"/srv/a\" \"enabled = false;", "a quotation mark"},
        {GOOD "/* enabled = false;", ":4: a quotation mark or a comment"},
        {GOOD PASS, "duplicate"},
        /* the folder: never relative, never out of where it is, never the whole machine */
        {GOOD "home = \"\";", "home: is empty"},
        {GOOD "home = \"alice\";", "home: must be an absolute path"},
        {GOOD "home = \"./alice\";", "home: must be an absolute path"},
        {GOOD "home = \"/\";", "home: must be an absolute path"},
        {GOOD "home = \"///\";", "home: must be an absolute path"},
        {GOOD "home = \"/.\";", "home: must be an absolute path"},
        {GOOD "home = \"/..\";", "home: must be an absolute path"},
        {GOOD "home = \"/srv/../etc\";", "home: must be an absolute path"},
        {GOOD "home = \"/srv/..\";", "home: must be an absolute path"},
        {GOOD "home = \"/srv/a\\nb\";", "home: contains a control character"},
        {GOOD "home = 5;", "home: must be text"},
        /* the rest: what cannot be understood does not count as false or true */
        {GOOD "enabled = 0;", "enabled: must be true or false"},
        {GOOD "enabled = \"false\";", "enabled: must be true or false"},
        {GOOD "read_only = 1;", "read_only: must be true or false"},
        {GOOD "read_only = \"yes\";", "read_only: must be true or false"},
        {GOOD "tls = \"\";", "tls: must be \"default\""},
        {GOOD "tls = \"Required\";", "tls: must be \"default\""},
        {GOOD "tls = \"required \";", "tls: must be \"default\""},
        {GOOD "tls = true;", "tls: must be \"default\""},
        {GOOD "tls = 1;", "tls: must be \"default\""},
        {GOOD "role = \"root\";", "role: must be \"user\""},
        {GOOD "role = \"ADMIN\";", "role: must be \"user\""},
        {GOOD "role = ();", "role: must be \"user\""},
        {GOOD "certificate = \"yes\";", "certificate: must be \"default\""},
        {GOOD "certificate = true;", "certificate: must be \"default\""},
        {GOOD "certificate_name = \"\";", "certificate_name: is empty"},
        {GOOD "certificate_name = \"cn:\";", "certificate_name: a name in a certificate"},
        {GOOD "certificate_name = \"email:alice\";", "certificate_name: an address"},
        {GOOD "certificate_name = \"sha256:00\";", "certificate_name: a fingerprint"},
        {GOOD "certificate_name = 1;", "certificate_name: must be text"},
        {"uid = 200007; created = \"yesterday\";" PASS, "created: must be a time"},
        {"uid = 200007; created = false;" PASS, "created: must be a time"},
        /* never, or long ago? */
        {GOOD "expires = 0;", "expires: must be a time"},
        {GOOD "expires = 0L;", "expires: must be a time"},
        {GOOD "expires = -1;", ":4: a number"},
        {GOOD "expires = 1798761599000L;", "expires: must be a time"}, /* milliseconds */
        {GOOD "expires = 999999999999999999L;", "expires: must be a time"},
        {GOOD "expires = 4294967297;", ":4: a number"}, /* libconfig 1.5: 1 */
        {GOOD "expires = \"never\";", "expires: must be a time"},
        {GOOD "expires = \"2026-12-31\";", "expires: must be a time"},
        {GOOD "expires = true;", "expires: must be a time"},
        {GOOD "expires = 1.5;", ":4: a number"},
        {GOOD "expires = ();", "expires: must be a time"},
        {GOOD "Expires = 1;", "Expires: is no key"},
        {GOOD "expires = ", ":4: syntax error"},
        {"uid =\n\n# nothing\ncreated = 1;" PASS, ":1: syntax error"},
        {GOOD "enable = false;", "enable: is no key"},
        {GOOD "colour = 5;", "colour: is no key"},
        {GOOD "quota = -1;", "a number must be"},
        {GOOD "quota = \"-1\";", ":4: quota: \"-1\" does not fit"},
        {GOOD "quota = \"lots\";", "quota: \"lots\" does not fit"},
        {GOOD "quota_files = \"5\";", "quota_files: \"5\" does not fit"},
        {GOOD "quota_files = 1000000001;", "quota_files: 1000000001 is out of range"},
        {GOOD "sessions = 0;", "sessions: 0 is out of range"},
        {GOOD "upload_only = \"true\";", "upload_only: \"true\" does not fit"},
        {GOOD "networks = \"127.0.0.1\";", "networks: \"127.0.0.1\" does not fit"},
        {GOOD "networks = [ \"here\" ];", "networks: expected networks"},
        {GOOD "networks = [ 1 ];", "networks: 1 does not fit"},
        {GOOD "hours = \"25:00-26:00\";", "hours: expected days"},
        {GOOD "groups = \"staff\";", "groups: must be"},
        {GOOD "groups = [ \"a,b\" ];", "groups: must be"},
        {GOOD "quota = 1; quota = 2;", "duplicate"},
        {GOOD "home_: { a = 1; };", "home_: is no key"},
        {GOOD "@include \"/etc/hostname\"\n", "includes nothing"},
        {"alice:x:200007", "syntax error"},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++)
        assert_malformed(fixture, rows[i].text, strlen(rows[i].text), rows[i].words);
}

static void test_malformed_bytes_A15(void **state)
{
    struct fixture *fixture = *state;
    static const char zero[] = GOOD "\0enabled = false;";
    assert_malformed(fixture, zero, sizeof(zero) - 1, "zero byte");

    cleanup_free char *large = malloc(70000);
    assert_non_null(large);
    memset(large, '#', 70000);
    assert_malformed(fixture, large, 70000, "too long");

    char hash[600];
    int size = snprintf(hash, sizeof(hash), "%spassword = \"%0400d\";", HEAD, 1);
    assert_malformed(fixture, hash, (size_t)size, "password: is too long");
}

/* A record that a full disk or a crash cut off is none, wherever it was cut. */
static void test_truncated_A15(void **state)
{
    struct fixture *fixture = *state;
    static const char text[] = GOOD;
    for (size_t size = 0; size < sizeof(text) - 1; size++) {
        cleanup_account struct account *account = NULL;
        fixture_write(fixture, "alice.conf", text, size);
        int r = fixture_load(fixture, "alice", &account);
        /* without the last newline, or that and the semicolon, it is whole */
        assert_int_equal(r, size + 2 < sizeof(text) - 1 ? -EBADMSG : 0);
    }
}

static void test_bit_flips_A15(void **state)
{
    struct fixture *fixture = *state;
    static const char text[] = GOOD "home = \"/srv/alice\";\nenabled = false;\nexpires = 1;\n";
    size_t refused = 0;
    size_t taken = 0;
    for (size_t bit = 0; bit < (sizeof(text) - 1) * 8; bit++) {
        char flipped[sizeof(text)];
        cleanup_account struct account *account = NULL;
        memcpy(flipped, text, sizeof(text));
        flipped[bit / 8] = (char)(flipped[bit / 8] ^ (1 << (bit % 8)));
        fixture_write(fixture, "alice.conf", flipped, sizeof(text) - 1);
        int r = fixture_load(fixture, "alice", &account);
        if (r < 0) {
            assert_int_equal(r, -EBADMSG);
            assert_true(buffer_size(&fixture->problem) > 0);
            refused++;
            continue;
        }
        taken++; /* a digit or a letter became another one: still an account, and a safe one */
        assert_in_range(account->uid, 200000, 299999);
        assert_int_equal(account->gid, account->uid);
        assert_int_equal(account->home[0], '/');
        assert_null(strstr(account->home, "/.."));
        assert_int_not_equal(account->password[0], '\0');
        assert_false(account->enabled);
        assert_in_range(account->expires, 1, 99); /* it never becomes "never" */
    }
    assert_true(refused > 500);
    assert_true(taken > 100);
}

static void test_owner_and_mode(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        mode_t mode;
        uid_t owner;
        const char *words;
    } rows[] = {
        {0600, 0, NULL},        {0400, 0, NULL},
        {0640, 0, "mode 0640"}, {0604, 0, "mode 0604"},
        {0620, 0, "mode 0620"}, {0602, 0, "mode 0602"},
        {0644, 0, "mode 0644"}, {0600, 200007, "belongs to uid 200007"},
    };
    char path[PATH_MAX];
    fixture_path(fixture, "alice.conf", path);
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        cleanup_account struct account *account = NULL;
        fixture_write(fixture, "alice.conf", GOOD, sizeof(GOOD) - 1);
        assert_int_equal(chown(path, rows[i].owner, 0), 0);
        assert_int_equal(chmod(path, rows[i].mode), 0);
        int r = fixture_load(fixture, "alice", &account);
        assert_int_equal(r, rows[i].words ? -EBADMSG : 0);
        if (rows[i].words)
            assert_non_null(strstr(fixture_words(fixture), rows[i].words));
    }
}

static void test_no_plain_file(void **state)
{
    struct fixture *fixture = *state;
    cleanup_account struct account *account = NULL;
    char path[PATH_MAX];
    fixture_path(fixture, "alice.conf", path);
    fixture_write(fixture, "real", GOOD, sizeof(GOOD) - 1);

    assert_int_equal(symlink("real", path), 0);
    assert_int_equal(fixture_load(fixture, "alice", &account), -EBADMSG);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(fixture_load(fixture, "alice", &account), -EBADMSG); /* and does not wait */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(fixture_load(fixture, "alice", &account), -EBADMSG);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(fixture_load(fixture, "alice", &account), -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

/* libconfig 1.5 loses a string that stands where none may be: its leak, not ours. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:strbuf_append";
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_good_records),  TEST(test_tls_and_role),        TEST(test_T14_certificate),
        TEST(test_rules),         TEST(test_malformed_bytes_A15), TEST(test_truncated_A15),
        TEST(test_malformed_A15), TEST(test_malformed_bytes_A15), TEST(test_truncated_A15),
        TEST(test_bit_flips_A15), TEST(test_owner_and_mode),      TEST(test_no_plain_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

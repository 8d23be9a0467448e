/*
 * lib/password.c: what fits and above all what does not (CVE_TESTS A05), with the same work (A02).
 */
#include "lib/password.h"

#include "lib/cleanup.h"

#include <crypt.h>
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { COST = 1 };

static void test_hash_and_match(void **state)
{
    (void)state;
    static const char *const passwords[] = {
        "x", "correct horse",       "gr\xc3\xbc\xc3\x9f", "\xff\x80", "$y$j9T$",
        " ", "12345678901234567890"};
    for (size_t i = 0; i < ELEMENTS(passwords); i++) {
        char hash[PASSWORD_HASH_MAX];
        char again[PASSWORD_HASH_MAX];
        assert_int_equal(password_hash(passwords[i], COST, hash), 0);
        assert_int_equal(password_hash(passwords[i], COST, again), 0);
        assert_int_equal(strncmp(hash, "$y$", 3), 0);
        assert_string_not_equal(hash, again); /* a salt of its own */
        for (size_t j = 0; j < ELEMENTS(passwords); j++)
            assert_int_equal(password_matches(passwords[j], hash, COST), i == j);
    }
}

static void test_length(void **state)
{
    (void)state;
    char password[PASSWORD_MAX + 100];
    char hash[PASSWORD_HASH_MAX];
    memset(password, 'a', sizeof(password));
    password[PASSWORD_MAX - 1] = '\0';
    assert_int_equal(password_hash(password, COST, hash), 0);
    assert_true(password_matches(password, hash, COST));
    password[PASSWORD_MAX - 2] = 'b'; /* the last byte counts */
    assert_false(password_matches(password, hash, COST));
    password[PASSWORD_MAX - 2] = 'a';
    password[PASSWORD_MAX - 1] = 'a'; /* and what is too long is not cut off */
    password[sizeof(password) - 1] = '\0';
    assert_false(password_matches(password, hash, COST));
    assert_int_equal(password_hash(password, COST, hash), -EINVAL);
    password[PASSWORD_MAX] = '\0';
    assert_int_equal(password_hash(password, COST, hash), -EINVAL);
    assert_int_equal(password_hash("", COST, hash), -EINVAL);
}

static void test_cost(void **state)
{
    (void)state;
    char hash[PASSWORD_HASH_MAX];
    assert_int_equal(password_hash("secret", 0, hash), -EINVAL);
    assert_int_equal(password_hash("secret", 12, hash), -EINVAL);
    assert_int_equal(password_hash("secret", 1, hash), 0);
    assert_int_equal(strncmp(hash, "$y$j75$", 7), 0);
    assert_int_equal(password_hash("secret", 5, hash), 0);
    assert_int_equal(strncmp(hash, "$y$j9T$", 7), 0);
}

static void test_unusable_hashes_A05(void **state)
{
    (void)state;
    static const char *const hashes[] = {
        NULL,
        "",
        " ",
        "!",
        "!!",
        "*",
        "*0",
        "*1",
        "x",
        "$",
        "$$",
        "$y",
        "$y$",
        "$y$$",
        "$y$j75$",
        "$zz$abc$def",
        "secret",
        "plain:secret",
        "$y$j75$!!$!!",
        "$6$",
        "$1$",
        "\xff\xff",
        "abJnggxhB/yWI", /* DES: would look at eight bytes only */
        "_J9..rasmBYk8r9AiWNc",
        "$y$j75$\n$",
        "$6$rounds=999999999",
    };
    static const char *const passwords[] = {"", "secret", "password", "*0", "*", "!"};
    for (size_t i = 0; i < ELEMENTS(hashes); i++)
        for (size_t j = 0; j < ELEMENTS(passwords); j++)
            assert_false(password_matches(passwords[j], hashes[i], COST));

    char hash[PASSWORD_HASH_MAX];
    char locked[PASSWORD_HASH_MAX + 1];
    assert_int_equal(password_hash("secret", COST, hash), 0);
    (void)snprintf(locked, sizeof(locked), "!%s", hash); /* as usermod -L does it */
    assert_true(password_matches("secret", hash, COST));
    assert_false(password_matches("secret", locked, COST));
    assert_false(password_matches("", hash, COST));
}

static void test_mutated_hashes_A05(void **state)
{
    (void)state;
    char hash[PASSWORD_HASH_MAX];
    assert_int_equal(password_hash("secret", COST, hash), 0);
    size_t size = strlen(hash);
    for (size_t length = 0; length < size; length++) {
        char cut[PASSWORD_HASH_MAX];
        memcpy(cut, hash, length);
        cut[length] = '\0';
        assert_false(password_matches("secret", cut, COST));
    }
    size_t digest = (size_t)(strrchr(hash, '$') - hash) + 1;
    for (size_t bit = digest * 8; bit < size * 8; bit += 3) {
        char flipped[PASSWORD_HASH_MAX];
        memcpy(flipped, hash, size + 1);
        flipped[bit / 8] = (char)(flipped[bit / 8] ^ (1 << (bit % 8)));
        assert_false(password_matches("secret", flipped, COST));
    }
    char longer[PASSWORD_HASH_MAX + 8];
    (void)snprintf(longer, sizeof(longer), "%sA", hash);
    assert_false(password_matches("secret", longer, COST));
    memset(longer, 'A', sizeof(longer));
    memcpy(longer, hash, size);
    longer[sizeof(longer) - 1] = '\0';
    assert_false(password_matches("secret", longer, COST));
}

static void test_older_hashes(void **state)
{
    (void)state;
    static const char *const hashes[] = {
        /* of "password", by crypt(3) of libxcrypt 4.4.33 */
        "$6$abc$rvqzMBuMVukmply9mZJpW0wJMdDfgUKLDrSNxf9l66h/"
        "ytQiKNAdqHSj5YPJpxWJpVjRXibQXRddCl9xYHQnd0",
        "$1$abc$BXBqpb9BZcZhXLgbee.0s/",
    };
    for (size_t i = 0; i < ELEMENTS(hashes); i++) {
        assert_true(password_matches("password", hashes[i], COST));
        assert_false(password_matches("Password", hashes[i], COST));
        assert_false(password_matches("", hashes[i], COST));
    }
}

/* --- Work ---
 *
 * Time is what counts, but on a busy machine it says little. So the work itself is counted: this
 * crypt_rn takes the place of the library's, and notes the hashes that were computed with the cost
 * that is configured. */

enum { FULL_COST = 3 };
#define FULL_COST_PREFIX "$y$j7T$"

static unsigned full_hashes;
static unsigned long_hashes; /* those of a password that is not a short one */

char *crypt_rn(const char *phrase, const char *setting, void *data, int size)
{
    char *(*real)(const char *, const char *, void *, int);
    void *symbol = dlsym(RTLD_NEXT, "crypt_rn");
    assert_non_null(symbol);
    memcpy(&real, &symbol, sizeof(real)); /* ISO C has no cast from one to the other */
    char *hash = real(phrase, setting, data, size);
    if (hash && strncmp(setting, FULL_COST_PREFIX, strlen(FULL_COST_PREFIX)) == 0)
        full_hashes++;
    if (strlen(phrase) >= PASSWORD_MAX)
        long_hashes++;
    return hash;
}

static void test_same_work_for_everybody_A02(void **state)
{
    (void)state;
    char hash[PASSWORD_HASH_MAX];
    char cheap[PASSWORD_HASH_MAX];
    char locked[PASSWORD_HASH_MAX + 1];
    char cut[PASSWORD_HASH_MAX];
    char endless[PASSWORD_MAX + 100];
    assert_int_equal(password_hash("secret", FULL_COST, hash), 0);
    assert_int_equal(strncmp(hash, FULL_COST_PREFIX, strlen(FULL_COST_PREFIX)), 0);
    assert_int_equal(password_hash("secret", 1, cheap), 0);
    (void)snprintf(locked, sizeof(locked), "!%s", hash);
    (void)snprintf(cut, sizeof(cut), "%.*s", (int)strlen(FULL_COST_PREFIX), hash);
    memset(endless, 'a', sizeof(endless) - 1);
    endless[sizeof(endless) - 1] = '\0';
    const struct {
        const char *password;
        const char *hash;
    } rows[] = {
        {"secret", hash}, /* as for this one */
        {"wrong", hash},
        {"", hash},
        {endless, hash},
        {"wrong", NULL},
        {endless, NULL},
        {"", NULL},
        {"wrong", ""},
        {"wrong", "!"},
        {"wrong", "*"},
        {"wrong", locked},
        {"wrong", cut},
        {"wrong", "nonsense"},
        {"wrong", "$y$zz$a$b"},
        {"wrong", "abJnggxhB/yWI"},
        {"wrong", cheap}, /* made before the cost was raised */
        {"secret", cheap},
        {"wrong", "$y$j75$"},
        {"wrong", "$1$abc$BXBqpb9BZcZhXLgbee.0s/"},
        {"wrong", "$6$abc$rvqzMBuMVukmply9mZJpW0wJMdDfgUKLDrSNxf9l66h/"
                  "ytQiKNAdqHSj5YPJpxWJpVjRXibQXRddCl9xYHQnd0"},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        full_hashes = 0;
        (void)password_matches(rows[i].password, rows[i].hash, FULL_COST);
        if (full_hashes != 1)
            fail_msg("row %zu, \"%s\": %u hashes of the full cost", i,
                     rows[i].hash ? rows[i].hash : "nobody", full_hashes);
    }
    assert_int_equal(long_hashes, 0); /* A22: what is too long is not hashed at all */
}

/* --- Generating --- */

static void test_generate(void **state)
{
    (void)state;
    static const char alphabet[] = "abcdefghjkmnpqrstuvwxyz23456789";
    unsigned seen[256] = {0};
    char before[64] = "";
    for (unsigned n = 0; n < 1000; n++) {
        char password[64];
        assert_int_equal(password_generate(password, sizeof(password)), 0);
        assert_int_equal(strlen(password), 24);
        for (size_t i = 0; i < 24; i++) {
            seen[(unsigned char)password[i]]++;
            if (i % 5 == 4)
                assert_int_equal(password[i], '-');
            else
                assert_non_null(strchr(alphabet, password[i]));
        }
        assert_string_not_equal(password, before);
        memcpy(before, password, sizeof(before));
    }
    for (const char *c = alphabet; *c; c++) /* 645 on average, its deviation 25 */
        assert_in_range(seen[(unsigned char)*c], 645 - 150, 645 + 150);

    char small[25];
    assert_int_equal(password_generate(small, 24), -ENOBUFS);
    assert_int_equal(password_generate(small, 25), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash_and_match),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_cost),
        cmocka_unit_test(test_unusable_hashes_A05),
        cmocka_unit_test(test_mutated_hashes_A05),
        cmocka_unit_test(test_older_hashes),
        cmocka_unit_test(test_same_work_for_everybody_A02),
        cmocka_unit_test(test_generate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

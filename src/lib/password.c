/* Passwords: crypt(5) hashes made and checked, see password.h. */
#include "lib/password.h"

#include "lib/cleanup.h"

#include <crypt.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

static const char method[] = "$y$"; /* yescrypt */

/* The dummy's salt may be known to everybody: nothing is ever compared with its hash. */
static const char dummy_salt[] = "0123456789abcdef";

enum {
    COST_MIN = 1,
    COST_MAX = 11,
    GENERATED_GROUPS = 5,
    GENERATED_GROUP = 4,
    GENERATED_SIZE =
        GENERATED_GROUPS * (GENERATED_GROUP + 1), /* hyphens between, a zero at the end */
};

/* crypt_rn(3) in memory of its own, which held the password and is wiped. */
static int hash_with(const char *password, const char *setting, char ret[PASSWORD_HASH_MAX])
{
    cleanup_free struct crypt_data *data = calloc(1, sizeof(*data));
    if (!data)
        return -ENOMEM;

    const char *hash = crypt_rn(password, setting, data, (int)sizeof(*data));
    int r = 0;
    if (!hash || hash[0] == '*')
        r = -EINVAL;
    else if (snprintf(ret, PASSWORD_HASH_MAX, "%s", hash) >= PASSWORD_HASH_MAX)
        r = -EIO;
    explicit_bzero(data, sizeof(*data));
    return r;
}

int password_hash(const char *password, unsigned cost, char ret[PASSWORD_HASH_MAX])
{
    /* libcrypt refuses a phrase that fills its buffer, so the longest is one byte shorter. */
    if (password[0] == '\0' || strnlen(password, PASSWORD_MAX) >= PASSWORD_MAX)
        return -EINVAL;
    if (cost < COST_MIN || cost > COST_MAX)
        return -EINVAL;

    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    if (!crypt_gensalt_rn(method, cost, NULL, 0, setting, (int)sizeof(setting)))
        return -EIO;
    return hash_with(password, setting, ret) < 0 ? -EIO : 0;
}

/* The dummy: what a hash of COST made now begins with. */
static bool dummy_setting(unsigned cost, char ret[CRYPT_GENSALT_OUTPUT_SIZE])
{
    if (cost < COST_MIN)
        cost = COST_MIN;
    if (cost > COST_MAX)
        cost = COST_MAX;
    return crypt_gensalt_rn(method, cost, dummy_salt, (int)sizeof(dummy_salt) - 1, ret,
                            CRYPT_GENSALT_OUTPUT_SIZE) != NULL;
}

/* True if A and B have the same method and the same cost: all before the third "$". */
static bool costs_the_same(const char *a, const char *b)
{
    const char *end = strchr(b + sizeof(method) - 1, '$');
    return end && strncmp(a, b, (size_t)(end - b) + 1) == 0;
}

/* A hash that can be compared with at all. The oldest methods (DES and its kin, which begin without
 * "$") look at eight characters only: with them a longer password would be open to anybody who
 * knows its beginning. */
static bool is_usable(const char *hash)
{
    if (!hash || hash[0] != '$' || strnlen(hash, PASSWORD_HASH_MAX) >= PASSWORD_HASH_MAX)
        return false;
    int check = crypt_checksalt(hash);
    return check == CRYPT_SALT_OK || check == CRYPT_SALT_METHOD_LEGACY;
}

/* Looks at every byte whatever the earlier ones were: the time says nothing about where they
 * differ. */
static bool equal_in_constant_time(const char *a, const char *b)
{
    size_t size = strlen(a);
    if (size != strlen(b))
        return false;

    unsigned difference = 0;
    for (size_t i = 0; i < size; i++)
        difference |= (unsigned)(unsigned char)(a[i] ^ b[i]);
    return difference == 0;
}

bool password_matches(const char *password, const char *hash, unsigned cost)
{
    char computed[PASSWORD_HASH_MAX];
    char dummy[CRYPT_GENSALT_OUTPUT_SIZE];
    bool tried = false;
    bool matches = false;

    /* What libcrypt would refuse in no time (too long a password) still takes the time of one hash.
     */
    bool possible = password[0] != '\0' && strnlen(password, PASSWORD_MAX) < PASSWORD_MAX;
    if (possible && is_usable(hash) && hash_with(password, hash, computed) == 0) {
        tried = true;
        matches = equal_in_constant_time(computed, hash);
    }

    /* An old hash is a cheap one and would be refused sooner than an unknown name; with the dummy
     * on top it takes a little longer instead, until the login that replaces it. */
    if (dummy_setting(cost, dummy) && !(tried && costs_the_same(hash, dummy)))
        (void)hash_with(possible ? password : "-", dummy, computed);
    explicit_bzero(computed, sizeof(computed));
    return matches;
}

/* 31 characters that cannot be mistaken for each other, read or heard: 4.95 bits each, 99 in all.
 */
int password_generate(char *ret, size_t size)
{
    static const char alphabet[] = "abcdefghjkmnpqrstuvwxyz23456789";
    enum { CHARACTERS = sizeof(alphabet) - 1, FAIR = 256 - 256 % CHARACTERS };

    if (size < GENERATED_SIZE)
        return -ENOBUFS;
    for (size_t i = 0; i < GENERATED_SIZE - 1;) {
        unsigned char random;
        if (i % (GENERATED_GROUP + 1) == GENERATED_GROUP) {
            ret[i++] = '-';
            continue;
        }
        if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
            if (errno == EINTR)
                continue;
            return -errno;
        }
        if (random < FAIR) /* else some characters would come up more often than others */
            ret[i++] = alphabet[random % CHARACTERS];
    }
    ret[GENERATED_SIZE - 1] = '\0';
    return 0;
}

bool password_is_outdated(const char *hash)
{
    return strncmp(hash, method, strlen(method)) != 0;
}

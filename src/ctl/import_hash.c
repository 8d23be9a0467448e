/* Whether crypt(3) can check a password against a hash: see import.h. It computes nothing: a
 * hundred thousand hashes of bcrypt would take hours. */
#include "ctl/import.h"

#include "lib/cleanup.h"
#include "lib/password.h"

#include <crypt.h>
#include <string.h>

static const char digits[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* crypt(5): what a hash begins with, and how many digits there are in its last field. */
static const struct {
    const char *prefix;
    size_t digits;
} methods[] = {
    {"$y$", 43}, {"$gy$", 43}, {"$7$", 43}, {"$2b$", 53}, {"$2a$", 53},   {"$2y$", 53},
    {"$6$", 86}, {"$5$", 43},  {"$1$", 22}, {"$md5", 22}, {"$sha1$", 28},
};

/* Hashes of others that are in use in such lists, and are none of crypt(3)'s. */
static const struct {
    const char *prefix;
    const char *name;
} foreign[] = {
    {"$argon2", "an Argon2 hash, which crypt(3) does not know"},
    {"$apr1$", "Apache's MD5, which crypt(3) does not know"},
    {"$7$C6..../....", "a hash of libsodium's scrypt, which crypt(3) does not know"},
    {"{", "a hash for LDAP, which crypt(3) does not know"},
    {"$3$", "a hash of NT, which is not safe"},
};

static bool is_whole(const char *hash)
{
    if (hash[0] != '$') /* DES, and BSDi's */
        return strlen(hash) == (hash[0] == '_' ? 20u : 13u) &&
               strspn(hash + (hash[0] == '_'), digits) == strlen(hash) - (hash[0] == '_');
    for (size_t i = 0; i < ELEMENTS(methods); i++)
        if (strncmp(hash, methods[i].prefix, strlen(methods[i].prefix)) == 0) {
            const char *last = strrchr(hash, '$') + 1;
            return strlen(last) == methods[i].digits && strspn(last, digits) == strlen(last);
        }
    return false;
}

const char *import_hash_fault(const char *hash)
{
    if (!*hash)
        return "there is no password: anybody would get in";
    if (*hash == '!' || *hash == '*')
        return "it is locked: there is no hash";
    for (size_t i = 0; i < ELEMENTS(foreign); i++)
        if (strncmp(hash, foreign[i].prefix, strlen(foreign[i].prefix)) == 0)
            return foreign[i].name;
    int checked = crypt_checksalt(hash);
    if (strlen(hash) >= PASSWORD_HASH_MAX || !is_whole(hash) || checked == CRYPT_SALT_INVALID ||
        checked == CRYPT_SALT_METHOD_DISABLED)
        return "this is no hash that crypt(3) knows";
    return NULL;
}

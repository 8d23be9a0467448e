/*
 * Passwords: crypt(5) hashes made and checked. The monitor checks, cellftpctl makes. A password is
 * wiped by whoever owns its memory; nothing here keeps one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { PASSWORD_HASH_MAX = 384, PASSWORD_MAX = 512 };

/* Hash of PASSWORD with a new salt, yescrypt with COST (1..11). -EINVAL, -EIO. */
int password_hash(const char *password, unsigned cost, char ret[PASSWORD_HASH_MAX]);

/* True if PASSWORD fits HASH. An empty or malformed hash, "!", "*" fit nothing, an empty password
 * fits nothing. Compares in constant time. Takes the time of one hash whatever HASH is: if HASH is
 * NULL or cannot be used, the work is done against a dummy of COST. */
bool password_matches(const char *password, const char *hash, unsigned cost);

/* True if HASH was made by an older method than the one that password_hash uses. */
bool password_is_outdated(const char *hash);

/* A new password of about 96 bits that can be read out on the telephone. */
int password_generate(char *ret, size_t size);

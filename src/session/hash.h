/*
 * Checksums of files, a piece at a time, so that a session can abort one or answer a command in
 * between. The session uses it. Digests come from libmd, CRC-32 from zlib.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order of FEAT; the first is the default. */
enum hash_algorithm {
    HASH_SHA_256,
    HASH_SHA_512,
    HASH_SHA_1,
    HASH_MD5,
    HASH_CRC32,
    HASH_ALGORITHM_COUNT
};

enum { HASH_TEXT_MAX = 129 };

/* "SHA-256" and so on (the names of draft-bryan-ftpext-hash). -EINVAL for an unknown name, any
 * case. */
const char *hash_name(enum hash_algorithm algorithm);
int hash_find(const char *name, enum hash_algorithm *ret);

/* Begins hashing bytes START to END (exclusive) of the regular file FD, which the hash owns from
 * now on, also when it fails. -ENOMEM. */
struct hash;
int hash_begin(int fd, enum hash_algorithm algorithm, uint64_t start, uint64_t end,
               struct hash **ret);

/* Reads and mixes at most about a megabyte. 1 if there is more, 0 when RET holds the digest in
 * lower-case hexadecimal (CRC32: eight digits), negative errno. A file that became shorter is
 * -ESTALE. */
int hash_step(struct hash *hash, char ret[HASH_TEXT_MAX]);
void hash_free(struct hash *hash);

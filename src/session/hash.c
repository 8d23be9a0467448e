/* Checksums of files, a piece at a time: see hash.h. Reads by position, so that it neither needs
 * nor moves the descriptor's offset, and never reads behind the end it was given. */
#include "session/hash.h"

#include "lib/cleanup.h"
#include "lib/text.h"

#include <md5.h>
#include <sha1.h>
#include <sha2.h>
#include <unistd.h>
#include <zlib.h>

enum { PIECE_SIZE = 1024 * 1024, DIGEST_MAX = SHA512_DIGEST_LENGTH };

union state {
    SHA2_CTX sha2;
    SHA1_CTX sha1;
    MD5_CTX md5;
    uLong crc32;
};

struct hash {
    const struct algorithm *algorithm;
    union state state;
    int fd;
    uint64_t position;
    uint64_t end;
    uint8_t piece[PIECE_SIZE];
};

struct algorithm {
    const char *name;
    size_t digest_size;
    void (*begin)(union state *state);
    void (*mix)(union state *state, const uint8_t *bytes, size_t size);
    void (*finish)(union state *state, uint8_t *ret_digest);
};

/* The functions of libmd differ in the type of their first argument only. */
#define LIBMD(name, function, member)                                                              \
    static void name##_begin(union state *state)                                                   \
    {                                                                                              \
        function##Init(&state->member);                                                            \
    }                                                                                              \
    static void name##_mix(union state *state, const uint8_t *bytes, size_t size)                  \
    {                                                                                              \
        function##Update(&state->member, bytes, size);                                             \
    }                                                                                              \
    static void name##_finish(union state *state, uint8_t *ret_digest)                             \
    {                                                                                              \
        function##Final(ret_digest, &state->member);                                               \
    }

LIBMD(sha256, SHA256, sha2)
LIBMD(sha512, SHA512, sha2)
LIBMD(sha1, SHA1, sha1)
LIBMD(md5, MD5, md5)
#undef LIBMD

static void crc32_begin(union state *state)
{
    state->crc32 = crc32_z(0, NULL, 0);
}

static void crc32_mix(union state *state, const uint8_t *bytes, size_t size)
{
    state->crc32 = crc32_z(state->crc32, bytes, size);
}

static void crc32_finish(union state *state, uint8_t *ret_digest)
{
    for (unsigned i = 0; i < 4; i++)
        ret_digest[i] = (uint8_t)(state->crc32 >> (24 - 8 * i));
}

/* The names of draft-bryan-ftpext-hash-02 section 3, which are those of the IANA registry. */
static const struct algorithm algorithms[HASH_ALGORITHM_COUNT] = {
    [HASH_SHA_256] = {"SHA-256", SHA256_DIGEST_LENGTH, sha256_begin, sha256_mix, sha256_finish},
    [HASH_SHA_512] = {"SHA-512", SHA512_DIGEST_LENGTH, sha512_begin, sha512_mix, sha512_finish},
    [HASH_SHA_1] = {"SHA-1", SHA1_DIGEST_LENGTH, sha1_begin, sha1_mix, sha1_finish},
    [HASH_MD5] = {"MD5", MD5_DIGEST_LENGTH, md5_begin, md5_mix, md5_finish},
    [HASH_CRC32] = {"CRC32", 4, crc32_begin, crc32_mix, crc32_finish},
};

const char *hash_name(enum hash_algorithm algorithm)
{
    return algorithms[algorithm].name;
}

int hash_find(const char *name, enum hash_algorithm *ret)
{
    for (unsigned i = 0; i < ELEMENTS(algorithms); i++) {
        if (text_equal_ignoring_case(name, algorithms[i].name)) {
            *ret = (enum hash_algorithm)i;
            return 0;
        }
    }
    return -EINVAL;
}

int hash_begin(int fd, enum hash_algorithm algorithm, uint64_t start, uint64_t end,
               struct hash **ret)
{
    cleanup_close int owned = fd;
    if (start > end || end > INT64_MAX)
        return -EINVAL;
    struct hash *hash = malloc(sizeof(*hash));
    if (!hash)
        return -ENOMEM;
    hash->algorithm = &algorithms[algorithm];
    hash->algorithm->begin(&hash->state);
    hash->fd = take_fd(&owned);
    hash->position = start;
    hash->end = end;
    *ret = hash;
    return 0;
}

static void finish(struct hash *hash, char ret[HASH_TEXT_MAX])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[DIGEST_MAX];
    size_t size = hash->algorithm->digest_size;
    hash->algorithm->finish(&hash->state, digest);
    for (size_t i = 0; i < size; i++) {
        ret[2 * i] = digits[digest[i] >> 4];
        ret[2 * i + 1] = digits[digest[i] & 15];
    }
    ret[2 * size] = '\0';
}

int hash_step(struct hash *hash, char ret[HASH_TEXT_MAX])
{
    uint64_t left = hash->end - hash->position;
    if (left > 0) {
        size_t want = left < PIECE_SIZE ? (size_t)left : PIECE_SIZE;
        ssize_t got;
        do {
            got = pread(hash->fd, hash->piece, want, (off_t)hash->position);
        } while (got < 0 && errno == EINTR);
        if (got < 0)
            return -errno;
        /* The end was the file's end, or a place before it, when the command came. */
        if (got == 0)
            return -ESTALE;
        hash->algorithm->mix(&hash->state, hash->piece, (size_t)got);
        hash->position += (uint64_t)got;
    }
    if (hash->position < hash->end)
        return 1;
    finish(hash, ret);
    return 0;
}

void hash_free(struct hash *hash)
{
    if (!hash)
        return;
    (void)close_fd(hash->fd);
    free(hash);
}

/* session/hash.c: digests against published vectors and against sums of coreutils, ranges, files
 * that change. */
#include "session/hash.h"

#include "lib/cleanup.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

enum { MEGABYTE = 1024 * 1024 };

/* A file in memory with SIZE bytes of CONTENT. */
static int make_file(const void *content, size_t size)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, content, size, 0), (ssize_t)size);
    return fd;
}

/* Hashes to the end and returns the number of steps, or the error. */
static int digest(int fd, enum hash_algorithm algorithm, uint64_t start, uint64_t end,
                  char ret[HASH_TEXT_MAX])
{
    struct hash *hash;
    int steps = 1;
    int r = hash_begin(fd, algorithm, start, end, &hash);
    if (r < 0)
        return r;
    while ((r = hash_step(hash, ret)) == 1)
        steps++;
    hash_free(hash);
    return r < 0 ? r : steps;
}

/* Vectors of FIPS 180-2, RFC 1321, and the check value of CRC-32. */
static const struct {
    enum hash_algorithm algorithm;
    const char *text;
    const char *digest;
} vectors[] = {
    {HASH_SHA_256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {HASH_SHA_256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {HASH_SHA_512, "abc",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    {HASH_SHA_1, "", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    {HASH_SHA_1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {HASH_MD5, "", "d41d8cd98f00b204e9800998ecf8427e"},
    {HASH_MD5, "message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
    {HASH_CRC32, "", "00000000"},
    {HASH_CRC32, "123456789", "cbf43926"},
    {HASH_CRC32, "665", "00081566"},
};

static void test_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(vectors); i++) {
        char text[HASH_TEXT_MAX];
        size_t size = strlen(vectors[i].text);
        int fd = make_file(vectors[i].text, size);
        assert_int_equal(digest(fd, vectors[i].algorithm, 0, size, text), 1);
        assert_string_equal(text, vectors[i].digest);
    }
}

static void test_names(void **state)
{
    (void)state;
    static const char *const names[] = {"SHA-256", "SHA-512", "SHA-1", "MD5", "CRC32"};
    static const char *const wrong[] = {"", "SHA", "SHA-2", "SHA256", "MD5 ", " MD5", "CRC32;"};
    enum hash_algorithm found;
    for (unsigned i = 0; i < HASH_ALGORITHM_COUNT; i++) {
        assert_string_equal(hash_name((enum hash_algorithm)i), names[i]);
        assert_int_equal(hash_find(names[i], &found), 0);
        assert_int_equal(found, i);
    }
    assert_int_equal(hash_find("sha-1", &found), 0);
    assert_int_equal(found, HASH_SHA_1);
    found = HASH_MD5;
    for (size_t i = 0; i < ELEMENTS(wrong); i++)
        assert_int_equal(hash_find(wrong[i], &found), -EINVAL);
    assert_int_equal(found, HASH_MD5);
}

static void test_range(void **state)
{
    (void)state;
    char text[HASH_TEXT_MAX];
    static const char content[] = "xx123456789yy";
    size_t size = sizeof(content) - 1;
    assert_int_equal(digest(make_file(content, size), HASH_CRC32, 2, 11, text), 1);
    assert_string_equal(text, "cbf43926");
    assert_int_equal(digest(make_file(content, size), HASH_MD5, 5, 5, text), 1);
    assert_string_equal(text, "d41d8cd98f00b204e9800998ecf8427e");
    assert_int_equal(digest(make_file(content, size), HASH_MD5, 3, 2, text), -EINVAL);
    assert_int_equal(digest(make_file(content, size), HASH_MD5, 0, UINT64_MAX, text), -EINVAL);
}

/* The sums of 2 MiB and 5 bytes of 'a', by sha256sum and its relatives, crc32 by Python's zlib. */
static void test_pieces_of_a_large_file(void **state)
{
    (void)state;
    static const char *const sums[] = {
        [HASH_SHA_256] = "f077ad66a499663ea49bdb0067bb7d51745c75a651e17c458435756986bbc523",
        [HASH_SHA_512] = ("6570e536f0fd20930a34d42c5d96446e1fea0095f8746acf35b2db1ee87afbaa"
                          "8a7ce15f5c3fbf5021e61593745667a963d285e803fb7a1fb84b63cff4288c7d"),
        [HASH_SHA_1] = "3ecbd53574adcc7e5a318dcdd6edc6f535868a9e",
        [HASH_MD5] = "e0fbbf8d4417818884b28eb4f1d8f684",
        [HASH_CRC32] = "14d1deec",
    };
    size_t size = 2 * MEGABYTE + 5;
    cleanup_free char *content = malloc(size);
    assert_non_null(content);
    memset(content, 'a', size);
    for (unsigned i = 0; i < HASH_ALGORITHM_COUNT; i++) {
        char text[HASH_TEXT_MAX];
        int steps = digest(make_file(content, size), (enum hash_algorithm)i, 0, size, text);
        assert_int_equal(steps, 3);
        assert_string_equal(text, sums[i]);
    }
}

static void test_file_becomes_shorter(void **state)
{
    (void)state;
    char text[HASH_TEXT_MAX];
    struct hash *hash;
    int fd = make_file("", 0);
    assert_int_equal(ftruncate(fd, 3 * MEGABYTE), 0);
    assert_int_equal(hash_begin(fd, HASH_SHA_1, 0, 3 * MEGABYTE, &hash), 0);
    assert_int_equal(hash_step(hash, text), 1);
    assert_int_equal(ftruncate(fd, MEGABYTE), 0);
    assert_int_equal(hash_step(hash, text), -ESTALE);
    hash_free(hash);
}

static void test_file_becomes_longer(void **state)
{
    (void)state;
    char text[HASH_TEXT_MAX];
    struct hash *hash;
    int fd = make_file("123456789", 9);
    assert_int_equal(hash_begin(fd, HASH_CRC32, 0, 9, &hash), 0);
    assert_int_equal(pwrite(fd, "more", 4, 9), 4);
    assert_int_equal(hash_step(hash, text), 0);
    assert_string_equal(text, "cbf43926");
    hash_free(hash);
}

static void test_descriptor_is_owned(void **state)
{
    (void)state;
    char text[HASH_TEXT_MAX];
    int fd = make_file("", 0);
    assert_int_equal(digest(fd, HASH_MD5, 0, 0, text), 1);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    fd = make_file("", 0);
    assert_int_equal(digest(fd, HASH_MD5, 1, 0, text), -EINVAL);
    assert_int_equal(fcntl(fd, F_GETFD), -1);

    int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(digest(folder, HASH_MD5, 0, 1, text), -EISDIR);
    hash_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_range),
        cmocka_unit_test(test_pieces_of_a_large_file),
        cmocka_unit_test(test_file_becomes_shorter),
        cmocka_unit_test(test_file_becomes_longer),
        cmocka_unit_test(test_descriptor_is_owned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

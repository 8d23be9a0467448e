/* Keys of tickets: see ticket_key.h. The secret is a file of its own, so that it is gone when the
 * machine starts anew, and whoever removes it makes all tickets worthless at once. */
#include "lib/ticket_key.h"

#include "lib/cleanup.h"
#include "lib/run.h"

#include <fcntl.h>
#include <sha2.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

enum { SECRET_SIZE = 32 };

/* RFC 2104, for a key that is shorter than a block. */
struct hmac {
    SHA2_CTX inner, outer;
};

static void hmac_begin(struct hmac *hmac, const uint8_t key[SECRET_SIZE])
{
    uint8_t inner[SHA256_BLOCK_LENGTH], outer[SHA256_BLOCK_LENGTH];
    for (size_t i = 0; i < SHA256_BLOCK_LENGTH; i++) {
        uint8_t byte = i < SECRET_SIZE ? key[i] : 0;
        inner[i] = byte ^ 0x36;
        outer[i] = byte ^ 0x5c;
    }
    SHA256Init(&hmac->inner);
    SHA256Update(&hmac->inner, inner, sizeof(inner));
    SHA256Init(&hmac->outer);
    SHA256Update(&hmac->outer, outer, sizeof(outer));
    explicit_bzero(inner, sizeof(inner));
    explicit_bzero(outer, sizeof(outer));
}

/* With its end, so that no two texts can run into each other. */
static void hmac_text(struct hmac *hmac, const char *text)
{
    SHA256Update(&hmac->inner, (const uint8_t *)text, strlen(text) + 1);
}

static void hmac_end(struct hmac *hmac, uint8_t ret[SHA256_DIGEST_LENGTH])
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256Final(digest, &hmac->inner);
    SHA256Update(&hmac->outer, digest, sizeof(digest));
    SHA256Final(ret, &hmac->outer);
    explicit_bzero(digest, sizeof(digest));
    explicit_bzero(hmac, sizeof(*hmac));
}

/* In place, under the lock. What is not of the right size is what a process left that was killed
 * while it wrote, or nothing yet: nobody has used it. */
static int make_secret(int fd, uint8_t ret[SECRET_SIZE])
{
    if (getrandom(ret, SECRET_SIZE, 0) != SECRET_SIZE)
        return -EIO;
    if (ftruncate(fd, 0) < 0)
        return -errno;
    ssize_t written = pwrite(fd, ret, SECRET_SIZE, 0);
    return written == SECRET_SIZE ? 0 : written < 0 ? -errno : -ENOSPC;
}

static int read_secret(const struct config *config, uint8_t ret[SECRET_SIZE])
{
    cleanup_close int run = run_directory_open(config);
    if (run < 0)
        return run;
    cleanup_close int fd = openat(run, TICKET_SECRET_FILE,
                                  O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    struct stat status;
    if (fd < 0 || flock(fd, LOCK_EX) < 0 || fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode) || status.st_uid != 0 || (status.st_mode & (S_IRWXG | S_IRWXO)))
        return -EPERM;
    if (status.st_size != SECRET_SIZE)
        return make_secret(fd, ret);
    ssize_t got = pread(fd, ret, SECRET_SIZE, 0);
    return got == SECRET_SIZE ? 0 : got < 0 ? -errno : -EIO;
}

int ticket_key(const struct config *config, const struct account *account,
               const struct address *address, uint8_t ret[TLS_KEY_SIZE])
{
    _Static_assert(TLS_KEY_SIZE == SHA256_DIGEST_LENGTH, "the key is a digest");
    uint8_t secret[SECRET_SIZE];
    int r = read_secret(config, secret);
    if (r == 0) {
        char text[ADDRESS_TEXT_MAX], scope[16];
        struct hmac hmac;
        address_format(address, text, sizeof(text));
        (void)snprintf(scope, sizeof(scope), "%u", address->scope); /* fe80::1 is many hosts */
        hmac_begin(&hmac, secret);
        hmac_text(&hmac, account->password ? "local" : "system");
        hmac_text(&hmac, account->name);
        hmac_text(&hmac, text);
        hmac_text(&hmac, scope);
        hmac_end(&hmac, ret);
    }
    explicit_bzero(secret, sizeof(secret));
    return r;
}

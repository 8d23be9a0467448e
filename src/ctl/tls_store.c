/*
 * A key and its certificate into their places, both or none: see tls.h. A key is never readable by
 * anybody but root, not for a moment, and a symbolic link is never written through or replaced.
 *
 * Two files cannot be renamed at once. The certificate that belongs to the new key waits beside its
 * place, complete and on the disk, before the key is renamed; whoever comes after an interruption
 * finds the key without its certificate, and the one that fits, and renames that.
 */
#include "ctl/tls.h"

#include "lib/cleanup.h"
#include "lib/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

struct place {
    char path[PATH_MAX];
    char fresh[PATH_MAX]; /* where the new one waits */
    char directory[PATH_MAX];
};

static int fail(struct buffer *words, int error, const char *what, const char *path)
{
    (void)buffer_append_format(words, "cannot %s %s: %s", what, path, strerror(-error));
    return error;
}

static int place_of(const char *path, struct place *ret, struct buffer *words)
{
    int size = snprintf(ret->fresh, sizeof(ret->fresh), "%s.new", path);
    if (size < 0 || (size_t)size >= sizeof(ret->fresh))
        return fail(words, -ENAMETOOLONG, "write", path);
    memcpy(ret->path, path, strlen(path) + 1);
    memcpy(ret->directory, path, strlen(path) + 1);
    char *slash = strrchr(ret->directory, '/'); /* the configuration has absolute paths only */
    slash[slash == ret->directory] = '\0';
    return 0;
}

static int make_directory(const struct place *place, struct buffer *words)
{
    char path[PATH_MAX];
    memcpy(path, place->directory, sizeof(path));
    for (char *end = path + 1; *end; end += *end == '/') {
        end += strcspn(end, "/");
        char kept = *end;
        *end = '\0';
        if (mkdir(path, S_IRWXU) < 0 && errno != EEXIST)
            return fail(words, -errno, "make the directory", path);
        *end = kept;
    }
    return 0;
}

/* Renewals are the business of whoever has made the link: a new target would be lost, or be served
 * in the place of something else. */
static int refuse_link(const struct place *place, struct buffer *words)
{
    struct stat state;
    if (lstat(place->path, &state) == 0 && S_ISLNK(state.st_mode)) {
        (void)buffer_append_format(words,
                                   "%s is a symbolic link, which somebody else takes care of; "
                                   "remove it first, or name another file in the configuration",
                                   place->path);
        return -ELOOP;
    }
    return 0;
}

static int write_fresh(const struct place *place, mode_t mode, const struct tls_text *first,
                       const struct tls_text *second, struct buffer *words)
{
    (void)unlink(place->fresh);
    cleanup_close int fd =
        open(place->fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return fail(words, -errno, "make", place->fresh);
    int r = write_all(fd, first->bytes, first->size);
    if (r == 0 && second)
        r = write_all(fd, second->bytes, second->size);
    if (r == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
        r = -errno;
    return r < 0 ? fail(words, r, "write", place->fresh) : 0;
}

static int publish(const struct place *place, struct buffer *words)
{
    if (rename(place->fresh, place->path) < 0)
        return fail(words, -errno, "put the new file in the place of", place->path);
    cleanup_close int directory = open(place->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0 || fsync(directory) < 0)
        return fail(words, -errno, "write to the disk:", place->directory);
    return 0;
}

/* One at a time; the lock goes with the descriptor. */
static int lock(const struct place *place, struct buffer *words)
{
    int fd = open(place->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX) == 0)
        return fd;
    int r = fail(words, -errno, "use the directory", place->directory);
    (void)close_fd(fd);
    return r;
}

int tls_store_refuses(const struct tls_files *files, struct buffer *words)
{
    const char *const paths[] = {files->certificate, files->key};
    struct stat state;
    for (size_t i = 0; i < ELEMENTS(paths); i++)
        if (lstat(paths[i], &state) == 0 || errno != ENOENT) {
            (void)buffer_append_format(words,
                                       "%s exists; \"tls show\" and \"tls check\" tell what it is, "
                                       "--force replaces certificate and key",
                                       paths[i]);
            return -EEXIST;
        }
    return 0;
}

/* Whether the certificate in FILE is of the key in KEY_FILE. */
static bool fits(const char *file, const char *key_file)
{
    char ignored[TLS_WORDS_MAX];
    STACK_OF(X509) *chain = NULL;
    EVP_PKEY *key = NULL;
    bool good = certificate_read(file, &chain, ignored) == 0 &&
                certificate_read_key(key_file, &key, ignored) == 0 &&
                X509_check_private_key(sk_X509_value(chain, 0), key) == 1;
    EVP_PKEY_free(key);
    certificate_chain_free(chain);
    return good;
}

/* Under the lock: both into their places. */
static int replace(const struct place *of_key, const struct place *of_certificate,
                   const struct tls_text *key, const struct tls_text *certificate,
                   struct buffer *words)
{
    bool one = strcmp(of_key->path, of_certificate->path) == 0;
    int r = refuse_link(of_key, words);
    if (r == 0)
        r = refuse_link(of_certificate, words);
    if (r == 0 && !one)
        r = write_fresh(of_certificate, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH, certificate, NULL,
                        words);
    if (r == 0)
        r = write_fresh(of_key, S_IRUSR | S_IWUSR, key, one ? certificate : NULL, words);
    if (r == 0)
        r = publish(of_key, words);
    if (r == 0 && !one)
        r = publish(of_certificate, words);
    return r;
}

int tls_store(const struct tls_files *files, const struct tls_text *key,
              const struct tls_text *certificate, bool force, struct buffer *words)
{
    struct place of_key = {0}, of_certificate = {0};
    int r = place_of(files->key, &of_key, words);
    if (r == 0)
        r = place_of(files->certificate, &of_certificate, words);
    if (r == 0)
        r = make_directory(&of_key, words);
    if (r == 0)
        r = make_directory(&of_certificate, words);
    if (r < 0)
        return r;
    cleanup_close int locked = lock(&of_key, words);
    if (locked < 0)
        return locked;
    if (!force && !fits(files->certificate, files->key) && fits(of_certificate.fresh, files->key)) {
        r = publish(&of_certificate, words);
        return r < 0 ? r : 1;
    }
    if (!force)
        r = tls_store_refuses(files, words);
    return r < 0 ? r : replace(&of_key, &of_certificate, key, certificate, words);
}

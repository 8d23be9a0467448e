/* Which certificate and key are a host's: see tls_identity.h. */
#include "lib/tls_identity.h"

#include "lib/cleanup.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* NAME in lower case, if it can be the name of a host and so of a directory in tls.hosts: nothing
 * that leads anywhere else. */
static bool read_name(const char *name, char ret[TLS_NAME_MAX + 1])
{
    static const char known[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
    size_t size = strlen(name);
    if (size == 0 || size > TLS_NAME_MAX || name[0] == '.')
        return false;
    for (size_t i = 0; i <= size; i++)
        ret[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a' : name[i]);
    return strspn(ret, known) == size;
}

void tls_files_find(const struct config *config, const char *name, struct tls_files *ret)
{
    struct stat status;
    if (read_name(name, ret->host)) {
        (void)snprintf(ret->key, sizeof(ret->key), "%s/%s", config->tls_hosts, ret->host);
        /* What is there and cannot be looked at is an error, not another host. */
        if (stat(ret->key, &status) == 0 ? S_ISDIR(status.st_mode)
                                         : errno != ENOENT && errno != ENOTDIR) {
            (void)snprintf(ret->certificate, sizeof(ret->certificate), "%s/%s/fullchain.pem",
                           config->tls_hosts, ret->host);
            (void)snprintf(ret->key, sizeof(ret->key), "%s/%s/privkey.pem", config->tls_hosts,
                           ret->host);
            return;
        }
    }
    ret->host[0] = '\0';
    (void)snprintf(ret->certificate, sizeof(ret->certificate), "%s", config->tls_certificate);
    (void)snprintf(ret->key, sizeof(ret->key), "%s", config->tls_key);
}

/* Whether PATH is a file with none of the permissions in FORBIDDEN. A FIFO in its place must not
 * make a connection wait for ever. */
static int check_file(const char *path, mode_t forbidden, const char *remedy,
                      char ret_words[TLS_SENTENCE_MAX])
{
    cleanup_close int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat status = {.st_mode = 0};
    int r = fd < 0 || fstat(fd, &status) < 0 ? -errno : S_ISREG(status.st_mode) ? 0 : -EINVAL;
    if (r == -EINVAL)
        (void)snprintf(ret_words, TLS_SENTENCE_MAX, "%s is no plain file", path);
    else if (r < 0)
        (void)snprintf(ret_words, TLS_SENTENCE_MAX,
                       "%s: %s; make it with \"cellftpctl tls self-signed\", or correct "
                       "tls.certificate, tls.key or tls.hosts",
                       path, strerror(-r));
    if (r < 0 || !(status.st_mode & forbidden))
        return r;
    (void)snprintf(ret_words, TLS_SENTENCE_MAX, "%s has mode %04o: others can %s; %s", path,
                   status.st_mode & 07777u, status.st_mode & S_IWOTH ? "change it" : "read the key",
                   remedy);
    return -EPERM;
}

int tls_identity_load(const struct tls_library *library, const struct tls_files *files,
                      struct tls_identity **ret, char ret_words[TLS_SENTENCE_MAX])
{
    int r = check_file(files->certificate, S_IWOTH, "chmod 0644 it", ret_words);
    if (r == 0)
        r = check_file(files->key, S_IRWXO, "chmod 0640 it, and make a new key", ret_words);
    if (r < 0)
        return r;
    char words[TLS_WORDS_MAX] = "";
    r = library->identity_open(files->certificate, files->key, ret, words);
    if (r < 0)
        (void)snprintf(ret_words, TLS_SENTENCE_MAX, "%s (%s, %s)", words, files->certificate,
                       files->key);
    return r;
}

const char *tls_identity_reason(int error)
{
    switch (error) {
    case -ENOENT: return "missing";
    case -EPERM: return "permissions";
    case -EKEYREJECTED: return "mismatch";
    default: return "unusable";
    }
}

const char *tls_identity_warning(const struct config *config, const struct tls_files *files,
                                 time_t expires, time_t now, char ret_words[TLS_SENTENCE_MAX])
{
    enum { DAY = 86400 };
    if (expires - now > (time_t)config->tls_expiry_warning * DAY)
        return NULL;
    char date[64] = "";
    struct tm broken_down;
    if (gmtime_r(&expires, &broken_down))
        (void)strftime(date, sizeof(date), "%Y-%m-%d %H:%M UTC", &broken_down);
    bool expired = expires < now;
    (void)snprintf(ret_words, TLS_SENTENCE_MAX,
                   "%s %s on %s; renew it: the next connection reads the new one",
                   files->certificate, expired ? "has expired" : "expires", date);
    return expired ? "expired" : "expires-soon";
}

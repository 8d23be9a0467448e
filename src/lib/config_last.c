/* The last good configuration: see config_last.h. */
#include "lib/config_last.h"

#include "lib/cleanup.h"
#include "lib/file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* The first line says whose it is: several servers can share a run directory, but not this. */
#define FIRST_LINE "# the last good state of %s\n"

enum { DUMP_MAX = 1024 * 1024 };

static int format(const struct config *config, const char *path, struct buffer *ret)
{
    int r = buffer_append_format(ret, FIRST_LINE, path);
    return r < 0 ? r : config_dump(config, ret);
}

static char *kept_path(const struct config *config, const char *suffix)
{
    char *path;
    return asprintf(&path, "%s/last-good.conf%s", config->directories_run, suffix) < 0 ? NULL
                                                                                       : path;
}

/* True if PATH begins with the SIZE bytes at TEXT and, with WHOLE, ends there. */
static bool file_has(const char *path, const char *text, size_t size, bool whole)
{
    cleanup_free char *present = malloc(size + 1);
    cleanup_close int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (!present || fd < 0)
        return false;
    ssize_t got = read(fd, present, size + 1);
    return got >= (ssize_t)size && (!whole || got == (ssize_t)size) &&
           memcmp(present, text, size) == 0;
}

int config_remember(const struct config *config, const char *path)
{
    cleanup_buffer struct buffer text;
    buffer_init(&text, DUMP_MAX);
    int r = format(config, path, &text);
    if (r < 0)
        return r;
    char suffix[16]; /* others may be writing it as well: the last rename counts */
    (void)snprintf(suffix, sizeof(suffix), ".%d", (int)getpid());
    cleanup_free char *kept = kept_path(config, ""), *temporary = kept_path(config, suffix);
    if (!kept || !temporary)
        return -ENOMEM;
    if (file_has(kept, buffer_begin(&text), buffer_size(&text), true))
        return 0;

    (void)unlink(temporary);
    cleanup_close int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    r = write_all(fd, buffer_begin(&text), buffer_size(&text));
    if (r == 0 && rename(temporary, kept) < 0)
        r = -errno;
    if (r < 0)
        (void)unlink(temporary);
    return r;
}

int config_recall(const struct config *broken, const char *path, struct config **ret)
{
    cleanup_buffer struct buffer line, problems;
    buffer_init(&line, DUMP_MAX);
    buffer_init(&problems, DUMP_MAX);
    cleanup_free char *kept = kept_path(broken, "");
    int r = kept ? buffer_append_format(&line, FIRST_LINE, path) : -ENOMEM;
    if (r < 0)
        return r;
    if (!file_has(kept, buffer_begin(&line), buffer_size(&line), false))
        return -ENOENT;
    /* It is read as strictly as any other: by root, writable by nobody else, free of mistakes. */
    return config_load(kept, true, ret, &problems);
}

/*
 * Paths of the client, turned into descriptors and names. It decides which names exist for a user;
 * it is no security boundary: the process's root is the user's folder, and the kernel resolves
 * "..", links and absolute paths in it.
 */
#include "lib/cleanup.h"
#include "lib/text.h"
#include "session/names.h"
#include "session/owner.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Every component must be a name that exists for users. */
static int check_components(const struct session *session, const char *path)
{
    while (*path) {
        size_t length = strcspn(path, "/");
        char name[NAME_MAX + 1];
        if (length > NAME_MAX)
            return -ENAMETOOLONG;
        memcpy(name, path, length);
        name[length] = '\0';
        if (length > 0 && !name_exists_for_user(name, session->config->files_deny_names))
            return -ENOENT;
        path += length;
        path += strspn(path, "/");
    }
    return 0;
}

static int check_path(const struct session *session, const char *path)
{
    if (!*path)
        return -ENOENT;
    if (strlen(path) >= PATH_MAX)
        return -ENAMETOOLONG;
    return check_components(session, path);
}

bool path_follows_links(const struct session *session)
{
    return !session->config->files_deny_names[0] && !(session->flags & ACCOUNT_IS_ADMIN);
}

static uint64_t resolve_flags(const struct session *session)
{
    return path_follows_links(session) ? 0 : RESOLVE_NO_SYMLINKS;
}

static int open_relative(const struct session *session, const char *path, uint64_t flags)
{
    struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = resolve_flags(session)};
    long fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
    return fd < 0 ? -errno : (int)fd;
}

int path_open(struct session *session, const char *path, uint64_t flags)
{
    int r = check_path(session, path);
    return r < 0 ? r : open_relative(session, path, flags);
}

int path_open_file(struct session *session, const char *path, uint64_t *ret_size)
{
    /* O_NONBLOCK: opening a FIFO must not wait for its other end. */
    cleanup_close int fd = path_open(session, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return fd;
    struct stat status;
    if (fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return S_ISDIR(status.st_mode) ? -EISDIR : -ENXIO;
    *ret_size = (uint64_t)status.st_size;
    return take_fd(&fd);
}

int path_stat(struct session *session, const char *path, struct statx *ret)
{
    int r = check_path(session, path);
    if (r < 0)
        return r;
    const unsigned what = STATX_BASIC_STATS | STATX_MNT_ID;
    if (path_follows_links(session))
        return statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, what, ret) < 0 ? -errno : 0;
    cleanup_close int fd = open_relative(session, path, O_PATH);
    if (fd < 0)
        return fd;
    return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, what, ret) < 0 ? -errno : 0;
}

/* Splits PATH into what is before the last component ("" if nothing) and that component. */
static int split(const char *path, char **ret_directory, char **ret_name)
{
    size_t end = strlen(path);
    while (end > 0 && path[end - 1] == '/')
        end--;
    size_t begin = end;
    while (begin > 0 && path[begin - 1] != '/')
        begin--;
    cleanup_free char *name = strndup(path + begin, end - begin);
    char *directory = strndup(path, begin);
    if (!name || !directory) {
        free(directory);
        return -ENOMEM;
    }
    *ret_directory = directory;
    *ret_name = take_pointer(name);
    return 0;
}

int path_parent(struct session *session, const char *path, int *ret_directory, char **ret_name)
{
    int r = check_path(session, path);
    if (r < 0)
        return r;
    cleanup_free char *directory = NULL;
    cleanup_free char *name = NULL;
    r = split(path, &directory, &name);
    if (r < 0)
        return r;
    if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return -EBUSY;
    int fd = open_relative(session, *directory ? directory : ".", O_PATH | O_DIRECTORY);
    if (fd < 0)
        return fd;
    *ret_directory = fd;
    *ret_name = take_pointer(name);
    return 0;
}

int path_parent_new(struct session *session, const char *path, int *ret_directory, char **ret_name)
{
    if (!text_is_plain(path, strlen(path)))
        return -EILSEQ;
    int r = check_path(session, path);
    if (r == -ENOENT || r == -ENAMETOOLONG)
        return -EILSEQ;
    cleanup_close int directory = -1;
    cleanup_free char *name = NULL;
    r = path_parent(session, path, &directory, &name);
    if (r == 0)
        r = owner_check_names(session, directory);
    if (r < 0)
        return r == -EBUSY ? -EEXIST : r;
    *ret_directory = take_fd(&directory);
    *ret_name = take_pointer(name);
    return 0;
}

/* Appends the components of PATH to the path in RET, resolving "." and "..". */
static void append_components(const char *path, char ret[PATH_MAX])
{
    size_t used = strlen(ret);
    while (*path) {
        size_t length = strcspn(path, "/");
        if (length == 2 && strncmp(path, "..", 2) == 0) {
            while (used > 0 && ret[--used] != '/')
                ;
        } else if (length > 0 && !(length == 1 && *path == '.')) {
            if (used + 1 + length >= PATH_MAX)
                break; /* only for the log and replies */
            ret[used++] = '/';
            memcpy(ret + used, path, length);
            used += length;
        }
        ret[used] = '\0';
        path += length;
        path += strspn(path, "/");
    }
}

int path_present(char ret[PATH_MAX])
{
    if (syscall(SYS_getcwd, ret, PATH_MAX) < 0)
        return -errno;
    return ret[0] == '/' ? 0 : -ENOENT; /* "(unreachable)": removed, or no longer below the root */
}

void path_full(const char *path, char ret[PATH_MAX])
{
    char present[PATH_MAX];
    ret[0] = '\0';
    if (*path != '/') {
        /* Where even the kernel cannot tell, "?" stands for it: a path of more than PATH_MAX. */
        bool known = path_present(present) == 0;
        append_components(known ? present : "?", ret);
    }
    append_components(path, ret);
    if (!ret[0])
        (void)snprintf(ret, PATH_MAX, "/");
}

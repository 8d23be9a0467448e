/* What tests plant on this machine: see planted.h. */
#include "ftplint/planted.h"

#include "ftplint/identity.h"
#include "lib/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OUTSIDE_TIME = 1000000000 }; /* of the secret: 2001-09-09 01:46:40 UTC */

struct planted {
    struct planted *next; /* the one that was planted before */
    int directory;        /* in which it is; -1: not yet opened */
    const char *name;     /* of the exam */
    uid_t user;           /* with whose rights it is made and removed */
    gid_t group;
};

/*
 * ftplint may be root here, and the folder belongs to a user who may be changing it in this moment:
 * nothing is made or removed by a path, but in a directory that was opened without following a
 * link, by its last name, and with the rights of the folder's owner. What has these rights anyway
 * cannot be made to do anything that the owner could not do.
 */

/* NAME of DIRECTORY, which becomes the list's, is removed at the exam's end, the newest first. */
static struct planted *remember(struct exam *exam, const char *name)
{
    struct planted *planted = exam_allocate(exam, sizeof(*planted));
    planted->directory = -1;
    planted->user = geteuid();
    planted->group = getegid();
    planted->name = exam_copy(exam, name, strlen(name));
    planted->next = exam->planted;
    exam->planted = planted;
    return planted;
}

static _Noreturn void cannot(struct exam *exam, const char *what, const char *path)
{
    int error = errno;
    if (error == EPERM || error == EACCES)
        skip(exam, "this machine does not let ftplint make %s: %s", what, strerror(error));
    blocked(exam, "cannot make %s, %s: %s", what, path, strerror(error));
}

/* Opens the server's PATH below --local, whatever is a link there left alone. Or -1 with errno. */
static int open_local(struct exam *exam, const char *path, uint64_t flags)
{
    const struct open_how how = {
        .flags = flags | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
    };
    const char *inner = local_path(exam, path) + strlen(exam->target->local) + 1;
    cleanup_close int home = open(exam->target->local, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (home < 0)
        return -1;
    return (int)syscall(SYS_openat2, home, inner, &how, sizeof(how));
}

/* Where NAME, which may have a planted directory before it, is to be made: by the owner of the
 * test's folder. */
static const struct planted *place(struct exam *exam, const char *name)
{
    struct stat own;
    cleanup_close int whole = open_local(exam, given_folder(exam), O_PATH | O_DIRECTORY);
    bool known = whole >= 0 && fstat(whole, &own) == 0;
    whole = close_fd(whole);
    if (!known)
        blocked(exam, "cannot open the test's folder on this machine: %s", strerror(errno));
    const char *path = own_path(exam, name);
    struct planted *planted = remember(exam, path_name(path));
    const char *folder = exam_format(exam, "%.*s", (int)(path_name(path) - path - 1), path);
    planted->directory = open_local(exam, folder, O_PATH | O_DIRECTORY);
    if (planted->directory < 0)
        blocked(exam, "cannot open %s on this machine: %s", folder, strerror(errno));
    planted->user = own.st_uid;
    planted->group = own.st_gid;
    return planted;
}

/* What the last one planted came to; if it could not be made, what is there is not ours to remove.
 */
static const char *made(struct exam *exam, const char *name, bool good, const char *what)
{
    struct planted *planted = exam->planted;
    if (good)
        dialogue_event(exam->dialogue, 0, false, "ftplint made %s on this machine: %s", what,
                       own_path(exam, name));
    if (good)
        return own_path(exam, name);
    int error = errno;
    exam->planted = planted->next;
    planted->directory = close_fd(planted->directory);
    errno = error;
    cannot(exam, what, planted->name);
}

const char *plant_link(struct exam *exam, const char *name, const char *target)
{
    const struct planted *at = place(exam, name);
    bool good = act_as(at->user, at->group) && symlinkat(target, at->directory, at->name) == 0;
    (void)act_as_self();
    return made(exam, name, good, exam_format(exam, "a symbolic link to %s", target));
}

static const char *plant_node(struct exam *exam, const char *name, mode_t kind, const char *what)
{
    const struct planted *at = place(exam, name);
    bool good =
        act_as(at->user, at->group) && mknodat(at->directory, at->name, kind | 0600, 0) == 0;
    (void)act_as_self();
    return made(exam, name, good, what);
}

const char *plant_pipe(struct exam *exam, const char *name)
{
    return plant_node(exam, name, S_IFIFO, "a named pipe");
}

const char *plant_socket(struct exam *exam, const char *name)
{
    return plant_node(exam, name, S_IFSOCK, "a socket");
}

const char *plant_device(struct exam *exam, const char *name)
{
    const struct planted *at = place(exam, name);
    /* Only root makes devices. Everybody may open it, so that it has to be given to nobody. */
    mode_t before = umask(0);
    bool good = mknodat(at->directory, at->name, S_IFCHR | 0666, makedev(1, 5)) == 0;
    (void)umask(before);
    return made(exam, name, good, "a device");
}

/* A new file; 0 or -1 with errno. */
static int write_file(int directory, const char *name, mode_t mode, const char *content)
{
    cleanup_close int fd =
        openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0 || fchmod(fd, mode) < 0)
        return -1;
    return write(fd, content, strlen(content)) == (ssize_t)strlen(content) ? 0 : -1;
}

const char *plant_foreign(struct exam *exam, const char *name, mode_t mode, const char *content)
{
    if (geteuid() != 0)
        skip(exam, "only root can plant a file of root's");
    const struct planted *at = place(exam, name);
    return made(exam, name, write_file(at->directory, at->name, mode, content) == 0, "a file");
}

const char *plant_file(struct exam *exam, const char *name, const char *content)
{
    const struct planted *at = place(exam, name);
    bool good =
        act_as(at->user, at->group) && write_file(at->directory, at->name, 0600, content) == 0;
    (void)act_as_self();
    return made(exam, name, good, "a file");
}

const char *plant_directory(struct exam *exam, const char *name)
{
    const struct planted *at = place(exam, name);
    bool good = act_as(at->user, at->group) && mkdirat(at->directory, at->name, 0700) == 0;
    (void)act_as_self();
    return made(exam, name, good, "a directory");
}

void plant_release(struct exam *exam, const char *path)
{
    struct stat found;
    cleanup_close int pipe = open_local(exam, path, O_PATH | O_NOFOLLOW);
    if (pipe < 0 || fstat(pipe, &found) < 0 || !S_ISFIFO(found.st_mode))
        return;
    char name[64];
    (void)snprintf(name, sizeof(name), "/proc/self/fd/%d", pipe);
    /* One end for a server that waits to read, one for a server that waits to write. */
    cleanup_close int both = open(name, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (both >= 0)
        (void)usleep(20 * 1000);
}

/* Fills the outside, which is root's own until it is given away. False with errno. */
static bool furnish(int outside, uid_t user, gid_t group)
{
    struct timespec times[2] = {{.tv_sec = OUTSIDE_TIME}, {.tv_sec = OUTSIDE_TIME}};
    bool good = mkdirat(outside, "below", 0755) == 0 &&
                write_file(outside, "secret", 0644, OUTSIDE_CONTENT) == 0 &&
                utimensat(outside, "secret", times, AT_SYMLINK_NOFOLLOW) == 0;
    if (good && geteuid() == 0)
        good = fchownat(outside, "secret", user, group, AT_SYMLINK_NOFOLLOW) == 0 &&
               fchownat(outside, "below", user, group, AT_SYMLINK_NOFOLLOW) == 0 &&
               fchown(outside, user, group) == 0;
    return good && fchmod(outside, 0755) == 0;
}

const char *given_outside(struct exam *exam)
{
    struct stat own;
    if (exam->outside)
        return exam->outside;
    cleanup_close int whole = open_local(exam, given_folder(exam), O_PATH | O_DIRECTORY);
    bool known = whole >= 0 && fstat(whole, &own) == 0;
    whole = close_fd(whole);
    if (!known)
        blocked(exam, "cannot open the test's folder on this machine: %s", strerror(errno));
    char *folder = exam_format(exam, "/tmp/ftplint-%s", "XXXXXX");
    if (!mkdtemp(folder))
        cannot(exam, "a folder", folder);
    struct planted *outside = remember(exam, path_name(folder));
    outside->directory = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
    exam->outside_fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (exam->outside_fd < 0 || !furnish(exam->outside_fd, own.st_uid, own.st_gid))
        cannot(exam, "a folder outside", folder);
    outside->user = own.st_uid;
    outside->group = own.st_gid;
    exam->outside = folder;
    dialogue_event(
        exam->dialogue, 0, false,
        "ftplint made %s on this machine, outside the user's folder: \"secret\", a file, and "
        "\"below\", a directory",
        folder);
    return folder;
}

/* What is wrong with the secret, NULL if it is as it was made. */
static const char *secret_change(struct exam *exam)
{
    char content[256] = "";
    struct stat found;
    cleanup_close int fd =
        openat(exam->outside_fd, "secret", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &found) < 0)
        return exam_format(exam, "the file outside the user's folder is gone");
    ssize_t size = read(fd, content, sizeof(content) - 1);
    if (size < 0 || strcmp(content, OUTSIDE_CONTENT) != 0)
        return exam_format(exam, "the file outside the user's folder was written to");
    if ((found.st_mode & 07777) != 0644)
        return exam_format(exam, "the file outside the user's folder has mode %04o instead of 0644",
                           (unsigned)found.st_mode & 07777);
    if (found.st_mtime != OUTSIDE_TIME)
        return exam_format(exam, "the time of the file outside the user's folder was changed");
    return NULL;
}

const char *outside_change(struct exam *exam)
{
    const char *change = secret_change(exam);
    cleanup_close int fd =
        change ? -1 : openat(exam->outside_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    if (!directory)
        return change;
    (void)take_fd(&fd);
    unsigned known = 0;
    for (struct dirent *entry; !change && (entry = readdir(directory));) {
        if (strcmp(entry->d_name, "secret") == 0 || strcmp(entry->d_name, "below") == 0)
            known++;
        else if (entry->d_name[0] != '.')
            change = exam_format(exam, "there is something new outside the user's folder, \"%s\"",
                                 entry->d_name);
    }
    (void)closedir(directory);
    if (!change && known != 2)
        change = exam_format(exam, "the directory outside the user's folder is gone");
    return change;
}

/* Where AT is, for PARENT, which has started us. */
static _Noreturn void swap_forever(const struct planted *at, const char *other, pid_t parent)
{
    /* A server must find the one when it looks, and the other when it opens: without a pause it
     * finds them change in the middle of its look, and refuses. */
    static const struct timespec pause = {.tv_nsec = 100000};
    /* Not for longer than there is somebody to end it. */
    if (!act_as(at->user, at->group) || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(1);
    for (;;) {
        if (renameat2(at->directory, at->name, at->directory, other, RENAME_EXCHANGE) < 0)
            _exit(1);
        (void)nanosleep(&pause, NULL);
    }
}

void plant_swapping(struct exam *exam, const char *name, const char *other)
{
    /* Both are in the list already, each with the test's folder. */
    const struct planted *one = exam->planted;
    while (one && strcmp(one->name, name) != 0)
        one = one->next;
    if (!one)
        blocked(exam, "%s was not planted", name);
    bool swaps = act_as(one->user, one->group) &&
                 renameat2(one->directory, name, one->directory, other, RENAME_EXCHANGE) == 0;
    (void)act_as_self();
    if (!swaps)
        skip(exam, "this machine's file system does not swap names: %s", strerror(errno));
    pid_t parent = getpid();
    exam->child = fork();
    if (exam->child < 0)
        blocked(exam, "no process: %s", strerror(errno));
    if (exam->child == 0)
        swap_forever(one, other, parent);
}

void plant_calm(struct exam *exam)
{
    if (exam->child <= 0)
        return;
    (void)kill(exam->child, SIGKILL);
    (void)waitpid(exam->child, NULL, 0);
    exam->child = 0;
}

/* A folder outside may hold what a server has put there. */
static void empty(int parent, const char *name)
{
    cleanup_close int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    if (!directory)
        return;
    (void)take_fd(&fd);
    for (struct dirent *entry; (entry = readdir(directory));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            unlinkat(dirfd(directory), entry->d_name, 0) < 0)
            (void)unlinkat(dirfd(directory), entry->d_name, AT_REMOVEDIR);
    (void)closedir(directory);
}

void planted_remove(struct exam *exam)
{
    plant_calm(exam);
    for (struct planted *at = exam->planted; at; at = at->next) {
        if (at->directory >= 0 && act_as(at->user, at->group) &&
            unlinkat(at->directory, at->name, 0) < 0 && errno != ENOENT) {
            empty(at->directory, at->name);
            (void)unlinkat(at->directory, at->name, AT_REMOVEDIR);
        }
        (void)act_as_self();
        at->directory = close_fd(at->directory);
    }
    exam->planted = NULL;
    exam->outside_fd = close_fd(exam->outside_fd);
}

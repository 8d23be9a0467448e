/* What tests plant on this machine: see planted.h. */
#include "ftplint/planted.h"

#include "lib/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OUTSIDE_TIME = 1000000000 }; /* of the secret: 2001-09-09 01:46:40 UTC */

struct planted {
    struct planted *next; /* the one that was planted before */
    char *path;           /* on this machine; of the exam */
};

/* PATH is removed at the exam's end, the newest first. */
static void remember(struct exam *exam, const char *path)
{
    struct planted *planted = exam_allocate(exam, sizeof(*planted));
    planted->path = exam_copy(exam, path, strlen(path));
    planted->next = exam->planted;
    exam->planted = planted;
}

static _Noreturn void cannot(struct exam *exam, const char *what, const char *path)
{
    int error = errno;
    if (error == EPERM || error == EACCES)
        skip(exam, "this machine does not let ftplint make %s: %s", what, strerror(error));
    blocked(exam, "cannot make %s, %s: %s", what, path, strerror(error));
}

/* Where NAME of the test's own folder is on this machine. */
static const char *place(struct exam *exam, const char *name)
{
    return exam_format(exam, "%s/%s", local_path(exam, given_folder(exam)), name);
}

/* What ftplint plants as root belongs to the folder's owner, like all that the user makes. */
static void give_to_user(struct exam *exam, const char *path)
{
    struct stat folder;
    if (geteuid() != 0)
        return;
    if (stat(local_path(exam, given_folder(exam)), &folder) < 0 ||
        lchown(path, folder.st_uid, folder.st_gid) < 0)
        blocked(exam, "cannot give %s to the folder's owner: %s", path, strerror(errno));
}

static const char *planted(struct exam *exam, const char *name, const char *path)
{
    remember(exam, path);
    give_to_user(exam, path);
    return own_path(exam, name);
}

const char *plant_link(struct exam *exam, const char *name, const char *target)
{
    const char *path = place(exam, name);
    if (symlink(target, path) < 0)
        cannot(exam, "a symbolic link", path);
    return planted(exam, name, path);
}

const char *plant_pipe(struct exam *exam, const char *name)
{
    const char *path = place(exam, name);
    if (mkfifo(path, 0600) < 0)
        cannot(exam, "a named pipe", path);
    return planted(exam, name, path);
}

const char *plant_socket(struct exam *exam, const char *name)
{
    const char *path = place(exam, name);
    if (mknod(path, S_IFSOCK | 0600, 0) < 0)
        cannot(exam, "a socket", path);
    return planted(exam, name, path);
}

const char *plant_device(struct exam *exam, const char *name)
{
    const char *path = place(exam, name);
    if (mknod(path, S_IFCHR | 0600, makedev(1, 5)) < 0)
        cannot(exam, "a device", path);
    return planted(exam, name, path);
}

static void write_file(struct exam *exam, const char *path, mode_t mode, const char *content)
{
    cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        cannot(exam, "a file", path);
    if (fchmod(fd, mode) < 0 || write(fd, content, strlen(content)) != (ssize_t)strlen(content))
        blocked(exam, "cannot write %s: %s", path, strerror(errno));
}

const char *plant_foreign(struct exam *exam, const char *name, mode_t mode, const char *content)
{
    if (geteuid() != 0)
        skip(exam, "only root can plant a file of root's");
    const char *path = place(exam, name);
    write_file(exam, path, mode, content);
    remember(exam, path);
    return own_path(exam, name);
}

const char *plant_file(struct exam *exam, const char *name, const char *content)
{
    const char *path = place(exam, name);
    write_file(exam, path, 0600, content);
    return planted(exam, name, path);
}

const char *plant_directory(struct exam *exam, const char *name)
{
    const char *path = place(exam, name);
    if (mkdir(path, 0700) < 0)
        cannot(exam, "a directory", path);
    return planted(exam, name, path);
}

void plant_release(struct exam *exam, const char *path)
{
    const char *local = local_path(exam, path);
    /* One end for a server that waits to read, one for a server that waits to write. */
    cleanup_close int both = open(local, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (both >= 0)
        (void)usleep(20 * 1000);
}

const char *given_outside(struct exam *exam)
{
    if (exam->outside)
        return exam->outside;
    char *folder = exam_format(exam, "/tmp/ftplint-%s", "XXXXXX");
    if (!mkdtemp(folder))
        cannot(exam, "a folder", folder);
    remember(exam, folder);
    exam->outside = folder;
    const char *below = exam_format(exam, "%s/below", folder);
    const char *secret = exam_format(exam, "%s/secret", folder);
    if (mkdir(below, 0755) < 0)
        cannot(exam, "a directory", below);
    write_file(exam, secret, 0644, OUTSIDE_CONTENT);
    struct timespec times[2] = {{.tv_sec = OUTSIDE_TIME}, {.tv_sec = OUTSIDE_TIME}};
    if (chmod(folder, 0755) < 0 || utimensat(AT_FDCWD, secret, times, 0) < 0)
        blocked(exam, "cannot prepare %s: %s", folder, strerror(errno));
    give_to_user(exam, secret);
    give_to_user(exam, below);
    give_to_user(exam, folder);
    return folder;
}

/* What is wrong with the secret, NULL if it is as it was made. */
static const char *secret_change(struct exam *exam)
{
    const char *secret = exam_format(exam, "%s/secret", exam->outside);
    char content[256] = "";
    struct stat found;
    cleanup_close int fd = open(secret, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
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
    DIR *directory = change ? NULL : opendir(exam->outside);
    if (!directory)
        return change;
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

static _Noreturn void swap_forever(const char *name, const char *other)
{
    /* A server must find the one when it looks, and the other when it opens: without a pause it
     * finds them change in the middle of its look, and refuses. */
    static const struct timespec pause = {.tv_nsec = 100000};
    for (;;) {
        if (renameat2(AT_FDCWD, name, AT_FDCWD, other, RENAME_EXCHANGE) < 0)
            _exit(1);
        (void)nanosleep(&pause, NULL);
    }
}

void plant_swapping(struct exam *exam, const char *name, const char *other)
{
    const char *first = place(exam, name);
    const char *second = place(exam, other);
    if (renameat2(AT_FDCWD, first, AT_FDCWD, second, RENAME_EXCHANGE) < 0)
        skip(exam, "this machine's file system does not swap names: %s", strerror(errno));
    exam->child = fork();
    if (exam->child < 0)
        blocked(exam, "no process: %s", strerror(errno));
    if (exam->child == 0)
        swap_forever(first, second);
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
static void empty(const char *path)
{
    DIR *directory = opendir(path);
    if (!directory)
        return;
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
        if (unlink(at->path) == 0 || errno == ENOENT)
            continue;
        empty(at->path);
        (void)rmdir(at->path);
    }
    exam->planted = NULL;
}

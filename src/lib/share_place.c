/* Where a share is put in the user's folder: see share.h. It works as root in what is the user's,
 * and so as the user, and on one component of the path at a time. */
#include "lib/share.h"

#include "lib/cleanup.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum { PLACE_MODE = 0700 };

/* As the user, or as root again; ends the process where that fails, which it cannot for root. */
static void act_as(uid_t uid, gid_t gid)
{
    (void)setfsgid(gid);
    (void)setfsuid(uid);
    if (setfsuid((uid_t)-1) != (int)uid || setfsgid((gid_t)-1) != (int)gid)
        abort();
}

static int open_below(int directory, const char *path)
{
    struct open_how how = {
        .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
    };
    long fd = syscall(SYS_openat2, directory, path, &how, sizeof(how));
    return fd < 0 ? -errno : (int)fd;
}

static int make_below(int folder, const char *at)
{
    cleanup_close int present = fcntl(folder, F_DUPFD_CLOEXEC, 0);
    if (present < 0)
        return -errno;
    int made = 0;
    while (*at) {
        char name[NAME_MAX + 1];
        size_t length = strcspn(at, "/");
        (void)snprintf(name, sizeof(name), "%.*s", (int)length, at);
        int next = open_below(present, name);
        if (next == -ENOENT && mkdirat(present, name, PLACE_MODE) == 0) {
            made++;
            next = open_below(present, name);
        }
        if (next < 0)
            return next == -ENOENT && errno != ENOENT ? -errno : next;
        (void)close(present);
        present = next;
        at += length + (at[length] == '/');
    }
    return made;
}

/*
 * Rights before: root with what the monitor has at a login. Rights while it works in a folder that
 * is the user's: those of the user, as the kernel takes every capability over files away with the
 * change of the fsuid (capabilities(7)). Rights after: as before. Verified in act_as(), each time.
 */
int share_make_place(int folder, const char *at, uid_t uid, gid_t gid)
{
    if (uid == 0 || gid == 0)
        return -EPERM;
    int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
    act_as(uid, gid);
    int made = make_below(folder, at);
    act_as(0, 0);
    /* The change has cleared it, and with it the right to open what /proc has of our children. */
    if (dumpable == 1 && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
        return -errno;
    return made;
}

void share_explain_place(const char *at, int error, char words[SHARE_WORDS_MAX])
{
    const char *what = error == -ENOTDIR || error == -ELOOP
                           ? "a file or a link is in the way: have the user rename it"
                       : error == -EXDEV  ? "something is mounted there, or another share is"
                       : error == -EACCES ? "the user may not make this directory: make it, and "
                                            "give it to the user"
                       : error == -EDQUOT || error == -ENOSPC
                           ? "there is no room for the directory: make some"
                       : error == -EROFS ? "the file system of the user's folder is read-only"
                                         : strerror(-error);
    (void)snprintf(words, SHARE_WORDS_MAX, "cannot be put at \"%.200s\": %s", at, what);
}

/* The root of a process exchanged for a mount: see root.h. */
#include "lib/root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

int root_replace(int tree)
{
    if (syscall(SYS_move_mount, tree, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return -errno;
    if (fchdir(tree) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
        return -errno;
    /* The old root is on top of the new one now, at the same place. */
    if (umount2(".", MNT_DETACH) < 0)
        return -errno;
    return chdir("/") < 0 ? -errno : 0;
}

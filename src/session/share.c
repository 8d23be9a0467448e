/*
 * The shares of the account, attached beneath the folder that has just become the root: the
 * session's part. It runs once, in session/enter.c, as the user but with the capability to mount in
 * its own namespace; afterwards nothing can be mounted or unmounted any more. What the mounts are,
 * and that their places are there, is the monitor's work.
 */
#include "lib/cleanup.h"
#include "lib/message.h"
#include "session/session.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

/* Puts the mount TREE at the directory AT. The path is the administrator's, but what lies there is
 * the user's: no link is followed and no other mount entered, so that it is nowhere else. */
static int attach(int tree, const char *at)
{
    struct open_how how = {
        .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
    };
    cleanup_close int place = (int)syscall(SYS_openat2, AT_FDCWD, at, &how, sizeof(how));
    if (place < 0)
        return -errno;
    long r = syscall(SYS_move_mount, tree, "", place, "",
                     MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
    return r < 0 ? -errno : 0;
}

/* Asks for share WHICH; BEFORE (negative errno) is how attaching the one before went. *RET_PLACED
 * is how attaching this one went, 0 too if there was nothing to attach. */
static int take(int monitor, uint32_t which, int before, int *ret_placed,
                enum stop_reason *ret_stop)
{
    struct message message;
    message_begin(&message, REQUEST_SHARE);
    message_put_u32(&message, which);
    message_put_u32(&message, (uint32_t)-before);
    int fd = -1;
    int r = message_send(monitor, &message, -1);
    if (r == 0)
        r = message_receive(monitor, &message, &fd);
    cleanup_close int tree = fd;
    if (r == 1 && message.type == REQUEST_STOP) {
        *ret_stop = stop_reason_of(message_get_u32(&message));
        return 0;
    }
    if (r != 1 || message.type != (REQUEST_SHARE | REQUEST_ANSWER))
        return r < 0 ? r : -EPIPE;
    uint32_t error = message_get_u32(&message);
    *ret_placed =
        error == 0 && tree >= 0 ? attach(tree, message_get_string(&message, PATH_MAX)) : 0;
    return 0;
}

int enter_shares(int monitor, size_t count, enum stop_reason *ret_stop)
{
    int placed = 0;
    *ret_stop = STOP_COUNT;
    for (uint32_t i = 0; count > 0 && i <= count; i++) {
        int r = take(monitor, i, placed, &placed, ret_stop);
        if (r < 0 || *ret_stop != STOP_COUNT)
            return r;
    }
    return 0;
}

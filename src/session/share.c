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
#include <stdlib.h>
#include <sys/stat.h>
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

static int remember(struct mount_list *list, int tree)
{
    struct statx status;
    if (statx(tree, "", AT_EMPTY_PATH, STATX_MNT_ID, &status) < 0)
        return -errno;
    uint64_t *longer = reallocarray(list->ids, list->count + 1, sizeof(*longer));
    if (!longer)
        return -ENOMEM;
    list->ids = longer;
    list->ids[list->count++] = status.stx_mnt_id;
    return 0;
}

/* One share on its way from the monitor. */
struct offer {
    int error; /* negative errno: the monitor has none, or it could not be attached */
    int tree;
    const char *at; /* points into the message */
    bool read_only;
};

/* Asks for share WHICH, into MESSAGE; BEFORE is how attaching the one before went. */
static int ask(int monitor, uint32_t which, int before, struct message *message, struct offer *ret,
               enum stop_reason *ret_stop)
{
    *ret = (struct offer){.tree = -1};
    message_begin(message, REQUEST_SHARE);
    message_put_u32(message, which);
    message_put_u32(message, (uint32_t)-before);
    int r = message_send(monitor, message, -1);
    if (r == 0)
        r = message_receive(monitor, message, &ret->tree);
    if (r == 1 && message->type == REQUEST_STOP) {
        *ret_stop = stop_reason_of(message_get_u32(message));
        return 0;
    }
    if (r != 1 || message->type != (REQUEST_SHARE | REQUEST_ANSWER))
        return r < 0 ? r : -EPIPE;
    ret->error = -(int)message_get_u32(message);
    if (message_end(message)) /* behind the last one */
        return 0;
    ret->at = message_get_string(message, PATH_MAX);
    ret->read_only = message_get_u32(message) != 0;
    return message_end(message) && (ret->error < 0 || ret->tree >= 0) ? 0 : -EBADMSG;
}

int enter_shares(int monitor, size_t count, struct mount_list *ret_read_only,
                 enum stop_reason *ret_stop)
{
    int placed = 0;
    *ret_stop = STOP_COUNT;
    for (uint32_t i = 0; count > 0 && i <= count; i++) {
        struct message message;
        struct offer offer;
        int r = ask(monitor, i, placed, &message, &offer, ret_stop);
        cleanup_close int tree = offer.tree;
        if (r < 0 || *ret_stop != STOP_COUNT)
            return r;
        placed = tree >= 0 ? attach(tree, offer.at) : 0;
        if (tree >= 0 && placed == 0 && offer.read_only)
            r = remember(ret_read_only, tree);
        if (r < 0)
            return r;
    }
    return 0;
}

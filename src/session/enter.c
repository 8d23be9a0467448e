/*
 * Entering the user's folder: the session's part of a granted login. The monitor has written the
 * one line of the uid map and passed in the folder as a detached mount.
 *
 * Rights before: nobody, an empty root, and in its own user namespace the capabilities to do just
 * this. Rights after:  the user's uid and gid and no other, real, effective and saved; the user's
 * supplementary groups (none for a local account); the folder as the root, nosuid, nodev, noexec;
 * no capability in any set; the system calls of FILTER_SESSION. Verified:      here, by trying what
 * must be impossible; by tests/session/test_cell.py as the kernel sees it.
 *
 * An administrator's session: the uid and gid that are nobody's, no other group; the folder of all
 * users' folders; ADMIN_CAPABILITIES (lib/account_cell.h) and no other, in its own user namespace,
 * without CAP_SETUID and CAP_SETGID to become one of those users; the system calls of
 * FILTER_SESSION_ADMIN. Verified: here, and once more by the monitor (requests.c), which asks the
 * kernel.
 */
#include "lib/account_cell.h"
#include "lib/cleanup.h"
#include "lib/filter.h"
#include "lib/root.h"
#include "session/session.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* True if the process has these supplementary groups, in whatever order, and no other. */
static bool has_groups(const struct login_answer *answer)
{
    gid_t seen[ACCOUNT_GROUPS_MAX];
    int count = getgroups(ACCOUNT_GROUPS_MAX, seen);
    if (count < 0 || (size_t)count != answer->group_count)
        return false;
    for (size_t i = 0; i < answer->group_count; i++) {
        bool found = false;
        for (int j = 0; j < count; j++)
            found |= seen[j] == answer->groups[i];
        if (!found || answer->groups[i] == 0)
            return false;
    }
    return true;
}

static int become_user(const struct login_answer *answer)
{
    uid_t uid = answer->uid;
    gid_t gid = answer->gid;
    if (setgroups(answer->group_count, answer->groups) < 0 || setresgid(gid, gid, gid) < 0 ||
        setresuid(uid, uid, uid) < 0)
        return -errno;
    uid_t uids[3];
    gid_t gids[3];
    if (getresuid(&uids[0], &uids[1], &uids[2]) < 0 || getresgid(&gids[0], &gids[1], &gids[2]) < 0)
        return -errno;
    for (int i = 0; i < 3; i++)
        if (uids[i] != uid || gids[i] != gid || uid == 0 || gid == 0)
            return -EPERM;
    return has_groups(answer) ? 0 : -EPERM;
}

/* All but those in KEEP. */
static int drop_capabilities(uint64_t keep)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct kept[2] = {
        {.effective = (uint32_t)keep, .permitted = (uint32_t)keep},
        {.effective = (uint32_t)(keep >> 32), .permitted = (uint32_t)(keep >> 32)},
    };
    struct __user_cap_data_struct seen[2];
    if (syscall(SYS_capset, &header, kept) < 0 || syscall(SYS_capget, &header, seen) < 0)
        return -errno;
    for (int i = 0; i < 2; i++)
        if (seen[i].permitted != kept[i].permitted || seen[i].effective != kept[i].effective ||
            seen[i].inheritable != 0)
            return -EPERM;
    /* Changing the uid cleared both of these (prctl(2)). */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return -errno;
    return 0;
}

/* What must be impossible now is tried. The uid and gid before one's own are those of a user where
 * the namespace knows more than one: an administrator's. */
static int verify(uid_t uid, gid_t gid)
{
    uid_t other = uid - 1;
    gid_t others = gid - 1;
    if (setresuid(0, 0, 0) == 0 || setresgid(0, 0, 0) == 0 || setgroups(0, NULL) == 0 ||
        setresuid(other, other, other) == 0 || setresgid(others, others, others) == 0 ||
        umount2("/", MNT_DETACH) == 0)
        return -EPERM;
    if (setresgid(gid, gid, gid) <
        0) /* but this changes nothing and must work: the ids are the map's */
        return -errno;
    struct stat root, above;
    if (stat("/", &root) < 0 || stat("/..", &above) < 0)
        return -errno;
    return root.st_dev == above.st_dev && root.st_ino == above.st_ino ? 0 : -EPERM;
}

/* Its owner may have locked himself out of it, and then there is nothing that a session could do.
 */
static int check_entrance(void)
{
    return faccessat(AT_FDCWD, "/", X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

int enter_folder(int monitor, const struct login_answer *answer, bool kernel_tls,
                 struct mount_list *ret_read_only, enum stop_reason *ret_stop)
{
    cleanup_close int listener = -1;
    bool admin = answer->flags & ACCOUNT_IS_ADMIN;
    const char *step =
        "becoming the user"; /* the names are those of CELL_STEPS in monitor/cell.h */
    int r = become_user(answer);
    if (r == 0) {
        step = "entering the folder";
        r = root_replace(answer->folder);
    }
    enum stop_reason stop = STOP_COUNT;
    if (r == 0)
        r = enter_shares(monitor, answer->share_count, ret_read_only, &stop);
    if (r == 0) {
        step = "dropping capabilities";
        r = drop_capabilities(admin ? ADMIN_CAPABILITIES : 0);
    }
    if (r == 0) {
        step = "entering the folder"; /* with what is left */
        r = check_entrance();
    }
    if (r == 0) {
        step = "verification";
        r = verify(answer->uid, answer->gid);
    }
    if (r == 0) {
        step = "system call filter";
        listener = filter_install(admin ? FILTER_SESSION_ADMIN : FILTER_SESSION, kernel_tls);
        r = listener < 0 ? listener : 0;
    }
    int told = tell_cell(monitor, REQUEST_ENTERED, r, r < 0 ? step : "", listener);
    if (r < 0)
        return r;
    *ret_stop = stop != STOP_COUNT ? stop
                : told < 0         ? STOP_STOPPED
                                   : hear_monitor(monitor, REQUEST_ENTERED | REQUEST_ANSWER);
    return 0;
}

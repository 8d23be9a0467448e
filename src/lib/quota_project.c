/* Limits of project quotas: see quota_project.h. quota_project_adopt.c makes files part of one. */
#include "lib/quota_project.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/quota.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Limits are in blocks of this size in every file system's interface (quotactl(2)). */
#define BLOCK UINT64_C(1024)

/* glibc has no project quotas: these are the kernel's (linux/quota.h, which cannot be included
 * beside sys/quota.h). */
enum { PROJECT_QUOTA = 2 };

/* By a descriptor, not by the name of a device, which in a container is not there. */
static int control(int folder, unsigned command, uid_t project, void *data)
{
    long r = syscall(SYS_quotactl_fd, folder, QCMD(command, PROJECT_QUOTA), project, data);
    return r < 0 ? -errno : 0;
}

/* Whether the file system of FOLDER is of a kind that can have project quotas. */
static bool is_able(int folder)
{
    struct statfs status;
    return fstatfs(folder, &status) == 0 &&
           (status.f_type == EXT4_SUPER_MAGIC || status.f_type == XFS_SUPER_MAGIC);
}

/* ext4 counts without being told to, and limits nothing then. A file system without any quota says
 * ENOSYS, as a kernel does that does not know the call; that one says it before it looks at the
 * descriptor. */
int quota_project_check(int folder)
{
    struct fs_quota_statv state = {.qs_version = FS_QSTATV_VERSION1};
    int r = control(folder, Q_XGETQSTATV, 0, &state);
    if (r == 0)
        return state.qs_flags & FS_QUOTA_PDQ_ENFD ? 0 : -ESRCH;
    if (r == -EPERM || (r == -ENOSYS && control(-1, Q_XGETQSTATV, 0, &state) == -ENOSYS))
        return r;
    return is_able(folder) ? -ESRCH : -EOPNOTSUPP;
}

const char *quota_project_remedy(int error)
{
    switch (-error) {
    case EOPNOTSUPP:
        return "this file system has no project quotas: put the folders on XFS or ext4, or set "
               "quota.backend = \"ledger\"";
    case ESRCH:
        return "project quotas are off: mount it with the option prjquota; ext4 needs the features "
               "before: tune2fs -O quota,project -Q prjquota DEVICE, while it is not mounted";
    case ENOSYS: return "the kernel must be 5.14 or newer, with CONFIG_QUOTA";
    case EUCLEAN: return "run cellftpctl quota recount for this user";
    case EPERM:
        return "CAP_SYS_ADMIN is needed, and quotactl_fd(2) must be allowed: containers refuse it";
    default: return "see cellftpctl doctor";
    }
}

/* What the kernel has of the project; one that it has never heard of has nothing. */
static int get(int folder, uid_t uid, struct dqblk *ret)
{
    memset(ret, 0, sizeof(*ret));
    int r = control(folder, Q_GETQUOTA, uid, ret);
    return r == -ENOENT ? 0 : r;
}

/*
 * QUOTA as the kernel wants it. A limit of 0 is none to it. XFS rounds limits up to whole blocks of
 * its own, so they are rounded down to these before. The folder itself is a file of its project,
 * which the user does not pay for; where no byte may be stored, no file can be made, so that none
 * of the smallest limit is used up.
 */
static int limits_of(int folder, const struct ledger_amount *quota, uint64_t *ret_blocks,
                     uint64_t *ret_inodes)
{
    struct statfs status;
    if (fstatfs(folder, &status) < 0)
        return -errno;
    uint64_t unit = status.f_bsize > (long)BLOCK ? (uint64_t)status.f_bsize : BLOCK;
    uint64_t units = quota->bytes / unit > 0 ? quota->bytes / unit : 1;
    *ret_blocks = quota->bytes == NO_LIMIT ? 0 : units * (unit / BLOCK);
    *ret_inodes = quota->bytes == 0 ? 1 : quota->files == NO_LIMIT ? 0 : quota->files + 1;
    return 0;
}

int quota_project_read(int folder, uid_t uid, struct ledger_amount *ret_used,
                       struct ledger_amount *ret_quota)
{
    struct dqblk block;
    int r = get(folder, uid, &block);
    if (r < 0)
        return r;
    ret_used->bytes = block.dqb_curspace;
    ret_used->files = block.dqb_curinodes > 0 ? block.dqb_curinodes - 1 : 0;
    ret_quota->bytes = block.dqb_bhardlimit > 0 ? block.dqb_bhardlimit * BLOCK : NO_LIMIT;
    ret_quota->files = block.dqb_ihardlimit > 0 ? block.dqb_ihardlimit - 1 : NO_LIMIT;
    return 0;
}

/* Writes them only if they are others: the kernel writes to the disk for it. */
int quota_project_limit(int folder, uid_t uid, const struct ledger_amount *quota)
{
    struct dqblk block = {.dqb_valid = 0};
    uint64_t blocks = 0, inodes = 0;
    int r = limits_of(folder, quota, &blocks, &inodes);
    if (r == 0)
        r = get(folder, uid, &block);
    if (r < 0 || (block.dqb_bhardlimit == blocks && block.dqb_ihardlimit == inodes))
        return r;
    memset(&block, 0, sizeof(block));
    block.dqb_bhardlimit = blocks;
    block.dqb_ihardlimit = inodes;
    block.dqb_valid = QIF_LIMITS;
    return control(folder, Q_SETQUOTA, uid, &block);
}

static int is_adopted(int folder, uid_t uid)
{
    struct fsxattr attributes;
    /* It may be open as a path only, of which nothing else can be asked. */
    cleanup_close int directory = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0 || ioctl(directory, FS_IOC_FSGETXATTR, &attributes) < 0)
        return -errno;
    return attributes.fsx_projid == uid && (attributes.fsx_xflags & FS_XFLAG_PROJINHERIT);
}

int quota_project_verify(int folder, uid_t uid, const struct ledger_amount *quota)
{
    struct dqblk block = {.dqb_valid = 0};
    uint64_t blocks = 0, inodes = 0;
    int r = limits_of(folder, quota, &blocks, &inodes);
    if (r == 0)
        r = get(folder, uid, &block);
    if (r == 0 && (block.dqb_bhardlimit != blocks || block.dqb_ihardlimit != inodes))
        return -EUCLEAN;
    if (r == 0)
        r = is_adopted(folder, uid);
    return r < 0 ? r : r > 0 ? 0 : -EUCLEAN;
}

int quota_project_apply(int folder, uid_t uid, const struct ledger_amount *quota)
{
    int r = quota_project_check(folder);
    if (r == 0)
        r = quota_project_limit(folder, uid, quota);
    if (quota->bytes == NO_LIMIT && quota->files == NO_LIMIT)
        return 0;
    return r < 0 ? r : quota_project_verify(folder, uid, quota);
}

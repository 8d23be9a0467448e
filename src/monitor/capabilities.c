/* What the monitor may do, and when it gives it up: see capabilities.h. */
#include "monitor/capabilities.h"
#include "lib/cleanup.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* One capability, one reason. */
static const uint64_t CAPABILITIES_LOGIN =
    CAPABILITY(CAP_SYS_ADMIN)          /* namespaces, the mounts that go into the cell */
    | CAPABILITY(CAP_SETUID)           /* become cellftpd-cell; write the uid_map */
    | CAPABILITY(CAP_SETGID)           /* the same for groups */
    | CAPABILITY(CAP_SETPCAP)          /* empty the bounding set */
    | CAPABILITY(CAP_DAC_READ_SEARCH)  /* reach a folder below directories that are not root's */
    | CAPABILITY(CAP_KILL)             /* end the session */
    | CAPABILITY(CAP_NET_BIND_SERVICE) /* port 20 */
    ;

/* What cellftpctl takes when the server runs it for a client (tool.h): no more than what makes an
 * account, and its folder with a skeleton in it. */
static const uint64_t CAPABILITIES_TOOL =
    CAPABILITY(CAP_CHOWN)          /* the new folder and what is in it are the user's */
    | CAPABILITY(CAP_FOWNER)       /* set their modes */
    | CAPABILITY(CAP_DAC_OVERRIDE) /* fill a folder that only its user can enter */
    | CAPABILITY(CAP_KILL)         /* end sessions */
    ;

/* What PAM modules need besides: they run as root and expect to be able to do what root can. */
static const uint64_t CAPABILITIES_PAM =
    CAPABILITY(CAP_AUDIT_WRITE)    /* where auditing is on, libpam refuses every login without it */
    | CAPABILITY(CAP_CHOWN)        /* pam_mkhomedir: the new home is its user's */
    | CAPABILITY(CAP_FOWNER)       /* the same for the modes of what is in it */
    | CAPABILITY(CAP_DAC_OVERRIDE) /* pam_faillock: the tally is a file of its user's */
    | CAPABILITY(CAP_SYS_RESOURCE) /* pam_limits: limits above those of the service */
    | CAPABILITY(CAP_SYS_NICE)     /* pam_limits: a priority above that of the service */
    ;

static int read_sets(struct __user_cap_data_struct ret[2])
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    return syscall(SYS_capget, &header, ret) < 0 ? -errno : 0;
}

int capabilities_set(uint64_t set)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {
        {.effective = (uint32_t)set, .permitted = (uint32_t)set},
        {.effective = (uint32_t)(set >> 32), .permitted = (uint32_t)(set >> 32)},
    };
    if (syscall(SYS_capset, &header, data) < 0)
        return -errno;

    struct __user_cap_data_struct seen[2];
    int r = read_sets(seen);
    if (r < 0)
        return r;
    for (int i = 0; i < 2; i++)
        if (seen[i].permitted != data[i].permitted || seen[i].effective != data[i].effective ||
            seen[i].inheritable != 0)
            return -EPERM;
    return 0;
}

int capabilities_drop_bounding(uint64_t keep)
{
    for (unsigned number = 0; number < 64; number++) {
        if (keep & CAPABILITY(number))
            continue;
        if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) < 0)
            return errno == EINVAL ? 0
                                   : -errno; /* EINVAL: past the last one that this kernel knows */
    }
    return 0;
}

int capabilities_keep_for_login(bool pam)
{
    struct __user_cap_data_struct now[2];
    int r = read_sets(now);
    if (r < 0)
        return r;
    uint64_t permitted = now[0].permitted | (uint64_t)now[1].permitted << 32;
    /* What is missing is said by the step that needs it, with the remedy. */
    uint64_t set =
        permitted & (CAPABILITIES_LOGIN | CAPABILITIES_TOOL | (pam ? CAPABILITIES_PAM : 0));
    if (set & CAPABILITY(CAP_SETPCAP)) {
        r = capabilities_drop_bounding(set);
        if (r < 0)
            return r;
    }
    return capabilities_set(set);
}

static int keep(uint64_t set)
{
    struct __user_cap_data_struct now[2];
    int r = read_sets(now);
    if (r < 0)
        return r;
    uint64_t permitted = now[0].permitted | (uint64_t)now[1].permitted << 32;
    r = capabilities_drop_bounding(set);
    if (r < 0)
        return r;
    return capabilities_set(permitted & set);
}

int capabilities_keep_for_session(bool port_20, bool admin)
{
    return keep(CAPABILITY(CAP_KILL) | (port_20 ? CAPABILITY(CAP_NET_BIND_SERVICE) : 0) |
                (admin ? CAPABILITIES_TOOL : 0));
}

int capabilities_keep_for_hooks(void)
{
    return keep(CAPABILITY(CAP_SETUID) | CAPABILITY(CAP_SETGID) | CAPABILITY(CAP_KILL));
}

int capabilities_of(pid_t pid, uint64_t *ret)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = pid};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) < 0)
        return -errno;
    *ret = data[0].permitted | (uint64_t)data[1].permitted << 32;
    return 0;
}

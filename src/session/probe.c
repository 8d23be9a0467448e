/*
 * XPRB (and SITE PROBE), of the build for tests only (VARIANT=probe): a session that has turned
 * against its server. Each probe tries, with bare system calls from inside the cell, one thing that
 * must be impossible, and says what came of it. Called through the tables of commands; no other
 * build has it. It never undoes what it did: a probe that succeeds is a hole.
 */
#include "lib/cleanup.h"
#include "session/command.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/xattr.h>

/* Where the kernel counts from: session_start's control connection. */
enum { CONTROL = 3, NOBODY = 65534 };

#define UP_5   "../../../../../"
#define UP_50  UP_5 UP_5 UP_5 UP_5 UP_5 UP_5 UP_5 UP_5 UP_5 UP_5
#define AT(it) ((long)(it))

static const struct sockaddr_in somewhere = {.sin_family = AF_INET, .sin_port = 0x1600}; /* 22 */
static const struct __user_cap_header_struct capabilities = {.version =
                                                                 _LINUX_CAPABILITY_VERSION_3};
static const struct __user_cap_data_struct all_capabilities[2] = {
    {.effective = ~0U, .permitted = ~0U, .inheritable = ~0U},
    {.effective = ~0U, .permitted = ~0U, .inheritable = ~0U},
};
static const struct rlimit no_limit = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
static const char *const command[] = {"/bin/true", NULL};
static struct sock_filter let_all_pass[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
static const struct sock_fprog supervisor = {.len = 1, .filter = let_all_pass};
static const unsigned char code[4096] __attribute__((aligned(4096))) = {0xc3};

/* One system call each; what it would mean is its name. */
/* clang-format off */
static const struct {
    const char *name;
    long number;
    long arguments[6];
} calls[] = {
    /* files of the host */
    {"open-passwd",        SYS_openat,      {AT_FDCWD, AT("/etc/passwd"), O_RDONLY}},
    {"open-outside",       SYS_openat,      {AT_FDCWD, AT(UP_50 "etc/passwd"), O_RDONLY}},
    {"open-proc",          SYS_openat,      {AT_FDCWD, AT("/proc/self/environ"), O_RDONLY}},
    {"open-proc-root",     SYS_openat,      {AT_FDCWD, AT("/proc/1/root/etc/passwd"), O_RDONLY}},
    {"open-dev",           SYS_openat,      {AT_FDCWD, AT("/dev/vda"), O_RDONLY}},
    {"open-sys",           SYS_openat,      {AT_FDCWD, AT("/sys/kernel"), O_PATH}},
    {"write-outside",      SYS_openat,      {AT_FDCWD, AT(UP_50 "tmp/cellftpd-probe"), O_WRONLY | O_CREAT, 0600}},
    {"open-by-handle",     SYS_open_by_handle_at, {AT_FDCWD, AT(code), O_RDONLY}},
    {"name-to-handle",     SYS_name_to_handle_at, {AT_FDCWD, AT("/"), AT(code), AT(code), 0}},
    {"link",               SYS_linkat,      {AT_FDCWD, AT("/"), AT_FDCWD, AT("/cellftpd-probe"), 0}},
    {"symlink",            SYS_symlinkat,   {AT("/etc/passwd"), AT_FDCWD, AT("/cellftpd-probe")}},
    {"mknod",              SYS_mknodat,     {AT_FDCWD, AT("/cellftpd-probe"), S_IFCHR | 0666, 0x103}},
    {"fchmod-setuid",      SYS_fchmodat,    {AT_FDCWD, AT("/"), S_ISUID | 0755}},
    {"fchmod-setgid",      SYS_fchmodat,    {AT_FDCWD, AT("/"), S_ISGID | 0755}},
    {"chown",              SYS_fchownat,    {AT_FDCWD, AT("/"), NOBODY, NOBODY, 0}},
    {"setxattr",           SYS_setxattr,    {AT("/"), AT("user.x"), AT("x"), 1, 0}},
    {"ioctl",              SYS_ioctl,       {CONTROL, 0x5401, AT(code)}},
    /* processes */
    {"ptrace-monitor",     SYS_ptrace,      {PTRACE_ATTACH, 2}},
    {"process-vm-read",    SYS_process_vm_readv, {2, AT(code), 1, AT(code), 1, 0}},
    {"pidfd-open",         SYS_pidfd_open,  {1, 0}},
    {"pidfd-getfd",        SYS_pidfd_getfd, {CONTROL, 0, 0}},
    {"kill-monitor",       SYS_kill,        {-1, 9}},
    {"fork",               SYS_clone,       {17 /* SIGCHLD */, 0, 0, 0, 0}},
    {"vfork",              SYS_vfork,       {0}},
    {"clone3",             SYS_clone3,      {AT(code), 64}},
    {"exec",               SYS_execve,      {AT("/bin/true"), AT(command), AT(command + 1)}},
    {"exec-fd",            SYS_execveat,    {CONTROL, AT(""), AT(command), AT(command + 1), AT_EMPTY_PATH}},
    {"signal-handler",     SYS_rt_sigaction, {11, 0, 0, 8}},
    {"rlimit-core",        SYS_prlimit64,   {0, RLIMIT_CORE, AT(&no_limit), 0}},
    {"rlimit-processes",   SYS_prlimit64,   {0, RLIMIT_NPROC, AT(&no_limit), 0}},
    {"priority",           SYS_setpriority, {0, 0, -20}},
    /* the network */
    {"socket-inet",        SYS_socket,      {AF_INET, SOCK_STREAM, 0}},
    {"socket-unix",        SYS_socket,      {AF_UNIX, SOCK_STREAM, 0}},
    {"socket-netlink",     SYS_socket,      {AF_NETLINK, SOCK_RAW, 0}},
    {"socket-packet",      SYS_socket,      {AF_PACKET, SOCK_RAW, 0}},
    {"socketpair",         SYS_socketpair,  {AF_UNIX, SOCK_STREAM, 0, AT(code)}},
    {"connect-inet",       SYS_connect,     {CONTROL, AT(&somewhere), sizeof(somewhere)}},
    {"fast-open",          SYS_sendto,      {CONTROL, AT(code), 1, MSG_FASTOPEN, AT(&somewhere), sizeof(somewhere)}},
    {"socket-option",      SYS_setsockopt,  {CONTROL, SOL_SOCKET, SO_LINGER, AT(code), 8}},
    {"kernel-tls",         SYS_setsockopt,  {CONTROL, SOL_TCP, TCP_ULP, AT("tls"), sizeof("tls")}},
    {"kernel-tls-send",    SYS_setsockopt,  {CONTROL, SOL_TLS, TLS_TX, AT(code), 4}},
    {"kernel-tls-receive", SYS_setsockopt,  {CONTROL, SOL_TLS, TLS_RX, AT(code), 4}},
    {"tcp-option",         SYS_setsockopt,  {CONTROL, SOL_TCP, TCP_NODELAY, AT(code), 4}},
    {"quick-ack",          SYS_setsockopt,  {CONTROL, SOL_TCP, TCP_QUICKACK, AT(code), 4}},
    {"tcp-repair",         SYS_setsockopt,  {CONTROL, SOL_TCP, TCP_REPAIR, AT(code), 4}},
    {"tls-option",         SYS_setsockopt,  {CONTROL, SOL_TLS, TLS_TX_ZEROCOPY_RO, AT(code), 4}},
    {"tls-ulp",            SYS_setsockopt,  {CONTROL, SOL_TLS, TCP_ULP, AT(code), 4}},
    {"socket-ulp",         SYS_setsockopt,  {CONTROL, SOL_SOCKET, TCP_ULP, AT(code), 4}},
    {"bind",               SYS_bind,        {CONTROL, AT(&somewhere), sizeof(somewhere)}},
    {"listen",             SYS_listen,      {CONTROL, 1}},
    /* mounts and namespaces */
    {"mount",              SYS_mount,       {AT("/"), AT("/"), 0, MS_BIND, 0}},
    {"remount",            SYS_mount,       {0, AT("/"), 0, MS_REMOUNT | MS_BIND, 0}},
    {"umount",             SYS_umount2,     {AT("/"), MNT_DETACH}},
    {"pivot-root",         SYS_pivot_root,  {AT("."), AT(".")}},
    {"move-mount",         SYS_move_mount,  {AT_FDCWD, AT("/"), AT_FDCWD, AT("/"), 0}},
    {"open-tree",          SYS_open_tree,   {AT_FDCWD, AT("/"), OPEN_TREE_CLONE}},
    {"mount-setattr",      SYS_mount_setattr, {AT_FDCWD, AT("/"), 0, AT(code), 32}},
    {"fsopen",             SYS_fsopen,      {AT("tmpfs"), 0}},
    {"chroot",             SYS_chroot,      {AT("/")}},
    {"unshare-user",       SYS_unshare,     {CLONE_NEWUSER}},
    {"unshare-mount",      SYS_unshare,     {CLONE_NEWNS}},
    {"setns",              SYS_setns,       {CONTROL, 0}},
    {"hostname",           SYS_sethostname, {AT("x"), 1}},
    /* identity */
    {"setuid-0",           SYS_setresuid,   {0, 0, 0}},
    {"setuid-other",       SYS_setresuid,   {NOBODY, NOBODY, NOBODY}},
    {"setgid-0",           SYS_setresgid,   {0, 0, 0}},
    {"setgid-other",       SYS_setresgid,   {NOBODY, NOBODY, NOBODY}},
    {"setgroups",          SYS_setgroups,   {0, 0}},
    {"setfsuid",           SYS_setfsuid,    {0}},
    {"capset",             SYS_capset,      {AT(&capabilities), AT(all_capabilities)}},
    {"own-supervisor",     SYS_seccomp,     {SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, AT(&supervisor)}},
    /* executable memory, and the large doors of the kernel */
    {"mmap-exec",          SYS_mmap,        {0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0}},
    {"mprotect-exec",      SYS_mprotect,    {AT(code), sizeof(code), PROT_READ | PROT_EXEC}},
    {"memfd",              SYS_memfd_create, {AT("x"), 0}},
    {"io-uring",           SYS_io_uring_setup, {1, AT(code)}},
    {"bpf",                SYS_bpf,         {0, AT(code), 64}},
    {"keyctl",             SYS_keyctl,      {KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 1}},
    {"perf",               SYS_perf_event_open, {AT(code), 0, -1, -1, 0}},
    {"userfaultfd",        SYS_userfaultfd, {1}},
    {"kernel-log",         SYS_syslog,      {3, AT(code), 64}},
    {"clock",              SYS_clock_settime, {0, AT(code)}},
    {"quotactl",           SYS_quotactl,    {0, AT("/"), 0, AT(code)}},
    {"chown-by-name",      SYS_chown,       {AT("/alice"), NOBODY, NOBODY}},
    {"lchown",             SYS_lchown,      {AT("/alice"), NOBODY, NOBODY}},
};
/* clang-format on */

/*
 * What an administrator's session tries with its capabilities and fchown. In the folder /alice,
 * which is a user's, are "own", hers, and "root", "open" and "system", which are not: see
 * test_probe.py.
 */
static int own_file(void)
{
    return open("/alice/own", O_RDWR | O_CLOEXEC);
}

/* What FILE becomes is whose ID is. */
static long give(int file, uid_t id)
{
    return file < 0 ? -1 : syscall(SYS_fchown, file, id, id);
}

static uid_t alice(void)
{
    struct stat status;
    return stat("/alice", &status) < 0 ? 0 : status.st_uid;
}

static long give_to_root(void)
{
    return give(own_file(), 0);
}

static long give_to_nobody(void)
{
    return give(own_file(), NOBODY);
}

static long give_to_system(void)
{
    return give(own_file(), 1000);
}

static long give_group_to_root(void)
{
    return syscall(SYS_fchown, own_file(), alice(), 0);
}

static long give_folder_of_all(void)
{
    return give(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), alice());
}

static long take_of_root(void)
{
    return give(open("/alice/open", O_RDONLY | O_CLOEXEC), alice());
}

static long take_of_system(void)
{
    return give(open("/alice/system", O_RDONLY | O_CLOEXEC), alice());
}

static long chmod_of_root(void)
{
    return syscall(SYS_fchmodat, AT_FDCWD, "/alice/open", 0666);
}

static long read_of_root(void)
{
    return open("/alice/root", O_RDONLY | O_CLOEXEC);
}

static long write_of_root(void)
{
    return open("/alice/open", O_WRONLY | O_CLOEXEC);
}

static long remove_from_root(void)
{
    return unlinkat(AT_FDCWD, "/alice/closed/file", 0);
}

static long make_in_root(void)
{
    return open("/alice/closed/new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

static long make_user_folder(void)
{
    return mkdirat(AT_FDCWD, "/carl", 0700);
}

/* The one way past the filter: a mode in memory. Possible if the file is alice's, and set-id. */
static long make_set_id(void)
{
    struct open_how how = {.flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, .mode = 06755};
    struct stat status;
    int file = (int)syscall(SYS_openat2, AT_FDCWD, "/alice/set-id", &how, sizeof(how));
    if (file < 0 || give(file, alice()) < 0 || fstat(file, &status) < 0)
        return -1;
    errno = EKEYREVOKED; /* an error that nothing here has by itself */
    return (status.st_mode & (S_ISUID | S_ISGID)) && status.st_uid == alice() ? 0 : -1;
}

static long trusted_attribute(void)
{
    return fsetxattr(own_file(), "trusted.x", "x", 1, 0);
}

static long file_capability(void)
{
    const struct vfs_cap_data capability = {.magic_etc =
                                                VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
                                            .data = {{.permitted = ~0U}, {.permitted = ~0U}}};
    return fsetxattr(own_file(), "security.capability", &capability, sizeof(capability), 0);
}

static long acl_for_root(void)
{
    /* Version 2; the owner, uid 0, the group, the mask, others: each tag, permissions, id. */
    static const uint32_t acl[] = {2,   0x70001, ~0U, 0x70002, 0,  0x40004,
                                   ~0U, 0x70010, ~0U, 0x40020, ~0U};
    return fsetxattr(own_file(), "system.posix_acl_access", acl, sizeof(acl), 0);
}

static const struct {
    const char *name;
    long (*call)(void);
} deeds[] = {
    {"give-to-root", give_to_root},
    {"give-to-nobody", give_to_nobody},
    {"give-to-system", give_to_system},
    {"give-group-to-root", give_group_to_root},
    {"give-folder-of-all", give_folder_of_all},
    {"take-of-root", take_of_root},
    {"take-of-system", take_of_system},
    {"chmod-of-root", chmod_of_root},
    {"read-of-root", read_of_root},
    {"write-of-root", write_of_root},
    {"remove-from-root", remove_from_root},
    {"make-in-root", make_in_root},
    {"make-user-folder", make_user_folder},
    {"make-set-id", make_set_id},
    {"trusted-attribute", trusted_attribute},
    {"file-capability", file_capability},
    {"acl-for-root", acl_for_root},
};

#ifdef __x86_64__
/* The other two system call tables of the machine. The filter knows neither. */
static long call_as_i386(void)
{
    long result = 20; /* getpid there */
    __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
    if (result < 0)
        errno = (int)-result;
    return result;
}

static long call_as_x32(void)
{
    return syscall(0x40000000 + SYS_getpid);
}

static const struct {
    const char *name;
    long (*call)(void);
} foreign_calls[] = {{"i386", call_as_i386}, {"x32", call_as_x32}};
#endif

/* "call-N": the system call number N with no arguments at all. -1 if NAME is something else. */
static long scan_number(const char *name)
{
    char *end;
    if (strncmp(name, "call-", 5) != 0)
        return -1;
    long number = strtol(name + 5, &end, 10);
    return *end ? -1 : number;
}

/* Requests of the monitor, more of one kind than any session of ours has. */
static bool flood(struct session *session, const char *name)
{
    enum { MANY = 2000 };
    if (strcmp(name, "status-flood") != 0)
        return false;
    for (unsigned i = 0; i < MANY; i++)
        tell_status(session, name);
    return true;
}

/* False for an unknown name; else *RET is what the call returned, and errno is set. */
static bool attempt(const char *name, long *ret)
{
    for (size_t i = 0; i < ELEMENTS(calls); i++) {
        const long *a = calls[i].arguments;
        if (strcmp(calls[i].name, name) != 0)
            continue;
        *ret = syscall(calls[i].number, a[0], a[1], a[2], a[3], a[4], a[5]);
        bool is_child = *ret == 0 && (calls[i].number == SYS_clone || calls[i].number == SYS_vfork);
        if (is_child)
            _exit(1);
        return true;
    }
    for (size_t i = 0; i < ELEMENTS(deeds); i++) {
        if (strcmp(deeds[i].name, name) != 0)
            continue;
        *ret = deeds[i].call();
        return true;
    }
#ifdef __x86_64__
    for (size_t i = 0; i < ELEMENTS(foreign_calls); i++) {
        if (strcmp(foreign_calls[i].name, name) != 0)
            continue;
        *ret = foreign_calls[i].call();
        return true;
    }
#endif
    long number = scan_number(name);
    if (number < 0)
        return false;
    *ret = syscall(number, 0, 0, 0, 0, 0, 0);
    return true;
}

void command_probe(struct session *session, char *argument)
{
    long result = 0;
    if (!flood(session, argument) && !attempt(argument, &result))
        reply(session, 504, "No such probe.");
    else if (result < 0)
        reply(session, 200, "refused: %s", strerrorname_np(errno));
    else
        reply(session, 200, "possible");
}

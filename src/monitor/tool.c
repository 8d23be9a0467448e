/* cellftpctl, run for a client: see tool.h. */
#include "monitor/tool.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/file.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { TOOL_PATIENCE = 60000, LAST = 1000 };

static const char tool_name[] = "cellftpctl";

/* What the child needs, made before the fork. */
struct tool {
    char path[PATH_MAX];
    const char *arguments[TOOL_ARGUMENTS_MAX + 4];
    char actor[REQUEST_NAME_MAX + ADDRESS_TEXT_MAX + 64];
    char session[64];
    int input;
    int output;
};

static int find_program(char ret[PATH_MAX])
{
    ssize_t size = readlink("/proc/self/exe", ret, PATH_MAX - sizeof(tool_name));
    if (size < 0)
        return -errno;
    ret[size] = '\0';
    char *slash = strrchr(ret, '/');
    if (!slash)
        return -ENOENT;
    memcpy(slash + 1, tool_name, sizeof(tool_name));
    return 0;
}

/* All that it may read: one line, which a pipe holds. */
static int make_input(const char *password, int *ret)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    cleanup_close int from = ends[0], to = ends[1];
    int r = password ? write_all(to, password, strlen(password)) : 0;
    if (r == 0 && password)
        r = write_all(to, "\n", 1);
    *ret = take_fd(&from);
    return r;
}

/* A file of the largest size that cannot grow: what is more is an error of its writer's. */
static int make_output(int *ret)
{
    cleanup_close int file = memfd_create(tool_name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0 || ftruncate(file, TOOL_OUTPUT_MAX) < 0 ||
        fcntl(file, F_ADD_SEALS, F_SEAL_GROW) < 0)
        return -errno;
    *ret = take_fd(&file);
    return 0;
}

/* As much of it as was written, and never more to be. */
static int finish_output(int file)
{
    off_t size = lseek(file, 0, SEEK_CUR);
    if (size < 0 || ftruncate(file, size) < 0 || lseek(file, 0, SEEK_SET) < 0 ||
        fcntl(file, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
        return -errno;
    return 0;
}

static int prepare(const struct monitor *monitor, enum tool_role role, const char *const *arguments,
                   struct tool *ret)
{
    char address[ADDRESS_TEXT_MAX];
    address_format(&monitor->remote, address, sizeof(address));
    (void)snprintf(ret->actor, sizeof(ret->actor), "CELLFTPCTL_ACTOR=%s from %s",
                   role == TOOL_STRANGER ? "a stranger" : monitor->account->name, address);
    (void)snprintf(ret->session, sizeof(ret->session), "CELLFTPCTL_SESSION=%s", monitor->session);
    size_t count = 0;
    ret->arguments[count++] = ret->path;
    if (monitor->config_file) {
        ret->arguments[count++] = "--config";
        ret->arguments[count++] = monitor->config_file;
    }
    for (; *arguments; arguments++) {
        if (count == ELEMENTS(ret->arguments) - 1)
            return -E2BIG;
        ret->arguments[count++] = *arguments;
    }
    ret->arguments[count] = NULL;
    return find_program(ret->path);
}

/*
 * In the child. Rights before and after: root with what the monitor has, which is what
 * capabilities.c keeps for this, as root's execve(2) gives no more than the bounding set has, and
 * under no_new_privs no more than was permitted before; test_cell.py reads it from the kernel.
 */
static _Noreturn void become_tool(const struct tool *tool, enum tool_role role, pid_t parent)
{
    static const char *const roles[] = {
        [TOOL_ADMIN] = "CELLFTPCTL_ROLE=admin",
        [TOOL_USER] = "CELLFTPCTL_ROLE=user",
        [TOOL_STRANGER] = "CELLFTPCTL_ROLE=stranger",
    };
    const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", tool->actor,
                                       tool->session, roles[role], NULL};
    sigset_t none;
    (void)sigemptyset(&none);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent ||
        dup2(tool->input, STDIN_FILENO) < 0 || dup2(tool->output, STDOUT_FILENO) < 0 ||
        dup2(tool->output, STDERR_FILENO) < 0 ||
        close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) < 0 ||
        signal(SIGPIPE, SIG_DFL) == SIG_ERR || sigprocmask(SIG_SETMASK, &none, NULL) < 0)
        _exit(127);
    (void)execve(tool->path, (char *const *)(uintptr_t)tool->arguments,
                 (char *const *)(uintptr_t)environment);
    _exit(127);
}

/* Until PROCESS has ended, or its time is over: then it is killed, and it is -ETIMEDOUT. */
static int wait_for(const struct monitor *monitor, pid_t pid, int process, int *ret_status)
{
    struct pollfd watched[] = {
        {.fd = process, .events = POLLIN},
        {.fd = monitor->signals, .events = POLLIN}, /* serve.c reads them */
    };
    nfds_t count = ELEMENTS(watched);
    uint64_t deadline = clock_msec() + TOOL_PATIENCE;
    while (!watched[0].revents) {
        uint64_t now = clock_msec();
        if (now >= deadline || (poll(watched, count, (int)(deadline - now)) < 0 && errno != EINTR))
            break;
        if (count > 1 && watched[1].revents) {
            deadline = clock_msec() + LAST;
            count = 1;
        }
    }
    bool ended = watched[0].revents != 0;
    if (!ended)
        (void)pidfd_send_signal(process, SIGKILL, NULL, 0);
    int status = 0;
    if (waitpid(pid, &status, 0) < 0)
        return -errno;
    if (!ended)
        return -ETIMEDOUT;
    if (!WIFEXITED(status) || WEXITSTATUS(status) == 127)
        return -ENOEXEC;
    *ret_status = WEXITSTATUS(status);
    return 0;
}

static int run(const struct monitor *monitor, enum tool_role role, const struct tool *tool,
               int *ret_status)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0)
        become_tool(tool, role, parent);
    cleanup_close int process = pidfd_open(pid, 0);
    if (process < 0) {
        int r = -errno;
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        return r;
    }
    return wait_for(monitor, pid, process, ret_status);
}

static void close_files(const struct tool *tool)
{
    (void)close_fd(tool->input);
    (void)close_fd(tool->output);
}

int tool_run(struct monitor *monitor, enum tool_role role, const char *const *arguments,
             const char *password, int *ret_status, int *ret_output)
{
    __attribute__((cleanup(close_files))) struct tool tool = {.input = -1, .output = -1};
    int r = prepare(monitor, role, arguments, &tool);
    if (r == 0)
        r = make_input(password, &tool.input);
    if (r == 0)
        r = make_output(&tool.output);
    if (r == 0)
        r = run(monitor, role, &tool, ret_status);
    if (r == 0)
        r = finish_output(tool.output);
    if (r < 0) {
        cleanup_free char *detail = NULL;
        if (asprintf(&detail, "%s: %s", tool.path,
                     r == -ETIMEDOUT ? "it took too long and was killed"
                     : r == -ENOEXEC ? "it cannot be run, or it has crashed; it must lie beside "
                                       "cellftpd"
                                     : strerror(-r)) < 0)
            detail = NULL;
        monitor_log_reason(monitor, EVENT_SERVER_FAILED, "tool", detail);
        return r;
    }
    *ret_output = take_fd(&tool.output);
    return 0;
}

void tool_first_line(int output, char *ret, size_t size)
{
    static const char prefix[] = "cellftpctl: ";
    ssize_t got = pread(output, ret, size - 1, 0);
    ret[got > 0 ? got : 0] = '\0';
    ret[strcspn(ret, "\n")] = '\0';
    size_t skipped = strncmp(ret, prefix, strlen(prefix)) == 0 ? strlen(prefix) : 0;
    memmove(ret, ret + skipped, strlen(ret + skipped) + 1);
}

/* The PAM process, seen from the monitor: see pam_process.h. */
#include "monitor/pam_process.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { FD_SOCKET = 3 };

int pam_service_check(const struct config *config)
{
    static const char *const directories[] = {"/etc/pam.d", "/usr/lib/pam.d"};
    for (size_t i = 0; i < ELEMENTS(directories); i++) {
        char path[128];
        struct stat status;
        (void)snprintf(path, sizeof(path), "%s/%s", directories[i], config->pam_service);
        if (stat(path, &status) == 0 && S_ISREG(status.st_mode))
            return 0;
    }
    return -ENOENT;
}

static void no_work(int number)
{
    (void)number;
}

/*
 * What a module expects of the process that it runs in. A signal that ends all processes of a
 * service (systemd.kill(5)) must not end this one before it has closed its session, but programs
 * that modules execute get the default back: that is what a handler does, and ignoring does not.
 */
static int become_ordinary(void)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGPIPE};
    const struct sigaction action = {.sa_handler = no_work, .sa_flags = SA_RESTART};
    for (size_t i = 0; i < ELEMENTS(numbers); i++)
        if (sigaction(numbers[i], &action, NULL) < 0)
            return -errno;
    sigset_t none;
    if (sigemptyset(&none) < 0 || sigprocmask(SIG_SETMASK, &none, NULL) < 0)
        return -errno;
    /* No terminal; not in a core dump, because it knows a password. */
    if (setsid() < 0 || chdir("/") < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return -errno;
    (void)prctl(PR_SET_NAME, "cellftpd-pam", 0, 0, 0);
    return 0;
}

/* Rows S03, A13: nothing of the monitor's or the client's is left open. */
static int arrange_descriptors(int socket)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return -errno;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (dup2(null, fd) < 0)
            return -errno;
    if (socket != FD_SOCKET && dup3(socket, FD_SOCKET, O_CLOEXEC) < 0)
        return -errno;
    return close_range(FD_SOCKET + 1, ~0U, 0) < 0 ? -errno : 0;
}

/*
 * Rights before and after: those of the monitor before a login, CAPABILITIES_LOGIN and
 * CAPABILITIES_PAM, which this process keeps to its end. No descriptor of the monitor's: it cannot
 * reach the client, the session, the logs or the registry but by path. Verified by
 * tests/session/test_pam.py.
 */
static _Noreturn void run(const struct pam_request *request, int socket, pid_t monitor)
{
    if (arrange_descriptors(socket) < 0 || become_ordinary() < 0)
        _exit(1);
    /* Until there is a session to close it goes with the monitor; pam_session.c takes this back. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != monitor)
        _exit(1);
    pam_session_run(request, FD_SOCKET);
}

int pam_process_start(const struct pam_request *request, struct pam_process *ret)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    cleanup_close int ours = pair[0], theirs = pair[1];
    pid_t monitor = getpid();
    pid_t pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0)
        run(request, theirs, monitor);
    int process = pidfd_open(pid, 0);
    if (process < 0) {
        int r = -errno;
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        return r;
    }
    *ret = (struct pam_process){.pid = pid, .process = process, .socket = take_fd(&ours)};
    return 0;
}

int pam_process_receive(const struct monitor *monitor, uint64_t deadline, struct message *ret)
{
    const struct pam_process *process = &monitor->pam;
    struct pollfd watched[] = {
        {.fd = process->socket, .events = POLLIN},
        {.fd = process->process, .events = POLLIN},
        {.fd = monitor->signals, .events = POLLIN}, /* serve.c reads them */
    };
    for (;;) {
        uint64_t now = clock_msec();
        int r = poll(watched, ELEMENTS(watched), now < deadline ? (int)(deadline - now) : 0);
        if (r < 0 && errno != EINTR)
            return -errno;
        if (r == 0)
            return -ETIMEDOUT;
        if (r < 0)
            continue;
        if (watched[0].revents & POLLIN) {
            cleanup_close int fd = -1;
            r = message_receive(process->socket, ret, &fd);
            return r == 1 && ret->type == PAM_ANSWER ? 0 : -ECONNRESET;
        }
        if (watched[0].revents || watched[1].revents)
            return -ECONNRESET;
        if (watched[2].revents)
            return -EINTR;
    }
}

int pam_process_end(struct pam_process *process, uint64_t patience)
{
    if (process->pid <= 0)
        return 0;
    process->socket = close_fd(process->socket);
    struct pollfd ended = {.fd = process->process, .events = POLLIN};
    uint64_t deadline = clock_msec() + patience;
    int r;
    do {
        uint64_t now = clock_msec();
        r = poll(&ended, 1, now < deadline ? (int)(deadline - now) : 0);
    } while (r < 0 && errno == EINTR);
    if (r <= 0) {
        (void)pidfd_send_signal(process->process, SIGKILL, NULL, 0);
        (void)kill(-process->pid, SIGKILL); /* and what its modules have forked */
    }
    int status = 0;
    (void)waitpid(process->pid, &status, 0);
    (void)close_fd(process->process);
    *process = (struct pam_process){.process = -1, .socket = -1};
    return r <= 0 ? -ETIMEDOUT : status;
}

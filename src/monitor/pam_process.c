/* The PAM process, seen from the monitor: see pam_process.h. */
#include "monitor/pam_process.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

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

int pam_process_start(struct monitor *monitor, const struct pam_request *request)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    cleanup_close int ours = pair[0], theirs = pair[1];
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0) {
        tls_release(monitor); /* its copy: modules have no use for the key */
        pam_run(request, theirs, parent);
    }
    int process = pidfd_open(pid, 0);
    if (process < 0) {
        int r = -errno;
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        return r;
    }
    monitor->pam = (struct pam_process){.pid = pid, .process = process, .socket = take_fd(&ours)};
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

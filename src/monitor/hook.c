/*
 * Hooks, seen from the monitor: the process that runs them (lib/hook_serve.c), made at the login if
 * the configuration has any, told of what has happened, and waited for at the very end. Nobody but
 * the monitor says that something has happened; a session's part is the path of an upload.
 */
#include "lib/hook.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "monitor/capabilities.h"
#include "monitor/monitor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

static void log_problem(struct monitor *monitor, const char *reason, const char *detail)
{
    monitor_log_reason(monitor, EVENT_HOOK_FAILED, reason, detail);
}

/*
 * Rights before: root with the capabilities of a login. Rights after: root with CAP_SETUID,
 * CAP_SETGID and CAP_KILL, which become hooks.user in what it executes and end that; no descriptor
 * but its queue; no key. Verified by reading the sets again.
 */
static void become_runner(struct monitor *monitor, int queue)
{
    enum { QUEUE = STDERR_FILENO + 1 };
    tls_release(monitor);
    struct event_origin origin = {
        .remote = &monitor->remote, .user = monitor->user, .session = monitor->session};
    if (dup3(queue, QUEUE, O_CLOEXEC) < 0 && errno != EINVAL) /* EINVAL: it is there already */
        _exit(1);
    if (close_range(QUEUE + 1, ~0U, 0) < 0 || capabilities_keep_for_hooks() < 0)
        _exit(1);
    hook_serve(monitor->config, monitor->account, &origin, QUEUE);
}

static int start(struct monitor *monitor)
{
    enum { QUEUE_BYTES = 64 * 1024 }; /* about a hundred uploads */
    int pair[2], size = QUEUE_BYTES;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    cleanup_close int ours = pair[0], theirs = pair[1];
    if (setsockopt(ours, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) < 0 ||
        fcntl(ours, F_SETFL, O_NONBLOCK) < 0)
        return -errno;
    pid_t pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0)
        become_runner(monitor, theirs);
    int process = pidfd_open(pid, 0);
    if (process < 0) {
        int r = -errno;
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        return r;
    }
    monitor->hooks.pid = pid;
    monitor->hooks.process = process;
    monitor->hooks.socket = take_fd(&ours);
    return 0;
}

static void start_if(struct monitor *monitor, bool wanted)
{
    int r = wanted && monitor->hooks.pid == 0 ? start(monitor) : 0;
    if (r < 0)
        log_problem(monitor, hook_problem_word(HOOK_PROBLEM_CANNOT_RUN), strerror(-r));
}

void hooks_start(struct monitor *monitor)
{
    struct hooks *hooks = &monitor->hooks;
    if (hooks->pid != 0) { /* a stranger's, who has an account now; it does what it has to do */
        monitor->stranger_hooks = *hooks;
        monitor->stranger_hooks.socket = close_fd(hooks->socket);
        *hooks = (struct hooks){.socket = -1, .process = -1, .hurry = hooks->hurry};
    }
    bool wanted = false;
    for (enum hook_kind kind = 0; kind < HOOK_COUNT; kind++)
        wanted |= hook_program(monitor->config, kind) != NULL;
    start_if(monitor, wanted);
}

void hooks_post(struct monitor *monitor, enum hook_kind kind, const char *text, uint64_t bytes)
{
    if (monitor->hooks.pid == 0 || !hook_program(monitor->config, kind))
        return;
    if (hook_post(monitor->hooks.socket, kind, text, bytes) < 0)
        monitor->hooks.left_out++;
}

void hooks_registered(struct monitor *monitor, const char *name)
{
    if (!monitor->account)
        start_if(monitor, hook_program(monitor->config, HOOK_REGISTRATION) != NULL);
    hooks_post(monitor, HOOK_REGISTRATION, name, EVENT_UNSET);
}

static void end(const struct monitor *monitor, struct hooks *hooks, uint64_t deadline)
{
    enum { PATIENCE = 4000 }; /* from the signal on: two seconds are the hook's */
    for (int round = 0; round < 2; round++) {
        uint64_t now = clock_msec();
        struct pollfd watched[] = {
            {.fd = hooks->process, .events = POLLIN},
            {.fd = monitor->signals, .events = POLLIN}, /* whoever sends one wants the end */
        };
        int left = now < deadline ? (int)(deadline - now) : 0;
        while (poll(watched, round == 0 ? 2 : 1, left) < 0 && errno == EINTR)
            ;
        if (watched[0].revents)
            break;
        (void)pidfd_send_signal(hooks->process, round == 0 ? SIGTERM : SIGKILL, NULL, 0);
        deadline = clock_msec() + PATIENCE;
    }
    (void)waitpid(hooks->pid, NULL, 0);
    (void)close_fd(hooks->process);
    *hooks = (struct hooks){.socket = -1, .process = -1};
}

void hooks_end(struct monitor *monitor)
{
    struct hooks *hooks = &monitor->hooks;
    uint64_t deadline = hooks->hurry ? 0 : clock_msec() + monitor->config->hooks_timeout;
    if (monitor->stranger_hooks.pid != 0)
        end(monitor, &monitor->stranger_hooks, deadline);
    if (hooks->pid == 0)
        return;
    hooks->socket = close_fd(hooks->socket);
    if (hooks->left_out > 0) {
        char detail[128];
        (void)snprintf(detail, sizeof(detail),
                       hooks->hurry ? "%llu were left out, as the server stops"
                                    : "%llu were left out: they come faster than they are done",
                       (unsigned long long)hooks->left_out);
        log_problem(
            monitor,
            hook_problem_word(hooks->hurry ? HOOK_PROBLEM_STOPPED : HOOK_PROBLEM_QUEUE_FULL),
            detail);
    }
    end(monitor, hooks, deadline);
}

/*
 * One connection, from the accepted socket to the last log line: its arrival, the cell, requests
 * until the session is gone, perhaps a fresh session in its place, and cleaning up after it. Runs
 * in the monitor. It never reads from a client, and keeps its copy of the control connection only
 * until a login is granted: until then a fresh session may have to go on with it.
 */
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/stop.h"
#include "monitor/authenticate.h"
#include "monitor/capabilities.h"
#include "monitor/cell.h"
#include "monitor/monitor.h"
#include "monitor/pam_process.h"
#include "monitor/verifier.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

bool monitor_pause(const struct monitor *monitor, uint64_t milliseconds)
{
    /* The signal stays where it is, for serve_session. */
    struct pollfd watched = {.fd = monitor->signals, .events = POLLIN};
    return poll(&watched, 1, milliseconds < INT32_MAX ? (int)milliseconds : INT32_MAX) <= 0;
}

/* A dead peer must not hold a session for ever, and replies must not wait for more of their kind.
 */
static void tune_control(int control)
{
    static const struct {
        int level, option, value;
    } options[] = {
        {SOL_SOCKET, SO_KEEPALIVE, 1},           {IPPROTO_TCP, TCP_KEEPIDLE, 60},
        {IPPROTO_TCP, TCP_KEEPINTVL, 15},        {IPPROTO_TCP, TCP_KEEPCNT, 4},
        {IPPROTO_TCP, TCP_USER_TIMEOUT, 120000}, {IPPROTO_TCP, TCP_NODELAY, 1},
        {SOL_SOCKET, SO_OOBINLINE, 1}, /* telnet's urgent byte is part of the stream (RFC 959 4.1.3)
                                        */
    };
    for (size_t i = 0; i < ELEMENTS(options); i++)
        (void)setsockopt(control, options[i].level, options[i].option, &options[i].value,
                         sizeof(int));
}

static int name_session(char ret[17])
{
    uint64_t number;
    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        return -EIO;
    (void)snprintf(ret, 17, "%016llx", (unsigned long long)number);
    return 0;
}

static bool start_cell(struct monitor *monitor)
{
    verifier_start(monitor);
    const struct session_start start = {
        .control = monitor->control,
        .config = monitor->config,
        .kind = monitor->kind,
        .tls = session_kind_is_tls(monitor->kind) ? monitor->tls.library : NULL,
        .challenge = verifier_challenge(monitor),
        .host = monitor->tls.host,
        .connected = monitor->started / 1000,
    };
    enum cell_step step;
    int r = cell_start(&start, &monitor->cell, &step);
    if (r < 0) {
        monitor_log_cell(monitor, cell_step_name(step), r);
        arrival_turn_away(monitor, ARRIVAL_BROKEN);
        verifier_end(monitor);
        return false;
    }
    monitor->phase = PHASE_STARTING;
    return true;
}

/* One datagram. 1 if the session goes on, 0 if it is gone, negative errno if it must end. */
static int serve_request(struct monitor *monitor)
{
    struct message message;
    int fd = -1;
    int r = message_receive(monitor->cell.socket, &message, &fd);
    if (r == -EBADMSG)
        monitor_log_reason(monitor, EVENT_ATTACK, "malformed-request", NULL);
    if (r <= 0)
        return r == -ECONNRESET ? 0 : r;
    r = requests_handle(monitor, &message, fd);
    return r < 0 ? r : 1;
}

/* Milliseconds until a session that has not logged in is ended; the session's own deadline, which
 * can say so to the client, comes a little earlier. */
static int until_deadline(const struct monitor *monitor)
{
    enum { GRACE = 2000 };
    uint64_t deadline = monitor->stop_deadline;
    if (deadline == 0 && monitor->phase == PHASE_SESSION)
        return -1;
    if (deadline == 0)
        deadline = monitor->started / 1000 + monitor->config->login_deadline + GRACE;
    uint64_t now = clock_msec();
    return now >= deadline ? 0 : (int)(deadline - now);
}

/* The session hears why, says it to the client and leaves; what it reports is still read. Told
 * again, the shorter patience counts. */
void monitor_stop(struct monitor *monitor, enum stop_reason reason)
{
    uint64_t deadline = clock_msec() + stop_patience(reason);
    bool first = monitor->stop_deadline == 0;
    monitor->hooks.hurry |= reason == STOP_STOPPED;
    if (first || deadline < monitor->stop_deadline)
        monitor->stop_deadline = deadline;
    if (!first)
        return;
    if (!monitor->ended)
        (void)snprintf(monitor->end_reason, sizeof(monitor->end_reason), "%s", stop_word(reason));
    monitor->ended = true;
    struct message message;
    message_begin(&message, REQUEST_STOP);
    message_put_u32(&message, reason);
    (void)message_send(monitor->cell.socket, &message, -1);
    (void)shutdown(monitor->cell.socket, SHUT_WR);
}

/* Somebody told this monitor to end its connection. Only root can send the signal (lib/stop.h). */
static void take_signal(struct monitor *monitor)
{
    struct signalfd_siginfo signal;
    if (read(monitor->signals, &signal, sizeof(signal)) != (ssize_t)sizeof(signal))
        return;
    monitor_stop(monitor, signal.ssi_signo == SIGTERM && signal.ssi_code == SI_QUEUE
                              ? stop_reason_of((uint32_t)signal.ssi_int)
                              : STOP_STOPPED);
}

enum watched { WATCH_SOCKET, WATCH_LISTENER, WATCH_SIGNALS, WATCH_PROCESS, WATCH_COUNT };

/* How a session came to its end, seen from here; the words are the log's, where the session gave
 * none. */
enum ending { ENDING_GONE, ENDING_DEADLINE, ENDING_ATTACK, ENDING_FAILED, ENDING_HANDOVER };
static const char *const ending_words[] = {
    [ENDING_GONE] = "session-gone",    [ENDING_DEADLINE] = "deadline", [ENDING_ATTACK] = "attack",
    [ENDING_FAILED] = "server-failed", [ENDING_HANDOVER] = "handover",
};

/* Serves requests until the session is gone or must go. */
static enum ending serve_session(struct monitor *monitor)
{
    for (;;) {
        struct pollfd watched[WATCH_COUNT] = {
            [WATCH_SOCKET] = {.fd = monitor->cell.socket, .events = POLLIN},
            [WATCH_LISTENER] = {.fd = monitor->cell.listener, .events = POLLIN},
            [WATCH_SIGNALS] = {.fd = monitor->signals, .events = POLLIN},
            [WATCH_PROCESS] = {.fd = monitor->cell.process, .events = POLLIN},
        };
        int timeout = until_deadline(monitor);
        int r = poll(watched, ELEMENTS(watched), timeout);
        if (r < 0 && errno != EINTR)
            return ENDING_FAILED;
        if (timeout >= 0 && until_deadline(monitor) == 0)
            return ENDING_DEADLINE;
        if (r <= 0)
            continue;
        if ((watched[WATCH_LISTENER].revents & POLLIN) && calls_handle(monitor) < 0)
            return ENDING_ATTACK;
        if (watched[WATCH_LISTENER].revents & (POLLHUP | POLLERR | POLLNVAL))
            monitor->cell.listener = close_fd(monitor->cell.listener); /* nobody is left to ask */
        if (watched[WATCH_SOCKET].revents) {
            r = serve_request(monitor);
            if (r == 0)
                return ENDING_GONE;
            if (r < 0)
                return r == -EPROTO || r == -EBADMSG ? ENDING_ATTACK : ENDING_FAILED;
            if (monitor->phase == PHASE_HANDOVER)
                return ENDING_HANDOVER;
        } else if (watched[WATCH_PROCESS].revents)
            return ENDING_GONE; /* with nothing more to say, whoever may hold its socket */
        if (watched[WATCH_SIGNALS].revents)
            take_signal(monitor);
    }
}

static int watch_signals(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -errno;
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

/* The session is gone: now the PAM session is closed, and not before. Waiting for it keeps the
 * service alive, so that systemd does not kill it halfway. */
static void end_pam(struct monitor *monitor)
{
    enum { PATIENCE = 5000 };
    int status = pam_process_end(&monitor->pam, PATIENCE);
    if (status != 0)
        monitor_log_reason(monitor, EVENT_SERVER_FAILED, "pam-session",
                           status < 0            ? "a PAM module did not close the session in 5 s "
                                                   "and was killed; see the log of PAM"
                           : WIFSIGNALED(status) ? "a PAM module crashed while it closed the "
                                                   "session; see the log of PAM"
                                                 : "a PAM module could not close the session; see "
                                                   "the log of PAM");
}

/* One session, from its fork until nothing of it is left. *RET_STATUS is how its process ended. */
static enum ending serve_cell(struct monitor *monitor, int *ret_status)
{
    int r = serve_request(monitor);
    if (r < 0 && monitor->phase == PHASE_STARTING)
        arrival_turn_away(monitor, ARRIVAL_BROKEN);
    enum ending ending = r == 1 ? serve_session(monitor) : r == 0 ? ENDING_GONE : ENDING_FAILED;
    /* One that could not enter its folder has said so, and is telling its client: it is left the
     * time to. */
    bool leaving = r == 1 && ending == ENDING_FAILED && monitor->phase == PHASE_ENTERING;
    if (ending != ENDING_GONE && ending != ENDING_HANDOVER && !leaving)
        (void)pidfd_send_signal(monitor->cell.process, SIGKILL, NULL, 0);
    if (ending != ENDING_HANDOVER)
        monitor->control = close_fd(monitor->control); /* now, and not when all is cleaned up */
    tls_release(monitor);
    verifier_end(monitor);
    *ret_status = cell_end(&monitor->cell);
    return ending;
}

static int serve_connection(struct monitor *monitor)
{
    tune_control(monitor->control);
    guard_log_stranger(monitor, EVENT_CONNECT, NULL);
    if (session_kind_is_tls(monitor->kind) && tls_prepare(monitor, "") < 0) {
        monitor_log_end(monitor, "tls-unavailable", 0); /* why has been logged */
        return 0;
    }
    enum ending ending;
    int status = 0;
    do {
        if (!start_cell(monitor))
            return -ECANCELED;
        ending = serve_cell(monitor, &status);
        /* Whoever does not leave on its own after a handover is no session of ours. */
    } while (ending == ENDING_HANDOVER && status == 0 && monitor->stop_deadline == 0);
    quota_close(monitor, ending != ENDING_GONE || status != 0);
    bool started = monitor->phase != PHASE_STARTING || ending == ENDING_GONE;
    monitor_log_end(monitor, ending_words[ending], status);
    end_pam(monitor);
    return started ? 0 : -ECANCELED;
}

int monitor_serve(const struct config *config, const char *config_file, const char *problems,
                  enum session_kind kind, int control)
{
    struct monitor monitor = {
        .config = config,
        .config_file = config_file,
        .kind = kind,
        .control = control,
        .registry = {.fd = -1},
        .ledger = {.fd = -1},
        .signals = -1,
        .started = clock_usec(),
        .phase = PHASE_STARTING,
    };
    int r = log_open(config, &monitor.log);
    if (r < 0)
        fprintf(
            stderr,
            "cellftpd: cannot open the log directory %s: %s; make it, or set directories.logs\n",
            config->directories_logs, strerror(-r));
    r = address_of_socket(control, &monitor.local);
    if (r == 0)
        r = address_of_peer(control, &monitor.remote);
    if (r == -ENOTCONN || r == -ECONNRESET) {
        (void)close(control);
        log_close(&monitor.log);
        return 0; /* gone before we came: nothing to say to anybody */
    }
    if (r == 0)
        r = name_session(monitor.session);
    if (r == 0)
        r = capabilities_keep_for_login(authenticate_uses_pam(config));
    if (r == 0)
        r = monitor.signals = watch_signals();
    if (r < 0) {
        fprintf(stderr, "cellftpd: cannot serve the connection: %s\n", strerror(-r));
        arrival_turn_away(&monitor, ARRIVAL_BROKEN);
        (void)close(control);
        log_close(&monitor.log);
        return 1;
    }

    int status = 0;
    if (arrival_admit(&monitor, problems) && serve_connection(&monitor) < 0)
        status = 1;
    monitor.control = close_fd(monitor.control);
    registry_leave(&monitor.registry);
    pace_close(&monitor.pace);
    hooks_end(&monitor);
    monitor.signals = close_fd(monitor.signals);
    account_free(monitor.account);
    log_close(&monitor.log);
    return status;
}

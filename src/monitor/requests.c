/*
 * What a session may ask of the monitor, and when: the policy is the table. Runs in the monitor;
 * every datagram of the session goes through here. It never guesses: what is not in the table, or
 * not in that phase, ends the session.
 */
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/hook.h"
#include "lib/text.h"
#include "monitor/authenticate.h"
#include "monitor/capabilities.h"
#include "monitor/cell.h"
#include "monitor/monitor.h"
#include "monitor/verifier.h"

#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>

/* One request: fills ANSWER and *RET_FD (-1: none), which are sent if the table says that there is
 * an answer. FD is a descriptor that came with the request, -1 if none; the handler takes it out of
 * *FD if it keeps it. */
typedef int (*request_handler)(struct monitor *monitor, struct message *message,
                               struct message *answer, int *fd, int *ret_fd);

/* True if FD is the listener of a seccomp filter: only one of those knows no notification 0. */
static bool is_listener(int fd)
{
    uint64_t none = 0;
    return ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &none) < 0 && errno == ENOENT;
}

/* READY and ENTERED have the same form: how a step went, and the listener of the filter that came
 * with it. */
static int cell_report(struct monitor *monitor, struct message *message, int *fd, enum phase next)
{
    enum { ERRNO_MAX = 4095 };
    uint32_t error = message_get_u32(message);
    const char *step = message_get_string(message, REQUEST_STEP_MAX);
    if (!message_end(message) || error > ERRNO_MAX)
        return -EBADMSG;
    if (error != 0) {
        monitor_log_cell(monitor, step, -(int)error);
        return -ECANCELED;
    }
    if (*fd < 0 || !is_listener(*fd))
        return -EBADMSG;
    monitor->cell.listener = take_fd(fd);
    monitor->phase = next;
    return 0;
}

static int ready(struct monitor *monitor, struct message *message, struct message *answer, int *fd,
                 int *ret_fd)
{
    (void)answer;
    (void)ret_fd;
    return cell_report(monitor, message, fd, PHASE_LOGIN);
}

static int entered(struct monitor *monitor, struct message *message, struct message *answer,
                   int *fd, int *ret_fd)
{
    (void)answer;
    (void)ret_fd;
    int r = cell_report(monitor, message, fd, PHASE_SESSION);
    if (r < 0)
        return r;
    /* Its word that it has given up what entering took is not enough. */
    uint64_t left = 0;
    struct account_cell shape;
    if (account_cell(monitor->config, monitor->account, &shape) < 0 ||
        capabilities_of(monitor->cell.pid, &left) < 0 || left != shape.capabilities)
        return -EPROTO;
    /* Whoever locks or removes the account from here on finds this session and ends it; whoever did
     * since the password was checked has not, so the record is read once more. */
    (void)registry_log_in(&monitor->registry, monitor->account->name);
    enum stop_reason reason = authenticate_local_again(monitor);
    hooks_start(monitor);
    r = capabilities_keep_for_session(monitor->config->active_enabled &&
                                          monitor->config->active_port_20,
                                      monitor->account->role == ACCOUNT_ADMIN);
    if (r < 0) {
        monitor_log_reason(monitor, EVENT_SERVER_FAILED, "capabilities", strerror(-r));
        return -ECANCELED;
    }
    status_set(monitor, "logged in");
    login_log(monitor, EVENT_LOGIN, NULL);
    hooks_post(monitor, HOOK_LOGIN, NULL, EVENT_UNSET);
    if (reason != STOP_COUNT)
        monitor_stop(monitor, reason);
    return 0;
}

static int login(struct monitor *monitor, struct message *message, struct message *answer, int *fd,
                 int *ret_fd)
{
    (void)fd;
    return login_handle(monitor, message, answer, ret_fd);
}

static int listen_request(struct monitor *monitor, struct message *message, struct message *answer,
                          int *fd, int *ret_fd)
{
    (void)fd;
    tls_expect_data(monitor);
    return listen_handle(monitor, message, answer, ret_fd);
}

static int connect_request(struct monitor *monitor, struct message *message, struct message *answer,
                           int *fd, int *ret_fd)
{
    (void)fd;
    tls_expect_data(monitor);
    return connect_handle(monitor, message, answer, ret_fd);
}

static int share(struct monitor *monitor, struct message *message, struct message *answer, int *fd,
                 int *ret_fd)
{
    (void)fd;
    return share_handle(monitor, message, answer, ret_fd);
}

#define SIMPLE_HANDLER(name, call)                                                                 \
    static int name(struct monitor *monitor, struct message *message, struct message *answer,      \
                    int *fd, int *ret_fd)                                                          \
    {                                                                                              \
        (void)answer;                                                                              \
        (void)fd;                                                                                  \
        (void)ret_fd;                                                                              \
        return call;                                                                               \
    }
SIMPLE_HANDLER(user, user_handle(monitor, message, answer))
SIMPLE_HANDLER(tls, tls_handle(monitor, message, answer))
SIMPLE_HANDLER(handover, handover_handle(monitor, message))
SIMPLE_HANDLER(identity, identity_handle(monitor, message, answer))
SIMPLE_HANDLER(sign, sign_handle(monitor, message, answer))
SIMPLE_HANDLER(certificate, certificate_handle(monitor, message, answer))
SIMPLE_HANDLER(pace, pace_handle(monitor, message, answer))
SIMPLE_HANDLER(lease, lease_handle(monitor, message, answer))
SIMPLE_HANDLER(admin, admin_handle(monitor, message, answer, ret_fd))
SIMPLE_HANDLER(register_request, register_handle(monitor, message, answer))
SIMPLE_HANDLER(password, password_handle(monitor, message, answer))
#undef SIMPLE_HANDLER

bool noise_admit(struct noise *noise, unsigned burst)
{
    enum { REFILL_EVERY = 500 };
    uint64_t now = clock_msec();
    if (noise->refilled == 0) {
        noise->tokens = burst;
        noise->refilled = now;
    }
    uint64_t earned = (now - noise->refilled) / REFILL_EVERY;
    noise->refilled += earned * REFILL_EVERY;
    noise->tokens = earned + noise->tokens > burst ? burst : noise->tokens + (unsigned)earned;
    if (noise->tokens == 0)
        return false;
    noise->tokens--;
    return true;
}

static bool admit(struct monitor *monitor, struct noise *noise, unsigned burst)
{
    bool quiet = monitor->quiet && monitor->phase != PHASE_SESSION;
    bool admitted = !quiet && noise_admit(noise, burst);
    monitor->left_out += !admitted;
    return admitted;
}

/* A client that causes a noisy event again and again gets the first ones logged, then a few a
 * second, then a count. */
bool requests_admit_noise(struct monitor *monitor)
{
    return admit(monitor, &monitor->noise, 20);
}

/* The same for what a stranger types, where commands are logged. */
static bool admit_command(struct monitor *monitor)
{
    return monitor->phase == PHASE_SESSION || admit(monitor, &monitor->commands, 100);
}

/* No connection fills the disk with log lines: past its budget, this monitor reads more slowly, and
 * the session waits. */
static void hold_back(struct monitor *monitor, size_t size)
{
    enum { BURST = 2 << 20, PER_MSEC = 512, LONGEST = 1000 };
    uint64_t now = clock_msec();
    uint64_t earned = (now - monitor->log_time) * PER_MSEC;
    monitor->log_debt = monitor->log_debt > earned ? monitor->log_debt - earned : 0;
    monitor->log_debt += size;
    monitor->log_time = now;
    if (monitor->log_debt > BURST) {
        uint64_t wait = (monitor->log_debt - BURST) / PER_MSEC;
        (void)monitor_pause(monitor, wait < LONGEST ? wait : LONGEST);
    }
}

static int event_request(struct monitor *monitor, struct message *message, struct message *answer,
                         int *fd, int *ret_fd)
{
    (void)answer;
    (void)fd;
    (void)ret_fd;
    struct event event;
    if (event_get(message, &event) < 0 || !message_end(message))
        return -EBADMSG;
    const struct event_kind *kind = event_kind(event.id);
    if (kind->from == EVENT_FROM_MONITOR)
        return -EPROTO; /* no session can say that somebody logged in */
    if (event.id == EVENT_SESSION_END) {
        /* Becomes part of the line that the monitor writes when the process is really gone. */
        if (!monitor->ended)
            (void)snprintf(monitor->end_reason, sizeof(monitor->end_reason), "%s",
                           event.reason ? event.reason : "");
        monitor->ended = true;
        return 0;
    }
    if ((kind->file == EVENT_FILE_files && monitor->phase != PHASE_SESSION) ||
        (event.id == EVENT_TLS && tls_report(monitor, &event) < 0))
        return -EPROTO;
    if ((kind->from == EVENT_FROM_SESSION_NOISE && !requests_admit_noise(monitor)) ||
        (kind->file == EVENT_FILE_commands && !admit_command(monitor)))
        return 0;
    hold_back(monitor, message->size);
    monitor_log(monitor, &event);
    if (event.id == EVENT_UPLOAD)
        hooks_post(monitor, HOOK_UPLOAD, event.path, event.bytes);
    return 0;
}

static int status_request(struct monitor *monitor, struct message *message, struct message *answer,
                          int *fd, int *ret_fd)
{
    (void)answer;
    (void)fd;
    (void)ret_fd;
    const char *status = message_get_string(message, REQUEST_STATUS_MAX);
    if (!message_end(message) || !text_is_plain(status, strlen(status)))
        return -EBADMSG;
    status_set(monitor, status);
    return 0;
}

static const struct {
    const char *name;
    unsigned phases;
    bool answered;
    bool descriptor; /* one may come with it */
    request_handler handler;
} requests[] = {
    /* clang-format off */
    [REQUEST_READY]    = {"READY",    PHASE_STARTING,              false, true,  ready},
    [REQUEST_LOGIN]    = {"LOGIN",    PHASE_LOGIN,                 true,  false, login},
    [REQUEST_ENTERED]  = {"ENTERED",  PHASE_ENTERING,              true,  true,  entered},
    [REQUEST_LISTEN]   = {"LISTEN",   PHASE_SESSION,               true,  false, listen_request},
    [REQUEST_CONNECT]  = {"CONNECT",  PHASE_SESSION,               true,  false, connect_request},
    [REQUEST_EVENT]    = {"EVENT",    PHASE_LOGIN | PHASE_SESSION, false, false, event_request},
    [REQUEST_STATUS]   = {"STATUS",   PHASE_LOGIN | PHASE_SESSION, false, false, status_request},
    [REQUEST_USER]     = {"USER",     PHASE_LOGIN,                 true,  false, user},
    [REQUEST_TLS]      = {"TLS",      PHASE_LOGIN,                 true,  false, tls},
    [REQUEST_HANDOVER] = {"HANDOVER", PHASE_LOGIN,                 false, false, handover},
    [REQUEST_IDENTITY] = {"IDENTITY", PHASE_LOGIN,                 true,  false, identity},
    [REQUEST_SIGN]     = {"SIGN",     PHASE_LOGIN | PHASE_SESSION, true,  false, sign},
    [REQUEST_CERTIFICATE] = {"CERTIFICATE", PHASE_LOGIN,           true,  false, certificate},
    [REQUEST_SHARE]    = {"SHARE",    PHASE_ENTERING,              true,  false, share},
    [REQUEST_PACE]     = {"PACE",     PHASE_SESSION,               true,  false, pace},
    [REQUEST_LEASE]    = {"LEASE",    PHASE_SESSION,               true,  false, lease},
    [REQUEST_ADMIN]    = {"ADMIN",    PHASE_SESSION,               true,  false, admin},
    [REQUEST_REGISTER] = {"REGISTER", PHASE_LOGIN,                 true,  false, register_request},
    [REQUEST_PASSWORD] = {"PASSWORD", PHASE_SESSION,               true,  false, password},
    /* clang-format on */
};

static int attack(struct monitor *monitor, const char *reason, const char *detail)
{
    monitor_log_reason(monitor, EVENT_ATTACK, reason, detail);
    return -EPROTO;
}

int requests_handle(struct monitor *monitor, struct message *message, int fd)
{
    cleanup_close int came = fd;
    uint32_t type = message->type;
    if (type >= ELEMENTS(requests) || !requests[type].handler)
        return attack(monitor, "request", "unknown");
    if (!(requests[type].phases & monitor->phase))
        return attack(monitor, "request-out-of-phase", requests[type].name);
    if (came >= 0 && !requests[type].descriptor)
        return attack(monitor, "descriptor", requests[type].name);

    struct message answer;
    message_begin(&answer, type | REQUEST_ANSWER);
    cleanup_close int answer_fd = -1;
    int r = requests[type].handler(monitor, message, &answer, &came, &answer_fd);
    if (r == -EBADMSG || r == -EPROTO)
        return attack(monitor, "malformed-request", requests[type].name);
    /* One that was told to leave gets no answer any more: it has STOP to read. */
    if (r < 0 || !requests[type].answered || monitor->stop_deadline != 0)
        return r;
    /* A session reads one answer before it asks again: else the answers, and the descriptors in
     * them, would pile up. */
    int unread = 0;
    if (ioctl(monitor->cell.socket, SIOCOUTQ, &unread) < 0 || unread > 0)
        return attack(monitor, "unread-answers", requests[type].name);
    r = message_send(monitor->cell.socket, &answer, answer_fd);
    return r == -EPIPE ? 0 : r; /* it is going, or was told to: its end is read next */
}

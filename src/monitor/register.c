/*
 * Accounts that clients make for themselves (REGISTER, before a login, only with registration.open)
 * and passwords that they change (PASSWORD, after one). Runs in the monitor. It decides who may try
 * and how often; cellftpctl (tool.h) judges name and password, and does it.
 *
 * Each try counts as a failed login does until it has succeeded, and a refusal takes its time: so
 * neither names, nor invitations, nor passwords can be guessed faster here than there.
 */
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/password.h"
#include "lib/registration.h"
#include "lib/tls_policy.h"
#include "monitor/authenticate.h"
#include "monitor/tool.h"

#include <string.h>

/* What all guesses at invitations are counted by; too long for anybody to log in with. */
static const char registration_name[] =
    "registration, as a name: longer than a name can be with which somebody would be throttled "
    "who wants to log in, and therefore nobody's but this one";
_Static_assert(sizeof(registration_name) > REQUEST_NAME_MAX + 1, "nobody's name");

/* A try, and what is to be answered. */
struct attempt {
    uint64_t arrived;
    struct throttle_try try;
    const char *reason; /* for the log; NULL: done */
    enum register_result result;
    char words[512];
};

static void refuse(struct attempt *attempt, const char *reason, enum register_result result,
                   const char *words)
{
    attempt->reason = reason;
    attempt->result = result;
    (void)snprintf(attempt->words, sizeof(attempt->words), "%s", words);
}

/* True if it may go on: not too many tries of this address, or at this name. */
static bool begin(struct monitor *monitor, struct attempt *attempt, const char *name,
                  unsigned *count)
{
    const char *reason = NULL;
    if ((*count)++ >= monitor->config->login_attempts) {
        refuse(attempt, "too-many-tries", REGISTER_TOO_MANY, "Too many tries. Goodbye.");
        return false;
    }
    if (guard_try(monitor, name, &attempt->try, &reason) < 0)
        refuse(attempt, "server", REGISTER_UNAVAILABLE, "");
    else if (reason)
        refuse(attempt, reason, REGISTER_TOO_MANY, "Too many tries. Try again later.");
    return !attempt->reason;
}

/* Has cellftpctl do it; what it has to say about name and password is meant for the client. */
static void run(struct monitor *monitor, struct attempt *attempt, enum tool_role role,
                const char *const *arguments, const char *password)
{
    int status = 0;
    cleanup_close int output = -1;
    int r = tool_run(monitor, role, arguments, password, &status, &output);
    if (r == 0 && status == 0)
        return;
    char line[sizeof(attempt->words)] = "";
    if (r == 0)
        tool_first_line(output, line, sizeof(line));
    if (r == 0 && (status == TOOL_REFUSED || status == TOOL_USAGE)) { /* a name that is none */
        refuse(attempt, "rules", REGISTER_REFUSED, line);
        return;
    }
    if (r == 0)
        monitor_log_reason(monitor, EVENT_SERVER_FAILED, "tool", line);
    refuse(attempt, "server", REGISTER_UNAVAILABLE, "");
}

/* The refusal is logged, and takes its time; a client that goes on too long is to be sent away. */
static void end(struct monitor *monitor, struct attempt *attempt, const char *name,
                enum event_id done, enum event_id refused, struct message *message,
                struct message *answer)
{
    explicit_bzero(message->payload, sizeof(message->payload));
    /* A new password of somebody who knows the present one is no guess; a stranger's name is. */
    bool is_guess = attempt->reason && attempt->result != REGISTER_UNAVAILABLE &&
                    !(monitor->account && strcmp(attempt->reason, "rules") == 0);
    if (!is_guess && attempt->try.state == THROTTLE_CHECK)
        guard_granted(monitor, name);
    struct event event = EVENT_INIT(attempt->reason ? refused : done);
    event.reason = attempt->reason;
    event.detail = attempt->reason && *attempt->words ? attempt->words : NULL;
    if (monitor->account || !attempt->reason || requests_admit_noise(monitor))
        monitor_log(monitor, &event);
    if (attempt->reason)
        (void)monitor_pause(monitor, is_guess ? 0 : monitor->config->login_delay);
    if (is_guess && guard_refused(monitor, &attempt->try, attempt->arrived))
        attempt->result = REGISTER_TOO_MANY;
    message_put_u32(answer, attempt->result);
    message_put_string(answer, attempt->words);
}

/* --- REGISTER --- */

/* A new password, in clear: only where one may come so, and nobody is between. */
static bool may_register(const struct monitor *monitor)
{
    return session_kind_is_tls(monitor->kind) ||
           (address_is_loopback(&monitor->remote) &&
            tls_policy(monitor->config, &monitor->remote, NULL) == USER_MAY);
}

/* All but the invitation is right: one more from this address, if there may be. */
static void make_account(struct monitor *monitor, struct attempt *attempt, const char *name,
                         const char *password)
{
    bool admitted = false;
    uint64_t now = (uint64_t)time(NULL) * 1000;
    int r = registration_begin(monitor->config, now, &monitor->remote, &admitted);
    if (r < 0) {
        monitor_log_reason(monitor, EVENT_SERVER_FAILED, "registrations", strerror(-r));
        refuse(attempt, "server", REGISTER_UNAVAILABLE, "");
    } else if (!admitted) {
        refuse(attempt, "per-address", REGISTER_TOO_MANY,
               "Too many accounts were made from your address. Try again later.");
    } else {
        const char *const arguments[] = {"user", "add", "--password-stdin", "--", name, NULL};
        run(monitor, attempt, TOOL_STRANGER, arguments, password);
    }
    if (admitted && attempt->reason)
        (void)registration_give_back(monitor->config, now, &monitor->remote);
}

int register_handle(struct monitor *monitor, struct message *message, struct message *answer)
{
    struct attempt attempt = {.arrived = clock_msec(), .try = {.state = THROTTLE_WAIT}};
    const char *name = message_get_string(message, REQUEST_NAME_MAX);
    const char *password = message_get_string(message, REQUEST_PASSWORD_MAX);
    const char *invitation = message_get_string(message, REQUEST_PASSWORD_MAX);
    if (!message_end(message))
        return -EBADMSG;
    if (!monitor->config->registration_open)
        return -EPROTO; /* a session of ours has said that there is no such command */
    monitor->named = true;
    (void)snprintf(monitor->user, sizeof(monitor->user), "%s", name);

    if (!may_register(monitor))
        refuse(&attempt, "tls-required", REGISTER_REFUSED,
               "Register under TLS: use explicit FTPS (AUTH TLS).");
    else if (!begin(monitor, &attempt, registration_name, &monitor->registrations))
        ;
    else if (!registration_invites(monitor->config, invitation))
        refuse(&attempt, "invitation", REGISTER_REFUSED,
               *invitation ? "The invitation is not right."
                           : "An invitation is needed: SITE REGISTER name password invitation");
    else
        make_account(monitor, &attempt, name, password);
    if (!attempt.reason)
        hooks_registered(monitor, name);
    end(monitor, &attempt, registration_name, EVENT_REGISTER, EVENT_REGISTER_REFUSED, message,
        answer);
    return 0;
}

/* --- PASSWORD --- */

/* Whether PASSWORD is the present one: as the record is now, not as it was at the login. */
static bool is_present_password(const struct monitor *monitor, const char *password)
{
    cleanup_buffer struct buffer ignored;
    buffer_init(&ignored, 4096);
    cleanup_account struct account *account = NULL;
    int r = account_load(monitor->config, monitor->account->name, &account, &ignored);
    return password_matches(password,
                            r == 0 && account->enabled && account->uid == monitor->account->uid
                                ? account->password
                                : NULL,
                            (unsigned)monitor->config->accounts_hash_cost);
}

int password_handle(struct monitor *monitor, struct message *message, struct message *answer)
{
    struct attempt attempt = {.arrived = clock_msec(), .try = {.state = THROTTLE_WAIT}};
    const struct account *account = monitor->account;
    const char *present = message_get_string(message, REQUEST_PASSWORD_MAX);
    const char *new = message_get_string(message, REQUEST_PASSWORD_MAX);
    if (!message_end(message))
        return -EBADMSG;
    if (!(rules_flags(monitor->config, account) & ACCOUNT_MAY_CHANGE_PASSWORD))
        return -EPROTO; /* a session of ours knows that from the login */

    const char *const arguments[] = {"user", "passwd",      "--password-stdin",
                                     "--",   account->name, NULL};
    if (begin(monitor, &attempt, account->name, &monitor->password_changes)) {
        if (!is_present_password(monitor, present))
            refuse(&attempt, "bad-password", REGISTER_REFUSED,
                   "The present password is not right.");
        else
            run(monitor, &attempt, TOOL_USER, arguments, new);
    }
    end(monitor, &attempt, account->name, EVENT_PASSWORD_CHANGED, EVENT_PASSWORD_REFUSED, message,
        answer);
    return 0;
}

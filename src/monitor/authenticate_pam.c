/*
 * Authentication of the users of the system: see authenticate.h. All that has to do with PAM
 * happens in the PAM process; this is what the monitor makes of its answer. It never takes a name,
 * a uid or a group that could not have come from a careful one.
 */
#include "lib/buffer.h"
#include "lib/cleanup.h"
#include "lib/system_user.h"
#include "lib/words.h"
#include "monitor/authenticate.h"
#include "monitor/cell.h"
#include "monitor/pam_process.h"
#include "monitor/verifier.h"

#include <string.h>
#include <sys/wait.h>

/* A grant, besides the account. */
struct grant {
    uint32_t groups_left;
    struct limits limits;
};

static void set_detail(struct monitor *monitor, const char *text)
{
    (void)snprintf(monitor->login_detail, sizeof(monitor->login_detail), "%s", text);
}

/* What modules have said goes to the log, under the name that the client gave. */
static void log_lines(struct monitor *monitor, const char *text, uint32_t dropped)
{
    while (*text) {
        size_t size = strcspn(text, "\n");
        cleanup_free char *line = strndup(text, size);
        monitor_log_reason(monitor, EVENT_PAM_MESSAGE, "module", line);
        text += size + (text[size] == '\n');
    }
    if (dropped > 0)
        monitor_log_reason(monitor, EVENT_PAM_MESSAGE, "too-many", "further lines were left out");
}

static void read_groups(struct message *message, struct account *account)
{
    account->group_count = message_get_u32(message);
    if (account->group_count > ACCOUNT_GROUPS_MAX)
        message->broken = true;
    account->groups = calloc(ACCOUNT_GROUPS_MAX, sizeof(*account->groups));
    for (size_t i = 0; account->groups && !message->broken && i < account->group_count; i++)
        account->groups[i] = message_get_u32(message);
}

static void read_limits(struct message *message, struct limits *ret)
{
    ret->known = message_get_u32(message);
    for (unsigned i = 0; i < RLIM_NLIMITS; i++)
        if (ret->known & 1u << i) {
            ret->of[i].rlim_cur = message_get_u64(message);
            ret->of[i].rlim_max = message_get_u64(message);
        }
    ret->niceness = (int)message_get_u32(message);
}

/* NULL if the answer is not exactly what it should be, or there is no memory. */
static struct account *read_grant(struct monitor *monitor, struct message *message,
                                  struct grant *ret)
{
    cleanup_account struct account *account = calloc(1, sizeof(*account));
    if (!account)
        return NULL;
    account->name = strdup(message_get_string(message, REQUEST_NAME_MAX));
    account->home = strdup(message_get_string(message, PAM_HOME_MAX));
    account->uid = message_get_u32(message);
    account->gid = message_get_u32(message);
    account->enabled = true;
    read_groups(message, account);
    ret->groups_left = message_get_u32(message);
    bool labelled =
        words_split(message_get_string(message, MESSAGE_STRING_MAX), "\n", &account->labels) == 0;
    read_limits(message, &ret->limits);
    if (!message_end(message) || !account->name || !account->home || !account->groups ||
        !labelled || !system_user_name_is_good(account->name) ||
        system_user_check(monitor->config, account->uid, account->gid) != REFUSAL_NONE)
        return NULL;
    return take_pointer(account);
}

/* Row A19: PAM has made another name of the one that was given, and that may be one about which an
 * earlier back end decides. */
static bool is_local(struct monitor *monitor, const char *name)
{
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, 4096);
    cleanup_account struct account *account = NULL;
    if (strcmp(monitor->config->auth_order[0], "local") != 0)
        return false;
    int r = account_load(monitor->config, name, &account, &problem);
    return r != -ENOENT && r != -EINVAL;
}

static enum refusal accept_grant(struct monitor *monitor, const char *user, struct account *account,
                                 const struct grant *grant)
{
    if (strcmp(user, account->name) != 0) {
        monitor_log_reason(monitor, EVENT_PAM_MESSAGE, "user-changed", account->name);
        if (is_local(monitor, account->name)) {
            set_detail(monitor, "PAM has changed the name to that of a local account");
            return REFUSAL_PAM_ERROR;
        }
    }
    if (certificate_judge(monitor, account, true))
        return good_certificate(monitor) ? REFUSAL_OTHER_CERTIFICATE : REFUSAL_NO_CERTIFICATE;
    enum refusal refusal = authenticate_judge(monitor, account);
    if (refusal != REFUSAL_NONE)
        return refusal;
    if (grant->groups_left > 0)
        monitor_log_reason(monitor, EVENT_PAM_MESSAGE, "groups",
                           "the group root, or groups above 160, are left out of the session");
    bool limited = grant->limits.known != 0 || grant->limits.niceness != 0;
    int r = limited ? cell_limit(&monitor->cell, &grant->limits) : 0;
    if (r < 0)
        set_detail(monitor, strerror(-r));
    return r < 0 ? REFUSAL_LIMITS : REFUSAL_NONE;
}

/* The PAM process has given no answer, for the reason ERROR. */
static enum refusal explain_silence(struct monitor *monitor, int error)
{
    enum { PATIENCE = 200 };
    bool late = error == -ETIMEDOUT || error == -EINTR;
    int status = pam_process_end(&monitor->pam, late ? 0 : PATIENCE);
    if (error == -ETIMEDOUT)
        return REFUSAL_PAM_TIMEOUT;
    if (error == -EINTR)
        return REFUSAL_STOPPING;
    char detail[64];
    if (status >= 0 && WIFSIGNALED(status))
        (void)snprintf(detail, sizeof(detail), "killed by signal %d", WTERMSIG(status));
    else
        (void)snprintf(detail, sizeof(detail), "exit status %d",
                       status >= 0 ? WEXITSTATUS(status) : -1);
    set_detail(monitor, detail);
    return REFUSAL_PAM_CRASHED;
}

static enum authentication read_answer(struct monitor *monitor, const char *user,
                                       struct message *message, struct account **ret,
                                       enum refusal *ret_refusal)
{
    enum authentication result = message_get_u32(message);
    *ret_refusal = message_get_u32(message);
    set_detail(monitor, message_get_string(message, PAM_DETAIL_MAX));
    const char *text = message_get_string(message, MESSAGE_STRING_MAX);
    log_lines(monitor, text, message_get_u32(message));
    if (result != AUTHENTICATION_GRANTED) {
        bool good = message_end(message) && *ret_refusal < REFUSAL_COUNT &&
                    *ret_refusal != REFUSAL_NONE && result <= AUTHENTICATION_REFUSED;
        if (!good)
            *ret_refusal = REFUSAL_PAM_CRASHED;
        return good ? result : AUTHENTICATION_REFUSED;
    }
    struct grant grant;
    cleanup_account struct account *account = read_grant(monitor, message, &grant);
    *ret_refusal = account ? accept_grant(monitor, user, account, &grant) : REFUSAL_PAM_CRASHED;
    if (*ret_refusal != REFUSAL_NONE)
        return AUTHENTICATION_REFUSED;
    *ret = take_pointer(account);
    return AUTHENTICATION_GRANTED;
}

static enum authentication ask(struct monitor *monitor, const char *user, const char *password,
                               struct account **ret, enum refusal *ret_refusal)
{
    enum { PATIENCE = 5000 };
    *ret_refusal = REFUSAL_PAM_SERVICE;
    if (pam_service_check(monitor->config) < 0) {
        monitor_log_reason(monitor, EVENT_SERVER_FAILED, "pam-service", PAM_SERVICE_REMEDY);
        return AUTHENTICATION_REFUSED;
    }
    char remote[ADDRESS_TEXT_MAX];
    address_format(&monitor->remote, remote, sizeof(remote));
    const struct pam_request request = {monitor->config, user, password, remote};
    struct message message;
    uint64_t deadline = monitor->started / 1000 + monitor->config->login_deadline;
    int r = pam_process_start(monitor, &request);
    if (r < 0) {
        *ret_refusal = REFUSAL_PAM_ERROR;
        set_detail(monitor, strerror(-r));
        return AUTHENTICATION_REFUSED;
    }
    r = pam_process_receive(monitor, deadline, &message);
    if (r < 0) {
        *ret_refusal = explain_silence(monitor, r);
        return AUTHENTICATION_REFUSED;
    }
    enum authentication result = read_answer(monitor, user, &message, ret, ret_refusal);
    if (result != AUTHENTICATION_GRANTED)
        (void)pam_process_end(&monitor->pam, PATIENCE);
    return result;
}

enum authentication authenticate_pam(struct monitor *monitor, const char *user,
                                     const char *password, struct account **ret,
                                     const char **ret_reason)
{
    if (!system_user_name_is_good(user))
        return AUTHENTICATION_UNKNOWN;
    enum refusal refusal = REFUSAL_NONE;
    enum authentication result = ask(monitor, user, password, ret, &refusal);
    *ret_reason = refusal_word(refusal);
    return result;
}

/*
 * What the monitor would do to the system for a request, recorded instead of done: these functions
 * take the place of the real ones where test_requests.c is linked. Included there only.
 */
#pragma once

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/password.h"
#include "lib/share.h"
#include "lib/ticket_key.h"
#include "lib/tls_library.h"
#include "monitor/authenticate.h"
#include "monitor/capabilities.h"
#include "monitor/cell.h"
#include "monitor/monitor.h"
#include "monitor/tool.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cmocka.h>

enum { A_PID = 4000000 }; /* nobody's */

static struct record {
    int cells_ended;
    int looked_up, compared, admitted, saved, dropped, logged_in;
    int bound, listened, connected, shared;
    int tries, refused, granted; /* as throttling is told */
    enum throttle_state throttled;
    struct sockaddr_in target, own;
    int events[EVENT_COUNT];
    int stopped;
    int opened, closed, signed_texts; /* as the TLS library is told */
    bool locked;                      /* the account, since its password was checked */
    bool new_password;                /* the same */
    bool upgraded;                    /* its hash was */
    char *hours;                      /* of the account */
    int disclaimed;                   /* places of the user */
    bool crowded;                     /* the user has as many sessions as there may be */
    bool fail;                        /* the next system operation does */
    int keys;                         /* of tickets */
    bool no_key;                      /* that can be had */
    bool no_listener;                 /* the descriptor that came is something else */
    uint64_t capabilities;            /* that the session has */
    bool admin;                       /* is alice */
    int tool_ran;                     /* cellftpctl, and how */
    enum tool_role tool_role;
    char tool_line[256], tool_password[64];
    uint64_t waited; /* milliseconds by which events were held back */
} record;

int account_load(const struct config *config, const char *name, struct account **ret,
                 struct buffer *problem)
{
    (void)config;
    record.looked_up++;
    if (strcmp(name, "damaged") == 0) {
        assert_int_equal(buffer_append_string(problem, "line 1"), 0);
        return -EBADMSG;
    }
    if (strcmp(name, "alice") != 0 && strcmp(name, "old") != 0 && strcmp(name, "disabled") != 0 &&
        strcmp(name, "expired") != 0)
        return -ENOENT;
    *ret = calloc(1, sizeof(**ret));
    assert_non_null(*ret);
    (*ret)->name = strdup(name);
    (*ret)->password = strdup(record.upgraded            ? "new hash"
                              : strcmp(name, "old") == 0 ? "old hash"
                              : record.new_password      ? "another hash"
                                                         : "hash");
    (*ret)->rules.hours = record.hours;
    (*ret)->rules.set = record.hours ? 1u << RULE_hours : 0;
    (*ret)->uid = (*ret)->gid = 200001;
    (*ret)->role = record.admin ? ACCOUNT_ADMIN : ACCOUNT_USER;
    (*ret)->enabled = strcmp(name, "disabled") != 0 && !record.locked;
    (*ret)->expires = strcmp(name, "expired") == 0;
    return 0;
}

void account_free(struct account *account)
{
    if (account) {
        free(account->name);
        free(account->password);
        rules_free(&account->effective); /* the record's own are constants */
    }
    free(account);
}

bool password_matches(const char *password, const char *hash, unsigned cost)
{
    (void)cost;
    record.compared++;
    return hash && strcmp(password, "right") == 0;
}

bool password_is_outdated(const char *hash)
{
    return strcmp(hash, "old hash") == 0;
}

int password_hash(const char *password, unsigned cost, char ret[PASSWORD_HASH_MAX])
{
    (void)cost;
    assert_string_equal(password, "right");
    (void)snprintf(ret, PASSWORD_HASH_MAX, "new hash");
    return 0;
}

int account_change(const struct config *config, const char *name, account_changer change,
                   void *data, struct account **ret, struct buffer *problem)
{
    assert_string_equal(name, "old");
    assert_int_equal(account_load(config, name, ret, problem), 0);
    assert_int_equal(change(*ret, data), 1);
    assert_string_equal((*ret)->password, "new hash");
    record.saved++;
    return 1;
}

bool account_is_expired(const struct account *account)
{
    return account->expires != 0;
}

void monitor_stop(struct monitor *monitor, enum stop_reason reason)
{
    assert_int_equal(reason, record.locked         ? STOP_LOCKED
                             : record.new_password ? STOP_PASSWORD
                                                   : STOP_KICKED);
    monitor->stop_deadline = 1;
    record.stopped++;
}

/* PAM is asked in the session tests. */
enum authentication authenticate_pam(struct monitor *monitor, const char *user,
                                     const char *password, struct account **ret,
                                     const char **ret_reason)
{
    (void)monitor;
    (void)password;
    (void)ret;
    *ret_reason = NULL;
    assert_string_not_equal(user, "alice"); /* row A19: the first that knows the name decides */
    return AUTHENTICATION_UNKNOWN;
}

/* The TLS library: its part is tested with it. */
static struct tls_identity *const an_identity = (struct tls_identity *)&record;

static int record_open(const char *certificate, const char *key, struct tls_identity **ret,
                       char ret_words[TLS_WORDS_MAX])
{
    assert_string_equal(certificate, key);
    (void)snprintf(ret_words, TLS_WORDS_MAX, "words");
    record.opened++;
    if (record.fail)
        return -EINVAL; /* for good: a renewal would be waited for */
    *ret = an_identity;
    return 0;
}

static void record_close(struct tls_identity *identity)
{
    record.closed += identity != NULL;
}

static const uint8_t *record_chain(const struct tls_identity *identity, size_t *ret_size)
{
    assert_ptr_equal(identity, an_identity);
    *ret_size = 5;
    return (const uint8_t *)"chain";
}

static time_t record_expires(const struct tls_identity *identity)
{
    assert_ptr_equal(identity, an_identity);
    return INT32_MAX;
}

static int record_sign(const struct tls_identity *identity, unsigned scheme, const uint8_t *text,
                       size_t text_size, uint8_t *ret_signature, size_t *signature_size)
{
    assert_ptr_equal(identity, an_identity);
    assert_non_null(text);
    assert_true(text_size <= TLS_SIGNED_MAX && *signature_size == TLS_SIGNATURE_MAX);
    record.signed_texts++;
    if (scheme != 0x0804)
        return -EPERM;
    memcpy(ret_signature, "signed", 6);
    *signature_size = 6;
    return 0;
}

static const struct tls_library recording_library = {
    .identity_open = record_open,
    .identity_close = record_close,
    .identity_chain = record_chain,
    .identity_expires = record_expires,
    .sign = record_sign,
};

int tls_library_load(const struct tls_library **ret, char ret_words[TLS_WORDS_MAX])
{
    (void)ret_words;
    *ret = &recording_library;
    return 0;
}

/* The secret of the tickets is a file: test_ticket_key.c. */
int ticket_key(const struct config *config, const struct account *account,
               const struct address *address, uint8_t ret[TLS_KEY_SIZE])
{
    assert_int_equal(config->tls_data_binding, DATA_BINDING_AUTO);
    assert_int_equal(address->family, AF_INET);
    record.keys++;
    if (record.no_key)
        return -EPERM;
    memset(ret, account->name[0], TLS_KEY_SIZE);
    return 0;
}

static int some_descriptor(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

int cell_open_folder(const struct account_cell *shape)
{
    assert_int_equal(shape->uid, record.admin ? 299999 : 200001);
    assert_int_equal(shape->root_owner, record.admin ? 0 : 200001);
    return some_descriptor();
}

int cell_admit(const struct cell *cell, const struct account_cell *shape, int folder, int *ret_tree,
               enum cell_step *ret_step)
{
    (void)cell;
    (void)folder;
    assert_true(shape->uid == shape->gid && shape->count == (record.admin ? 100000 : 0));
    if (record.fail) {
        *ret_step = CELL_STEP_MAP;
        return -EPERM;
    }
    record.admitted++;
    *ret_tree = some_descriptor();
    return 0;
}

/* The verifier: its part is tested with its own. */
int cell_start(const struct session_start *start, struct cell *ret, enum cell_step *ret_step)
{
    (void)start;
    (void)ret;
    *ret_step = CELL_STEP_FORK;
    return -EAGAIN;
}

int cell_end(struct cell *cell)
{
    assert_int_equal(cell->pid, A_PID);
    record.cells_ended++;
    return 0;
}

const char *cell_step_name(enum cell_step step)
{
    return step == CELL_STEP_MAP ? "uid map" : "another";
}

int capabilities_of(pid_t pid, uint64_t *ret)
{
    (void)pid;
    *ret = record.capabilities;
    return 0;
}

int nanosleep(const struct timespec *wanted, struct timespec *left)
{
    (void)left;
    record.waited += (uint64_t)wanted->tv_sec * 1000 + (uint64_t)wanted->tv_nsec / 1000000;
    return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
    if (request == SECCOMP_IOCTL_NOTIF_ID_VALID) {
        errno = record.no_listener ? ENOTTY : ENOENT;
        return -1;
    }
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    return (int)syscall(SYS_ioctl, fd, request, argument);
}

int tool_run(struct monitor *monitor, enum tool_role role, const char *const *arguments,
             const char *password, int *ret_status, int *ret_output)
{
    (void)monitor;
    record.tool_ran++;
    record.tool_role = role;
    record.tool_line[0] = '\0';
    for (; *arguments; arguments++) {
        size_t size = strlen(record.tool_line);
        (void)snprintf(record.tool_line + size, sizeof(record.tool_line) - size, "%s%s",
                       size > 0 ? " " : "", *arguments);
    }
    (void)snprintf(record.tool_password, sizeof(record.tool_password), "%s",
                   password ? password : "");
    *ret_status = 0;
    *ret_output = -1;
    return 0;
}

void tool_first_line(int output, char *ret, size_t size)
{
    (void)output;
    (void)snprintf(ret, size, "what it has said");
}

void monitor_log_cell(struct monitor *monitor, const char *step, int error)
{
    (void)monitor;
    assert_true(strlen(step) <= REQUEST_STEP_MAX);
    assert_true(error < 0 && error >= -4095);
    record.events[EVENT_CELL_FAILED]++;
}

int capabilities_keep_for_session(bool port_20, bool admin)
{
    assert_false(port_20);
    (void)admin; /* test_cell.py asks the kernel */
    record.dropped++;
    return record.fail ? -EPERM : 0;
}

/* No hook is configured here, and no process runs any. */
int capabilities_keep_for_hooks(void)
{
    abort();
}

int share_mount(const struct config *config, const struct share *share, uid_t uid, gid_t gid,
                bool read_only, struct share_mount *ret, char words[SHARE_WORDS_MAX])
{
    assert_true(share == &config->shares[0] || share == &config->shares[2]);
    assert_true(uid == 200001 && gid == 200001);
    assert_int_equal(read_only, share->read_only);
    words[0] = '\0';
    if (record.fail)
        return -ENOENT;
    record.shared++;
    *ret = (struct share_mount){.tree = some_descriptor()};
    return 0;
}

int share_make_place(int folder, const char *at, uid_t uid, gid_t gid)
{
    (void)folder;
    assert_true(strcmp(at, "first") == 0 || strcmp(at, "third") == 0);
    assert_true(uid == 200001 && gid == 200001);
    return 0;
}

void share_explain_place(const char *at, int error, char words[SHARE_WORDS_MAX])
{
    assert_true(*at && error < 0 && error >= -4095);
    words[0] = '\0';
}

int registry_claim(struct registry *registry, const char *user, uint64_t most)
{
    (void)registry;
    (void)user;
    (void)most;
    return record.crowded ? -EUSERS : 0;
}

void registry_disclaim(struct registry *registry)
{
    (void)registry;
    record.disclaimed++;
}

int registry_log_in(struct registry *registry, const char *user)
{
    (void)registry;
    assert_true(strcmp(user, "alice") == 0 || strcmp(user, "old") == 0);
    record.logged_in++;
    return 0;
}

int registry_set_protocol(struct registry *registry, const char *protocol)
{
    (void)registry;
    assert_true(strlen(protocol) < sizeof(((struct monitor_tls *)NULL)->protocol));
    return 0;
}

void status_set(struct monitor *monitor, const char *text)
{
    (void)monitor;
    assert_true(strlen(text) <= REQUEST_STATUS_MAX);
}

int bind(int fd, __CONST_SOCKADDR_ARG address, socklen_t size)
{
    (void)fd;
    assert_int_equal(size, sizeof(record.own));
    memcpy(&record.own, address.__sockaddr__, sizeof(record.own));
    record.bound++;
    return 0;
}

int listen(int fd, int backlog)
{
    (void)fd;
    assert_true(backlog > 0);
    record.listened++;
    return 0;
}

int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t size)
{
    (void)fd;
    assert_int_equal(size, sizeof(record.target));
    memcpy(&record.target, address.__sockaddr__, sizeof(record.target));
    record.connected++;
    errno = EINPROGRESS;
    return -1;
}

int throttle_begin(const struct config *config, uint64_t now, const struct address *remote,
                   const char *user, struct throttle_try *ret)
{
    (void)config;
    (void)now;
    (void)remote;
    assert_true(strlen(user) <= REQUEST_NAME_MAX);
    record.tries++;
    *ret = (struct throttle_try){.state = record.throttled};
    return record.throttled == THROTTLE_WAIT ? -EIO : 0;
}

int throttle_refuse(const struct config *config, uint64_t now, const struct address *remote,
                    bool *ret_ban_begins)
{
    (void)config;
    (void)now;
    (void)remote;
    *ret_ban_begins = false;
    record.refused++;
    return 0;
}

int throttle_grant(const struct config *config, uint64_t now, const struct address *remote,
                   const char *user, bool quiet)
{
    (void)config;
    (void)now;
    (void)remote;
    assert_true(strcmp(user, "alice") == 0 || strcmp(user, "old") == 0);
    assert_false(quiet);
    record.granted++;
    return 0;
}

/* The two for connections that come and go. */
int throttle_arrive(const struct config *config, uint64_t now, const struct address *remote,
                    struct throttle_arrival *ret)
{
    (void)config;
    (void)now;
    (void)remote;
    (void)ret;
    fail_msg("no request makes a new connection");
    return -EIO;
}

int throttle_leave_out(const struct config *config, uint64_t now, const struct address *remote,
                       uint64_t lines)
{
    (void)lines;
    return throttle_arrive(config, now, remote, NULL);
}

bool monitor_pause(const struct monitor *monitor, uint64_t milliseconds)
{
    assert_non_null(monitor);
    clock_pause(milliseconds);
    return true;
}

void monitor_log(struct monitor *monitor, const struct event *event)
{
    assert_non_null(monitor);
    assert_true(event->id < EVENT_COUNT);
    record.events[event->id]++;
}

void monitor_log_admin(struct monitor *monitor, const struct event *event)
{
    monitor_log(monitor, event);
}

void monitor_log_reason(struct monitor *monitor, enum event_id id, const char *reason,
                        const char *detail)
{
    struct event event = EVENT_INIT(id);
    event.reason = reason;
    event.detail = detail;
    monitor_log(monitor, &event);
}

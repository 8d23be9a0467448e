/*
 * The process that runs the hooks of one session, and its queue: see hook.h. The queue is the
 * socket: what is in it waits, and what finds no room is left out by whoever writes. Nothing here
 * is read from the network, and nothing from a session: the monitor has looked at it.
 */
#include "lib/cleanup.h"
#include "lib/hook.h"
#include "lib/log.h"
#include "lib/message.h"
#include "lib/share.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

enum { HOOK_MESSAGE = 1 };

int hook_post(int socket, enum hook_kind kind, const char *text, uint64_t bytes)
{
    struct message message;
    message_begin(&message, HOOK_MESSAGE);
    message_put_u32(&message, kind);
    message_put_string(&message, text);
    message_put_u64(&message, bytes);
    return message_send(socket, &message, -1);
}

/* True if PATH is names with one slash before each. */
static bool is_canonical(const char *path)
{
    if (*path != '/')
        return false;
    while (*path == '/') {
        size_t length = strcspn(++path, "/");
        if (length == 0 || (length == 1 && path[0] == '.') ||
            (length == 2 && path[0] == '.' && path[1] == '.'))
            return false;
        path += length;
    }
    return true;
}

/* What the user sees as "/". */
static const char *root_of(const struct config *config, const struct account *account)
{
    return account->role == ACCOUNT_ADMIN ? config->directories_homes : account->home;
}

char *hook_file(const struct config *config, const struct account *account, const char *path)
{
    if (!is_canonical(path))
        return NULL;
    const char *folder = root_of(config, account);
    const char *rest = path;
    for (size_t i = 0; share_of(config, account, i); i++) {
        const struct share *share = share_of(config, account, i);
        size_t length = strlen(share->at);
        if (strncmp(path + 1, share->at, length) == 0 && path[1 + length] == '/') {
            folder = share->path;
            rest = path + 1 + length;
        }
    }
    char *file = NULL;
    return asprintf(&file, "%s%s", folder, rest) < 0 ? NULL : file;
}

struct server {
    const struct config *config;
    const struct account *account;
    const struct event_origin *origin;
    struct log log;
    int socket;
    int stop; /* readable once it was told to stop */
    uint64_t left_out;
};

static void log_problem(struct server *server, enum hook_problem problem,
                        const struct hook_facts *facts, const char *detail)
{
    struct event event = hook_event(problem, facts, detail);
    (void)log_write(&server->log, server->origin, &event);
}

static bool is_stopped(const struct server *server)
{
    struct pollfd watched = {.fd = server->stop, .events = POLLIN};
    return poll(&watched, 1, 0) > 0;
}

static void run(struct server *server, struct message *message)
{
    char address[ADDRESS_TEXT_MAX];
    address_format(server->origin->remote, address, sizeof(address));
    struct hook_facts facts = {
        .client = address,
        .session = server->origin->session,
    };
    uint32_t kind = message_get_u32(message);
    const char *text = message_get_string(message, MESSAGE_STRING_MAX);
    facts.bytes = message_get_u64(message);
    if (!message_end(message) || kind >= HOOK_COUNT)
        return;
    facts.kind = kind;
    if (server->account) {
        facts.user = server->account->name;
        facts.file = root_of(server->config, server->account);
    }
    cleanup_free char *file = NULL;
    if (kind == HOOK_UPLOAD) {
        facts.path = text;
        facts.file = file = hook_file(server->config, server->account, text);
        if (!file) {
            log_problem(server, HOOK_PROBLEM_PATH, &facts, "no path of a file below the folder");
            return;
        }
    }
    if (kind == HOOK_REGISTRATION) {
        if (asprintf(&file, "%s/%s", server->config->directories_homes, text) < 0)
            file = NULL;
        facts.user = text;
        facts.file = file;
    }
    char detail[HOOK_DETAIL_MAX];
    enum hook_problem problem = hook_run(server->config, &facts, server->stop, detail);
    if (problem != HOOK_FINE)
        log_problem(server, problem, &facts, detail);
}

/* The next of the queue, waited for. False when there is none and will be none. */
static bool serve_next(struct server *server)
{
    struct pollfd watched[] = {
        {.fd = server->socket, .events = POLLIN},
        {.fd = is_stopped(server) ? -1 : server->stop, .events = POLLIN},
    };
    if (poll(watched, ELEMENTS(watched), is_stopped(server) ? 0 : -1) < 0)
        return errno == EINTR;
    if (!watched[0].revents)
        return !is_stopped(server);
    struct message message;
    int fd = -1;
    int r = message_receive(server->socket, &message, &fd);
    (void)close_fd(fd);
    if (r == 1 && is_stopped(server))
        server->left_out++;
    else if (r == 1)
        run(server, &message);
    return r == 1;
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

_Noreturn void hook_serve(const struct config *config, const struct account *account,
                          const struct event_origin *origin, int socket)
{
    struct server server = {.config = config,
                            .account = account,
                            .origin = origin,
                            .socket = socket,
                            .stop = watch_signals()};
    if (server.stop < 0)
        _exit(1);
    (void)log_open(config, &server.log); /* without it, it goes to the journal and to stderr */
    while (serve_next(&server))
        ;
    if (server.left_out > 0) {
        char detail[128];
        (void)snprintf(detail, sizeof(detail),
                       "%llu more were left out, as the server stops or "
                       "hooks.timeout is over since the session's end",
                       (unsigned long long)server.left_out);
        const struct hook_facts none = {.bytes = EVENT_UNSET};
        log_problem(&server, HOOK_PROBLEM_STOPPED, &none, detail);
    }
    log_close(&server.log);
    _exit(0);
}

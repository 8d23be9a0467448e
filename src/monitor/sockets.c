/*
 * Data sockets for a session, which cannot make any: passive listeners on the control connection's
 * own address, active connections to the control connection's peer, and nothing else (RFC 2577).
 * Runs in the monitor; the session's word is checked here again.
 */
#include "lib/cleanup.h"
#include "monitor/monitor.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

enum {
    BACKLOG = 16, /* strangers that knock first must not keep the owner out */
    FTP_DATA_PORT = 20,
    PORT_UNPRIVILEGED = 1024,
};

/* The kernel paces what is sent, evenly and whatever becomes of the session; the connections that a
 * listener accepts have the limit, too. It is a little above the rate, which the session keeps: it
 * counts headers and TLS, and lets the first packets of each connection go. */
static int limit_rate(int fd, const struct rules *rules)
{
    uint64_t rate = rules->session_download_rate < rules->download_rate
                        ? rules->session_download_rate
                        : rules->download_rate;
    if (rate == NO_LIMIT)
        return 0;
    rate += rate / 16 + 1024;
    return setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, sizeof(rate)) < 0 ? -errno : 0;
}

static int new_socket(const struct monitor *monitor)
{
    int r;
    cleanup_close int fd =
        socket(monitor->local.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
    if (fd < 0)
        return -errno;
    /* The session can set no option; what a listener has, the connections that it accepts have too.
     * A peer that vanished must not hold a transfer for ever; the last words of TLS must not wait
     * for the answer to what came before them. */
    const int on = 1, patience = 120000;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience, sizeof(patience)) < 0)
        return -errno;
    r = limit_rate(fd, &monitor->account->effective);
    if (r < 0)
        return r;
    if (monitor->local.family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
        return -errno;
    return take_fd(&fd);
}

static int bind_to(int fd, const struct monitor *monitor, uint16_t port)
{
    struct address address = monitor->local;
    struct sockaddr_storage storage;
    address.port = port;
    socklen_t size = address_to_sockaddr(&address, &storage);
    return bind(fd, (const struct sockaddr *)&storage, size) < 0 ? -errno : 0;
}

/* A number below LIMIT that nobody can foresee. */
static int random_below(uint32_t limit, uint32_t *ret)
{
    uint64_t number;
    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        return -EIO;
    *ret = (uint32_t)(number % limit);
    return 0;
}

static int listen_on(const struct monitor *monitor, uint16_t port)
{
    cleanup_close int fd = new_socket(monitor);
    if (fd < 0)
        return fd;
    int r = bind_to(fd, monitor, port);
    if (r < 0)
        return r;
    return listen(fd, BACKLOG) < 0 ? -errno : take_fd(&fd);
}

/* A free port of the range, each time a random one; when the range is nearly full, the first free
 * one behind a random place, so that every port of it can be used. */
static int listen_somewhere(const struct monitor *monitor, uint16_t *ret_port)
{
    enum { RANDOM_TRIES = 32 };
    const struct port_range *range = &monitor->config->passive_ports;
    uint32_t ports = (uint32_t)range->last - range->first + 1;
    uint32_t place = 0;
    int r = -EADDRINUSE;
    for (uint32_t i = 0; i < RANDOM_TRIES + ports; i++) {
        if (i <= RANDOM_TRIES) {
            r = random_below(ports, &place);
            if (r < 0)
                return r;
        } else {
            place = (place + 1) % ports;
        }
        *ret_port = (uint16_t)(range->first + place);
        r = listen_on(monitor, *ret_port);
        if (r != -EADDRINUSE)
            return r;
    }
    return r;
}

/* The address to announce in PASV: the first of passive.networks that contains the peer, else
 * passive.address, else where the control connection came in. Never a loopback address to a peer
 * that is somewhere else: it would wait for a connection to itself. */
static int announced_address(const struct monitor *monitor, struct address *ret)
{
    *ret = monitor->local;
    if (monitor->local.family != AF_INET)
        return 0; /* EPSV announces no address */
    const char *text = monitor->config->passive_address;
    for (char **entry = monitor->config->passive_networks; *entry; entry++) {
        const char *equals = strchr(*entry, '=');
        cleanup_free char *name = equals ? strndup(*entry, (size_t)(equals - *entry)) : NULL;
        struct network network;
        if (name && network_parse(name, &network) == 0 &&
            network_contains(&network, &monitor->remote)) {
            text = equals + 1;
            break;
        }
    }
    if (strcmp(text, "auto") != 0 && address_parse(text, ret) < 0)
        return -EINVAL;
    if (address_is_unspecified(ret) ||
        (address_is_loopback(ret) && !address_is_loopback(&monitor->remote)))
        return -EADDRNOTAVAIL;
    return 0;
}

int listen_handle(struct monitor *monitor, struct message *message, struct message *answer,
                  int *ret_fd)
{
    if (!message_end(message))
        return -EBADMSG;
    struct address announced;
    char text[ADDRESS_TEXT_MAX] = "";
    uint16_t port = 0;
    int r = announced_address(monitor, &announced);
    if (r == -EADDRNOTAVAIL && requests_admit_noise(monitor))
        monitor_log_reason(
            monitor, EVENT_SERVER_FAILED, "passive-address",
            "the address to announce cannot be reached by this client: set passive.address");
    if (r == 0) {
        address_format(&announced, text, sizeof(text));
        r = listen_somewhere(monitor, &port);
        if (r < 0 && requests_admit_noise(monitor))
            monitor_log_reason(monitor, EVENT_SERVER_FAILED, "passive-port",
                               r == -EADDRINUSE
                                   ? "no port of passive.ports is free: widen the range"
                                   : strerror(-r));
    }
    message_put_u32(answer, r < 0 ? (uint32_t)-r : 0);
    message_put_u32(answer, port);
    message_put_string(answer, text);
    *ret_fd = r < 0 ? -1 : r;
    return 0;
}

int connect_handle(struct monitor *monitor, struct message *message, struct message *answer,
                   int *ret_fd)
{
    const char *text = message_get_string(message, ADDRESS_TEXT_MAX);
    uint32_t port = message_get_u32(message);
    if (!message_end(message))
        return -EBADMSG;
    /* The session refuses these with a reply of its own; who asks all the same is no session of
     * ours. */
    struct address target;
    if (address_parse(text, &target) < 0 || !address_same_host(&target, &monitor->remote) ||
        port < PORT_UNPRIVILEGED || port > UINT16_MAX || !monitor->config->active_enabled)
        return -EPROTO;

    /* The peer's own address, not the session's copy: it has the scope of a link-local one. */
    target = monitor->remote;
    target.port = (uint16_t)port;
    struct sockaddr_storage storage;
    socklen_t size = address_to_sockaddr(&target, &storage);
    cleanup_close int fd = new_socket(monitor);
    int r = fd < 0 ? fd : bind_to(fd, monitor, monitor->config->active_port_20 ? FTP_DATA_PORT : 0);
    if (r == 0 && connect(fd, (const struct sockaddr *)&storage, size) < 0 && errno != EINPROGRESS)
        r = -errno;
    message_put_u32(answer, r < 0 ? (uint32_t)-r : 0);
    *ret_fd = r < 0 ? -1 : take_fd(&fd);
    return 0;
}

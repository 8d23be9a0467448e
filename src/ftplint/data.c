/* Data connections: see data.h. */
#include "ftplint/exam.h"
#include "ftplint/interrupt.h"

#include "lib/cleanup.h"
#include "lib/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum {
    DATA_BYTES_MAX = 64 << 20,
    LEAVE_WAIT = 200, /* milliseconds */
};

static struct data *data_new(struct client *client)
{
    struct exam *exam = client->exam;
    struct data *data = calloc(1, sizeof(*data));
    if (!data)
        blocked(exam, "no memory");
    data->client = client;
    data->listener = -1;
    data->next = exam->data;
    exam->data = data;
    wire_init(&data->wire, exam->dialogue, ++exam->connections, true);
    data->wire.deadline = &exam->deadline;
    buffer_init(&data->wire.input, DATA_BYTES_MAX);
    return data;
}

void data_free(struct data *data)
{
    wire_close(&data->wire);
    (void)close_fd(data->listener);
    free(data);
}

/* The port of 229 (|||6446|), RFC 2428, section 3; any delimiter. 0: there is none. */
static uint16_t epsv_port(const char *text)
{
    for (const char *at = text; (at = strchr(at, '(')); at++) {
        if (at[1] == '\0' || at[2] != at[1] || at[3] != at[1])
            continue;
        char *end;
        unsigned long port = strtoul(at + 4, &end, 10);
        if (*end == at[1] && port > 0 && port < 65536)
            return (uint16_t)port;
    }
    return 0;
}

/* True if there are six numbers at AT, with commas between them. */
static bool six_numbers(const char *at, unsigned ret[6])
{
    for (int i = 0; i < 6; i++) {
        if (i > 0 && *at++ != ',')
            return false;
        at += strspn(at, " ");
        size_t size = strspn(at, "0123456789");
        if (size == 0 || size > 3)
            return false;
        ret[i] = (unsigned)strtoul(at, NULL, 10);
        at += size;
    }
    return true;
}

/* The six numbers of 227, wherever they begin (RFC 1123, section 4.1.2.6). */
static uint16_t pasv_port(const char *text, struct sockaddr_storage *ret_address)
{
    unsigned n[6];
    for (const char *at = text; (at = strpbrk(at, "0123456789")); at += strspn(at, "0123456789")) {
        if (!six_numbers(at, n))
            continue;
        for (int i = 0; i < 6; i++)
            if (n[i] > 255)
                return 0;
        struct sockaddr_in *address = (struct sockaddr_in *)ret_address;
        address->sin_family = AF_INET;
        address->sin_addr.s_addr = htonl(n[0] << 24 | n[1] << 16 | n[2] << 8 | n[3]);
        address->sin_port = htons((uint16_t)(n[4] << 8 | n[5]));
        return (uint16_t)(n[4] << 8 | n[5]);
    }
    return 0;
}

/* Below are services: what a test sends is not sent to them, whatever the server names. */
static void check_port(const struct data *data)
{
    if (data->port < IPPORT_RESERVED)
        blocked(data->client->exam,
                "the server names port %u, one of services: ftplint does not connect to it",
                (unsigned)data->port);
}

static void ask_epsv(struct data *data, const struct reply *reply)
{
    expect_code(data->client, reply, "229");
    data->port = epsv_port(reply->text);
    if (!data->port)
        fail(data->client->exam, "229 with (|||port|) (RFC 2428, section 3)", "%u %s", reply->code,
             reply->text);
    check_port(data);
}

static void ask_pasv(struct data *data)
{
    const struct reply *reply = expect(data->client, "227", "PASV");
    data->port = pasv_port(reply->text, &data->announced);
    if (!data->port)
        fail(data->client->exam, "227 with h1,h2,h3,h4,p1,p2 (RFC 959, section 4.2.1)", "%u %s",
             reply->code, reply->text);
    check_port(data);
}

struct data *data_ask(struct client *client, enum data_mode mode)
{
    struct server *server = client->exam->server;
    struct data *data = data_new(client);
    if (mode == DATA_ANY && server->tried_epsv && !server->has_epsv)
        mode = DATA_PASV;
    if (mode == DATA_PASV) {
        ask_pasv(data);
        return data;
    }
    const struct reply *reply = command(client, "EPSV");
    if (mode == DATA_ANY && reply_is(reply, "5")) {
        server->tried_epsv = true;
        ask_pasv(data);
        return data;
    }
    ask_epsv(data, reply);
    server->tried_epsv = server->has_epsv = true;
    return data;
}

static void set_port(struct sockaddr_storage *address, uint16_t port)
{
    if (address->ss_family == AF_INET6)
        ((struct sockaddr_in6 *)address)->sin6_port = htons(port);
    else
        ((struct sockaddr_in *)address)->sin_port = htons(port);
}

static uint16_t get_port(const struct sockaddr_storage *address)
{
    return ntohs(address->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)address)->sin6_port
                                                : ((const struct sockaddr_in *)address)->sin_port);
}

int data_connect(struct data *data, const struct sockaddr *source, socklen_t size)
{
    struct exam *exam = data->client->exam;
    struct sockaddr_storage address;
    int r = wire_peer(&data->client->wire, &address);
    if (r < 0)
        return r;
    set_port(&address, data->port);
    return wire_connect(&data->wire, (const struct sockaddr *)&address, exam->target->address_size,
                        source, size, exam_patience(exam));
}

/* Listens at ADDRESS, which gets the port. */
static int listen_at(struct data *data, struct sockaddr_storage *address, socklen_t size)
{
    cleanup_close int fd =
        socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    socklen_t whole = sizeof(*address);
    if (fd < 0 || bind(fd, (const struct sockaddr *)address, size) < 0 || listen(fd, 4) < 0 ||
        getsockname(fd, (struct sockaddr *)address, &whole) < 0)
        return -errno;
    data->listener = take_fd(&fd);
    data->port = get_port(address);
    return 0;
}

/* Listens where the control connection comes from; RET is that address with the port. */
static int listen_beside(struct data *data, struct sockaddr_storage *ret)
{
    int r = wire_local(&data->client->wire, ret);
    if (r < 0)
        return r;
    set_port(ret, 0);
    return listen_at(data, ret, data->client->exam->target->address_size);
}

struct data *data_listen(struct client *client, const struct sockaddr *address, socklen_t size)
{
    struct data *data = data_new(client);
    struct sockaddr_storage copy;
    memcpy(&copy, address, size);
    (void)listen_at(data, &copy, size);
    return data;
}

struct data *data_beside(const struct data *data)
{
    struct data *other = data_new(data->client);
    other->port = data->port;
    return other;
}

static void announce(struct data *data, enum data_mode mode, const struct sockaddr_storage *address)
{
    char host[INET6_ADDRSTRLEN];
    const void *bytes = address->ss_family == AF_INET6
                            ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
                            : (const void *)&((const struct sockaddr_in *)address)->sin_addr;
    (void)inet_ntop(address->ss_family, bytes, host, sizeof(host));
    if (mode == DATA_EPRT) {
        expect(data->client, "2", "EPRT |%d|%s|%u|", address->ss_family == AF_INET6 ? 2 : 1, host,
               (unsigned)data->port);
        return;
    }
    if (address->ss_family != AF_INET)
        skip(data->client->exam, "PORT knows no IPv6 (RFC 2428)");
    for (char *at = host; *at; at++)
        if (*at == '.')
            *at = ',';
    expect(data->client, "2", "PORT %s,%u,%u", host, (unsigned)data->port >> 8,
           (unsigned)data->port & 255);
}

struct data *data_open(struct client *client, enum data_mode mode)
{
    struct exam *exam = client->exam;
    if (mode == DATA_EPRT || mode == DATA_PORT) {
        struct sockaddr_storage address;
        struct data *data = data_new(client);
        int r = listen_beside(data, &address);
        if (r < 0)
            blocked(exam, "cannot listen for the server's data connection: %s", strerror(-r));
        announce(data, mode, &address);
        return data;
    }
    struct data *data = data_ask(client, mode);
    int r = data_connect(data, NULL, 0);
    if (r == -ETIMEDOUT)
        exam->result.timed_out = true;
    if (r < 0)
        fail(exam, "a data connection to the port that the server named", "port %u: %s",
             (unsigned)data->port, strerror(-r));
    return data;
}

int data_accept(struct data *data, unsigned milliseconds)
{
    struct pollfd waiting = {.fd = data->listener, .events = POLLIN};
    uint64_t end = clock_msec() + milliseconds;
    int ready;
    do {
        uint64_t now = clock_msec();
        ready = poll(&waiting, 1, now < end ? (int)(end - now) : 0);
    } while (ready < 0 && errno == EINTR && !interrupted());
    if (ready == 0)
        dialogue_wait(data->wire.dialogue, data->wire.number, true, milliseconds);
    if (ready <= 0)
        return ready == 0 ? -ETIMEDOUT : -errno;
    int fd = accept4(data->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return -errno;
    wire_adopt(&data->wire, fd);
    data->listener = close_fd(data->listener);
    return 0;
}

int try_data_ready(struct data *data)
{
    struct client *client = data->client;
    struct exam *exam = client->exam;
    if (data->wire.fd < 0) {
        int r = data_accept(data, exam_patience(exam));
        if (r < 0)
            return r;
    }
    if (!client->private_data)
        return 0;
    /* The newest session, as every client does to servers that want to see it (RFC 4217, 10.2). */
    void *newest = tls_session(client->wire.tls);
    struct tls_offer offer = client->offer;
    offer.resume = client->never_resumes ? NULL : client->session ? client->session : newest;
    int r = tls_start(&data->wire, exam->target, &offer, &data->tls, exam_patience(exam));
    tls_session_free(newest);
    return r;
}

void data_ready(struct data *data)
{
    struct exam *exam = data->client->exam;
    int r = try_data_ready(data);
    if (r == -ETIMEDOUT)
        exam->result.timed_out = true;
    if (r == -ETIMEDOUT && data->wire.fd < 0)
        fail(exam, "that the server connects to the port it was told", "nobody came");
    if (r < 0 && data->wire.fd >= 0 && data->client->private_data)
        fail(exam, "a TLS handshake on the data connection", "%s", data->tls.problem);
    if (r < 0)
        fail(exam, "a data connection", "%s", strerror(-r));
}

/* The session that the data connection's TLS gave, for the next one. One that was used is used up,
 * and without a new one the control connection's newest is the next (RFC 8446, appendix C.4). */
static void keep_session(struct data *data)
{
    if (!data->wire.tls)
        return;
    tls_session_free(data->client->session);
    data->client->session = tls_session(data->wire.tls);
}

struct bytes data_read(struct data *data, size_t limit)
{
    struct exam *exam = data->client->exam;
    struct buffer *input = &data->wire.input;
    size_t most = limit ? limit : DATA_BYTES_MAX;
    while (buffer_size(input) < most) {
        ssize_t got = wire_receive(&data->wire, exam_patience(exam));
        if (got == WIRE_END)
            break;
        if (got == -ETIMEDOUT) {
            exam->result.timed_out = true;
            fail(exam, "data, and its end", "nothing more after %zu bytes", buffer_size(input));
        }
        if (got == -ENOBUFS)
            fail(exam, "data, and its end", "more than %d MiB", DATA_BYTES_MAX >> 20);
        if (got < 0)
            fail(exam, "data, and its end", "%s after %zu bytes", strerror((int)-got),
                 buffer_size(input));
        exam_go_on(exam);
    }
    keep_session(data);
    size_t size = buffer_size(input) < most ? buffer_size(input) : most;
    struct bytes bytes = {.data = exam_copy(exam, buffer_begin(input), size), .size = size};
    buffer_consume(input, size);
    return bytes;
}

void data_send(struct data *data, const void *bytes, size_t size)
{
    struct exam *exam = data->client->exam;
    ssize_t sent = wire_send(&data->wire, bytes, size, false, exam_patience(exam));
    if (sent < 0)
        fail(exam, "that the server takes the data", "%s", strerror((int)-sent));
    if ((size_t)sent < size) {
        exam->result.timed_out = true;
        fail(exam, "that the server takes the data", "it took %zd of %zu bytes", sent, size);
    }
}

/* After an upload nothing has been read yet: neither the ticket without which the next data
 * connection could not resume (the server sends it behind the handshake) nor close_notify. To close
 * with that unread would be a reset, which takes from the server what it has not read itself. */
static void take_leave(struct data *data)
{
    if (!data->wire.tls || data->wire.fd < 0)
        return;
    (void)wire_receive(&data->wire, 0);
    wire_finish(&data->wire, true);
    while (data->wire.end == WIRE_OPEN && wire_receive(&data->wire, LEAVE_WAIT) > 0)
        continue;
}

void data_end(struct data *data)
{
    take_leave(data);
    keep_session(data);
    wire_close(&data->wire);
}

/* Control connections: see client.h and the connections of exam.h. */
#include "ftplint/exam.h"

#include "lib/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    BUSY_TRIES = 3,
    BUSY_PAUSE = 1500, /* milliseconds */
};

void send_bytes(struct client *client, const void *bytes, size_t size)
{
    struct exam *exam = client->exam;
    *client->asked = '\0';
    client->answered = 0;
    ssize_t sent = wire_send(&client->wire, bytes, size, false, exam_patience(exam));
    if (sent < 0)
        fail(exam, "that the server reads what is sent", "%s", strerror((int)-sent));
    if ((size_t)sent < size) {
        exam->result.timed_out = true;
        fail(exam, "that the server reads what is sent", "it took %zd of %zu bytes", sent, size);
    }
}

__attribute__((format(printf, 2, 0))) static void send_linev(struct client *client,
                                                             const char *format, va_list arguments)
{
    struct exam *exam = client->exam;
    char *whole = exam_format(exam, "%s\r\n", exam_formatv(exam, format, arguments));
    bool secret = strncasecmp(whole, "PASS ", 5) == 0;
    (void)snprintf(client->asked, sizeof(client->asked), "%.*s",
                   secret ? 4 : (int)strcspn(whole, "\r\n"), whole);
    client->answered = 0;
    ssize_t sent = wire_send(&client->wire, whole, strlen(whole), secret, exam_patience(exam));
    if (sent == (ssize_t)strlen(whole))
        return;
    /* What the server said before it went tells more than that it went. */
    const struct reply *last = try_reply(client, 100);
    if (sent >= 0)
        exam->result.timed_out = true;
    if (last->code)
        fail(exam, "that the connection stays open", "\"%u %s\", and the end", last->code,
             last->text);
    fail(exam, "that the connection stays open", "%s",
         sent < 0 ? strerror((int)-sent) : "the server does not read what is sent");
}

void send_line(struct client *client, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    send_linev(client, format, arguments);
    va_end(arguments);
}

const struct reply *command(struct client *client, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    send_linev(client, format, arguments);
    va_end(arguments);
    return read_reply(client);
}

const struct reply *expect(struct client *client, const char *codes, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    send_linev(client, format, arguments);
    va_end(arguments);
    const struct reply *reply = read_reply(client);
    if (!reply_is(reply, codes))
        refuse_code(client, reply, codes, exam_format(client->exam, " (to %s)", client->asked));
    return reply;
}

void expect_silence(struct client *client, unsigned milliseconds)
{
    struct exam *exam = client->exam;
    const struct reply *reply = try_reply(client, milliseconds);
    if (reply->code || reply->count)
        fail(exam, "no further reply: every command has had its own", "\"%s\"", reply->lines[0]);
    if (reply->error != -ETIMEDOUT)
        fail(exam, "that the connection stays open", "the server closed it");
}

void expect_closed(struct client *client, unsigned milliseconds, const struct reply **ret_last)
{
    struct exam *exam = client->exam;
    uint64_t end = clock_msec() + milliseconds;
    const struct reply *last = NULL;
    for (;;) {
        uint64_t now = clock_msec();
        const struct reply *reply = try_reply(client, now < end ? (unsigned)(end - now) : 0);
        if (reply->code)
            last = reply;
        if (reply->code && clock_msec() < end)
            continue;
        if (reply->code || reply->error == -ETIMEDOUT) {
            exam->result.timed_out = true;
            fail(exam, "that the server closes the connection", "it is still open after %u ms",
                 milliseconds);
        }
        break;
    }
    if (ret_last)
        *ret_last = last;
}

/* Bounded in load: a test that wants more connections at once is not run. --destructive has raised
 * the number if nobody has named one. */
static void check_connections(struct exam *exam)
{
    unsigned open = exam->server->session ? 1 : 0;
    for (const struct client *at = exam->clients; at; at = at->next)
        open += at->wire.fd >= 0;
    if (open >= exam->target->connections)
        skip(exam, "it needs more than %u connections at once (--connections, --destructive)",
             exam->target->connections);
}

/* A client in the exam's list, connected from SOURCE (NULL: any). */
static struct client *client_open(struct exam *exam, const struct sockaddr_in *source)
{
    exam_go_on(exam);
    check_connections(exam);
    struct client *client = calloc(1, sizeof(*client));
    if (!client)
        blocked(exam, "no memory");
    client->exam = exam;
    client->next = exam->clients;
    exam->clients = client;
    wire_init(&client->wire, exam->dialogue, ++exam->connections, false);
    client->wire.deadline = &exam->deadline;
    const struct target *target = exam->target;
    int r = wire_connect(&client->wire, (const struct sockaddr *)&target->address,
                         target->address_size, (const struct sockaddr *)source,
                         source ? sizeof(*source) : 0, exam_patience(exam));
    if (r == -ETIMEDOUT)
        exam->result.timed_out = true;
    if (r < 0)
        fail(exam, "a connection", "%s", strerror(-r));
    return client;
}

struct client *given_socket(struct exam *exam)
{
    exam->given++;
    struct client *client = client_open(exam, NULL);
    exam->given--;
    return client;
}

static void handshake(struct client *client)
{
    struct exam *exam = client->exam;
    int r =
        tls_start(&client->wire, exam->target, &client->offer, &client->tls, exam_patience(exam));
    if (r == -ETIMEDOUT)
        exam->result.timed_out = true;
    if (r < 0)
        fail(exam, "a TLS handshake on the control connection", "%s", client->tls.problem);
}

void secure(struct client *client)
{
    expect(client, "234", "AUTH TLS");
    handshake(client);
}

struct client *given_silent(struct exam *exam)
{
    exam->given++;
    struct client *client = client_open(exam, NULL);
    if (exam->target->tls == TLS_IMPLICIT)
        handshake(client);
    exam->given--;
    return client;
}

/* Greeted, whatever the greeting says. */
static struct client *client_greeted(struct exam *exam, const struct sockaddr_in *source)
{
    struct client *client = client_open(exam, source);
    if (exam->target->tls == TLS_IMPLICIT)
        handshake(client);
    do
        client->greeting = read_reply(client);
    while (client->greeting->code == 120);
    return client;
}

static struct client *connection(struct exam *exam, const struct sockaddr_in *source)
{
    struct client *client = client_greeted(exam, source);
    /* 421 now may be a brake against many connections in a short time: it is not the test's matter,
     * and waiting is what the server asks for. */
    for (unsigned i = 0; client->greeting->code == 421 && i < BUSY_TRIES; i++) {
        client_close(client);
        clock_pause(BUSY_PAUSE);
        client = client_greeted(exam, source);
    }
    expect_code(client, client->greeting, "220");
    if (exam->target->tls == TLS_EXPLICIT)
        secure(client);
    return client;
}

struct client *open_connection(struct exam *exam)
{
    return connection(exam, NULL);
}

struct client *given_connection(struct exam *exam)
{
    exam->given++;
    struct client *client = open_connection(exam);
    exam->given--;
    return client;
}

/* True if there are other addresses of this machine from which the server can be reached. */
static bool is_on_loopback(const struct target *target)
{
    const struct sockaddr_in *address = (const struct sockaddr_in *)&target->address;
    return address->sin_family == AF_INET && ntohl(address->sin_addr.s_addr) >> 24 == 127;
}

struct client *given_neighbour(struct exam *exam, unsigned last)
{
    if (!is_on_loopback(exam->target))
        skip(exam, "the server is not on this machine's IPv4 loopback: there is no second address");
    struct sockaddr_in source = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(0x7f000000u + last),
    };
    exam->given++;
    struct client *client = connection(exam, &source);
    exam->given--;
    return client;
}

struct client *given_stranger(struct exam *exam, unsigned last)
{
    return is_on_loopback(exam->target) ? given_neighbour(exam, last) : given_connection(exam);
}

const struct reply *try_login(struct client *client, const char *user, const char *password)
{
    const struct reply *reply = command(client, "USER %s", user);
    return reply->code == 331 ? command(client, "PASS %s", password) : reply;
}

void login(struct client *client, enum account account)
{
    const struct login *who = &client->exam->target->logins[account];
    const struct reply *reply = try_login(client, who->user, who->password);
    if (!reply_is(reply, "230 232"))
        fail(client->exam, "230 for the right password", "%u %s", reply->code, reply->text);
    client->logged_in = true;
    if (client->wire.tls) {
        expect(client, "200", "PBSZ 0");
        expect(client, "200", "PROT P");
        client->private_data = true;
    }
}

struct client *open_login(struct exam *exam, enum account account)
{
    struct client *client = open_connection(exam);
    login(client, account);
    expect(client, "200", "TYPE I");
    return client;
}

struct client *given_login(struct exam *exam, enum account account)
{
    exam->given++;
    struct client *client = open_login(exam, account);
    exam->given--;
    return client;
}

/* The shared session is not the exam's: it is taken out of its list once it stands. */
static struct client *new_session(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    for (struct client **at = &exam->clients; *at; at = &(*at)->next) {
        if (*at != client)
            continue;
        *at = client->next;
        break;
    }
    client->next = NULL;
    client->greeting = NULL; /* it is the exam's, which ends before the session */
    exam->server->session = client;
    return client;
}

/* False if the test before has left a reply that it did not ask for, or the session has ended: that
 * is no fault of the test that asks, and it gets another one. */
static bool still_good(struct client *client)
{
    static const char line[] = "TYPE I\r\n";
    ssize_t size = (ssize_t)strlen(line);
    if (try_reply(client, 0)->error != -ETIMEDOUT ||
        wire_send(&client->wire, line, strlen(line), false, exam_patience(client->exam)) != size)
        return false;
    return try_reply(client, exam_patience(client->exam))->code == 200;
}

struct client *given_session(struct exam *exam)
{
    exam->given++;
    struct client *client = exam->server->session;
    if (!client || client->exam != exam) {
        if (client) {
            client->exam = exam;
            client->wire.dialogue = exam->dialogue;
            client->wire.deadline = &exam->deadline;
            client->wire.number = ++exam->connections;
            if (!still_good(client)) {
                session_drop(exam->server);
                client = NULL;
            }
        }
        if (!client)
            client = new_session(exam);
        const char *place = exam->server->folder ? exam->server->folder : exam->server->start;
        if (place)
            expect(client, "250 200", "CWD %s", place);
    }
    exam->given--;
    return client;
}

void client_close(struct client *client)
{
    wire_close(&client->wire);
}

void client_quit(struct client *client)
{
    if (client->wire.fd >= 0 &&
        wire_send(&client->wire, "QUIT\r\n", 6, false, exam_patience(client->exam)) == 6)
        (void)try_reply(client, exam_patience(client->exam));
    wire_close(&client->wire);
}

void client_free(struct client *client)
{
    wire_close(&client->wire);
    tls_session_free(client->session);
    free(client);
}

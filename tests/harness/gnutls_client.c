/*
 * An FTP client over GnuTLS that is as strict as FileZilla, for tests/clients/test_gnutls.py:
 *
 *     gnutls_client HOST PORT CA USER PASSWORD VERSION TICKETS COUNT SIZE
 *
 * It uploads and downloads COUNT files of SIZE bytes in one session. Every data connection offers a
 * ticket and must have been resumed; both sides must say close_notify. TICKETS says which ticket:
 *
 *     newest   what the control connection has now, as FileZilla does
 *     once     the control connection's tickets in the order in which they came, each of them once,
 *              as JSSE and other careful clients do (RFC 8446 appendix C.4)
 *     data     the one that the data connection before this one was given, each of them once
 *
 * The last line on stdout is "N transfers, N resumed, N tickets". Any fault ends it with status 1.
 */
#include <gnutls/gnutls.h>
#include <netdb.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE = 60, LINE_MAX_BYTES = 4096, TICKETS_MAX = 8192 };

struct tickets {
    gnutls_datum_t list[TICKETS_MAX];
    size_t first, count;
};

struct client {
    const char *host, *version, *manner;
    gnutls_certificate_credentials_t trust;
    gnutls_session_t control;
    struct tickets tickets;
    char buffer[LINE_MAX_BYTES];
    size_t filled;
    int transfers, resumed;
};

__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    fputs("gnutls_client: ", stderr);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
    va_end(list);
    exit(1);
}

static long must(const char *what, long code)
{
    if (code < 0)
        fail("%s: %s (%ld)", what, gnutls_strerror((int)code), code);
    return code;
}

static int dial(const char *host, const char *port)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
    const struct timeval patience = {.tv_sec = PATIENCE};
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, port, &hints, &found) != 0)
        fail("%s port %s: not an address", host, port);
    int fd = socket(found->ai_family, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) < 0)
        fail("%s port %s: %m", host, port);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    freeaddrinfo(found);
    return fd;
}

/* Called for every NewSessionTicket: what came is what the session would be resumed with now. */
static int keep_ticket(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                       const gnutls_datum_t *message)
{
    (void)type, (void)when, (void)message;
    struct client *client = gnutls_session_get_ptr(session);
    bool wanted = (session == client->control) != (strcmp(client->manner, "data") == 0) ||
                  client->tickets.count == 0;
    if (incoming && wanted && client->tickets.count < TICKETS_MAX)
        must("a ticket",
             gnutls_session_get_data2(session, &client->tickets.list[client->tickets.count++]));
    return 0;
}

static gnutls_session_t begin_tls(struct client *client, int fd, const gnutls_datum_t *ticket)
{
    gnutls_session_t session = NULL;
    char priority[64];
    snprintf(priority, sizeof(priority), "NORMAL:-VERS-ALL:+VERS-TLS%s", client->version);
    must("init", gnutls_init(&session, GNUTLS_CLIENT));
    must(priority, gnutls_priority_set_direct(session, priority, NULL));
    must("credentials", gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, client->trust));
    gnutls_session_set_verify_cert(session, client->host, 0);
    gnutls_session_set_ptr(session, client);
    gnutls_transport_set_int(session, fd);
    gnutls_handshake_set_timeout(session, PATIENCE * 1000);
    if (strcmp(client->version, "1.3") == 0)
        gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_NEW_SESSION_TICKET,
                                           GNUTLS_HOOK_POST, keep_ticket);
    if (ticket)
        must("offering a ticket", gnutls_session_set_data(session, ticket->data, ticket->size));
    int code = GNUTLS_E_AGAIN;
    while (code < 0 && !gnutls_error_is_fatal(code))
        code = gnutls_handshake(session);
    must(ticket ? "handshake of the data connection" : "handshake of the control connection", code);
    return session;
}

static ssize_t receive(gnutls_session_t session, void *bytes, size_t size)
{
    ssize_t got = GNUTLS_E_AGAIN;
    while (got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED)
        got = gnutls_record_recv(session, bytes, size);
    return must("receiving", got);
}

/* Says close_notify, and with GNUTLS_SHUT_RDWR waits for the server's; tickets may come before it.
 */
static void say_goodbye(gnutls_session_t session, gnutls_close_request_t how)
{
    int code = GNUTLS_E_AGAIN;
    while (code == GNUTLS_E_AGAIN || code == GNUTLS_E_INTERRUPTED)
        code = gnutls_bye(session, how);
    must("close_notify", code);
}

static void send_all(gnutls_session_t session, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = must("sending", gnutls_record_send(session, bytes, size));
        bytes += sent;
        size -= (size_t)sent;
    }
}

/* The next line of the control connection, without its end; in clear until there is TLS. */
static void read_line(struct client *client, int fd, char line[LINE_MAX_BYTES])
{
    char *end;
    while ((end = memchr(client->buffer, '\n', client->filled)) == NULL) {
        char *free_part = client->buffer + client->filled;
        size_t room = sizeof(client->buffer) - client->filled;
        ssize_t got =
            client->control ? receive(client->control, free_part, room) : read(fd, free_part, room);
        if (got <= 0)
            fail("the control connection has ended");
        client->filled += (size_t)got;
    }
    size_t size = (size_t)(end - client->buffer) + 1;
    memcpy(line, client->buffer, size);
    line[size - 1] = '\0';
    client->filled -= size;
    memmove(client->buffer, end + 1, client->filled);
}

/* The reply must have this code; its last line. */
static void expect(struct client *client, int fd, int code, char line[LINE_MAX_BYTES])
{
    read_line(client, fd, line);
    bool more = line[3] == '-';
    int found = atoi(line);
    while (more) {
        read_line(client, fd, line);
        more = atoi(line) != found || line[3] != ' ';
    }
    if (found != code)
        fail("%d expected: %s", code, line);
}

__attribute__((format(printf, 4, 5))) static void
command(struct client *client, int code, char line[LINE_MAX_BYTES], const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int size = vsnprintf(line, LINE_MAX_BYTES, format, list);
    va_end(list);
    send_all(client->control, line, (size_t)size);
    if (code)
        expect(client, -1, code, line);
}

/* The ticket for the next data connection, by the client's manner. */
static gnutls_datum_t take_ticket(struct client *client)
{
    gnutls_datum_t ticket = {0};
    char line[LINE_MAX_BYTES];
    if (strcmp(client->manner, "newest") == 0 || strcmp(client->version, "1.2") == 0) {
        must("the session", gnutls_session_get_data2(client->control, &ticket));
        return ticket;
    }
    /* There may be one on the way behind the last reply. */
    if (client->tickets.first == client->tickets.count)
        command(client, 200, line, "NOOP\r\n");
    if (client->tickets.first == client->tickets.count)
        fail("no ticket is left after %d transfers", client->transfers);
    return client->tickets.list[client->tickets.first++];
}

static gnutls_session_t begin_transfer(struct client *client, const char *verb, int number,
                                       int *ret_fd)
{
    char line[LINE_MAX_BYTES], port[8];
    gnutls_datum_t ticket = take_ticket(client);
    command(client, 229, line, "EPSV\r\n");
    char *from = strstr(line, "|||");
    if (!from || sscanf(from, "|||%7[0-9]|)", port) != 1)
        fail("no port: %s", line);
    *ret_fd = dial(client->host, port);
    command(client, 150, line, "%s file%d\r\n", verb, number);
    gnutls_session_t session = begin_tls(client, *ret_fd, &ticket);
    if (!gnutls_session_is_resumed(session))
        fail("TLS session of data connection not resumed (transfer %d)", client->transfers);
    client->resumed++;
    gnutls_free(ticket.data);
    return session;
}

static void end_transfer(struct client *client, gnutls_session_t session, int fd)
{
    char line[LINE_MAX_BYTES];
    gnutls_deinit(session);
    close(fd);
    expect(client, -1, 226, line);
    client->transfers++;
}

static void upload(struct client *client, int number, const char *content, size_t size)
{
    int fd;
    gnutls_session_t session = begin_transfer(client, "STOR", number, &fd);
    send_all(session, content, size);
    say_goodbye(session, GNUTLS_SHUT_RDWR);
    end_transfer(client, session, fd);
}

static void download(struct client *client, int number, const char *content, size_t size)
{
    int fd;
    char *received = malloc(size + 1);
    gnutls_session_t session = begin_transfer(client, "RETR", number, &fd);
    size_t filled = 0;
    ssize_t
        got; /* 0 is close_notify; without one, receive() fails: GNUTLS_E_PREMATURE_TERMINATION */
    while (received && (got = receive(session, received + filled, size + 1 - filled)) > 0)
        filled += (size_t)got;
    if (!received || filled != size || memcmp(received, content, size) != 0)
        fail("file%d came back changed: %zu of %zu bytes", number, filled, size);
    say_goodbye(session, GNUTLS_SHUT_WR);
    end_transfer(client, session, fd);
    free(received);
}

static void log_in(struct client *client, const char *port, const char *user, const char *password)
{
    char line[LINE_MAX_BYTES];
    int fd = dial(client->host, port);
    expect(client, fd, 220, line);
    if (write(fd, "AUTH TLS\r\n", 10) != 10)
        fail("AUTH TLS: %m");
    expect(client, fd, 234, line);
    if (client->filled)
        fail("in clear behind the 234: %.*s", (int)client->filled, client->buffer);
    client->control = begin_tls(client, fd, NULL);
    command(client, 331, line, "USER %s\r\n", user);
    command(client, 230, line, "PASS %s\r\n", password);
    command(client, 200, line, "PBSZ 0\r\n");
    command(client, 200, line, "PROT P\r\n");
    command(client, 200, line, "TYPE I\r\n");
}

int main(int count, char *arguments[])
{
    static struct client client;
    if (count != 10)
        fail("see the comment in gnutls_client.c");
    signal(SIGPIPE, SIG_IGN);
    client.host = arguments[1];
    client.version = arguments[6];
    client.manner = arguments[7];
    int files = atoi(arguments[8]);
    size_t size = (size_t)atol(arguments[9]);
    char *content = malloc(size + 1), line[LINE_MAX_BYTES];
    if (!content)
        fail("no memory");
    must("credentials", gnutls_certificate_allocate_credentials(&client.trust));
    must(arguments[3],
         gnutls_certificate_set_x509_trust_file(client.trust, arguments[3], GNUTLS_X509_FMT_PEM));
    log_in(&client, arguments[2], arguments[4], arguments[5]);
    for (int i = 0; i < files; i++) {
        for (size_t k = 0; k < size; k++)
            content[k] = (char)((size_t)i * 7 + k * 13 + k / 251);
        upload(&client, i, content, size);
        download(&client, i, content, size);
    }
    command(&client, 221, line, "QUIT\r\n");
    if (receive(client.control, line, 1) != 0)
        fail("more was said behind the goodbye");
    printf("%s\n%d transfers, %d resumed, %zu tickets\n", gnutls_check_version(NULL),
           client.transfers, client.resumed, client.tickets.count);
    return 0;
}

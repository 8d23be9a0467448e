/* Data connections to those who have no right to them, and ports that are no secret (RFC 2577). See
 * catalogue.h and group_theft.c. */
#include "ftplint/exam.h"

#include "lib/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum {
    KNOCK = 150,   /* milliseconds: who has connected at all has done so by then, on one machine */
    ANSWER = 2500, /* that the server may take to refuse or to connect */
};

static struct sockaddr_in loopback(unsigned last, uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(0x7f000000u + last),
    };
}

/* True if the server runs on this machine, so that addresses of this machine are its neighbours. */
static bool server_is_here(const struct client *client)
{
    struct sockaddr_storage local, peer;
    if (wire_local(&client->wire, &local) < 0 || wire_peer(&client->wire, &peer) < 0)
        return false;
    if (local.ss_family == AF_INET6)
        return memcmp(&((struct sockaddr_in6 *)&local)->sin6_addr,
                      &((struct sockaddr_in6 *)&peer)->sin6_addr, sizeof(struct in6_addr)) == 0;
    return ((struct sockaddr_in *)&local)->sin_addr.s_addr ==
           ((struct sockaddr_in *)&peer)->sin_addr.s_addr;
}

/* PORT or EPRT with ADDRESS as it is. */
static const struct reply *announce(struct client *client, const char *verb,
                                    const struct sockaddr_in *address)
{
    uint32_t host = ntohl(address->sin_addr.s_addr);
    unsigned port = ntohs(address->sin_port);
    char text[INET_ADDRSTRLEN];
    (void)inet_ntop(AF_INET, &address->sin_addr, text, sizeof(text));
    if (strcmp(verb, "EPRT") == 0)
        return command(client, "EPRT |1|%s|%u|", text, port);
    return command(client, "PORT %u,%u,%u,%u,%u,%u", host >> 24, host >> 16 & 255, host >> 8 & 255,
                   host & 255, port >> 8, port & 255);
}

/* Where this machine's side of the control connection is, over IPv4; skips the test otherwise. */
static struct sockaddr_in own_address(struct client *client)
{
    struct sockaddr_storage local;
    if (wire_local(&client->wire, &local) < 0 || local.ss_family != AF_INET)
        skip(client->exam, "the control connection is not over IPv4");
    return *(struct sockaddr_in *)&local;
}

/* A third host is 127.0.0.2 if the server is on this machine, else an address that is nobody's
 * (RFC 5737). */
static void third_host(struct exam *exam)
{
    const char *verb = exam->test->parameter;
    struct client *client = given_login(exam, ACCOUNT_USER);
    bool here = server_is_here(client);
    struct sockaddr_in third = loopback(2, 0);
    struct data *victim = data_listen(client, (const struct sockaddr *)&third, sizeof(third));
    if (here && victim->listener < 0)
        blocked(exam, "cannot listen at 127.0.0.2");
    third.sin_port = htons(victim->port);
    if (!here)
        third = (struct sockaddr_in){
            .sin_family = AF_INET, .sin_port = htons(50000), .sin_addr.s_addr = htonl(0xc0000201u)};
    const struct reply *reply = announce(client, verb, &third);
    if (reply_is(reply, "4 5"))
        return;
    if (!here)
        skip(exam,
             "the server takes another host's address (%u %s); whether it would connect "
             "there cannot be seen from here",
             reply->code, reply->text);
    send_line(client, "NLST");
    (void)try_reply(client, ANSWER);
    if (data_accept(victim, KNOCK) == 0)
        fail(exam, "a refusal, and no connection to an address that is not the client's",
             "%s with another host's address: \"%u %s\"; and the server connects there", verb,
             reply->code, reply->text);
    note(exam, "%s with another host's address is answered \"%u %s\"; no connection follows", verb,
         reply->code, reply->text);
}

/* A port below 1024 at which we can listen. */
static struct data *listen_low(struct client *client, struct sockaddr_in *address)
{
    for (uint16_t port = 1023; port > 1000; port--) {
        address->sin_port = htons(port);
        struct data *data = data_listen(client, (const struct sockaddr *)address, sizeof(*address));
        if (data->listener >= 0)
            return data;
    }
    return NULL;
}

static void low_port(struct exam *exam)
{
    const char *verb = exam->test->parameter;
    struct client *client = given_login(exam, ACCOUNT_USER);
    struct sockaddr_in address = own_address(client);
    struct data *service = listen_low(client, &address);
    const struct reply *reply = announce(client, verb, &address);
    if (!reply_is(reply, "2"))
        return;
    if (!service)
        skip(exam,
             "the server takes %s with port 1001 (%u %s); only root can see whether it "
             "would connect there",
             verb, reply->code, reply->text);
    send_line(client, "NLST");
    (void)try_reply(client, ANSWER);
    if (data_accept(service, KNOCK) == 0)
        fail(exam, "504: ports below 1024 belong to services",
             "%s with port %u: \"%u %s\"; and the server connects there", verb,
             (unsigned)service->port, reply->code, reply->text);
}

static void stale(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    struct sockaddr_in third = own_address(client);
    third.sin_addr.s_addr = htonl(0xc0000201u);
    third.sin_port = htons(50000);
    struct data *data = data_open(client, DATA_PORT);
    const struct reply *reply = announce(client, "PORT", &third);
    if (!reply_is(reply, "4 5"))
        skip(exam, "the server takes another host's address: %u %s", reply->code, reply->text);
    send_line(client, "NLST");
    (void)try_reply(client, ANSWER);
    if (data_accept(data, KNOCK) == 0)
        fail(exam, "425 or 503: the newest PORT was refused",
             "the server connects to the address of the PORT before it");
}

static void ports(struct exam *exam)
{
    /* In order, but for a few that are taken already. */
    enum { ROUNDS = 24, MANY = ROUNDS * 2 / 3, NEAR = 4 };
    struct client *client = given_login(exam, ACCOUNT_USER);
    int port[ROUNDS], most = 0, step = 0, near = 0;
    for (int i = 0; i < ROUNDS; i++)
        port[i] = data_ask(client, DATA_ANY)->port;
    for (int i = 1; i < ROUNDS; i++) {
        int same = 0, next = port[i] - port[i - 1];
        for (int j = 1; j < ROUNDS; j++)
            same += port[j] - port[j - 1] == next;
        if (same > most) {
            most = same;
            step = next;
        }
        near += next >= 1 && next <= NEAR;
    }
    if (most < MANY && near < MANY)
        return;
    if (step == 0)
        fail(exam, "a port that cannot be foretold", "the same port, %d, %d times of %d", port[0],
             most + 1, ROUNDS);
    if (near >= MANY)
        fail(exam, "a port that cannot be foretold",
             "%d times of %d one of the next %d after the last one (%d, %d, %d ...)", near,
             ROUNDS - 1, NEAR, port[0], port[1], port[2]);
    fail(exam, "a port that cannot be foretold", "%d times of %d the last one %+d (%d, %d, %d ...)",
         most, ROUNDS - 1, step, port[0], port[1], port[2]);
}

static void hoard(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    struct client *other = given_login(exam, ACCOUNT_USER);
    (void)data_ask(client, DATA_ANY); /* tells which of the two the server knows */
    /* A refusal at some point is as good as ports without end. */
    for (int i = 0; i < 64; i++)
        (void)command(client, exam->server->has_epsv ? "EPSV" : "PASV");
    struct transfer transfer = try_retrieve(other, DATA_ANY, "NLST");
    expect_code(other, transfer.reply, "2");
}

/* Data connections by any other means are refused, before and after a transfer that broke off. */
static void only_extended(struct exam *exam)
{
    const char *path = own_path(exam, "upload");
    struct client *client = given_login(exam, ACCOUNT_USER);
    const struct reply *reply = command(client, "EPSV ALL");
    if (!reply_is(reply, "200"))
        skip(exam, "EPSV ALL is refused: %u %s", reply->code, reply->text);
    if (reply_is(command(client, "PASV"), "2"))
        skip(exam, "PASV is answered right after EPSV ALL, which is another test's matter");
    struct data *data = data_open(client, DATA_EPSV);
    expect(client, "1", "STOR %s", path);
    data_ready(data);
    data_send(data, "begun", 5);
    wire_reset(&data->wire);
    (void)read_reply(client);
    reply = command(client, "PASV");
    if (reply_is(reply, "2"))
        fail(exam, "a refusal: EPSV ALL was said in this session",
             "PASV after a transfer that broke off: %u %s", reply->code, reply->text);
}

static const struct test tests[] = {
    {
        .name = "rfc2577.bounce.port",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "after PORT with another host's address no connection goes there",
        .reason = "RFC 2577, sections 2 and 3: a server that connects wherever it is told scans "
                  "and attacks other hosts for its users, from inside the firewall.",
        .remedy = "Refuse a PORT whose address is not that of the control connection's client.",
        .run = third_host,
        .parameter = "PORT",
    },
    {
        .name = "rfc2577.bounce.eprt",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "after EPRT with another host's address no connection goes there",
        .reason = "RFC 2577, sections 2 and 3, and RFC 2428, section 2: EPRT opens the hole of "
                  "PORT again if it alone is not checked.",
        .remedy = "Refuse an EPRT whose address is not that of the control connection's client.",
        .run = third_host,
        .parameter = "EPRT",
    },
    {
        .name = "rfc2577.low-port.port",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "PORT with a port below 1024 is refused with 504",
        .reason = "RFC 2577, section 3: services listen on these ports, and what is sent to them "
                  "can be a forged mail; no client waits for data there.",
        .remedy = "Answer PORT with a port below 1024 by 504.",
        .run = low_port,
        .parameter = "PORT",
    },
    {
        .name = "rfc2577.low-port.eprt",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "EPRT with a port below 1024 is refused",
        .reason =
            "RFC 2577, section 3: services listen on these ports, and what is sent to them can be "
            "a forged mail; EPRT opens the hole of PORT again if it alone is not checked.",
        .remedy = "Answer EPRT with a port below 1024 by 504.",
        .run = low_port,
        .parameter = "EPRT",
    },
    {
        .name = "security.port.stale",
        .severity = SEVERITY_NOTE,
        .flags = TEST_READ_ONLY,
        .after = "rfc2577.bounce.port",
        .title = "after a PORT that was refused the one before it does not count any more",
        .reason = "A client that asked for another address does not expect data at the old one, "
                  "where somebody else may listen by now.",
        .remedy = "Forget the old address when a new one is asked for, whatever the outcome.",
        .run = stale,
    },
    {
        .name = "rfc2577.ports.random",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "passive ports cannot be foretold",
        .reason = "RFC 2577, section 8: who knows the next port is there before the client.",
        .remedy = "Choose passive ports at random from a range that is large enough.",
        .run = ports,
    },
    {
        .name = "limits.passive.hoard",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "64 passive ports asked for and not used do not stop another session's transfer",
        .reason = "CVE-1999-0079: a client that only ever asks for ports takes all of them, and "
                  "nobody else can transfer anything.",
        .remedy = "Give up the old port when the same session asks for a new one.",
        .run = hoard,
    },
    {
        .name = "rfc2428.epsv-all.after-abort",
        .severity = SEVERITY_ERROR,
        .feature = "EPSV",
        .title = "EPSV ALL still holds after a transfer that broke off",
        .reason = "RFC 2428, section 3: after EPSV ALL the server MUST reject every other way to "
                  "set up a data connection, whatever happens in the session.",
        .remedy = "Keep EPSV ALL with the session, apart from what belongs to a transfer.",
        .run = only_extended,
    },
};

const struct group group_bounce = {
    .name = "bounce",
    .title = "Data connections to others",
    .tests = tests,
    .count = ELEMENTS(tests),
};

/* PASV and EPSV: where a client is to connect to, and for how long. See catalogue.h. */
#include "ftplint/active.h"

#include "lib/cleanup.h"
#include "lib/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* PASV can only name an IPv4 address. */
static void needs_ipv4(struct exam *exam)
{
    if (exam->target->address.ss_family == AF_INET6)
        skip(exam, "PASV and PORT know no IPv6 (RFC 2428)");
}

static void pasv(struct exam *exam)
{
    needs_ipv4(exam);
    struct client *client = given_session(exam);
    struct transfer transfer = try_retrieve(client, DATA_PASV, "LIST");
    expect_code(client, transfer.reply, "2|a listing over the connection that PASV opened");
}

static void pasv_form(struct exam *exam)
{
    static const char expected[] = "227 and a text with (h1,h2,h3,h4,p1,p2)";
    needs_ipv4(exam);
    struct client *client = given_login(exam, ACCOUNT_USER);
    const struct reply *reply = command(client, "PASV");
    if (reply->code != 227)
        blocked(exam, "PASV is answered with %u %s", reply->code, reply->text);
    const char *at = reply->text + strcspn(reply->text, "(");
    if (*at != '(')
        fail(exam, expected, "227 %s", reply->text);
    for (int i = 0; i < 6; i++) {
        char *end;
        unsigned long number = strtoul(++at, &end, 10);
        if (end == at || number > 255 || *end != (i < 5 ? ',' : ')'))
            fail(exam, expected, "227 %s", reply->text);
        at = end;
    }
}

static void pasv_address(struct exam *exam)
{
    needs_ipv4(exam);
    struct client *client = given_login(exam, ACCOUNT_USER);
    exam->given++;
    struct data *data = data_ask(client, DATA_PASV);
    exam->given--;
    struct sockaddr_storage peer;
    if (wire_peer(&client->wire, &peer) < 0)
        blocked(exam, "the control connection has no address");
    struct in_addr told = ((struct sockaddr_in *)&data->announced)->sin_addr;
    struct in_addr real = ((struct sockaddr_in *)&peer)->sin_addr;
    char words[2][INET_ADDRSTRLEN];
    if (told.s_addr != real.s_addr)
        fail(exam,
             exam_format(exam, "the address that this client is connected to, %s",
                         inet_ntop(AF_INET, &real, words[0], sizeof(words[0]))),
             "%s", inet_ntop(AF_INET, &told, words[1], sizeof(words[1])));
}

/* A finding if the port of DATA goes on taking connections; WHEN is the rest of the sentence. A
 * server of several processes may need a moment, and another client may be at its old port. No more
 * than two tries: nobody accepts them, and a third may wait for room. */
static void expect_port_closed(struct data *data, const char *when)
{
    enum { MOMENT = 250 };
    struct exam *exam = data->client->exam;
    if (data_connect(data, NULL, 0) < 0)
        return;
    wire_close(&data->wire);
    clock_pause(MOMENT);
    if (data_connect(data, NULL, 0) == 0)
        fail(exam, exam_format(exam, "that port %u is closed %s", (unsigned)data->port, when),
             "it goes on taking connections");
}

static struct data *given_asked(struct client *client, enum data_mode mode)
{
    client->exam->given++;
    struct data *data = data_ask(client, mode);
    client->exam->given--;
    return data;
}

static void one_listener(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    struct data *first = given_asked(client, DATA_ANY);
    struct data *second = given_asked(client, DATA_ANY);
    if (first->port != second->port)
        expect_port_closed(first, "after the client asked for another");
}

static void closed_after_transfer(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    exam->given++;
    struct data *data = data_open(client, DATA_ANY);
    expect(client, "125 150", "LIST");
    data_ready(data);
    (void)data_read(data, 0);
    wire_close(&data->wire);
    expect_next(client, "226 250");
    exam->given--;
    expect_port_closed(data, "after its transfer");
}

static void closed_by_active(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    struct data *data = given_asked(client, DATA_ANY);
    (void)given_active(client, DATA_EPRT);
    expect_port_closed(data, "after the client asked to be connected to");
}

/* What stands between the port and its use does not lose it. */
static void between(struct exam *exam)
{
    static const char *const lines[] = {"NOOP", "PWD", "TYPE A", "TYPE I", "SYST"};
    struct client *client = given_login(exam, ACCOUNT_USER);
    exam->given++;
    struct data *data = data_ask(client, DATA_ANY);
    for (size_t i = 0; i < ELEMENTS(lines); i++)
        (void)command(client, "%s", lines[i]);
    exam->given--;
    int r = data_connect(data, NULL, 0);
    if (r < 0)
        fail(exam, "that the port stays open until it is used",
             "after NOOP, PWD, TYPE and SYST port %u gives: %s", (unsigned)data->port,
             strerror(-r));
    send_line(client, "LIST");
    expect_next(client, "1|that LIST uses the port that was asked for");
}

/* No transfer without a port: neither before one was asked for nor after it was used. */
/* LINE, for which there is no data connection, is refused, and the session goes on. */
static void judge_without(struct client *client, const char *line)
{
    struct exam *exam = client->exam;
    send_line(client, "%s", line);
    const struct reply *first = try_reply(client, exam_patience(exam)), *reply = first;
    while (reply->code && reply->code < 200)
        reply = try_reply(client, exam_patience(exam));
    if (reply->error == -ETIMEDOUT)
        exam->result.timed_out = true;
    if (!reply_is(reply, "4 5"))
        fail(exam, "425: there is neither PASV nor PORT, and nobody listens at the default port",
             "%s to \"%s\"%s",
             first->code ? exam_format(exam, "\"%s\"", first->lines[0]) : "no reply", line,
             reply == first ? ""
             : reply->code  ? exam_format(exam, ", and then %s", reply->lines[0])
                            : ", and then no other reply");
    if (reply->code != 421)
        expect(client, "200", "NOOP");
}

static void without(struct exam *exam)
{
    const char *path = given_file(exam, "file", "x", 1);
    judge_without(given_login(exam, ACCOUNT_USER), "LIST");
    judge_without(given_login(exam, ACCOUNT_USER), exam_format(exam, "RETR %s", path));
}

static void used_once(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    exam->given++;
    (void)retrieve(client, "LIST");
    exam->given--;
    judge_without(client, "LIST");
}

static void pasv_ipv6(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    expect(client, "4 5|a refusal: PASV cannot name an IPv6 address", "PASV");
}

static const struct test tests[] = {
    {
        .name = "rfc1123.pasv.transfer",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "a listing comes over a connection by PASV",
        .reason = "RFC 1123, section 4.1.2.6: a server MUST implement PASV. Clients behind a "
                  "firewall have no other way over IPv4.",
        .remedy = "Listen on a port of the control connection's address and name it by 227.",
        .run = pasv,
    },
    {
        .name = "practice.pasv.form",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .after = "rfc1123.pasv.transfer",
        .title = "227 has six numbers in parentheses",
        .reason = "RFC 959, section 4.2.2, writes (h1,h2,h3,h4,p1,p2). RFC 1123, section 4.1.2.6, "
                  "warns that parentheses may be missing, but clients and firewalls look for them.",
        .remedy = "Answer like \"227 Entering Passive Mode (127,0,0,1,4,1)\".",
        .run = pasv_form,
    },
    {
        .name = "practice.pasv.address",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .after = "rfc1123.pasv.transfer",
        .title = "227 names the address that the client is connected to",
        .reason =
            "RFC 1123, section 4.1.2.6: the address is that of the server that sends the reply. A "
            "private address behind NAT, or 0.0.0.0, makes every listing hang that is not by EPSV.",
        .remedy = "Take the local address of the control connection; behind NAT set the address "
                  "that clients see.",
        .run = pasv_address,
    },
    {
        .name = "security.passive.one-listener",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "a port that was not used is closed when another is asked for",
        .reason = "CVE-1999-0079: a client that asks again and again must not hold every port "
                  "of the server; and nobody waits for who connects to the old one.",
        .remedy = "Close the listener that stands before another one is opened.",
        .run = one_listener,
    },
    {
        .name = "security.passive.closed",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "a port is closed after its transfer",
        .reason = "RFC 2577, section 8: a port that goes on listening can be used by somebody "
                  "else than the client.",
        .remedy = "Close the listener as soon as the client has connected.",
        .run = closed_after_transfer,
    },
    {
        .name = "security.passive.closed-by-active",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "a port is closed when the client asks to be connected to",
        .reason = "RFC 2577, section 8: a port that nobody will use any more can be used by "
                  "somebody else than the client.",
        .remedy = "Close the listener when PORT or EPRT is accepted.",
        .run = closed_by_active,
    },
    {
        .name = "rfc959.passive.between",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "other commands between PASV or EPSV and the transfer do not lose the port",
        .reason = "RFC 959, section 4.1.2: the server waits for the transfer command. Clients "
                  "send TYPE in between.",
        .remedy = "Keep the listener until a transfer uses it or another is asked for.",
        .run = between,
    },
    {
        .name = "robustness.data.none",
        .severity = SEVERITY_ERROR,
        .title = "a transfer without PASV or PORT is refused, and the session goes on",
        .reason = "RFC 959, section 5.4: 425 if the data connection cannot be opened. The default "
                  "port is the client's own (section 3.2), where nobody listens here: a server "
                  "that says success has sent the data nowhere.",
        .remedy = "Answer 425 (or 503) when there is neither a listener nor an address.",
        .run = without,
    },
    {
        .name = "practice.data.once",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .after = "robustness.data.none",
        .title = "a passive port serves one transfer",
        .reason = "RFC 1123, section 4.1.2.6: a new PASV MUST be issued before each transfer. A "
                  "second one without it has no connection and must not wait for it or succeed.",
        .remedy = "Forget the port when its transfer begins, and answer 425.",
        .run = used_once,
    },
    {
        .name = "practice.pasv.ipv6",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY | TEST_IPV6,
        .title = "PASV over IPv6 is refused",
        .reason = "RFC 2428, section 1: PASV can only tell an IPv4 address. A client that "
                  "believes it connects to somewhere else.",
        .remedy = "Answer 425 or 522 and point to EPSV.",
        .run = pasv_ipv6,
    },
};

const struct group group_passive = {
    .name = "passive",
    .title = "Passive data connections",
    .tests = tests,
    .count = ELEMENTS(tests),
};

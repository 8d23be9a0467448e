/* PORT and EPRT: the server connects to the client. See catalogue.h. */
#include "ftplint/active.h"
#include "ftplint/content.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

enum { SOON = 2000 }; /* milliseconds within which a connection or a listing comes */

/* PORT or EPRT, as the parameter says. */
static enum data_mode mode_of(const struct exam *exam)
{
    return strcmp(exam->test->parameter, "PORT") == 0 ? DATA_PORT : DATA_EPRT;
}

static void transfer(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    struct data *data = given_active(client, mode_of(exam));
    expect(client, "1", "LIST");
    data_ready(data);
    (void)data_read(data, 0);
    wire_close(&data->wire);
    expect_next(client, "2");
}

static void upload(struct exam *exam)
{
    const char *path = own_path(exam, "active.bin");
    struct client *client = given_login(exam, ACCOUNT_USER);
    struct bytes content = exam_content(exam, 20000, 3);
    struct data *data = given_active(client, DATA_EPRT);
    expect(client, "1", "STOR %s", path);
    data_ready(data);
    data_send(data, content.data, content.size);
    data_end(data);
    expect_next(client, "2");
    exam->given++;
    struct bytes got = retrieve(given_session(exam), "RETR %s", path);
    exam->given--;
    if (got.size != content.size || memcmp(got.data, content.data, got.size) != 0)
        same_bytes(exam, "the bytes that were sent", content, got);
}

static void code(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    struct data *data = given_listener(client);
    const struct reply *reply = command(client, "%s", active_command(data, mode_of(exam), '|'));
    if (!reply_is(reply, "2"))
        skip(exam, "the server does not connect to this client: %u %s", reply->code, reply->text);
    expect_code(client, reply, "200");
}

/* Arguments that name no address and port: refused one by one. */
static void malformed(struct exam *exam)
{
    static const char *const port[] = {
        "127,0,0,1,200",    "127,0,0,1,200,1,1", "127,0,0,1,256,1", "256,0,0,1,200,1",
        "127,0,0,1,200,-1", "127.0.0.1,200,1",   "a,b,c,d,e,f",     "127,0,0,1,,200",
    };
    static const char *const eprt[] = {
        "|1|127.0.0.1||",    "|1|127.0.0.1|70000|", "|1|127.0.0.1|-51201|",
        "|1|127.0.0|51201|", "|1|localhost|51201|", "|1|::1|51201|",
        "|1||51201|",        "127.0.0.1|51201",     "|1|127.0.0.1|port|",
    };
    bool of_port = mode_of(exam) == DATA_PORT;
    struct client *client = given_login(exam, ACCOUNT_USER);
    (void)given_active(client, mode_of(exam));
    for (size_t i = 0; i < (of_port ? ELEMENTS(port) : ELEMENTS(eprt)); i++)
        expect(client, "4 5|a refusal: this names no address and port", "%s %s",
               of_port ? "PORT" : "EPRT", of_port ? port[i] : eprt[i]);
}

static void unknown_protocol(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    (void)given_active(client, DATA_EPRT);
    expect(client, "522|there is no such protocol", "EPRT |99|127.0.0.1|51201|");
}

static void protocol_list(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    (void)given_active(client, DATA_EPRT);
    const struct reply *reply = command(client, "EPRT |99|127.0.0.1|51201|");
    if (reply->code != 522)
        blocked(exam, "EPRT with protocol 99 is answered with %u %s", reply->code, reply->text);
    expect_protocols(client, reply);
}

static void delimiter(struct exam *exam)
{
    static const char signs[] = "!#~";
    struct client *client = given_login(exam, ACCOUNT_USER);
    struct data *data = given_active(client, DATA_EPRT);
    for (const char *at = signs; *at; at++)
        expect(client, "200|any character from 33 to 126 may stand between the fields", "%s",
               active_command(data, DATA_EPRT, *at));
}

/* The reply that tells of a port at which nobody listens: to EPRT, or to LIST. */
static const struct reply *refusal(struct client *client)
{
    struct data *data = given_listener(client);
    data->listener = close_fd(data->listener);
    const struct reply *reply = command(client, "%s", active_command(data, DATA_EPRT, '|'));
    if (reply_is(reply, "5"))
        skip(client->exam, "the server does not connect to this client: %u %s", reply->code,
             reply->text);
    if (!reply_is(reply, "2"))
        return reply;
    reply = command(client, "LIST");
    return reply_is(reply, "1") ? read_reply(client) : reply;
}

static void refused(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const struct reply *reply = refusal(client);
    expect_code(client, reply, "4 5|425: nobody listens at the port that was named");
    expect(client, "200|that the session goes on", "NOOP");
}

static void refused_code(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const struct reply *reply = refusal(client);
    if (!reply_is(reply, "4 5"))
        blocked(exam, "LIST is answered with %u %s", reply->code, reply->text);
    expect_code(client, reply, "425 426");
}

/* LIST comes over DATA; some servers connect to every port that is named, and use the last. */
static void expect_listing(struct client *client, struct data *data, const char *expected)
{
    struct exam *exam = client->exam;
    expect(client, "1", "LIST");
    if (data->wire.fd < 0 &&
        data_accept(data, exam_patience(exam) < SOON ? exam_patience(exam) : SOON) < 0)
        fail(exam, expected, "nothing comes there within two seconds");
    data_ready(data);
    ssize_t got = wire_receive(&data->wire, SOON);
    if (got <= 0)
        fail(exam, expected, "no listing comes over it");
    (void)data_read(data, 0);
    wire_close(&data->wire);
    expect_next(client, "2");
}

static void newest(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    (void)given_active(client, DATA_EPRT);
    struct data *second = given_active(client, DATA_EPRT);
    expect_listing(client, second, "the listing over a connection to the port that was named last");
}

static void passive_wins(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    (void)given_active(client, DATA_EPRT);
    exam->given++;
    struct data *passive = data_open(client, DATA_ANY);
    exam->given--;
    expect_listing(client, passive, "the listing over the connection that EPSV or PASV opened");
}

static void source_address(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    struct data *data = given_active(client, DATA_EPRT);
    exam->given++;
    expect(client, "125 150", "LIST");
    exam->given--;
    if (data->wire.fd < 0 && data_accept(data, exam_patience(exam)) < 0)
        blocked(exam, "nobody came");
    struct sockaddr_storage control, here;
    if (wire_peer(&client->wire, &control) < 0 || wire_peer(&data->wire, &here) < 0)
        blocked(exam, "a connection has no address");
    bool same = control.ss_family == AF_INET6
                    ? memcmp(&((struct sockaddr_in6 *)&control)->sin6_addr,
                             &((struct sockaddr_in6 *)&here)->sin6_addr, 16) == 0
                    : ((struct sockaddr_in *)&control)->sin_addr.s_addr ==
                          ((struct sockaddr_in *)&here)->sin_addr.s_addr;
    if (!same)
        fail(exam, "a data connection from the address of the control connection",
             "one from another address");
}

static const struct test tests[] = {
    {
        .name = "rfc959.port.transfer",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "a listing comes over a connection by PORT",
        .reason = "RFC 959, sections 4.1.2 and 5.1: PORT is in the minimum that every server "
                  "implements; the server connects to where it says.",
        .remedy = "Connect to the address and port of the last PORT when the transfer begins.",
        .run = transfer,
        .parameter = "PORT",
    },
    {
        .name = "rfc2428.eprt.transfer",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "a listing comes over a connection by EPRT",
        .reason = "RFC 2428, section 2: EPRT names protocol, address and port; a server that "
                  "answers 200 connects there.",
        .remedy = "Connect to the address and port of the last EPRT when the transfer begins.",
        .run = transfer,
        .parameter = "EPRT",
    },
    {
        .name = "rfc2428.eprt.upload",
        .severity = SEVERITY_ERROR,
        .after = "rfc2428.eprt.transfer",
        .title = "an upload goes over a connection by EPRT",
        .reason = "RFC 959, section 2.3: the data connection may be used in either direction, "
                  "whoever opened it.",
        .remedy = "Use the same connection for uploads as for downloads.",
        .run = upload,
    },
    {
        .name = "rfc959.port.code",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "PORT is answered with 200",
        .reason = "RFC 959, section 5.4, lists 200 as the only success of PORT, and RFC 1123, "
                  "section 4.1.2.11, says that these codes should be used.",
        .remedy = "Answer 200.",
        .run = code,
        .parameter = "PORT",
    },
    {
        .name = "rfc2428.eprt.code",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "EPRT is answered with 200",
        .reason = "RFC 2428, section 2: upon a valid EPRT command the server MUST return 200.",
        .remedy = "Answer 200.",
        .run = code,
        .parameter = "EPRT",
    },
    {
        .name = "rfc959.port.malformed",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "PORT with an argument that is no address and port is refused",
        .reason =
            "RFC 959, sections 4.1.2 and 5.3.2: six numbers of at most 255 with "
            "commas between them. A server that makes an address of anything else connects to "
            "somewhere that nobody named.",
        .remedy = "Read all six numbers strictly and answer 501.",
        .run = malformed,
        .parameter = "PORT",
    },
    {
        .name = "rfc2428.eprt.malformed",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "EPRT with an argument that is no address and port is refused",
        .reason = "RFC 2428, section 2, has one form and 501 for what is different. A server that "
                  "makes an address of it connects to somewhere that nobody named.",
        .remedy = "Read protocol, address and port strictly, look no name up, and answer 501.",
        .run = malformed,
        .parameter = "EPRT",
    },
    {
        .name = "rfc2428.eprt.unknown-protocol",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "EPRT with a protocol that nobody knows is refused with 522",
        .reason = "RFC 2428, section 2: 522 says that the protocol is not supported, so that a "
                  "client can try one that is.",
        .remedy = "Answer 522 with the protocols that there are.",
        .run = unknown_protocol,
    },
    {
        .name = "rfc2428.eprt.protocol-list",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .after = "rfc2428.eprt.unknown-protocol",
        .title = "522 to EPRT names the protocols that are supported",
        .reason = "RFC 2428, section 2: the text MUST indicate them in the form (1,2); programs "
                  "read it.",
        .remedy = "Answer like \"522 Network protocol not supported, use (1,2)\".",
        .run = protocol_list,
    },
    {
        .name = "rfc2428.eprt.delimiter",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .after = "rfc2428.eprt.code",
        .title = "EPRT takes other characters than | between its fields",
        .reason = "RFC 2428, section 2: the delimiter may be any character from 33 to 126; | is "
                  "only recommended.",
        .remedy = "Take the first character of the argument for the delimiter.",
        .run = delimiter,
    },
    {
        .name = "rfc959.active.refused",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "a client that does not listen gets a failure, and the session goes on",
        .reason = "RFC 959, section 5.4, has 425 for it. A server that hangs or closes takes the "
                  "session of every client behind a firewall.",
        .remedy = "Answer 425 when the connection is refused or does not come about in time.",
        .run = refused,
    },
    {
        .name = "rfc959.active.refused-code",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .after = "rfc959.active.refused",
        .title = "a data connection that cannot be opened is told by 425",
        .reason = "RFC 959, section 4.2.1: 425 is \"Can't open data connection\"; a client then "
                  "tries passive mode. Other codes tell it that the directory is at fault.",
        .remedy = "Answer 425.",
        .run = refused_code,
    },
    {
        .name = "rfc959.active.newest",
        .severity = SEVERITY_ERROR,
        .title = "the port that was named last is the one that is used",
        .reason = "RFC 959, section 4.1.2: PORT specifies the data port to be used, so each takes "
                  "the place of the one before.",
        .remedy = "Forget the former address when PORT or EPRT is accepted.",
        .run = newest,
    },
    {
        .name = "rfc959.active.passive-wins",
        .severity = SEVERITY_ERROR,
        .title = "PASV or EPSV after PORT or EPRT is what counts",
        .reason = "RFC 959, section 4.1.2: PASV asks the server to wait rather than to initiate a "
                  "connection. A client waits at the one place that it asked for last.",
        .remedy = "Forget the client's address when PASV or EPSV is accepted.",
        .run = passive_wins,
    },
    {
        .name = "practice.active.source-address",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "data connections come from the address of the control connection",
        .reason = "Clients and firewalls take a data connection from another address for an attack "
                  "(RFC 2577, section 4) and drop it. RFC 1123, section 4.1.2.12, has it so for "
                  "the default data port.",
        .remedy = "Bind the socket to the control connection's local address before connecting.",
        .run = source_address,
    },
};

const struct group group_active = {
    .name = "active",
    .title = "Active data connections",
    .tests = tests,
    .count = ELEMENTS(tests),
};

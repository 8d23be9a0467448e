/* Connections for the tests of TLS: see secure.h. */
#include "ftplint/secure.h"

#include "lib/clock.h"

#include <errno.h>
#include <string.h>

static void read_greeting(struct client *client)
{
    do
        client->greeting = read_reply(client);
    while (client->greeting->code == 120);
    expect_code(client, client->greeting, "220");
}

struct client *given_clear(struct exam *exam)
{
    if (exam->target->tls == TLS_IMPLICIT)
        skip(exam, "on this port TLS begins with the connection: nothing is ever in clear");
    exam->given++;
    struct client *client = given_socket(exam);
    read_greeting(client);
    exam->given--;
    return client;
}

struct client *given_before_handshake(struct exam *exam)
{
    if (exam->target->tls == TLS_IMPLICIT)
        return given_socket(exam);
    struct client *client = given_clear(exam);
    exam->given++;
    expect(client, "234", "AUTH TLS");
    exam->given--;
    return client;
}

struct client *given_offer(struct exam *exam, const struct tls_offer *offer)
{
    struct client *client = given_before_handshake(exam);
    client->offer = *offer;
    return client;
}

int try_handshake(struct client *client)
{
    struct exam *exam = client->exam;
    int r =
        tls_start(&client->wire, exam->target, &client->offer, &client->tls, exam_patience(exam));
    if (r == -ETIMEDOUT)
        exam->result.timed_out = true;
    return r;
}

struct client *given_secured(struct exam *exam, const struct tls_offer *offer)
{
    struct client *client = given_before_handshake(exam);
    exam->given++;
    if (offer)
        client->offer = *offer;
    int r = try_handshake(client);
    if (r < 0 && (client->offer.version_min || client->offer.version_max))
        skip(exam, "the server does not speak this version of TLS: %s", client->tls.problem);
    if (r < 0)
        fail(exam, "a TLS handshake on the control connection", "%s", client->tls.problem);
    if (exam->target->tls == TLS_IMPLICIT)
        read_greeting(client);
    exam->given--;
    return client;
}

static void log_in(struct client *client, enum account account)
{
    const struct login *who = &client->exam->target->logins[account];
    expect_code(client, try_login(client, who->user, who->password), "230 232");
    client->logged_in = true;
    expect(client, "200", "TYPE I");
}

struct client *given_unprotected(struct exam *exam)
{
    struct client *client = given_secured(exam, NULL);
    exam->given++;
    log_in(client, ACCOUNT_USER);
    exam->given--;
    return client;
}

struct client *given_private(struct exam *exam, enum account account, const struct tls_offer *offer)
{
    struct client *client = given_secured(exam, offer);
    exam->given++;
    log_in(client, account);
    expect(client, "200", "PBSZ 0");
    expect(client, "200", "PROT P");
    client->private_data = true;
    exam->given--;
    return client;
}

struct data *given_data(struct client *client)
{
    client->exam->given++;
    struct data *data = data_open(client, DATA_ANY);
    client->exam->given--;
    return data;
}

int try_data_handshake(struct data *data, const struct tls_offer *offer)
{
    struct exam *exam = data->client->exam;
    return tls_start(&data->wire, exam->target, offer, &data->tls, exam_patience(exam));
}

void become_clear(struct client *client)
{
    struct exam *exam = client->exam;
    int r = wire_clear(&client->wire, exam_patience(exam));
    if (r == 0)
        return;
    exam->result.timed_out = r == -ETIMEDOUT;
    fail(exam, "that the server ends TLS with close_notify and goes on in clear", "%s",
         r == -ETIMEDOUT ? "nothing in time, after the client's own close_notify"
                         : "the connection ended, or went on without it");
}

const struct reply *try_final_reply(struct client *client, unsigned milliseconds)
{
    uint64_t end = clock_msec() + milliseconds;
    const struct reply *reply;
    do {
        uint64_t now = clock_msec();
        reply = try_reply(client, now < end ? (unsigned)(end - now) : 0);
    } while (reply_is(reply, "1"));
    if (reply->error == -ETIMEDOUT)
        client->exam->result.timed_out = true;
    return reply;
}

void check_session_goes_on(struct client *client)
{
    struct exam *exam = client->exam;
    const struct reply *reply = try_final_reply(client, 700);
    if (reply->error == -ETIMEDOUT) {
        /* The server may wait for a better data connection; the client gives up. */
        exam->result.timed_out = false;
        send_line(client, "ABOR");
        reply = try_final_reply(client, exam_patience(exam));
    }
    if (reply->code) {
        send_line(client, "NOOP");
        while (reply->code && reply->code != 200)
            reply = try_final_reply(client, exam_patience(exam));
    }
    if (!reply->code)
        fail(exam, "an error for the transfer, and a session that goes on", "%s",
             reply->error == -ETIMEDOUT ? "no reply" : "the end of the session");
}

/* Sends HELLO cut into records of at most RECORD bytes, each on its own if it is more than one. */
static void send_hello(struct client *client, const struct tls_hello *hello, size_t record)
{
    unsigned char *message = exam_allocate(client->exam, TLS_HELLO_MAX);
    unsigned char *wire = exam_allocate(client->exam, record + 5);
    size_t size = tls_hello_message(hello, message);
    for (size_t at = 0; at < size; at += record) {
        size_t piece = size - at < record ? size - at : record;
        tls_hello_record(hello, piece, wire);
        memcpy(wire + 5, message + at, piece);
        /* A server that has seen enough closes: what it said before that counts. */
        (void)wire_send(&client->wire, wire, piece + 5, false, exam_patience(client->exam));
    }
}

struct tls_answer say_hello(struct exam *exam, const struct tls_hello *hello, size_t record)
{
    struct client *client = given_before_handshake(exam);
    struct buffer *input = &client->wire.input;
    uint64_t end = clock_msec() + exam_patience(exam);
    struct tls_answer answer;
    struct tls_hello named = *hello;
    named.name = tls_host_name(exam->target->host);
    send_hello(client, &named, record);
    while (tls_hello_answer((const unsigned char *)buffer_begin(input), buffer_size(input),
                            &answer) == 0) {
        uint64_t now = clock_msec();
        ssize_t got = wire_receive(&client->wire, now < end ? (unsigned)(end - now) : 0);
        if (got == -ETIMEDOUT)
            exam->result.timed_out = true;
        if (got <= 0)
            break;
    }
    return answer;
}

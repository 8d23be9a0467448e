/* How the server does TLS on the control connection: hellos of every shape, ALPN, renegotiation,
 * new keys, and how records are cut. */
#include "ftplint/secure.h"
#include "ftplint/tls_probe.h"

#include "lib/cleanup.h"

#include <openssl/ssl.h>
#include <string.h>

enum { QUIET = 300 };

/* A hello that fits neither one packet nor, if RECORD is small, one record. */
static void takes_hello(struct exam *exam, size_t padding, size_t record)
{
    struct tls_hello hello = {.version = 0x0303, .newest = true, .padding = padding};
    struct tls_answer answer = say_hello(exam, &hello, record);
    if (answer.hello)
        return;
    if (answer.alert)
        fail(exam, "a ServerHello", "alert %u", answer.alert);
    fail(exam, "a ServerHello", "%s",
         exam->result.timed_out ? "nothing in time" : "the end of the connection");
}

static void large_hello(struct exam *exam)
{
    takes_hello(exam, 6000, TLS_HELLO_MAX);
}

static void split_hello(struct exam *exam)
{
    takes_hello(exam, 0, 40);
}

static const struct tls_offer only_1_2 = {.version_max = TLS1_2_VERSION};

/* The handshake's last bytes are over, and the server waits for commands. */
static struct client *given_settled(struct exam *exam, const struct tls_offer *offer)
{
    struct client *client = given_secured(exam, offer);
    exam->given++;
    (void)command(client, "NOOP");
    exam->given--;
    return client;
}

static void safe_renegotiation(struct exam *exam)
{
    struct client *client = given_secured(exam, &only_1_2);
    if (!tls_renegotiates_safely(client->wire.tls))
        fail(exam, "the extension renegotiation_info in the ServerHello",
             "a ServerHello without it");
}

static void no_renegotiation(struct exam *exam)
{
    struct client *client = given_settled(exam, &only_1_2);
    unsigned patience = exam_patience(exam) < 1500 ? exam_patience(exam) : 1500;
    if (tls_renegotiate(&client->wire, patience))
        fail(exam, "a refusal (alert no_renegotiation), or the end of the connection",
             "a second handshake within the connection");
}

static void foreign_protocol(struct exam *exam)
{
    struct tls_offer offer = {.alpn = "http/1.1"};
    struct client *client = given_offer(exam, &offer);
    if (try_handshake(client) == 0)
        fail(exam, "an alert (no_application_protocol, 120): this is no web server",
             "a complete handshake%s%s", *client->tls.alpn ? " that agrees to " : "",
             client->tls.alpn);
}

static void own_protocol(struct exam *exam)
{
    struct tls_offer offer = {.alpn = "ftp"};
    struct client *client = given_offer(exam, &offer);
    if (try_handshake(client) < 0)
        fail(exam, "a handshake with the protocol that this server speaks", "%s",
             client->tls.problem);
}

static void own_protocol_selected(struct exam *exam)
{
    struct tls_offer offer = {.alpn = "ftp"};
    struct client *client = given_offer(exam, &offer);
    if (try_handshake(client) < 0)
        skip(exam, "no handshake with ALPN: %s", client->tls.problem);
    if (strcmp(client->tls.alpn, "ftp") != 0)
        fail(exam, "that the server selects \"ftp\"", "no selection");
}

static void without_name(struct exam *exam)
{
    struct tls_offer offer = {.without_name = true};
    struct client *client = given_offer(exam, &offer);
    if (try_handshake(client) < 0)
        fail(exam, "a handshake without a server name in the client's hello", "%s",
             client->tls.problem);
}

static void new_keys(struct exam *exam)
{
    struct tls_offer offer = {.version_min = TLS1_3_VERSION};
    struct client *client = given_secured(exam, &offer);
    if (!tls_update_keys(client->wire.tls))
        skip(exam, "no TLS 1.3 here");
    for (int i = 0; i < 2; i++) {
        send_line(client, "NOOP");
        const struct reply *reply = try_final_reply(client, exam_patience(exam));
        if (!reply->code)
            fail(exam, "an answer to NOOP under new keys, asked for by KeyUpdate", "%s",
                 reply->error == -ETIMEDOUT ? "no answer" : "the end of the connection");
    }
}

static void split_records(struct exam *exam)
{
    struct client *client = given_settled(exam, NULL);
    for (const char *at = "NOOP\r\nSYST\r\n"; *at; at++)
        send_bytes(client, at, 1);
    for (int i = 0; i < 2; i++) {
        const struct reply *reply = try_final_reply(client, exam_patience(exam));
        if (!reply->code)
            fail(exam, "answers to two commands that came one byte per record",
                 i ? "an answer to the first alone" : "no answer");
    }
}

static void joined_commands(struct exam *exam)
{
    struct client *client = given_private(exam, ACCOUNT_USER, NULL);
    static const char bytes[] = "NOOP\r\nPWD\r\nNOOP\r\nPWD\r\n";
    send_bytes(client, bytes, sizeof(bytes) - 1);
    for (int i = 0; i < 4; i++) {
        const struct reply *reply = try_final_reply(client, exam_patience(exam));
        if (reply->code != (i % 2 ? 257 : 200))
            fail(exam, "200, 257, 200, 257 to NOOP, PWD, NOOP, PWD in one record",
                 "%u as the answer number %d", reply->code, i + 1);
    }
    expect_silence(client, QUIET);
}

static const struct test tests[] = {
    HELLO_TEST("practice.handshake.large-hello", SEVERITY_ERROR,
               "a hello of several kB is understood",
               "RFC 8446, section 4.1.2, sets no such limit: the hellos of clients with keys for "
               "post-quantum exchange need more than one packet.",
               "Read handshake messages until they are whole.", large_hello, NULL),
    HELLO_TEST("rfc8446.handshake.split-hello", SEVERITY_ERROR,
               "a hello that comes in several records is understood",
               "RFC 8446, section 5.1, and RFC 5246, section 6.2.1: handshake messages may be "
               "split over several records.",
               "Leave reading records to the TLS library; do not look at the first one alone.",
               split_hello, NULL),
    HELLO_TEST("practice.handshake.without-name", SEVERITY_WARNING,
               "a client that sends no server name is served",
               "Clients that connect to an address, and old ones, send no server name (RFC 6066, "
               "section 3).",
               "Give the server a certificate for clients that name no host.", without_name, NULL),
    HELLO_TEST("rfc7301.alpn.foreign", SEVERITY_WARNING,
               "a client that asks for HTTP by ALPN is refused",
               "RFC 7301, section 3.2, and CVE-2021-3618 (ALPACA): whoever stands between can lead "
               "a browser's connection to this server, whose certificate fits, and have it obey "
               "what the browser sends.",
               "Select \"ftp\" by ALPN and answer every other list with no_application_protocol.",
               foreign_protocol, NULL),
    HELLO_TEST(
        "rfc7301.alpn.accepted", SEVERITY_WARNING, "a client that offers \"ftp\" by ALPN is served",
        "RFC 7301, section 3.2, refuses clients whose protocols the server does not support; "
        "\"ftp\" is FTP's name in the registry of section 6, and a client that says so has to be "
        "served.",
        "Accept the ALPN name \"ftp\".", own_protocol, NULL),
    HELLO_TEST("rfc7301.alpn.selected", SEVERITY_NOTE, "the ALPN name \"ftp\" is selected",
               "RFC 7301, section 3.2: a client that sees its protocol selected knows that it was "
               "not led to another service.",
               "Select \"ftp\" by ALPN.", own_protocol_selected, NULL),
    HELLO_TEST("rfc5746.renegotiation.safe", SEVERITY_ERROR,
               "with TLS 1.2 the server signals safe renegotiation",
               "RFC 5746, section 3.6, and CVE-2009-3555: without renegotiation_info somebody "
               "else's bytes can be put in front of a client's; OpenSSL 3 does not even connect.",
               "Use a TLS library that implements RFC 5746.", safe_renegotiation, NULL),
    HELLO_TEST("security.renegotiation.refused", SEVERITY_WARNING,
               "a client's wish to renegotiate is refused",
               "CVE-2011-1473: handshakes within one connection cost the server far more than the "
               "client, and FTP has no use for them.",
               "Switch renegotiation by clients off (SSL_OP_NO_RENEGOTIATION).", no_renegotiation,
               NULL),
    HELLO_TEST("rfc8446.key-update.control", SEVERITY_ERROR,
               "new keys on the control connection are taken",
               "RFC 8446, section 4.6.3: a KeyUpdate may come at any time, and one that asks for "
               "an answer must get it before the next data.",
               "Leave KeyUpdate to the TLS library, and write while it wants to write.", new_keys,
               NULL),
    HELLO_TEST("rfc8446.records.split-command", SEVERITY_ERROR,
               "a command may come in records of one byte",
               "RFC 8446, section 5.1: where a TLS record ends says nothing about what is in it.",
               "Collect what is decrypted until there is a whole line.", split_records, NULL),
    {
        .name = "rfc8446.records.joined-commands",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY | TEST_TLS,
        .title = "several commands may come in one record",
        .reason = "RFC 8446, section 5.1: where a TLS record ends says nothing about what is in "
                  "it. What the TLS library has decrypted does not show on the socket: a server "
                  "that only polls "
                  "that one leaves commands unanswered.",
        .remedy = "Take all lines out of what is decrypted before waiting for the socket.",
        .run = joined_commands,
    },
};

const struct group group_tls_protocol = {
    .name = "tls-protocol",
    .title = "TLS: hellos, ALPN, keys and records",
    .tests = tests,
    .count = ELEMENTS(tests),
};

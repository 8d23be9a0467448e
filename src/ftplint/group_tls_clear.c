/* The borders between clear and TLS: what is put in before AUTH, what fails at the handshake, and
 * the ways back (CCC, REIN, QUIT). */
#include "ftplint/secure.h"

#include "lib/address.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

#include <errno.h>
#include <string.h>

enum {
    QUIET = 300,   /* milliseconds without a reply that nobody asked for */
    PROMPT = 3000, /* milliseconds within which a server has understood what went wrong */
};

/* --- into TLS --------------------------------------------------------------------------------- */

/* CVE-2011-0411 and its kin: what lay in the server's buffer in clear is obeyed under TLS. */
static void injection(struct exam *exam)
{
    struct client *client = given_clear(exam);
    static const char bytes[] = "AUTH TLS\r\nNOOP\r\nUSER ftplint-injected\r\n";
    send_bytes(client, bytes, sizeof(bytes) - 1);
    const struct reply *reply = try_reply(client, exam_patience(exam));
    if (reply->code != 234)
        return;
    /* Answers in clear before TLS are of no use to who put the commands in. */
    if (buffer_size(&client->wire.input) > 0 || try_handshake(client) < 0)
        return;
    reply = try_reply(client, QUIET);
    if (reply->code)
        fail(exam,
             "nothing under TLS: the commands behind AUTH came in clear, from whoever could "
             "write into the connection",
             "\"%s\", the answer to one of them, under TLS", reply->lines[0]);
}

/* Bytes that are no handshake, where a handshake has to come. */
static struct client *broken_handshake(struct exam *exam)
{
    struct client *client = given_before_handshake(exam);
    exam->given++;
    send_bytes(client, "NOOP\r\nUSER ftplint-clear\r\n", 26);
    exam->given--;
    return client;
}

static void no_way_back(struct exam *exam)
{
    if (exam->target->tls == TLS_IMPLICIT)
        skip(exam, "on this port TLS begins with the connection");
    struct client *client = broken_handshake(exam);
    uint64_t end = clock_msec() + PROMPT;
    const struct reply *reply;
    do {
        uint64_t now = clock_msec();
        reply = try_reply(client, now < end ? (unsigned)(end - now) : 0);
        if (reply_is(reply, "2 3"))
            fail(exam,
                 "no answer in clear to NOOP and USER: after 234 only a TLS handshake can come",
                 "%u %s", reply->code, reply->text);
    } while (reply->code);
}

static void failed_handshake(struct exam *exam)
{
    struct client *client = broken_handshake(exam);
    uint64_t end = clock_msec() + PROMPT;
    for (;;) {
        uint64_t now = clock_msec();
        ssize_t got = wire_receive(&client->wire, now < end ? (unsigned)(end - now) : 0);
        if (got == WIRE_END)
            return;
        if (got < 0) /* nothing more in time, or much more than there is room for */
            break;
    }
    exam->result.timed_out = true;
    fail(exam, "that the server closes the connection: what came was no TLS handshake",
         "it is open after %d ms", PROMPT);
}

/* --- out of TLS ------------------------------------------------------------------------------- */

static void ccc_in_clear(struct exam *exam)
{
    struct client *client = given_clear(exam);
    expect(client, "5|a refusal: the connection is in clear already", "CCC");
}

static struct client *cleared(struct exam *exam)
{
    struct client *client = given_private(exam, ACCOUNT_USER, NULL);
    const struct reply *reply = command(client, "CCC");
    if (!reply_is(reply, "2"))
        skip(exam, "the server does not accept CCC: %u %s", reply->code, reply->text);
    return client;
}

static void ccc_refused(struct exam *exam)
{
    struct client *client = given_private(exam, ACCOUNT_USER, NULL);
    expect(client, "5|a refusal: the control connection stays under TLS", "CCC");
}

static void ccc_works(struct exam *exam)
{
    struct client *client = cleared(exam);
    become_clear(client);
    expect(client, "257|the answer to PWD, in clear", "PWD");
}

static void ccc_then_prot(struct exam *exam)
{
    struct client *client = cleared(exam);
    exam->given++;
    become_clear(client);
    exam->given--;
    expect(client, "4 5|a refusal: after CCC the level of protection stands", "PROT C");
}

/* True if REIN was accepted; it may say 120 before 220. */
static void reinitialize(struct client *client)
{
    const struct reply *reply = command(client, "REIN");
    skip_unknown(client, reply, "REIN");
    if (reply_is(reply, "4 5"))
        skip(client->exam, "the server does not accept REIN here: %u %s", reply->code, reply->text);
    if (reply->code == 120)
        (void)read_reply(client);
}

static void rein_forgets_login(struct exam *exam)
{
    struct client *client = given_private(exam, ACCOUNT_USER, NULL);
    reinitialize(client);
    /* Whether the connection is in clear now is another test's question. */
    if (wire_receive(&client->wire, QUIET) == WIRE_END)
        become_clear(client);
    send_line(client, "PWD");
    const struct reply *reply = try_reply(client, exam_patience(exam));
    if (reply_is(reply, "2"))
        fail(exam, "a refusal of PWD: after REIN nobody is logged in", "%u %s", reply->code,
             reply->text);
}

static void rein_ends_tls(struct exam *exam)
{
    if (exam->target->tls == TLS_IMPLICIT)
        skip(exam, "on this port there is no state in clear to return to");
    struct client *client = given_secured(exam, NULL);
    reinitialize(client);
    become_clear(client);
    send_line(client, "NOOP");
    const struct reply *reply = try_final_reply(client, exam_patience(exam));
    if (!reply->code)
        fail(exam, "an answer to NOOP in clear: REIN ends TLS", "%s",
             reply->error == -ETIMEDOUT ? "no answer" : "the end of the connection");
}

static void quit_close_notify(struct exam *exam)
{
    struct client *client = given_secured(exam, NULL);
    exam->given++;
    expect(client, "221", "QUIT");
    exam->given--;
    ssize_t got = wire_receive(&client->wire, exam_patience(exam));
    if (got == -ETIMEDOUT)
        exam->result.timed_out = true;
    if (client->wire.end == WIRE_TRUNCATED || client->wire.end == WIRE_RESET)
        fail(exam, "close_notify before the end of the connection", "%s without it",
             client->wire.end == WIRE_RESET ? "a reset" : "the end of the connection");
    if (got != WIRE_END)
        fail(exam, "the end of the connection after QUIT", "%s",
             got < 0 ? "a connection that stays open" : "further bytes");
}

static void login_in_clear(struct exam *exam)
{
    struct address peer;
    struct client *client = given_clear(exam);
    if (address_of_peer(client->wire.fd, &peer) == 0 && address_is_loopback(&peer))
        skip(exam, "over loopback nobody can listen, and the server may know that");
    const struct reply *reply = command(client, "USER ftplint-clear");
    if (reply->code == 331)
        fail(exam, "a refusal of USER in clear, with the advice to begin TLS", "%u %s", reply->code,
             reply->text);
}

static const struct test tests[] = {
    {
        .name = "security.auth.injection",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY | TEST_TLS,
        .after = "rfc4217.auth.handshake",
        .title = "commands that came in clear behind AUTH TLS are not obeyed under TLS",
        .reason = "CVE-2011-1575 (Pure-FTPd; in Postfix CVE-2011-0411): who can write into the "
                  "connection before TLS begins puts commands behind AUTH, and the server takes "
                  "them for the client's own, under TLS.",
        .remedy = "Throw away what is in the receive buffer when 234 is sent, or close.",
        .run = injection,
    },
    {
        .name = "security.auth.no-way-back",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY | TEST_TLS,
        .after = "rfc4217.auth.reply",
        .title = "after 234 no command in clear is obeyed",
        .reason = "A server that goes on in clear when the handshake does not come lets whoever "
                  "stands between talk a client out of TLS (RFC 4217, section 10.1: the state is "
                  "unknown, and the connection is dropped).",
        .remedy = "Close the connection when the handshake fails.",
        .run = no_way_back,
    },
    {
        .name = "rfc4217.auth.failed-handshake",
        .severity = SEVERITY_WARNING,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY | TEST_TLS,
        .after = "rfc4217.auth.reply",
        .title = "a handshake that fails ends the connection",
        .reason = "RFC 4217, section 10.1: if the handshake fails, the server should simply drop "
                  "the control connection, whose state nobody knows.",
        .remedy = "Close the connection when the handshake fails.",
        .run = failed_handshake,
    },
    {
        .name = "rfc2228.ccc.in-clear",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY | TEST_TLS,
        .title = "CCC on a connection in clear is refused",
        .reason = "RFC 2228, section 3: a CCC that is not itself protected must be refused with "
                  "533; a server without CCC says 500 or 502.",
        .remedy = "Answer CCC without TLS with 533.",
        .run = ccc_in_clear,
    },
    {
        .name = "security.ccc.refused",
        .severity = SEVERITY_NOTE,
        .flags = TEST_READ_ONLY | TEST_TLS,
        .title = "CCC is refused: the control connection stays under TLS",
        .reason = "RFC 4217, section 15.3, and RFC 2228: once CCC is accepted, whoever stands "
                  "between can read and insert commands. Firewalls that read PASV are the only "
                  "use of it, and EPSV needs none.",
        .remedy = "Refuse CCC with 534 unless a firewall of yours depends on it.",
        .run = ccc_refused,
    },
    {
        .name = "rfc4217.ccc.goes-on",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY | TEST_TLS,
        .title = "after an accepted CCC the session goes on in clear",
        .reason = "RFC 2228, section 3: 200 says that commands in clear may now be used. RFC 4217, "
                  "section 5: the server sends 200, ends TLS, leaves the connection open and "
                  "expects the next command in clear.",
        .remedy = "End TLS with close_notify and go on reading in clear, or refuse CCC.",
        .run = ccc_works,
    },
    {
        .name = "rfc4217.ccc.keeps-protection",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY | TEST_TLS,
        .after = "rfc4217.ccc.goes-on",
        .title = "after CCC, PROT is refused",
        .reason = "RFC 4217, section 5: no more PBSZ or PROT after CCC. Otherwise whoever can "
                  "write into the connection takes the protection from the data.",
        .remedy = "Refuse PBSZ and PROT after CCC.",
        .run = ccc_then_prot,
    },
    {
        .name = "rfc959.rein.forgets-login-under-tls",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY | TEST_TLS,
        .title = "REIN under TLS ends the login",
        .reason = "RFC 959, section 4.1.1: REIN terminates a user; what follows is as after the "
                  "greeting.",
        .remedy = "Forget the user with REIN.",
        .run = rein_forgets_login,
    },
    {
        .name = "rfc4217.rein.ends-tls",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY | TEST_TLS,
        .title = "REIN ends TLS, and the connection goes on in clear",
        .reason = "RFC 4217, section 13: with REIN the TLS session must be cleared and the control "
                  "connection reverts to clear. Client and server that disagree about it are "
                  "stuck: one waits for TLS, the other for text.",
        .remedy = "End TLS with close_notify behind the reply to REIN, or refuse REIN with 502.",
        .run = rein_ends_tls,
    },
    {
        .name = "rfc8446.quit.close-notify",
        .severity = SEVERITY_WARNING,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY | TEST_TLS,
        .title = "after QUIT the server ends TLS with close_notify",
        .reason = "RFC 8446, section 6.1, and RFC 5246, section 7.2.1: each side sends "
                  "close_notify before it closes. Clients that look at it report an error at the "
                  "end of every session without it.",
        .remedy = "Send close_notify (SSL_shutdown) before closing the control connection.",
        .run = quit_close_notify,
    },
    {
        .name = "security.login.in-clear",
        .severity = SEVERITY_NOTE,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY | TEST_TLS,
        .title = "USER in clear is refused where TLS is to be had",
        .reason = "RFC 4217, section 10.1, lets a server deny USER before TLS. One that asks for "
                  "the password in clear lets everybody on the way read it.",
        .remedy = "Demand TLS before the login, at least from addresses that are not local.",
        .run = login_in_clear,
    },
};

const struct group group_tls_clear = {
    .name = "tls-clear",
    .title = "TLS: the borders to what is in clear",
    .tests = tests,
    .count = ELEMENTS(tests),
};

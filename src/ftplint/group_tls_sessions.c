/* TLS sessions: resuming them, whose they are, and what else must not hold up a server. */
#include "ftplint/secure.h"
#include "ftplint/tls_probe.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <string.h>

enum {
    MANY = 12, /* data connections in a row */
    QUIET = 300,
    PROMPT = 3000, /* milliseconds within which nobody need wait for somebody else */
};

static const struct tls_offer only_1_2 = {.version_max = TLS1_2_VERSION};
static const struct tls_offer only_1_3 = {.version_min = TLS1_3_VERSION};

/* --- resuming --------------------------------------------------------------------------------- */

/* The newest session of a connection that has been used: tickets of TLS 1.3 have come by then. */
static void *session_of(struct client *client)
{
    struct exam *exam = client->exam;
    exam->given++;
    (void)command(client, "NOOP");
    exam->given--;
    void *session = tls_session(client->wire.tls);
    if (!session)
        skip(exam, "the server gives no TLS session that could be resumed");
    return session;
}

/* A new connection that resumes SESSION, which belongs to it from now on; after the handshake. */
static struct client *resuming(struct exam *exam, const struct tls_offer *offer, void *session)
{
    struct client *client = given_before_handshake(exam);
    client->session = session;
    client->offer = *offer;
    client->offer.resume = session;
    return client;
}

static void login_is_not_inherited(struct exam *exam)
{
    void *session = session_of(given_private(exam, ACCOUNT_USER, NULL));
    static const struct tls_offer offer = {.resume = NULL};
    struct client *client = resuming(exam, &offer, session);
    exam->given++;
    if (try_handshake(client) < 0)
        fail(exam, "a handshake", "%s", client->tls.problem);
    if (exam->target->tls == TLS_IMPLICIT)
        expect_next(client, "220");
    exam->given--;
    const struct reply *reply = command(client, "PWD");
    if (reply_is(reply, "2"))
        fail(exam, "a refusal: nobody has logged in on this connection", "%u %s", reply->code,
             reply->text);
}

/* The parameter of the tests in rows is what is offered. */
static void unknown_session(struct exam *exam)
{
    const struct tls_offer *offer = exam->test->parameter;
    void *session = session_of(given_secured(exam, offer));
    void *spoilt = tls_spoil_session(session);
    tls_session_free(session);
    if (!spoilt)
        skip(exam, "this session has no ticket that could be garbled");
    struct client *client = resuming(exam, offer, spoilt);
    if (try_handshake(client) < 0)
        fail(exam, "a full handshake: the server does not know the session that is offered", "%s",
             client->tls.problem);
}

static void no_early_data(struct exam *exam)
{
    void *session = session_of(given_secured(exam, &only_1_3));
    unsigned bytes = tls_early_data(session);
    tls_session_free(session);
    if (bytes > 0)
        fail(exam, "tickets without early data", "one that allows %u bytes of it", bytes);
}

static void data_resumes(struct exam *exam)
{
    struct client *client = given_private(exam, ACCOUNT_USER, exam->test->parameter);
    struct data *data = given_data(client);
    send_line(client, "NLST");
    struct tls_offer offer = client->offer;
    offer.resume = tls_session(client->wire.tls);
    int r = try_data_handshake(data, &offer);
    tls_session_free(offer.resume);
    if (r < 0 || !data->tls.resumed)
        fail(exam, "that a data connection resumes the TLS session of the control connection", "%s",
             r < 0 ? data->tls.problem : "a full handshake");
}

/* One listing over a data connection that offers SESSION (NULL: none). False if it failed, and
 * *RET_REPLY says how. */
static bool list_with(struct client *client, void *session, struct data **ret_data,
                      const struct reply **ret_reply)
{
    struct exam *exam = client->exam;
    struct data *data = given_data(client);
    *ret_data = data;
    send_line(client, "NLST");
    struct tls_offer offer = client->offer;
    offer.resume = session;
    if (try_data_handshake(data, &offer) == 0)
        (void)data_read(data, 0);
    wire_finish(&data->wire, true);
    *ret_reply = try_final_reply(client, exam_patience(exam));
    return reply_is(*ret_reply, "2");
}

static void without_resumption(struct exam *exam)
{
    struct client *client = given_private(exam, ACCOUNT_USER, NULL);
    const struct reply *reply;
    struct data *data;
    for (int i = 0; i < 3; i++)
        if (!list_with(client, NULL, &data, &reply))
            fail(exam, "listings over data connections with TLS sessions of their own",
                 "\"%u %s\" to listing number %d", reply->code, reply->text, i + 1);
}

/* As Java's and other clients do it: each ticket once, and the newest first (RFC 8446, C.4). */
static void single_use_tickets(struct exam *exam)
{
    struct client *client = given_private(exam, ACCOUNT_USER, &only_1_3);
    struct data *data = NULL;
    for (int i = 0; i < MANY; i++) {
        const struct reply *reply;
        void *ticket = data && data->wire.tls ? tls_take_ticket(data->wire.tls) : NULL;
        if (!ticket)
            ticket = tls_take_ticket(client->wire.tls);
        bool listed = list_with(client, ticket, &data, &reply);
        tls_session_free(ticket);
        if (!listed)
            fail(exam, exam_format(exam, "%d listings, each with a ticket not used before", MANY),
                 "\"%u %s\" to listing number %d, %s", reply->code, reply->text, i + 1,
                 data->tls.resumed ? "which resumed a session"
                                   : "for which there was no unused ticket");
    }
}

static void many_connections(struct exam *exam)
{
    struct client *client = given_private(exam, ACCOUNT_USER, exam->test->parameter);
    for (int i = 0; i < MANY; i++) {
        struct transfer transfer = try_retrieve(client, DATA_ANY, "NLST");
        if (!reply_is(transfer.reply, "2"))
            fail(exam, exam_format(exam, "%d listings in a row", MANY), "\"%u %s\" to number %d",
                 transfer.reply->code, transfer.reply->text, i + 1);
    }
}

/* --- whose session ---------------------------------------------------------------------------- */

static const char secret[] = "What stands here is the owner's alone.\r\n";

/* Somebody else behind the same address is first at the data port, with OFFER; the owner is
 * there with a session of its own that has been used before. True if the thief got the file. */
static bool steal(struct client *client, const char *path, const struct tls_offer *offer)
{
    struct exam *exam = client->exam;
    exam->given++;
    (void)list_lines(client, "NLST"); /* the client has shown that it resumes */
    struct data *data = data_ask(client, DATA_ANY);
    if (data_connect(data, NULL, 0) < 0)
        fail(exam, "a data connection", "the server does not take it");
    exam->given--;
    send_line(client, "RETR %s", path);
    if (try_data_handshake(data, offer) < 0)
        return false;
    while (wire_receive(&data->wire, PROMPT) > 0)
        if (memmem(buffer_begin(&data->wire.input), buffer_size(&data->wire.input), secret, 16))
            return true;
    return false;
}

static void theft(struct exam *exam)
{
    const char *path = given_file(exam, "secret", secret, sizeof(secret) - 1);
    struct client *client = given_private(exam, ACCOUNT_USER, NULL);
    struct tls_offer thief = {.without_certificate = true};
    if (steal(client, path, &thief))
        fail(exam,
             "that a data connection without the TLS session of the control connection is refused, "
             "once this client has shown that it resumes",
             "the whole file, for who came first from the same address");
}

static void survives_theft(struct exam *exam)
{
    const char *path = given_file(exam, "secret", secret, sizeof(secret) - 1);
    struct client *client = given_private(exam, ACCOUNT_USER, NULL);
    struct tls_offer thief = {.without_certificate = true};
    if (steal(client, path, &thief))
        skip(exam, "the server takes data connections of any client");
    wire_reset(&exam->data->wire);
    check_session_goes_on(client);
}

static void foreign_session(struct exam *exam)
{
    const char *path = given_file(exam, "secret", secret, sizeof(secret) - 1);
    struct client *client = given_private(exam, ACCOUNT_USER, NULL);
    struct tls_offer thief = {.without_certificate = true};
    if (steal(client, path, &thief))
        skip(exam, "the server does not look at the TLS session of data connections");
    struct client *owner = given_private(exam, ACCOUNT_USER, NULL);
    struct client *other = given_private(exam, ACCOUNT_SECOND, NULL);
    other->session = session_of(other);
    thief.resume = other->session;
    if (steal(owner, path, &thief))
        fail(exam, "that only the TLS session of the same control connection counts",
             "the whole file, for another user who resumed a session of their own");
}

/* --- holding up ------------------------------------------------------------------------------- */

static void stalled_control(struct exam *exam)
{
    (void)given_before_handshake(exam);
    struct client *half = given_before_handshake(exam);
    send_bytes(half, "\x16\x03\x01\x02\0\x01", 6);
    struct client *client = given_before_handshake(exam);
    client->offer = (struct tls_offer){.resume = NULL};
    int r = tls_start(&client->wire, exam->target, &client->offer, &client->tls, PROMPT);
    if (r == -ETIMEDOUT)
        exam->result.timed_out = true;
    if (r < 0)
        fail(exam, "a TLS handshake, while two other clients have stopped in the middle of theirs",
             "%s", client->tls.problem);
}

/* A data connection at which the server waits for a handshake that does not come. */
static struct client *given_stalled_data(struct exam *exam)
{
    struct client *client = given_private(exam, ACCOUNT_USER, NULL);
    (void)given_data(client);
    send_line(client, "NLST");
    (void)try_reply(client, QUIET); /* 150, where it comes before the handshake */
    return client;
}

static void stalled_data(struct exam *exam)
{
    (void)given_stalled_data(exam);
    struct client *other = given_socket(exam);
    if (exam->target->tls == TLS_IMPLICIT)
        (void)tls_start(&other->wire, exam->target, &other->offer, &other->tls, PROMPT);
    const struct reply *reply = try_reply(other, PROMPT);
    if (reply->error == -ETIMEDOUT)
        exam->result.timed_out = true;
    if (!reply->code)
        fail(exam,
             "a greeting while the handshake of somebody else's data connection does not "
             "go on",
             "nothing in %d ms", PROMPT);
}

static void abort_stalled_data(struct exam *exam)
{
    struct client *client = given_stalled_data(exam);
    send_line(client, "ABOR");
    const struct reply *reply = try_final_reply(client, PROMPT);
    if (!reply->code)
        fail(exam, "an answer while the handshake of the data connection does not go on", "%s",
             reply->error == -ETIMEDOUT ? "no answer in 3 s" : "the end of the session");
}

static void abort_upload(struct exam *exam)
{
    const char *path = own_path(exam, "file");
    struct client *client = given_private(exam, ACCOUNT_USER, NULL);
    struct data *data = given_transfer(client, "STOR %s", path);
    exam->given++;
    data_send(data, secret, sizeof(secret) - 1);
    exam->given--;
    send_line(client, "ABOR");
    const struct reply *reply = try_final_reply(client, PROMPT);
    if (!reply->code)
        fail(exam, "an answer to ABOR in mid-upload (426 and 226, or 225)", "%s",
             reply->error == -ETIMEDOUT ? "no answer in 3 s" : "the end of the session");
}

#define SESSION_TEST(name_, severity_, flags_, ...)                                                \
    TLS_TEST(TEST_TLS | (flags_), "rfc4217.auth.handshake", name_, severity_, __VA_ARGS__)

static const char data_resume_reason[] =
    "RFC 4217, section 10.2: a data connection may resume a session of this client. It saves a "
    "signature per file, and it is the only proof that the data connection is the client's own.";
static const char resume_remedy[] = "Allow session tickets or a session cache.";
static const char unknown_1_2_reason[] =
    "RFC 5077, section 3.2: if the server fails to verify the ticket, it falls back to a full "
    "handshake. Clients keep tickets longer than servers their keys.";
static const char unknown_1_3_reason[] =
    "RFC 8446, section 4.2.11: a ticket that is not known should be ignored, and a full handshake "
    "made. Clients keep tickets longer than servers their keys.";
static const char unknown_remedy[] = "Leave tickets to the TLS library.";
static const char many_reason[] =
    "curl issue 4654, Cyberduck pull request 18399: a server that accepts the first data "
    "connections and refuses a later one makes every longer directory transfer fail midway.";

static const struct test tests[] = {
    SESSION_TEST("security.session.login", SEVERITY_ERROR, TEST_READ_ONLY,
                 "a connection that resumes a TLS session is not logged in",
                 "RFC 4217, section 4.2: the USER command must be issued in any case. A TLS "
                 "session outlives the login in which it was made.",
                 "Bind logins to connections, not to TLS sessions.", login_is_not_inherited, NULL),
    SESSION_TEST("rfc5077.tls-session.unknown", SEVERITY_ERROR, TEST_ANONYMOUS | TEST_READ_ONLY,
                 "an unknown session is followed by a full handshake, with TLS 1.2",
                 unknown_1_2_reason, unknown_remedy, unknown_session, &only_1_2),
    SESSION_TEST("rfc8446.tls-session.unknown", SEVERITY_WARNING, TEST_ANONYMOUS | TEST_READ_ONLY,
                 "an unknown session is followed by a full handshake, with TLS 1.3",
                 unknown_1_3_reason, unknown_remedy, unknown_session, &only_1_3),
    SESSION_TEST("rfc8446.tls-session.early-data", SEVERITY_WARNING,
                 TEST_ANONYMOUS | TEST_READ_ONLY, "tickets allow no early data",
                 "RFC 8446, section 8 and appendix E.5: early data can be replayed, and a protocol "
                 "must not use it without a profile that says how; FTP has none.",
                 "Set the size of early data to 0.", no_early_data, NULL),
    SESSION_TEST("practice.tls-session.data-1-2", SEVERITY_NOTE, TEST_READ_ONLY,
                 "data connections resume the control connection's session, with TLS 1.2",
                 data_resume_reason, resume_remedy, data_resumes, &only_1_2),
    SESSION_TEST("practice.tls-session.data-1-3", SEVERITY_NOTE, TEST_READ_ONLY,
                 "data connections resume the control connection's session, with TLS 1.3",
                 data_resume_reason, resume_remedy, data_resumes, &only_1_3),
    SESSION_TEST("practice.tls-session.without", SEVERITY_NOTE, TEST_READ_ONLY,
                 "clients that never resume can transfer",
                 "Several TLS libraries cannot resume a session on another connection (Python's "
                 "ftplib, older .NET); they cannot transfer anything where it is demanded.",
                 "Demand resumption only of clients that have shown that they can.",
                 without_resumption, NULL),
    SESSION_TEST("practice.tls-session.single-use", SEVERITY_WARNING, TEST_READ_ONLY,
                 "clients that use each ticket once can transfer again and again",
                 "RFC 8446, appendix C.4: clients should use a ticket only once. Where the server "
                 "demands resumption and gives too few tickets, they run dry after some files.",
                 "Give a new ticket with each data connection, also a resumed one.",
                 single_use_tickets, NULL),
    SESSION_TEST("practice.tls-session.many-1-2", SEVERITY_ERROR, TEST_READ_ONLY,
                 "12 data connections in a row succeed, with TLS 1.2", many_reason,
                 "Look into the server's log for handshakes that were refused.", many_connections,
                 &only_1_2),
    SESSION_TEST("practice.tls-session.many-1-3", SEVERITY_ERROR, TEST_READ_ONLY,
                 "12 data connections in a row succeed, with TLS 1.3", many_reason,
                 "Look into the server's log for handshakes that were refused.", many_connections,
                 &only_1_3),
    SESSION_TEST("security.data.theft", SEVERITY_WARNING, 0,
                 "somebody else at the same address does not get the data",
                 "RFC 4217, section 15.2.6: without client certificates, who reaches the data port "
                 "first gets the file; the address does not tell users behind one router or on one "
                 "machine apart. Only the client can resume its own TLS session.",
                 "Demand that data connections resume, of clients that have done so before.", theft,
                 NULL),
    SESSION_TEST("practice.data.theft-survived", SEVERITY_WARNING, 0,
                 "an attempt to steal a data connection does not end the session",
                 "Who can end other people's sessions by connecting to a port needs nothing more "
                 "to keep them from working.",
                 "Refuse the connection, answer 425 or wait for the owner, and go on.",
                 survives_theft, NULL),
    SESSION_TEST("security.data.foreign-session", SEVERITY_WARNING, TEST_SECOND,
                 "another user's TLS session does not open a data connection",
                 "RFC 4217, section 10.2: the cached session is to be this client's. Where any "
                 "session of the server's will do, every other user can take the data.",
                 "Compare the resumed session with the one of the control connection.",
                 foreign_session, NULL),
    SESSION_TEST(
        "practice.handshake.stalled-control", SEVERITY_ERROR, TEST_ANONYMOUS | TEST_READ_ONLY,
        "handshakes that do not go on hold up nobody else",
        "One client that stops in mid-handshake keeps all others out.",
        "Make handshakes without blocking, or in a process of their own.", stalled_control, NULL),
    SESSION_TEST("practice.handshake.stalled-data", SEVERITY_ERROR, TEST_READ_ONLY,
                 "a data handshake that does not go on holds up nobody else",
                 "One client that stops in mid-handshake keeps all others out.",
                 "Make handshakes without blocking, or in a process of their own.", stalled_data,
                 NULL),
    SESSION_TEST("practice.handshake.stalled-abort", SEVERITY_WARNING, TEST_READ_ONLY,
                 "a data handshake that does not go on can be given up with ABOR",
                 "RFC 959, section 4.1.3: ABOR ends the transfer in progress. A client whose data "
                 "connection hangs has no other way to keep its session.",
                 "Listen to the control connection while a data handshake goes on.",
                 abort_stalled_data, NULL),
    SESSION_TEST("rfc4217.abor.upload", SEVERITY_WARNING, 0,
                 "ABOR under TLS is answered in mid-upload",
                 "RFC 4217, section 14: TLS knows no urgent data, so the server has to listen to "
                 "the control connection during transfers.",
                 "Wait for control and data connection at once.", abort_upload, NULL),
};
#undef SESSION_TEST

const struct group group_tls_sessions = {
    .name = "tls-sessions",
    .title = "TLS: sessions",
    .tests = tests,
    .count = ELEMENTS(tests),
};

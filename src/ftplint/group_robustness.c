/* Robustness: connections that end in the wrong moment, data connections that come early, late,
 * twice or never; and what goes on afterwards. See catalogue.h. */
#include "ftplint/content.h"
#include "ftplint/exam.h"

#include "lib/cleanup.h"
#include "lib/clock.h"

#include <errno.h>
#include <string.h>

enum {
    BIG = 6 << 20,  /* more than lies in the buffers between two hosts */
    PART = 5000,    /* of an upload that is cut off */
    MOMENT = 300,   /* milliseconds in which a server does what it does at once */
    GONE_MAX = 5000 /* milliseconds within which it has to notice who is gone */
};

/* --- the control connection ------------------------------------------------------------------- */

static void half_closed(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    if (client->wire.tls)
        skip(exam, "under TLS a connection cannot be closed in one direction alone");
    send_line(client, "PWD");
    wire_finish(&client->wire, true);
    const struct reply *reply = try_reply(client, exam_patience(exam));
    if (reply->code != 257)
        fail(exam, "257 to the PWD that came before the end of what the client sends", "%s",
             reply->code ? reply->lines[0] : "no reply");
}

static void ended(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    wire_finish(&client->wire, true);
    expect_closed(client, GONE_MAX, NULL);
}

static void resets(struct exam *exam)
{
    static const char *const last_words[] = {"", "NOOP", "LIST\r\n", "EPSV\r\n"};
    for (size_t i = 0; i < ELEMENTS(last_words); i++) {
        struct client *client = given_login(exam, ACCOUNT_USER);
        send_bytes(client, last_words[i], strlen(last_words[i]));
        wire_reset(&client->wire);
    }
    client_quit(open_login(exam, ACCOUNT_USER));
}

static void drops(struct exam *exam)
{
    enum { CONNECTIONS = 7 };
    for (int i = 0; i < CONNECTIONS; i++) {
        struct client *client = given_socket(exam);
        if (i % 2 == 0)
            wire_reset(&client->wire);
        else
            client_close(client);
    }
    clock_pause(MOMENT); /* in which a server that counts them has seen them go */
    client_close(open_connection(exam));
}

/* The user is lost in the middle of a transfer: ABOR and QUIT, says the RFC. A reset, since behind
 * a mere end somebody may still read. */
static void gone_while_retrieving(struct exam *exam)
{
    struct bytes content = exam_content(exam, BIG, 1);
    const char *path = given_file(exam, "big", content.data, content.size);
    struct client *client = given_login(exam, ACCOUNT_USER);
    struct data *data = given_transfer(client, "RETR %s", path);
    wire_reset(&client->wire);
    clock_pause(MOMENT);
    struct bytes bytes = data_read(data, 0);
    if (bytes.size == content.size)
        fail(exam, "that a download ends with the control connection",
             "all of its %zu bytes came after the control connection was reset", bytes.size);
}

static void gone_while_storing(struct exam *exam)
{
    struct bytes content = exam_content(exam, PART, 2);
    const char *path = own_path(exam, "upload");
    struct client *client = given_login(exam, ACCOUNT_USER);
    struct data *data = given_transfer(client, "STOR %s", path);
    data_send(data, content.data, content.size);
    wire_reset(&client->wire);
    uint64_t end = clock_msec() + GONE_MAX;
    for (uint64_t now; (now = clock_msec()) < end;) {
        ssize_t got = wire_receive(&data->wire, (unsigned)(end - now));
        if (got == WIRE_END)
            return;
        if (got < 0)
            break;
    }
    exam->result.timed_out = true;
    fail(exam,
         "that the server closes the data connection of an upload whose control connection "
         "was reset",
         "it is open %d ms later: the file stays unfinished for as long as nobody closes it",
         (int)GONE_MAX);
}

/* --- the data connection ---------------------------------------------------------------------- */

/* Passive transfers to which the client connects when the command is already there. */
static void late(struct exam *exam)
{
    struct bytes content = exam_content(exam, PART, 4);
    const char *path = given_file(exam, "file", content.data, content.size);
    struct client *client = given_login(exam, ACCOUNT_USER);
    struct data *data = data_ask(client, DATA_ANY);
    send_line(client, "RETR %s", path);
    clock_pause(MOMENT);
    int r = data_connect(data, NULL, 0);
    if (r < 0)
        fail(exam, "that the port of PASV or EPSV is open until the client has come",
             "%s, %d ms after RETR", strerror(-r), (int)MOMENT);
    expect_next(client, "125 150");
    data_ready(data);
    struct bytes bytes = data_read(data, 0);
    data_end(data); /* some servers linger until the client has closed too */
    expect_next(client, "226 250");
    if (bytes.size != content.size)
        fail(exam, "the whole file", "%zu of %zu bytes", bytes.size, content.size);
}

/* A second connection to the port that is in use: refused or let down, and no disturbance. */
static void twice(struct exam *exam)
{
    struct bytes content = exam_content(exam, PART, 5);
    const char *path = given_file(exam, "file", content.data, content.size);
    struct client *client = given_login(exam, ACCOUNT_USER);
    struct data *data = data_open(client, DATA_ANY);
    struct data *second = data_beside(data);
    (void)data_connect(second, NULL, 0); /* a refusal is as good */
    expect(client, "125 150", "RETR %s", path);
    data_ready(data);
    struct bytes bytes = data_read(data, 0);
    data_end(data); /* some servers linger until the client has closed too */
    expect_next(client, "226 250");
    if (bytes.size != content.size || memcmp(bytes.data, content.data, content.size) != 0)
        fail(exam, "the whole file on the first connection to the port", "%zu of %zu bytes",
             bytes.size, content.size);
    wire_close(&second->wire);
    expect(client, "200", "NOOP");
}

/* Connected and closed again without a command, twice; then a real one. */
static void unused(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const char *path = given_file(exam, "file", "x", 1);
    for (int i = 0; i < 2; i++) {
        exam->given++;
        struct data *data = data_open(client, DATA_ANY);
        exam->given--;
        wire_close(&data->wire);
        expect(client, "200", "NOOP");
    }
    if (retrieve(client, "RETR %s", path).size != 1)
        fail(exam, "the file of one byte", "another size");
}

/* Neither PASV nor PORT: refused, or tried at the default port (RFC 959, section 3.2). */
static void goes_on(struct exam *exam)
{
    bool up = exam->test->parameter != NULL;
    struct client *client = given_login(exam, ACCOUNT_USER);
    struct data *data =
        up ? given_transfer(client, "STOR %s", own_path(exam, "upload")) : given_download(client);
    if (up)
        data_send(data, exam_content(exam, PART, 7).data, PART);
    wire_reset(&data->wire);
    (void)read_final(client);
    expect(client, "200", "NOOP");
    const char *after = own_path(exam, "after");
    store(client, "x", 1, "STOR %s", after);
}

/* A client whose control connection is gone leaves nothing behind that stops others. */
static void survivors(struct exam *exam)
{
    const char *path = own_path(exam, "upload");
    for (int i = 0; i < 3; i++) {
        struct client *client = given_login(exam, ACCOUNT_USER);
        const struct reply *reply;
        struct data *data = try_transfer(client, DATA_ANY, &reply, "STOR %s", path);
        if (!data && i == 0)
            blocked(exam, "the first upload is refused: %u %s", reply->code, reply->text);
        if (!data)
            fail(exam, "that a file whose upload broke can be uploaded again", "%u %s", reply->code,
                 reply->text);
        data_send(data, "part", 4);
        if (i == 0)
            wire_reset(&client->wire);
        else if (i == 1)
            client_close(client);
        wire_reset(&data->wire);
        if (i == 2)
            wire_reset(&client->wire);
    }
    struct client *client = open_login(exam, ACCOUNT_USER);
    store(client, "whole", 5, "STOR %s", path);
    struct bytes bytes = retrieve(client, "RETR %s", path);
    if (bytes.size != 5 || memcmp(bytes.data, "whole", 5) != 0)
        fail(exam, "the five bytes that were stored at last", "%zu bytes", bytes.size);
}

static const struct test tests[] = {
    {
        .name = "robustness.control.half-closed",
        .severity = SEVERITY_NOTE,
        .flags = TEST_READ_ONLY,
        .title = "commands that came before the end of the client's side are answered",
        .reason = "TCP closes each direction on its own. Scripts that feed a server from a pipe "
                  "wait for the replies after their last command.",
        .remedy = "At the end of the input, serve the lines that are there before you close.",
        .run = half_closed,
    },
    {
        .name = "robustness.control.end",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "a session ends when its client has closed the control connection",
        .reason = "RFC 959, section 4.1.1 (QUIT): an unexpected close has the effect of a logout. "
                  "Sessions that stay use up the number that is allowed, until nobody can log in.",
        .remedy = "Watch the control connection for its end, and close it then.",
        .run = ended,
    },
    {
        .name = "robustness.control.reset",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "sessions that are reset do not harm the server",
        .reason = "Networks break. A server that dies of it, or forgets to clean up, has to be "
                  "restarted by hand.",
        .remedy = "Ignore SIGPIPE, and treat an error of the control connection as its end.",
        .run = resets,
    },
    {
        .name = "robustness.control.dropped",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .after = "rfc959.greeting.code",
        .title = "connections that are dropped before the greeting do not harm the server",
        .reason = "Port scanners and load balancers connect and go away, all day long.",
        .remedy = "Expect errors from accept() and from the first write, and go on.",
        .run = drops,
    },
    {
        .name = "rfc959.control.gone-retrieve",
        .severity = SEVERITY_WARNING,
        .title = "a download ends when the control connection is lost",
        .reason = "RFC 959, section 4.1.1 (QUIT): an unexpected close on the control connection "
                  "has the effect of ABOR and QUIT. Otherwise whoever was kicked out, or has "
                  "crashed, keeps on loading the line.",
        .remedy = "Watch the control connection while a transfer runs.",
        .run = gone_while_retrieving,
    },
    {
        .name = "rfc959.control.gone-store",
        .severity = SEVERITY_WARNING,
        .title = "an upload ends when the control connection is lost",
        .reason = "RFC 959, section 4.1.1 (QUIT): an unexpected close on the control connection "
                  "has the effect of ABOR and QUIT. Otherwise the session, its locks and its "
                  "unfinished file stay until a time-out, and the client that comes back finds "
                  "them in its way.",
        .remedy = "Watch the control connection while a transfer runs.",
        .run = gone_while_storing,
    },
    {
        .name = "robustness.data.late",
        .severity = SEVERITY_ERROR,
        .title = "a client that connects after its command is served as one that came before",
        .reason = "RFC 959, section 4.1.2 (PASV): the server listens and waits. Which comes first, "
                  "the command or the connection, is up to the client and the network.",
        .remedy = "Keep the port open until the client has come or a time-out is over.",
        .run = late,
    },
    {
        .name = "robustness.data.twice",
        .severity = SEVERITY_ERROR,
        .title = "a second connection to the data port does not disturb the transfer",
        .reason = "Scanners, and who tries to steal the data, connect to open ports: the owner's "
                  "file must not suffer.",
        .remedy = "Accept one connection from the client's address, and close the listener then.",
        .run = twice,
    },
    {
        .name = "robustness.data.unused",
        .severity = SEVERITY_ERROR,
        .title = "a data connection that is closed without a command is forgotten",
        .reason = "Clients give up between PASV and the command. The next transfer must get the "
                  "connection that was made for it.",
        .remedy = "Close the data connection and the listener of before at the next PASV or EPSV.",
        .run = unused,
    },
    {
        .name = "robustness.stor.after-reset",
        .severity = SEVERITY_ERROR,
        .title = "after an upload that broke the session serves the next one",
        .reason = "RFC 959, section 4.2.1: 426 ends a transfer, not the session; clients try again "
                  "at once.",
        .remedy = "Let go of the data connection and of nothing else.",
        .run = goes_on,
        .parameter = "STOR",
    },
    {
        .name = "robustness.retr.after-reset",
        .severity = SEVERITY_ERROR,
        .after = "practice.retr.broken",
        .title = "after a download that broke the session serves the next transfer",
        .reason = "RFC 959, section 4.2.1: 426 ends a transfer, not the session; players and "
                  "browsers break downloads off whenever somebody skips.",
        .remedy = "Ignore SIGPIPE; let go of the data connection and of nothing else.",
        .run = goes_on,
    },
    {
        .name = "robustness.stor.again",
        .severity = SEVERITY_ERROR,
        .title = "what broken sessions were uploading can be uploaded anew",
        .reason = "After a broken line the client comes back for the same file. Locks and "
                  "unfinished files of the dead session must not keep it out.",
        .remedy = "Tie locks to the session's life, and let a new upload replace a broken one.",
        .run = survivors,
    },
};

const struct group group_robustness = {
    .name = "robustness",
    .title = "Connections that end in the wrong moment",
    .tests = tests,
    .count = ELEMENTS(tests),
};

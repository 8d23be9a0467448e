/* Foreign protocols on the control connection: HTTP, Telnet's own bytes, mere nonsense. See
 * catalogue.h. */
#include "ftplint/exam.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <string.h>

enum { ANSWER_MAX = 5000 }; /* milliseconds: whoever has not answered by then never will */

static unsigned at_most(unsigned patience, unsigned most)
{
    return patience < most ? patience : most;
}

/* Sends what the server may well refuse to read: neither that nor its closing is an error here. */
static void push(struct client *client, const void *bytes, size_t size)
{
    (void)wire_send(&client->wire, bytes, size, false,
                    at_most(exam_patience(client->exam), ANSWER_MAX));
}

static void http(struct exam *exam)
{
    static const char request[] = "POST / HTTP/1.1\r\nHost: ftp.example\r\n"
                                  "Content-Type: text/plain\r\nContent-Length: 6\r\n\r\nNOOP\r\n";
    bool inside = exam->test->parameter != NULL;
    struct client *client = inside ? given_login(exam, ACCOUNT_USER) : given_connection(exam);
    push(client, request, strlen(request));
    unsigned answers = 0;
    const struct reply *reply;
    while ((reply = try_reply(client, answers ? 500 : exam_patience(exam)))->code)
        answers++;
    if (reply->error != -ETIMEDOUT)
        return;
    if (answers == 0)
        skip(exam, "the server neither answers HTTP nor closes the connection");
    fail(exam, "that the server closes the connection when it hears HTTP",
         "it answered %u of the request's 6 lines one by one, as if they were commands, and the "
         "connection is open",
         answers);
}

static void nonsense(struct exam *exam)
{
    enum { LINES = 40 };
    struct client *client = given_connection(exam);
    for (int i = 0; i < LINES; i++)
        push(client, "XYZZY\r\n", 7);
    for (int i = 0; i < LINES; i++) {
        const struct reply *reply = try_reply(client, exam_patience(exam));
        if (reply->code == 0 || reply->code == 421)
            return;
    }
    fail(exam, "that the server ends a connection that says nothing it understands",
         "%d unknown commands before any login, all answered", (int)LINES);
}

/* The first code in LINE behind what a Telnet peer may say: IAC, a command, an option. */
static const char *behind_telnet(const char *line)
{
    while ((unsigned char)line[0] == 255 && line[1] && line[2])
        line += 3;
    return line;
}

static void negotiation(struct exam *exam)
{
    static const char will_echo[] = "\377\373\001NOOP\r\n";
    struct client *client = given_session(exam);
    push(client, will_echo, strlen(will_echo));
    const struct reply *reply = try_reply(client, at_most(exam_patience(exam), ANSWER_MAX));
    if (reply->error == -ETIMEDOUT)
        exam->result.timed_out = true;
    const char *line = reply->count ? behind_telnet(reply->lines[0]) : "";
    if (strncmp(line, "200", 3) != 0)
        fail(exam, "200 to NOOP behind an offer of Telnet's (IAC WILL ECHO)", "%s",
             *line ? line : "no reply");
    expect(client, "200", "NOOP");
}

static void telnet_flood(struct exam *exam)
{
    enum { BYTES = 64 << 10 };
    struct client *client = given_connection(exam);
    char *bytes = exam_allocate(exam, BYTES);
    memset(bytes, 255, BYTES);
    push(client, bytes, BYTES);
    push(client, "\r\nNOOP\r\n", 8);
    const struct reply *reply = try_reply(client, at_most(exam_patience(exam), ANSWER_MAX));
    if (reply->error == -ETIMEDOUT) {
        exam->result.timed_out = true;
        fail(exam, "an answer, or the end of the connection", "neither within %llu ms",
             (unsigned long long)reply->waited);
    }
    client_close(open_connection(exam)); /* others are served */
}

static const struct test tests[] = {
    {
        .name = "security.http.before-login",
        .severity = SEVERITY_WARNING,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .title = "a connection that speaks HTTP is closed before its lines are run as commands",
        .reason = "A web page can make a browser post a form to the FTP port (cross-protocol "
                  "request forgery; ALPACA, CVE-2021-3618): its body is then run as commands from "
                  "inside the visitor's network.",
        .remedy = "Close the connection on the first line that begins with GET, POST, HEAD, PUT or "
                  "another method of HTTP.",
        .run = http,
    },
    {
        .name = "security.http.after-login",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "HTTP is refused after the login as well",
        .reason = "With TLS an attacker in the path can redirect a browser's request into a "
                  "session that stands (ALPACA, CVE-2021-3618).",
        .remedy = "Look for the methods of HTTP in every state of the session.",
        .run = http,
        .parameter = "after",
    },
    {
        .name = "limits.unknown.before-login",
        .severity = SEVERITY_NOTE,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .title = "who sends nothing but unknown commands before a login is sent away",
        .reason = "Whoever speaks another protocol, or guesses, needs no forty tries; vsftpd "
                  "bounds them since 3.0.4, because of ALPACA.",
        .remedy = "Count unknown commands before the login and answer 421 after ten or so.",
        .run = nonsense,
    },
    {
        .name = "rfc1123.telnet.negotiation",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "an offer of a Telnet option in front of a command is not taken for its text",
        .reason = "RFC 1123, section 4.1.2.12: a server must be capable of accepting and refusing "
                  "Telnet negotiations. People who test with telnet(1), and some devices, send "
                  "them.",
        .remedy = "Take IAC (byte 255), WILL, WONT, DO or DONT and the option's byte out of the "
                  "control connection's input; IAC IAC is one byte 255.",
        .run = negotiation,
    },
    {
        .name = "security.telnet.flood",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .title = "65,536 bytes of Telnet's IAC harm nobody",
        .reason = "CVE-2010-4221: ProFTPD overflowed its stack at an IAC on the buffer's edge, "
                  "before any login.",
        .remedy = "Count what is written into the line, not what is read from the network.",
        .run = telnet_flood,
    },
};

const struct group group_foreign = {
    .name = "foreign",
    .title = "Other protocols on the control connection",
    .tests = tests,
    .count = ELEMENTS(tests),
};

/* session/ask.c: what a session says when the monitor tells it to leave in the place of an answer,
 * the two having crossed. The session is the real one, in a process of its own; the test is its
 * client and its monitor. */
#include "session/session.h"

#include "lib/cleanup.h"
#include "lib/message.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cmocka.h>

struct play {
    int client;
    int monitor;
    pid_t session;
    char reason[64]; /* of the end, as the session has told it */
    char heard[1024];
};

/* Over TCP: a session asks the kernel for both addresses. */
static void connect_pair(int ret[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    cleanup_close int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(listener >= 0);
    assert_int_equal(bind(listener, (const struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    ret[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(ret[0], (const struct sockaddr *)&address, size), 0);
    ret[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(ret[1] >= 0);
}

static void play_begin(struct play *ret)
{
    static char banner[] = "ready";
    const struct config config = {.server_banner = banner,
                                  .login_deadline = 60000,
                                  .session_idle = 60000,
                                  .tls_enabled = true};
    int connection[2], requests[2];
    connect_pair(connection);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, requests), 0);
    *ret = (struct play){.client = connection[0], .monitor = requests[0], .session = fork()};
    assert_true(ret->session >= 0);
    if (ret->session == 0) {
        (void)close(connection[0]);
        (void)close(requests[0]);
        const struct session_start start = {.control = connection[1],
                                            .monitor = requests[1],
                                            .config = &config,
                                            .kind = SESSION_NEW,
                                            .host = "",
                                            .connected = UINT64_MAX / 2};
        _exit(session_run(&start));
    }
    (void)close(connection[1]);
    (void)close(requests[1]);
}

/* Answers USER, unless that is the request that STOP comes in the place of. */
static void answer(struct play *play, const struct message *request, enum request wanted,
                   enum stop_reason stop)
{
    struct message message;
    bool stops = request->type == wanted;
    if (!stops && request->type != REQUEST_USER)
        return;
    message_begin(&message, stops ? REQUEST_STOP : REQUEST_USER | REQUEST_ANSWER);
    message_put_u32(&message, stops ? stop : USER_MAY);
    assert_int_equal(message_send(play->monitor, &message, -1), 0);
    if (stops)
        assert_int_equal(shutdown(play->monitor, SHUT_WR), 0);
}

/* The client sends LINES; STOP comes instead of the answer to WANTED. */
static void play_run(struct play *play, const char *lines, enum request wanted,
                     enum stop_reason stop)
{
    struct message message;
    int fd = -1;
    assert_int_equal(send(play->client, lines, strlen(lines), 0), (ssize_t)strlen(lines));
    while (message_receive(play->monitor, &message, &fd) == 1) {
        struct event event;
        if (message.type == REQUEST_EVENT && event_get(&message, &event) == 0 &&
            event.id == EVENT_SESSION_END)
            (void)snprintf(play->reason, sizeof(play->reason), "%s", event.reason);
        answer(play, &message, wanted, stop);
    }
    size_t size = 0;
    ssize_t got = 1;
    while (got > 0 && size < sizeof(play->heard) - 1) {
        got = recv(play->client, play->heard + size, sizeof(play->heard) - 1 - size, 0);
        size += got > 0 ? (size_t)got : 0;
    }
    int status = -1;
    assert_int_equal(waitpid(play->session, &status, 0), play->session);
    assert_int_equal(status, 0);
    (void)close(play->client);
    (void)close(play->monitor);
}

static void test_stop_instead_of_an_answer(void **state)
{
    static const struct {
        const char *lines;
        enum request wanted;
        const char *before; /* what was answered to the lines that came first */
    } cases[] = {
        {"USER alice\r\nQUIT\r\n", REQUEST_USER, ""},
        {"USER alice\r\nPASS secret\r\nQUIT\r\n", REQUEST_LOGIN, "331 Send the password.\r\n"},
        {"AUTH TLS\r\n", REQUEST_TLS, ""},
    };
    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++)
        for (enum stop_reason stop = STOP_STOPPED; stop < STOP_COUNT; stop++) {
            char expected[512];
            struct play play;
            play_begin(&play);
            play_run(&play, cases[i].lines, cases[i].wanted, stop);
            (void)snprintf(expected, sizeof(expected), "220 ready\r\n%s421 %s\r\n", cases[i].before,
                           stop_text(stop));
            assert_string_equal(play.heard, expected);
            assert_string_equal(play.reason, stop_word(stop));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stop_instead_of_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

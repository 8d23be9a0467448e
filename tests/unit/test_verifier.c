/* src/session/verifier.c: what the monitor reads of a verifier that has ended. */
#include "session/session.h"

#include "lib/cleanup.h"
#include "lib/client_certificate.h"
#include "lib/message.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* A file that is too large is said to be; who ends with something unread would reset the
 * connection, and the monitor would hear of that alone. */
static void test_answer_arrives(void **state)
{
    static const uint8_t shown[] = "certificates";
    const struct client_question question = {.messages = shown, .messages_size = sizeof(shown)};
    struct client_certificate answer;
    struct message message;
    int pair[2];
    int came = -1;
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    cleanup_close int monitor = pair[0];
    cleanup_close int large = memfd_create("authorities", MFD_CLOEXEC);
    assert_int_equal(ftruncate(large, CLIENT_FILE_MAX + 1), 0);
    client_question_put(&message, &question);
    assert_int_equal(message_send(monitor, &message, large), 0);
    message_begin(&message, CLIENT_REVOCATION_FILE);
    assert_int_equal(message_send(monitor, &message, -1), 0);
    assert_int_equal(verifier_run(pair[1], NULL), 0);
    assert_int_equal(close(pair[1]), 0);
    assert_int_equal(message_receive(monitor, &message, &came), 1);
    assert_int_equal(message.type, CLIENT_ANSWER);
    assert_int_equal(client_certificate_get(&message, &answer), 0);
    assert_int_equal(answer.verdict, CLIENT_AUTHORITIES);
    assert_non_null(strstr(answer.words, "File too large"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_answer_arrives)};
    return cmocka_run_group_tests_name("the verifier's end", tests, NULL, NULL);
}

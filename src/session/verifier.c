/*
 * The verifier's process (monitor/verifier.h): judges what one client has shown as its certificate,
 * says so to the monitor, and that is all. Its cell is closed before it reads a byte; it has two
 * files, which the monitor has opened, and no connection to any client.
 */
#include "lib/cleanup.h"
#include "lib/client_certificate.h"
#include "session/session.h"

#include <errno.h>
#include <string.h>

static int hear(int monitor, struct message *message, struct client_file *ret)
{
    int fd = -1;
    int r = message_receive(monitor, message, &fd);
    cleanup_close int came = fd;
    if (r <= 0)
        return r < 0 ? r : -EPIPE;
    return came < 0 ? 0 : client_file_read(came, ret);
}

int verifier_run(int monitor, const struct tls_library *library)
{
    cleanup_client_file struct client_file authorities = {NULL, 0}, revocations = {NULL, 0};
    struct message asked, message;
    struct client_question question;
    struct client_certificate answer = {.verdict = CLIENT_AUTHORITIES};
    int r = hear(monitor, &asked, &authorities);
    /* In any case: an end with something unread is a reset, and comes before the answer. */
    int heard = hear(monitor, &message, &revocations);
    if (r == 0)
        r = client_question_get(&asked, &question);
    if (r == 0) {
        answer.verdict = CLIENT_REVOCATIONS;
        r = heard;
    }
    if (r == 0 && message.type != CLIENT_REVOCATION_FILE)
        return EXIT_FAILURE;
    if (r == 0) {
        question.authorities = authorities.bytes;
        question.authorities_size = authorities.size;
        question.revocations = revocations.bytes;
        question.revocations_size = revocations.size;
        library->client_verify(&question, &answer);
        client_certificate_refuse_names(&answer);
    } else {
        (void)snprintf(answer.words, sizeof(answer.words), "the file cannot be read: %s",
                       strerror(-r));
    }
    message_begin(&message, CLIENT_ANSWER);
    client_certificate_put(&message, &answer);
    return message_send(monitor, &message, -1) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

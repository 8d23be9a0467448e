/* Asking a client for its certificate: see client_request.h. */
#include "tls/client_request.h"

#include "lib/client_certificate.h"
#include "tls/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* SSL_CTX_add_custom_ext(3). */
static int add_challenge(SSL *ssl, unsigned type, unsigned context, const unsigned char **ret,
                         size_t *ret_size, X509 *certificate, size_t index, int *alert,
                         void *argument)
{
    (void)ssl;
    (void)type;
    (void)context;
    (void)certificate;
    (void)index;
    (void)alert;
    const struct tls_questions *questions = argument;
    *ret = questions->challenge;
    *ret_size = CLIENT_CHALLENGE_SIZE;
    return 1;
}

/* SSL_CTX_set_cert_verify_callback(3): it is not for the session to say. */
static int accept_any(X509_STORE_CTX *chain, void *argument)
{
    (void)chain;
    (void)argument;
    return 1;
}

int client_request_prepare(SSL_CTX *context, const struct tls_questions *questions)
{
    if (!questions->challenge)
        return 0;
    SSL_CTX_set_cert_verify_callback(context, accept_any, NULL);
    /* The library takes the argument as it is, and only hands it back. */
    void *argument = (void *)(uintptr_t)questions;
    return SSL_CTX_add_custom_ext(context, CLIENT_CHALLENGE_EXTENSION,
                                  SSL_EXT_TLS1_3_CERTIFICATE_REQUEST, add_challenge, NULL, argument,
                                  NULL, NULL) == 1
               ? 0
               : -ENOMEM;
}

void client_request_free(struct client_messages *messages)
{
    free(messages->bytes);
    *messages = (struct client_messages){.bytes = NULL};
}

/* SSL_set_msg_callback(3): called with each message of the handshake, whole, in its order. */
static void keep_message(int written, int version, int content_type, const void *bytes, size_t size,
                         SSL *ssl, void *argument)
{
    enum { CERTIFICATE_VERIFY = 15 };
    (void)version;
    (void)ssl;
    struct client_messages *messages = argument;
    if (content_type != SSL3_RT_HANDSHAKE || !messages->bytes || messages->complete || size == 0)
        return;
    /* A client that says more than is looked at has shown nothing. */
    if (size > CLIENT_MESSAGES_MAX - messages->size) {
        client_request_free(messages);
        return;
    }
    memcpy(messages->bytes + messages->size, bytes, size);
    messages->size += size;
    messages->complete = !written && *(const uint8_t *)bytes == CERTIFICATE_VERIFY;
}

int client_request_record(struct tls_stream *stream)
{
    if (!stream->tls->questions->challenge || stream->purpose != TLS_CONTROL)
        return 0;
    stream->messages.bytes = malloc(CLIENT_MESSAGES_MAX);
    if (!stream->messages.bytes)
        return -ENOMEM;
    SSL_set_msg_callback(stream->ssl, keep_message);
    SSL_set_msg_callback_arg(stream->ssl, &stream->messages);
    return 0;
}

void client_request_ask(struct tls_stream *stream)
{
    if (!stream->messages.bytes)
        return;
    if (SSL_version(stream->ssl) == TLS1_3_VERSION)
        SSL_set_verify(stream->ssl, SSL_VERIFY_PEER, NULL);
    else
        client_request_free(&stream->messages);
}

int client_request_finish(struct tls_stream *stream)
{
    const struct tls_questions *questions = stream->tls->questions;
    const struct client_messages *messages = &stream->messages;
    int r = 0;
    if (messages->complete)
        r = questions->certificate(questions->context, messages->bytes, messages->size);
    client_request_free(&stream->messages);
    return r;
}

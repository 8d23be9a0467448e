/*
 * Asking a client for its certificate, in the session: TLS 1.3, control connection only. Private to
 * src/tls. The session judges nothing: any certificate goes through the handshake, and the messages
 * go to the monitor (tls_questions), whose verifier judges (client_certificate.h).
 */
#pragma once

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls_stream;
struct tls_questions;

/* The handshake as far as it has come. */
struct client_messages {
    uint8_t *bytes; /* NULL: none are kept, or no longer */
    size_t size;
    bool complete; /* the client's CertificateVerify was the last */
};

/* Has every CertificateRequest of CONTEXT carry the monitor's challenge. */
int client_request_prepare(SSL_CTX *context, const struct tls_questions *questions);
/* Keeps the messages of a handshake that is about to begin. */
int client_request_record(struct tls_stream *stream);
/* The ClientHello was read: asks for a certificate if the version has come out as TLS 1.3. */
void client_request_ask(struct tls_stream *stream);
/* The handshake is done: hands the messages over if there is a certificate. Negative errno. */
int client_request_finish(struct tls_stream *stream);
void client_request_free(struct client_messages *messages);

/*
 * A socket as OpenSSL sees it (BIO_meth_new(3)): what is written is gathered in the stream's
 * output, what is read comes straight from the kernel into OpenSSL's own buffer. Private to
 * src/tls. It never waits, and never raises SIGPIPE.
 */
#pragma once

#include "tls/internal.h"

/* NULL without memory; BIO_meth_free. */
BIO_METHOD *socket_method(void);
/* Acknowledges at once what has come on a data connection (TCP_QUICKACK, tcp(7)). A client sends
 * its small last pieces of a handshake, a file and close_notify one by one, waits for an
 * acknowledgement in between (Nagle, RFC 896), and ours would take 40 ms where nothing goes back.
 */
void socket_acknowledge(const struct tls_stream *stream);
/* A BIO for STREAM, NULL without memory. */
BIO *socket_bio(struct tls_stream *stream);

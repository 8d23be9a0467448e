/*
 * A socket as OpenSSL sees it (BIO_meth_new(3)): what is written is gathered in the stream's
 * output, what is read comes straight from the kernel into OpenSSL's own buffer. Private to
 * src/tls. It never waits, and never raises SIGPIPE.
 */
#pragma once

#include "tls/internal.h"

/* NULL without memory; BIO_meth_free. */
BIO_METHOD *socket_method(void);
/* A BIO for STREAM, NULL without memory. */
BIO *socket_bio(struct tls_stream *stream);

/*
 * Kernel TLS (Linux Documentation/networking/tls.rst): the kernel encrypts what a download sends,
 * so that a file goes out by sendfile(2). Private to src/tls. Receiving stays here: OpenSSL 3.0 has
 * the kernel decrypt TLS 1.2 only, and takes a system call for each record.
 */
#pragma once

#include "tls/internal.h"

/* Before the handshake: OpenSSL hands the keys over if kernel and cipher can do it. */
int kernel_prepare(struct tls_stream *stream);
/* After it: whether the kernel encrypts. If not, records are gathered as on any other stream. */
void kernel_settle(struct tls_stream *stream);

/* Only if the kernel encrypts. As their namesakes in lib/tls.h. */
ssize_t kernel_write(struct tls_stream *stream, const void *bytes, size_t size);
ssize_t kernel_send_file(struct tls_stream *stream, int file, off_t offset, size_t size);

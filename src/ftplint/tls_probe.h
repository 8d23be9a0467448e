/*
 * What only tests of TLS ask of a connection: new keys, renegotiation, sessions that were tampered
 * with. Only src/ftplint uses it; no test uses it for anything but its subject.
 */
#pragma once

#include <stdbool.h>

struct tls;
struct wire;

/* New keys for what we send, and a request for new ones of the server's (RFC 8446, section 4.6.3).
 * They go out with the next bytes. False unless this is TLS 1.3. */
bool tls_update_keys(struct tls *tls);

/* Asks for a new handshake within the connection (TLS 1.2) and waits at most TIMEOUT milliseconds:
 * true if the server went along. What it sent besides is lost. */
bool tls_renegotiate(struct wire *wire, unsigned timeout);

/* The server signalled RFC 5746; always true with TLS 1.3. */
bool tls_renegotiates_safely(const struct tls *tls);

/* Bits of the server's key of an ephemeral Diffie-Hellman exchange; 0: none. */
unsigned tls_exchange_bits(const struct tls *tls);

/* Bytes of early data that a ticket would allow (RFC 8446, section 4.2.10). */
unsigned tls_early_data(const void *session);

/* A copy of SESSION whose ticket, or number, the server does not know. NULL if it cannot be made.
 * Freed by tls_session_free(). */
void *tls_spoil_session(const void *session);

/* Two sessions' tickets are the same. */
bool tls_same_ticket(const void *one, const void *other);

/*
 * The first message of a TLS handshake, made byte by byte, and what the server answers to it: for
 * what no TLS library does any more (SSL 3.0, RC4, export ciphers) or does only in its own way
 * (records split, a hello of several kB). It knows no cryptography and goes no further than
 * the server's first answer. Only src/ftplint uses it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TLS_HELLO_MAX = 16384 + 64 };

struct tls_hello {
    uint16_t version;        /* 0x0300 SSL 3.0, 0x0301 TLS 1.0, ... 0x0303 TLS 1.2 */
    const uint16_t *ciphers; /* NULL: those of a client of today */
    size_t count;
    bool newest;      /* offers TLS 1.3 beside VERSION */
    bool compression; /* offers DEFLATE beside none */
    const char *name; /* of the server (RFC 6066, section 3); NULL: none */
    size_t padding;   /* bytes of the padding extension (RFC 7685), 0: none */
};

/* The server's first answer. */
struct tls_answer {
    bool hello;       /* a ServerHello: it goes on */
    uint16_t version; /* that it chose */
    uint16_t cipher;
    uint8_t compression; /* 0: none */
    unsigned alert;      /* 0: none */
};

/* Writes the handshake message, without a record around it; returns its size. */
size_t tls_hello_message(const struct tls_hello *hello, unsigned char bytes[TLS_HELLO_MAX]);

/* Puts SIZE bytes of it into a record: the five bytes before them. */
void tls_hello_record(const struct tls_hello *hello, size_t size, unsigned char ret[5]);

/* What SIZE bytes that came are: 1 with *RET, 0 if more has to come, -1 if it is no TLS. */
int tls_hello_answer(const unsigned char *bytes, size_t size, struct tls_answer *ret);

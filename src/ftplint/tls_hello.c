/* ClientHello and ServerHello by hand (RFC 5246, section 7.4.1; RFC 8446, section 4.1): see
 * tls_hello.h. */
#include "ftplint/tls_hello.h"

#include "lib/cleanup.h"

#include <string.h>

enum {
    RECORD_ALERT = 21,
    RECORD_HANDSHAKE = 22,
    CLIENT_HELLO = 1,
    SERVER_HELLO = 2,
    EXTENSION_NAME = 0,
    EXTENSION_VERSIONS = 43,
};

/* ECDHE with AES-GCM for either kind of certificate, then TLS 1.3's, then the signal of RFC 5746.
 */
static const uint16_t modern[] = {0x1301, 0x1302, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0x00ff};

struct writer {
    unsigned char *at;
};

static void put(struct writer *writer, unsigned value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--)
        *writer->at++ = (unsigned char)(value >> (8 * i));
}

static void put_bytes(struct writer *writer, const void *bytes, size_t size)
{
    memcpy(writer->at, bytes, size);
    writer->at += size;
}

/* Leaves room for a length; close_length() writes it. */
static unsigned char *open_length(struct writer *writer, int bytes)
{
    unsigned char *place = writer->at;
    writer->at += bytes;
    return place;
}

static void close_length(struct writer *writer, unsigned char *place, int bytes)
{
    struct writer length = {.at = place};
    put(&length, (unsigned)(writer->at - place - bytes), bytes);
}

static void put_words(struct writer *writer, unsigned extension, const uint16_t *words,
                      size_t count, int length_bytes)
{
    put(writer, extension, 2);
    unsigned char *outer = open_length(writer, 2);
    unsigned char *inner = open_length(writer, length_bytes);
    for (size_t i = 0; i < count; i++)
        put(writer, words[i], 2);
    close_length(writer, inner, length_bytes);
    close_length(writer, outer, 2);
}

static void put_name(struct writer *writer, const char *name)
{
    put(writer, EXTENSION_NAME, 2);
    unsigned char *extension = open_length(writer, 2);
    unsigned char *list = open_length(writer, 2);
    put(writer, 0, 1); /* a host's */
    unsigned char *length = open_length(writer, 2);
    put_bytes(writer, name, strlen(name));
    close_length(writer, length, 2);
    close_length(writer, list, 2);
    close_length(writer, extension, 2);
}

static void put_extensions(struct writer *writer, const struct tls_hello *hello)
{
    static const uint16_t groups[] = {29, 23, 24}; /* x25519, P-256, P-384 */
    static const uint16_t signatures[] = {0x0403, 0x0804, 0x0401, 0x0503,
                                          0x0805, 0x0501, 0x0203, 0x0201};
    static const unsigned char share[] = {0, 51, 0, 38, 0, 36, 0, 29, 0, 32};
    const uint16_t versions[] = {0x0304, hello->version};
    unsigned char *length = open_length(writer, 2);
    if (hello->name)
        put_name(writer, hello->name);
    put_words(writer, 10, groups, ELEMENTS(groups), 2);
    put_bytes(writer, "\0\x0b\0\x02\x01\0", 6); /* point formats: uncompressed */
    put_words(writer, 13, signatures, ELEMENTS(signatures), 2);
    if (hello->newest) {
        put_words(writer, EXTENSION_VERSIONS, versions, ELEMENTS(versions), 1);
        put_bytes(writer, share, sizeof(share));
        for (unsigned i = 0; i < 32; i++) /* any 32 bytes are a public key of x25519 */
            put(writer, 9 + i * 5, 1);
    }
    if (hello->padding) {
        put(writer, 21, 2);
        put(writer, (unsigned)hello->padding, 2);
        memset(writer->at, 0, hello->padding);
        writer->at += hello->padding;
    }
    close_length(writer, length, 2);
}

size_t tls_hello_message(const struct tls_hello *hello, unsigned char bytes[TLS_HELLO_MAX])
{
    struct writer writer = {.at = bytes};
    put(&writer, CLIENT_HELLO, 1);
    unsigned char *whole = open_length(&writer, 3);
    put(&writer, hello->version, 2);
    for (unsigned i = 0; i < 32; i++) /* the random number: nothing here is kept secret */
        put(&writer, 7 + i * 11, 1);
    put(&writer, 0, 1); /* no session */
    unsigned char *ciphers = open_length(&writer, 2);
    const uint16_t *list = hello->ciphers ? hello->ciphers : modern;
    for (size_t i = 0; i < (hello->ciphers ? hello->count : ELEMENTS(modern)); i++)
        put(&writer, list[i], 2);
    close_length(&writer, ciphers, 2);
    put_bytes(&writer, hello->compression ? "\2\1\0" : "\1\0", hello->compression ? 3 : 2);
    if (hello->version > 0x0300)
        put_extensions(&writer, hello);
    close_length(&writer, whole, 3);
    return (size_t)(writer.at - bytes);
}

void tls_hello_record(const struct tls_hello *hello, size_t size, unsigned char ret[5])
{
    struct writer writer = {.at = ret};
    put(&writer, RECORD_HANDSHAKE, 1);
    /* Every server takes TLS 1.0 here; SSL 3.0 alone is said as such. */
    put(&writer, hello->version == 0x0300 ? 0x0300 : 0x0301, 2);
    put(&writer, (unsigned)size, 2);
}

static unsigned word(const unsigned char *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

/* The version that supported_versions of a ServerHello names, 0 if it is not there. */
static uint16_t chosen_version(const unsigned char *at, const unsigned char *end)
{
    while (end - at >= 4) {
        size_t size = word(at + 2);
        if ((size_t)(end - at - 4) < size)
            return 0;
        if (word(at) == EXTENSION_VERSIONS && size == 2)
            return (uint16_t)word(at + 4);
        at += 4 + size;
    }
    return 0;
}

int tls_hello_answer(const unsigned char *bytes, size_t size, struct tls_answer *ret)
{
    *ret = (struct tls_answer){.hello = false};
    if (size == 0)
        return 0;
    if ((bytes[0] != RECORD_ALERT && bytes[0] != RECORD_HANDSHAKE) || (size > 1 && bytes[1] != 3))
        return -1;
    if (size < 5 || size - 5 < word(bytes + 3))
        return 0;
    const unsigned char *at = bytes + 5;
    const unsigned char *end = at + word(bytes + 3);
    if (bytes[0] == RECORD_ALERT) {
        ret->alert = end - at >= 2 ? at[1] : 0;
        return end - at >= 2 ? 1 : -1;
    }
    /* Type, length, version, random number, session, cipher, compression. */
    if (end - at < 39 || at[0] != SERVER_HELLO || end - at < 42 + at[38])
        return -1;
    ret->hello = true;
    ret->version = (uint16_t)word(at + 4);
    at += 39 + at[38];
    ret->cipher = (uint16_t)word(at);
    ret->compression = at[2];
    uint16_t newer = end - at > 5 ? chosen_version(at + 5, end) : 0;
    ret->version = newer ? newer : ret->version;
    return 1;
}

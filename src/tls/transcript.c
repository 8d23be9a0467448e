/* The messages of a handshake, taken apart: see transcript.h. */
#include "tls/transcript.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <string.h>

/* HandshakeType (RFC 8446 section 4). */
enum {
    CLIENT_HELLO = 1,
    SERVER_HELLO = 2,
    ENCRYPTED_EXTENSIONS = 8,
    CERTIFICATE = 11,
    CERTIFICATE_REQUEST = 13,
    CERTIFICATE_VERIFY = 15,
    FINISHED = 20,
    MESSAGE_HASH = 254,
};

/* The random number of a HelloRetryRequest (RFC 8446 section 4.1.3). */
static const uint8_t retry_random[32] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

/* --- taking bytes from the front; one byte too many breaks it for good --- */

struct reader {
    struct span left;
    bool broken;
};

static struct span take(struct reader *reader, size_t size)
{
    if (reader->broken || size > reader->left.size) {
        reader->broken = true;
        return (struct span){NULL, 0};
    }
    struct span taken = {reader->left.bytes, size};
    reader->left.bytes += size;
    reader->left.size -= size;
    return taken;
}

static size_t take_number(struct reader *reader, size_t size)
{
    struct span digits = take(reader, size);
    size_t number = 0;
    for (size_t i = 0; i < digits.size; i++)
        number = number << 8 | digits.bytes[i];
    return number;
}

/* A vector with a length of SIZE bytes in front (RFC 8446 section 3.4). */
static struct span take_vector(struct reader *reader, size_t size)
{
    return take(reader, take_number(reader, size));
}

static bool is_at_end(const struct reader *reader)
{
    return !reader->broken && reader->left.size == 0;
}

/* --- the messages --- */

struct handshake {
    unsigned type;
    struct reader body;
    const uint8_t *begin;
    const uint8_t *end;
};

static bool next_message(struct reader *messages, unsigned type, struct handshake *ret)
{
    ret->begin = messages->left.bytes;
    ret->type = (unsigned)take_number(messages, 1);
    ret->body = (struct reader){take_vector(messages, 3), messages->broken};
    ret->end = messages->left.bytes;
    return !messages->broken && ret->type == type;
}

/* SHA-256, but for the one cipher suite that has another (RFC 8446 appendix B.4). NULL for one that
 * is not TLS 1.3's. */
static const EVP_MD *hash_of(size_t cipher_suite)
{
    switch (cipher_suite) {
    case 0x1301:
    case 0x1303:
    case 0x1304:
    case 0x1305: return EVP_sha256();
    case 0x1302: return EVP_sha384();
    default: return NULL;
    }
}

/* ServerHello and HelloRetryRequest (RFC 8446 section 4.1.3). */
static bool read_server_hello(struct reader *body, const EVP_MD **ret_hash, bool *ret_retry)
{
    (void)take_number(body, 2);
    struct span random = take(body, sizeof(retry_random));
    (void)take_vector(body, 1);
    *ret_hash = hash_of(take_number(body, 2));
    *ret_retry = !body->broken && memcmp(random.bytes, retry_random, sizeof(retry_random)) == 0;
    return !body->broken && *ret_hash;
}

/* ClientHello and ServerHello, with a HelloRetryRequest and another ClientHello before it or not.
 */
static bool read_hellos(struct reader *messages, struct transcript *ret)
{
    struct handshake hello, answer;
    bool retry = false;
    if (!next_message(messages, CLIENT_HELLO, &hello) ||
        !next_message(messages, SERVER_HELLO, &answer) ||
        !read_server_hello(&answer.body, &ret->hash, &retry))
        return false;
    if (!retry)
        return true;
    const EVP_MD *hash = ret->hash;
    ret->first_hello = (struct span){hello.begin, (size_t)(hello.end - hello.begin)};
    ret->rest.bytes += ret->first_hello.size;
    ret->rest.size -= ret->first_hello.size;
    return next_message(messages, CLIENT_HELLO, &hello) &&
           next_message(messages, SERVER_HELLO, &answer) &&
           read_server_hello(&answer.body, &ret->hash, &retry) && !retry && ret->hash == hash;
}

/* RFC 8446 section 4.3.2. No extension may come twice. */
static bool read_request(struct reader *body, struct span *ret_challenge)
{
    struct span context = take_vector(body, 1);
    struct reader extensions = {take_vector(body, 2), body->broken};
    if (context.size != 0 || !is_at_end(body))
        return false;
    while (extensions.left.size > 0 && !extensions.broken) {
        bool ours = take_number(&extensions, 2) == CLIENT_CHALLENGE_EXTENSION;
        struct span content = take_vector(&extensions, 2);
        if (ours && ret_challenge->bytes)
            return false;
        if (ours)
            *ret_challenge = content;
    }
    return !extensions.broken;
}

/* RFC 8446 section 4.4.2. */
static bool read_certificate(struct reader *body, struct span *ret_list)
{
    struct span context = take_vector(body, 1);
    *ret_list = take_vector(body, 3);
    return context.size == 0 && is_at_end(body) && ret_list->size > 0;
}

/* RFC 8446 section 4.4.3. */
static bool read_verify(struct reader *body, struct transcript *ret)
{
    ret->scheme = (unsigned)take_number(body, 2);
    ret->signature = take_vector(body, 2);
    return is_at_end(body);
}

int transcript_read(const uint8_t *bytes, size_t size, struct transcript *ret)
{
    struct reader messages = {{bytes, size}, false};
    struct handshake server, client, other;
    *ret = (struct transcript){.rest = {bytes, size}};
    bool good = read_hellos(&messages, ret) &&
                next_message(&messages, ENCRYPTED_EXTENSIONS, &other) &&
                next_message(&messages, CERTIFICATE_REQUEST, &other) &&
                read_request(&other.body, &ret->challenge) &&
                next_message(&messages, CERTIFICATE, &server) &&
                read_certificate(&server.body, &ret->server_list) &&
                next_message(&messages, CERTIFICATE_VERIFY, &other) &&
                next_message(&messages, FINISHED, &other) &&
                next_message(&messages, CERTIFICATE, &client) &&
                read_certificate(&client.body, &ret->client_list) &&
                next_message(&messages, CERTIFICATE_VERIFY, &other) &&
                read_verify(&other.body, ret) && is_at_end(&messages);
    if (!good)
        return -EBADMSG;
    ret->server_end = server.end;
    ret->client_end = client.end;
    return 0;
}

/* In the place of the ClientHello before a HelloRetryRequest stands its hash (RFC 8446 section
 * 4.4.1). */
static bool hash_first_hello(const struct transcript *transcript, EVP_MD_CTX *context)
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (transcript->first_hello.size == 0)
        return true;
    if (EVP_Digest(transcript->first_hello.bytes, transcript->first_hello.size, hash, &size,
                   transcript->hash, NULL) != 1)
        return false;
    const uint8_t head[] = {MESSAGE_HASH, 0, 0, (uint8_t)size};
    return EVP_DigestUpdate(context, head, sizeof(head)) == 1 &&
           EVP_DigestUpdate(context, hash, size) == 1;
}

size_t transcript_hash(const struct transcript *transcript, const uint8_t *end,
                       uint8_t ret[CLIENT_HASH_MAX])
{
    unsigned size = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done = context && EVP_DigestInit_ex(context, transcript->hash, NULL) == 1 &&
                hash_first_hello(transcript, context) &&
                EVP_DigestUpdate(context, transcript->rest.bytes,
                                 (size_t)(end - transcript->rest.bytes)) == 1 &&
                EVP_DigestFinal_ex(context, ret, &size) == 1;
    EVP_MD_CTX_free(context);
    return done ? size : 0;
}

int transcript_certificate(struct span *list, struct span *ret)
{
    if (list->size == 0)
        return 0;
    struct reader entries = {*list, false};
    *ret = take_vector(&entries, 3);
    (void)take_vector(&entries, 2); /* extensions: status and the like, none asked for */
    *list = entries.left;
    return entries.broken || ret->size == 0 ? -EBADMSG : 1;
}

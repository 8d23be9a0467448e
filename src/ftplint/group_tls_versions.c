/* The versions and ciphers of TLS that the server accepts. What no TLS library offers any more is
 * offered by a hello made by hand. */
#include "ftplint/secure.h"
#include "ftplint/tls_probe.h"

#include "lib/cleanup.h"

#include <openssl/ssl.h>
#include <string.h>

static const char *version_name(unsigned version)
{
    static const char *const names[] = {"SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"};
    return version >= 0x0300 && version - 0x0300 < ELEMENTS(names) ? names[version - 0x0300]
                                                                   : "an unknown version";
}

/* What every old client had: any server that speaks the version at all takes one of these. */
static const uint16_t old_ciphers[] = {0xc013, 0xc009, 0xc014, 0xc00a, 0x0033, 0x002f,
                                       0x0039, 0x0035, 0x000a, 0x0005, 0x0004, 0x00ff};

/* The parameter of these tests is what is offered and nothing else. */
static void refuses_version(struct exam *exam)
{
    const struct tls_hello *hello = exam->test->parameter;
    struct tls_answer answer = say_hello(exam, hello, TLS_HELLO_MAX);
    if (answer.hello)
        fail(exam, "an alert (protocol_version, 70), or the end of the connection",
             "a ServerHello with %s and cipher 0x%04x", version_name(answer.version),
             (unsigned)answer.cipher);
}

static const struct tls_hello ssl_3_0 = {
    .version = 0x0300, .ciphers = old_ciphers, .count = ELEMENTS(old_ciphers)};
static const struct tls_hello tls_1_0 = {
    .version = 0x0301, .ciphers = old_ciphers, .count = ELEMENTS(old_ciphers)};
static const struct tls_hello tls_1_1 = {
    .version = 0x0302, .ciphers = old_ciphers, .count = ELEMENTS(old_ciphers)};

static const uint16_t null_ciphers[] = {0x0001, 0x0002, 0x003b, 0xc006, 0xc010, 0xc015};
static const uint16_t anonymous_ciphers[] = {0x0018, 0x0034, 0x003a, 0x006c, 0x006d,
                                             0x00a6, 0x00a7, 0xc018, 0xc019};
static const uint16_t export_ciphers[] = {0x0003, 0x0006, 0x0008, 0x0009, 0x0011,
                                          0x0012, 0x0014, 0x0015, 0x0062, 0x0064};
static const uint16_t rc4_ciphers[] = {0x0004, 0x0005, 0xc007, 0xc011};
static const uint16_t triple_des_ciphers[] = {0x000a, 0x0013, 0x0016, 0xc008, 0xc012};
static const uint16_t static_rsa_ciphers[] = {0x009c, 0x009d, 0x002f, 0x0035, 0x003c, 0x003d};

#define ONLY(list)                                                                                 \
    {                                                                                              \
        .version = 0x0303, .ciphers = (list), .count = ELEMENTS(list)                              \
    }
static const struct tls_hello only_null = ONLY(null_ciphers);
static const struct tls_hello only_anonymous = ONLY(anonymous_ciphers);
static const struct tls_hello only_export = ONLY(export_ciphers);
static const struct tls_hello only_rc4 = ONLY(rc4_ciphers);
static const struct tls_hello only_triple_des = ONLY(triple_des_ciphers);
static const struct tls_hello only_static_rsa = ONLY(static_rsa_ciphers);
#undef ONLY

static void refuses_cipher(struct exam *exam)
{
    const struct tls_hello *hello = exam->test->parameter;
    struct tls_answer answer = say_hello(exam, hello, TLS_HELLO_MAX);
    if (answer.hello)
        fail(exam, "an alert (handshake_failure, 40): no cipher that was offered is good enough",
             "a ServerHello with cipher 0x%04x of IANA's list", (unsigned)answer.cipher);
}

static void no_compression(struct exam *exam)
{
    struct tls_hello hello = {.version = 0x0303, .compression = true};
    struct tls_answer answer = say_hello(exam, &hello, TLS_HELLO_MAX);
    if (answer.hello && answer.compression != 0)
        fail(exam, "a ServerHello without compression", "one with compression method %u",
             (unsigned)answer.compression);
}

static void newest_version(struct exam *exam)
{
    struct tls_offer offer = {.version_min = TLS1_3_VERSION};
    struct client *client = given_offer(exam, &offer);
    if (try_handshake(client) < 0)
        fail(exam, "a handshake with TLS 1.3", "%s", client->tls.problem);
}

static void prefers_newest(struct exam *exam)
{
    struct tls_offer newest = {.version_min = TLS1_3_VERSION};
    if (try_handshake(given_offer(exam, &newest)) < 0)
        skip(exam, "the server does not speak TLS 1.3");
    struct client *client = given_secured(exam, NULL);
    if (strcmp(client->tls.version, "TLSv1.3") != 0)
        fail(exam, "TLS 1.3, which both sides speak", "%s", client->tls.version);
}

static void old_clients(struct exam *exam)
{
    struct tls_offer offer = {.version_max = TLS1_2_VERSION};
    struct client *client = given_offer(exam, &offer);
    if (try_handshake(client) < 0)
        fail(exam, "a handshake with TLS 1.2", "%s", client->tls.problem);
}

static const struct tls_offer only_1_2 = {.version_max = TLS1_2_VERSION};

static void forward_secrecy(struct exam *exam)
{
    struct client *client = given_secured(exam, &only_1_2);
    const char *cipher = client->tls.cipher;
    if (strncmp(cipher, "ECDHE-", 6) != 0 && strncmp(cipher, "DHE-", 4) != 0)
        fail(exam, "a cipher with an ephemeral key exchange (ECDHE, DHE), which was offered first",
             "%s", cipher);
}

static void exchange_size(struct exam *exam)
{
    struct tls_offer offer = {.version_max = TLS1_2_VERSION, .ciphers = "kDHE:@SECLEVEL=0"};
    struct client *client = given_offer(exam, &offer);
    if (try_handshake(client) < 0)
        skip(exam, "the server has no cipher with DHE: %s", client->tls.problem);
    unsigned bits = tls_exchange_bits(client->wire.tls);
    if (bits < 2048)
        fail(exam, "a Diffie-Hellman group of 2048 bits or more", "one of %u bits", bits);
}

static const struct test tests[] = {
    HELLO_TEST("rfc7568.version.ssl-3", SEVERITY_ERROR, "SSL 3.0 is refused",
               "RFC 7568, section 3: SSL 3.0 must not be used; its ciphers are broken (POODLE).",
               "Set the lowest version to TLS 1.2.", refuses_version, &ssl_3_0),
    HELLO_TEST("rfc8996.version.tls-1-0", SEVERITY_ERROR, "TLS 1.0 is refused",
               "RFC 8996, section 4: TLS 1.0 must not be used; it rests on MD5 and SHA-1.",
               "Set the lowest version to TLS 1.2.", refuses_version, &tls_1_0),
    HELLO_TEST("rfc8996.version.tls-1-1", SEVERITY_ERROR, "TLS 1.1 is refused",
               "RFC 8996, section 5: TLS 1.1 must not be used; it rests on MD5 and SHA-1.",
               "Set the lowest version to TLS 1.2.", refuses_version, &tls_1_1),
    HELLO_TEST("practice.version.tls-1-2", SEVERITY_NOTE, "TLS 1.2 is spoken",
               "Scanners, cameras and older programs know nothing newer than TLS 1.2; they cannot "
               "connect to a server that insists on TLS 1.3.",
               "Allow TLS 1.2 unless all clients are known to be newer.", old_clients, NULL),
    HELLO_TEST("rfc9325.version.tls-1-3", SEVERITY_WARNING, "TLS 1.3 is spoken",
               "RFC 9325, section 3.1.1: implementations should support TLS 1.3, which is safer "
               "and needs one round trip less for each data connection.",
               "Link the server with a TLS library that knows TLS 1.3, and allow it.",
               newest_version, NULL),
    HELLO_TEST("rfc9325.version.newest", SEVERITY_ERROR,
               "TLS 1.3 is preferred where both sides speak it",
               "RFC 9325, section 3.1.1: whoever implements TLS 1.3 must prefer it.",
               "Leave the choice of the version to the TLS library.", prefers_newest, NULL),
    HELLO_TEST("rfc9325.cipher.null", SEVERITY_ERROR, "ciphers that encrypt nothing are refused",
               "RFC 9325, section 4.1: suites with NULL encryption must not be negotiated: "
               "everybody on the way reads passwords and files.",
               "Take NULL out of the list of ciphers.", refuses_cipher, &only_null),
    HELLO_TEST("rfc4217.cipher.anonymous", SEVERITY_ERROR,
               "ciphers without a certificate are refused",
               "RFC 4217, section 15.1.1: with anonymous Diffie-Hellman nothing says who the "
               "server is, and whoever stands between can be it.",
               "Take aNULL out of the list of ciphers.", refuses_cipher, &only_anonymous),
    HELLO_TEST("rfc9325.cipher.export", SEVERITY_ERROR, "export ciphers and DES are refused",
               "RFC 9325, section 4.1: suites of less than 112 bits must not be negotiated; those "
               "of 40 and 56 bits are broken within hours (FREAK, Logjam).",
               "Take EXPORT and LOW out of the list of ciphers.", refuses_cipher, &only_export),
    HELLO_TEST("rfc7465.cipher.rc4", SEVERITY_ERROR, "RC4 is refused",
               "RFC 7465, section 2, and RFC 9325, section 4.1: RC4 must not be negotiated.",
               "Take RC4 out of the list of ciphers.", refuses_cipher, &only_rc4),
    HELLO_TEST("rfc9325.cipher.3des", SEVERITY_WARNING, "3DES is refused",
               "RFC 9325, section 4.1: suites of less than 128 bits should not be negotiated; "
               "blocks of 64 bits collide within one large transfer (Sweet32).",
               "Take 3DES out of the list of ciphers.", refuses_cipher, &only_triple_des),
    HELLO_TEST("rfc9325.cipher.static-rsa", SEVERITY_NOTE,
               "ciphers without forward secrecy are refused",
               "RFC 9325, section 4.1: static RSA should not be negotiated: who gets the key one "
               "day reads everything that was recorded before.",
               "Take kRSA out of the list of ciphers.", refuses_cipher, &only_static_rsa),
    HELLO_TEST("rfc9325.cipher.forward-secrecy", SEVERITY_ERROR,
               "with TLS 1.2 a cipher with forward secrecy is chosen",
               "RFC 9325, section 4.1: ciphers with forward secrecy must be supported and "
               "preferred.",
               "Put ECDHE in front of the list of ciphers.", forward_secrecy, NULL),
    HELLO_TEST("rfc9325.cipher.dhe-size", SEVERITY_ERROR,
               "Diffie-Hellman groups have 2048 bits or more",
               "RFC 9325, section 4.5: at least 2048 bits are required; smaller groups are within "
               "the reach of an attacker (Logjam, CVE-2016-3125).",
               "Make parameters of 2048 bits or more, or leave DHE out.", exchange_size, NULL),
    HELLO_TEST("rfc9325.handshake.compression", SEVERITY_WARNING, "TLS does not compress",
               "RFC 9325, section 3.3: TLS 1.2 should not compress; compression lets an attacker "
               "guess what is encrypted from "
               "its length (CRIME).",
               "Switch TLS compression off.", no_compression, NULL),
};

const struct group group_tls_versions = {
    .name = "tls-versions",
    .title = "TLS: versions and ciphers",
    .tests = tests,
    .count = ELEMENTS(tests),
};

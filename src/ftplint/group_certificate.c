/* The server's certificate, as a strict client looks at it. Read once per test: handshakes are
 * cheap, and each test says one thing. */
#include "ftplint/secure.h"
#include "ftplint/tls_certificate.h"

#include "lib/cleanup.h"

#include <string.h>
#include <time.h>

enum {
    DAY = 24 * 60 * 60,
    NOTICE = 14, /* days in which a certificate can still be renewed in peace */
};

static struct certificate examined(struct exam *exam)
{
    struct client *client = given_secured(exam, NULL);
    struct certificate certificate;
    if (!tls_certificate(client->wire.tls, exam->target, &certificate))
        blocked(exam, "the server showed no certificate");
    return certificate;
}

/* "2026-11-23 08:30:00 UTC" */
static const char *moment(struct exam *exam, int64_t seconds)
{
    char text[64];
    time_t when = (time_t)seconds;
    struct tm parts;
    if (!gmtime_r(&when, &parts) || strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &parts) == 0)
        return "a time out of all bounds";
    return exam_format(exam, "%s", text);
}

static void begun(struct exam *exam)
{
    struct certificate certificate = examined(exam);
    if ((int64_t)time(NULL) < certificate.not_before)
        fail(exam, "a certificate that is valid already", "one that is valid from %s",
             moment(exam, certificate.not_before));
}

static void not_expired(struct exam *exam)
{
    struct certificate certificate = examined(exam);
    if ((int64_t)time(NULL) > certificate.not_after)
        fail(exam, "a certificate that is still valid", "one that ended on %s",
             moment(exam, certificate.not_after));
}

static void not_soon_expired(struct exam *exam)
{
    struct certificate certificate = examined(exam);
    int64_t now = (int64_t)time(NULL);
    if (now <= certificate.not_after && certificate.not_after - now < NOTICE * DAY)
        fail(exam, exam_format(exam, "a certificate with %d days or more before it", NOTICE),
             "one that ends on %s", moment(exam, certificate.not_after));
}

static void named(struct exam *exam)
{
    struct certificate certificate = examined(exam);
    const char *host = exam->target->host;
    if (certificate.matches)
        return;
    if (!tls_host_name(host))
        skip(exam, "the server was given as an address; the certificate names %s",
             *certificate.names ? certificate.names : certificate.subject);
    fail(exam, exam_format(exam, "a certificate for %s", host), "one for %s",
         *certificate.names ? certificate.names : certificate.subject);
}

static void alternative_names(struct exam *exam)
{
    struct certificate certificate = examined(exam);
    if (!*certificate.names)
        fail(exam, "names in the extension subjectAltName", "only the subject, %s",
             certificate.subject);
}

static void trusted_by_system(struct exam *exam)
{
    if (exam->target->authorities)
        skip(exam, "the authorities to trust were given on the command line");
    struct certificate certificate = examined(exam);
    if (*certificate.trust_problem)
        fail(exam, "a certificate of an authority that this machine trusts",
             "%s (subject %s, issuer %s)", certificate.trust_problem, certificate.subject,
             certificate.issuer);
}

static void trusted_as_told(struct exam *exam)
{
    if (!exam->target->authorities)
        skip(exam, "it needs --ca, the authorities that clients of this server trust");
    struct certificate certificate = examined(exam);
    if (*certificate.trust_problem)
        fail(exam, "a chain that the given authorities vouch for",
             "%s (subject %s, issuer %s, %u certificates were sent)", certificate.trust_problem,
             certificate.subject, certificate.issuer, certificate.length);
}

static void chain_order(struct exam *exam)
{
    struct certificate certificate = examined(exam);
    if (certificate.stray)
        fail(exam, "each certificate followed by its issuer's",
             "number %u of %u is not the issuer of the one before it", certificate.stray,
             certificate.length);
}

static void key_size(struct exam *exam)
{
    struct certificate certificate = examined(exam);
    bool is_rsa = strncmp(certificate.key_type, "RSA", 3) == 0;
    unsigned least = is_rsa ? 2048 : 224;
    if (certificate.key_bits < least)
        fail(exam, is_rsa ? "an RSA key of 2048 bits or more" : "a curve of 224 bits or more",
             "%s with %u bits", certificate.key_type, certificate.key_bits);
}

static void signature(struct exam *exam)
{
    struct certificate certificate = examined(exam);
    if (certificate.self_issued)
        skip(exam, "the certificate is self-signed, and clients do not check such a signature");
    if (strcmp(certificate.signature, "SHA1") == 0 || strncmp(certificate.signature, "MD", 2) == 0)
        fail(exam, "a signature with SHA-256 or better", "one with %s", certificate.signature);
}

static void usage(struct exam *exam)
{
    struct certificate certificate = examined(exam);
    if (!certificate.serves)
        fail(exam, "key usages that allow a TLS server, or none",
             "a certificate that must not be used for one (subject %s)", certificate.subject);
}

static void no_authority(struct exam *exam)
{
    struct certificate certificate = examined(exam);
    if (certificate.is_authority)
        fail(exam, "a certificate of a server", "one of an authority (CA:TRUE), subject %s",
             certificate.subject);
}

static void version(struct exam *exam)
{
    struct certificate certificate = examined(exam);
    if (certificate.version != 3)
        fail(exam, "X.509 version 3", "version %u", certificate.version);
}

/* The data connection's own: a full handshake, since a resumed one shows none. */
static void same_on_data(struct exam *exam)
{
    struct client *client = given_private(exam, ACCOUNT_USER, NULL);
    struct certificate control;
    struct certificate other;
    if (!tls_certificate(client->wire.tls, exam->target, &control))
        blocked(exam, "the server showed no certificate");
    struct data *data = given_data(client);
    send_line(client, "NLST");
    struct tls_offer offer = {.resume = NULL};
    if (try_data_handshake(data, &offer) < 0)
        skip(exam, "the server takes no new TLS session on a data connection: %s",
             data->tls.problem);
    if (!tls_certificate(data->wire.tls, exam->target, &other))
        skip(exam, "the data connection showed no certificate");
    if (memcmp(control.fingerprint, other.fingerprint, sizeof(control.fingerprint)) != 0)
        fail(exam, exam_format(exam, "the control connection's certificate (%s)", control.subject),
             "another one (%s)", other.subject);
}

#define CERTIFICATE_TEST(...) HELLO_TEST(__VA_ARGS__, NULL)

static const struct test tests[] = {
    CERTIFICATE_TEST("rfc5280.certificate.begun", SEVERITY_ERROR,
                     "the certificate is valid already",
                     "RFC 5280, section 4.1.2.5: before its notBefore a certificate says nothing; "
                     "clients refuse it.",
                     "Check the clocks of the server and of whoever made the certificate.", begun),
    CERTIFICATE_TEST(
        "rfc5280.certificate.expired", SEVERITY_ERROR, "the certificate has not expired",
        "RFC 5280, section 4.1.2.5: after its notAfter a certificate says nothing; "
        "clients refuse it.",
        "Renew the certificate, and see that the server reads the new one.", not_expired),
    CERTIFICATE_TEST("practice.certificate.expires-soon", SEVERITY_WARNING,
                     "the certificate is valid for 14 days or more",
                     "On the day when it ends every client stops working at once; automatic "
                     "renewal comes weeks earlier, so something is wrong with it.",
                     "Renew the certificate, and look why that did not happen by itself.",
                     not_soon_expired),
    CERTIFICATE_TEST("rfc4217.certificate.name", SEVERITY_WARNING,
                     "the certificate names the host that the client asked for",
                     "RFC 4217, section 15.1.1, recommends names as those of web servers have "
                     "them; clients refuse, or ask their user about, a certificate for another "
                     "name.",
                     "Get a certificate for the name under which clients know the server.", named),
    CERTIFICATE_TEST("rfc9525.certificate.alternative-names", SEVERITY_WARNING,
                     "the certificate's names stand in subjectAltName",
                     "RFC 9525, section 2: clients look for the host in subjectAltName and no "
                     "longer in the subject's common name.",
                     "Make the certificate anew with its names in subjectAltName.",
                     alternative_names),
    CERTIFICATE_TEST("practice.certificate.public", SEVERITY_NOTE,
                     "an authority that this machine trusts vouches for the certificate",
                     "Clients refuse, or ask their user about, a certificate that signs itself or "
                     "comes from an authority they do not know.",
                     "Get a certificate of a public authority, or tell ftplint by --ca which "
                     "authority your clients trust.",
                     trusted_by_system),
    CERTIFICATE_TEST("practice.certificate.chain", SEVERITY_WARNING,
                     "the chain leads to the authorities that were given",
                     "RFC 8446, section 4.4.2, and common practice: the server sends all that a "
                     "client needs besides the root. Where an intermediate certificate is missing "
                     "some clients refuse, and others happen to know it.",
                     "Put the certificates of the intermediate authorities behind the server's.",
                     trusted_as_told),
    CERTIFICATE_TEST(
        "rfc5246.certificate.order", SEVERITY_WARNING, "the certificates are sent in order",
        "RFC 5246, section 7.4.2: each certificate must certify the one before it; "
        "with TLS 1.3 it should. Small clients do not sort.",
        "Put the file in order: the server's certificate, its issuer's, and so on.", chain_order),
    CERTIFICATE_TEST("rfc9325.certificate.key-size", SEVERITY_ERROR, "the key is large enough",
                     "RFC 9325, section 4.5: RSA keys need 2048 bits, curves 224; clients refuse "
                     "smaller ones.",
                     "Make a new key: RSA with 2048 bits or more, or P-256.", key_size),
    CERTIFICATE_TEST("rfc9325.certificate.signature", SEVERITY_ERROR,
                     "the certificate is not signed with SHA-1 or MD5",
                     "RFC 9325, section 4.5: SHA-1 and MD5 must not be used; who finds a collision "
                     "has a certificate of the same authority.",
                     "Have the certificate issued anew.", signature),
    CERTIFICATE_TEST("rfc5280.certificate.usage", SEVERITY_ERROR,
                     "the certificate may be used for a TLS server",
                     "RFC 5280, section 4.2.1.12: a certificate whose extended key usage does not "
                     "name server authentication must not be used for it; clients refuse it.",
                     "Get a certificate for a server (extendedKeyUsage serverAuth).", usage),
    CERTIFICATE_TEST("practice.certificate.no-authority", SEVERITY_NOTE,
                     "the certificate is not one of an authority",
                     "Several TLS libraries refuse a server whose certificate has CA:TRUE, as "
                     "\"openssl req -x509\" makes it; and who takes its key can issue others.",
                     "Make the certificate anew with basicConstraints CA:FALSE.", no_authority),
    CERTIFICATE_TEST("rfc5280.certificate.version", SEVERITY_WARNING,
                     "the certificate is of X.509 version 3",
                     "RFC 5280, section 4.1.2.1: only version 3 has extensions, and without them "
                     "there are no names that clients look at.",
                     "Make the certificate anew.", version),
    {
        .name = "rfc4217.certificate.data",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY | TEST_TLS,
        .title = "data connections show the control connection's certificate",
        .reason = "RFC 4217, section 15.1.1: the same certificate on both is strongly recommended; "
                  "otherwise a client cannot tell the server's data connection from another's.",
        .remedy = "Use one certificate for control and data connections.",
        .run = same_on_data,
    },
};
#undef CERTIFICATE_TEST

const struct group group_certificate = {
    .name = "certificate",
    .title = "TLS: the certificate",
    .tests = tests,
    .count = ELEMENTS(tests),
};

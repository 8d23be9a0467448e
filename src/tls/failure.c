/*
 * The table from OpenSSL's reasons to sentences. See failure.h.
 */
#include "tls/failure.h"

#include "lib/cleanup.h"

#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/tls1.h>
#include <stdio.h>
#include <string.h>

enum { ALERT = SSL_AD_REASON_OFFSET }; /* an alert that came from the client */

struct reason {
    int reason;
    const char *words;
};

#define NO_TLS  "the client sent no TLS"
#define VERSION "the client offers no TLS version that is allowed here (tls.minimum)"
#define DAMAGED "the client broke the rules of TLS"

static const struct reason reasons[] = {
    {SSL_R_UNEXPECTED_EOF_WHILE_READING, "the connection ended without a goodbye of TLS"},
    {SSL_R_HTTP_REQUEST, "the client sent no TLS, but HTTP"},
    {SSL_R_HTTPS_PROXY_REQUEST, "the client sent no TLS, but HTTP to a proxy"},
    {SSL_R_WRONG_VERSION_NUMBER, NO_TLS},
    {SSL_R_UNKNOWN_PROTOCOL, NO_TLS},
    {SSL_R_PACKET_LENGTH_TOO_LONG, NO_TLS},
    {SSL_R_UNSUPPORTED_PROTOCOL, VERSION},
    {SSL_R_VERSION_TOO_LOW, VERSION},
    {SSL_R_NO_PROTOCOLS_AVAILABLE, VERSION},
    {SSL_R_INAPPROPRIATE_FALLBACK, "the client fell back to an older version of TLS"},
    {SSL_R_NO_SHARED_CIPHER,
     "the client offers no cipher that is allowed here and fits the certificate (tls.ciphers)"},
    {SSL_R_NO_SHARED_GROUPS, "the client offers no group that is allowed here (tls.groups)"},
    {SSL_R_NO_SUITABLE_KEY_SHARE, "the client offers no group that is allowed here (tls.groups)"},
    {SSL_R_NO_SUITABLE_GROUPS, "the client offers no group that is allowed here (tls.groups)"},
    {SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM,
     "the client cannot verify a signature by the key of this certificate"},
    {SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS,
     "the client cannot verify a signature by the key of this certificate"},
    {SSL_R_NO_APPLICATION_PROTOCOL, "the client wants another protocol than FTP (ALPN)"},
    {SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED, "the client cannot renegotiate securely"},
    {SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, "what arrived was changed on its way"},
    {SSL_R_BAD_RECORD_TYPE, DAMAGED},
    {SSL_R_UNEXPECTED_MESSAGE, DAMAGED},
    {SSL_R_UNEXPECTED_RECORD, DAMAGED},
    {SSL_R_LENGTH_MISMATCH, DAMAGED},
    {SSL_R_DIGEST_CHECK_FAILED, "the handshake was changed on its way"},
    {ALERT + SSL_AD_UNEXPECTED_MESSAGE, "the client refuses (alert unexpected message)"},
    {ALERT + SSL_AD_BAD_RECORD_MAC,
     "the client says that what arrived was changed on its way (alert bad record mac)"},
    {ALERT + SSL_AD_HANDSHAKE_FAILURE,
     "the client accepts no cipher or certificate of this server (alert handshake failure)"},
    {ALERT + SSL_AD_BAD_CERTIFICATE,
     "the client does not accept this certificate (alert bad certificate)"},
    {ALERT + SSL_AD_UNSUPPORTED_CERTIFICATE,
     "the client does not accept this certificate (alert unsupported certificate)"},
    {ALERT + SSL_AD_CERTIFICATE_REVOKED,
     "the client says that this certificate is revoked (alert certificate revoked)"},
    {ALERT + SSL_AD_CERTIFICATE_EXPIRED,
     "the client says that this certificate has expired (alert certificate expired)"},
    {ALERT + SSL_AD_CERTIFICATE_UNKNOWN,
     "the client does not accept this certificate (alert certificate unknown)"},
    {ALERT + SSL_AD_UNKNOWN_CA, "the client does not trust this certificate (alert unknown ca)"},
    {ALERT + SSL_AD_ACCESS_DENIED, "the client refuses (alert access denied)"},
    {ALERT + SSL_AD_DECODE_ERROR, "the client could not read the handshake (alert decode error)"},
    {ALERT + SSL_AD_DECRYPT_ERROR,
     "the client could not verify the handshake (alert decrypt error)"},
    {ALERT + SSL_AD_PROTOCOL_VERSION,
     "the client does not speak this version of TLS (alert protocol version)"},
    {ALERT + SSL_AD_INSUFFICIENT_SECURITY,
     "the client demands stronger ciphers (alert insufficient security)"},
    {ALERT + SSL_AD_INTERNAL_ERROR, "the client failed (alert internal error)"},
    {ALERT + SSL_AD_USER_CANCELLED, "the client gave up (alert user canceled)"},
    {ALERT + SSL_AD_NO_RENEGOTIATION, "the client does not renegotiate (alert no renegotiation)"},
    {ALERT + SSL_AD_UNRECOGNIZED_NAME, "the client named another host (alert unrecognized name)"},
    {ALERT + SSL_AD_NO_APPLICATION_PROTOCOL,
     "the client wants another protocol than FTP (alert no application protocol)"},
};

static const char *reason_words(int reason)
{
    for (size_t i = 0; i < ELEMENTS(reasons); i++)
        if (reasons[i].reason == reason)
            return reasons[i].words;
    return NULL;
}

/* What the queue says: the first that there are words for, because that came first; what stands
 * before it is about the inside of OpenSSL. */
struct finding {
    int reason; /* of libssl, 0: none */
    const char *words;
};

static struct finding queue_find(void)
{
    struct finding found = {0};
    for (unsigned long code; (code = ERR_get_error()) != 0;) {
        if (found.words && found.reason != 0)
            continue;
        bool ours = ERR_GET_LIB(code) == ERR_LIB_SSL;
        const char *words = ours ? reason_words(ERR_GET_REASON(code)) : NULL;
        if (words)
            found = (struct finding){ERR_GET_REASON(code), words};
        else if (!found.words)
            found.words = ERR_reason_error_string(code);
    }
    return found;
}

bool failure_take(struct tls_stream *stream)
{
    struct finding found = queue_find();
    bool cut = found.reason == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    const char *start = "";
    const char *words = found.words;
    if (stream->refusal < 0) {
        words = "no certificate can be used: what is wrong was logged before";
    } else if (!stream->established && (stream->ended || cut)) {
        words = "the connection ended in the handshake";
    } else if (words && found.reason == 0) {
        start = "TLS failed: ";
    } else if (!words && stream->socket_error) {
        start = "the connection failed: ";
        words = strerror(stream->socket_error);
    } else if (!words) {
        words = "the connection ended";
    }
    (void)snprintf(stream->words, sizeof stream->words, "%s%s", start, words);
    return cut;
}

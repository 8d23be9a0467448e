/*
 * For tests of TLS: identities that are made on the spot, a server through lib/tls.h whose
 * questions are answered by an identity in the same process, and a client that is plain OpenSSL.
 */
#pragma once

#include "lib/cleanup.h"
#include "lib/config.h"
#include "lib/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cmocka.h>

/* "RSA-2048", "RSA-3072", "P-256", "P-384", "P-521", "ED25519". */
static inline EVP_PKEY *fixture_key(const char *kind)
{
    EVP_PKEY *key = NULL;
    if (strncmp(kind, "RSA-", 4) == 0)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)strtoul(kind + 4, NULL, 10));
    else if (strncmp(kind, "P-", 2) == 0)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
    else
        key = EVP_PKEY_Q_keygen(NULL, NULL, kind);
    assert_non_null(key);
    return key;
}

static inline void fixture_extension(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

/* For NAME with KEY, signed by ISSUER with its key, or by itself (NULL). */
static inline X509 *fixture_certificate(const char *name, EVP_PKEY *key, const char *issuer,
                                        EVP_PKEY *issuer_key, long days)
{
    static long serial;
    X509 *certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), days * 86400);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                               (const unsigned char *)name, -1, -1, 0);
    X509_NAME *issuer_name = X509_NAME_new();
    X509_NAME_add_entry_by_txt(issuer_name, "CN", MBSTRING_UTF8,
                               (const unsigned char *)(issuer ? issuer : name), -1, -1, 0);
    X509_set_issuer_name(certificate, issuer_name);
    X509_NAME_free(issuer_name);
    char names[600];
    (void)snprintf(names, sizeof names, "DNS:%s,DNS:*.wild.%s,IP:192.0.2.7", name, name);
    fixture_extension(certificate, NID_subject_alt_name, names);
    EVP_PKEY *signer = issuer ? issuer_key : key;
    const EVP_MD *hash = EVP_PKEY_is_a(signer, "ED25519") ? NULL : EVP_sha256();
    assert_true(X509_sign(certificate, signer, hash) > 0);
    return certificate;
}

/* Opens FILE anew for writing, with MODE of fopen. */
static inline void fixture_put(const char *file, const char *mode, X509 *certificate, EVP_PKEY *key)
{
    FILE *stream = fopen(file, mode);
    assert_non_null(stream);
    if (certificate)
        assert_int_equal(PEM_write_X509(stream, certificate), 1);
    if (key)
        assert_int_equal(PEM_write_PrivateKey(stream, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(fclose(stream), 0);
}

struct server {
    char directory[64];
    char certificate_file[96];
    char key_file[96];
    struct tls_identity *identity;
    struct config *config;
    struct tls_questions questions;
    struct tls *tls;
    char asked_name[TLS_NAME_MAX + 1]; /* of the last question about an identity */
    unsigned asked;                    /* how many there were */
    unsigned signatures;
    unsigned scheme; /* of the last signature */
    int refusal;     /* the answer to a question about an identity, if negative */
};

static inline int server_identity(void *context, const char *name, uint8_t *ret_chain, size_t *size)
{
    struct server *server = context;
    size_t chain_size = 0;
    const uint8_t *chain = cellftpd_tls.identity_chain(server->identity, &chain_size);
    server->asked++;
    (void)snprintf(server->asked_name, sizeof server->asked_name, "%s", name);
    if (server->refusal < 0)
        return server->refusal;
    assert_true(chain_size <= *size);
    memcpy(ret_chain, chain, chain_size);
    *size = chain_size;
    return 0;
}

static inline int server_sign(void *context, unsigned scheme, const uint8_t *text, size_t text_size,
                              uint8_t *ret_signature, size_t *signature_size)
{
    struct server *server = context;
    server->signatures++;
    server->scheme = scheme;
    assert_true(text_size <= TLS_SIGNED_MAX);
    return cellftpd_tls.sign(server->identity, scheme, text, text_size, ret_signature,
                             signature_size);
}

/* A server with a self-signed certificate for "server.test" and a key of KIND. */
static inline void server_start(struct server *server, const char *kind)
{
    *server = (struct server){.directory = "/tmp/test_tls.XXXXXX"};
    assert_non_null(mkdtemp(server->directory));
    (void)snprintf(server->certificate_file, sizeof server->certificate_file, "%s/certificate.pem",
                   server->directory);
    (void)snprintf(server->key_file, sizeof server->key_file, "%s/key.pem", server->directory);
    EVP_PKEY *key = fixture_key(kind);
    X509 *certificate = fixture_certificate("server.test", key, NULL, NULL, 30);
    fixture_put(server->certificate_file, "w", certificate, NULL);
    fixture_put(server->key_file, "w", NULL, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
    char words[TLS_WORDS_MAX];
    int error = cellftpd_tls.identity_open(server->certificate_file, server->key_file,
                                           &server->identity, words);
    if (error < 0)
        fail_msg("%s", words);
    server->config = config_default();
    assert_non_null(server->config);
    server->questions = (struct tls_questions){
        .context = server,
        .identity = server_identity,
        .sign = server_sign,
    };
}

static inline void server_open(struct server *server)
{
    assert_int_equal(cellftpd_tls.open(server->config, &server->questions, false, &server->tls), 0);
}

static inline void server_shut(struct server *server)
{
    cellftpd_tls.close(server->tls);
    server->tls = NULL;
}

static inline void server_stop(struct server *server)
{
    server_shut(server);
    cellftpd_tls.identity_close(server->identity);
    config_free(server->config);
    (void)unlink(server->certificate_file);
    (void)unlink(server->key_file);
    assert_int_equal(rmdir(server->directory), 0);
}

/* Both ends of one connection. */
struct pair {
    int server_fd;
    int client_fd;
    struct tls_stream *stream;
    SSL *client;
    int client_error;  /* of the client's handshake: SSL_get_error */
    int client_reason; /* ERR_GET_REASON */
};

/* The session that was received last stands in the context's app data. */
static inline int client_takes_session(SSL *ssl, SSL_SESSION *session)
{
    SSL_SESSION **latest = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    if (!latest)
        return 0;
    SSL_SESSION_free(*latest);
    *latest = session;
    return 1;
}

static inline SSL_CTX *client_context(int version)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    assert_non_null(context);
    if (version) {
        SSL_CTX_set_min_proto_version(context, version);
        SSL_CTX_set_max_proto_version(context, version);
    }
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, client_takes_session);
    return context;
}

static inline void pair_open(struct pair *pair, struct server *server, enum tls_purpose purpose,
                             SSL_CTX *context)
{
    int fds[2];
    *pair = (struct pair){0};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    pair->server_fd = fds[0];
    pair->client_fd = fds[1];
    assert_int_equal(cellftpd_tls.stream_open(server->tls, fds[0], purpose, &pair->stream), 0);
    pair->client = SSL_new(context);
    assert_non_null(pair->client);
    assert_int_equal(SSL_set_fd(pair->client, fds[1]), 1);
    SSL_set_connect_state(pair->client);
}

/* The host that the client asks for (SNI). */
static inline void pair_name(struct pair *pair, const char *name)
{
    char text[TLS_NAME_MAX + 1]; /* the macro wants to be able to write */
    (void)snprintf(text, sizeof text, "%s", name);
    assert_int_equal(SSL_set_tlsext_host_name(pair->client, text), 1);
}

static inline void pair_close(struct pair *pair)
{
    cellftpd_tls.stream_close(pair->stream);
    /* Otherwise OpenSSL's client takes its own session for a bad one if the end was abrupt. */
    SSL_set_shutdown(pair->client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(pair->client);
    pair->server_fd = close_fd(pair->server_fd);
    pair->client_fd = close_fd(pair->client_fd);
}

/* Both go on until both have a result; the client's is in the pair. */
static inline int pair_handshake(struct pair *pair)
{
    int result = -EAGAIN;
    bool client_done = false;
    for (unsigned turn = 0; turn < 1000 && (result == -EAGAIN || !client_done); turn++) {
        if (!client_done) {
            ERR_clear_error();
            int step = SSL_do_handshake(pair->client);
            pair->client_error = SSL_get_error(pair->client, step);
            client_done = pair->client_error != SSL_ERROR_WANT_READ &&
                          pair->client_error != SSL_ERROR_WANT_WRITE;
            if (pair->client_error == SSL_ERROR_SSL)
                pair->client_reason = ERR_GET_REASON(ERR_peek_error());
        }
        if (result == -EAGAIN)
            result = cellftpd_tls.handshake(pair->stream);
        if (client_done && pair->client_error != SSL_ERROR_NONE && result == -EAGAIN)
            (void)shutdown(pair->client_fd, SHUT_WR);
    }
    return result;
}

/* The client reads what is there, which is at least the server's tickets: what came, or -1 with the
 * reason of SSL_get_error. */
static inline int client_read(struct pair *pair, char *bytes, int size, int *ret_reason)
{
    ERR_clear_error();
    int got = SSL_read(pair->client, bytes, size);
    *ret_reason = SSL_get_error(pair->client, got);
    if (*ret_reason == SSL_ERROR_SSL)
        pair->client_reason = ERR_GET_REASON(ERR_peek_error());
    return got;
}

static inline void client_expects_nothing(struct pair *pair)
{
    char byte;
    int reason = 0;
    assert_true(client_read(pair, &byte, 1, &reason) <= 0);
    assert_int_equal(reason, SSL_ERROR_WANT_READ);
}

/* A connection whose handshake succeeds. */
static inline void pair_connect(struct pair *pair, struct server *server, enum tls_purpose purpose,
                                SSL_CTX *context, SSL_SESSION *session)
{
    pair_open(pair, server, purpose, context);
    if (session)
        assert_int_equal(SSL_set_session(pair->client, session), 1);
    if (pair_handshake(pair) < 0)
        fail_msg("%s", cellftpd_tls.failure(pair->stream));
    assert_int_equal(pair->client_error, SSL_ERROR_NONE);
}

static inline bool pair_resumed(const struct pair *pair)
{
    struct tls_description description;
    cellftpd_tls.describe(pair->stream, &description);
    assert_int_equal(description.resumed, SSL_session_reused(pair->client));
    return description.resumed;
}

/*
 * Connections for the tests of TLS, whatever way the run itself logs in: in clear, just before the
 * handshake, under TLS with an offer of the test's, logged in with private data connections. Only
 * src/ftplint uses it; ownership and failures as in exam.h.
 */
#pragma once

#include "ftplint/exam.h"
#include "ftplint/tls_hello.h"

/* In clear, with the greeting read. Skips the test on a port of implicit TLS. A user's password is
 * never sent over it unless the run itself is in clear. */
struct client *given_clear(struct exam *exam);

/* The handshake comes next: AUTH TLS was answered with 234, or the port is one of implicit TLS. */
struct client *given_before_handshake(struct exam *exam);

/* The same, with OFFER as client->offer. */
struct client *given_offer(struct exam *exam, const struct tls_offer *offer);

/* The handshake with client->offer, for the test to judge: 0 or negative errno, client->tls tells
 * more. Notes a timeout with the exam. */
int try_handshake(struct client *client);

/* Under TLS, not logged in. OFFER NULL: a good client's; one that names versions which the server
 * does not speak skips the test. */
struct client *given_secured(struct exam *exam, const struct tls_offer *offer);

/* The same, logged in, PROT P, TYPE I; its data connections have the same OFFER. */
struct client *given_private(struct exam *exam, enum account account,
                             const struct tls_offer *offer);

/* Logged in under TLS with nothing said about data connections: neither PBSZ nor PROT. */
struct client *given_unprotected(struct exam *exam);

/* A data connection for the next command: connected (passive), with nothing sent. */
struct data *given_data(struct client *client);

/* TLS on a data connection that is open, with OFFER. 0 or negative errno; data->tls tells more. */
int try_data_handshake(struct data *data, const struct tls_offer *offer);

/* After CCC or REIN: close_notify both ways, and the connection goes on in clear. A finding unless
 * the server sends its own in time. */
void become_clear(struct client *client);

/* Waits at most MILLISECONDS for one final reply (not 1xx), or for the end: code 0. */
const struct reply *try_final_reply(struct client *client, unsigned milliseconds);

/* A finding unless the transfer in progress, whose data connection came to nothing, ends with an
 * error or can be given up, and the session still answers. */
void check_session_goes_on(struct client *client);

/* What the server answers to HELLO, cut into records of at most RECORD bytes; without an answer,
 * what is neither a hello nor an alert. */
struct tls_answer say_hello(struct exam *exam, const struct tls_hello *hello, size_t record);

/* Rows of the tables of tests. TLS_TEST: of any; HELLO_TEST: of those that need no login;
 * DATA_TEST: of those whose data connections are private. */
#define TLS_TEST(flags_, after_, name_, severity_, title_, reason_, remedy_, run_, parameter_)     \
    {                                                                                              \
        .name = name_, .severity = severity_, .flags = flags_, .after = after_, .title = title_,   \
        .reason = reason_, .remedy = remedy_, .run = run_, .parameter = parameter_,                \
    }
#define HELLO_TEST(...)                                                                            \
    TLS_TEST(TEST_ANONYMOUS | TEST_READ_ONLY | TEST_TLS, "rfc4217.auth.handshake", __VA_ARGS__)
#define DATA_TEST(...) TLS_TEST(TEST_TLS, "rfc4217.prot.private", __VA_ARGS__)

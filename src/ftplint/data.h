/*
 * Data connections (RFC 959, section 3.2; RFC 1579; RFC 2428) and whole transfers over them. Only
 * src/ftplint uses it; ownership and failures as in client.h.
 */
#pragma once

#include "ftplint/client.h"

struct bytes {
    const char *data; /* terminated by a zero byte that does not count */
    size_t size;
};

enum data_mode {
    DATA_ANY, /* EPSV, and PASV where the server does not know it */
    DATA_EPSV,
    DATA_PASV,
    DATA_EPRT,
    DATA_PORT,
};

struct data {
    struct client *client;
    struct wire wire;                  /* not connected before data_accept() in active mode */
    int listener;                      /* active mode; -1 otherwise */
    uint16_t port;                     /* of the server, or of the listener */
    struct sockaddr_storage announced; /* what PASV named; family AF_UNSPEC for the others */
    struct tls_result tls;
    struct data *next; /* of the exam */
};

/* Asks for a data connection and, in passive mode, connects to the address of the control
 * connection, whatever PASV names (CVE-2020-8284). In active mode listens and announces. */
struct data *data_open(struct client *client, enum data_mode mode);

/* As data_open() in passive mode without connecting: data->port says where. */
struct data *data_ask(struct client *client, enum data_mode mode);

/* Connects to where data_ask() was told, from SOURCE (NULL: any). 0 or negative errno. */
int data_connect(struct data *data, const struct sockaddr *source, socklen_t size);

/* Another connection, not made yet, to where DATA goes: for who comes second or has no right to. */
struct data *data_beside(const struct data *data);

/* Listens at ADDRESS (port 0: any free one) and tells the server nothing; data->port says where,
 * and that it is -1 in data->listener that it could not be done. */
struct data *data_listen(struct client *client, const struct sockaddr *address, socklen_t size);

/* Accepts who knocks there within MILLISECONDS: 0, -ETIMEDOUT or another negative errno. */
int data_accept(struct data *data, unsigned milliseconds);

/* What remains after the server's 150: accepts in active mode, TLS under PROT P. Findings: nobody
 * came, the handshake failed. */
void data_ready(struct data *data);
/* The same for the test to judge: 0, -ETIMEDOUT, -EPROTO, ... */
int try_data_ready(struct data *data);

/* Everything until the end, at most LIMIT bytes (0: 64 MiB, and more is a finding). data->wire.end
 * says how it ended. */
struct bytes data_read(struct data *data, size_t limit);

/* Sends all; a finding if the server does not take it. */
void data_send(struct data *data, const void *bytes, size_t size);

/* Ends properly: close_notify under TLS, then FIN. */
void data_end(struct data *data);

/* One whole transfer towards us or towards the server. REPLY is the last one, or the first if the
 * server refused at once (then no bytes have come or gone). */
struct transfer {
    const struct reply *preliminary; /* NULL if the server began with the final one */
    const struct reply *reply;
    struct bytes bytes;
    enum wire_end end;
    struct data *data;
};
struct transfer try_retrieve(struct client *client, enum data_mode mode, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct transfer try_store(struct client *client, enum data_mode mode, const void *bytes,
                          size_t size, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* A transfer that has begun (1xx, the data connection stands) and waits for what the test does with
 * it. The first is a given_ step; the second returns NULL if the server refused by *RET_REPLY. */
struct data *given_transfer(struct client *client, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct data *try_transfer(struct client *client, enum data_mode mode,
                          const struct reply **ret_reply, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* As try_retrieve() and try_store(); findings unless it is begun with 125 or 150, ends with 226 or
 * 250, and (TLS) the server closes the data connection with close_notify. */
struct bytes retrieve(struct client *client, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void store(struct client *client, const void *bytes, size_t size, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A listing's lines, without their ends; an end in bare LF is accepted, *RET_BARE counts them. */
struct lines {
    char **line;
    size_t count;
    size_t bare;
};
struct lines list_lines(struct client *client, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct lines split_lines(struct exam *exam, struct bytes bytes);

/* For the exam's end: closes and frees. */
void data_free(struct data *data);

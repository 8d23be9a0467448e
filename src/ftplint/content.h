/*
 * What files hold: bytes compared, files that tests share, transfers that are under way. Tests of
 * transfers use it; ownership and failures as in exam.h.
 */
#pragma once

#include "ftplint/exam.h"

/* A finding unless GOT is WANT; WHAT names the bytes: "the file as it was stored". */
void same_bytes(struct exam *exam, const char *what, struct bytes want, struct bytes got);

/* SIZE bytes as a finding can show them: "one\r\n\xff"; long ones are cut. */
const char *readable(struct exam *exam, const void *bytes, size_t size);

/* "text" without its terminator. */
struct bytes bytes_of(const char *text);

/* BYTES without the first OFFSET of them. */
struct bytes bytes_behind(struct bytes bytes, size_t offset);

/* Transfers that the test only stands on: what goes wrong with them blocks it. */
struct bytes given_retrieved(struct client *client, const char *path);
void given_stored(struct client *client, struct bytes content, const char *path);

/* A command that the test only stands on, and its reply. */
const struct reply *given_reply(struct client *client, const char *codes, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* REST with OFFSET; that it is not accepted is another test's finding. */
void given_restart(struct client *client, unsigned long long offset);

/* Leaves the session without a pending offset, whatever became of the last one. */
void forget_restart(struct client *client);

/* The path of a file that many tests read and none changes: made once, in ftplint's folder, and
 * larger than what lies in sockets between a server and a client that does not read. */
enum { LARGE_FILE_SIZE = 6 << 20 };
const char *given_large_file(struct exam *exam);

/* A download of the large file that is under way: the server has begun, some bytes have come, and
 * nobody reads on. */
struct data *given_download(struct client *client);

/* The same, when all that lies between is full: the server waits for this side to read. */
struct data *given_stalled_download(struct client *client);

/* What is left of a download, to its end; then this side is closed too, without which some servers
 * (ProFTPD) do not reply. */
struct bytes rest_of(struct data *data);

/* An upload to PATH that is under way: the server has begun and SIZE bytes are sent. */
struct data *given_upload(struct client *client, size_t size, const char *path);

/* A finding if the transfer was begun and ended well, or ended with none of CODES. */
void expect_refused(struct client *client, const struct transfer *transfer, const char *codes);

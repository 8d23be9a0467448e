/*
 * A control connection and what comes over it: lines out, replies in (RFC 959, section 4.2), read
 * leniently so that what is wrong with a reply can be told. Only src/ftplint uses it.
 *
 * Everything here belongs to the exam of which it is part and is released with it. What the server
 * does wrong ends the test by way of exam_fail(): no function returns an error to a test. The
 * functions whose names begin with "try_" are for tests in which the failure is what is examined.
 */
#pragma once

#include "ftplint/tls.h"
#include "ftplint/wire.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct exam;

enum {
    REPLY_LINES_MAX = 20000,
    REPLY_BYTES_MAX = 4 << 20,
};

/* What is not as RFC 959, section 4.2 has it. */
enum reply_flaw {
    REPLY_BARE_LF = 1 << 0,      /* a line ended in LF alone */
    REPLY_CODE_ALONE = 1 << 1,   /* "250" CRLF: neither a space nor a hyphen behind the code */
    REPLY_CODE_CHANGES = 1 << 2, /* "250-" is followed by "226 " at the end */
    REPLY_CONTROL_BYTE = 1 << 3, /* a control character or NUL in the text */
    REPLY_NOT_UTF8 = 1 << 4,     /* RFC 2640, section 3.1 */
    REPLY_BARE_CR = 1 << 5,
};

struct reply {
    unsigned code;    /* 100..599; 0 if it was none: no answer in time, or the end */
    size_t count;     /* lines */
    char **lines;     /* without line ends; line 0 with code and separator */
    const char *text; /* of the first line, behind the code and one character */
    unsigned flaws;   /* enum reply_flaw */
    int error; /* why the code is 0: -ETIMEDOUT, -ECONNRESET, -EPIPE (closed), -EPROTO (no reply),
                  -ENOBUFS (a line without end), -E2BIG (lines without end) */
    uint64_t waited; /* milliseconds until it was whole */
};

struct client {
    struct exam *exam;
    struct wire wire;
    const struct reply *greeting;
    char asked[64];    /* the last command, for findings; empty: none, or several at once */
    unsigned answered; /* the code of the last reply since then; 0: none yet */
    bool logged_in;
    bool private_data;      /* PROT P stands */
    struct tls_offer offer; /* of its handshakes, zeros: a good client's; offer.resume is for the
                               control connection alone */
    bool never_resumes;     /* its data connections are new sessions, each */
    struct tls_result tls;  /* of the control connection */
    void *session;          /* of the newest data or control handshake, to be resumed */
    struct client *next;    /* of the exam */
};

/* Sends a command with CRLF; reads no reply. A format that begins with PASS is kept secret. */
void send_line(struct client *client, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Exactly these bytes. */
void send_bytes(struct client *client, const void *bytes, size_t size);

/* The next reply; its absence in time, the end of the connection and what is no reply at all are
 * findings. */
const struct reply *read_reply(struct client *client);

/* The next reply that is no preliminary one (1xx). */
const struct reply *read_final(struct client *client);

/* As read_reply, but within MILLISECONDS, and for the test to judge: code 0 and error. */
const struct reply *try_reply(struct client *client, unsigned milliseconds);

/* send_line() and read_reply(). */
const struct reply *command(struct client *client, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* As command(), and a finding unless the code is one of CODES: codes or beginnings of codes with
 * spaces between them, "250", "2", "500 502"; after a '|', words for what else was expected:
 * "550|a refusal: there is no such directory". */
const struct reply *expect(struct client *client, const char *codes, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Judges a reply that has been read, as expect(). */
void expect_code(struct client *client, const struct reply *reply, const char *codes);

/* The finding that REPLY, which has none of CODES, is; TO, " (to PWD)" or nothing, stands behind
 * it. */
void refuse_code(struct client *client, const struct reply *reply, const char *codes,
                 const char *to) __attribute__((noreturn));

/* Reads the next reply and judges it. */
const struct reply *expect_next(struct client *client, const char *codes);

bool reply_is(const struct reply *reply, const char *codes);

/* True for 500, 502 and 504: not known or not implemented. */
bool reply_is_unknown(const struct reply *reply);

/* If the server does not know the command (reply_is_unknown): skips the test and says so. */
void skip_unknown(struct client *client, const struct reply *reply, const char *verb);

/* What one of enum reply_flaw is, in words: "a line that ends in LF without CR". */
const char *reply_flaw_text(enum reply_flaw flaw);

/* A finding if REPLY, WHAT ("the reply to PASS"), has one of FLAWS. */
void expect_flawless(struct client *client, const char *what, const struct reply *reply,
                     unsigned flaws);

/* A finding if anything comes within MILLISECONDS: a reply that nobody asked for. */
void expect_silence(struct client *client, unsigned milliseconds);

/* A finding unless the server closes the connection within MILLISECONDS; replies before that (a
 * 421) are read and, if RET_LAST is not NULL, the last one handed out. */
void expect_closed(struct client *client, unsigned milliseconds, const struct reply **ret_last);

/* The path in a reply like 257 "/a""b" (RFC 959, appendix II), unquoted; NULL if there is none. */
const char *reply_path(struct client *client, const struct reply *reply);

/* For the runner: closes and frees a client that is in no list any more. */
void client_free(struct client *client);

/* TYPE A: what becomes of a text and its ends of lines. See catalogue.h. */
#include "ftplint/content.h"

#include "lib/cleanup.h"

#include <poll.h>
#include <string.h>

/* What RETR sends after the line SETTING. */
static struct bytes retrieved_as(struct client *client, const char *line, const char *path)
{
    (void)given_reply(client, "200", "%s", line);
    return given_retrieved(client, path);
}

static const char unix_text[] = "one\nline two\n\nthe last\n";
static const char network_text[] = "one\r\nline two\r\n\r\nthe last\r\n";

static void ascii_default(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_file(exam, "text", unix_text, strlen(unix_text));
    struct bytes ascii = retrieved_as(client, "TYPE A", path);
    (void)given_reply(client, "200", "TYPE I");
    struct client *other = given_connection(exam);
    exam->given++;
    login(other, ACCOUNT_USER);
    exam->given--;
    same_bytes(exam, "before any TYPE, what TYPE A sends", ascii, given_retrieved(other, path));
}

static void ascii_download(struct exam *exam)
{
    struct client *client = given_session(exam);
    if (!strstr(exam->server->system, "UNIX"))
        skip(exam, "SYST does not say UNIX: how lines end in files here is not known");
    const char *path = given_file(exam, "text", unix_text, strlen(unix_text));
    struct bytes got = retrieved_as(client, "TYPE A", path);
    (void)given_reply(client, "200", "TYPE I");
    same_bytes(exam, "lines that end in CR LF", bytes_of(network_text), got);
}

/* Stores NETWORK_TEXT in TYPE A and retrieves it after LINE. */
static struct bytes stored_as_ascii(struct exam *exam, const char *line)
{
    struct client *client = given_session(exam);
    const char *path = own_path(exam, "text");
    (void)given_reply(client, "200", "TYPE A");
    given_stored(client, bytes_of(network_text), path);
    struct bytes got = retrieved_as(client, line, path);
    (void)given_reply(client, "200", "TYPE I");
    return got;
}

static void ascii_round_trip(struct exam *exam)
{
    same_bytes(exam, "in TYPE A, the text as it was stored in TYPE A", bytes_of(network_text),
               stored_as_ascii(exam, "TYPE A"));
}

static void ascii_upload(struct exam *exam)
{
    (void)given_session(exam);
    if (!strstr(exam->server->system, "UNIX"))
        skip(exam, "SYST does not say UNIX: how lines end in files here is not known");
    same_bytes(exam, "in TYPE I, the text with the host's own ends of lines, LF",
               bytes_of(unix_text), stored_as_ascii(exam, "TYPE I"));
}

/* A text of lines of every length, so that their ends lie at every edge of a buffer. */
static struct bytes edged_text(struct exam *exam)
{
    enum { SIZE = 200000 };
    char *text = exam_allocate(exam, SIZE + 8);
    size_t size = 0;
    for (size_t length = 0; size + length + 2 <= SIZE; length = (length + 1) % 7) {
        memset(text + size, 'a' + (int)length, length);
        size += length;
        text[size++] = '\r';
        text[size++] = '\n';
    }
    return (struct bytes){.data = text, .size = size};
}

static void ascii_edges(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = own_path(exam, "text");
    struct bytes text = edged_text(exam);
    (void)given_reply(client, "200", "TYPE A");
    given_stored(client, text, path);
    struct bytes got = given_retrieved(client, path);
    (void)given_reply(client, "200", "TYPE I");
    same_bytes(exam, "in TYPE A, 200 kB of short lines as they were stored", text, got);
}

/* Uploads in TYPE A, with the end of a line in two packets. */
static void ascii_split(struct exam *exam)
{
    static const char *const pieces[] = {"one\r", "\ntwo\r", "\n", "\r", "\nthree", "\r", "\n"};
    struct client *client = given_session(exam);
    const char *path = own_path(exam, "text");
    (void)given_reply(client, "200", "TYPE A");
    struct data *data = given_upload(client, 0, path);
    for (size_t i = 0; i < ELEMENTS(pieces); i++) {
        data_send(data, pieces[i], strlen(pieces[i]));
        (void)poll(NULL, 0, 20);
    }
    data_end(data);
    expect_next(client, "226 250");
    struct bytes got = given_retrieved(client, path);
    (void)given_reply(client, "200", "TYPE I");
    same_bytes(exam, "in TYPE A, the text as it was stored, whose CR and LF came apart",
               bytes_of("one\r\ntwo\r\n\r\nthree\r\n"), got);
}

static void image_after_ascii(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = own_path(exam, "bytes");
    struct bytes content = bytes_of("a\r\nb\nc\rd\n\r\r\n\n");
    (void)retrieved_as(client, "TYPE A", given_file(exam, "other", "text", 4));
    (void)given_reply(client, "200", "TYPE I");
    given_stored(client, content, path);
    (void)retrieved_as(client, "TYPE A", path);
    same_bytes(exam, "in TYPE I, the bytes as they were stored in TYPE I", content,
               retrieved_as(client, "TYPE I", path));
}

/* What is refused has no effect: from TYPE I and from TYPE A, whichever was set. */
static void refusal_keeps(struct exam *exam)
{
    static const char *const lines[] = {"TYPE E", "TYPE A C", "TYPE L 7", "TYPE X"};
    struct client *client = given_login(exam, ACCOUNT_USER);
    const char *path = given_file(exam, "text", unix_text, strlen(unix_text));
    static const char *const from[] = {"TYPE I", "TYPE A"};
    for (size_t i = 0; i < ELEMENTS(from); i++) {
        struct bytes want = retrieved_as(client, from[i], path);
        for (size_t j = 0; j < ELEMENTS(lines); j++) {
            if (!reply_is(command(client, "%s", lines[j]), "4 5"))
                (void)given_reply(client, "200", "%s", from[i]);
            same_bytes(exam,
                       exam_format(exam,
                                   "what %s sends, which is in force still after %s was "
                                   "refused",
                                   from[i], lines[j]),
                       want, given_retrieved(client, path));
        }
    }
}

static const struct test tests[] = {
    {
        .name = "rfc959.type.default",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.type.ascii",
        .title = "before any TYPE the type is ASCII",
        .reason = "RFC 959, section 5.1: all hosts must accept ASCII Non-print as the standard "
                  "default. A client that transfers text without TYPE relies on it.",
        .remedy = "Begin each session, and each one after REIN, with TYPE A.",
        .run = ascii_default,
    },
    {
        .name = "rfc959.type.ascii-download",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.type.ascii",
        .title = "in TYPE A a downloaded line ends in CR LF",
        .reason = "RFC 959, section 3.1.1.1: the sender converts from its own representation to "
                  "NVT-ASCII, where CR LF ends a line. Clients that ask for text get lines that "
                  "never end.",
        .remedy = "Send CR before each LF in TYPE A (vsftpd: ascii_download_enable=YES).",
        .run = ascii_download,
    },
    {
        .name = "rfc959.type.ascii-upload",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.type.ascii",
        .title = "in TYPE A an uploaded line ends as the host's own lines do",
        .reason = "RFC 959, section 3.1.1.1: the receiver converts the data from the standard form "
                  "to its own internal form. A script with CR at the ends of its lines does not "
                  "run.",
        .remedy = "Store CR LF as LF in TYPE A (vsftpd: ascii_upload_enable=YES).",
        .run = ascii_upload,
    },
    {
        .name = "rfc959.type.ascii-round-trip",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.type.ascii",
        .title = "a text that is stored and fetched in TYPE A comes back as it was",
        .reason = "RFC 959, section 3.1.1.1: both directions use the same form on the network, so "
                  "that what one conversion does the other undoes.",
        .remedy = "Convert both ways or none: CR LF to LF in STOR, LF to CR LF in RETR.",
        .run = ascii_round_trip,
    },
    {
        .name = "rfc959.type.ascii-edges",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.type.ascii-round-trip",
        .title = "TYPE A converts the same at the edges of buffers",
        .reason = "RFC 959, section 3.1.1.1: a line may end anywhere. Converters that look at one "
                  "buffer at a time lose or double a byte between two, and some wrote beyond the "
                  "end of theirs (ProFTPD, CVE-2003-0831).",
        .remedy =
            "Keep the state between two buffers (\"the last byte was CR\"), and make room for "
            "twice the bytes.",
        .run = ascii_edges,
    },
    {
        .name = "rfc959.type.ascii-split",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.type.ascii-round-trip",
        .title = "in TYPE A, CR and LF that come in two packets are one end of line",
        .reason = "RFC 959, section 3.1.1.1; TCP keeps no boundaries of packets, so that CR can be "
                  "the last byte of one read and LF the first of the next.",
        .remedy = "Hold back a CR at the end of what was read until the next byte is known.",
        .run = ascii_split,
    },
    {
        .name = "rfc959.type.image-after-ascii",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.stor.round-trip",
        .title = "TYPE I after TYPE A transfers bytes untouched again",
        .reason = "RFC 959, section 4.1.2: a parameter holds until it is set anew. An archive that "
                  "is converted as if it were text is broken.",
        .remedy = "Let each transfer look at the type that is set when it begins.",
        .run = image_after_ascii,
    },
    {
        .name = "rfc959.type.refusal-keeps",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.type.ascii",
        .title = "a TYPE that is refused leaves the type as it was",
        .reason = "RFC 959, section 4.2: a 5xx reply says that the action did not take place. A "
                  "client that goes on gets its file converted, or not, unasked.",
        .remedy = "Check the whole argument before changing the session's type.",
        .run = refusal_keeps,
    },
};

const struct group group_ascii = {
    .name = "ascii",
    .title = "Text: TYPE A",
    .tests = tests,
    .count = ELEMENTS(tests),
};

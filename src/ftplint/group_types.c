/* Representation: TYPE, MODE and STRU, and what they do to the bytes. See catalogue.h. */
#include "ftplint/content.h"

#include "lib/cleanup.h"

#include <poll.h>
#include <string.h>

/* A command and how it may be answered: the parameter of the tests of acceptance. */
struct setting {
    const char *line;
    const char *codes;
};

/* On a connection of its own: nothing of MODE, STRU and TYPE stays behind. */
static void setting(struct exam *exam)
{
    const struct setting *setting = exam->test->parameter;
    struct client *client = given_connection(exam);
    exam->given++;
    login(client, ACCOUNT_USER);
    exam->given--;
    expect(client, setting->codes, "%s", setting->line);
}

/* Letters are the same in both cases, in parameters too. */
static void letter_case(struct exam *exam)
{
    static const char *const lines[][2] = {
        {"TYPE A", "TYPE a"}, {"MODE S", "MODE s"}, {"STRU F", "STRU f"}, {"TYPE I", "TYPE i"}};
    struct client *client = given_login(exam, ACCOUNT_USER);
    for (size_t i = 0; i < ELEMENTS(lines); i++)
        if (reply_is(command(client, "%s", lines[i][0]), "2"))
            expect(client, "2", "%s", lines[i][1]);
}

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

/* Nobody can do what these ask for. */
static void nonsense(struct exam *exam)
{
    static const char *const lines[] = {"TYPE X", "TYPE L 7", "TYPE L x", "MODE X", "STRU X"};
    struct client *client = given_login(exam, ACCOUNT_USER);
    for (size_t i = 0; i < ELEMENTS(lines); i++)
        expect(client, "4 5|a refusal: no such thing is defined, or can be stored", "%s", lines[i]);
}

/* --- what is accepted must be done ------------------------------------------------------------ */

/* Settings that few servers know: each makes other data of a file than TYPE I, MODE S and STRU F.
 */
static void honest(struct exam *exam)
{
    static const char *const lines[] = {"TYPE E", "MODE B", "MODE C", "MODE Z", "STRU R", "STRU P"};
    struct client *client = given_login(exam, ACCOUNT_USER);
    const char *path = given_file(exam, "text", "text", 4);
    for (size_t i = 0; i < ELEMENTS(lines); i++) {
        const struct reply *reply = command(client, "%s", lines[i]);
        if (!reply_is(reply, "2"))
            continue;
        struct transfer transfer = try_retrieve(client, DATA_ANY, "RETR %s", path);
        if (reply_is(transfer.reply, "2") && transfer.bytes.size == 4 &&
            memcmp(transfer.bytes.data, "text", 4) == 0)
            fail(exam,
                 exam_format(exam, "data in the form that %s stands for, or its refusal with 504",
                             lines[i]),
                 "%u %s, and then the same bytes as without it", reply->code, reply->text);
        (void)given_reply(client, "200", "TYPE I");
        (void)given_reply(client, "200", "MODE S");
        (void)given_reply(client, "200", "STRU F");
    }
}

static const struct setting type_ascii = {"TYPE A", "200"};
static const struct setting type_non_print = {"TYPE A N", "200"};
static const struct setting type_telnet = {"TYPE A T", "200"};
static const struct setting type_image = {"TYPE I", "200"};
static const struct setting type_local = {"TYPE L 8", "200"};
static const struct setting mode_stream = {"MODE S", "200"};
static const struct setting structure_file = {"STRU F", "200"};

static const struct test tests[] = {
    {
        .name = "rfc959.type.ascii",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "TYPE A is accepted with 200",
        .reason = "RFC 959, section 3.1.1.1: ASCII is the default type and must be accepted by all "
                  "FTP implementations. Many clients send TYPE A before a listing.",
        .remedy = "Answer 200 to TYPE A.",
        .run = setting,
        .parameter = &type_ascii,
    },
    {
        .name = "rfc959.type.ascii-non-print",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "TYPE A N, the long form of TYPE A, is accepted with 200",
        .reason = "RFC 959, sections 3.1.1.5.1 and 5.1: Non-print is the default format and part "
                  "of the minimum; some clients name it.",
        .remedy = "Accept \"N\" behind \"TYPE A\".",
        .run = setting,
        .parameter = &type_non_print,
    },
    {
        .name = "rfc1123.type.ascii-telnet",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "TYPE A T is accepted as TYPE A N",
        .reason = "RFC 1123, section 4.1.2.2: a host that makes no distinction between TYPE A N "
                  "and TYPE A T SHOULD implement the latter to be identical to the former.",
        .remedy = "Treat \"TYPE A T\" as \"TYPE A\".",
        .run = setting,
        .parameter = &type_telnet,
    },
    {
        .name = "rfc1123.type.image",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "TYPE I is accepted with 200",
        .reason = "RFC 1123, section 4.1.2.1: an FTP program MUST support TYPE I. Every client "
                  "sends it before it transfers anything but text.",
        .remedy = "Answer 200 to TYPE I and transfer the bytes as they are.",
        .run = setting,
        .parameter = &type_image,
    },
    {
        .name = "rfc1123.type.local-8",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "TYPE L 8 is accepted with 200",
        .reason = "RFC 1123, section 4.1.2.1: an FTP program MUST support TYPE L 8; it is the same "
                  "as TYPE I on every machine with bytes of 8 bits.",
        .remedy = "Treat \"TYPE L 8\" as \"TYPE I\".",
        .run = setting,
        .parameter = &type_local,
    },
    {
        .name = "rfc959.mode.stream",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "MODE S is accepted with 200",
        .reason = "RFC 959, section 5.1: stream mode, and MODE for the default value, are part of "
                  "the minimum of every server.",
        .remedy = "Answer 200 to MODE S.",
        .run = setting,
        .parameter = &mode_stream,
    },
    {
        .name = "rfc959.stru.file",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "STRU F is accepted with 200",
        .reason = "RFC 959, section 5.1: file structure, and STRU for the default value, are part "
                  "of the minimum of every server.",
        .remedy = "Answer 200 to STRU F.",
        .run = setting,
        .parameter = &structure_file,
    },
    {
        .name = "rfc959.type.letter-case",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "type a, mode s and stru f are the same as in capitals",
        .reason = "RFC 959, section 5.3: upper and lower case are treated identically, in command "
                  "codes and in symbols that represent parameter values, such as A or a for ASCII.",
        .remedy = "Compare the parameter without regard to letter case.",
        .run = letter_case,
    },
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
    {
        .name = "rfc959.type.nonsense",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "TYPE X, TYPE L 7, MODE X and STRU X are refused",
        .reason = "RFC 959, sections 4.1.2 and 5.4: there are no such values (or no machine with "
                  "such bytes); 501 or 504 says so. A client that reads 200 expects data in a "
                  "form that nobody can send.",
        .remedy = "Answer 504 for what is not implemented and 501 for what is not defined.",
        .run = nonsense,
    },
    {
        .name = "rfc959.mode.honest",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.stor.round-trip",
        .title = "a TYPE, MODE or STRU beyond the minimum is carried out or refused",
        .reason = "RFC 959, sections 3.1 and 3.4: EBCDIC, block and compressed mode, record and "
                  "page structure each have their form of data. A client that reads 200 takes the "
                  "bytes apart in that form and makes garbage of a plain file.",
        .remedy = "Answer 504 to what is not implemented.",
        .run = honest,
    },
};

const struct group group_types = {
    .name = "types",
    .title = "Types, modes and structures",
    .tests = tests,
    .count = ELEMENTS(tests),
};

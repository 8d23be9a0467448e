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
 * STRU R is not among them: a host without records may accept it and record the bytes as they are
 * (RFC 1123, section 4.1.2.13). */
static void honest(struct exam *exam)
{
    static const char *const lines[] = {"TYPE E", "MODE B", "MODE C", "MODE Z", "STRU P"};
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
                 "\"%u %s\", and then the same bytes as without it", reply->code, reply->text);
        (void)given_reply(client, "200", "TYPE I");
        (void)given_reply(client, "200", "MODE S");
        (void)given_reply(client, "200", "STRU F");
    }
}

static const struct setting type_ascii = {"TYPE A", "2"};
static const struct setting type_non_print = {"TYPE A N", "2"};
static const struct setting type_telnet = {"TYPE A T", "2"};
static const struct setting type_image = {"TYPE I", "2"};
static const struct setting type_local = {"TYPE L 8", "2"};
static const struct setting mode_stream = {"MODE S", "2"};
static const struct setting structure_file = {"STRU F", "2"};

static const struct test tests[] = {
    {
        .name = "rfc959.type.ascii",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "TYPE A is accepted",
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
        .title = "TYPE A N, the long form of TYPE A, is accepted",
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
        .title = "TYPE I is accepted",
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
        .title = "TYPE L 8 is accepted",
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
        .title = "MODE S is accepted",
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
        .title = "STRU F is accepted",
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
        .reason = "RFC 959, sections 3.1 and 3.4: EBCDIC, block and compressed mode and page "
                  "structure each have their form of data. A client that reads 200 takes the bytes "
                  "apart in that form and makes garbage of a plain file.",
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

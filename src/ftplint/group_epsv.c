/* EPSV: its forms, its protocols, and EPSV ALL (RFC 2428). See catalogue.h. */
#include "ftplint/active.h"

#include "lib/cleanup.h"

#include <stdlib.h>
#include <string.h>

/* A connection of its own on which EPSV is known. */
static struct client *with_epsv(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const struct reply *reply = command(client, "EPSV");
    skip_unknown(client, reply, "EPSV");
    return client;
}

static void epsv(struct exam *exam)
{
    struct client *client = given_session(exam);
    struct transfer transfer = try_retrieve(client, DATA_EPSV, "LIST");
    expect_code(client, transfer.reply, "2|a listing over the connection that EPSV opened");
}

static void epsv_known(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    expect(client, "229|EPSV is how clients ask for a data connection", "EPSV");
}

static void epsv_form(struct exam *exam)
{
    static const char expected[] = "229 and a text with (|||port|)";
    struct client *client = given_login(exam, ACCOUNT_USER);
    const struct reply *reply = command(client, "EPSV");
    skip_unknown(client, reply, "EPSV");
    if (reply->code != 229)
        blocked(exam, "EPSV is answered with %u %s", reply->code, reply->text);
    const char *at = strchr(reply->text, '(');
    char sign = at ? at[1] : '\0';
    if (sign < 33 || sign > 126 || at[2] != sign || at[3] != sign)
        fail(exam, expected, "229 %s", reply->text);
    char *end;
    unsigned long port = strtoul(at + 4, &end, 10);
    if (end == at + 4 || port == 0 || port > 65535 || end[0] != sign || end[1] != ')')
        fail(exam, expected, "229 %s", reply->text);
}

static void own_protocol(struct exam *exam)
{
    struct client *client = with_epsv(exam);
    expect(client, "229", "EPSV %d", own_protocol_number(exam));
}

static void other_protocol(struct exam *exam)
{
    struct client *client = with_epsv(exam);
    expect(client, "229 522|the protocol, or that it is not supported", "EPSV %d",
           3 - own_protocol_number(exam));
}

static void unknown_protocol(struct exam *exam)
{
    struct client *client = with_epsv(exam);
    expect(client, "522|there is no such protocol", "EPSV 99");
}

static void protocol_list(struct exam *exam)
{
    struct client *client = with_epsv(exam);
    const struct reply *reply = command(client, "EPSV 99");
    if (reply->code != 522)
        blocked(exam, "EPSV 99 is answered with %u %s", reply->code, reply->text);
    expect_protocols(client, reply);
}

static void epsv_garbage(struct exam *exam)
{
    struct client *client = with_epsv(exam);
    expect(client, "5|a refusal: that is no protocol and not ALL", "EPSV wrong");
}

static void all_code(struct exam *exam)
{
    struct client *client = with_epsv(exam);
    expect(client, "200", "EPSV ALL");
}

static void all_goes_on(struct exam *exam)
{
    struct client *client = with_epsv(exam);
    const struct reply *reply = command(client, "EPSV ALL");
    if (!reply_is(reply, "2"))
        skip(exam, "EPSV ALL is refused: %u %s", reply->code, reply->text);
    struct transfer transfer = try_retrieve(client, DATA_EPSV, "LIST");
    expect_code(client, transfer.reply, "2|a listing by EPSV");
}

/* After EPSV ALL, the command that the parameter names is refused. */
static void all_refuses(struct exam *exam)
{
    static const struct {
        const char *verb;
        enum data_mode mode;
    } active[] = {{"PORT", DATA_PORT}, {"EPRT", DATA_EPRT}};
    const char *line = exam->test->parameter;
    struct client *client = with_epsv(exam);
    for (size_t i = 0; i < ELEMENTS(active); i++)
        if (strcmp(line, active[i].verb) == 0)
            line = active_command(given_listener(client), active[i].mode, '|');
    const struct reply *reply = command(client, "EPSV ALL");
    if (!reply_is(reply, "2"))
        skip(exam, "EPSV ALL is refused: %u %s", reply->code, reply->text);
    expect(client, "5|a refusal: after EPSV ALL there is nothing but EPSV", "%s", line);
}

#define EPSV_ALL_REASON                                                                            \
    "RFC 2428, section 3: after EPSV ALL the server MUST reject all data connection setup "        \
    "commands other than EPSV. A NAT on the way relies on it and looks at the connection "         \
    "no more."
#define EPSV_ALL_REMEDY "Remember EPSV ALL until the end of the session and refuse the others."

static const struct test tests[] = {
    {
        .name = "practice.epsv.known",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "EPSV is known",
        .reason = "RFC 2428, section 4: clients use EPSV, whose reply no NAT has to change. Over "
                  "IPv6 there is nothing else.",
        .remedy = "Implement EPSV.",
        .run = epsv_known,
    },
    {
        .name = "rfc2428.epsv.form",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "229 has the port as (|||port|)",
        .reason = "RFC 2428, section 3: the text MUST have this form, and the first two fields "
                  "MUST be blank.",
        .remedy = "Answer like \"229 Entering Extended Passive Mode (|||6446|)\".",
        .run = epsv_form,
    },
    {
        .name = "rfc2428.epsv.transfer",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .after = "practice.epsv.known",
        .title = "a listing comes over a connection by EPSV",
        .reason = "RFC 2428, section 3: the server listens on the port that it names, on the "
                  "address of the control connection.",
        .remedy = "Listen on the control connection's own address and port family.",
        .run = epsv,
    },
    {
        .name = "rfc2428.epsv.own-protocol",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .after = "rfc2428.epsv.form",
        .title = "EPSV with the connection's own protocol is accepted",
        .reason = "RFC 2428, section 3: EPSV takes the number of a protocol, and if the server "
                  "supports it, it SHOULD use it.",
        .remedy = "Accept EPSV 1 over IPv4 and EPSV 2 over IPv6.",
        .run = own_protocol,
    },
    {
        .name = "rfc2428.epsv.other-protocol",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .after = "rfc2428.epsv.form",
        .title = "EPSV with the other protocol is accepted or refused with 522",
        .reason = "RFC 2428, section 3: if the protocol is not supported, the server MUST return "
                  "522. A client then tries one of those that the reply names.",
        .remedy = "Answer 522 with the protocols that there are.",
        .run = other_protocol,
    },
    {
        .name = "rfc2428.epsv.unknown-protocol",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .after = "rfc2428.epsv.form",
        .title = "EPSV with a protocol that nobody knows is refused with 522",
        .reason = "RFC 2428, section 3: if the protocol is not supported, the server MUST return "
                  "522.",
        .remedy = "Answer 522 for every number but 1 and 2.",
        .run = unknown_protocol,
    },
    {
        .name = "rfc2428.epsv.protocol-list",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .after = "rfc2428.epsv.unknown-protocol",
        .title = "522 to EPSV names the protocols that are supported",
        .reason = "RFC 2428, section 2: the reply MUST end in the list, like (1,2), and the text "
                  "before it MUST NOT have parentheses; programs read it.",
        .remedy = "Answer like \"522 Network protocol not supported, use (1,2)\".",
        .run = protocol_list,
    },
    {
        .name = "rfc2428.epsv.garbage",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .after = "rfc2428.epsv.form",
        .title = "EPSV with a word that is not ALL is refused",
        .reason = "RFC 2428, section 3, has 500 and 501 for syntax errors. Who accepts anything "
                  "does not see that a client wanted something else.",
        .remedy = "Answer 501.",
        .run = epsv_garbage,
    },
    {
        .name = "practice.epsv-all.code",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .after = "rfc2428.epsv.form",
        .title = "EPSV ALL is answered with 200",
        .reason = "RFC 2428, section 3, has the client say so and names no code; RFC 959, section "
                  "4.2.2, has 200 for a command that was accepted and opens nothing.",
        .remedy = "Answer 200.",
        .run = all_code,
    },
    {
        .name = "rfc2428.epsv-all.transfer",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .after = "rfc2428.epsv.transfer",
        .title = "EPSV goes on working after EPSV ALL",
        .reason = "RFC 2428, section 3: EPSV is the one command that is left for data "
                  "connections.",
        .remedy = "Refuse the other commands only.",
        .run = all_goes_on,
    },
    {
        .name = "rfc2428.epsv-all.pasv",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .after = "rfc2428.epsv.form",
        .title = "PASV is refused after EPSV ALL",
        .reason = EPSV_ALL_REASON,
        .remedy = EPSV_ALL_REMEDY,
        .run = all_refuses,
        .parameter = "PASV",
    },
    {
        .name = "rfc2428.epsv-all.port",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .after = "rfc2428.epsv.form",
        .title = "PORT is refused after EPSV ALL",
        .reason = EPSV_ALL_REASON,
        .remedy = EPSV_ALL_REMEDY,
        .run = all_refuses,
        .parameter = "PORT",
    },
    {
        .name = "rfc2428.epsv-all.eprt",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .after = "rfc2428.epsv.form",
        .title = "EPRT is refused after EPSV ALL",
        .reason = EPSV_ALL_REASON,
        .remedy = EPSV_ALL_REMEDY,
        .run = all_refuses,
        .parameter = "EPRT",
    },
};

const struct group group_epsv = {
    .name = "epsv",
    .title = "EPSV",
    .tests = tests,
    .count = ELEMENTS(tests),
};

/* OPTS MLST and what FEAT says of it: which facts are sent. See catalogue.h. */
#include "ftplint/facts.h"
#include "ftplint/stock.h"

#include "lib/cleanup.h"

#include <ctype.h>
#include <string.h>

/* The feature MLST as FEAT tells it now. */
static const char *feature_now(struct client *client)
{
    struct exam *exam = client->exam;
    exam->given++;
    const struct reply *reply = expect(client, "211", "FEAT");
    exam->given--;
    for (size_t i = 1; i + 1 < reply->count; i++) {
        const char *line = reply->lines[i] + strspn(reply->lines[i], " ");
        if (strncasecmp(line, "MLST", 4) == 0 && (line[4] == ' ' || line[4] == '\0'))
            return line[4] ? line + 5 : "";
    }
    blocked(exam, "FEAT does not name MLST now");
}

/* A session of its own, with the facts that it will be sent; skips if OPTS MLST is not known. */
static struct client *with_facts(struct exam *exam, const char *facts)
{
    (void)given_stock(exam);
    struct client *client = given_login(exam, ACCOUNT_USER);
    const struct reply *reply = command(client, "OPTS MLST%s%s", *facts ? " " : "", facts);
    if (reply->code != 200)
        blocked(exam, "OPTS MLST %s is answered with %u %s", facts, reply->code, reply->text);
    return client;
}

static struct facts file_facts(struct client *client)
{
    struct exam *exam = client->exam;
    struct facts facts =
        given_mlst(client, exam_format(exam, "MLST %s", stock_path(exam, STOCK_FILE)));
    if (facts_problem(exam, facts.line))
        blocked(exam, "MLST cannot be read: \"%s\"", facts.line);
    return facts;
}

static void feature_form(struct exam *exam)
{
    static const char expected[] = "a line of FEAT like \"MLST type*;size*;modify*;\"";
    const char *list = server_feature(exam->server, "MLST");
    for (const char *at = list; *at;) {
        size_t size = strcspn(at, ";");
        size_t name = strcspn(at, "*; =");
        bool ends = at[size] == ';' && (name == size || (at[name] == '*' && name + 1 == size));
        if (!ends || name == 0)
            fail(exam, expected, "\"MLST %s\"", list);
        at += size + 1;
    }
}

static void standard_facts(struct exam *exam)
{
    static const char *const facts[] = {"type", "size", "modify", "perm", "unique"};
    struct fact_names names = fact_names_read(exam, server_feature(exam->server, "MLST"));
    for (size_t i = 0; i < ELEMENTS(facts); i++)
        if (!fact_names_have(&names, facts[i], false))
            fail(exam, "the facts type, size, modify, perm and unique", "no %s in \"MLST %s\"",
                 facts[i], server_feature(exam->server, "MLST"));
}

static void defaults(struct exam *exam)
{
    (void)given_stock(exam);
    struct client *client = given_login(exam, ACCOUNT_USER);
    const char *feature = feature_now(client);
    struct fact_names names = fact_names_read(exam, feature);
    struct facts facts = file_facts(client);
    for (size_t i = 0; i < facts.count; i++)
        if (!fact_names_have(&names, facts.fact[i].name, true))
            fail(exam, "only facts that FEAT marks with an asterisk, until OPTS MLST is sent",
                 "\"%s\" and \"MLST %s\"", facts.line, feature);
    static const char *const of_files[] = {"type", "size", "modify", "unique"};
    for (size_t i = 0; i < ELEMENTS(of_files); i++)
        if (fact_names_have(&names, of_files[i], true) && !fact_value(&facts, of_files[i]))
            fail(exam,
                 exam_format(exam, "the fact %s, which FEAT marks with an asterisk", of_files[i]),
                 "\"%s\"", facts.line);
}

static void accepted(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const struct reply *reply = expect(client, "200", "OPTS MLST type;size;");
    if (strncasecmp(reply->text, "MLST OPTS", 9) != 0)
        fail(exam, "200 MLST OPTS and the facts that are sent from now on", "200 %s", reply->text);
}

static void answer(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    struct fact_names known = fact_names_read(exam, feature_now(client));
    const struct reply *reply = command(client, "OPTS MLST type;size;");
    if (reply->code != 200 || strncasecmp(reply->text, "MLST OPTS", 9) != 0)
        blocked(exam, "OPTS MLST is answered with %u %s", reply->code, reply->text);
    struct fact_names names = fact_names_read(exam, reply->text + 9);
    size_t most =
        (size_t)fact_names_have(&known, "type", false) + fact_names_have(&known, "size", false);
    if (names.count != most || (most == 2 && (!fact_names_have(&names, "type", false) ||
                                              !fact_names_have(&names, "size", false))))
        fail(exam, "the facts that were chosen and are known: type;size;", "200 %s", reply->text);
}

/* Facts beyond those that were asked for. */
static void judge_chosen(struct exam *exam, const struct facts *facts, const char *chosen)
{
    struct fact_names names = fact_names_read(exam, chosen);
    for (size_t i = 0; i < facts->count; i++)
        if (!fact_names_have(&names, facts->fact[i].name, false))
            fail(exam, exam_format(exam, "only the facts of \"OPTS MLST %s\"", chosen), "\"%s\"",
                 facts->line);
}

static void chosen(struct exam *exam)
{
    struct client *client = with_facts(exam, "type;size;");
    struct facts facts = file_facts(client);
    judge_chosen(exam, &facts, "type;size;");
}

static void chosen_mlsd(struct exam *exam)
{
    struct client *client = with_facts(exam, "type;size;");
    struct facts_list list = given_mlsd(client, exam_format(exam, "MLSD %s", given_stock(exam)));
    for (size_t i = 0; i < list.count; i++)
        judge_chosen(exam, &list.entry[i], "type;size;");
}

static void letter_case(struct exam *exam)
{
    struct client *client = with_facts(exam, "TYPE;siZe;");
    struct fact_names known = fact_names_read(exam, server_feature(exam->server, "MLST"));
    struct facts facts = file_facts(client);
    static const char *const names[] = {"type", "size"};
    for (size_t i = 0; i < ELEMENTS(names); i++)
        if (fact_names_have(&known, names[i], false) && !fact_value(&facts, names[i]))
            fail(exam, "the facts type and size after \"OPTS MLST TYPE;siZe;\"", "\"%s\"",
                 facts.line);
}

static void unknown(struct exam *exam)
{
    (void)given_stock(exam);
    struct client *client = given_login(exam, ACCOUNT_USER);
    expect(client, "200|facts that the server does not know are left out", "OPTS MLST size;frogs;");
    struct facts facts = file_facts(client);
    struct fact_names known = fact_names_read(exam, server_feature(exam->server, "MLST"));
    if (fact_names_have(&known, "size", false) && !fact_value(&facts, "size"))
        fail(exam, "the fact size after \"OPTS MLST size;frogs;\"", "\"%s\"", facts.line);
}

static void none(struct exam *exam)
{
    struct client *client = with_facts(exam, "");
    const struct reply *reply = command(client, "MLST %s", stock_path(exam, STOCK_FILE));
    if (reply->code != 250 || reply->count != 3)
        blocked(exam, "MLST is answered with %u and %zu lines", reply->code, reply->count);
    const char *line = reply->lines[1];
    if (strncmp(line, "  ", 2) != 0 || line[2] == ' ' || strchr(line, ';'))
        fail(exam, "two spaces and the name alone", "\"%s\"", line);
}

static void asterisk(struct exam *exam)
{
    struct client *client = with_facts(exam, "size;");
    const char *feature = feature_now(client);
    struct fact_names names = fact_names_read(exam, feature);
    for (size_t i = 0; i < names.count; i++)
        if (names.selected[i] != (strcasecmp(names.name[i], "size") == 0))
            fail(exam, "in FEAT, an asterisk behind size alone after \"OPTS MLST size;\"",
                 "\"MLST %s\"", feature);
}

static void no_cdir(struct exam *exam)
{
    struct client *client = with_facts(exam, "size;");
    struct facts_list list = given_mlsd(client, exam_format(exam, "MLSD %s", given_stock(exam)));
    for (size_t i = 0; i < list.count; i++)
        if (!stock_find(path_name(list.entry[i].name)) && !fact_value(&list.entry[i], "type"))
            fail(exam, "the entries of the directory alone, for no type tells the others", "\"%s\"",
                 list.entry[i].line);
}

static void syntax(struct exam *exam)
{
    struct client *client = with_facts(exam, "size;");
    const struct reply *reply = command(client, "OPTS MLST unique type;");
    if (reply_is(reply, "2"))
        fail(exam, "501: a space cannot appear in the list of facts", "%u %s", reply->code,
             reply->text);
}

static void other_session(struct exam *exam)
{
    (void)with_facts(exam, "");
    struct client *client = given_login(exam, ACCOUNT_USER);
    struct fact_names known = fact_names_read(exam, server_feature(exam->server, "MLST"));
    struct facts facts = file_facts(client);
    if (facts.count == 0 && fact_names_have(&known, "type", true))
        fail(exam, "the server's own choice of facts on a new connection",
             "no fact, as another connection had chosen: \"%s\"", facts.line);
}

static const struct test tests[] = {
    {
        .name = "rfc3659.feat.mlst-grammar",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .feature = "MLST",
        .title = "FEAT names the facts of MLST, each with a semicolon",
        .reason = "RFC 3659, section 7.8: the feature is MLST, a space, and fact names, each with "
                  "an asterisk if it is sent and with a semicolon. Clients choose facts by it.",
        .remedy = "Announce a line like \"MLST type*;size*;modify*;perm*;unique*;\".",
        .run = feature_form,
    },
    {
        .name = "rfc3659.feat.mlst-facts",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .feature = "MLST",
        .after = "rfc3659.feat.mlst-grammar",
        .title = "the facts type, size, modify, perm and unique are offered in FEAT",
        .reason = "RFC 3659, section 7.5.10: servers SHOULD support at least these, if "
                  "conceivably possible. Without them clients fall back to reading LIST.",
        .remedy = "Offer the five facts.",
        .run = standard_facts,
    },
    {
        .name = "rfc3659.feat.mlst-defaults",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.feat.mlst-grammar",
        .title = "the facts with an asterisk in FEAT are those that are sent",
        .reason = "RFC 3659, section 7.8: a fact with an asterisk is sent until OPTS MLST changes "
                  "it. A client sends OPTS MLST only if what it needs has none.",
        .remedy = "Write the asterisks from the choice that the session has.",
        .run = defaults,
    },
    {
        .name = "rfc3659.opts-mlst.reply",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .feature = "MLST",
        .title = "OPTS MLST is answered with 200 MLST OPTS",
        .reason = "RFC 3659, sections 7.9 and 7.9.1: a client may choose facts, and the reply "
                  "begins with these words.",
        .remedy = "Answer \"200 MLST OPTS \" and the facts with a semicolon behind each.",
        .run = accepted,
    },
    {
        .name = "rfc3659.opts-mlst.reply-facts",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .feature = "MLST",
        .after = "rfc3659.feat.mlst-grammar",
        .title = "the reply to OPTS MLST names the facts that were chosen",
        .reason = "RFC 3659, section 7.9.1: the facts named in the response are those that the "
                  "server will now send.",
        .remedy = "Name the facts that were asked for and are known, and no others.",
        .run = answer,
    },
    {
        .name = "rfc3659.opts-mlst.chosen",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.feat.mlst-grammar",
        .title = "after OPTS MLST, MLST sends no other facts",
        .reason = "RFC 3659, section 7.9: facts that are not in the OPTS MLST command MUST NOT be "
                  "returned.",
        .remedy = "Send only facts of the session's choice.",
        .run = chosen,
    },
    {
        .name = "rfc3659.opts-mlst.chosen-mlsd",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.feat.mlst-grammar",
        .title = "after OPTS MLST, MLSD sends no other facts",
        .reason = "RFC 3659, section 7.9: there is no OPTS MLSD; the choice applies to both "
                  "commands, and other facts MUST NOT be returned.",
        .remedy = "Use one choice for MLST and MLSD.",
        .run = chosen_mlsd,
    },
    {
        .name = "rfc3659.opts-mlst.case",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.opts-mlst.chosen",
        .title = "OPTS MLST takes fact names in any letter case",
        .reason = "RFC 3659, section 7.5: fact names are case-insensitive. A client that writes "
                  "them differently gets no facts.",
        .remedy = "Compare fact names without regard to letter case.",
        .run = letter_case,
    },
    {
        .name = "rfc3659.opts-mlst.unknown",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.opts-mlst.chosen",
        .title = "OPTS MLST leaves out facts that are not known",
        .reason = "RFC 3659, section 7.9: facts that are not supported are simply omitted; this "
                  "is not an error. Clients ask for all that they can use.",
        .remedy = "Ignore names that are not known and choose the others.",
        .run = unknown,
    },
    {
        .name = "rfc3659.opts-mlst.none",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.mlst.reply",
        .title = "OPTS MLST without facts leaves the names alone, behind two spaces",
        .reason = "RFC 3659, sections 7.2 and 7.9: the space that separates the facts from the "
                  "name is still required, and in MLST there is another before it.",
        .remedy = "Keep both spaces when there are no facts.",
        .run = none,
    },
    {
        .name = "rfc3659.opts-mlst.asterisk",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.feat.mlst-grammar",
        .title = "after OPTS MLST, FEAT marks the chosen facts",
        .reason = "RFC 3659, section 7.8: subsequent FEAT commands return the asterisk to show "
                  "the facts that the most recent OPTS MLST selected.",
        .remedy = "Write the asterisks from the choice that the session has.",
        .run = asterisk,
    },
    {
        .name = "rfc3659.opts-mlst.cdir",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.mlsd.grammar",
        .title = "without the fact type, MLSD lists neither the directory nor its parent",
        .reason = "RFC 3659, section 7.5.1.2: cdir MUST NOT be included if the type fact is not, "
                  "or a client could not tell the directory from its entries.",
        .remedy = "Leave out cdir and pdir if type was not chosen.",
        .run = no_cdir,
    },
    {
        .name = "rfc3659.opts-mlst.syntax",
        .severity = SEVERITY_WARNING,
        .feature = "MLST",
        .after = "rfc3659.opts-mlst.chosen",
        .title = "OPTS MLST with a space among the facts is refused",
        .reason = "RFC 3659, section 7.9.2: spaces cannot appear in the list; the server sends "
                  "501 and ignores the request. A client that is told 200 believes it understood.",
        .remedy = "Answer 501 and keep the facts that were chosen before.",
        .run = syntax,
    },
    {
        .name = "rfc3659.opts-mlst.other-session",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.opts-mlst.chosen",
        .title = "OPTS MLST is of no consequence for other connections",
        .reason = "RFC 3659, section 7.9: the choice holds for the commands that the client "
                  "sends; another client has its own.",
        .remedy = "Keep the choice with the session.",
        .run = other_session,
    },
};

const struct group group_mlst_options = {
    .name = "mlst-options",
    .title = "Facts that MLST announces and lets choose",
    .tests = tests,
    .count = ELEMENTS(tests),
};

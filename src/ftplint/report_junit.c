/*
 * The report as JUnit's XML, as Jenkins and GitLab read it: see report.h. Errors and warnings are
 * failures; a note and a finding of the baseline stand in the test's system-out.
 */
#include "ftplint/report.h"

#include "lib/text.h"

#include <string.h>

/* What XML 1.0 has not, although it is UTF-8 and no control (section 2.2). */
static bool is_forbidden(uint32_t code)
{
    return code == 0xfffe || code == 0xffff;
}

/* Text of XML 1.0: what it cannot hold at all (controls, what is not UTF-8) becomes \xNN. */
static void append(struct buffer *buffer, const char *text, size_t left)
{
    static const struct {
        char byte;
        const char *entity;
    } entities[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\n', "&#10;"}};
    while (left > 0) {
        struct text_character character = text_character(text, left);
        const char *entity = NULL;
        for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
            if (*text == entities[i].byte)
                entity = entities[i].entity;
        if (entity)
            (void)buffer_append_string(buffer, entity);
        else if (character.printable && !is_forbidden(character.code))
            (void)buffer_append(buffer, text, character.size);
        else
            for (size_t i = 0; i < character.size; i++)
                (void)buffer_append_format(buffer, "\\x%02x", (unsigned)(unsigned char)text[i]);
        text += character.size;
        left -= character.size;
    }
}

static void append_part(struct buffer *buffer, const char *before, const char *text,
                        const char *behind)
{
    (void)buffer_append_string(buffer, before);
    append(buffer, text, strlen(text));
    (void)buffer_append_string(buffer, behind);
}

static void begin(struct report *report, const struct server *server)
{
    (void)report;
    (void)server;
}

static void append_finding(struct buffer *buffer, const struct verdict *verdict)
{
    append_part(buffer, "", verdict->test->title, "&#10;");
    append_part(buffer, "did:&#10;", verdict->dialogue, "");
    append_part(buffer, "expected: ", verdict->result->expected, "&#10;");
    append_part(buffer, "got: ", verdict->result->got, "&#10;");
    append_part(buffer, "why: ", verdict->test->reason, "&#10;");
    append_part(buffer, "remedy: ", verdict->test->remedy, "&#10;");
    for (const char *at = verdict->result->notes; *at;) {
        size_t size = strcspn(at, "\n");
        (void)buffer_append_string(buffer, "note: ");
        append(buffer, at, size);
        (void)buffer_append_string(buffer, "&#10;");
        at += size;
        at += *at == '\n';
    }
}

/* The numbers of the suite come first and are known last. */
static void test(struct report *report, const struct verdict *verdict)
{
    struct buffer *buffer = &report->kept;
    const struct result *result = verdict->result;
    (void)buffer_append_format(
        buffer, "  <testcase classname=\"ftplint.%s\" name=\"%s\" time=\"%.3f\">",
        verdict->group->name, verdict->test->name, (double)result->duration / 1000);
    bool failed = result->outcome == OUTCOME_FAILED;
    if (failed && !verdict->known && verdict->test->severity != SEVERITY_NOTE) {
        (void)buffer_append_format(buffer, "<failure type=\"%s\"",
                                   severity_name(verdict->test->severity));
        append_part(buffer, " message=\"expected ", result->expected, "; got ");
        append_part(buffer, "", result->got, "\">");
        append_finding(buffer, verdict);
        (void)buffer_append_string(buffer, "</failure>");
    } else if (failed) {
        append_part(buffer, "<system-out>", verdict_name(verdict), ": ");
        append_finding(buffer, verdict);
        (void)buffer_append_string(buffer, "</system-out>");
    } else if (result->outcome != OUTCOME_PASSED) {
        append_part(buffer, "<skipped message=\"", verdict_name(verdict), ": ");
        append_part(buffer, "", result->got, "\"/>");
    }
    (void)buffer_append_string(buffer, "</testcase>\n");
}

static void end(struct report *report, const struct summary *summary)
{
    size_t failures = summary->severities[SEVERITY_ERROR] + summary->severities[SEVERITY_WARNING];
    (void)fprintf(report->file,
                  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
                  " <testsuite name=\"ftplint\" tests=\"%zu\" failures=\"%zu\" errors=\"%d\" "
                  "skipped=\"%zu\" time=\"%.3f\">\n",
                  summary->tests, failures, summary->problem ? 1 : 0,
                  summary->outcomes[OUTCOME_SKIPPED] + summary->outcomes[OUTCOME_BLOCKED],
                  (double)summary->duration / 1000);
    (void)fwrite(buffer_begin(&report->kept), 1, buffer_size(&report->kept), report->file);
    if (summary->problem || *summary->left) {
        buffer_clear(&report->kept);
        append_part(&report->kept, "  <system-err>", summary->problem ? summary->problem : "", "");
        append_part(&report->kept, *summary->left ? " left behind: " : "", summary->left,
                    "</system-err>\n");
        (void)fwrite(buffer_begin(&report->kept), 1, buffer_size(&report->kept), report->file);
    }
    (void)fputs(" </testsuite>\n</testsuites>\n", report->file);
}

const struct report_functions report_junit = {.begin = begin, .test = test, .end = end};

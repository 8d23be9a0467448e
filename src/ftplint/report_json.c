/* The report as one JSON object (RFC 8259), for programs: see report.h and ftplint(1). */
#include "ftplint/report.h"

#include "lib/json.h"

#include <string.h>

static void append_text(struct buffer *buffer, const char *before, const char *name,
                        const char *text)
{
    (void)buffer_append_string(buffer, before);
    (void)json_append_member(buffer, name, text);
}

static void flush(struct report *report)
{
    (void)fwrite(buffer_begin(&report->kept), 1, buffer_size(&report->kept), report->file);
    buffer_clear(&report->kept);
}

static void begin(struct report *report, const struct server *server)
{
    static const char *const words[] = {
        [TLS_NONE] = "none", [TLS_EXPLICIT] = "explicit", [TLS_IMPLICIT] = "implicit"};
    const struct target *target = &report->options->target;
    struct buffer *buffer = &report->kept;
    append_text(buffer, "{", "ftplint", CELLFTPD_VERSION);
    append_text(buffer, ",\n\"target\":{", "host", target->host);
    (void)buffer_append_format(buffer, ",\"port\":%u", (unsigned)target->port);
    append_text(buffer, ",", "tls", words[target->tls]);
    append_text(buffer, ",", "user", target->logins[ACCOUNT_USER].user);
    append_text(buffer, "},\n\"server\":{", "greeting", server->greeting ? server->greeting : "");
    append_text(buffer, ",", "system", server->system ? server->system : "");
    (void)buffer_append_string(buffer, ",\"features\":[");
    for (size_t i = 0; i < server->count; i++) {
        (void)buffer_append_string(buffer, i > 0 ? "," : "");
        (void)json_append_string(buffer, server->features[i], strlen(server->features[i]));
    }
    (void)buffer_append_string(buffer, "]},\n\"tests\":[");
    flush(report);
}

static void append_array(struct buffer *buffer, const char *name, const char *lines)
{
    (void)buffer_append_format(buffer, ",\"%s\":[", name);
    for (const char *at = lines; *at;) {
        size_t size = strcspn(at, "\n");
        (void)json_append_string(buffer, at, size);
        at += size;
        at += *at == '\n';
        (void)buffer_append_string(buffer, *at ? "," : "");
    }
    (void)buffer_append_string(buffer, "]");
}

static void test(struct report *report, const struct verdict *verdict)
{
    static const char *const outcomes[] = {[OUTCOME_PASSED] = "passed",
                                           [OUTCOME_FAILED] = "failed",
                                           [OUTCOME_SKIPPED] = "skipped",
                                           [OUTCOME_BLOCKED] = "blocked"};
    struct buffer *buffer = &report->kept;
    const struct result *result = verdict->result;
    append_text(buffer, report->begun ? ",\n{" : "\n{", "name", verdict->test->name);
    report->begun = true;
    append_text(buffer, ",", "group", verdict->group->name);
    append_text(buffer, ",", "severity", severity_name(verdict->test->severity));
    append_text(buffer, ",", "outcome", outcomes[result->outcome]);
    if (result->outcome == OUTCOME_FAILED) {
        (void)buffer_append_format(buffer, ",\"known\":%s", verdict->known ? "true" : "false");
        append_text(buffer, ",", "title", verdict->test->title);
        append_text(buffer, ",", "expected", result->expected);
        append_text(buffer, ",", "got", result->got);
        append_text(buffer, ",", "why", verdict->test->reason);
        append_text(buffer, ",", "remedy", verdict->test->remedy);
        append_array(buffer, "did", verdict->dialogue);
    } else if (result->outcome != OUTCOME_PASSED) {
        append_text(buffer, ",", "reason", result->got);
    }
    if (*result->notes)
        append_array(buffer, "notes", result->notes);
    (void)buffer_append_format(buffer, ",\"attempts\":%u,\"duration_ms\":%llu}", verdict->attempts,
                               (unsigned long long)result->duration);
    flush(report);
}

static void end(struct report *report, const struct summary *summary)
{
    struct buffer *buffer = &report->kept;
    (void)buffer_append_format(
        buffer,
        "],\n\"summary\":{\"tests\":%zu,\"passed\":%zu,\"errors\":%zu,\"warnings\":%zu,"
        "\"notes\":%zu,\"known\":%zu,\"skipped\":%zu,\"blocked\":%zu,\"duration_ms\":%llu",
        summary->tests, summary->outcomes[OUTCOME_PASSED], summary->severities[SEVERITY_ERROR],
        summary->severities[SEVERITY_WARNING], summary->severities[SEVERITY_NOTE], summary->known,
        summary->outcomes[OUTCOME_SKIPPED], summary->outcomes[OUTCOME_BLOCKED],
        (unsigned long long)summary->duration);
    if (summary->problem)
        append_text(buffer, ",", "problem", summary->problem);
    if (*summary->left)
        append_text(buffer, ",", "left_behind", summary->left);
    (void)buffer_append_string(buffer, "}}\n");
    flush(report);
}

const struct report_functions report_json = {.begin = begin, .test = test, .end = end};

/* The report as TAP version 13 (https://testanything.org), for test harnesses: see report.h. */
#include "ftplint/report.h"

#include "lib/json.h"

#include <string.h>

static void begin(struct report *report, const struct server *server)
{
    (void)server;
    (void)fprintf(report->file, "TAP version 13\n1..%zu\n", report->planned);
}

/* KEY, and a value of the YAML block; JSON's strings are YAML's. */
static void print_value(const struct report *report, const char *key, const char *text, size_t size)
{
    struct buffer line;
    buffer_init(&line, 1 << 20);
    (void)json_append_string(&line, text, size);
    (void)fprintf(report->file, "  %s %.*s\n", key, (int)buffer_size(&line), buffer_begin(&line));
    buffer_free(&line);
}

/* A list of the lines of TEXT: people read this in the logs of harnesses. */
static void print_lines(const struct report *report, const char *key, const char *text)
{
    (void)fprintf(report->file, *text ? "  %s\n" : "  %s []\n", key);
    for (size_t size; *text; text += size + (text[size] == '\n')) {
        size = strcspn(text, "\n");
        print_value(report, "  -", text, size);
    }
}

static void print_key(const struct report *report, const char *key, const char *text)
{
    print_value(report, key, text, strlen(text));
}

/* '#' begins a directive; a line's end, or a terminal's escape, does not get through. */
static void print_words(const struct report *report, const char *text)
{
    for (size_t size; *text; text += size) {
        size = strcspn(text, "#");
        print_safe_bytes(report->file, text, size);
        if (size == 0) {
            (void)fputc('+', report->file);
            size = 1;
        }
    }
}

/* Only errors and warnings fail; a note passes with its text, a known finding is a "todo". */
static void test(struct report *report, const struct verdict *verdict)
{
    const struct result *result = verdict->result;
    bool failed = result->outcome == OUTCOME_FAILED && verdict->test->severity != SEVERITY_NOTE;
    (void)fprintf(report->file, "%s %zu - %s", failed ? "not ok" : "ok", verdict->number,
                  verdict->test->name);
    if (result->outcome == OUTCOME_SKIPPED || result->outcome == OUTCOME_BLOCKED) {
        (void)fputs(" # SKIP ", report->file);
        if (result->outcome == OUTCOME_BLOCKED)
            (void)fputs("blocked: ", report->file);
        print_words(report, result->got);
    } else if (failed && verdict->known) {
        (void)fputs(" # TODO it is in the baseline", report->file);
    }
    (void)fputc('\n', report->file);
    if (result->outcome != OUTCOME_FAILED)
        return;
    (void)fputs("  ---\n", report->file);
    print_key(report, "severity:", severity_name(verdict->test->severity));
    print_key(report, "title:", verdict->test->title);
    print_lines(report, "did:", verdict->dialogue);
    print_key(report, "expected:", result->expected);
    print_key(report, "got:", result->got);
    print_key(report, "why:", verdict->test->reason);
    print_key(report, "remedy:", verdict->test->remedy);
    if (*result->notes)
        print_lines(report, "notes:", result->notes);
    (void)fputs("  ...\n", report->file);
    (void)fflush(report->file);
}

static void end(struct report *report, const struct summary *summary)
{
    if (summary->problem) {
        (void)fputs("Bail out! ", report->file);
        print_words(report, summary->problem);
        (void)fputc('\n', report->file);
    }
    if (*summary->left) {
        (void)fputs("# left behind: ", report->file);
        print_words(report, summary->left);
        (void)fputc('\n', report->file);
    }
    (void)fprintf(report->file, "# %zu errors, %zu warnings, %zu notes, %zu known\n",
                  summary->severities[SEVERITY_ERROR], summary->severities[SEVERITY_WARNING],
                  summary->severities[SEVERITY_NOTE], summary->known);
}

const struct report_functions report_tap = {.begin = begin, .test = test, .end = end};

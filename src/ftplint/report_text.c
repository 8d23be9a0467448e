/* The report for people, on a terminal or in a file: see report.h. */
#include "ftplint/report.h"

#include <string.h>

enum { WIDTH = 92, INDENT = 11 };

enum paint { PAINT_ERROR, PAINT_WARNING, PAINT_NOTE, PAINT_GOOD, PAINT_DIM, PAINT_BOLD };

static const char *const paints[] = {
    [PAINT_ERROR] = "\033[1;31m", [PAINT_WARNING] = "\033[1;33m", [PAINT_NOTE] = "\033[36m",
    [PAINT_GOOD] = "\033[32m",    [PAINT_DIM] = "\033[2m",        [PAINT_BOLD] = "\033[1m",
};

static void painted(const struct report *report, enum paint paint, const char *text)
{
    if (report->color)
        (void)fputs(paints[paint], report->file);
    print_safe(report->file, text);
    if (report->color)
        (void)fputs("\033[0m", report->file);
}

/* "  why       RFC 959, ...", broken into lines at spaces. */
static void print_field(const struct report *report, const char *name, const char *text)
{
    (void)fputs("  ", report->file);
    painted(report, PAINT_DIM, name);
    (void)fprintf(report->file, "%*s", INDENT - 2 - (int)strlen(name), "");
    size_t column = INDENT, spaces = 0;
    for (const char *at = text; *at;) {
        size_t size = strcspn(at, " ");
        /* Spaces are written before a word, so that no line ends with them. */
        if (column + spaces + size > WIDTH && column > INDENT) {
            (void)fprintf(report->file, "\n%*s", INDENT, "");
            column = INDENT;
            spaces = 0;
        }
        (void)fprintf(report->file, "%*s", (int)spaces, "");
        print_safe_bytes(report->file, at, size);
        column += spaces + size;
        at += size;
        spaces = strspn(at, " ");
        at += spaces;
    }
    (void)fputc('\n', report->file);
}

/* Lines that stand as they are, the first behind NAME. */
static void print_lines(const struct report *report, const char *name, const char *lines)
{
    for (const char *at = lines; *at;) {
        size_t size = strcspn(at, "\n");
        (void)fputs("  ", report->file);
        painted(report, PAINT_DIM, name);
        (void)fprintf(report->file, "%*s", INDENT - 2 - (int)strlen(name), "");
        print_safe_bytes(report->file, at, size);
        (void)fputc('\n', report->file);
        name = "";
        at += size;
        at += *at == '\n';
    }
}

static void begin(struct report *report, const struct server *server)
{
    const struct target *target = &report->options->target;
    static const char *const words[] = {
        [TLS_NONE] = "in clear", [TLS_EXPLICIT] = "AUTH TLS", [TLS_IMPLICIT] = "implicit TLS"};
    if (report->options->quiet)
        return;
    (void)fprintf(report->file, "ftplint " CELLFTPD_VERSION ": ");
    print_safe(report->file, target->logins[ACCOUNT_USER].user);
    (void)fprintf(report->file, " at ");
    print_safe(report->file, target->host);
    (void)fprintf(report->file, ", port %u, %s\n", (unsigned)target->port, words[target->tls]);
    if (server->greeting) {
        (void)fprintf(report->file, "it says: ");
        print_safe(report->file, server->greeting);
        (void)fputc('\n', report->file);
    }
    (void)fputs(
        "in dialogues: > sent, < received, * what happened; before it, if there are several,\n"
        "the number of the connection (d: of data)\n\n",
        report->file);
}

static enum paint paint_of(const struct verdict *verdict)
{
    static const enum paint by_severity[] = {[SEVERITY_NOTE] = PAINT_NOTE,
                                             [SEVERITY_WARNING] = PAINT_WARNING,
                                             [SEVERITY_ERROR] = PAINT_ERROR};
    switch (verdict->result->outcome) {
    case OUTCOME_PASSED: return PAINT_GOOD;
    case OUTCOME_FAILED: return verdict->known ? PAINT_DIM : by_severity[verdict->test->severity];
    default: return PAINT_DIM;
    }
}

/* One line: what it was, and why if it did not run. */
static void print_line(const struct report *report, const struct verdict *verdict)
{
    const struct result *result = verdict->result;
    const char *name = verdict_name(verdict);
    painted(report, paint_of(verdict), name);
    (void)fprintf(report->file, "%*s", (int)(INDENT - strlen(name)), "");
    painted(report, PAINT_BOLD, verdict->test->name);
    if (result->outcome == OUTCOME_SKIPPED || result->outcome == OUTCOME_BLOCKED) {
        (void)fputs(": ", report->file);
        print_safe(report->file, result->got);
    }
    (void)fputc('\n', report->file);
}

static void print_finding(const struct report *report, const struct verdict *verdict)
{
    print_field(report, "test", verdict->test->title);
    print_lines(report, "did", verdict->dialogue);
    print_field(report, "expected", verdict->result->expected);
    print_field(report, "got", verdict->result->got);
    print_field(report, "why", verdict->test->reason);
    print_field(report, "remedy", verdict->test->remedy);
    print_lines(report, "note", verdict->result->notes);
    (void)fputc('\n', report->file);
}

static void test(struct report *report, const struct verdict *verdict)
{
    bool found = verdict->result->outcome == OUTCOME_FAILED && !verdict->known;
    bool blocked = verdict->result->outcome == OUTCOME_BLOCKED;
    if (!found && !blocked && !report->options->verbose)
        return;
    report_progress_clear(report);
    print_line(report, verdict);
    if (found)
        print_finding(report, verdict);
    else if (report->options->verbose)
        print_lines(report, "note", verdict->result->notes);
    (void)fflush(report->file);
}

static void print_count(const struct report *report, size_t count, const char *what,
                        enum paint paint)
{
    char text[64];
    if (count == 0)
        return;
    int size = snprintf(text, sizeof(text), "%zu %s", count, what);
    if (count == 1 && text[size - 1] == 's') /* errors, warnings, notes */
        text[size - 1] = '\0';
    (void)fputs(", ", report->file);
    painted(report, paint, text);
}

static void end(struct report *report, const struct summary *summary)
{
    report_progress_clear(report);
    if (summary->problem) {
        painted(report, PAINT_ERROR, "stopped: ");
        print_safe(report->file, summary->problem);
        (void)fputc('\n', report->file);
    }
    if (*summary->left) {
        painted(report, PAINT_WARNING, "left behind: ");
        print_safe(report->file, summary->left);
        (void)fputc('\n', report->file);
    }
    if (report->options->quiet)
        return;
    (void)fprintf(report->file, "%zu tests in %.1f s: %zu passed", summary->tests,
                  (double)summary->duration / 1000, summary->outcomes[OUTCOME_PASSED]);
    print_count(report, summary->severities[SEVERITY_ERROR], "errors", PAINT_ERROR);
    print_count(report, summary->severities[SEVERITY_WARNING], "warnings", PAINT_WARNING);
    print_count(report, summary->severities[SEVERITY_NOTE], "notes", PAINT_NOTE);
    print_count(report, summary->known, "known before", PAINT_DIM);
    print_count(report, summary->outcomes[OUTCOME_BLOCKED], "blocked", PAINT_WARNING);
    print_count(report, summary->outcomes[OUTCOME_SKIPPED], "skipped (--verbose says why)",
                PAINT_DIM);
    (void)fputc('\n', report->file);
}

const struct report_functions report_text = {.begin = begin, .test = test, .end = end};

/*
 * What is told about a run: one set of functions for each format, called by the runner in the order
 * of the run. Only src/ftplint uses it. A report never decides what is a finding.
 */
#pragma once

#include "ftplint/exam.h"
#include "ftplint/options.h"
#include "lib/buffer.h"

#include <stdio.h>

/* How one test ended, as it is reported. */
struct verdict {
    const struct group *group;
    const struct test *test;
    const struct result *result;
    const char *dialogue; /* of a failure: what was said, a line each; "" otherwise */
    unsigned attempts;
    bool known;    /* it is in the baseline */
    size_t number; /* from 1 */
};

struct summary {
    size_t tests;
    size_t outcomes[OUTCOME_BLOCKED + 1];
    size_t severities[SEVERITY_ERROR + 1]; /* of failures that are not known */
    size_t known;                          /* failures that the baseline has */
    uint64_t duration;                     /* milliseconds */
    const char *problem;                   /* why the run ended early; NULL: it did not */
    char left[256];                        /* what could not be cleaned up; "": nothing */
};

struct report {
    const struct report_functions *functions;
    const struct options *options;
    FILE *file;
    bool color;
    int error;     /* errno of the first write that failed; 0: none */
    bool progress; /* stderr is a terminal, and nothing else is written there */
    size_t planned;
    bool begun;         /* something has been written that the next entry is divided from */
    struct buffer kept; /* for formats whose beginning tells what their end knows */
};

struct report_functions {
    void (*begin)(struct report *report, const struct server *server);
    void (*test)(struct report *report, const struct verdict *verdict);
    void (*end)(struct report *report, const struct summary *summary);
};
extern const struct report_functions report_text, report_tap, report_junit, report_json;

/* Chooses by OPTIONS->format, opens OPTIONS->output. False after having said what is wrong. */
bool report_open(struct report *report, const struct options *options);
/* After writing, before errno is another's: keeps why it failed, if it did. */
void report_check(struct report *report);
/* False after having said that the report could not be written. */
bool report_close(struct report *report);

/* The name of the test that is about to run, where it can be seen (a terminal). */
void report_progress(struct report *report, size_t number, const char *name);
void report_progress_clear(const struct report *report);

/* "passed", "error" (and the other severities), "skipped", "blocked", "known". */
const char *verdict_name(const struct verdict *verdict);

/* TEXT with what a terminal would act upon as \xNN; SIZE bytes of it. */
void print_safe(FILE *file, const char *text);
void print_safe_bytes(FILE *file, const char *text, size_t size);

/* Appends the dialogue, an entry a line, at most LINES of them: the last ones, which led to the
 * end, and what data there were in a line or two. */
void dialogue_describe(const struct dialogue *dialogue, size_t lines, struct buffer *ret);

/* Appends one entry: "> CWD x", "< 250 Done.", "* connected". */
void dialogue_entry_describe(const struct dialogue_entry *entry, bool numbered, size_t most,
                             struct buffer *ret);

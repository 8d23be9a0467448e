/* The run: see runner.h. */
#include "ftplint/runner.h"

#include "ftplint/baseline.h"
#include "ftplint/interrupt.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    DIALOGUE_LINES = 24,
    ATTEMPTS = 2,
    GONE_PATIENCE = 5000, /* milliseconds that a server may take to come back */
    GONE_PAUSE = 250,
};

/* What one run has at hand. */
struct run {
    const struct options *options;
    struct report *report;
    struct baseline *baseline;
    struct server server;
    struct dialogue dialogue;
    struct summary summary;
    struct result
        *results;   /* of all tests in the catalogue's order, for those that stand on others */
    bool *examined; /* which of them there are */
    uint64_t end;   /* clock_msec() */
    char problem[512];
};

/* Where the test's result is kept. */
static size_t place_of(const struct test *test)
{
    size_t before = 0;
    for (size_t i = 0; i < catalogue_groups; before += catalogue[i++]->count)
        if (test >= catalogue[i]->tests && test < catalogue[i]->tests + catalogue[i]->count)
            return before + (size_t)(test - catalogue[i]->tests);
    return 0;
}

static void set_reason(struct result *result, enum outcome outcome, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void set_reason(struct result *result, enum outcome outcome, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(result->got, sizeof(result->got), format, arguments);
    va_end(arguments);
    result->outcome = outcome;
}

static const struct test *find_failed(struct run *run, const struct test *test);

/* What keeps a test from being run, from others of this run. True: RESULT says it. */
static bool is_hindered(struct run *run, const struct test *test, struct result *result)
{
    const char *why = why_not(run->options, &run->server, test);
    if (why) {
        set_reason(result, OUTCOME_SKIPPED, "%s", why);
        return true;
    }
    if (!(test->flags & TEST_ANONYMOUS) && !run->server.learnt) {
        set_reason(result, OUTCOME_BLOCKED, "nobody could log in");
        return true;
    }
    if (test->feature && !server_feature(&run->server, test->feature)) {
        set_reason(result, OUTCOME_SKIPPED, "the server does not announce %s in FEAT",
                   test->feature);
        return true;
    }
    const struct test *failed = find_failed(run, test);
    if (!failed)
        return false;
    bool judged = run->results[place_of(failed)].outcome == OUTCOME_FAILED;
    /* What is known does not count, and neither does what follows from it. */
    if (judged && baseline_has(run->baseline, failed->name))
        set_reason(result, OUTCOME_SKIPPED, "%s has failed, as the baseline knows", failed->name);
    else if (judged)
        set_reason(result, OUTCOME_BLOCKED, "%s has failed", failed->name);
    else
        set_reason(result, OUTCOME_BLOCKED, "%s is blocked: %s", failed->name,
                   run->results[place_of(failed)].got);
    return true;
}

/* The test run, a second time if only a wait was in vain. Returns how often. */
static unsigned attempt(struct run *run, const struct test *test, struct result *result)
{
    unsigned attempts = 0;
    bool again = true;
    while (again && attempts < ATTEMPTS && !interrupted()) {
        struct target target = run->options->target;
        uint64_t now = clock_msec();
        uint64_t left = now < run->end ? run->end - now : 1;
        target.test_limit = left < target.test_limit ? (unsigned)left : target.test_limit;
        exam_run(test, &target, &run->server, &run->dialogue, result);
        attempts++;
        again = result->timed_out && result->outcome != OUTCOME_PASSED &&
                result->outcome != OUTCOME_SKIPPED;
        if (again && clock_msec() >= run->end)
            break;
    }
    /* Whatever it made of waits that did not last. */
    if (interrupted())
        set_reason(result, OUTCOME_BLOCKED, "interrupted");
    else if (again && attempts < ATTEMPTS && result->outcome == OUTCOME_FAILED)
        set_reason(result, OUTCOME_BLOCKED, "the run ended before it could be tried again");
    return attempts;
}

/* One test, if nothing hinders it; 0 attempts if something does. Its result stays with the run. */
static unsigned examine(struct run *run, const struct test *test)
{
    struct result *result = &run->results[place_of(test)];
    run->examined[place_of(test)] = true;
    return is_hindered(run, test, result) ? 0 : attempt(run, test, result);
}

/* The first of the tests on which TEST stands, one standing on the other, that has failed, or has
 * told nothing although somebody could log in; NULL if there is none. One that was not chosen is
 * examined by the way and not reported, unless it is not wanted (--skip). */
static const struct test *find_failed(struct run *run, const struct test *test)
{
    const struct group *group;
    const struct test *after = test->after ? catalogue_find(test->after, &group) : NULL;
    if (!after)
        return NULL;
    if (!run->examined[place_of(after)] && !is_unwanted(run->options, group, after))
        (void)examine(run, after);
    const struct test *failed = find_failed(run, after);
    if (failed)
        return failed;
    enum outcome outcome = run->results[place_of(after)].outcome;
    bool untold = outcome == OUTCOME_BLOCKED &&
                  (run->server.learnt || (after->flags & (unsigned)TEST_ANONYMOUS));
    return outcome == OUTCOME_FAILED || untold ? after : NULL;
}

/* True if the server takes connections; a while is given to one that has to be started again. */
static bool is_there(const struct target *target)
{
    uint64_t end = clock_msec() + GONE_PATIENCE;
    static struct dialogue nobody;
    do {
        struct wire wire;
        wire_init(&wire, &nobody, 1, false);
        int r = wire_connect(&wire, (const struct sockaddr *)&target->address, target->address_size,
                             NULL, 0, target->timeout);
        wire_close(&wire);
        dialogue_free(&nobody);
        if (r == 0)
            return true;
        clock_pause(GONE_PAUSE);
    } while (clock_msec() < end);
    return false;
}

static void count(struct run *run, const struct verdict *verdict)
{
    struct summary *summary = &run->summary;
    summary->tests++;
    summary->outcomes[verdict->result->outcome]++;
    if (verdict->result->outcome != OUTCOME_FAILED)
        return;
    if (verdict->known)
        summary->known++;
    else
        summary->severities[verdict->test->severity]++;
}

static void run_one(struct run *run, const struct group *group, const struct test *test)
{
    const struct result *result = &run->results[place_of(test)];
    struct verdict verdict = {
        .group = group, .test = test, .result = result, .number = run->summary.tests + 1};
    struct buffer said;
    buffer_init(&said, 1 << 20);
    report_progress(run->report, verdict.number, test->name);
    verdict.attempts = examine(run, test);
    if (verdict.attempts && result->outcome == OUTCOME_FAILED)
        dialogue_describe(&run->dialogue, DIALOGUE_LINES, &said);
    (void)buffer_append(&said, "", 1);
    verdict.dialogue = buffer_size(&said) ? buffer_begin(&said) : "";
    if (result->outcome == OUTCOME_FAILED) {
        verdict.known = baseline_has(run->baseline, test->name);
        baseline_add(run->baseline, test->name, severity_name(test->severity), test->title);
    }
    count(run, &verdict);
    errno = 0;
    run->report->functions->test(run->report, &verdict);
    report_check(run->report);
    buffer_free(&said);
    if (verdict.attempts && result->outcome != OUTCOME_PASSED &&
        result->outcome != OUTCOME_SKIPPED && !interrupted() && !is_there(&run->options->target)) {
        (void)snprintf(run->problem, sizeof(run->problem),
                       "the server takes no connections since %s", test->name);
        run->summary.problem = run->problem;
    }
}

/* True if there has to be an end, and says why. */
static bool is_over(struct run *run)
{
    if (run->summary.problem)
        return true;
    if (interrupted())
        run->summary.problem = "interrupted";
    else if (ferror(run->report->file))
        run->summary.problem = "the report cannot be written";
    else if (clock_msec() >= run->end)
        run->summary.problem = "the time for the whole run is over (--limit)";
    return run->summary.problem != NULL;
}

static void for_all(struct run *run, void (*step)(struct run *run, const struct group *group,
                                                  const struct test *test))
{
    for (size_t i = 0; i < catalogue_groups; i++)
        for (size_t j = 0; j < catalogue[i]->count && !is_over(run); j++)
            if (is_chosen(run->options, catalogue[i], &catalogue[i]->tests[j]))
                step(run, catalogue[i], &catalogue[i]->tests[j]);
}

static void plan_one(struct run *run, const struct group *group, const struct test *test)
{
    (void)group;
    (void)test;
    run->report->planned++;
}

/* With --verbose: each entry as it is made. */
static void watch(const struct dialogue_entry *entry, void *context)
{
    struct report *report = context;
    struct buffer line;
    buffer_init(&line, 1 << 20);
    dialogue_entry_describe(entry, true, DIALOGUE_BYTES_MAX, &line);
    errno = 0;
    (void)fprintf(report->file == stdout && report->options->format == FORMAT_TEXT ? stdout
                                                                                   : stderr,
                  "%.*s", (int)buffer_size(&line), buffer_begin(&line));
    report_check(report);
    buffer_free(&line);
}

/* What the baseline knows and this run has not judged is no less known in the next one. */
static void carry_over(struct run *run)
{
    for (size_t i = 0; i < catalogue_groups; i++)
        for (size_t j = 0; j < catalogue[i]->count; j++) {
            const struct test *test = &catalogue[i]->tests[j];
            size_t place = place_of(test);
            enum outcome outcome = run->results[place].outcome;
            bool judged =
                run->examined[place] && (outcome == OUTCOME_PASSED || outcome == OUTCOME_FAILED);
            if (!judged && baseline_has(run->baseline, test->name))
                baseline_add(run->baseline, test->name, severity_name(test->severity), test->title);
        }
}

static enum exit_status judge(const struct run *run)
{
    const struct summary *summary = &run->summary;
    if (summary->severities[SEVERITY_ERROR] > 0 || *run->problem)
        return STATUS_ERRORS;
    if (interrupted() || !run->server.learnt)
        return STATUS_NOT_RUN;
    if (summary->severities[SEVERITY_WARNING] > 0 || summary->problem)
        return STATUS_WARNINGS;
    if (summary->outcomes[OUTCOME_PASSED] + summary->outcomes[OUTCOME_FAILED] == 0)
        return STATUS_NOT_RUN;
    return summary->outcomes[OUTCOME_BLOCKED] > 0 ? STATUS_WARNINGS : STATUS_CLEAN;
}

enum exit_status run_all(const struct options *options, struct report *report,
                         struct baseline *baseline)
{
    size_t tests = 1; /* and one, that it is never an array of none */
    for (size_t i = 0; i < catalogue_groups; i++)
        tests += catalogue[i]->count;
    struct run *run = calloc(1, sizeof(*run));
    cleanup_free struct result *results = calloc(tests, sizeof(*results));
    cleanup_free bool *examined = calloc(tests, sizeof(*examined));
    if (!run || !results || !examined) {
        free(run);
        return STATUS_NOT_RUN;
    }
    uint64_t begun = clock_msec();
    *run = (struct run){.options = options,
                        .report = report,
                        .baseline = baseline,
                        .results = results,
                        .examined = examined,
                        .end = begun + options->limit};
    interrupt_catch();
    if (options->verbose) {
        run->dialogue.watch = watch;
        run->dialogue.context = report;
    }
    for (int i = 0; i < ACCOUNTS; i++)
        run->dialogue.secrets[i] = options->target.logins[i].password;
    struct result learnt;
    struct target target = options->target;
    target.test_limit = options->limit < target.test_limit ? options->limit : target.test_limit;
    server_learn(&target, &run->server, &run->dialogue, &learnt);
    for_all(run, plan_one);
    report->functions->begin(report, &run->server);
    if (!run->server.learnt && !interrupted()) {
        (void)fputs("ftplint: nobody could log in: ", stderr);
        print_safe(stderr, learnt.got);
        (void)fputc('\n', stderr);
    }
    for_all(run, run_one);
    server_clean(&options->target, &run->server, &run->dialogue, run->summary.left,
                 sizeof(run->summary.left));
    carry_over(run);
    run->summary.duration = clock_msec() - begun;
    errno = 0;
    report->functions->end(report, &run->summary);
    report_check(report);
    enum exit_status status = judge(run);
    server_free(&run->server); /* whose session writes its end into the dialogue */
    dialogue_free(&run->dialogue);
    free(run);
    return status;
}

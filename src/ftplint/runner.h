/*
 * Runs tests in order, tries again what timed out, keeps count, cleans up. main.c uses it. It never
 * goes on for longer than it was told, nor after the server has gone.
 */
#pragma once

#include "ftplint/exam.h"
#include "ftplint/report.h"

/* Learns, runs what OPTIONS choose, cleans up, and tells it all to REPORT. BASELINE may be NULL. */
struct baseline;
enum exit_status run_all(const struct options *options, struct report *report,
                         struct baseline *baseline);

/* Runs one test once, with its own exam, and hands its result to *RET. The dialogue stays with the
 * caller. */
void exam_run(const struct test *test, const struct target *target, struct server *server,
              struct dialogue *dialogue, struct result *ret);

/* Connects, logs in, asks FEAT, SYST and PWD and makes ftplint's folder. What went wrong is in
 * *RET; server->learnt tells whether tests that log in make sense. */
void server_learn(const struct target *target, struct server *server, struct dialogue *dialogue,
                  struct result *ret);

/* Removes ftplint's folder with all in it. What remains is named in RET ("" if nothing does). */
void server_clean(const struct target *target, struct server *server, struct dialogue *dialogue,
                  char *ret, size_t size);

/* True if OPTIONS choose the test at all. */
bool is_chosen(const struct options *options, const struct group *group, const struct test *test);
/* True if OPTIONS say that it is not to be run (--skip). */
bool is_unwanted(const struct options *options, const struct group *group, const struct test *test);
/* Why a chosen test cannot be run, in words; NULL: it can. */
const char *why_not(const struct options *options, const struct server *server,
                    const struct test *test);

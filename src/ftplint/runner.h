/*
 * Runs tests in order, tries again what timed out, keeps the results, cleans up. main.c uses it.
 */
#pragma once

#include "ftplint/exam.h"

/* Runs one test once, with its own exam, and hands its result to *RET. The dialogue stays with the
 * caller. */
void exam_run(const struct test *test, const struct target *target, struct server *server,
              struct dialogue *dialogue, struct result *ret);

/* Connects, logs in, asks FEAT, SYST and PWD and makes ftplint's folder. What went wrong is in
 * *RET; server->learnt tells whether tests that log in make sense. */
void server_learn(const struct target *target, struct server *server, struct dialogue *dialogue,
                  struct result *ret);

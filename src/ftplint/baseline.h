/*
 * The findings that are known: a text file with a test's name first in each line, '#' for remarks.
 * main.c reads and writes it, the runner asks it.
 */
#pragma once

#include "lib/buffer.h"

#include <stdbool.h>
#include <stdio.h>

struct baseline {
    char *text;          /* NULL: there is none */
    FILE *written;       /* NULL: none is to be written */
    struct buffer found; /* what is going to be */
};

/* Reads and opens what is not NULL. False after having said what is wrong. */
bool baseline_open(struct baseline *baseline, const char *read, const char *write);
/* EXAMINED: writes what was found; otherwise what was in the file stays. False after having said
 * that it could not be written. */
bool baseline_close(struct baseline *baseline, bool examined);

bool baseline_has(const struct baseline *baseline, const char *name);
/* Adds a finding to the file that is written. */
void baseline_add(struct baseline *baseline, const char *name, const char *severity,
                  const char *title);

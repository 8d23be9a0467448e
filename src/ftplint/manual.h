/* The catalogue in words. main.c uses it. */
#pragma once

#include "ftplint/options.h"

#include <stdbool.h>

/* One line a chosen test: group, severity, name, title, tabs between. */
void print_list(const struct options *options);

/* All about one test. False after having said that there is none of that name. */
bool print_explanation(const char *name);

/* All groups and tests as sections of mdoc(7): what man/ftplint.1.in takes in. */
void print_manual(void);

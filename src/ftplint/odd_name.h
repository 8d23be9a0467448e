/*
 * Files with names out of the ordinary: rows for the tests of several groups. Only src/ftplint uses
 * it.
 */
#pragma once

#include "ftplint/exam.h"

/* The parameter of a test whose function is test_odd_name(). */
struct odd_name {
    const char *name;
    bool optional; /* the server may refuse it; what it takes, it has to keep */
};

/* Stores a file of that name in an empty directory and expects to see just that name there. */
void test_odd_name(struct exam *exam);

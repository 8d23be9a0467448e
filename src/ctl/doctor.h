/*
 * cellftpctl doctor: the parts of the examination. Each says what it has found, good or not, and
 * changes nothing. Only src/ctl includes it.
 */
#pragma once

#include "ctl/table.h"

enum doctor_result { DOCTOR_OK, DOCTOR_NOTE, DOCTOR_PROBLEM };

struct doctor {
    const struct invocation *invocation;
    struct table table;
    unsigned problems;
};

/* One line. SUBJECT is what was looked at, REMEDY may be NULL. */
void doctor_say(struct doctor *doctor, enum doctor_result result, const char *subject,
                const char *remedy, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Names of users that have something in common: how many, and the first few. */
enum { DOCTOR_NAMES_MAX = 200 };
struct doctor_names {
    unsigned count;
    char text[DOCTOR_NAMES_MAX]; /* "alice, bob, ..." */
};
void doctor_names_add(struct doctor_names *names, const char *name);

void doctor_server(struct doctor *doctor);   /* cellftpd --check */
void doctor_places(struct doctor *doctor);   /* owners and modes of directories */
void doctor_units(struct doctor *doctor);    /* what systemd says */
void doctor_accounts(struct doctor *doctor); /* records and folders, and their file systems */
void doctor_quotas(struct doctor *doctor);   /* ledgers and projects */

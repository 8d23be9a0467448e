/*
 * A record while it is read: what account_read.c (the file) and account_keys.c (its keys) tell each
 * other. Nobody else includes it.
 */
#pragma once

#include "lib/account_record.h"

struct account_reading {
    const struct config *config;
    const char *file;
    enum account_uid_check check;
    struct account *account;
    struct buffer *problem;
};

/* Says of LINE, unless 0, what is wrong. Always -EBADMSG. */
__attribute__((format(printf, 3, 4))) int account_malformed(const struct account_reading *reading,
                                                            unsigned line, const char *format, ...);

/* The one called NAME, or NULL. */
const struct account_key *account_key_find(const char *name);

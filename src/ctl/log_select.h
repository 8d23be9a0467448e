/* Which lines of the logs are wanted. cellftpctl log uses it. */
#pragma once

#include "lib/address.h"
#include "lib/log_read.h"

#include <stdbool.h>

/* "auth,files": a bit for each enum event_file. -EINVAL for what is no log. */
int logs_parse(const char *text, unsigned *ret);

/* All of the conditions that are set must hold. */
struct log_select {
    unsigned logs; /* of logs_parse */
    const char *user;
    const char *session;
    bool has_address;
    struct address address;
    int64_t since; /* milliseconds since 1970; INT64_MIN: ever */
};

bool log_select_wants(const struct log_select *select, const struct log_line *line);

/* A line of a log for whoever asked. cellftpctl log uses it. */
#pragma once

#include <stdbool.h>

/* Prints LINE, which is a good one, as it is or as a JSON object in one line, with the members that
 * NAME.jsonl has. */
void log_print(const char *line, bool json);

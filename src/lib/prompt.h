/*
 * Questions to the administrator: a password that is not shown, a yes. Programs for people use it,
 * no server. It never leaves a terminal without echo, whichever signal ends it.
 */
#pragma once

#include <stddef.h>

/* Asks QUESTION on stderr and reads one line of the terminal FD without echo into RET (terminated,
 * without its newline). -ENOTTY, -E2BIG if it does not fit, -ECANCELED at end of file, other
 * negative errno. What was read is wiped when it fails. */
int prompt_secret(int fd, const char *question, char *ret, size_t size);

/* Reads one line of FD and nothing behind it. Results as prompt_secret. */
int read_secret(int fd, char *ret, size_t size);

/* Asks QUESTION on the terminal FD. 1 for a line that begins with y or Y, 0 for any other, -ENOTTY.
 */
int prompt_yes(int fd, const char *question);

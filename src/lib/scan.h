/*
 * Numbers, times and units out of text. Everyone may use it. Each scanner takes the whole string or
 * nothing, has a maximum, knows no locale, and leaves *RET alone when it fails.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Decimal digits only: no sign, no space. -EINVAL if it is no number, -ERANGE above MAXIMUM. */
int scan_u64(const char *text, uint64_t maximum, uint64_t *ret);

/* Octal digits only, as in "0640". -EINVAL, -ERANGE above MAXIMUM. */
int scan_octal(const char *text, unsigned maximum, unsigned *ret);

/* A time-val of RFC 3659 section 2.3, "YYYYMMDDHHMMSS[.fraction]", always UTC. Second 60 is taken
 * as the first second of the next minute. -EINVAL for anything that is no date (month 13, 30
 * February). */
int scan_timestamp(const char *text, struct timespec *ret);

/* A size "10 GiB", "64 KiB", "100 MB", "10G", "512": bytes. Units B, KB MB GB TB (powers of 1000)
 * and KiB MiB GiB TiB, or K M G T (powers of 1024), optional single spaces before the unit.
 * -EINVAL, -ERANGE. */
int scan_size(const char *text, uint64_t *ret);

/* A duration "60 s", "500 ms", "5 min", "2 h", "1 d"; a bare number means seconds. Milliseconds. */
int scan_duration(const char *text, uint64_t *ret);

/* The opposite of scan_size and scan_duration: the largest unit that divides VALUE, "10 GiB", "90
 * s". SIZE of the buffer of at least 32 bytes. */
void format_size(uint64_t value, char *ret, size_t size);
void format_duration(uint64_t milliseconds, char *ret, size_t size);

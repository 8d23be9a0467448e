/*
 * Text that came from a stranger, made fit for a log line, and questions about it. Everyone may use
 * it. It never changes what it is asked about.
 */
#pragma once

#include "lib/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Appends SIZE bytes between double quotes. Printable UTF-8 stays; backslash and quote get a
 * backslash; every other byte (controls C0 and C1, DEL, invalid UTF-8, U+2028, U+2029 and the
 * characters that turn the writing direction) becomes \xNN, byte by byte, so that the original can
 * be restored. -ENOBUFS, -ENOMEM. */
int text_append_quoted(struct buffer *buffer, const char *bytes, size_t size);

/* Appends SIZE bytes as one word: '_' for every space, for every character that a terminal would
 * act upon, and for every byte that is not UTF-8. The original cannot be restored. -ENOBUFS,
 * -ENOMEM. */
int text_append_word(struct buffer *buffer, const char *bytes, size_t size);

/* The character that SIZE bytes (at least one) begin with. A byte that does not begin well-formed
 * UTF-8 (RFC 3629) is not valid and stands for itself, with a size of 1. Not printable is what a
 * terminal would act upon: see text_append_quoted. */
struct text_character {
    uint32_t code;
    size_t size;
    bool valid;
    bool printable;
};
struct text_character text_character(const char *bytes, size_t size);

/* True if none of the SIZE bytes is a control character (C0 or DEL). */
bool text_is_plain(const char *bytes, size_t size);

/* True if the SIZE bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool text_is_utf8(const char *bytes, size_t size);

/* ASCII only, no locale: equal apart from letter case. */
bool text_equal_ignoring_case(const char *a, const char *b);

/* True if NAME matches PATTERN: '*' any run, '?' one byte, '[a-z]' and '[!a-z]' sets, '\' quotes.
 * No braces, no recursion: the work is at most the product of the two lengths. Bytes, not
 * characters. */
bool text_matches(const char *pattern, const char *name);

/* Levenshtein's distance, for "did you mean": how many bytes of A must be put in, taken out or
 * replaced to make B. Of long texts only the beginnings are compared. */
size_t text_distance(const char *a, const char *b);

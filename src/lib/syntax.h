/*
 * The text of libconfig files: what begins where, and where a mistake really is. config_file.c,
 * config.c and account_read.c use it. It never changes the text.
 */
#pragma once

/* Where the string or comment that begins at TEXT ends: TEXT itself if none begins there, NULL if
 * it never ends. */
const char *syntax_skip_quoted(const char *text);

/* libconfig names the line of the token that it did not expect, which is the next line if the end
 * of one is missing ("uid =" and nothing behind it). The line where the mistake is, out of TEXT and
 * the REPORTED one. */
unsigned syntax_error_line(const char *text, unsigned reported);

/* JSON out of cellftpctl (RFC 8259). Only src/ctl includes it. */
#pragma once

#include <stdio.h>

/* Prints TEXT as a string with its quotes. JSON is UTF-8 and a path need not be: the bytes of a
 * text that is not UTF-8 become the characters U+0080 to U+00FF. */
void json_print_string(FILE *file, const char *text);

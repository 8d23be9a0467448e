/* JSON out of cellftpctl (RFC 8259). Only src/ctl includes it. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/* Prints TEXT as a string with its quotes; NULL is null. JSON is UTF-8 and a path need not be: the
 * bytes of a text that is not UTF-8 become the characters U+0080 to U+00FF. */
void json_print_string(FILE *file, const char *text);

/* An object that is being printed, in one line. */
struct json_object {
    FILE *file;
    bool begun;
};
void json_begin(struct json_object *object, FILE *file);
void json_text(struct json_object *object, const char *member, const char *text);
void json_boolean(struct json_object *object, const char *member, bool value);
/* The member's name only; the caller prints its value. */
void json_member(struct json_object *object, const char *member);
void json_end(struct json_object *object);

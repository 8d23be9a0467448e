/*
 * JSON out of cellftpctl (RFC 8259), text by the rules of lib/json.h. Only src/ctl includes it.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/* Prints TEXT as a string with its quotes; NULL is null. */
void json_print_string(FILE *file, const char *text);

/* An object that is being printed, in one line. */
struct json_object {
    FILE *file;
    bool begun;
};
void json_begin(struct json_object *object, FILE *file);
/* TEXT may be NULL. One that is not UTF-8 has all its bytes in a second member, MEMBER_hex. */
void json_text(struct json_object *object, const char *member, const char *text);
/* VALUE is a number, true or false. */
void json_bare(struct json_object *object, const char *member, const char *value);
/* The member's name only; the caller prints its value. */
void json_member(struct json_object *object, const char *member);
void json_end(struct json_object *object);

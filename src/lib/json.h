/*
 * JSON strings (RFC 8259). Everyone may use it. It writes ASCII and UTF-8 that no parser refuses:
 * never a lone surrogate, never a byte that is not UTF-8.
 */
#pragma once

#include "lib/buffer.h"

#include <stddef.h>

/* Appends SIZE bytes as a string with its quotes. Quote and backslash get a backslash; what a
 * terminal would act upon (text.h) becomes \uXXXX; a byte that is not part of UTF-8 becomes U+FFFD,
 * and who needs the bytes has to say them another way. -ENOBUFS, -ENOMEM. */
int json_append_string(struct buffer *buffer, const char *bytes, size_t size);

/* Appends TEXT as a member of an object, "NAME":"TEXT". If it is not UTF-8, all its bytes follow in
 * a second one: "path":"caf\ufffd","path_hex":"636166e9". */
int json_append_member(struct buffer *buffer, const char *name, const char *text);

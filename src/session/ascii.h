/*
 * TYPE A (RFC 959 section 3.1.1.1): lines end in CR LF on the wire and in LF on disk. The session
 * uses it. Both ways keep every other byte, a lone CR included, so that what is downloaded and
 * uploaded again is the same file.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Disk to wire: puts a CR before each LF. RET has room for 2 * SIZE bytes. Returns how many it has.
 */
size_t ascii_encode(const char *bytes, size_t size, char *ret);

/* Wire to disk: drops the CR of each CR LF. *HELD_CR is whether the last piece ended in a CR that
 * may still turn out to belong to a LF. RET has room for SIZE + 1 bytes. Returns how many it has.
 */
size_t ascii_decode(const char *bytes, size_t size, bool *held_cr, char *ret);

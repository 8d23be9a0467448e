/* TYPE A: see ascii.h. */
#include "session/ascii.h"

#include <string.h>

size_t ascii_encode(const char *bytes, size_t size, char *ret)
{
    size_t used = 0;
    while (size > 0) {
        const char *end = memchr(bytes, '\n', size);
        size_t length = end ? (size_t)(end - bytes) : size;
        memcpy(ret + used, bytes, length);
        used += length;
        if (!end)
            break;
        ret[used++] = '\r';
        ret[used++] = '\n';
        bytes += length + 1;
        size -= length + 1;
    }
    return used;
}

size_t ascii_decode(const char *bytes, size_t size, bool *held_cr, char *ret)
{
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        if (*held_cr && bytes[i] != '\n')
            ret[used++] = '\r';
        *held_cr = bytes[i] == '\r';
        if (!*held_cr)
            ret[used++] = bytes[i];
    }
    return used;
}

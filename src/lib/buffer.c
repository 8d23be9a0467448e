/* A byte buffer with a largest size from birth: see buffer.h. */
#include "lib/buffer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST_ALLOCATION = 256 };

void buffer_init(struct buffer *buffer, size_t limit)
{
    *buffer = (struct buffer){.limit = limit};
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    buffer_init(buffer, buffer->limit);
}

int buffer_reserve(struct buffer *buffer, size_t size, char **ret)
{
    size_t used = buffer_size(buffer);
    if (size > buffer->limit - used)
        return -ENOBUFS;

    if (buffer->start > 0 && size > buffer->allocated - buffer->end) {
        memmove(buffer->data, buffer->data + buffer->start, used);
        buffer->start = 0;
        buffer->end = used;
    }
    if (!buffer->data || size > buffer->allocated - buffer->end) {
        /* Doubling keeps the number of copies small; the limit bounds it. */
        size_t allocated = buffer->allocated ? buffer->allocated : SMALLEST_ALLOCATION;
        while (allocated < used + size)
            allocated *= 2;
        if (allocated > buffer->limit)
            allocated = buffer->limit > 0 ? buffer->limit : 1;
        char *data = realloc(buffer->data, allocated);
        if (!data)
            return -ENOMEM;
        buffer->data = data;
        buffer->allocated = allocated;
    }
    *ret = buffer->data + buffer->end;
    return 0;
}

void buffer_commit(struct buffer *buffer, size_t size)
{
    buffer->end += size;
}

int buffer_append(struct buffer *buffer, const void *bytes, size_t size)
{
    char *room;
    int r = buffer_reserve(buffer, size, &room);
    if (r < 0)
        return r;
    if (size > 0)
        memcpy(room, bytes, size);
    buffer_commit(buffer, size);
    return 0;
}

int buffer_append_string(struct buffer *buffer, const char *text)
{
    return buffer_append(buffer, text, strlen(text));
}

int buffer_append_formatv(struct buffer *buffer, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0)
        return -EINVAL;

    char *room; /* one more for the terminating zero, which is not counted */
    int r = buffer_reserve(buffer, (size_t)length + 1, &room);
    if (r < 0)
        return r;
    (void)vsnprintf(room, (size_t)length + 1, format, arguments);
    buffer_commit(buffer, (size_t)length);
    return 0;
}

int buffer_append_format(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int r = buffer_append_formatv(buffer, format, arguments);
    va_end(arguments);
    return r;
}

void buffer_consume(struct buffer *buffer, size_t size)
{
    if (size >= buffer_size(buffer)) {
        buffer_clear(buffer);
        return;
    }
    buffer->start += size;
}

void buffer_clear(struct buffer *buffer)
{
    buffer->start = 0;
    buffer->end = 0;
}

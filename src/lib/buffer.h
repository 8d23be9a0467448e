/*
 * A byte buffer with a largest size from birth: appended to at the end, consumed from the start.
 * Everyone may use it. It never grows past its limit and never hides that it would have to.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buffer {
    char *data;       /* NULL until the first byte */
    size_t start;     /* first byte that has not been consumed */
    size_t end;       /* behind the last byte */
    size_t allocated; /* bytes behind data */
    size_t limit;     /* no more unconsumed bytes than this, ever */
};

/* Makes BUFFER empty with a limit of LIMIT bytes. Allocates nothing. */
void buffer_init(struct buffer *buffer, size_t limit);

/* Releases the memory; the buffer may be used again. */
void buffer_free(struct buffer *buffer);

static inline void buffer_cleanup_(struct buffer *buffer)
{
    buffer_free(buffer);
}
#define cleanup_buffer __attribute__((cleanup(buffer_cleanup_)))

/* Number of unconsumed bytes, and where they begin (not terminated). */
static inline size_t buffer_size(const struct buffer *buffer)
{
    return buffer->end - buffer->start;
}

static inline const char *buffer_begin(const struct buffer *buffer)
{
    return buffer->data + buffer->start;
}

/* Makes room for SIZE more bytes and returns where to put them in *RET; buffer_commit() then counts
 * what was really put there. -ENOBUFS past the limit, -ENOMEM. */
int buffer_reserve(struct buffer *buffer, size_t size, char **ret);
void buffer_commit(struct buffer *buffer, size_t size);

/* Append; all or nothing. -ENOBUFS past the limit, -ENOMEM. */
int buffer_append(struct buffer *buffer, const void *bytes, size_t size);
int buffer_append_string(struct buffer *buffer, const char *text);
int buffer_append_format(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int buffer_append_formatv(struct buffer *buffer, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* Drops SIZE bytes (at most what is there) from the start. */
void buffer_consume(struct buffer *buffer, size_t size);
void buffer_clear(struct buffer *buffer);

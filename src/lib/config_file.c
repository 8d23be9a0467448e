/*
 * One configuration file: opened safely, read, and made fit for libconfig: see config_file_read in
 * option.h. Only lib/config.c uses it. libconfig 1.5 cuts an integer without an L to 32 bits
 * without a word (attempts = 4294967299 would be 3), follows @include to any file whoever owns it,
 * takes a zero byte for the end, and lets a string or comment that never ends swallow the rest of
 * the file. It never judges anything else in the text: that is libconfig's work.
 */
#include "lib/cleanup.h"
#include "lib/option.h"
#include "lib/syntax.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 256 * 1024, READ_SIZE = 8192 };

static bool in_word(char c)
{
    return c != '\0' && (strchr("+-._*", c) || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                         (c >= 'A' && c <= 'Z'));
}

static bool is_integer(const char *word, size_t length)
{
    size_t sign = length > 0 && (*word == '-' || *word == '+') ? 1 : 0;
    return length > sign && strspn(word + sign, "0123456789") >= length - sign;
}

static bool is_hexadecimal(const char *word, size_t length)
{
    return length > 2 && word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
}

static unsigned count_lines(const char *from, const char *to)
{
    unsigned lines = 0;
    for (; from < to; from++)
        if (*from == '\n')
            lines++;
    return lines;
}

/* Copies what begins at *TEXT: a string, a comment, a word or one other character. Returns a
 * problem or NULL; *RET_ERROR is negative if the copy failed. */
static const char *copy_piece(const char **text, struct buffer *ret, int *ret_error)
{
    const char *start = *text;
    const char *end = syntax_skip_quoted(start);
    bool wide = false;
    if (!end)
        return *start == '"' ? "a string that never ends" : "a comment that never ends";
    if (end == start) {
        if (*start == '@')
            return "@include is not followed; put the file into conf.d instead";
        while (in_word(*end))
            end++;
        if (is_hexadecimal(start, (size_t)(end - start)))
            return "a hexadecimal number; write it in decimal digits";
        wide = is_integer(start, (size_t)(end - start));
        if (end == start)
            end++;
    }
    *ret_error = buffer_append(ret, start, (size_t)(end - start));
    if (wide && *ret_error >= 0)
        *ret_error = buffer_append_string(ret, "L");
    *text = end;
    return NULL;
}

/* TEXT is SIZE bytes and a zero byte. Appends it to RET with every integer marked as 64 bits wide.
 * -EINVAL with *RET_PROBLEM and its line. */
static int prepare(const char *text, size_t size, struct buffer *ret, unsigned *ret_line,
                   const char **ret_problem)
{
    const char *at = text;
    const char *problem = NULL;
    int r = 0;
    while (*at != '\0' && !problem && r >= 0)
        problem = copy_piece(&at, ret, &r);
    if (r < 0)
        return r;
    if (!problem && (size_t)(at - text) != size)
        problem = "a zero byte; this is not a text file";
    if (problem) {
        *ret_problem = problem;
        *ret_line = 1 + count_lines(text, at);
        return -EINVAL;
    }
    return buffer_append(ret, "", 1);
}

/* Whoever can write the file is as powerful as root: it must be root, or whoever runs this program.
 */
static const char *check_file(const struct stat *status)
{
    if (!S_ISREG(status->st_mode))
        return "not a regular file";
    if (status->st_uid != 0 && status->st_uid != geteuid())
        return "owned by another user; expected root";
    if (status->st_mode & (S_IWGRP | S_IWOTH))
        return "writable by others than its owner; expected the permissions 0644";
    return NULL;
}

/* The content of FD and a zero byte. */
static int read_all(int fd, struct buffer *ret)
{
    for (;;) {
        char *room;
        int r = buffer_reserve(ret, READ_SIZE, &room);
        if (r < 0)
            return r == -ENOBUFS ? -EFBIG : r;
        ssize_t size = read(fd, room, READ_SIZE);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return -errno;
        if (size == 0)
            return buffer_append(ret, "", 1);
        buffer_commit(ret, (size_t)size);
    }
}

int config_file_read(const char *path, struct buffer *ret, unsigned *ret_line,
                     const char **ret_problem)
{
    *ret_line = 0;
    *ret_problem = NULL;
    buffer_init(ret, 2 * FILE_BYTES_MAX);
    /* O_NONBLOCK: opening a FIFO must not wait for its other end. */
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0)
        return -errno;
    *ret_problem = check_file(&status);
    if (*ret_problem)
        return -EINVAL;

    cleanup_buffer struct buffer raw;
    buffer_init(&raw, FILE_BYTES_MAX);
    int r = read_all(fd, &raw);
    if (r >= 0)
        r = prepare(buffer_begin(&raw), buffer_size(&raw) - 1, ret, ret_line, ret_problem);
    return r;
}

/*
 * Replies: the only place that writes to the control connection's output. Whatever a reply was made
 * of, what goes out is one line with one code: no name, however it was planted, can forge another.
 */
#include "session/session.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { REPLY_MAX = 3 * PATH_MAX };

/* Appends SIZE bytes with control characters as '?', and 255 doubled, since telnet would take it
 * for a command. */
static void append_harmless(struct session *session, const char *bytes, size_t size)
{
    struct buffer *output = &session->control.output;
    char *room;
    if (buffer_reserve(output, 2 * size, &room) < 0) {
        session->control.failed = true; /* a client that never reads what it asked for */
        return;
    }
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        room[used++] = (char)(byte < 0x20 || byte == 0x7f ? '?' : byte);
        if (byte == 0xff)
            room[used++] = (char)byte;
    }
    buffer_commit(output, used);
}

static void append_formatted(struct session *session, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
static void append_formatted(struct session *session, const char *format, va_list arguments)
{
    char text[REPLY_MAX];
    int length = vsnprintf(text, sizeof(text), format, arguments);
    size_t size = length < 0 ? 0 : (size_t)length;
    append_harmless(session, text, size < sizeof(text) ? size : sizeof(text) - 1);
}

static void append(struct session *session, const char *text)
{
    if (buffer_append_string(&session->control.output, text) < 0)
        session->control.failed = true;
}

static void append_code(struct session *session, unsigned code, const char *separator)
{
    if (buffer_append_format(&session->control.output, "%03u%s", code, separator) < 0)
        session->control.failed = true;
}

void reply(struct session *session, unsigned code, const char *format, ...)
{
    va_list arguments;
    session->replied = code;
    append_code(session, code, " ");
    va_start(arguments, format);
    append_formatted(session, format, arguments);
    va_end(arguments);
    append(session, "\r\n");
}

void reply_first(struct session *session, unsigned code, const char *format, ...)
{
    va_list arguments;
    append_code(session, code, "-");
    va_start(arguments, format);
    append_formatted(session, format, arguments);
    va_end(arguments);
    append(session, "\r\n");
}

void reply_line(struct session *session, const char *format, ...)
{
    va_list arguments;
    append(session, " "); /* so that no line between the first and the last looks like the last */
    va_start(arguments, format);
    append_formatted(session, format, arguments);
    va_end(arguments);
    append(session, "\r\n");
}

void reply_line_bytes(struct session *session, const char *bytes, size_t length)
{
    append(session, " ");
    append_harmless(session, bytes, length);
    append(session, "\r\n");
}

/* What an errno means to a user. Codes: 0 is the code that the command asked for. */
static const struct {
    int error;
    unsigned code;
    const char *words;
} problems[] = {
    {ENOENT, 0, "No such file or directory."},
    {ENOTDIR, 0, "Not a directory."},
    {EISDIR, 0, "Is a directory."},
    {EEXIST, 0, "That name exists already."},
    {ENOTEMPTY, 0, "The directory is not empty."},
    {EACCES, 0, "Permission denied."},
    {EPERM, 0, "Permission denied."},
    {EOVERFLOW, 0, "Permission denied."}, /* of somebody who has no number here */
    {EROFS, 0, "This folder is read-only."},
    {ELOOP, 0, "No such file or directory."}, /* where a link leads is nobody's business */
    {EXDEV, 0,
     "Cannot be moved there: a share or another file system lies between; copy it instead."},
    {EINVAL, 0, "Not possible with this file."},
    {EILSEQ, 553, "File name not allowed."},
    {EKEYREJECTED, 553, "Names like this are not taken here."},
    {ENAMETOOLONG, 0, "File name too long."},
    {ENXIO, 0, "Not a regular file."},
    {EBUSY, 0, "Not possible with this directory: it is the top of your folder, or of a share."},
    {ETXTBSY, 450, "The file is being written by another session; try again later."},
    {EWOULDBLOCK, 450, "The file is being written by another session; try again later."},
    {ENOSPC, 452, "The disk is full."},
    {EDQUOT, 552, "Quota exceeded."},
    {EUSERS, 0, "Users' folders are made by SITE USER ADD; they are not removed or renamed here."},
    {EOWNERDEAD, 0,
     "Only a single file is moved to another user; make the folder there and move its files."},
    {EFBIG, 552, "The file would be too large."},
    {EMLINK, 0, "Too many entries in this directory."},
    {ENOMEM, 451, "The server is out of memory; try again later."},
    {EMFILE, 451, "The server is out of resources; try again later."},
    {ENFILE, 451, "The server is out of resources; try again later."},
    {ECANCELED, 426, "Transfer aborted."},
    {ESHUTDOWN, 426, "The session is ended, and the transfer with it."},
    {ETIMEDOUT, 426, "No data moved for too long: transfer given up."},
    {ECONNRESET, 426, "The data connection broke."},
    {EPIPE, 426, "The data connection broke."},
    {EPROTO, 426, "TLS on the data connection broke."},
    {ECONNABORTED, 426, "The data connection ended without TLS's close_notify: not all has come."},
    {ESTALE, 426, "The file became shorter while it was sent."},
};

unsigned reply_code(unsigned code, int error)
{
    for (size_t i = 0; i < sizeof(problems) / sizeof(problems[0]); i++)
        if (problems[i].error == -error)
            return problems[i].code ? problems[i].code : code;
    return 451;
}

const char *reply_words(int error)
{
    for (size_t i = 0; i < sizeof(problems) / sizeof(problems[0]); i++)
        if (problems[i].error == -error)
            return problems[i].words;
    return "A local error occurred.";
}

/* For errors that are ours alone the system's words are about something else. */
const char *reply_reason(int error)
{
    switch (-error) {
    case EILSEQ: return "Name not allowed: files.deny_names, deny_names, or no plain UTF-8";
    case EKEYREJECTED: return "Name does not match files.allow_names or allow_names";
    case EUSERS: return "Not in the directory of the users' folders";
    case EOWNERDEAD: return "Only a single file is moved to another user";
    default: return strerrordesc_np(-error);
    }
}

/* A drop box does not tell what is in it, or in the way. That a name is taken can be found out by
 * taking it, and that is so in any drop box. */
static int without_details(int error)
{
    switch (error) {
    case -ENOTDIR:
    case -EACCES:
    case -EPERM:
    case -ELOOP:
    case -ENXIO: return -ENOENT;
    case -EISDIR: return -EEXIST;
    default: return error;
    }
}

void reply_error(struct session *session, unsigned code, int error)
{
    char words[QUOTA_WORDS_MAX];
    if (session->flags & ACCOUNT_UPLOAD_ONLY)
        error = without_details(error);
    /* XFS says so of a project that is full. */
    if (error == -ENOSPC && session->quota.project)
        error = -EDQUOT;
    if (error == -EDQUOT) {
        quota_words(session, words);
        reply(session, reply_code(code, error), "%s", words);
        return;
    }
    reply(session, reply_code(code, error), "%s", reply_words(error));
}

void reply_path(struct session *session, unsigned code, const char *path, const char *text)
{
    char quoted[2 * PATH_MAX];
    size_t used = 0;
    for (; *path && used < sizeof(quoted) - 2; path++) {
        if (*path == '"')
            quoted[used++] = '"';
        quoted[used++] = *path;
    }
    quoted[used] = '\0';
    reply(session, code, "\"%s\"%s", quoted, text);
}

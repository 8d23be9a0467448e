/* What all formats share: see report.h. */
#include "ftplint/report.h"

#include "lib/cleanup.h"
#include "lib/text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

bool report_open(struct report *report, const struct options *options)
{
    static const struct report_functions *const formats[] = {
        [FORMAT_TEXT] = &report_text,
        [FORMAT_TAP] = &report_tap,
        [FORMAT_JUNIT] = &report_junit,
        [FORMAT_JSON] = &report_json,
    };
    *report = (struct report){
        .functions = formats[options->format],
        .options = options,
        .file = options->output ? fopen(options->output, "we") : stdout,
    };
    if (!report->file) {
        (void)fprintf(stderr, "ftplint: %s: %s\n", options->output, strerror(errno));
        return false;
    }
    buffer_init(&report->kept, 256 << 20);
    const char *no_color = getenv("NO_COLOR"); /* any value but none: https://no-color.org */
    report->color =
        options->color == COLOR_ALWAYS ||
        (options->color == COLOR_AUTO && isatty(fileno(report->file)) && !(no_color && *no_color));
    report->progress = !options->quiet && !options->verbose && isatty(STDERR_FILENO);
    return true;
}

void report_check(struct report *report)
{
    if (report->error == 0 && ferror(report->file))
        report->error = errno ? errno : EIO;
}

bool report_close(struct report *report)
{
    (void)fflush(report->file);
    report_check(report);
    if (report->file != stdout && fclose(report->file) != 0 && report->error == 0)
        report->error = errno;
    buffer_free(&report->kept);
    if (report->error)
        (void)fprintf(stderr, "ftplint: the report could not be written: %s\n",
                      strerror(report->error));
    return report->error == 0;
}

void report_progress(struct report *report, size_t number, const char *name)
{
    if (report->progress)
        (void)fprintf(stderr, "\r\033[K%zu/%zu %s", number, report->planned, name);
}

void report_progress_clear(const struct report *report)
{
    if (report->progress)
        (void)fputs("\r\033[K", stderr);
}

const char *verdict_name(const struct verdict *verdict)
{
    switch (verdict->result->outcome) {
    case OUTCOME_PASSED: return "passed";
    case OUTCOME_SKIPPED: return "skipped";
    case OUTCOME_BLOCKED: return "blocked";
    default: return verdict->known ? "known" : severity_name(verdict->test->severity);
    }
}

void print_safe(FILE *file, const char *text)
{
    print_safe_bytes(file, text, strlen(text));
}

void print_safe_bytes(FILE *file, const char *text, size_t left)
{
    while (left > 0) {
        struct text_character character = text_character(text, left);
        if (character.printable)
            (void)fwrite(text, 1, character.size, file);
        else
            for (size_t i = 0; i < character.size; i++)
                (void)fprintf(file, "\\x%02x", (unsigned)(unsigned char)text[i]);
        text += character.size;
        left -= character.size;
    }
}

/* Appends SIZE bytes, readable: "\r\n" at the end is left out, all else that does not print is
 * shown. */
static void append_bytes(struct buffer *ret, const char *bytes, size_t size)
{
    while (size > 0) {
        struct text_character character = text_character(bytes, size);
        if (character.printable)
            (void)buffer_append(ret, bytes, character.size);
        else
            for (size_t i = 0; i < character.size; i++)
                (void)buffer_append_format(ret, "\\x%02x", (unsigned)(unsigned char)bytes[i]);
        bytes += character.size;
        size -= character.size;
    }
}

/* How many of SIZE bytes append_bytes() shows in MOST characters. */
static size_t shown_size(const char *bytes, size_t size, size_t most)
{
    size_t at = 0;
    for (size_t used = 0; at < size;) {
        struct text_character character = text_character(bytes + at, size - at);
        used += character.printable ? character.size : 4 * character.size;
        if (used > most)
            break;
        at += character.size;
    }
    return at;
}

static void append_mark(struct buffer *ret, const struct dialogue_entry *entry, bool numbered)
{
    static const char marks[] = {'>', '<', '*'};
    if (numbered && entry->connection == 0) /* on this machine, over no connection */
        (void)buffer_append_string(ret, "   ");
    else if (numbered)
        (void)buffer_append_format(ret, "%u%s ", entry->connection, entry->data ? "d" : " ");
    (void)buffer_append_format(ret, "%c ", marks[entry->kind]);
}

void dialogue_entry_describe(const struct dialogue_entry *entry, bool numbered, size_t most,
                             struct buffer *ret)
{
    size_t size = entry->size < most ? entry->size : most;
    if (entry->data && entry->kind != DIALOGUE_EVENT) {
        size = shown_size(entry->bytes, size, most);
        append_mark(ret, entry, numbered);
        (void)buffer_append_format(ret, "(data, %zu bytes) ", entry->whole);
        append_bytes(ret, entry->bytes, size);
        (void)buffer_append_string(ret, size < entry->whole ? "...\n" : "\n");
        return;
    }
    /* A line each: a reply of several is read as it was sent. */
    for (size_t at = 0; at < size;) {
        const char *stop = memchr(entry->bytes + at, '\n', size - at);
        size_t length = stop ? (size_t)(stop - entry->bytes) - at : size - at;
        bool whole = stop && length > 0 && entry->bytes[at + length - 1] == '\r';
        append_mark(ret, entry, numbered);
        append_bytes(ret, entry->bytes + at, whole ? length - 1 : length);
        if (stop && !whole)
            (void)buffer_append_string(ret, "\\x0a");
        if (!stop && size < entry->whole)
            (void)buffer_append_format(ret, "... (%zu bytes)", entry->whole);
        (void)buffer_append_string(ret, "\n");
        at += length + (stop ? 1 : 0);
    }
}

/* The entries without those at the end with which each test lets go of its connections. */
static size_t count_told(const struct dialogue *dialogue)
{
    size_t count = dialogue->count;
    while (count > 0 && dialogue->entries[count - 1].kind == DIALOGUE_EVENT &&
           dialogue->entries[count - 1].bytes &&
           strcmp(dialogue->entries[count - 1].bytes, DIALOGUE_CLOSED) == 0)
        count--;
    return count;
}

void dialogue_describe(const struct dialogue *dialogue, size_t lines, struct buffer *ret)
{
    size_t count = count_told(dialogue);
    bool numbered = false;
    for (size_t i = 1; i < count; i++)
        if (dialogue->entries[i].connection != dialogue->entries[0].connection)
            numbered = true;
    size_t first = count > lines ? count - lines : 0;
    uint64_t before = first + dialogue->left_out;
    if (before > 0)
        (void)buffer_append_format(ret, "... (%" PRIu64 " before these)\n", before);
    for (size_t i = first; i < count; i++)
        dialogue_entry_describe(&dialogue->entries[i], numbered, 240, ret);
}

/*
 * cellftpctl log: the log files, merged by time and filtered. It never writes them, and never has
 * more of them in memory than a block of each and the lines that were asked for.
 */
#include "ctl/command.h"
#include "ctl/log_print.h"
#include "ctl/log_reader.h"
#include "ctl/log_select.h"
#include "ctl/since.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/scan.h"

#include <fcntl.h>
#include <string.h>

enum {
    LINES = 50, /* where nothing else was asked for */
    LINES_FOLLOWED = 10,
    LINES_MAX = 1000000, /* they are kept in memory */
    FOLLOW_EVERY = 200,  /* milliseconds */
};

/* One log and its next wanted line, if it has one. */
struct source {
    struct log_reader reader;
    bool waiting;
    bool ends; /* it is the last of its session, whatever else has the same time */
    int64_t time;
    char *text; /* owned */
};

struct merge {
    const struct invocation *invocation;
    struct log_select select;
    struct source sources[EVENT_FILE_COUNT];
    size_t count;
    uint64_t malformed;
};

typedef int (*step)(struct log_reader *reader, char **ret_line);

/* Makes the source's next wanted line wait. 1, 0 if it has none now, negative errno. */
static int fill(struct merge *merge, struct source *source, step advance)
{
    while (!source->waiting) {
        char *line;
        struct log_line parsed;
        int r = advance(&source->reader, &line);
        if (r <= 0)
            return r;
        cleanup_free char *text = strdup(line); /* taking it apart changes it */
        if (!text)
            return -ENOMEM;
        if (log_line_parse(line, &parsed) < 0) {
            merge->malformed++;
            continue;
        }
        if (advance == log_reader_previous && parsed.time < merge->select.since)
            return 0;
        if (!log_select_wants(&merge->select, &parsed))
            continue;
        free(source->text);
        source->text = take_pointer(text);
        source->time = parsed.time;
        source->ends =
            strcmp(parsed.file, "connections") == 0 && strcmp(parsed.word, "disconnect") == 0;
        source->waiting = true;
    }
    return 1;
}

/* Whether the line of ONE belongs before that of OTHER. The end of a session is the last of it: its
 * file must not put it before a transfer of the same millisecond. */
static bool precedes(const struct source *one, const struct source *other)
{
    return one->time < other->time || (one->time == other->time && !one->ends && other->ends);
}

/* The line that comes first going in the direction of ADVANCE: the oldest, or the newest. *RET is
 * owned by the caller, NULL if there is none now. Negative errno. */
static int take_first(struct merge *merge, step advance, char **ret)
{
    struct source *first = NULL;
    *ret = NULL;
    for (size_t i = 0; i < merge->count; i++) {
        struct source *source = &merge->sources[i];
        int r = fill(merge, source, advance);
        if (r < 0)
            return r;
        if (r == 1 && (!first || precedes(source, first) == (advance == log_reader_next)))
            first = source;
    }
    if (first) {
        *ret = take_pointer(first->text);
        first->waiting = false;
    }
    return 0;
}

/* Prints what comes forwards, until there is no more. */
static int print_forwards(struct merge *merge)
{
    for (;;) {
        cleanup_free char *text = NULL;
        int r = take_first(merge, log_reader_next, &text);
        if (r < 0 || !text)
            return r;
        log_print(text, option_given(merge->invocation, OPTION_JSON));
    }
}

/* The last COUNT lines, in the order of time. */
static int print_last(struct merge *merge, size_t count)
{
    char **texts = calloc(count + 1, sizeof(*texts));
    size_t used = 0;
    int r = texts ? 0 : -ENOMEM;
    while (r == 0 && used < count) {
        r = take_first(merge, log_reader_previous, &texts[used]);
        if (r < 0 || !texts[used])
            break;
        used++;
    }
    for (size_t i = used; i > 0; i--) {
        log_print(texts[i - 1], option_given(merge->invocation, OPTION_JSON));
        free(texts[i - 1]);
    }
    free((void *)texts);
    for (size_t i = 0; i < merge->count; i++) {
        merge->sources[i].waiting = false;
        log_reader_turn(&merge->sources[i].reader);
    }
    return r;
}

/* What was asked for, and what stands there already, is printed; then, with --follow, what comes.
 */
static int print_all(struct merge *merge)
{
    bool follow = option_given(merge->invocation, OPTION_FOLLOW);
    bool last = option_given(merge->invocation, OPTION_LINES) ||
                !option_given(merge->invocation, OPTION_SINCE);
    uint64_t lines = follow ? LINES_FOLLOWED : LINES;
    const char *text = option_value(merge->invocation, OPTION_LINES);
    if (text && scan_u64(text, LINES_MAX, &lines) < 0) {
        complain("--lines is at most %d; use --since, which has no limit", (int)LINES_MAX);
        return -EINVAL;
    }
    int r = 0;
    for (size_t i = 0; i < merge->count && r == 0; i++) {
        struct log_reader *reader = &merge->sources[i].reader;
        r = last ? log_reader_seek_end(reader) : log_reader_seek(reader, merge->select.since);
    }
    if (r == 0)
        r = last ? print_last(merge, lines) : print_forwards(merge);
    while (r == 0 && follow && fflush(stdout) == 0) {
        clock_pause(FOLLOW_EVERY);
        r = print_forwards(merge);
    }
    return r;
}

static int open_all(struct merge *merge, int directory)
{
    for (enum event_file file = 0; file < EVENT_FILE_COUNT; file++) {
        if (!(merge->select.logs & (1u << file)))
            continue;
        struct log_reader *reader = &merge->sources[merge->count++].reader;
        int r = log_reader_open(directory, file, reader);
        if (r < 0) {
            complain("cannot read %s/%s: %s", merge->invocation->config->directories_logs,
                     reader->name, strerror(-r));
            return r;
        }
    }
    return 0;
}

static struct log_select select_of(const struct invocation *invocation)
{
    struct log_select select = {
        .logs = UINT32_MAX,
        .user = option_value(invocation, OPTION_USER),
        .session = option_value(invocation, OPTION_SESSION),
        .since = INT64_MIN,
    };
    const char *address = option_value(invocation, OPTION_ADDRESS);
    select.has_address = address && address_parse(address, &select.address) == 0;
    const char *kind = option_value(invocation, OPTION_KIND);
    if (kind)
        (void)logs_parse(kind, &select.logs);
    time_t when;
    const char *since = option_value(invocation, OPTION_SINCE);
    if (since && since_parse(since, time(NULL), &when) == 0)
        select.since = when * 1000;
    return select;
}

/* What an administrator should know about what he has just read. */
static void say_what_is_missing(const struct merge *merge)
{
    if (merge->malformed > 0)
        complain("%llu lines are in no format of ours and were left out",
                 (unsigned long long)merge->malformed);
    for (size_t i = 0; i < merge->count; i++) {
        const struct log_reader *reader = &merge->sources[i].reader;
        if (reader->compressed && reader->oldest)
            complain("older lines are in %s/%s.%zu.gz, which is not read: try zgrep",
                     merge->invocation->config->directories_logs, reader->name, reader->count);
    }
}

enum exit_status command_log(const struct invocation *invocation)
{
    const struct config *config = invocation->config;
    if (!config->logs_files) {
        complain("logs.files is false: the lines are in the journal: journalctl -t cellftpd");
        return STATUS_FAILED;
    }
    cleanup_close int directory =
        open(config->directories_logs, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0) {
        complain("cannot open %s: %s", config->directories_logs, strerror(errno));
        return errno == EACCES ? STATUS_NO_PERMISSION : STATUS_FAILED;
    }
    struct merge merge = {.invocation = invocation, .select = select_of(invocation)};
    int r = open_all(&merge, directory);
    bool opened = r == 0;
    if (opened)
        r = print_all(&merge);
    if (opened && r < 0 && r != -EINVAL)
        complain("cannot read the logs in %s: %s", config->directories_logs, strerror(-r));
    if (r == 0)
        say_what_is_missing(&merge);
    for (size_t i = 0; i < merge.count; i++) {
        free(merge.sources[i].text);
        log_reader_close(&merge.sources[i].reader);
    }
    return r == 0         ? STATUS_OK
           : r == -EACCES ? STATUS_NO_PERMISSION
           : r == -EINVAL ? STATUS_USAGE
                          : STATUS_FAILED;
}

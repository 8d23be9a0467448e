/*
 * The logs: see log.h. The monitor and cellftpctl write them. This file decides what goes where,
 * and when; log_file.c and journal.c take it there.
 */
#include "lib/log.h"

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/event_format.h"
#include "lib/xferlog.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    /* The longest event with every byte escaped, and the rest of the line; JSON needs up to six
     * bytes for one, and names what is no UTF-8 twice. */
    TEXT_MAX = 5 * MESSAGE_MAX,
    JSON_MAX = 9 * MESSAGE_MAX,
    FILE_NAME_MAX = 32,
    FILE_XFERLOG = 2 * EVENT_FILE_COUNT, /* in log.files; before it two of each kind */
    LINES_MAX = 3,
};
_Static_assert(TEXT_MAX + MESSAGE_MAX + 1024 <= JOURNAL_RECORD_MAX,
               "every event fits into a record of the journal");

enum form { FORM_TEXT, FORM_JSON, FORM_XFERLOG };

/* A line but for its time. */
struct line {
    enum form form;
    size_t file; /* in log.files */
    const struct buffer *body;
};

int log_open(const struct config *config, struct log *ret)
{
    *ret = (struct log){.config = config, .directory = -1};
    for (size_t i = 0; i < ELEMENTS(ret->files); i++)
        ret->files[i].fd = -1;
    journal_init(&ret->journal, config->logs_journal ? JOURNAL_SOCKET : NULL);
    if (!config->logs_files && !config->logs_json && !config->logs_xferlog)
        return 0;
    /* Not O_PATH: it is locked. */
    ret->directory =
        open(config->directories_logs, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return ret->directory < 0 ? -errno : 0;
}

void log_close(struct log *log)
{
    log->directory = close_fd(log->directory);
    for (size_t i = 0; i < ELEMENTS(log->files); i++)
        log->files[i].fd = close_fd(log->files[i].fd);
    journal_close(&log->journal);
}

/* --- The lock --- */

/* True if the directory is locked. flock(2) has no time limit of its own, and a blocking one would
 * need a signal to end it. */
static bool lock(struct log *log)
{
    uint64_t now = clock_msec();
    uint64_t end = now < log->lock_retry ? now : now + LOG_LOCK_PATIENCE;
    struct timespec pause = {.tv_nsec = 50000};
    enum { LONGEST_PAUSE = 2000000 };
    while (flock(log->directory, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return false;
        if (clock_msec() >= end) {
            if (now >= log->lock_retry)
                log->lock_retry = clock_msec() + LOG_LOCK_INTERVAL;
            return false;
        }
        (void)nanosleep(&pause, NULL);
        if (pause.tv_nsec < LONGEST_PAUSE)
            pause.tv_nsec *= 2;
    }
    return true;
}

/* --- Free space --- */

/* What is written to files while space is short. */
static bool matters(const struct event_kind *kind)
{
    return kind->file == EVENT_FILE_auth || kind->file == EVENT_FILE_admin ||
           kind->priority <= LOG_WARNING;
}

static void announce(struct log *log, const struct event_origin *origin, enum event_id id,
                     const char *reason, const char *detail)
{
    const struct event_origin noticed = {.session = origin->session};
    struct event event = EVENT_INIT(id);
    event.reason = reason;
    event.detail = detail;
    (void)log_write(log, &noticed, &event);
}

/* True for the first of many processes that sees space become short, or not short any more: it
 * makes or removes a file in the directory of the server's state. */
static bool is_first_to_see(const struct log *log, bool is_short)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/log-reserve", log->config->directories_run);
    if (!is_short)
        return unlink(path) == 0;
    cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd >= 0 || errno != EEXIST;
}

/* Looks at the free space now and then: one system call for a short connection. */
static void check_space(struct log *log, const struct event_origin *origin)
{
    uint64_t now = clock_msec();
    bool never = log->space_checked == 0;
    if (log->config->logs_reserve == 0 ||
        (!never && now - log->space_checked < LOG_SPACE_INTERVAL &&
         log->space_written < LOG_SPACE_BYTES))
        return;
    log->space_checked = now;
    log->space_written = 0;
    struct statvfs space;
    if (fstatvfs(log->directory, &space) < 0)
        return;
    bool is_short = (uint64_t)space.f_bavail * space.f_frsize < log->config->logs_reserve;
    bool changed = is_short != log->short_of_space;
    log->short_of_space = is_short;
    if (!(changed || never) || !is_first_to_see(log, is_short))
        return;
    char detail[PATH_MAX + 128];
    (void)snprintf(detail, sizeof(detail),
                   is_short ? "less than logs.reserve is free in %s: only what matters is written "
                              "to files until there is room"
                            : "more than logs.reserve is free in %s again",
                   log->config->directories_logs);
    announce(log, origin, is_short ? EVENT_LOG_INCOMPLETE : EVENT_LOG_COMPLETE, "reserve", detail);
}

/* --- Files --- */

static void file_name(size_t file, char ret[FILE_NAME_MAX])
{
    static const char *const endings[] = {"log", "jsonl"};
    if (file == FILE_XFERLOG)
        (void)snprintf(ret, FILE_NAME_MAX, "xferlog");
    else
        (void)snprintf(ret, FILE_NAME_MAX, "%s.%s", event_file_name((enum event_file)(file / 2)),
                       endings[file % 2]);
}

/* The line with WHEN, which is not earlier than that of any line before it. */
static int append_line(struct log *log, const struct line *line, const struct timespec *when)
{
    static const struct {
        const char *before, *after; /* the time */
    } forms[] = {
        [FORM_TEXT] = {"", " "}, [FORM_JSON] = {"{\"time\":\"", "\","}, [FORM_XFERLOG] = {"", " "}};
    char time[XFERLOG_TIME_MAX];
    if (line->form == FORM_XFERLOG)
        xferlog_format_time(when, time);
    else
        event_format_time(when, time);
    const char *const texts[] = {forms[line->form].before, time, forms[line->form].after};
    char head[2 * XFERLOG_TIME_MAX];
    int length = snprintf(head, sizeof(head), "%s%s%s", texts[0], texts[1], texts[2]);
    size_t size = (size_t)length + buffer_size(line->body) + 1;
    const struct iovec parts[] = {
        {head, (size_t)length},
        {line->body->data + line->body->start, buffer_size(line->body)},
        {(char[]){'\n'}, 1},
    };
    log->space_written += size;
    return log_file_append(&log->files[line->file], parts, ELEMENTS(parts), size);
}

/* The lines of one event, all with the same time. The first negative errno; all are tried. */
static int append_lines(struct log *log, const struct line *lines, size_t count)
{
    int result = 0;
    bool locked = lock(log);
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    for (size_t i = 0; i < count; i++) {
        char name[FILE_NAME_MAX];
        struct log_file *file = &log->files[lines[i].file];
        file_name(lines[i].file, name);
        int r = log_file_refresh(log->directory, name, file);
        if (r >= 0)
            r = append_line(log, &lines[i], &now);
        if (r < 0 && !file->complained)
            fprintf(stderr,
                    "cellftpd: cannot write the log file %s: %s; until it can be written, its "
                    "lines go to the journal, or to stderr where there is none\n",
                    name, strerror(-r));
        file->complained = r < 0;
        if (r < 0 && result == 0)
            result = r;
    }
    if (locked)
        (void)flock(log->directory, LOCK_UN);
    return result;
}

/* 0 if every file that EVENT goes to has it, or must do without it. */
static int write_files(struct log *log, const struct event_origin *origin,
                       const struct event *event, const struct buffer *text)
{
    const struct config *config = log->config;
    const struct event_kind *kind = event_kind(event->id);
    cleanup_buffer struct buffer json;
    cleanup_buffer struct buffer transfer;
    buffer_init(&json, JSON_MAX);
    buffer_init(&transfer, TEXT_MAX);
    struct line lines[LINES_MAX];
    size_t count = 0;
    int r = 0;

    check_space(log, origin);
    if (log->short_of_space && !matters(kind))
        return 0;
    if (config->logs_files)
        lines[count++] = (struct line){FORM_TEXT, 2 * (size_t)kind->file, text};
    if (config->logs_json) {
        r = event_format_json(&json, origin, event);
        lines[count++] = (struct line){FORM_JSON, 2 * (size_t)kind->file + 1, &json};
    }
    if (r >= 0 && config->logs_xferlog && xferlog_has(event->id)) {
        r = xferlog_format(&transfer, origin, event);
        lines[count++] = (struct line){FORM_XFERLOG, FILE_XFERLOG, &transfer};
    }
    if (r < 0 || count == 0)
        return r;
    return append_lines(log, lines, count);
}

/* --- The journal --- */

/* 0 if the journal has taken the event. */
static int write_journal(struct log *log, const struct event_origin *origin,
                         const struct event *event, const struct buffer *text)
{
    if (!log->journal.path)
        return -ENOENT;
    cleanup_buffer struct buffer record;
    buffer_init(&record, JOURNAL_RECORD_MAX);
    int r = event_format_journal(&record, text, origin, event);
    return r < 0 ? r : journal_send(&log->journal, &record);
}

/* Says when the journal begins to miss events, and when it takes them again. */
static void report_journal(struct log *log, const struct event_origin *origin, int result)
{
    uint64_t lost = log->journal.lost;
    if (result < 0 && lost == 1)
        announce(log, origin, EVENT_LOG_INCOMPLETE, "journal",
                 "the journal takes no events at present: they are in the log files only");
    if (result < 0 || lost == 0)
        return;
    log->journal.lost = 0;
    char detail[96];
    (void)snprintf(detail, sizeof(detail), "%llu events of this session are in the log files only",
                   (unsigned long long)lost);
    announce(log, origin, EVENT_LOG_COMPLETE, "journal", detail);
}

static void write_stderr(const struct buffer *text)
{
    struct timespec now;
    char time[EVENT_TIME_MAX];
    (void)clock_gettime(CLOCK_REALTIME, &now);
    event_format_time(&now, time);
    fprintf(stderr, "%s %.*s\n", time, (int)buffer_size(text), buffer_begin(text));
}

int log_write(struct log *log, const struct event_origin *origin, const struct event *event)
{
    const struct config *config = log->config;
    bool is_command = event_kind(event->id)->file == EVENT_FILE_commands;
    bool to_files = config->logs_files || config->logs_json;
    bool to_journal = config->logs_journal && !(is_command && to_files);
    if (is_command && !config->logs_commands)
        return 0;

    cleanup_buffer struct buffer text;
    buffer_init(&text, TEXT_MAX);
    int r = event_format_text(&text, origin, event);
    if (r < 0) {
        fprintf(stderr, "cellftpd: cannot write a log line: %s\n", strerror(-r));
        return r;
    }
    if (log->directory >= 0)
        r = write_files(log, origin, event, &text);
    int journal = to_journal ? write_journal(log, origin, event, &text) : -ENOENT;
    /* The event is not lost: on stderr it reaches whoever started the server. */
    bool kept = log->directory >= 0 && to_files && r >= 0;
    if ((to_files || to_journal) && !kept && journal < 0)
        write_stderr(&text);
    if (to_journal)
        report_journal(log, origin, journal);
    return r;
}

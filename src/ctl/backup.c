/* cellftpctl backup and restore: all accounts in one file (lib/account_archive.h). */
#include "ctl/file.h"
#include "ctl/record.h"
#include "ctl/table.h"
#include "lib/account_archive.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { PROBLEM_MAX = 16384 };

static void log_it(const struct invocation *invocation, enum event_id id, size_t count)
{
    char detail[PATH_MAX + 64];
    (void)snprintf(detail, sizeof(detail), "%zu accounts, %s", count, invocation->name);
    struct event event = EVENT_INIT(id);
    event.detail = detail;
    record(invocation, (struct event_origin){.user = NULL}, &event);
}

static enum exit_status explain(const char *file, int error, const struct buffer *problem)
{
    if (buffer_size(problem) > 0)
        complain("%s %.*s", file, (int)buffer_size(problem), buffer_begin(problem));
    else
        complain("%s: %s", file, strerror(-error));
    return STATUS_FAILED;
}

static enum exit_status print(const struct invocation *invocation, size_t count, size_t missing,
                              const char *words)
{
    static const struct table_column columns[] = {
        {NULL, "file", TABLE_TEXT},
        {NULL, "accounts", TABLE_NUMBER},
        {NULL, "folders_missing", TABLE_NUMBER},
        {NULL, "dry_run", TABLE_BOOLEAN},
    };
    if (!option_given(invocation, OPTION_JSON)) {
        (void)puts(words);
        return STATUS_OK;
    }
    cleanup_table struct table table;
    table_begin(&table, invocation, columns, ELEMENTS(columns), TABLE_OF_ONE);
    table_put(&table, invocation->name);
    table_put_number(&table, count);
    table_put_number(&table, missing);
    table_put_boolean(&table, option_given(invocation, OPTION_DRY_RUN));
    return table_end(&table);
}

static void complain_of_record(void *data, const char *words)
{
    *(bool *)data = true;
    complain("left out: %s", words);
}

enum exit_status command_backup(const struct invocation *invocation)
{
    cleanup_buffer struct buffer text;
    cleanup_buffer struct buffer problem;
    buffer_init(&text, ARCHIVE_MAX);
    buffer_init(&problem, PROBLEM_MAX);
    size_t count = 0;
    bool incomplete = false;
    int r = account_archive_write(invocation->config, &text, &count, complain_of_record,
                                  &incomplete, &problem);
    if (r < 0)
        return explain("the accounts:", r, &problem);
    r = file_store(invocation->name, buffer_begin(&text), buffer_size(&text),
                   option_given(invocation, OPTION_FORCE));
    if (r < 0) {
        complain("%s: %s%s", invocation->name, strerror(-r),
                 r == -EEXIST ? "; --force replaces it" : "");
        return STATUS_FAILED;
    }
    log_it(invocation, EVENT_BACKUP, count);
    char words[PATH_MAX + 64];
    (void)snprintf(words, sizeof(words), "%zu accounts are in %s", count, invocation->name);
    enum exit_status status = print(invocation, count, 0, words);
    return incomplete ? STATUS_FAILED : status;
}

/* Users whose folder is not there cannot log in. */
static size_t count_missing(const struct account_archive *archive)
{
    size_t missing = 0;
    struct stat status;
    for (size_t i = 0; i < archive->count; i++)
        missing += lstat(archive->accounts[i].home, &status) < 0 || !S_ISDIR(status.st_mode);
    return missing;
}

static enum exit_status restore(const struct invocation *invocation,
                                const struct account_archive *archive, struct buffer *problem)
{
    char words[512], kept[PATH_MAX + 128] = "";
    bool dry = option_given(invocation, OPTION_DRY_RUN);
    size_t replaced = 0, missing = count_missing(archive);
    int r =
        dry ? 0
            : account_archive_restore(invocation->config, archive,
                                      option_given(invocation, OPTION_FORCE), &replaced, problem);
    if (r < 0 &&
        buffer_append_string(problem, r == -EEXIST ? "; --force puts those of the backup in their "
                                                     "place"
                                                   : "") == 0)
        return explain("nothing is changed:", r, problem);
    if (!dry)
        log_it(invocation, EVENT_RESTORE, archive->count);
    if (missing > 0)
        complain("%zu of the users have no folder here and cannot log in before it is there; copy "
                 "the folders with their numeric owners, as \"rsync -a --numeric-ids\" does",
                 missing);
    if (replaced > 0) {
        (void)snprintf(kept, sizeof(kept), "the %zu that were there are kept in %s.before-restore",
                       replaced, invocation->config->directories_users);
        complain("%s; sessions that run go on, \"drain --now\" ends them", kept);
    }
    (void)snprintf(words, sizeof(words), "%zu accounts %s", archive->count,
                   dry ? "would be restored" : "are restored");
    return print(invocation, archive->count, missing, words);
}

enum exit_status command_restore(const struct invocation *invocation)
{
    cleanup_buffer struct buffer text;
    cleanup_buffer struct buffer problem;
    cleanup_archive struct account_archive archive = {0};
    buffer_init(&text, ARCHIVE_MAX);
    buffer_init(&problem, PROBLEM_MAX);
    int r = file_load(invocation->name, &text);
    if (r == 0)
        r = account_archive_read(invocation->config, buffer_begin(&text), buffer_size(&text),
                                 &archive, &problem);
    if (r < 0)
        return explain(invocation->name, r, &problem);
    return restore(invocation, &archive, &problem);
}

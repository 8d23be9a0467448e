/*
 * cellftpctl drain: maintenance. New connections are refused from the first moment on; it returns
 * when the last of the others has ended. The mark stays when it is interrupted, until "drain --end"
 * or the machine's next start.
 */
#include "lib/drain.h"
#include "ctl/live.h"
#include "ctl/record.h"
#include "ctl/table.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/scan.h"

#include <string.h>

/* Prints how it stands in the end. */
static enum exit_status print_state(const struct invocation *invocation, size_t left,
                                    size_t stopped)
{
    static const struct table_column columns[] = {
        {"draining since", "draining_since", TABLE_TEXT},
        {"connections", "connections", TABLE_NUMBER},
        {"ended", "ended", TABLE_NUMBER},
    };
    time_t since = 0;
    (void)drain_since(invocation->config, &since);
    cleanup_table struct table table;
    table_begin(&table, invocation, columns, ELEMENTS(columns), TABLE_OF_ONE);
    table_put_time(&table, since);
    table_put_number(&table, left);
    table_put_number(&table, stopped);
    return table_end(&table);
}

static enum exit_status fail(const struct invocation *invocation, const char *what, int error)
{
    complain("cannot %s in %s: %s", what, invocation->config->directories_run, strerror(-error));
    return STATUS_FAILED;
}

static enum exit_status end(const struct invocation *invocation)
{
    bool dry = option_given(invocation, OPTION_DRY_RUN);
    int r = dry ? drain_is_on(invocation->config) : drain_end(invocation->config);
    if (r < 0)
        return fail(invocation, "remove the mark \"drain\"", r);
    if (r == 0)
        complain("the server does not drain");
    if (r > 0 && !dry) {
        const struct event event = EVENT_INIT(EVENT_RESUME);
        record(invocation, (struct event_origin){.remote = NULL}, &event);
    }
    cleanup_live struct live live = {.count = 0};
    enum exit_status status = live_find(invocation, &(struct live_filter){.user = NULL}, &live);
    return status == STATUS_OK ? print_state(invocation, live.count, 0) : status;
}

static enum exit_status begin(const struct invocation *invocation)
{
    int r = drain_begin(invocation->config);
    if (r < 0)
        return fail(invocation, "make the mark \"drain\"", r);
    if (r == 0)
        return STATUS_OK; /* it was begun before: the wait goes on */
    struct event event = EVENT_INIT(EVENT_DRAIN);
    event.detail =
        option_given(invocation, OPTION_NOW) ? "now" : option_value(invocation, OPTION_TIMEOUT);
    record(invocation, (struct event_origin){.remote = NULL}, &event);
    return STATUS_OK;
}

/* How many are left, on a terminal, when that changes. */
static void show_progress(size_t left, size_t *shown)
{
    if (left == *shown || !isatty(STDERR_FILENO))
        return;
    *shown = left;
    (void)fprintf(stderr, "%zu connection%s left\n", left, left == 1 ? "" : "s");
}

/* Waits for the others, as long as was said, and ends those that are left then. */
static enum exit_status wait_for_all(const struct invocation *invocation, size_t *ret_stopped)
{
    enum { EVERY = 200 };
    uint64_t timeout = UINT64_MAX;
    const char *text = option_value(invocation, OPTION_TIMEOUT);
    if (option_given(invocation, OPTION_NOW) || (text && scan_duration(text, &timeout) < 0))
        timeout = 0;
    uint64_t begun = clock_msec();
    size_t shown = 0;
    for (;;) {
        cleanup_live struct live live = {.count = 0};
        enum exit_status status = live_find(invocation, &(struct live_filter){.user = NULL}, &live);
        if (status != STATUS_OK || live.count == 0)
            return status;
        show_progress(live.count, &shown);
        uint64_t waited = clock_msec() - begun;
        if (waited >= timeout) {
            *ret_stopped += live.count;
            status = live_stop(invocation, &live, STOP_DRAINED);
            if (status != STATUS_OK)
                return status;
        } else {
            clock_pause(timeout - waited < EVERY ? timeout - waited : EVERY);
        }
    }
}

enum exit_status command_drain(const struct invocation *invocation)
{
    if (option_given(invocation, OPTION_END))
        return end(invocation);
    if (option_given(invocation, OPTION_DRY_RUN)) {
        cleanup_live struct live live = {.count = 0};
        enum exit_status status = live_find(invocation, &(struct live_filter){.user = NULL}, &live);
        return status == STATUS_OK ? live_print(invocation, &live) : status;
    }
    enum exit_status status = begin(invocation);
    size_t stopped = 0;
    if (status == STATUS_OK)
        status = wait_for_all(invocation, &stopped);
    return status == STATUS_OK ? print_state(invocation, 0, stopped) : status;
}

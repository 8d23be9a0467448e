/* cellftpctl throttle: what failed logins are remembered by (lib/throttle.h), shown and forgotten.
 */
#include "lib/throttle.h"

#include "ctl/command.h"
#include "ctl/record.h"
#include "ctl/table.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

#include <string.h>

static const struct table_column columns[] = {
    {"ADDRESS", "address", TABLE_TEXT},
    {"FAILURES", "failures", TABLE_NUMBER},
    {"LAST", "last", TABLE_TEXT},
    {"REFUSED UNTIL", "refused_until", TABLE_TEXT},
    {"LINES LEFT OUT", "lines_left_out", TABLE_NUMBER},
};

struct list {
    struct table table;
    const struct address *address; /* NULL: all */
    unsigned count;
};

static int visit(const struct throttle_entry *entry, void *data)
{
    struct list *list = data;
    char base[ADDRESS_TEXT_MAX], text[ADDRESS_TEXT_MAX + 8];
    if (list->address && !network_contains(&entry->who, list->address))
        return 0;
    address_format(&entry->who.base, base, sizeof(base));
    bool single = entry->who.bits == (entry->who.base.family == AF_INET ? 32 : 128);
    (void)snprintf(text, sizeof(text), single ? "%s" : "%s/%u", base, entry->who.bits);
    list->count++;
    table_put(&list->table, text);
    table_put_number(&list->table, entry->failures);
    table_put_time(&list->table, (time_t)entry->newest);
    table_put_time(&list->table, (time_t)entry->banned_until);
    table_put_number(&list->table, entry->left_out);
    return 0;
}

static enum exit_status fail(const struct invocation *invocation, const char *what, int error)
{
    complain("cannot %s the failures in %s: %s", what, invocation->config->directories_run,
             strerror(-error));
    return STATUS_FAILED;
}

/* Prints those that ADDRESS belongs to, all if it is NULL. */
static enum exit_status print_list(const struct invocation *invocation,
                                   const struct address *address, unsigned *ret_count)
{
    struct list list = {.address = address};
    table_begin(&list.table, invocation, columns, ELEMENTS(columns), TABLE_OF_MANY);
    int r = throttle_list(invocation->config, clock_msec(), visit, &list);
    enum exit_status status = table_end(&list.table);
    table_free(&list.table);
    *ret_count = list.count;
    return r < 0 ? fail(invocation, "read", r) : status;
}

enum exit_status command_throttle_list(const struct invocation *invocation)
{
    unsigned count;
    return print_list(invocation, NULL, &count);
}

static void record_clearing(const struct invocation *invocation, const struct address *address)
{
    struct event event = EVENT_INIT(EVENT_FORGIVE);
    if (!address)
        event.detail = "all";
    record(invocation, (struct event_origin){.remote = address}, &event);
}

enum exit_status command_throttle_clear(const struct invocation *invocation)
{
    bool all = option_given(invocation, OPTION_ALL);
    struct address given;
    if (all == (invocation->name != NULL)) {
        complain("say an address, or --all");
        return STATUS_USAGE;
    }
    const struct address *address =
        !all && address_parse(invocation->name, &given) == 0 ? &given : NULL;

    /* What is forgotten is shown: it cannot be asked for any more. */
    unsigned count = 0, cleared = 0;
    enum exit_status status = print_list(invocation, address, &count);
    if (status != STATUS_OK || option_given(invocation, OPTION_DRY_RUN))
        return status;
    int r = throttle_clear(invocation->config, clock_msec(), address, &cleared);
    if (r < 0)
        return fail(invocation, "forget", r);
    if (cleared > 0 || all) /* with --all names are forgotten too, which nobody can list */
        record_clearing(invocation, address);
    if (cleared == 0 && !all)
        complain("no failures are known of it");
    return STATUS_OK;
}

/* Live connections, found and shown: see live.h. It changes nothing. */
#include "ctl/live.h"

#include "ctl/table.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <string.h>

struct search {
    const struct live_filter *filter;
    struct live *live;
};

static bool is_wanted(const struct live_filter *filter, const struct registry_entry *entry)
{
    return (!filter->session || strcmp(filter->session, entry->session) == 0) &&
           (!filter->user || (entry->logged_in && strcmp(filter->user, entry->user) == 0)) &&
           (!filter->address || address_same_host(filter->address, &entry->remote)) &&
           (!filter->network || network_contains(filter->network, &entry->remote));
}

static bool is_there(const struct live *live, const struct registry_entry *entry)
{
    for (size_t i = 0; i < live->count; i++)
        if (strcmp(live->entries[i].session, entry->session) == 0)
            return true;
    return false;
}

static int visit(const struct registry_entry *entry, void *data)
{
    struct search *search = data;
    struct live *live = search->live;
    if (!is_wanted(search->filter, entry))
        return 0;
    live->matched++;
    if (is_there(live, entry))
        return 0;
    struct registry_entry *longer =
        reallocarray(live->entries, live->count + 1, sizeof(*live->entries));
    if (!longer)
        return -ENOMEM;
    live->entries = longer;
    live->entries[live->count++] = *entry;
    return 0;
}

enum exit_status live_find(const struct invocation *invocation, const struct live_filter *filter,
                           struct live *live)
{
    struct search search = {filter, live};
    live->matched = 0;
    int r = registry_list(invocation->config, visit, &search);
    if (r == 0)
        return STATUS_OK;
    complain("cannot read the table of live connections, %s/sessions: %s",
             invocation->config->directories_run, strerror(-r));
    return STATUS_FAILED;
}

void live_free(struct live *live)
{
    free(live->entries);
    *live = (struct live){.count = 0};
}

enum exit_status live_print(const struct invocation *invocation, const struct live *live)
{
    static const struct table_column columns[] = {
        {"SESSION", "session", TABLE_TEXT}, {"USER", "user", TABLE_TEXT},
        {"ADDRESS", "address", TABLE_TEXT}, {"PORT", "port", TABLE_NUMBER},
        {"SINCE", "since", TABLE_TEXT},     {"PID", "pid", TABLE_NUMBER},
        {"TLS", "tls", TABLE_TEXT},         {"DOING", "doing", TABLE_TEXT},
    };
    cleanup_table struct table table;
    table_begin(&table, invocation, columns, ELEMENTS(columns), TABLE_OF_MANY);
    for (size_t i = 0; i < live->count; i++) {
        const struct registry_entry *entry = &live->entries[i];
        char address[ADDRESS_TEXT_MAX];
        address_format(&entry->remote, address, sizeof(address));
        table_put(&table, entry->session);
        table_put(&table, entry->logged_in ? entry->user : NULL);
        table_put(&table, address);
        table_put_number(&table, entry->remote.port);
        table_put_time(&table, (time_t)entry->started);
        table_put_number(&table, (uint64_t)entry->monitor);
        table_put(&table, entry->protocol[0] ? entry->protocol : NULL);
        table_put(&table, !entry->logged_in          ? "not logged in"
                          : entry->status[0] != '\0' ? entry->status
                                                     : NULL);
    }
    return table_end(&table);
}

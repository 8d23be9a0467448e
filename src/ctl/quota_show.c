/* cellftpctl quota show: how much who stores and may store, as it is known without counting. */
#include "ctl/quota.h"

#include "ctl/table.h"
#include "lib/cleanup.h"

#include <inttypes.h>

static const struct table_column columns[] = {
    {"NAME", "name", TABLE_TEXT},
    {NULL, "uid", TABLE_NUMBER},
    {"USED", "used", TABLE_NUMBER},
    {"QUOTA", "quota", TABLE_NUMBER},
    {"FREE", "free", TABLE_NUMBER},
    {"FILES", "files", TABLE_NUMBER},
    {"FILES QUOTA", "files_quota", TABLE_NUMBER},
    {NULL, "files_free", TABLE_NUMBER},
    {"STATE", "state", TABLE_TEXT},
    {"COUNTED", "counted", TABLE_TEXT},
    {NULL, "leased", TABLE_NUMBER},
    {NULL, "leased_files", TABLE_NUMBER},
    {NULL, "sessions", TABLE_NUMBER},
};

/* "none" for people, null for programs that read JSON. */
static void put_none(struct table *table)
{
    table_put(table, table->format == TABLE_JSON ? NULL : "none");
}

static void put_number(struct table *table, bool known, uint64_t number)
{
    if (!known)
        table_put(table, NULL);
    else if (number == NO_LIMIT)
        put_none(table);
    else
        table_put_number(table, number);
}

/* With a unit on a terminal, in bytes elsewhere. */
static void put_size(struct table *table, bool known, uint64_t bytes)
{
    char text[QUOTA_SIZE_MAX];
    quota_format_size(bytes, text);
    if (known && table->format == TABLE_ALIGNED)
        table_put(table, text);
    else
        put_number(table, known, bytes);
}

static uint64_t left(uint64_t quota, uint64_t used, uint64_t leased)
{
    if (quota == NO_LIMIT)
        return NO_LIMIT;
    uint64_t taken = used > UINT64_MAX - leased ? UINT64_MAX : used + leased;
    return quota > taken ? quota - taken : 0;
}

struct showing {
    const struct invocation *invocation;
    struct table table;
};

static enum exit_status show(const struct account *account, void *data)
{
    struct showing *showing = data;
    struct table *table = &showing->table;
    struct quota_now now;
    quota_look(showing->invocation, account, &now);
    const struct ledger_amount *used = &now.used, *leased = &now.leased, *quota = &now.quota;
    table_put(table, account->name);
    table_put_number(table, account->uid);
    put_size(table, now.is_known, used->bytes);
    put_size(table, true, quota->bytes);
    put_size(table, now.is_known, left(quota->bytes, used->bytes, leased->bytes));
    put_number(table, now.is_known, used->files);
    put_number(table, true, quota->files);
    put_number(table, now.is_known, left(quota->files, used->files, leased->files));
    table_put(table, now.state);
    table_put_time(table, (time_t)now.counted);
    table_put_number(table, leased->bytes);
    table_put_number(table, leased->files);
    table_put_number(table, now.sessions);
    if (now.fault)
        complain("user \"%s\": %s", account->name, now.fault);
    return STATUS_OK;
}

enum exit_status command_quota_show(const struct invocation *invocation)
{
    struct showing showing = {.invocation = invocation};
    table_begin(&showing.table, invocation, columns, ELEMENTS(columns), TABLE_OF_MANY);
    enum exit_status status = quota_users_visit(invocation, show, &showing);
    enum exit_status printed = table_end(&showing.table);
    table_free(&showing.table);
    return status != STATUS_OK ? status : printed;
}

/* cellftpctl user list and show: accounts in words. They never show a password or its hash. */
#include "ctl/table.h"
#include "ctl/user.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <string.h>

static const struct table_column columns[] = {
    {"NAME", "name", TABLE_TEXT},       {"UID", "uid", TABLE_NUMBER},
    {"STATE", "state", TABLE_TEXT},     {NULL, "enabled", TABLE_BOOLEAN},
    {"RIGHTS", NULL, TABLE_TEXT},       {NULL, "read_only", TABLE_BOOLEAN},
    {"CREATED", "created", TABLE_TEXT}, {"FOLDER", "home", TABLE_TEXT},
};

struct listing {
    const struct invocation *invocation;
    struct table *table;
    size_t malformed;
};

static void put(struct table *table, const struct account *account)
{
    table_put(table, account->name);
    table_put_number(table, account->uid);
    table_put(table, account->enabled ? "enabled" : "locked");
    table_put_boolean(table, account->enabled);
    table_put(table, account->read_only ? "read-only" : "read-write");
    table_put_boolean(table, account->read_only);
    table_put_time(table, account->created);
    table_put(table, account->home);
}

/* An account without a good record has a name and nothing else. */
static void put_malformed(struct table *table, const char *name)
{
    table_put(table, name);
    table_put(table, NULL);
    table_put(table, "malformed");
    for (size_t i = 3; i < ELEMENTS(columns); i++)
        table_put(table, NULL);
}

static int visit(const char *name, void *data)
{
    struct listing *listing = data;
    cleanup_account struct account *account = NULL;
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, USER_PROBLEM_MAX);
    int r = account_load(listing->invocation->config, name, &account, &problem);
    if (r == -ENOENT)
        return 0; /* removed since the directory was read */
    if (r == 0) {
        put(listing->table, account);
        return 0;
    }
    listing->malformed++;
    if (buffer_size(&problem) > 0)
        complain("%.*s", (int)buffer_size(&problem), buffer_begin(&problem));
    put_malformed(listing->table, name);
    return r == -EBADMSG ? 0 : r;
}

enum exit_status command_user_list(const struct invocation *invocation)
{
    cleanup_table struct table table;
    table_begin(&table, invocation, columns, ELEMENTS(columns), TABLE_OF_MANY);
    struct listing listing = {.invocation = invocation, .table = &table};
    int r = account_list(invocation->config, visit, &listing);
    enum exit_status status = table_end(&table);
    if (r < 0) {
        complain("cannot list %s: %s", invocation->config->directories_users, strerror(-r));
        return STATUS_FAILED;
    }
    return listing.malformed > 0 ? STATUS_FAILED : status;
}

enum exit_status command_user_show(const struct invocation *invocation)
{
    cleanup_account struct account *account = NULL;
    enum exit_status status = user_load(invocation, &account);
    if (status != STATUS_OK)
        return status;
    cleanup_table struct table table;
    table_begin(&table, invocation, columns, ELEMENTS(columns), TABLE_OF_ONE);
    put(&table, account);
    return table_end(&table);
}

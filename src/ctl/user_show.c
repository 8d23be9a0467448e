/* cellftpctl user list and show, and what a change has made of an account. They never show a
 * password that was not just generated, nor a hash. */
#include "ctl/user.h"

#include "lib/cleanup.h"
#include "lib/client_certificate.h"

#include <errno.h>
#include <string.h>

static const struct table_column own_columns[] = {USER_COLUMNS};
enum { OWN = ELEMENTS(own_columns), COLUMNS = OWN + USER_RULE_COLUMNS };

struct listing {
    const struct invocation *invocation;
    struct table *table;
    size_t malformed;
};

static const char *state(const struct account *account)
{
    return !account->enabled ? "locked" : account_is_expired(account) ? "expired" : "enabled";
}

/* Those of a list, or, with SHOWN, of one account with all its rules. */
static void fill_columns(bool shown, struct table_column ret[COLUMNS])
{
    memcpy(ret, own_columns, sizeof(own_columns));
    user_rules_columns(shown, ret + OWN);
}

/* What holds for ACCOUNT, with its groups. */
static void put(struct table *table, const struct invocation *invocation, struct account *account,
                const char *what)
{
    if (rules_resolve(invocation->config, account) < 0)
        complain("user \"%s\": %s", account->name, strerror(ENOMEM));
    const char *rule = account_certificate_words[account->certificate];
    const char *name = account->certificate_name;
    char both[CLIENT_WANTED_MAX + 32];
    (void)snprintf(both, sizeof(both), "%s%s%s", rule, name ? " " : "", name ? name : "");
    table_put(table, account->name);
    table_put_number(table, account->uid);
    table_put(table, what);
    table_put_boolean(table, account->enabled);
    table_put(table, account->read_only ? "read-only" : "read-write");
    table_put_boolean(table, account->read_only);
    table_put_time(table, account->created);
    table_put_time(table, account->expires);
    table_put(table, account_role_words[account->role]);
    table_put(table, account_tls_words[account->tls]);
    table_put(table, both);
    table_put(table, rule);
    table_put(table, name);
    table_put(table, account->home);
    user_rules_put(table, invocation->config, account);
}

/* An account without a record that could be read. */
static void put_name(struct table *table, const char *name, const char *what)
{
    table_put(table, name);
    table_put(table, NULL);
    table_put(table, what);
    for (size_t i = 3; i < COLUMNS; i++)
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
        put(listing->table, listing->invocation, account, state(account));
        return 0;
    }
    listing->malformed++;
    if (buffer_size(&problem) > 0)
        complain("%.*s", (int)buffer_size(&problem), buffer_begin(&problem));
    put_name(listing->table, name, "malformed");
    return r == -EBADMSG ? 0 : r;
}

enum exit_status command_user_list(const struct invocation *invocation)
{
    cleanup_table struct table table;
    struct table_column columns[COLUMNS];
    fill_columns(false, columns);
    table_begin(&table, invocation, columns, COLUMNS, TABLE_OF_MANY);
    struct listing listing = {.invocation = invocation, .table = &table};
    int r = account_list(invocation->config, visit, &listing);
    enum exit_status status = table_end(&table);
    if (r < 0) {
        complain("cannot list %s: %s%s", invocation->config->directories_users, strerror(-r),
                 r == -ENOENT ? "; \"user add\" makes it" : "");
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
    struct table_column columns[COLUMNS];
    fill_columns(true, columns);
    table_begin(&table, invocation, columns, COLUMNS, TABLE_OF_ONE);
    put(&table, invocation, account, state(account));
    return table_end(&table);
}

static enum exit_status print_object(const struct invocation *invocation,
                                     const struct user_report *report)
{
    static const struct table_column more[] = {
        {NULL, "changed", TABLE_BOOLEAN}, {NULL, "added", TABLE_BOOLEAN},
        {NULL, "dry_run", TABLE_BOOLEAN}, {NULL, "sessions_ended", TABLE_NUMBER},
        {NULL, "password", TABLE_TEXT},
    };
    struct table_column all[COLUMNS + ELEMENTS(more)];
    fill_columns(false, all);
    memcpy(all + COLUMNS, more, sizeof(more));
    cleanup_table struct table table;
    table_begin(&table, invocation, all, ELEMENTS(all), TABLE_OF_ONE);
    if (report->account)
        put(&table, invocation, report->account,
            report->state ? report->state : state(report->account));
    else
        put_name(&table, invocation->name, report->state);
    table_put_boolean(&table, report->changed);
    table_put_boolean(&table, report->added);
    table_put_boolean(&table, option_given(invocation, OPTION_DRY_RUN));
    table_put_number(&table, report->sessions);
    table_put(&table, report->password);
    return table_end(&table);
}

enum exit_status user_print(const struct invocation *invocation, const struct user_report *report)
{
    if (option_given(invocation, OPTION_JSON))
        return print_object(invocation, report);
    FILE *file = report->password ? stderr : stdout;
    (void)fputs(report->text, file);
    if (report->sessions > 0)
        (void)fprintf(file, "; %u session%s ended", report->sessions,
                      report->sessions == 1 ? "" : "s");
    (void)fputc('\n', file);
    if (report->password)
        (void)puts(report->password);
    return STATUS_OK;
}

/* cellftpctl user list and show: accounts in words. They never show a password or its hash. */
#include "ctl/json.h"
#include "ctl/user.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum user_format {
    USER_TABLE, /* on a terminal: columns with a heading */
    USER_TABS,  /* into a pipe: one record a line, fields between tabs */
    USER_JSON,
};

struct listing {
    const struct invocation *invocation;
    enum user_format format;
    size_t count;
    size_t malformed;
};

static const char *state(const struct account *account)
{
    return account->enabled ? "enabled" : "disabled";
}

static const char *rights(const struct account *account)
{
    return account->read_only ? "read-only" : "read-write";
}

static void print_json(const struct account *account)
{
    char created[USER_TIME_MAX];
    user_format_time(account->created, created);
    (void)fputs("{\"name\": ", stdout);
    json_print_string(stdout, account->name);
    (void)printf(
        ", \"uid\": %u, \"enabled\": %s, \"read_only\": %s, \"created\": \"%s\", \"home\": ",
        account->uid, account->enabled ? "true" : "false", account->read_only ? "true" : "false",
        created);
    json_print_string(stdout, account->home);
    (void)putchar('}');
}

static void print_json_malformed(const char *name)
{
    (void)fputs("{\"name\": ", stdout);
    json_print_string(stdout, name);
    (void)fputs(", \"malformed\": true}", stdout);
}

static void print_line(enum user_format format, const struct account *account)
{
    char created[USER_TIME_MAX];
    user_format_time(account->created, created);
    if (format == USER_TABLE)
        (void)printf("%-20s %10u  %-9s %-10s  %-20s  %s\n", account->name, account->uid,
                     state(account), rights(account), created, account->home);
    else
        (void)printf("%s\t%u\t%s\t%s\t%s\t%s\n", account->name, account->uid, state(account),
                     rights(account), created, account->home);
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

    if (listing->format == USER_JSON)
        (void)fputs(listing->count > 0 ? ",\n" : "", stdout);
    listing->count++;
    if (r == 0) {
        if (listing->format == USER_JSON)
            print_json(account);
        else
            print_line(listing->format, account);
        return 0;
    }

    listing->malformed++;
    if (buffer_size(&problem) > 0)
        complain("%.*s", (int)buffer_size(&problem), buffer_begin(&problem));
    if (listing->format == USER_JSON)
        print_json_malformed(name);
    else
        (void)printf(listing->format == USER_TABLE ? "%-20s %10s  %s\n" : "%s\t%s\t%s\t-\t-\t-\n",
                     name, "-", "malformed");
    return r == -EBADMSG ? 0 : r;
}

enum exit_status command_user_list(const struct invocation *invocation)
{
    struct listing listing = {.invocation = invocation, .format = USER_TABS};
    if (invocation->options & OPTION_JSON)
        listing.format = USER_JSON;
    else if (isatty(STDOUT_FILENO))
        listing.format = USER_TABLE;

    if (listing.format == USER_JSON)
        (void)puts("[");
    if (listing.format == USER_TABLE)
        (void)printf("%-20s %10s  %-9s %-10s  %-20s  %s\n", "NAME", "UID", "STATE", "RIGHTS",
                     "CREATED", "FOLDER");
    int r = account_list(invocation->config, visit, &listing);
    if (listing.format == USER_JSON)
        (void)puts(listing.count > 0 ? "\n]" : "]");
    if (r < 0) {
        complain("cannot list %s: %s", invocation->config->directories_users, strerror(-r));
        return STATUS_FAILED;
    }
    return listing.malformed > 0 ? STATUS_FAILED : STATUS_OK;
}

enum exit_status command_user_show(const struct invocation *invocation)
{
    cleanup_account struct account *account = NULL;
    enum exit_status status = user_load(invocation, &account);
    if (status != STATUS_OK)
        return status;
    if (invocation->options & OPTION_JSON) {
        print_json(account);
        (void)putchar('\n');
        return STATUS_OK;
    }

    char created[USER_TIME_MAX];
    user_format_time(account->created, created);
    (void)printf("name     %s\n", account->name);
    (void)printf("uid      %u\n", account->uid);
    (void)printf("state    %s\n", state(account));
    (void)printf("rights   %s\n", rights(account));
    (void)printf("created  %s\n", created);
    (void)printf("folder   %s\n", account->home);
    return STATUS_OK;
}

/* cellftpctl who and kick: live connections, shown and ended. */
#include "ctl/actor.h"
#include "ctl/live.h"
#include "ctl/table.h"
#include "lib/cleanup.h"
#include "lib/drain.h"

#include <string.h>

/* The conditions that --user and --address set. */
static struct live_filter filter_of(const struct invocation *invocation, struct address *address)
{
    struct live_filter filter = {.user = option_value(invocation, OPTION_USER)};
    const char *text = option_value(invocation, OPTION_ADDRESS);
    if (text && address_parse(text, address) == 0)
        filter.address = address;
    return filter;
}

enum exit_status command_who(const struct invocation *invocation)
{
    time_t since;
    if (drain_since(invocation->config, &since) == 0 && since != 0) {
        char when[TABLE_TIME_MAX];
        table_format_time(since, when);
        complain("the server drains since %s: new connections are refused; "
                 "\"drain --end\" lets them in again",
                 when);
    }
    cleanup_live struct live live = {.count = 0};
    struct address address;
    const struct live_filter filter = filter_of(invocation, &address);
    enum exit_status status = live_find(invocation, &filter, &live);
    return status == STATUS_OK ? live_print(invocation, &live) : status;
}

/* Adds what WHO means: a session if it has the form of one, else an address, else a user. A user
 * whose name looks like one of the others is named by --user. */
static enum exit_status find_who(const struct invocation *invocation, const char *who,
                                 struct live *live)
{
    struct address address;
    struct live_filter filter = filter_of(invocation, &address);
    struct live_filter meant = filter;
    struct address named;
    if (strlen(who) == 16 && strspn(who, "0123456789abcdef") == 16) {
        meant.session = who;
    } else if (address_parse(who, &named) == 0) {
        meant.address = &named;
    } else {
        meant.user = who;
    }
    if ((filter.user && meant.user != filter.user) ||
        (filter.address && meant.address != filter.address)) {
        complain("WHO and --user or --address say different things; give one of them");
        return STATUS_USAGE;
    }
    enum exit_status status = live_find(invocation, &meant, live);
    if (status == STATUS_OK && live->matched == 0) {
        complain("there is no session %s %s",
                 meant.session   ? "with the id"
                 : meant.address ? "from"
                                 : "of the user",
                 who);
        return STATUS_FAILED;
    }
    return status;
}

static enum exit_status find_all(const struct invocation *invocation, struct live *live)
{
    enum exit_status status = STATUS_OK;
    if (invocation->operand_count > 0) {
        for (size_t i = 0; i < invocation->operand_count; i++) {
            enum exit_status one = find_who(invocation, invocation->operands[i], live);
            status = one == STATUS_OK ? status : one;
        }
        return status;
    }
    if (!option_given(invocation, OPTION_USER) && !option_given(invocation, OPTION_ADDRESS)) {
        complain("WHO is missing: %s", operand_expected(OPERAND_WHO));
        return STATUS_USAGE;
    }
    struct address address;
    const struct live_filter filter = filter_of(invocation, &address);
    status = live_find(invocation, &filter, live);
    if (status != STATUS_OK || live->count > 0)
        return status;
    complain("there is no such session");
    return STATUS_FAILED;
}

enum exit_status command_kick(const struct invocation *invocation)
{
    cleanup_live struct live live = {.count = 0};
    enum exit_status status = find_all(invocation, &live);
    if (status == STATUS_USAGE)
        return status;
    if (!option_given(invocation, OPTION_DRY_RUN)) {
        enum exit_status stopped = live_stop(invocation, &live, STOP_KICKED);
        status = stopped == STATUS_OK ? status : stopped;
    }
    /* Over FTP the reason is all that there is to be read. */
    if (live.count == 0 && status != STATUS_OK && actor_role() != ACTOR_HERE)
        return status;
    enum exit_status printed = live_print(invocation, &live);
    return printed == STATUS_OK ? status : printed;
}

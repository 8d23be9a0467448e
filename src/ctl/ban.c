/* cellftpctl ban: networks that no connection is taken from (lib/ban.h), listed, added, taken back.
 * Each change is an event in admin.log, and sessions from there are ended. */
#include "lib/ban.h"

#include "ctl/actor.h"
#include "ctl/live.h"
#include "ctl/record.h"
#include "ctl/table.h"
#include "lib/cleanup.h"
#include "lib/scan.h"

#include <string.h>

enum { PROBLEM_MAX = 65536 };

static const struct table_column columns[] = {
    {"NETWORK", "network", TABLE_TEXT},
    {"UNTIL", "until", TABLE_TEXT},
    {"SINCE", "since", TABLE_TEXT},
    {"BY", "by", TABLE_TEXT},
};

static void put(struct table *table, const struct ban *ban)
{
    char network[NETWORK_TEXT_MAX];
    network_format(&ban->network, network);
    table_put(table, network);
    table_put_time(table, ban->until == BAN_FOR_EVER ? 0 : (time_t)ban->until);
    table_put_time(table, (time_t)ban->since);
    table_put(table, *ban->who ? ban->who : NULL);
}

static enum exit_status explain(const struct invocation *invocation, int error,
                                const struct buffer *problem)
{
    const char *state = invocation->config->directories_state;
    if (buffer_size(problem) > 0)
        complain("%s/bans: %.*smend it or remove it", state, (int)buffer_size(problem),
                 buffer_begin(problem));
    if (error == -ENOSPC)
        complain("there are %d bans, and that is all there can be; ban a network that contains "
                 "several of them, or take some back",
                 BAN_MAX);
    else if (error == -EPERM)
        complain("%s/bans must be a file of root's that nobody else can write to", state);
    else if (error < 0)
        complain("cannot use %s/bans: %s", state, strerror(-error));
    return error < 0 ? STATUS_FAILED : STATUS_OK;
}

static int visit(const struct ban *ban, void *data)
{
    put(data, ban);
    return 0;
}

enum exit_status command_ban_list(const struct invocation *invocation)
{
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, PROBLEM_MAX);
    cleanup_table struct table table;
    table_begin(&table, invocation, columns, ELEMENTS(columns), TABLE_OF_MANY);
    int r = ban_list(invocation->config, time(NULL), visit, &table, &problem);
    enum exit_status printed = table_end(&table);
    enum exit_status status = explain(invocation, r, &problem);
    return status == STATUS_OK ? printed : status;
}

static enum exit_status print_one(const struct invocation *invocation, const struct ban *ban)
{
    cleanup_table struct table table;
    table_begin(&table, invocation, columns, ELEMENTS(columns), TABLE_OF_MANY);
    put(&table, ban);
    return table_end(&table);
}

static void log_change(const struct invocation *invocation, enum event_id id, const struct ban *ban)
{
    char detail[NETWORK_TEXT_MAX + TABLE_TIME_MAX + 16], until[TABLE_TIME_MAX];
    char network[NETWORK_TEXT_MAX];
    network_format(&ban->network, network);
    table_format_time((time_t)ban->until, until);
    (void)snprintf(detail, sizeof(detail), "%s%s%s", network,
                   id == EVENT_BAN_DELETE       ? ""
                   : ban->until == BAN_FOR_EVER ? ", for ever"
                                                : ", until ",
                   id == EVENT_BAN_ADD && ban->until != BAN_FOR_EVER ? until : "");
    struct event event = EVENT_INIT(id);
    event.detail = detail;
    record(invocation, (struct event_origin){.user = NULL}, &event);
}

/* Whoever asks for it over FTP would lock himself out. */
static bool has_own_session(const struct live *live)
{
    const char *own = actor_session();
    for (size_t i = 0; own && i < live->count; i++)
        if (strcmp(live->entries[i].session, own) == 0)
            return true;
    return false;
}

/* The ban that the command line asks for. */
static struct ban read_ban(const struct invocation *invocation)
{
    struct ban ban = {.until = BAN_FOR_EVER, .since = time(NULL)};
    char actor[ACTOR_MAX];
    actor_name(actor);
    (void)snprintf(ban.who, sizeof(ban.who), "%.*s", BAN_WHO_MAX, actor);
    (void)network_parse(invocation->name, &ban.network); /* checked with the command line */
    uint64_t milliseconds = 0;
    const char *time = option_value(invocation, OPTION_FOR);
    if (time && scan_duration(time, &milliseconds) == 0)
        ban.until = ban.since + (int64_t)((milliseconds + 999) / 1000);
    return ban;
}

enum exit_status command_ban_add(const struct invocation *invocation)
{
    struct ban ban = read_ban(invocation);
    if (ban.until <= ban.since) {
        complain("a ban for no time would ban nobody; \"ban del\" takes one back");
        return STATUS_USAGE;
    }
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, PROBLEM_MAX);
    cleanup_live struct live live = {.count = 0};
    const struct live_filter filter = {.network = &ban.network};
    enum exit_status status = live_find(invocation, &filter, &live);
    if (status == STATUS_OK && has_own_session(&live)) {
        complain("your own address is in it");
        status = STATUS_REFUSED;
    }
    if (status != STATUS_OK || option_given(invocation, OPTION_DRY_RUN))
        return status != STATUS_OK ? status : print_one(invocation, &ban);
    int r = ban_add(invocation->config, ban.since, &ban, &problem);
    status = explain(invocation, r, &problem);
    if (r < 0)
        return status;
    log_change(invocation, EVENT_BAN_ADD, &ban);
    /* Who came before the list was written is in the table of sessions by now, or reads the list
     * after it has got there (monitor/guard.c). */
    enum exit_status found = live_find(invocation, &filter, &live);
    enum exit_status stopped = live_stop(invocation, &live, STOP_BANNED);
    enum exit_status printed = print_one(invocation, &ban);
    return found != STATUS_OK ? found : stopped != STATUS_OK ? stopped : printed;
}

struct search {
    const struct network *network;
    struct ban found;
};

static int visit_same(const struct ban *ban, void *data)
{
    struct search *search = data;
    if (!network_covers(&ban->network, search->network) ||
        !network_covers(search->network, &ban->network))
        return 0;
    search->found = *ban;
    return 1;
}

enum exit_status command_ban_del(const struct invocation *invocation)
{
    struct network network;
    (void)network_parse(invocation->name, &network); /* checked with the command line */
    struct search search = {.network = &network};
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, PROBLEM_MAX);
    int64_t now = time(NULL);
    int r = ban_list(invocation->config, now, visit_same, &search, &problem);
    if (r > 0 && !option_given(invocation, OPTION_DRY_RUN)) {
        buffer_clear(&problem);
        r = ban_delete(invocation->config, now, &network, &problem);
    }
    enum exit_status status = explain(invocation, r, &problem);
    if (r == 0)
        complain("just this network is not banned; \"ban list\" shows those that are");
    if (r <= 0)
        return r < 0 ? status : STATUS_FAILED;
    if (!option_given(invocation, OPTION_DRY_RUN))
        log_change(invocation, EVENT_BAN_DELETE, &search.found);
    return print_one(invocation, &search.found);
}

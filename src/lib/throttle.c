/* The policy of throttling: see throttle.h. */
#include "lib/throttle.h"

#include "lib/cleanup.h"
#include "lib/throttle_table.h"

/* The budget of the log */

static void earn(struct throttle_budget *budget, uint64_t now, uint32_t burst, uint64_t every)
{
    uint64_t earned = throttle_since(budget->counted, now) / every;
    if (budget->tokens + earned >= burst) {
        budget->tokens = burst;
        budget->counted = now;
    } else {
        budget->tokens += (uint32_t)earned;
        budget->counted += earned * every;
    }
}

static void earn_both(struct throttle_view *view, struct throttle_record *address)
{
    earn(&address->log, view->now, THROTTLE_LOG_BURST, THROTTLE_LOG_EVERY);
    earn(&view->table->log, view->now, THROTTLE_LOG_BURST_ALL, THROTTLE_LOG_EVERY_ALL);
}

/* True, and paid for, if something about ADDRESS may be logged. */
static bool spend(struct throttle_view *view, struct throttle_record *address)
{
    if (address->log.tokens == 0 || view->table->log.tokens == 0)
        return false;
    address->log.tokens--;
    view->table->log.tokens--;
    return true;
}

static uint64_t take_count(uint64_t *count)
{
    uint64_t taken = *count;
    *count = 0;
    return taken;
}

static void judge_log(struct throttle_view *view, struct throttle_record *address,
                      struct throttle_arrival *ret)
{
    struct throttle_table *table = view->table;
    earn_both(view, address);
    if (address->log.left_out > 0 && spend(view, address))
        ret->left_out = take_count(&address->log.left_out);
    if (table->log.left_out > 0 &&
        throttle_since(table->reported, view->now) >= THROTTLE_LOG_EVERY) {
        ret->left_out_elsewhere = take_count(&table->log.left_out);
        table->reported = view->now;
    }
    ret->quiet = !spend(view, address);
    if (!ret->quiet)
        return;
    /* This one is the next to be left out. */
    if (ret->left_out > 0)
        ret->left_out++;
    else if (address->log.tokens == 0)
        address->log.left_out++;
    else
        table->log.left_out++;
}

int throttle_arrive(const struct config *config, uint64_t now, const struct address *remote,
                    struct throttle_arrival *ret)
{
    struct throttle_view view;
    int r = throttle_view_open(config, now, &view);
    if (r < 0)
        return r;
    struct throttle_record *address = throttle_find_address(&view, remote);
    *ret = (struct throttle_arrival){.banned = throttle_is_banned(address, now)};
    judge_log(&view, address, ret);
    throttle_view_close(&view);
    return 0;
}

int throttle_leave_out(const struct config *config, uint64_t now, const struct address *remote,
                       uint64_t lines)
{
    struct throttle_view view;
    int r = throttle_view_open(config, now, &view);
    if (r < 0)
        return r;
    throttle_find_address(&view, remote)->log.left_out += lines;
    throttle_view_close(&view);
    return 0;
}

/* Failures */

static void count_failure(const struct throttle_view *view, struct throttle_record *record)
{
    if (throttle_failures(record) == 0)
        record->part_start = view->now;
    if (record->parts[0] < UINT32_MAX)
        record->parts[0]++;
    if (record->newest < view->now)
        record->newest = view->now;
}

static void give_back(struct throttle_record *record)
{
    for (size_t i = 0; i < THROTTLE_PARTS; i++)
        if (record->parts[i] > 0) {
            record->parts[i]--;
            return;
        }
}

/* Those of which it is known that they are failures. */
static uint64_t certain_failures(const struct throttle_record *record)
{
    uint64_t failures = throttle_failures(record);
    return failures > record->pending ? failures - record->pending : 0;
}

/* Begins the ban of ADDRESS if it is due; true if it has begun now. */
static bool ban(const struct throttle_view *view, struct throttle_record *address)
{
    if (throttle_is_banned(address, view->now) ||
        certain_failures(address) < view->config->login_failures_per_address)
        return false;
    address->banned_until = view->now + view->config->login_ban;
    return true;
}

/* The pause after failure number COUNT. */
static uint64_t pause_after(const struct config *config, uint64_t count)
{
    uint64_t pause = config->login_delay;
    for (; count > 1 && pause > 0 && pause < config->login_delay_max; count--)
        pause *= 2;
    return pause < config->login_delay_max ? pause : config->login_delay_max;
}

static enum throttle_state judge(struct throttle_view *view, struct throttle_record *address,
                                 struct throttle_record *name, bool *ret_ban_begins)
{
    const struct config *config = view->config;
    *ret_ban_begins = ban(view, address);
    if (throttle_is_banned(address, view->now))
        return THROTTLE_BANNED;
    if (throttle_failures(address) >= config->login_failures_per_address)
        return THROTTLE_WAIT;

    if (throttle_failures(name) >= config->login_failures_per_name) {
        bool was_banned = address->banned_until > 0 &&
                          throttle_since(address->banned_until, view->now) < config->login_window;
        if (certain_failures(address) > 0 || was_banned) {
            /* The name's own count stands still, so that it comes free again. */
            count_failure(view, address);
            *ret_ban_begins = ban(view, address);
            return THROTTLE_NAME;
        }
        if (throttle_failures(address) > 0)
            return THROTTLE_WAIT;
    }
    count_failure(view, address);
    count_failure(view, name);
    if (address->pending < UINT16_MAX)
        address->pending++;
    return THROTTLE_CHECK;
}

int throttle_begin(const struct config *config, uint64_t now, const struct address *remote,
                   const char *user, struct throttle_try *ret)
{
    struct throttle_view view;
    int r = throttle_view_open(config, now, &view);
    if (r < 0)
        return r;
    struct throttle_record *address = throttle_find_address(&view, remote);
    struct throttle_record *name = throttle_find_name(&view, user);
    ret->state = judge(&view, address, name, &ret->ban_begins);
    uint64_t by_address = throttle_failures(address), by_name = throttle_failures(name);
    ret->pause = pause_after(config, by_address > by_name ? by_address : by_name);
    throttle_view_close(&view);
    return 0;
}

/* A check has come to its end. */
static void settle(struct throttle_record *address)
{
    if (address->pending > 0)
        address->pending--;
}

int throttle_refuse(const struct config *config, uint64_t now, const struct address *remote,
                    bool *ret_ban_begins)
{
    struct throttle_view view;
    int r = throttle_view_open(config, now, &view);
    if (r < 0)
        return r;
    struct throttle_record *address = throttle_find_address(&view, remote);
    settle(address);
    *ret_ban_begins = ban(&view, address);
    throttle_view_close(&view);
    return 0;
}

int throttle_grant(const struct config *config, uint64_t now, const struct address *remote,
                   const char *user, bool quiet)
{
    struct throttle_view view;
    int r = throttle_view_open(config, now, &view);
    if (r < 0)
        return r;
    struct throttle_record *address = throttle_find_address(&view, remote);
    settle(address);
    give_back(address);
    give_back(throttle_find_name(&view, user));
    if (!quiet) {
        address->log.tokens++;
        view.table->log.tokens++;
        earn_both(&view, address); /* never more than there can be */
    }
    throttle_view_close(&view);
    return 0;
}

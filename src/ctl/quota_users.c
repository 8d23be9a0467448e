/* Whose quotas a command is about: see quota.h. */
#include "ctl/quota.h"

#include "ctl/user.h"
#include "lib/cleanup.h"
#include "lib/scan.h"
#include "lib/system_user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

enum { GROUPS_MAX = 4096, LEDGERS_MAX = 4 * 1024 * 1024 };

/* --- Users of the system --- */

static bool has_back_end(const struct config *config, const char *name)
{
    for (char **entry = config->auth_order; *entry; entry++)
        if (strcmp(*entry, name) == 0)
            return true;
    return false;
}

/* The names of the groups that ENTRY is in: what the PAM process would find. */
static int take_labels(const struct passwd *entry, struct account *account)
{
    cleanup_free gid_t *groups = calloc(GROUPS_MAX, sizeof(*groups));
    account->labels = calloc(GROUPS_MAX + 1, sizeof(*account->labels));
    if (!groups || !account->labels)
        return -ENOMEM;
    int count = GROUPS_MAX;
    if (getgrouplist(entry->pw_name, entry->pw_gid, groups, &count) < 0)
        return -E2BIG;
    size_t named = 0;
    for (int i = 0; i < count; i++) {
        const struct group *group = getgrgid(groups[i]);
        if (group && !(account->labels[named++] = strdup(group->gr_name)))
            return -ENOMEM;
    }
    return 0;
}

static int take_system_user(const struct config *config, const struct passwd *entry,
                            struct account **ret)
{
    cleanup_account struct account *account = calloc(1, sizeof(*account));
    if (!account)
        return -ENOMEM;
    account->name = strdup(entry->pw_name);
    account->home = strdup(entry->pw_dir);
    account->uid = entry->pw_uid;
    account->gid = entry->pw_gid;
    account->enabled = true;
    int r = account->name && account->home ? take_labels(entry, account) : -ENOMEM;
    if (r == 0)
        r = rules_resolve(config, account);
    if (r == 0)
        *ret = take_pointer(account);
    return r;
}

static int find_system_user(const struct config *config, const char *name, struct account **ret)
{
    if (!system_user_name_is_good(name))
        return -ENOENT;
    const struct passwd *entry = getpwnam(name);
    if (!entry || system_user_check(config, entry->pw_uid, entry->pw_gid) != REFUSAL_NONE)
        return -ENOENT;
    return take_system_user(config, entry, ret);
}

/* --- By name --- */

static int find_local(const struct config *config, const char *name, struct account **ret,
                      struct buffer *problem)
{
    if (account_check_name(name) < 0)
        return -ENOENT;
    cleanup_account struct account *account = NULL;
    int r = account_load(config, name, &account, problem);
    if (r == 0)
        r = rules_resolve(config, account);
    if (r == 0)
        *ret = take_pointer(account);
    return r;
}

int quota_user_find(const struct invocation *invocation, const char *name, struct account **ret)
{
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, USER_PROBLEM_MAX);
    int r = -ENOENT;
    for (char **entry = invocation->config->auth_order; *entry && r == -ENOENT; entry++)
        r = strcmp(*entry, "pam") == 0 ? find_system_user(invocation->config, name, ret)
                                       : find_local(invocation->config, name, ret, &problem);
    if (buffer_size(&problem) > 0)
        complain("user \"%s\": %.*s", name, (int)buffer_size(&problem), buffer_begin(&problem));
    else if (r == -ENOENT)
        complain("user \"%s\" does not exist; \"user list\" shows those that do", name);
    else if (r < 0)
        complain("user \"%s\": %s", name, strerror(-r));
    return r;
}

/* --- All who have something that is counted --- */

struct walk {
    const struct invocation *invocation;
    quota_visitor visit;
    void *data;
    int homes;
    uid_t *uids; /* that have a ledger, in order */
    bool *found; /* whose ledger each was */
    size_t count;
    bool thorough; /* look into records whose folder says that they have none */
    enum exit_status status;
};

static void note(struct walk *walk, enum exit_status status)
{
    if (status != STATUS_OK)
        walk->status = status;
}

static int compare_uids(const void *a, const void *b)
{
    uid_t x = *(const uid_t *)a, y = *(const uid_t *)b;
    return x < y ? -1 : x > y;
}

/* Where UID stands; NULL if it has no ledger. */
static bool *find_uid(const struct walk *walk, uid_t uid)
{
    const uid_t *found = bsearch(&uid, walk->uids, walk->count, sizeof(uid), compare_uids);
    return found ? &walk->found[found - walk->uids] : NULL;
}

/* The ledgers that there are: the files in STATE/usage (lib/ledger.h). */
static int list_ledgers(struct walk *walk)
{
    cleanup_free char *path = NULL;
    if (asprintf(&path, "%s/usage", walk->invocation->config->directories_state) < 0)
        return -ENOMEM;
    cleanup_closedir DIR *stream = opendir(path);
    if (!stream)
        return errno == ENOENT ? 0 : -errno;
    size_t room = 0;
    for (const struct dirent *entry; (entry = readdir(stream));) {
        uint64_t uid;
        if (scan_u64(entry->d_name, UINT32_MAX - 1, &uid) < 0)
            continue;
        if (walk->count == room) {
            room = room == 0 ? 1024 : room * 2;
            uid_t *more = room > LEDGERS_MAX ? NULL : reallocarray(walk->uids, room, sizeof(*more));
            if (!more)
                return -ENOMEM;
            walk->uids = more;
        }
        walk->uids[walk->count++] = (uid_t)uid;
    }
    if (walk->count > 0)
        qsort(walk->uids, walk->count, sizeof(*walk->uids), compare_uids);
    walk->found = calloc(walk->count + 1, sizeof(*walk->found));
    return walk->found ? 0 : -ENOMEM;
}

/* What the owner of its folder says about a name: that saves reading most of 100,000 records when
 * few have a ledger. */
static bool may_have_ledger(const struct walk *walk, const char *name)
{
    struct stat status;
    return walk->homes < 0 || fstatat(walk->homes, name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
           find_uid(walk, status.st_uid);
}

static int visit_local(const char *name, void *data)
{
    struct walk *walk = data;
    const struct config *config = walk->invocation->config;
    bool all = config->quota_backend == QUOTA_PROJECT;
    if (!all && may_have_ledger(walk, name) == walk->thorough)
        return 0;
    cleanup_account struct account *account = NULL;
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, USER_PROBLEM_MAX);
    int r = find_local(config, name, &account, &problem);
    if (r == -ENOENT)
        return 0; /* removed since the directory was read */
    if (r < 0) {
        complain("user \"%s\": %.*s", name, (int)buffer_size(&problem),
                 buffer_size(&problem) > 0 ? buffer_begin(&problem) : "");
        note(walk, STATUS_FAILED);
        return 0;
    }
    struct ledger_amount quota = quota_of(account);
    bool *found = find_uid(walk, account->uid);
    if (all ? quota_is_limited(&quota) : found && !*found)
        note(walk, walk->visit(account, walk->data));
    if (found)
        *found = true;
    return 0;
}

static bool is_missing_local(const struct walk *walk)
{
    const struct config *config = walk->invocation->config;
    for (size_t i = 0; i < walk->count; i++)
        if (!walk->found[i] && walk->uids[i] >= config->accounts_uid_min &&
            walk->uids[i] <= config->accounts_uid_max)
            return true;
    return false;
}

static int visit_locals(struct walk *walk)
{
    const struct config *config = walk->invocation->config;
    if (!has_back_end(config, "local"))
        return 0;
    int r = account_list(config, visit_local, walk);
    /* A folder may belong to somebody else, a home be elsewhere: then all records are read. */
    walk->thorough = true;
    if (r == 0 && config->quota_backend == QUOTA_LEDGER && is_missing_local(walk))
        r = account_list(config, visit_local, walk);
    return r == -ENOENT ? 0 : r;
}

static int visit_system_users(struct walk *walk)
{
    const struct config *config = walk->invocation->config;
    for (size_t i = 0; has_back_end(config, "pam") && i < walk->count; i++) {
        const struct passwd *entry = walk->found[i] ? NULL : getpwuid(walk->uids[i]);
        cleanup_account struct account *account = NULL;
        if (!entry || system_user_check(config, entry->pw_uid, entry->pw_gid) != REFUSAL_NONE)
            continue;
        int r = take_system_user(config, entry, &account);
        if (r < 0)
            return r;
        note(walk, walk->visit(account, walk->data));
    }
    return 0;
}

static enum exit_status visit_everybody(struct walk *walk)
{
    const struct config *config = walk->invocation->config;
    cleanup_close int homes = open(config->directories_homes, O_PATH | O_DIRECTORY | O_CLOEXEC);
    walk->homes = homes;
    int r = list_ledgers(walk);
    /* Without any ledger there is nobody to look for. */
    if (r == 0 && (walk->count > 0 || config->quota_backend == QUOTA_PROJECT))
        r = visit_locals(walk);
    if (r == 0)
        r = visit_system_users(walk);
    free(walk->uids);
    free(walk->found);
    if (r < 0) {
        complain("cannot find out who has a quota: %s", strerror(-r));
        return STATUS_FAILED;
    }
    return walk->status;
}

enum exit_status quota_users_visit(const struct invocation *invocation, quota_visitor visit,
                                   void *data)
{
    struct walk walk = {
        .invocation = invocation, .visit = visit, .data = data, .homes = -1, .status = STATUS_OK};
    if (invocation->operand_count == 0)
        return visit_everybody(&walk);
    for (size_t i = 0; i < invocation->operand_count; i++) {
        cleanup_account struct account *account = NULL;
        bool found = quota_user_find(invocation, invocation->operands[i], &account) == 0;
        note(&walk, found ? visit(account, data) : STATUS_FAILED);
    }
    return walk.status;
}

bool quota_users_are_said(const struct invocation *invocation)
{
    if (option_given(invocation, OPTION_ALL) != (invocation->operand_count > 0))
        return true;
    complain("say a name, or --all");
    return false;
}

/*
 * What holds for an account: its record, its groups, the defaults. See rules.h. The monitor asks at
 * a login, cellftpctl to show it.
 */
#include "lib/account.h"
#include "lib/cleanup.h"
#include "lib/request.h"
#include "lib/rules_row.h"
#include "lib/words.h"

#include <string.h>

/* The group number FROM or later that ACCOUNT is in; NULL. */
static const struct group_rules *next_group(const struct config *config,
                                            const struct account *account, size_t *from)
{
    while (*from < config->group_count) {
        const struct group_rules *group = &config->groups[(*from)++];
        if (words_have(account->labels, group->name))
            return group;
    }
    return NULL;
}

const struct group_rules *rules_group_of(const struct config *config, const struct account *account,
                                         enum rule rule)
{
    const struct group_rules *group;
    if (rule_is_given(&account->rules, rule))
        return NULL;
    for (size_t i = 0; (group = next_group(config, account, &i));)
        if (rule_is_given(&group->rules, rule))
            return group;
    return NULL;
}

const struct group_rules *rules_group_of_role(const struct config *config,
                                              const struct account *account)
{
    const struct group_rules *group;
    for (size_t i = 0; !account->sets_role && (group = next_group(config, account, &i));)
        if (group->sets_role)
            return group;
    return NULL;
}

const struct group_rules *rules_group_of_read_only(const struct config *config,
                                                   const struct account *account)
{
    const struct group_rules *group;
    for (size_t i = 0; !account->sets_read_only && (group = next_group(config, account, &i));)
        if (group->sets_read_only)
            return group;
    return NULL;
}

/* What nobody has said anything about: as the default has it, or nothing. */
static int take_default(const struct config *config, const struct rule_row *row,
                        struct rules *effective)
{
    void *slot = (char *)effective + row->offset;
    const void *initial =
        row->initial == RULE_HAS_NO_DEFAULT ? NULL : (const char *)config + row->initial;
    switch (row->type) {
    case RULE_IS_FLAG: *(bool *)slot = initial && *(const bool *)initial; return 0;
    case RULE_IS_WORDS: return initial ? words_copy(*(char *const *const *)initial, slot) : 0;
    case RULE_IS_TEXT: return 0; /* there is no such option */
    default: *(uint64_t *)slot = initial ? *(const uint64_t *)initial : NO_LIMIT; return 0;
    }
}

static int resolve(const struct config *config, struct account *account, enum rule rule)
{
    const struct rule_row *row = &rule_rows[rule];
    const struct group_rules *group = rules_group_of(config, account, rule);
    const struct rules *said = group ? &group->rules : &account->rules;
    account->effective.set |= UINT32_C(1) << rule;
    if (!rule_is_given(said, rule))
        return take_default(config, row, &account->effective);
    return rule_copy(said, rule, &account->effective);
}

int rules_resolve(const struct config *config, struct account *account)
{
    rules_free(&account->effective);
    const struct group_rules *role = rules_group_of_role(config, account);
    const struct group_rules *read_only = rules_group_of_read_only(config, account);
    if (role)
        account->role = role->admin ? ACCOUNT_ADMIN : ACCOUNT_USER;
    if (read_only)
        account->read_only = read_only->read_only;
    int r = 0;
    for (enum rule rule = 0; r == 0 && rule < RULE_KIND_COUNT; rule++)
        r = resolve(config, account, rule);
    return r;
}

unsigned rules_flags(const struct config *config, const struct account *account)
{
    const struct rules *rules = &account->effective;
    bool is_admin = account->role == ACCOUNT_ADMIN;
    bool limited = rules->quota != NO_LIMIT || rules->quota_files != NO_LIMIT;
    bool project = config->quota_backend == QUOTA_PROJECT;
    /* Who can write nothing needs no room for it, and an administrator works in the folders of
     * others. */
    bool counts = limited && !is_admin && !account->read_only;
    const struct {
        bool is;
        unsigned flag;
    } flags[] = {
        {account->read_only, ACCOUNT_READ_ONLY},
        {rules->upload_only && !is_admin, ACCOUNT_UPLOAD_ONLY},
        {is_admin, ACCOUNT_IS_ADMIN},
        {counts && !project, ACCOUNT_LEASES},
        {counts && project, ACCOUNT_PROJECT},
        {rules->upload_rate != NO_LIMIT, ACCOUNT_PACED_UP},
        {rules->download_rate != NO_LIMIT, ACCOUNT_PACED_DOWN},
        {account->anonymous, ACCOUNT_ANONYMOUS},
        {account->password && !account->anonymous && config->accounts_password_change,
         ACCOUNT_MAY_CHANGE_PASSWORD},
    };
    unsigned set = 0;
    for (size_t i = 0; i < ELEMENTS(flags); i++)
        set |= flags[i].is ? flags[i].flag : 0;
    return set;
}

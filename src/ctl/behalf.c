/* What strangers and users may ask for: see behalf.h. */
#include "ctl/behalf.h"

#include "ctl/actor.h"
#include "lib/system_user.h"
#include "lib/text.h"

#include <pwd.h>
#include <string.h>

static enum exit_status refuse(const char *words)
{
    complain("%s", words);
    return STATUS_REFUSED;
}

static bool is_one_of(char *const *words, const char *text)
{
    for (; *words; words++)
        if (text_equal_ignoring_case(*words, text))
            return true;
    return false;
}

/* A share can be given to names before there are accounts, and after they were removed. */
static bool is_given_a_share(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->share_count; i++)
        if (is_one_of(config->shares[i].users, name))
            return true;
    return false;
}

enum exit_status behalf_check_name(const struct invocation *invocation)
{
    const struct config *config = invocation->config;
    const char *name = invocation->name;
    if (actor_role() != ACTOR_STRANGER)
        return STATUS_OK;
    /* A user of the system would lose his login to a namesake, or this one would have none. */
    if (is_one_of(config->registration_reserved, name) ||
        is_one_of(config->anonymous_names, name) || strcmp(config->anonymous_account, name) == 0 ||
        is_given_a_share(config, name) || (system_user_name_is_good(name) && getpwnam(name)))
        return refuse("this name cannot be registered; choose another");
    return STATUS_OK;
}

/* Characters, not bytes. */
static size_t count_characters(const char *text)
{
    size_t count = 0;
    for (size_t left = strlen(text); left > 0; count++) {
        size_t size = text_character(text, left).size;
        text += size;
        left -= size;
    }
    return count;
}

/* How many different bytes TEXT has. */
static size_t count_different(const char *text)
{
    bool seen[256] = {false};
    size_t count = 0;
    for (; *text; text++) {
        count += !seen[(unsigned char)*text];
        seen[(unsigned char)*text] = true;
    }
    return count;
}

enum exit_status behalf_check_password(const struct invocation *invocation,
                                       const struct secret *secret)
{
    enum { DIFFERENT_MIN = 4 };
    uint64_t least = invocation->config->accounts_password_min;
    if (actor_role() != ACTOR_USER && actor_role() != ACTOR_STRANGER)
        return STATUS_OK;
    size_t size = strlen(secret->clear), name = strlen(invocation->name);
    if (count_characters(secret->clear) < least) {
        complain("the password must have %ju characters at least", (uintmax_t)least);
        return STATUS_REFUSED;
    }
    if (least >= DIFFERENT_MIN && count_different(secret->clear) < DIFFERENT_MIN)
        return refuse("the password has too few different characters");
    /* "alice", "alice1", "alice2026" */
    if (size >= name && strncasecmp(secret->clear, invocation->name, name) == 0 &&
        strspn(secret->clear + name, "0123456789") == size - name)
        return refuse("the password must not be the name");
    return STATUS_OK;
}

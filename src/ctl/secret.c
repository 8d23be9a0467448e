/* A new password for an account: see secret.h. */
#include "ctl/secret.h"

#include "ctl/actor.h"
#include "ctl/behalf.h"
#include "lib/prompt.h"
#include "lib/text.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { SHORT = 8 };

static enum exit_status explain(int error)
{
    switch (error) {
    case -ENOTTY:
        complain("there is no terminal to ask for the password on; use --password-stdin or "
                 "--generate");
        return STATUS_USAGE;
    case -E2BIG: complain("the password is longer than %d bytes", PASSWORD_MAX - 1); break;
    case -EINVAL: complain("the password contains a control character"); break;
    case -ECANCELED: complain("no password was given; nothing was done"); break;
    default: complain("cannot read the password: %s", strerror(-error)); break;
    }
    /* What a client has sent is the client's fault. */
    return actor_role() == ACTOR_HERE ? STATUS_FAILED : STATUS_REFUSED;
}

static enum exit_status ask(char password[PASSWORD_MAX])
{
    char again[PASSWORD_MAX];
    int r = prompt_secret(STDIN_FILENO, "New password: ", password, PASSWORD_MAX);
    if (r == 0)
        r = prompt_secret(STDIN_FILENO, "The same again: ", again, sizeof(again));
    if (r < 0)
        return explain(r);

    bool same = strcmp(password, again) == 0;
    explicit_bzero(again, sizeof(again));
    if (!same)
        complain("the two passwords differ; nothing was done");
    return same ? STATUS_OK : STATUS_FAILED;
}

static enum exit_status check(const char *password)
{
    size_t size = strlen(password);
    if (size == 0)
        return explain(-ECANCELED);
    if (!text_is_plain(password, size))
        return explain(-EINVAL);
    if (size < SHORT && (actor_role() == ACTOR_HERE || actor_role() == ACTOR_ADMIN))
        complain("warning: a password of less than %d characters is soon guessed", SHORT);
    return STATUS_OK;
}

static enum exit_status obtain(const struct invocation *invocation, struct secret *ret)
{
    if (option_given(invocation, OPTION_GENERATE)) {
        int r = password_generate(ret->clear, sizeof(ret->clear));
        if (r < 0) {
            complain("cannot generate a password: %s", strerror(-r));
            return STATUS_FAILED;
        }
        ret->generated = true;
        return STATUS_OK;
    }
    if (option_given(invocation, OPTION_PASSWORD_STDIN)) {
        int r = read_secret(STDIN_FILENO, ret->clear, sizeof(ret->clear));
        if (r < 0)
            return explain(r);
    } else {
        enum exit_status status = ask(ret->clear);
        if (status != STATUS_OK)
            return status;
    }
    return check(ret->clear);
}

enum exit_status secret_obtain(const struct invocation *invocation, struct secret *ret)
{
    *ret = (struct secret){.generated = false};
    enum exit_status status = obtain(invocation, ret);
    if (status == STATUS_OK)
        status = behalf_check_password(invocation, ret);
    if (status != STATUS_OK)
        return status;
    int r = password_hash(ret->clear, (unsigned)invocation->config->accounts_hash_cost, ret->hash);
    if (r < 0) {
        complain("cannot hash the password: %s", strerror(-r));
        return STATUS_FAILED;
    }
    return STATUS_OK;
}

void secret_wipe(struct secret *secret)
{
    explicit_bzero(secret, sizeof(*secret));
}

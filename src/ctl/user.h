/* What the commands about accounts share. Only src/ctl includes it. */
#pragma once

#include "ctl/command.h"
#include "lib/account.h"

#include <limits.h>
#include <time.h>

enum { USER_PROBLEM_MAX = 16384, USER_TEXT_MAX = PATH_MAX + 256 };

/* Says on stderr why ERROR kept the command from its account, with the words of PROBLEM. */
enum exit_status user_explain(const struct invocation *invocation, int error,
                              const struct buffer *problem);

/* Loads the account that the command is about, or says why not. */
enum exit_status user_load(const struct invocation *invocation, struct account **ret);

/*
 * What an administrator may do over FTP, once: SITE, the request ADMIN, and the command of
 * cellftpctl that does it are made from this list. Session and monitor use it.
 *
 *   X(NAME, site, least, most, logged, syntax, command, meaning)
 *
 * site     what stands behind SITE, in capitals, words with one space between
 * least, most  arguments; a syntax that ends in "..." takes the rest of the line as the last one
 * logged   how many of the arguments may stand in commands.log; the others are secrets
 * command  the words of cellftpctl's command line; %1 to %9 are the arguments, %P is one that goes
 *          to its standard input and never to a command line
 */
#pragma once

/* clang-format off */
#define ADMIN_OPERATIONS(X)                                                                                                    \
    X(USER_ADD,    "USER ADD",    2, 3, 1, "name password [quota]",  "user add %1 --password-stdin %P --quota %3", "make an account and its folder") \
    X(USER_DEL,    "USER DEL",    1, 1, 1, "name",                   "user del %1 --yes",                "remove an account, but not its folder") \
    X(USER_PASSWD, "USER PASSWD", 2, 2, 1, "name password",          "user passwd %1 --password-stdin %P", "set the password of an account")          \
    X(USER_LOCK,   "USER LOCK",   1, 1, 1, "name",                   "user lock %1",                     "let nobody log in to an account") \
    X(USER_UNLOCK, "USER UNLOCK", 1, 1, 1, "name",                   "user unlock %1",                   "let them log in again")              \
    X(USER_LIST,   "USER LIST",   0, 0, 0, "",                       "user list",                        "list all accounts")                \
    X(USER_SHOW,   "USER SHOW",   1, 1, 1, "name",                   "user show %1",                     "show one account")                 \
    X(QUOTA_SET,   "QUOTA SET",   2, 3, 3, "name size|none [files]", "quota set %1 %2 --files %3",       "set how much an account may store")       \
    X(WHO,         "WHO",         0, 0, 0, "",                       "who",                              "list the sessions")                \
    X(KICK,        "KICK",        1, 1, 1, "session|address|user",   "kick %1",                          "end sessions")                \
    X(BAN,         "BAN",         1, 2, 2, "address|network [time]", "ban add %1 --for %2",              "refuse connections from there") \
    X(UNBAN,       "UNBAN",       1, 1, 1, "address|network",        "ban del %1",                       "take connections from there again")
/* clang-format on */

#define ADMIN_ENUM(name, ...) ADMIN_##name,
enum admin_operation { ADMIN_OPERATIONS(ADMIN_ENUM) ADMIN_OPERATION_COUNT };
#undef ADMIN_ENUM

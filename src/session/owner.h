/*
 * Whose the things are that a session makes. The session uses it, wherever it makes or moves a
 * name.
 *
 * What a user's session makes is the user's, by itself. An administrator's session runs as nobody's
 * uid (lib/account_cell.h), and what it makes or moves into a user's folder gets the owner and the
 * group of the directory in which it is then. So a directory's owner is also whose ledger it counts
 * in. The kernel allows all this for uids and gids of accounts.uid_min to accounts.uid_max alone;
 * nothing here is a security boundary.
 */
#pragma once

#include "session/session.h"

/* Of a directory: uid and gid, 0 for the session's own user, who needs not be told (and as LEASE of
 * lib/request.h has it). */
struct owner {
    uid_t uid;
    gid_t gid;
};

/* Whose DIRECTORY is, which may be one of O_PATH. In an administrator's session: -EUSERS for the
 * folder of all users' folders, which has no user; -EPERM for a directory whose owner or group is
 * not one of the local accounts: what is made in it could not be given to them. */
int owner_of(const struct session *session, int directory, struct owner *ret);

/* Whether names in DIRECTORY may be made, renamed or removed at all: -EUSERS where only the server
 * itself does that, for an account and its folder together. Else 0, and the kernel decides. */
int owner_check_names(const struct session *session, int directory);

/* Gives FILE, which this session has just made, to OWNER. */
int owner_give(const struct session *session, int file, const struct owner *owner);

/* mkdirat(2), and the directory is its owner's. */
int owner_make_directory(const struct session *session, int directory, const char *name,
                         mode_t mode);

/* A file that is going to be renamed from one directory to another, and changes hands with it if
 * they are not the same user's. */
struct owner_change {
    int file; /* -1: it does not */
    struct owner before;
};
/* Before it is renamed: NAME in FROM becomes that of the owner of TO. -EOWNERDEAD for anything but
 * a file with a single name: a folder is not moved to another user, because what is in it would
 * change hands one by one. */
int owner_change_begin(const struct session *session, int from, const char *name, int to,
                       struct owner_change *ret);
/* Afterwards: RESULT is how that went, and is returned. If it was not renamed it is given back. */
int owner_change_end(struct owner_change *change, int result);

/*
 * Shares: folders of the host that appear inside users' trees, as mounts of the session's own and
 * never by a symbolic link. The monitor and cellftpctl use it, as root; a session is handed a mount
 * that is ready, and has no say in what it is.
 */
#pragma once

#include "lib/account.h"

enum { SHARE_WORDS_MAX = 512 };

/* Share NUMBER, from 0, of those that ACCOUNT gets, in the order of the file; NULL if it has not so
 * many. An administrator's account gets none: its root is that of all users' folders. */
const struct share *share_of(const struct config *config, const struct account *account,
                             size_t number);
size_t share_count_of(const struct config *config, const struct account *account);

/* Whether the text of SHARE can be a share at all: not the root, no directory of the system, none
 * of the server's own, nothing that has users' folders in it or is one. -EINVAL, and what is wrong
 * in WORDS. */
int share_check(const struct config *config, const struct share *share,
                char words[SHARE_WORDS_MAX]);

/* A share made ready for a session that runs as UID and GID. */
struct share_mount {
    int tree;      /* detached mount, owned by the caller */
    bool as_owner; /* the user acts in it as the one whose the folder is */
};

/* Makes the mount: nosuid, nodev, noexec, read-only if READ_ONLY, and with links that are not
 * followed in a share that can be written to (whoever writes there could lead the others' commands
 * to other files of theirs). Idmapped where the file system can and the folder is not root's.
 * Negative errno, and what is wrong and what to do in WORDS. */
int share_mount(const struct config *config, const struct share *share, uid_t uid, gid_t gid,
                bool read_only, struct share_mount *ret, char words[SHARE_WORDS_MAX]);

/* Makes what is missing of the directory AT below FOLDER, as the user and so with nobody else's
 * rights, following no link and entering no mount. The number of directories that were made, or
 * negative errno; the caller's rights are the same again in every case, or the process ends. */
int share_make_place(int folder, const char *at, uid_t uid, gid_t gid);

/* What ERROR, of making the place AT or of attaching to it, means. */
void share_explain_place(const char *at, int error, char words[SHARE_WORDS_MAX]);

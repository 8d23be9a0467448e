/*
 * The file that an upload becomes. upload.c only.
 */
#pragma once

#include "session/unfinished.h"
#include "session/upload.h"

struct upload_target {
    int file;      /* written to; locked as long as it is open */
    int directory; /* that holds it */
    int source;    /* of the bytes before START that are still to be copied, or -1 */
    uint64_t copied;
    int no_links;                         /* O_NOFOLLOW where names are denied */
    char *name;                           /* that it is to have */
    char *shown;                          /* path for replies and logs, as the client may give it */
    char unfinished[UNFINISHED_NAME_MAX]; /* reserved name until then; "" when the file is continued
                                             in place */
    bool existed;                         /* there was one of that name */
    bool exclusive;                       /* a name that exists must not be replaced */
    bool made;                            /* FILE is new, whatever its name is by now */
    bool settled;                         /* the ledger knows what has become of it */
    uint64_t start;                       /* offset of the first byte that is uploaded */
    uint64_t position;
    struct quota_claim claim; /* room for it; FILE stays locked until that is settled */
};

/* Opens what an upload to PATH goes to. -ERANGE if RESTART is past its end, -EWOULDBLOCK if another
 * session is writing it, -ENOSPC or -EDQUOT if ALLO announced more than there is, -EILSEQ for a
 * name that cannot be, other negative errno. */
int upload_target_open(struct session *session, const char *path, enum upload_mode mode,
                       uint64_t restart, struct upload_target *ret);
/* Copies some of what comes before the first uploaded byte. 1 if there is more, 0 when it is all
 * there. */
int upload_target_copy(struct upload_target *target);
/* Writes all of SIZE bytes at the present position, or, with -EDQUOT, none of them. */
int upload_target_write(struct session *session, struct upload_target *target, const char *bytes,
                        size_t size);
/* Gives a complete file its name; with SYNC it is on the disk before that. */
int upload_target_publish(struct upload_target *target, bool sync);
/* After a failure: what existed before stays as it was. With KEEP, what came becomes a file if none
 * was there, so that the client can resume. A disk that is full keeps nothing. */
void upload_target_abandon(struct upload_target *target, bool keep, int error);
/* Tells the ledger what has become of it, once. */
void upload_target_settle(struct session *session, struct upload_target *target);
void upload_target_release(struct session *session, struct upload_target *target);

/*
 * The connections that are alive, shared by all monitors: who may enter, and what each is doing.
 * Monitor and cellftpctl use it.
 *
 * One file of fixed size, RUN/sessions: a table of slots. A monitor owns a slot by an
 * open-file-description lock on the slot's first byte, so that a monitor that dies in any way frees
 * it: a slot counts only while it is locked. The limits are checked and the slot is taken under one
 * lock on the whole, so that a burst cannot slip past them.
 */
#pragma once

#include "lib/address.h"
#include "lib/config.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    REGISTRY_SLOTS = 4096,
    REGISTRY_STATUS_MAX = 256,
    REGISTRY_USER_MAX = 128,
    REGISTRY_PROTOCOL_MAX = 15
};

enum registry_limit {
    REGISTRY_ADMITTED,
    REGISTRY_FULL,                 /* limits.connections */
    REGISTRY_ADDRESS_FULL,         /* limits.per_address */
    REGISTRY_WAITING_FULL,         /* limits.waiting */
    REGISTRY_WAITING_ADDRESS_FULL, /* limits.waiting_per_address */
    REGISTRY_DRAINING,             /* maintenance: lib/drain.h */
};

struct registry {
    int fd; /* -1 when not entered */
    unsigned slot;
};

struct registry_entry {
    bool logged_in;
    struct address remote;
    pid_t monitor;
    int64_t started; /* wall clock, seconds */
    char session[17];
    char user[REGISTRY_USER_MAX + 1];
    char status[REGISTRY_STATUS_MAX + 1];
    char protocol[REGISTRY_PROTOCOL_MAX + 1]; /* of TLS, "" in clear */
};

/* Takes a slot for a new connection from REMOTE. *RET_LIMIT says which limit refuses it, if one
 * does (then *RET holds nothing and the result is 0). Negative errno if the table cannot be used.
 */
int registry_enter(const struct config *config, const struct address *remote, const char *session,
                   struct registry *ret, enum registry_limit *ret_limit);
/* The connection is about to log in as USER, who may have MOST sessions at a time (NO_LIMIT: this
 * does nothing). -EUSERS if there are so many already: those that have claimed a place or logged
 * in, and are alive. All that come at once ask one after the other. */
int registry_claim(struct registry *registry, const char *user, uint64_t most);
/* It could not log in after all: the place is free again. */
void registry_disclaim(struct registry *registry);
/* The connection has logged in as USER; it no longer counts as waiting. */
int registry_log_in(struct registry *registry, const char *user);
int registry_set_status(struct registry *registry, const char *status);
int registry_set_protocol(struct registry *registry, const char *protocol);
void registry_leave(struct registry *registry);

/* Calls VISIT for each connection that was alive at one moment, until it returns something else
 * than 0; returns that. The table is not locked meanwhile. */
int registry_list(const struct config *config,
                  int (*visit)(const struct registry_entry *entry, void *data), void *data);
/* The live connection with that session id. -ENOENT if there is none. */
int registry_find(const struct config *config, const char *session, struct registry_entry *ret);

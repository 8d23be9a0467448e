/*
 * The table of the connections that are alive, as it is in its file. Only lib/registry*.c include
 * it.
 */
#pragma once

#include "lib/registry.h"

/*
 * The file: a header, the keys of all slots close together (that is what admission reads: 32 bytes
 * a connection), then the texts. "used" is one more than the highest slot that was ever taken since
 * the file was last empty, so that a server with ten connections looks at ten keys.
 */
enum { MAGIC = 0x63667432, STATE_FREE = 0, STATE_WAITING = 1, STATE_LOGGED_IN = 2 };

struct key {
    uint8_t address[16];
    uint8_t family; /* 4 or 6 */
    uint8_t state;
    uint16_t port;
    int32_t monitor;
    int64_t started;
};

struct text {
    char session[17];
    char user[REGISTRY_USER_MAX + 1];
    char status[REGISTRY_STATUS_MAX + 1];
};

struct table {
    uint32_t magic;
    uint32_t used;
    struct key keys[REGISTRY_SLOTS];
    struct text texts[REGISTRY_SLOTS];
    uint64_t in_vain; /* clock_msec: when all that count were last searched for the dead, in vain */
    char protocols[REGISTRY_SLOTS]
                  [REGISTRY_PROTOCOL_MAX + 1]; /* here, so that nothing else moved */
};

/* Has the lock on SLOT taken, given up or asked for: COMMAND and TYPE as in fcntl(2). */
int registry_lock_slot(int fd, unsigned slot, int command, short type);
/* Whether its monitor is alive. The kernel looks through the locks of all to tell. */
bool registry_slot_is_alive(int fd, unsigned slot);
/* Opens and maps RUN/sessions. */
int registry_open_table(const struct config *config, int *ret_fd, struct table **ret_table);

/*
 * A tour of a server's replies: simple commands that succeed and that fail, for the tests that
 * examine what all replies have in common. Only the tests of replies use it. It changes nothing on
 * the server and leaves no state in the session.
 */
#pragma once

#include "ftplint/client.h"

struct stop {
    const char *line;  /* the command */
    const char *codes; /* that RFC 959, section 5.4, or the command's own RFC lists for it */
};

extern const struct stop tour[];
extern const size_t tour_stops;

/* Sends every command of the tour over the shared session and hands each reply to VISIT. */
void tour_each(struct exam *exam, void (*visit)(struct client *client, const struct stop *stop,
                                                const struct reply *reply));

/*
 * PORT and EPRT as tests of active mode send them: a listener of this machine, and the command that
 * names it. Only src/ftplint uses it.
 */
#pragma once

#include "ftplint/exam.h"

/* Listens where the control connection comes from; the server is told nothing. */
struct data *given_listener(struct client *client);

/* "PORT 127,0,0,1,4,1" or "EPRT |1|127.0.0.1|1025|": MODE is DATA_PORT or DATA_EPRT, SIGN stands
 * between the fields of EPRT. Skips the test for PORT over IPv6. */
const char *active_command(const struct data *data, enum data_mode mode, char sign);

/* The number that RFC 2428 has for the control connection's protocol. */
int own_protocol_number(const struct exam *exam);

/* A finding unless 522 REPLY ends in a list like (1,2) (RFC 2428, section 2). */
void expect_protocols(struct client *client, const struct reply *reply);

/* Sends the command; skips the test if the server refuses to connect to clients at all. */
struct data *given_active(struct client *client, enum data_mode mode);

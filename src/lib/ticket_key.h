/*
 * The key of TLS tickets that all logins of one account from one address share, where
 * tls.data_binding is "auto". The monitor makes it of a secret of the server's, which no session
 * ever sees. It never says whether somebody has logged in.
 */
#pragma once

#include "lib/account.h"
#include "lib/address.h"
#include "lib/config.h"
#include "lib/tls.h"

/* The secret: 32 random bytes in the run directory, for root alone. */
#define TICKET_SECRET_FILE "ticket-secret"

/* The key of ACCOUNT at ADDRESS; the secret is made when it is needed first. Negative errno, -EPERM
 * if others could read the secret. */
int ticket_key(const struct config *config, const struct account *account,
               const struct address *address, uint8_t ret[TLS_KEY_SIZE]);

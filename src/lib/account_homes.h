/*
 * directories.homes, the folder of all users' folders, as administrators need it: they enter and
 * list it by its group, accounts.uid_max (account_cell.h), and nobody else gains anything, because
 * no account ever gets that number. cellftpctl and --check use it, as root.
 */
#pragma once

#include "lib/buffer.h"
#include "lib/config.h"

enum { HOMES_MODE = 0751 };

/* Makes it as account_cell_lists_homes() wants it, but takes it from no group that somebody has
 * given it to: -EEXIST, other negative errno. HOMES is directories.homes, opened. */
int account_homes_admit_admins(const struct config *config, int homes);
/* The same, by the path; the directory is made if it is missing. What is wrong, and what to do,
 * goes to PROBLEM. */
int account_homes_prepare(const struct config *config, struct buffer *problem);

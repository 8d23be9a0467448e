/*
 * A cell on trial: closed, and entered as a login would, without a client. cellftpd --check and
 * --login-test use it; nothing that a network could reach does.
 */
#pragma once

#include "monitor/cell.h"

enum { TRIAL_STEP_MAX = REQUEST_STEP_MAX + 1 };

/* Closes a cell. Negative errno, and the name of the step that failed in RET_STEP. */
int trial_close(const struct config *config, struct cell *ret, char ret_step[TRIAL_STEP_MAX]);
/* Lets ACCOUNT, resolved, into FOLDER, which is open, in that cell. The same. */
int trial_enter(const struct config *config, struct cell *cell, const struct account *account,
                int folder, char ret_step[TRIAL_STEP_MAX]);
void trial_end(struct cell *cell);

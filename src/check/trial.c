/* A cell on trial: see trial.h. */
#include "check/trial.h"

#include "lib/cleanup.h"

#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>

static int fail(enum cell_step step, int error, char ret_step[TRIAL_STEP_MAX])
{
    (void)snprintf(ret_step, TRIAL_STEP_MAX, "%s", cell_step_name(step));
    return error;
}

/* Receives READY or ENTERED. */
static int receive(struct cell *cell, enum request type, char ret_step[TRIAL_STEP_MAX])
{
    struct message message;
    int fd = -1;
    int r = message_receive(cell->socket, &message, &fd);
    (void)close_fd(fd); /* the listener of the trial's filter: nobody asks it anything */
    uint32_t error = r == 1 ? message_get_u32(&message) : 0;
    (void)snprintf(ret_step, TRIAL_STEP_MAX, "%s",
                   r == 1 ? message_get_string(&message, REQUEST_STEP_MAX) : "it crashed");
    if (r != 1 || message.type != type || !message_end(&message))
        return -ECONNRESET;
    return -(int)error;
}

int trial_close(const struct config *config, struct cell *ret, char ret_step[TRIAL_STEP_MAX])
{
    enum cell_step step;
    const struct session_start start = {.control = -1, .config = config, .host = ""};
    int r = cell_start(&start, ret, &step);
    if (r < 0)
        return fail(step, r, ret_step);
    r = receive(ret, REQUEST_READY, ret_step);
    if (r < 0)
        trial_end(ret);
    return r;
}

int trial_enter(const struct config *config, struct cell *cell, const struct account *account,
                int folder, char ret_step[TRIAL_STEP_MAX])
{
    cleanup_close int tree = -1;
    struct account_cell shape;
    enum cell_step step = CELL_STEP_RANGE;
    int r = account_cell(config, account, &shape);
    if (r < 0)
        return fail(step, r, ret_step);
    step = CELL_STEP_FOLDER;
    r = folder < 0 ? folder : cell_admit(cell, &shape, folder, &tree, &step);
    if (r < 0)
        return fail(step, r, ret_step);
    struct message message;
    message_begin(&message, REQUEST_LOGIN | REQUEST_ANSWER);
    login_put_grant(config, account, NULL, &message);
    r = message_send(cell->socket, &message, tree);
    if (r < 0)
        return fail(CELL_STEP_ENTER, r, ret_step);
    r = receive(cell, REQUEST_ENTERED, ret_step);
    if (r < 0)
        return r;
    message_begin(&message, REQUEST_ENTERED | REQUEST_ANSWER);
    r = message_send(cell->socket, &message, -1);
    return r < 0 ? fail(CELL_STEP_ENTER, r, ret_step) : 0;
}

void trial_end(struct cell *cell)
{
    if (cell->pid == 0)
        return;
    (void)pidfd_send_signal(cell->process, SIGKILL, NULL, 0);
    (void)cell_end(cell);
}

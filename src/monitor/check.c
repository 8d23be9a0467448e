/* cellftpd --check: see check.h. */
#include "monitor/check.h"
#include "lib/buffer.h"
#include "lib/cleanup.h"
#include "lib/drain.h"
#include "lib/file.h"
#include "lib/run.h"
#include "monitor/authenticate.h"
#include "monitor/capabilities.h"
#include "monitor/cell.h"
#include "monitor/pam_process.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>

/* One line: WHAT is there (RESULT is 0 or positive), or it is missing, why, and what to do. */
static bool say(int result, const char *what, const char *remedy)
{
    if (result >= 0)
        printf("ok      %s\n", what);
    else
        printf("MISSING %s: %s\n        %s\n", what, strerror(-result), remedy);
    return result >= 0;
}

static bool say_step(int result, enum cell_step step)
{
    return say(result, cell_step_name(step), cell_step_remedy(cell_step_name(step)));
}

/* A directory of root's that nobody else can write to. */
static bool check_directory(const char *option, const char *path)
{
    cleanup_free char *what = NULL;
    if (asprintf(&what, "%s %s", option, path) < 0)
        return false;
    cleanup_close int fd = directory_open(path, O_RDONLY);
    struct stat status;
    int r = fd < 0 ? fd : fstat(fd, &status) < 0 ? -errno : 0;
    if (r == 0 && (status.st_uid != 0 || (status.st_mode & (S_IWGRP | S_IWOTH))))
        r = -EPERM;
    return say(r, what,
               "make it: a directory, no symbolic link in its path, root's, writable by root only");
}

static bool check_directories(const struct config *config)
{
    /* All of them, so that one run names everything that is wrong. */
    bool good = check_directory("directories.users", config->directories_users);
    good &= check_directory("directories.homes", config->directories_homes);
    good &= check_directory("directories.logs", config->directories_logs);
    cleanup_close int run = run_directory_open(config);
    good &= say_step(run < 0 ? run : 0, CELL_STEP_RUN);
    time_t since;
    if (drain_since(config, &since) == 0 && since != 0)
        puts("note    the server drains: it refuses every connection\n"
             "        end that with \"cellftpctl drain --end\"");
    return good;
}

/* Receives READY or ENTERED. */
static bool step_done(struct cell *cell, enum request type, const char *what)
{
    struct message message;
    int fd = -1;
    int r = message_receive(cell->socket, &message, &fd);
    (void)close_fd(fd); /* the listener of the trial's filter: nobody asks it anything */
    uint32_t error = r == 1 ? message_get_u32(&message) : 0;
    const char *step = r == 1 ? message_get_string(&message, REQUEST_STEP_MAX) : "";
    if (r != 1 || message.type != type || !message_end(&message)) {
        return say(-ECONNRESET, what, "the trial session crashed: look into the system's log");
    }
    if (error != 0) {
        cleanup_free char *full = NULL;
        if (asprintf(&full, "%s (%s)", what, step) < 0)
            return false;
        return say(-(int)error, full, cell_step_remedy(step));
    }
    return say(0, what, "");
}

/* A folder that belongs to the first uid of the range, as a user's would; it is removed again. */
static int make_trial_folder(const struct config *config, char *ret_path, size_t size)
{
    (void)snprintf(ret_path, size, "%s/check-XXXXXX", config->directories_run);
    if (!mkdtemp(ret_path))
        return -errno;
    uid_t uid = (uid_t)config->accounts_uid_min;
    cleanup_close int fd = directory_open(ret_path, O_RDONLY);
    if (fd < 0)
        return fd;
    return fchown(fd, uid, uid) < 0 ? -errno : take_fd(&fd);
}

static bool admit_trial(const struct config *config, struct cell *cell, int folder)
{
    uid_t uid = (uid_t)config->accounts_uid_min;
    const struct account account = {.uid = uid, .gid = uid};
    cleanup_close int tree = -1;
    enum cell_step step = CELL_STEP_FOLDER;
    int r = folder < 0 ? folder : cell_admit(cell, &account, folder, &tree, &step);
    if (r < 0)
        return say_step(r, step);
    struct message message;
    message_begin(&message, REQUEST_LOGIN | REQUEST_ANSWER);
    message_put_u32(&message, LOGIN_GRANTED);
    message_put_u32(&message, uid);
    message_put_u32(&message, uid);
    message_put_u32(&message, 0);
    message_put_string(&message, "check");
    message_put_u32(&message, 0);
    return message_send(cell->socket, &message, tree) == 0 &&
           step_done(cell, REQUEST_ENTERED, "entering a user's folder");
}

static bool check_cell(const struct config *config, int folder)
{
    struct cell cell;
    enum cell_step step;
    int r = cell_start(config, -1, &cell, &step);
    if (r < 0)
        return say_step(r, step);
    bool good =
        step_done(&cell, REQUEST_READY, "closing a cell") && admit_trial(config, &cell, folder);
    (void)pidfd_send_signal(cell.process, SIGKILL, NULL, 0);
    (void)cell_end(&cell);
    return good;
}

int check(const char *config_file)
{
    cleanup_buffer struct buffer problems;
    buffer_init(&problems, 65536);
    cleanup_config struct config *config = NULL;
    int r = config_load(config_file ? config_file : CONFIG_FILE_DEFAULT, config_file != NULL,
                        &config, &problems);
    if (r < 0) {
        fputs("the configuration is wrong:\n", stdout);
        (void)fwrite(buffer_size(&problems) > 0 ? buffer_begin(&problems) : "", 1,
                     buffer_size(&problems), stdout);
        return 6;
    }
    bool good = say(0, "configuration", "");
    good &= check_directories(config);
    if (authenticate_uses_pam(config))
        good &= say(pam_service_check(config), "PAM service", PAM_SERVICE_REMEDY);
    char path[4096];
    cleanup_close int folder = make_trial_folder(config, path, sizeof(path));
    r = capabilities_keep_for_login(authenticate_uses_pam(config));
    good &= say(r, "capabilities", "start it as root");
    (void)fflush(stdout); /* the child must not print it again */
    good &= check_cell(config, folder);
    (void)rmdir(path);
    return good ? 0 : 1;
}

/* cellftpd --check: see check.h. */
#include "check/check.h"
#include "check/trial.h"
#include "lib/account_cell.h"
#include "lib/buffer.h"
#include "lib/cleanup.h"
#include "lib/client_check.h"
#include "lib/drain.h"
#include "lib/file.h"
#include "lib/run.h"
#include "lib/tls_identity.h"
#include "lib/tls_library.h"
#include "monitor/authenticate.h"
#include "monitor/capabilities.h"
#include "monitor/pam_process.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

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

/* What only an administrator's login takes. Most servers have none: it is no fault then. */
static void note_admins(const struct config *config)
{
    char name[] = "check";
    const struct account account = {.name = name, .role = ACCOUNT_ADMIN};
    struct account_cell shape;
    struct stat status;
    if (account_cell(config, &account, &shape) < 0) {
        printf("note    administrators (role admin) cannot log in\n        %s\n",
               cell_step_remedy(cell_step_name(CELL_STEP_RANGE)));
        return;
    }
    if (stat(shape.root, &status) < 0 || account_cell_lists_homes(config, &status))
        return;
    printf("note    administrators (role admin) cannot list %s\n"
           "        chgrp %u %s && chmod g+rx %s\n",
           shape.root, shape.gid, shape.root, shape.root);
}

static bool check_directories(const struct config *config)
{
    /* All of them, so that one run names everything that is wrong. */
    bool good = check_directory("directories.users", config->directories_users);
    good &= check_directory("directories.homes", config->directories_homes);
    good &= check_directory("directories.logs", config->directories_logs);
    note_admins(config);
    cleanup_close int run = run_directory_open(config);
    good &= say_step(run < 0 ? run : 0, CELL_STEP_RUN);
    time_t since;
    if (drain_since(config, &since) == 0 && since != 0)
        puts("note    the server drains: it refuses every connection\n"
             "        end that with \"cellftpctl drain --end\"");
    return good;
}

/* The same for a step of a cell on trial. */
static bool say_trial(int result, const char *what, const char *step)
{
    cleanup_free char *full = NULL;
    if (result < 0 && asprintf(&full, "%s (%s)", what, step) < 0)
        return false;
    return say(result, full ? full : what, cell_step_remedy(step));
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

static bool check_cell(const struct config *config, int folder)
{
    uid_t uid = (uid_t)config->accounts_uid_min;
    char name[] = "check", step[TRIAL_STEP_MAX];
    struct account account = {.name = name, .uid = uid, .gid = uid};
    struct cell cell;
    int r = trial_close(config, &cell, step);
    if (!say_trial(r, "closing a cell", step))
        return false;
    r = rules_resolve(config, &account);
    if (r == 0)
        r = trial_enter(config, &cell, &account, folder, step);
    else
        (void)snprintf(step, sizeof(step), "rules");
    rules_free(&account.effective);
    trial_end(&cell);
    return say_trial(r, "entering a user's folder", step);
}

/* What would keep anonymous users out although they are wanted. */
static bool check_anonymous(const struct config *config)
{
    if (!config->anonymous_enabled)
        return true;
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, 16384);
    cleanup_account struct account *account = NULL;
    cleanup_free char *what = NULL;
    int r = account_load(config, config->anonymous_account, &account, &problem);
    if (r == 0)
        r = rules_resolve(config, account);
    if (asprintf(&what, "anonymous.account \"%s\"", config->anonymous_account) < 0)
        return false;
    bool admin = r == 0 && account->role == ACCOUNT_ADMIN;
    if (admin || (r == 0 && (!account->enabled || account_is_expired(account))))
        r = -EPERM;
    return say(r, what,
               admin ? "it is an administrator: \"cellftpctl user mod NAME --role user\", or name "
                       "another account"
                     : "\"cellftpctl user show NAME\" says what is wrong; \"cellftpctl user add "
                       "NAME --generate\" makes it; or set anonymous.enabled = false");
}

/* The certificate and key of the host NAME, as a connection would use them. */
static bool check_certificate(const struct config *config, const struct tls_library *library,
                              const char *name)
{
    char words[TLS_SENTENCE_MAX];
    struct tls_files files;
    struct tls_identity *identity = NULL;
    tls_files_find(config, name, &files);
    if (strcasecmp(files.host, name) != 0)
        return true; /* no name that a client can reach: a README, or ".." */
    int r = tls_identity_load(library, &files, &identity, words);
    if (r < 0) {
        printf("MISSING certificate: %s\n", words);
        return false;
    }
    printf("ok      certificate %s\n", files.certificate);
    time_t expires = library->identity_expires(identity);
    library->identity_close(identity);
    if (tls_identity_warning(config, &files, expires, time(NULL), words))
        printf("note    %s\n", words);
    return true;
}

/* What was found of clients' certificates; CONTEXT is whether all is well. */
static void say_client(void *context, enum tls_result result, const char *file, const char *words,
                       const char *remedy)
{
    static const char *const results[] = {
        [TLS_OK] = "ok     ", [TLS_NOTE] = "note   ", [TLS_PROBLEM] = "MISSING"};
    bool *good = context;
    printf("%s client certificates: %s%s%s\n", results[result], file ? file : "", file ? ": " : "",
           words);
    if (remedy)
        printf("        %s\n", remedy);
    *good &= result != TLS_PROBLEM;
}

/* Without TLS, who can log in at all. */
static bool check_clear(const struct config *config)
{
    if (config->tls_required == TLS_REQUIRED_ALWAYS) {
        puts("MISSING TLS: tls.enabled is false and tls.required is \"always\": nobody can log in "
             "but accounts with \"--tls optional\"; set tls.enabled = true");
        return false;
    }
    puts("note    tls.enabled is false: passwords and files are sent in clear");
    if (config->tls_required == TLS_REQUIRED_PUBLIC)
        puts("note    only clients in private networks can log in so (tls.required)");
    bool good = true;
    client_check(config, NULL, say_client, &good);
    return good;
}

static bool check_tls(const struct config *config)
{
    const struct tls_library *library = NULL;
    char words[TLS_WORDS_MAX];
    if (!config->tls_enabled)
        return check_clear(config);
    if (tls_library_load(&library, words) < 0) {
        printf("MISSING TLS library: %s\n", words);
        return false;
    }
    bool good = say(0, "TLS library", "");
    if (library->check(config, words) < 0) {
        printf("MISSING TLS: %s; \"cellftpctl tls check\" says more\n", words);
        good = false;
    }
    good &= check_certificate(config, library, "");
    cleanup_closedir DIR *hosts = opendir(config->tls_hosts);
    for (const struct dirent *entry; hosts && (entry = readdir(hosts));)
        good &= check_certificate(config, library, entry->d_name);
    client_check(config, library->client_check, say_client, &good);
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
    good &= check_tls(config);
    good &= check_anonymous(config);
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

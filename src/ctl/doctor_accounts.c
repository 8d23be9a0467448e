/* cellftpctl doctor: records of accounts, users' folders, and what their file systems offer. */
#include "ctl/doctor.h"

#include "ctl/quota.h"
#include "ctl/user.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/quota_project.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

enum { SYSTEMS_MAX = 64 };

struct accounts {
    struct doctor *doctor;
    unsigned count;
    struct doctor_names expired;
    struct doctor_names damaged;
    struct doctor_names homeless;
    dev_t systems[SYSTEMS_MAX]; /* file systems that were spoken of */
    size_t system_count;
};

/* --- File systems --- */

static void say_projects(struct doctor *doctor, const char *path, int result)
{
    bool wanted = doctor->invocation->config->quota_backend == QUOTA_PROJECT;
    if (wanted)
        doctor_say(doctor, result == 0 ? DOCTOR_OK : DOCTOR_PROBLEM, path,
                   result == 0 ? NULL : quota_project_remedy(result), "project quotas: %s",
                   result == 0 ? "the file system enforces them"
                               : "users with a quota can only read");
    else
        doctor_say(doctor, DOCTOR_OK, path, NULL, "quotas are counted by the server; %s",
                   result == 0        ? "the file system could, too (quota.backend = \"project\")"
                   : result == -ESRCH ? "the file system could, mounted with prjquota"
                                      : "the file system cannot");
}

static void look_at_system(struct accounts *accounts, const char *path)
{
    cleanup_close int fd = directory_open(path, O_RDONLY);
    struct stat status;
    struct statvfs system;
    if (fd < 0 || fstat(fd, &status) < 0 || fstatvfs(fd, &system) < 0)
        return;
    for (size_t i = 0; i < accounts->system_count; i++)
        if (accounts->systems[i] == status.st_dev)
            return;
    if (accounts->system_count == SYSTEMS_MAX)
        return;
    accounts->systems[accounts->system_count++] = status.st_dev;
    if (system.f_flag & ST_NOSUID)
        doctor_say(accounts->doctor, DOCTOR_OK, path, NULL, "mounted nosuid");
    else
        doctor_say(accounts->doctor, DOCTOR_NOTE, path,
                   "mount users' folders nosuid, on a file system of their own",
                   "not mounted nosuid: a set-uid file of a user's would work for others on this "
                   "machine");
    say_projects(accounts->doctor, path, quota_project_check(fd));
}

/* --- Accounts --- */

static int visit(const char *name, void *data)
{
    struct accounts *accounts = data;
    const struct config *config = accounts->doctor->invocation->config;
    cleanup_account struct account *account = NULL;
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, USER_PROBLEM_MAX);
    struct stat status;
    int r = account_load(config, name, &account, &problem);
    if (r == -ENOENT)
        return 0;
    accounts->count++;
    if (r < 0) {
        doctor_names_add(&accounts->damaged, name);
        return 0;
    }
    if (account_is_expired(account))
        doctor_names_add(&accounts->expired, name);
    if (lstat(account->home, &status) < 0 || !S_ISDIR(status.st_mode) ||
        status.st_uid != account->uid)
        doctor_names_add(&accounts->homeless, name);
    else
        look_at_system(accounts, account->home);
    return 0;
}

static void say_names(struct doctor *doctor, enum doctor_result result,
                      const struct doctor_names *names, const char *remedy, const char *what)
{
    if (names->count > 0)
        doctor_say(doctor, result, "accounts", remedy, "%u %s: %s", names->count, what,
                   names->text);
}

void doctor_accounts(struct doctor *doctor)
{
    const struct config *config = doctor->invocation->config;
    struct accounts accounts = {.doctor = doctor};
    look_at_system(&accounts, config->directories_homes);
    int r = account_list(config, visit, &accounts);
    if (r < 0 && r != -ENOENT) {
        doctor_say(doctor, DOCTOR_PROBLEM, "accounts", "see directories.users",
                   "cannot be listed: %s", strerror(-r));
        return;
    }
    if (accounts.damaged.count == 0)
        doctor_say(doctor, DOCTOR_OK, "accounts", NULL, "%u record%s, all can be read",
                   accounts.count, accounts.count == 1 ? "" : "s");
    say_names(doctor, DOCTOR_PROBLEM, &accounts.damaged,
              "user show NAME says what is wrong; mend the file, or user del NAME",
              "with a damaged record cannot log in");
    say_names(doctor, DOCTOR_PROBLEM, &accounts.homeless,
              "login-test NAME says what is wrong; the folder must be a directory of the user's",
              "have no folder of their own");
    say_names(doctor, DOCTOR_NOTE, &accounts.expired, "user expire NAME DATE, or user del NAME",
              "have expired");
}

/* --- Quotas --- */

struct quotas {
    struct doctor *doctor;
    unsigned count;
    struct doctor_names stale;
    struct doctor_names unknown;
    struct doctor_names unmarked;
    struct doctor_names unenforced;
};

static enum exit_status look_at_quota(const struct account *account, void *data)
{
    struct quotas *quotas = data;
    struct quota_now now;
    quota_look(quotas->doctor->invocation, account, &now);
    const struct {
        const char *state;
        struct doctor_names *names;
    } states[] = {{"stale", &quotas->stale},
                  {"unknown", &quotas->unknown},
                  {"unmarked", &quotas->unmarked},
                  {"unenforced", &quotas->unenforced}};
    quotas->count++;
    if (!quota_is_limited(&now.quota))
        return STATUS_OK; /* nobody asks its ledger, if there is one of before */
    for (size_t i = 0; i < ELEMENTS(states); i++)
        if (strcmp(now.state, states[i].state) == 0)
            doctor_names_add(states[i].names, account->name);
    return STATUS_OK;
}

void doctor_quotas(struct doctor *doctor)
{
    struct quotas quotas = {.doctor = doctor};
    enum exit_status status = quota_users_visit(doctor->invocation, look_at_quota, &quotas);
    const struct {
        const struct doctor_names *names;
        enum doctor_result result;
        const char *what;
        const char *remedy;
    } findings[] = {
        {&quotas.stale, DOCTOR_NOTE, "may use less than is said",
         "the next login counts, or quota recount --all"},
        {&quotas.unknown, DOCTOR_PROBLEM,
         "can upload nothing: their ledger was damaged, or not counted", "quota recount NAME"},
        {&quotas.unmarked, DOCTOR_PROBLEM, "can only read: not all of their files are counted",
         "quota recount NAME"},
        {&quotas.unenforced, DOCTOR_PROBLEM, "can only read: the file system has no project quotas",
         "quota show NAME says why"},
    };
    bool good = status == STATUS_OK;
    for (size_t i = 0; i < ELEMENTS(findings); i++) {
        if (findings[i].names->count == 0)
            continue;
        good = false;
        doctor_say(doctor, findings[i].result, "quotas", findings[i].remedy, "%u %s: %s",
                   findings[i].names->count, findings[i].what, findings[i].names->text);
    }
    if (good)
        doctor_say(doctor, DOCTOR_OK, "quotas", NULL, "%u user%s, all counted", quotas.count,
                   quotas.count == 1 ? "" : "s");
}

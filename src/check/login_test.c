/* cellftpd --login-test: see check.h. It goes the way of monitor/login.c, with the same functions
 * and the same rights, but says what it finds to root instead of hiding it from a stranger. */
#include "check/check.h"
#include "check/trial.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/drain.h"
#include "lib/password.h"
#include "lib/system_user.h"
#include "lib/text.h"
#include "lib/words.h"
#include "monitor/authenticate.h"
#include "monitor/capabilities.h"
#include "monitor/pam_process.h"

#include <limits.h>
#include <pwd.h>
#include <string.h>

struct test {
    struct monitor monitor; /* what there would be for a client on this machine */
    const char *name;
    const char *password; /* NULL: none was given */
    bool failed;
    struct account *account;
};

enum result { RESULT_OK, RESULT_FAILED, RESULT_UNTESTED };

/* A field is one for whoever reads it, whatever is in it. */
static void print_field(const char *text)
{
    cleanup_buffer struct buffer quoted;
    buffer_init(&quoted, 65536);
    size_t size = strlen(text);
    if (text_is_plain(text, size))
        fputs(text, stdout);
    else if (text_append_quoted(&quoted, text, size) == 0)
        (void)fwrite(buffer_begin(&quoted), 1, buffer_size(&quoted), stdout);
}

static void say(struct test *test, enum result result, const char *step, const char *found,
                const char *remedy)
{
    static const char *const words[] = {"ok", "failed", "untested"};
    test->failed |= result == RESULT_FAILED;
    printf("%s\t%s\t", words[result], step);
    print_field(found);
    (void)putchar('\t');
    print_field(result == RESULT_OK ? "" : remedy);
    (void)putchar('\n');
    (void)fflush(stdout); /* a child must not print it again */
}

/* A part of the cell on trial: STEP is where it failed with R, GOOD what it means that it did not.
 */
static void say_trial(struct test *test, const char *what, int r, const char *step,
                      const char *good, const char *remedy)
{
    cleanup_free char *why = NULL;
    if (r < 0 && asprintf(&why, "%s: %s", step, strerror(-r)) < 0)
        why = NULL;
    const char *found = r == 0 ? good : why;
    say(test, r < 0 ? RESULT_FAILED : RESULT_OK, what, found ? found : "", remedy);
}

/* --- The local accounts --- */

static void test_password(struct test *test)
{
    const char *hash = test->account->password;
    static const char remedy[] = "cellftpctl user passwd NAME gives the account a new one";
    if (!test->password)
        say(test, RESULT_UNTESTED, "password", "none was given", "give one with --password-stdin");
    else if (password_matches(test->password, hash,
                              (unsigned)test->monitor.config->accounts_hash_cost))
        say(test, RESULT_OK, "password", "it is right", "");
    else
        say(test, RESULT_FAILED, "password",
            *hash == '!' || *hash == '*' ? "none fits this account" : "it is wrong", remedy);
}

/* True if the name is one of ours: nobody else is asked then. */
static bool test_local(struct test *test)
{
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, 16384);
    int r = account_load(test->monitor.config, test->name, &test->account, &problem);
    if (r == -ENOENT || r == -EINVAL) {
        say(test, RESULT_UNTESTED, "local account", "there is none of this name", "");
        return false;
    }
    if (r < 0) {
        bool said = buffer_size(&problem) > 0 && buffer_append(&problem, "", 1) == 0;
        char *text = said ? problem.data + problem.start : strerror(-r);
        if (said)
            text[strcspn(text, "\n")] = '\0';
        say(test, RESULT_FAILED, "local account", text,
            "correct the record, or remove the account and make it again");
        return true;
    }
    say(test, RESULT_OK, "local account", "it is there", "");
    bool expired = account_is_expired(test->account);
    say(test, test->account->enabled ? RESULT_OK : RESULT_FAILED, "lock",
        test->account->enabled ? "not locked" : "the account is locked",
        "cellftpctl user unlock NAME");
    say(test, expired ? RESULT_FAILED : RESULT_OK, "expiry",
        expired ? "the account has expired" : "not expired", "cellftpctl user expire NAME DATE");
    test_password(test);
    return true;
}

/* --- The users of the system --- */

/* What to do about a refusal, by its word. */
static const char *remedy_of(const char *word)
{
    static const struct {
        enum refusal refusal;
        const char *remedy;
    } remedies[] = {
        {REFUSAL_BAD_PASSWORD, "passwd NAME gives the user a new one"},
        {REFUSAL_LOCKED, "passwd --unlock NAME; if a module counts failures, faillock --user NAME"},
        {REFUSAL_EXPIRED, "chage --expiredate -1 NAME; if the password has been expired for too "
                          "long, passwd NAME"},
        {REFUSAL_PASSWORD_EXPIRED, "a new one by passwd NAME: FTP cannot ask for it"},
        {REFUSAL_NOLOGIN, "remove /etc/nologin or /run/nologin, which keep everybody out"},
        {REFUSAL_FTPUSERS, "take the name out of /etc/ftpusers"},
        {REFUSAL_UID_TOO_LOW, "lower pam.uid_min; but root never logs in"},
        {REFUSAL_UID_OF_LOCAL,
         "choose accounts.uid_min and accounts.uid_max where no user of the system is"},
        {REFUSAL_GROUP_ROOT, "give the user another primary group: usermod --gid GROUP NAME"},
        {REFUSAL_NO_HOME, "make the home, a directory that belongs to the user"},
        {REFUSAL_PAM_SERVICE, PAM_SERVICE_REMEDY},
        {REFUSAL_NETWORK, "this test comes from 127.0.0.1; see networks of the user's groups in "
                          "cellftpd.conf(5)"},
        {REFUSAL_HOURS, "see hours of the user's groups in cellftpd.conf(5)"},
    };
    for (size_t i = 0; word && i < sizeof(remedies) / sizeof(remedies[0]); i++)
        if (strcmp(refusal_word(remedies[i].refusal), word) == 0)
            return remedies[i].remedy;
    return "see SYSTEM USERS AND PAM in cellftpd(8), and what the modules say in the journal";
}

/* What can be told without a password: PAM itself is not asked. False if there is no such user. */
static bool test_system_user(struct test *test)
{
    const struct passwd *entry = system_user_name_is_good(test->name) ? getpwnam(test->name) : NULL;
    if (!entry) {
        say(test, RESULT_UNTESTED, "system user", "there is none of this name", "");
        return false;
    }
    enum refusal refusal = system_user_permit(test->monitor.config, entry);
    say(test, refusal == REFUSAL_NONE ? RESULT_OK : RESULT_FAILED, "system user",
        refusal == REFUSAL_NONE ? "it is there" : refusal_word(refusal),
        remedy_of(refusal_word(refusal)));
    if (refusal != REFUSAL_NONE)
        return true;
    say(test, RESULT_UNTESTED, "PAM", "it decides when it is given a password",
        "give one with --password-stdin");
    char home[PATH_MAX];
    struct account *account = calloc(1, sizeof(*account));
    if (!account)
        return true;
    *account =
        (struct account){.name = strdup(entry->pw_name),
                         .home = strdup(realpath(entry->pw_dir, home) ? home : entry->pw_dir),
                         .uid = entry->pw_uid,
                         .gid = entry->pw_gid};
    test->account = account;
    return true;
}

/* The same for PAM. */
static bool test_pam(struct test *test)
{
    int r = pam_service_check(test->monitor.config);
    say(test, r < 0 ? RESULT_FAILED : RESULT_OK, "PAM service", test->monitor.config->pam_service,
        PAM_SERVICE_REMEDY);
    if (r < 0)
        return true;
    if (!test->password)
        return test_system_user(test);
    const char *reason = NULL;
    enum authentication result =
        authenticate_pam(&test->monitor, test->name, test->password, &test->account, &reason);
    if (result == AUTHENTICATION_UNKNOWN) {
        say(test, RESULT_UNTESTED, "PAM", "it knows none of this name", "");
        return false;
    }
    if (result == AUTHENTICATION_GRANTED) {
        say(test, RESULT_OK, "PAM", "authentication, account, credentials and session", "");
        return true;
    }
    cleanup_free char *found = NULL;
    if (asprintf(&found, "%s%s%s", reason ? reason : "unknown-user",
                 *test->monitor.login_detail ? ": " : "", test->monitor.login_detail) < 0)
        found = NULL;
    say(test, RESULT_FAILED, "PAM", found ? found : "", remedy_of(reason));
    return true;
}

/* --- All of it --- */

/* Who is anonymous needs no password; the account is looked at like any other. */
static void test_anonymous(struct test *test)
{
    const struct config *config = test->monitor.config;
    if (!config->anonymous_enabled || !words_have(config->anonymous_names, test->name))
        return;
    say(test, RESULT_OK, "anonymous", config->anonymous_account, "");
    test->name = config->anonymous_account;
    test->password = NULL;
}

/* Networks and hours of the record and the groups, and whether it may be now. */
static bool test_rules(struct test *test)
{
    static const char remedy[] = "cellftpctl user show NAME says who says so; cellftpctl user mod "
                                 "NAME, or groups in cellftpd.conf(5)";
    int r = rules_resolve(test->monitor.config, test->account);
    if (r < 0) {
        say(test, RESULT_FAILED, "rules", strerror(-r), "");
        return false;
    }
    const struct rules *rules = &test->account->effective;
    bool now = rules_admit_time(rules, time(NULL));
    say(test, now ? RESULT_OK : RESULT_FAILED, "hours", rules->hours ? rules->hours : "at any time",
        remedy);
    cleanup_buffer struct buffer networks;
    buffer_init(&networks, 16384);
    bool anywhere = rule_is_nothing(rules, RULE_networks) ||
                    rule_append_plain(rules, RULE_networks, &networks) < 0 ||
                    buffer_append(&networks, "", 1) < 0;
    say(test, RESULT_OK, "networks", anywhere ? "from everywhere" : buffer_begin(&networks), "");
    return true;
}

/* As authenticate() does it: the first that knows the name decides. */
static void test_account(struct test *test)
{
    for (char **name = test->monitor.config->auth_order; *name; name++) {
        if (strcmp(*name, "local") == 0 && test_local(test))
            return;
        if (strcmp(*name, "pam") == 0 && test_pam(test))
            return;
    }
    say(test, RESULT_FAILED, "account", "no back end of auth.order knows this name",
        "make the account with cellftpctl user add NAME");
}

static void test_folder(struct test *test)
{
    const struct account *account = test->account;
    const struct config *config = test->monitor.config;
    struct account_cell shape;
    int r = account_cell(config, account, &shape);
    if (r < 0) {
        say(test, RESULT_FAILED, "folder", cell_step_name(CELL_STEP_RANGE),
            cell_step_remedy(cell_step_name(CELL_STEP_RANGE)));
        return;
    }
    cleanup_close int folder = cell_open_folder(&shape);
    cleanup_free char *found = NULL;
    if (asprintf(&found, "%s%s%s", shape.root, folder < 0 ? ": " : "",
                 folder < 0 ? strerror(-folder) : "") < 0)
        found = NULL;
    say(test, folder < 0 ? RESULT_FAILED : RESULT_OK, "folder", found ? found : "",
        cell_step_remedy(cell_step_name(CELL_STEP_FOLDER)));
    if (folder < 0)
        return;
    char step[TRIAL_STEP_MAX];
    bool admin = account->role == ACCOUNT_ADMIN;
    r = trial_enter(config, &test->monitor.cell, account, folder, step);
    say_trial(test, "entering the folder", r, step,
              admin ? "as an administrator, in a cell" : "as the user, in a cell",
              r < 0 ? cell_step_remedy(step) : "");
}

static void run(struct test *test, struct config *config)
{
    char step[TRIAL_STEP_MAX];
    bool draining = drain_is_on(config);
    say(test, draining ? RESULT_FAILED : RESULT_OK, "server",
        draining ? "it drains: every connection is refused" : "connections are accepted",
        "cellftpctl drain --end");
    int r = capabilities_keep_for_login(authenticate_uses_pam(config));
    if (r == 0)
        r = trial_close(config, &test->monitor.cell, step);
    else
        (void)snprintf(step, sizeof(step), "capabilities");
    say_trial(test, "cell", r, step, "it can be closed", "cellftpd --check says more");
    if (r < 0)
        return;
    test_anonymous(test);
    test_account(test);
    if (test->account && test_rules(test))
        test_folder(test);
    trial_end(&test->monitor.cell);
    (void)pam_process_end(&test->monitor.pam, 5000);
}

int login_test(const char *config_file, const char *name, const char *password)
{
    cleanup_buffer struct buffer problems;
    buffer_init(&problems, 65536);
    cleanup_config struct config *config = NULL;
    if (config_load(config_file ? config_file : CONFIG_FILE_DEFAULT, config_file != NULL, &config,
                    &problems) < 0) {
        fputs("failed\tconfiguration\tit is wrong\tcellftpctl config check\n", stdout);
        return 6;
    }
    struct test test = {
        .monitor = {.registry = {.fd = -1},
                    .ledger = {.fd = -1},
                    .signals = -1,
                    .started = clock_usec()},
        .name = name,
        .password = password,
    };
    /* No log: what the monitor would write there goes to stderr, to whoever asked. */
    struct config quiet = *config;
    quiet.logs_journal = quiet.logs_files = quiet.logs_json = quiet.logs_xferlog = false;
    (void)log_open(&quiet, &test.monitor.log);
    quiet.logs_files = true;
    test.monitor.config = &quiet;
    (void)address_parse("127.0.0.1", &test.monitor.remote);
    run(&test, config);
    account_free(test.account);
    log_close(&test.monitor.log);
    return test.failed ? 1 : 0;
}

/* Which users of the system may log in, and why one was refused (rows A16, A17, A18). */
#include "lib/cleanup.h"
#include "lib/request.h"
#include "lib/system_user.h"

#include <security/pam_appl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_A17_names(void **state)
{
    (void)state;
    static const char *const good[] = {
        "a",   "alice",    "Alice",      "ALICE",  "DOM\\alice", "alice@example.org",
        "a b", "$(id)",    "' OR 1=1--", "%s%n%x", "${x}",       "...",
        "a.",  "\xc3\xbc", "\xff",
    };
    static const char *const bad[] = {
        "", ".", "..", "-a", "-", "/", "a/b", "../a", "a:b", "a\n", "\ta", "a\x7f", "\x01",
    };
    for (size_t i = 0; i < ELEMENTS(good); i++)
        assert_true(system_user_name_is_good(good[i]));
    for (size_t i = 0; i < ELEMENTS(bad); i++)
        assert_false(system_user_name_is_good(bad[i]));

    char name[REQUEST_NAME_MAX + 2];
    memset(name, 'x', sizeof(name));
    name[REQUEST_NAME_MAX - 1] = '\0';
    assert_true(system_user_name_is_good(name));
    name[REQUEST_NAME_MAX - 1] = 'x';
    name[REQUEST_NAME_MAX] = '\0';
    assert_false(system_user_name_is_good(name));
}

static void test_A18_uids_and_groups(void **state)
{
    (void)state;
    const struct config config = {
        .pam_uid_min = 1000, .accounts_uid_min = 5000, .accounts_uid_max = 5999};
    static const struct {
        uid_t uid;
        gid_t gid;
        enum refusal refusal;
    } rows[] = {
        {0, 0, REFUSAL_UID_TOO_LOW},     {0, 1000, REFUSAL_UID_TOO_LOW},
        {1, 1000, REFUSAL_UID_TOO_LOW},  {999, 999, REFUSAL_UID_TOO_LOW},
        {1000, 1000, REFUSAL_NONE},      {1000, 4, REFUSAL_NONE},
        {1000, 0, REFUSAL_GROUP_ROOT},   {1000, (gid_t)-1, REFUSAL_GROUP_ROOT},
        {4999, 1, REFUSAL_NONE},         {5000, 1, REFUSAL_UID_OF_LOCAL},
        {5999, 1, REFUSAL_UID_OF_LOCAL}, {6000, 1, REFUSAL_NONE},
        {4294967294u, 1, REFUSAL_NONE},  {(uid_t)-1, 1, REFUSAL_UID_OF_LOCAL},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++)
        assert_int_equal(system_user_check(&config, rows[i].uid, rows[i].gid), rows[i].refusal);
    const struct config lax = {.pam_uid_min = 0};
    assert_int_equal(system_user_check(&lax, 0, 1), REFUSAL_UID_TOO_LOW);
}

static void test_A18_ftpusers(void **state)
{
    (void)state;
    static char text[] = "# a comment\n\nroot\n  daemon  \nbin # why\n#alice\nbob\r\nmail\tx\nlast";
    static const char *const listed[] = {"root", "daemon", "bin", "bob", "mail", "last"};
    static const char *const others[] = {"alice", "#alice", "x", "roo", "roott",
                                         "Root",  "",       "#", "why"};
    for (size_t i = 0; i < ELEMENTS(listed) + ELEMENTS(others); i++) {
        cleanup_fclose FILE *file = fmemopen(text, strlen(text), "r");
        assert_non_null(file);
        bool wanted = i < ELEMENTS(listed);
        const char *name = wanted ? listed[i] : others[i - ELEMENTS(listed)];
        assert_int_equal(ftpusers_has(file, name), wanted);
    }
}

static void test_A16_results_of_pam(void **state)
{
    (void)state;
    static const struct {
        enum pam_phase phase;
        int code;
        const char *word;
    } rows[] = {
        {PAM_PHASE_AUTH, PAM_AUTH_ERR, "bad-password"},
        {PAM_PHASE_ACCOUNT, PAM_AUTH_ERR, "pam-denied"},
        {PAM_PHASE_AUTH, PAM_USER_UNKNOWN, "unknown-user"},
        {PAM_PHASE_AUTH, PAM_MAXTRIES, "locked"},
        {PAM_PHASE_ACCOUNT, PAM_ACCT_EXPIRED, "expired"},
        {PAM_PHASE_ACCOUNT, PAM_NEW_AUTHTOK_REQD, "password-expired"},
        {PAM_PHASE_ACCOUNT, PAM_AUTHTOK_EXPIRED, "password-expired"},
        {PAM_PHASE_ACCOUNT, PAM_PERM_DENIED, "pam-denied"},
        {PAM_PHASE_SESSION, PAM_PERM_DENIED, "pam-denied"},
        {PAM_PHASE_SESSION, PAM_SESSION_ERR, "pam-error"},
        {PAM_PHASE_CREDENTIALS, PAM_CRED_ERR, "pam-error"},
        {PAM_PHASE_AUTH, PAM_CONV_ERR, "pam-conversation"},
        {PAM_PHASE_AUTH, PAM_AUTHINFO_UNAVAIL, "pam-error"},
        {PAM_PHASE_AUTH, PAM_MODULE_UNKNOWN, "pam-error"},
        {PAM_PHASE_AUTH, PAM_IGNORE, "pam-error"},
        {PAM_PHASE_AUTH, 12345, "pam-error"},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++)
        assert_string_equal(refusal_word(refusal_of_pam(rows[i].phase, rows[i].code)),
                            rows[i].word);
    assert_null(refusal_word(REFUSAL_NONE));
    for (int code = 1; code < 64; code++) /* whatever it is: no success has another number than 0 */
        assert_non_null(refusal_word(refusal_of_pam(PAM_PHASE_ACCOUNT, code)));
}

static void test_A16_shadow(void **state)
{
    (void)state;
    enum { TODAY = 20000 };
    char good[] = "$6$x$y", locked[] = "!$6$x$y", none[] = "*";
    static const struct spwd plain = {.sp_lstchg = 19000,
                                      .sp_min = -1,
                                      .sp_max = 99999,
                                      .sp_warn = 7,
                                      .sp_inact = -1,
                                      .sp_expire = -1};
    const time_t now = (time_t)TODAY * 86400 + 5;
    struct spwd entry = plain;
    assert_int_equal(refusal_of_shadow(PAM_PHASE_AUTH, NULL, now), REFUSAL_NONE);
    entry.sp_pwdp = good;
    assert_int_equal(refusal_of_shadow(PAM_PHASE_AUTH, &entry, now), REFUSAL_NONE);
    assert_int_equal(refusal_of_shadow(PAM_PHASE_ACCOUNT, &entry, now), REFUSAL_NONE);
    entry.sp_pwdp = locked;
    assert_int_equal(refusal_of_shadow(PAM_PHASE_AUTH, &entry, now), REFUSAL_LOCKED);
    assert_int_equal(refusal_of_shadow(PAM_PHASE_ACCOUNT, &entry, now), REFUSAL_NONE);
    entry.sp_pwdp = none;
    assert_int_equal(refusal_of_shadow(PAM_PHASE_AUTH, &entry, now), REFUSAL_LOCKED);
    entry.sp_pwdp = NULL;
    assert_int_equal(refusal_of_shadow(PAM_PHASE_AUTH, &entry, now), REFUSAL_NONE);

    static const struct {
        long changed, longest, expire;
        enum refusal refusal;
    } rows[] = {
        {19000, 99999, TODAY + 1, REFUSAL_NONE}, {19000, 99999, TODAY, REFUSAL_EXPIRED},
        {19000, 99999, 0, REFUSAL_EXPIRED},      {0, 99999, -1, REFUSAL_PASSWORD_EXPIRED},
        {TODAY - 30, 30, -1, REFUSAL_NONE},      {TODAY - 31, 30, -1, REFUSAL_PASSWORD_EXPIRED},
        {TODAY - 31, -1, -1, REFUSAL_NONE},      {-1, 30, -1, REFUSAL_NONE},
        {0, 30, TODAY - 1, REFUSAL_EXPIRED},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        entry = plain;
        entry.sp_lstchg = rows[i].changed;
        entry.sp_max = rows[i].longest;
        entry.sp_expire = rows[i].expire;
        assert_int_equal(refusal_of_shadow(PAM_PHASE_ACCOUNT, &entry, now), rows[i].refusal);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_A17_names),    cmocka_unit_test(test_A18_uids_and_groups),
        cmocka_unit_test(test_A18_ftpusers), cmocka_unit_test(test_A16_results_of_pam),
        cmocka_unit_test(test_A16_shadow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * What the PAM process does: authentication, account, checks of our own, credentials, session, and
 * at the end all of it backwards. Runs in the PAM process only (lib/pam.h), as root, next to
 * whatever code the modules bring. It never decides on less than all of the checks, and sends its
 * one answer only when the session is open or the login refused.
 */
#include "lib/account.h"
#include "lib/cleanup.h"
#include "lib/limits.h"
#include "lib/message.h"
#include "lib/pam.h"
#include "lib/request.h"
#include "lib/system_user.h"
#include "pam/conversation.h"
#include "pam/groups.h"
#include "pam/process.h"

#include <dlfcn.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

/* libpam is loaded here and nowhere else, so that no session of a local account pays for it. */
#define PAM_CALLS(X)                                                                               \
    X(pam_start)                                                                                   \
    X(pam_set_item)                                                                                \
    X(pam_get_item)                                                                                \
    X(pam_authenticate)                                                                            \
    X(pam_acct_mgmt)                                                                               \
    X(pam_setcred)                                                                                 \
    X(pam_open_session)                                                                            \
    X(pam_close_session)                                                                           \
    X(pam_strerror)                                                                                \
    X(pam_end)

struct library {
#define PAM_CALL_MEMBER(name) __typeof__(&(name)) name;
    PAM_CALLS(PAM_CALL_MEMBER)
#undef PAM_CALL_MEMBER
};

/* A name and what the name service has about it. */
struct person {
    bool known;
    struct passwd entry;
    char space[16384];
};

struct talk {
    struct library pam;
    const struct pam_request *request;
    int socket;
    pam_handle_t *handle;
    struct pam_conversation conversation;
    struct limits before; /* of this process, to see what modules change */
    enum pam_phase phase; /* the last one that PAM was asked about, and what it said */
    int code;
    struct person typed;             /* by the client */
    struct person person;            /* whom PAM has made of it */
    char name[REQUEST_NAME_MAX + 1]; /* that PAM has for this person */
    char home[PATH_MAX];             /* without a symbolic link in it */
    char detail[PAM_DETAIL_MAX + 1];
};

/* NULL, or what is missing. */
static const char *load_library(struct library *ret)
{
    void *library = dlopen("libpam.so.0", RTLD_NOW);
    if (!library)
        return dlerror();
#define PAM_CALL_LOAD(name)                                                                        \
    *(void **)&ret->name = dlsym(library, #name);                                                  \
    if (!ret->name)                                                                                \
        return dlerror();
    PAM_CALLS(PAM_CALL_LOAD)
#undef PAM_CALL_LOAD
    return NULL;
}

/* A password that no module has asked for is gone before anybody hears of the login. */
static void send_answer(struct talk *talk, struct message *answer)
{
    pam_conversation_free(&talk->conversation);
    /* The monitor may be gone, and then the end of the socket says so. */
    (void)message_send(talk->socket, answer, -1);
}

/* The fields that every answer has. */
static void begin_answer(struct talk *talk, enum authentication result, enum refusal refusal,
                         struct message *ret)
{
    message_begin(ret, PAM_ANSWER);
    message_put_u32(ret, result);
    message_put_u32(ret, refusal);
    message_put_string(ret, talk->detail);
    struct buffer *text = &talk->conversation.text;
    message_put_string(ret, buffer_append(text, "", 1) == 0 ? buffer_begin(text) : "");
    message_put_u32(ret, talk->conversation.dropped);
}

/* Ends the process without a session: the login is not granted. */
static _Noreturn void refuse(struct talk *talk, enum authentication result, enum refusal refusal)
{
    struct message answer;
    begin_answer(talk, result, refusal, &answer);
    send_answer(talk, &answer);
    if (talk->handle)
        (void)talk->pam.pam_end(talk->handle, talk->code);
    _exit(0);
}

static void describe_code(struct talk *talk)
{
    (void)snprintf(talk->detail, sizeof(talk->detail), "%s: %s", pam_phase_name(talk->phase),
                   talk->pam.pam_strerror(talk->handle, talk->code));
}

/* The pause after a refusal is the monitor's (pam_fail_delay(3)). */
static void no_delay(int code, unsigned microseconds, void *data)
{
    (void)code;
    (void)microseconds;
    (void)data;
}

static void begin(struct talk *talk)
{
    const struct pam_conv conversation = {.conv = pam_conversation_answer,
                                          .appdata_ptr = &talk->conversation};
    void (*delay)(int, unsigned, void *) = no_delay;
    struct library *pam = &talk->pam;
    talk->code = pam->pam_start(talk->request->config->pam_service, talk->request->user,
                                &conversation, &talk->handle);
    const struct {
        int item;
        const void *value;
    } items[] = {
        {PAM_RHOST, talk->request->remote},
        {PAM_TTY, "ftp"},
        {PAM_USER_PROMPT, PAM_NAME_PROMPT},
        {PAM_FAIL_DELAY, *(void **)&delay},
    };
    for (size_t i = 0; talk->code == PAM_SUCCESS && i < ELEMENTS(items); i++)
        talk->code = pam->pam_set_item(talk->handle, items[i].item, items[i].value);
    if (talk->code != PAM_SUCCESS) {
        (void)snprintf(talk->detail, sizeof(talk->detail), "libpam cannot be started");
        refuse(talk, AUTHENTICATION_REFUSED, REFUSAL_PAM_ERROR);
    }
}

/* False if the name service cannot tell whether there is such a name. */
static bool look_up(const char *name, struct person *ret)
{
    struct passwd *found = NULL;
    int error = getpwnam_r(name, &ret->entry, ret->space, sizeof(ret->space), &found);
    ret->known = found != NULL;
    /* getpwnam(3): these mean that there is none. */
    return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
}

/* Row A18: refused whatever PAM says. */
static enum refusal check_person(const struct talk *talk, const struct person *person)
{
    return person->known ? system_user_permit(talk->request->config, &person->entry) : REFUSAL_NONE;
}

/* PAM has said no: a word for it. A stack has often one answer for everything, so whoever reads the
 * log is told what is to be seen in the system (row A16). */
static enum refusal explain_code(struct talk *talk)
{
    enum refusal refusal = refusal_of_pam(talk->phase, talk->code);
    struct spwd entry, *found = NULL;
    char space[4096];
    if (getspnam_r(talk->name, &entry, space, sizeof(space), &found) != 0)
        found = NULL;
    enum refusal seen = refusal_of_shadow(talk->phase, found, time(NULL));
    explicit_bzero(space, sizeof(space));
    bool vague = refusal == REFUSAL_PAM_DENIED || refusal == REFUSAL_BAD_PASSWORD ||
                 (refusal == REFUSAL_EXPIRED && seen == REFUSAL_PASSWORD_EXPIRED);
    if (vague && seen != REFUSAL_NONE)
        return seen;
    bool closed = access("/etc/nologin", F_OK) == 0 || access("/run/nologin", F_OK) == 0;
    return refusal == REFUSAL_PAM_DENIED && talk->phase == PAM_PHASE_ACCOUNT && closed
               ? REFUSAL_NOLOGIN
               : refusal;
}

static void ask_pam(struct talk *talk)
{
    talk->phase = PAM_PHASE_AUTH;
    talk->code = talk->pam.pam_authenticate(talk->handle, PAM_DISALLOW_NULL_AUTHTOK);
    if (talk->code == PAM_SUCCESS) {
        talk->phase = PAM_PHASE_ACCOUNT;
        talk->code = talk->pam.pam_acct_mgmt(talk->handle, PAM_DISALLOW_NULL_AUTHTOK);
    }
}

/* The name that PAM has now. */
static const char *present_name(const struct talk *talk)
{
    const void *name = NULL;
    return talk->pam.pam_get_item(talk->handle, PAM_USER, &name) == PAM_SUCCESS && name ? name : "";
}

/* The password is right, and it is the password of somebody who may log in: else this does not
 * return. An unknown name costs as much as any other. */
static void decide(struct talk *talk)
{
    ask_pam(talk);
    bool good = system_user_name_is_good(present_name(talk));
    (void)snprintf(talk->name, sizeof(talk->name), "%s",
                   good ? present_name(talk) : talk->request->user);
    bool asked = look_up(talk->request->user, &talk->typed);
    asked &= look_up(talk->name, &talk->person);
    enum refusal refusal = talk->code == PAM_SUCCESS ? REFUSAL_NONE : explain_code(talk);
    if (asked && !talk->typed.known && !talk->person.known)
        refuse(talk, AUTHENTICATION_UNKNOWN, REFUSAL_UNKNOWN_USER);

    enum refusal checks[] = {
        check_person(talk, &talk->typed),
        check_person(talk, &talk->person),
        talk->conversation.broken ? REFUSAL_PAM_CONVERSATION : REFUSAL_NONE,
        refusal,
        good && asked ? REFUSAL_NONE : REFUSAL_PAM_ERROR,
        talk->person.known ? REFUSAL_NONE : REFUSAL_UNKNOWN_USER,
    };
    for (size_t i = 0; i < ELEMENTS(checks); i++) {
        if (checks[i] == REFUSAL_PAM_DENIED || checks[i] == REFUSAL_PAM_ERROR)
            describe_code(talk); /* the other words say it all */
        if (checks[i] != REFUSAL_NONE)
            refuse(talk, AUTHENTICATION_REFUSED, checks[i]);
    }
}

/* Closes what is open, as far as it is. Returns PAM_SUCCESS or the first failure. */
static int close_session(struct talk *talk, bool opened)
{
    int closed = opened ? talk->pam.pam_close_session(talk->handle, PAM_SILENT) : PAM_SUCCESS;
    int deleted = talk->pam.pam_setcred(talk->handle, PAM_DELETE_CRED | PAM_SILENT);
    return closed != PAM_SUCCESS ? closed : deleted;
}

/* The folder is there (a module may have made it just now), and the user's own. */
static bool find_home(struct talk *talk)
{
    const char *home = talk->person.entry.pw_dir;
    struct stat status;
    const char *problem = NULL;
    if (home[0] != '/' || !realpath(home, talk->home) || stat(talk->home, &status) < 0)
        problem = home[0] == '/' ? strerror(errno) : "not an absolute path";
    else if (!S_ISDIR(status.st_mode))
        problem = strerror(ENOTDIR);
    else if (status.st_uid != talk->person.entry.pw_uid)
        problem = "it belongs to somebody else";
    if (problem)
        (void)snprintf(talk->detail, sizeof(talk->detail), "%s: %s", home, problem);
    return problem == NULL;
}

/* Groups, credentials, session, folder: else this does not return, and nothing is left open. */
static void open_session(struct talk *talk)
{
    const struct passwd *entry = &talk->person.entry;
    /* From here on there may be something to close, whatever becomes of the monitor. */
    (void)prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
    /* First the groups, as login(1) does: pam_group adds to them. */
    if (initgroups(entry->pw_name, entry->pw_gid) < 0) {
        (void)snprintf(talk->detail, sizeof(talk->detail), "groups: %s", strerror(errno));
        refuse(talk, AUTHENTICATION_REFUSED, REFUSAL_PAM_ERROR);
    }
    talk->phase = PAM_PHASE_CREDENTIALS;
    talk->code = talk->pam.pam_setcred(talk->handle, PAM_ESTABLISH_CRED);
    bool established = talk->code == PAM_SUCCESS;
    if (established) {
        talk->phase = PAM_PHASE_SESSION;
        talk->code = talk->pam.pam_open_session(talk->handle, 0);
    }
    bool opened = established && talk->code == PAM_SUCCESS;
    enum refusal refusal = opened ? REFUSAL_NONE : refusal_of_pam(talk->phase, talk->code);
    if (!opened)
        describe_code(talk);
    else if (!find_home(talk))
        refusal = REFUSAL_NO_HOME;
    if (talk->conversation.broken)
        refusal = REFUSAL_PAM_CONVERSATION;
    else if (strcmp(present_name(talk), talk->name) != 0)
        refusal = REFUSAL_PAM_ERROR; /* it has been checked already, and is not checked again */
    if (refusal == REFUSAL_NONE)
        return;
    if (established)
        (void)close_session(talk, opened);
    refuse(talk, AUTHENTICATION_REFUSED, refusal);
}

static void put_limits(const struct limits *before, struct message *answer)
{
    struct limits now;
    limits_read(&now);
    uint32_t changed = 0;
    for (unsigned i = 0; i < RLIM_NLIMITS; i++)
        if (now.of[i].rlim_cur != before->of[i].rlim_cur ||
            now.of[i].rlim_max != before->of[i].rlim_max)
            changed |= 1u << i;
    message_put_u32(answer, changed);
    for (unsigned i = 0; i < RLIM_NLIMITS; i++)
        if (changed & 1u << i) {
            message_put_u64(answer, now.of[i].rlim_cur);
            message_put_u64(answer, now.of[i].rlim_max);
        }
    message_put_u32(answer, now.niceness > before->niceness ? (uint32_t)now.niceness : 0);
}

static void grant(struct talk *talk)
{
    const struct passwd *entry = &talk->person.entry;
    gid_t groups[ACCOUNT_GROUPS_MAX];
    unsigned left = 0;
    size_t count = groups_gather(entry->pw_gid, groups, &left);
    struct message answer;
    begin_answer(talk, AUTHENTICATION_GRANTED, REFUSAL_NONE, &answer);
    message_put_string(&answer, entry->pw_name);
    message_put_string(&answer, talk->home);
    message_put_u32(&answer, entry->pw_uid);
    message_put_u32(&answer, entry->pw_gid);
    message_put_u32(&answer, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        message_put_u32(&answer, groups[i]);
    message_put_u32(&answer, left);
    groups_put_labels(talk->request->config, entry->pw_gid, &answer);
    put_limits(&talk->before, &answer);
    send_answer(talk, &answer);
}

static void wait_for_end(int socket)
{
    char byte;
    ssize_t size;
    do
        size = read(socket, &byte, sizeof(byte));
    while (size > 0 || (size < 0 && errno == EINTR));
}

void pam_run(const struct pam_request *request, int socket, pid_t monitor)
{
    if (process_prepare(socket, monitor) < 0)
        _exit(1);
    struct talk talk = {.request = request, .socket = FD_SOCKET};
    int copied = pam_conversation_init(&talk.conversation, request->user, request->password);
    /* The copy is the conversation's now; the original is the monitor's memory as it was at the
     * fork. The cast takes the const that the monitor's own copy has. */
    explicit_bzero((void *)(uintptr_t)request->password, strlen(request->password));
    const char *missing = copied < 0 ? strerror(-copied) : load_library(&talk.pam);
    if (missing) {
        (void)snprintf(talk.detail, sizeof(talk.detail), "%s", missing);
        refuse(&talk, AUTHENTICATION_REFUSED, REFUSAL_PAM_ERROR);
    }
    limits_read(&talk.before);
    begin(&talk);
    decide(&talk);
    open_session(&talk);
    grant(&talk);
    wait_for_end(FD_SOCKET);
    int r = close_session(&talk, true);
    int ended = talk.pam.pam_end(talk.handle, r);
    _exit(r == PAM_SUCCESS && ended == PAM_SUCCESS ? 0 : 1);
}

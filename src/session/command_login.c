/* USER, PASS, QUIT, REIN, HOST: who is there. The only commands that speak with the monitor about
 * identity. */
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/text.h"
#include "lib/words.h"
#include "session/command.h"
#include "session/command_record.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

/* Which names there are for this user: what the server hides from everybody and what it hides from
 * this account; and what a new one must be like, as the account has it, or else the server. */
static int take_names(struct session *session, const struct login_answer *answer)
{
    char **own = NULL;
    int r = words_split(answer->deny_names, "\n", &own);
    if (r == 0)
        r = words_join(session->config->files_deny_names, own, &session->deny_names);
    words_free(own);
    if (r < 0)
        return r;
    return *answer->allow_names
               ? words_split(answer->allow_names, "\n", &session->allow_names)
               : words_copy(session->config->files_allow_names, &session->allow_names);
}

/* The monitor has granted the login: into the folder. */
static void enter(struct session *session, struct login_answer *answer, unsigned code)
{
    enum stop_reason stop = STOP_COUNT;
    int r = enter_folder(session->monitor, answer, session->tls && session->config->tls_kernel,
                         &session->read_only_mounts, &stop);
    (void)close(answer->folder);
    uint64_t key = 0;
    if (r == 0)
        r = take_names(session, answer);
    if (r == 0 && getrandom(&key, sizeof(key), 0) != (ssize_t)sizeof(key))
        r = -EIO;
    if (r == 0)
        r = quota_init(session, answer->flags);
    if (r < 0) {
        reply(session, 421, "Your folder cannot be opened. Tell the administrator.");
        session_close(session, "folder");
        return;
    }
    if (stop != STOP_COUNT) {
        session_stop(session, stop);
        return;
    }
    session->logged_in = true;
    session->uid = answer->uid;
    session->read_only = answer->flags & ACCOUNT_READ_ONLY;
    session->flags = answer->flags;
    pacing_init(&session->pacing[PACE_UPLOAD], answer->upload_rate,
                answer->flags & ACCOUNT_PACED_UP);
    pacing_init(&session->pacing[PACE_DOWNLOAD], answer->download_rate,
                answer->flags & ACCOUNT_PACED_DOWN);
    session->share_count = answer->share_count;
    session->unique_key = key;
    (void)snprintf(session->name, sizeof(session->name), "%s", answer->name);
    session->settings.umask = 0;
    (void)umask(0); /* files.mode says what a new file may have; SITE UMASK takes from it */
    session->last_activity = clock_msec();
    control_first_tickets(session, answer->has_key ? answer->key : NULL);
    session->password_unasked = code != 230;
    reply(session, code, "Logged in%s.", session->password_unasked ? " by your certificate" : "");
}

/* A try; CODE is the reply if it is granted. */
static void log_in(struct session *session, const char *password, unsigned code)
{
    struct login_answer answer = {.result = LOGIN_REFUSED, .folder = -1};
    int r = ask_login(session, session->user, password, &answer);
    if (r == -ESHUTDOWN)
        return;
    if (r < 0) {
        reply(session, 421, "Service not available.");
        session_close(session, "monitor-gone");
        return;
    }
    switch (answer.result) {
    case LOGIN_GRANTED:
        enter(session, &answer, code);
        explicit_bzero(answer.key, sizeof(answer.key));
        break;
    case LOGIN_REFUSED: reply(session, 530, "Login incorrect."); break;
    case LOGIN_LAST:
        reply(session, 421, "Login incorrect. Too many tries; goodbye.");
        session_close(session, "login-attempts");
        break;
    case LOGIN_CROWDED:
        reply(session, 421, "You have %u session%s already, and no more at a time. End one first.",
              answer.sessions, answer.sessions == 1 ? "" : "s");
        session_close(session, "crowded");
        break;
    default:
        reply(session, 421, "Logging in is not possible at the moment. Tell the administrator.");
        session_close(session, "unavailable");
        break;
    }
}

/* False, and answered, if the password must not come in clear (row A10). The monitor decides, and
 * decides again when the password comes. */
static bool may_send_password(struct session *session)
{
    if (session->tls && !session->shown_certificate)
        return true;
    enum user_verdict verdict = USER_MAY;
    int r = ask_user(session, session->user, &verdict);
    if (r == -ESHUTDOWN)
        return false;
    if (r < 0) {
        reply(session, 421, "Service not available.");
        session_close(session, "monitor-gone");
        return false;
    }
    if (verdict == USER_NEEDS_TLS)
        reply(session, 530, "Log in under TLS: use explicit FTPS (AUTH TLS).");
    else if (verdict == USER_NEEDS_NO_PASSWORD)
        log_in(session, "", 232);
    return verdict == USER_MAY;
}

void command_user(struct session *session, char *argument)
{
    if (session->logged_in) {
        reply(session, 530, "Already logged in. Connect anew to log in as somebody else.");
        return;
    }
    /* Any name gets the same answer. One that is too long cannot be anybody's: cut, it still is
     * nobody's. */
    (void)snprintf(session->user, sizeof(session->user), "%s", argument);
    /* Nor can "alice PASS secret", but the name is logged, and the secret must not be (row L03). */
    size_t size = strlen(argument), visible = command_secret(argument, size);
    if (visible < size)
        (void)snprintf(session->user, sizeof(session->user), "%.*s***", (int)visible, argument);
    session->user_given = may_send_password(session);
    if (session->user_given)
        reply(session, 331, "Send the password.");
}

void command_pass(struct session *session, char *argument)
{
    /* Many clients send it whatever USER has brought (RFC 959 section 4.2: superfluous). */
    if (session->password_unasked) {
        session->password_unasked = false;
        reply(session, 202, "No password is needed: you are logged in by your certificate.");
        return;
    }
    if (session->logged_in || !session->user_given) {
        reply(session, 503, session->logged_in ? "Already logged in." : "Send USER first.");
        return;
    }
    session->user_given = false; /* every password belongs to one USER */
    /* One that is too long fits nothing, as an empty one does; it is a try all the same. */
    log_in(session, strlen(argument) <= REQUEST_PASSWORD_MAX ? argument : "", 230);
    explicit_bzero(argument, strlen(argument));
}

void command_quit(struct session *session, char *argument)
{
    (void)argument;
    reply(session, 221, "Goodbye.");
    session_close(session, "quit");
}

/* RFC 959 section 4.1.1: as after connecting, which RFC 4217 section 11 says is in clear again.
 * After a login there is no way back: the monitor has given up the rights to build another cell. */
void command_rein(struct session *session, char *argument)
{
    (void)argument;
    if (session->logged_in) {
        reply(session, 502, "A login is for good here. Connect anew to log in as somebody else.");
        return;
    }
    /* On the port of implicit TLS nothing was ever in clear. */
    bool leaves_tls = session->tls && session->kind != SESSION_NEW_IMPLICIT;
    if (leaves_tls && buffer_size(&session->control.input) > 0) {
        reply(session, 421, "REIN ends TLS, and nothing can follow before its answer. Goodbye.");
        session_close(session, "behind-rein");
        return;
    }
    session->user_given = false;
    session->host[0] = '\0';
    settings_init(session);
    reply(session, 220, "Ready for somebody else.");
    if (leaves_tls)
        session_hand_over(session, SESSION_CLEAR);
}

/* RFC 7151 section 3.1: a name, or an address, the one of IPv6 in brackets; a colon outside of them
 * would begin a port, which MUST be refused. */
static bool is_host(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789-._";
    size_t size = strlen(name);
    if (name[0] == '[' && name[size - 1] == ']' && size - 2 < INET6_ADDRSTRLEN) {
        char inside[INET6_ADDRSTRLEN];
        struct in6_addr address;
        (void)snprintf(inside, sizeof(inside), "%.*s", (int)size - 2, name + 1);
        return inet_pton(AF_INET6, inside, &address) == 1;
    }
    return size <= TLS_NAME_MAX && strspn(name, allowed) == size;
}

/* Under TLS the client has seen a certificate already, and HOST must not name another host (row
 * A23). */
static bool is_host_of_tls(const struct session *session, const char *name)
{
    struct tls_description about;
    const struct tls_stream *stream = session->control.connection.stream;
    session->library->describe(stream, &about);
    if (*about.name)
        return text_equal_ignoring_case(about.name, name);
    return session->library->covers(stream, name);
}

/* RFC 7151: the accounts are the same for every host, so in clear any name is right, and chooses
 * the certificate of AUTH; but only before USER. */
void command_host(struct session *session, char *argument)
{
    if (session->logged_in || session->user_given) {
        reply(session, 503, "HOST must come before USER.");
        return;
    }
    if (!is_host(argument)) {
        reply(session, 501, "HOST needs the name of a host.");
        return;
    }
    if (session->tls && !is_host_of_tls(session, argument)) {
        reply(session, 504, "TLS has begun with another host. Connect anew for this one.");
        return;
    }
    (void)snprintf(session->host, sizeof(session->host), "%s", argument);
    reply(session, 220, "The same accounts are served on every host.");
}

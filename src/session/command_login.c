/* USER, PASS, QUIT, HOST: who is there. The only commands that speak with the monitor about
 * identity. */
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "session/command.h"
#include "session/command_record.h"

#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

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
    session->user_given = true;
    reply(session, 331, "Send the password.");
}

/* The monitor has granted the login: into the folder. */
static void enter(struct session *session, struct login_answer *answer)
{
    enum stop_reason stop = STOP_COUNT;
    int r = enter_folder(session->monitor, answer, &stop);
    (void)close(answer->folder);
    uint64_t key = 0;
    if (r == 0 && getrandom(&key, sizeof(key), 0) != (ssize_t)sizeof(key))
        r = -EIO;
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
    session->unique_key = key;
    (void)snprintf(session->name, sizeof(session->name), "%s", answer->name);
    session->settings.umask = 0;
    (void)umask(0); /* files.mode says what a new file may have; SITE UMASK takes from it */
    session->last_activity = clock_msec();
    reply(session, 230, "Logged in.");
}

void command_pass(struct session *session, char *argument)
{
    if (session->logged_in || !session->user_given) {
        reply(session, 503, session->logged_in ? "Already logged in." : "Send USER first.");
        return;
    }
    session->user_given = false; /* every password belongs to one USER */
    struct login_answer answer = {.result = LOGIN_REFUSED, .folder = -1};
    /* One that is too long fits nothing, as an empty one does; it is a try all the same. */
    const char *password = strlen(argument) <= REQUEST_PASSWORD_MAX ? argument : "";
    int r = ask_login(session->monitor, session->user, password, &answer);
    explicit_bzero(argument, strlen(argument));
    if (r < 0) {
        reply(session, 421, "Service not available.");
        session_close(session, "monitor-gone");
        return;
    }
    switch (answer.result) {
    case LOGIN_GRANTED: enter(session, &answer); break;
    case LOGIN_REFUSED: reply(session, 530, "Login incorrect."); break;
    case LOGIN_LAST:
        reply(session, 421, "Login incorrect. Too many tries; goodbye.");
        session_close(session, "login-attempts");
        break;
    default:
        reply(session, 421, "Logging in is not possible at the moment. Tell the administrator.");
        session_close(session, "unavailable");
        break;
    }
}

void command_quit(struct session *session, char *argument)
{
    (void)argument;
    reply(session, 221, "Goodbye.");
    session_close(session, "quit");
}

/* RFC 7151: there is one host behind every address here, so any name is right; but only before
 * USER. */
void command_host(struct session *session, char *argument)
{
    (void)argument;
    if (session->logged_in || session->user_given)
        reply(session, 503, "HOST must come before USER.");
    else
        reply(session, 220, "One host is served here, whatever its name.");
}

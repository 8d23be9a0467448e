/* A PAM module that does what its arguments say, for the tests: see harness/system.py. */
#include <security/pam_appl.h>
#include <security/pam_modules.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int say(pam_handle_t *handle, int style, const char *text, char **answer)
{
    const struct pam_message message = {.msg_style = style, .msg = text}, *list = &message;
    struct pam_response *response = NULL;
    const struct pam_conv *conversation = NULL;
    pam_get_item(handle, PAM_CONV, (const void **)&conversation);
    int code = conversation->conv(1, &list, &response, conversation->appdata_ptr);
    if (answer)
        *answer = code == PAM_SUCCESS ? response->resp : NULL;
    return code;
}

/* phase user rhost tty ruser service */
static void record(pam_handle_t *handle, const char *phase, const char *path)
{
    static const int items[] = {PAM_USER, PAM_RHOST, PAM_TTY, PAM_SERVICE};
    FILE *file = fopen(path, "a");
    fprintf(file, "%s", phase);
    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
        const void *value = NULL;
        pam_get_item(handle, items[i], &value);
        fprintf(file, " %s", value ? (const char *)value : "-");
    }
    fprintf(file, " %d\n", (int)getpid());
    fclose(file);
}

static void flood(pam_handle_t *handle)
{
    char line[3000];
    for (int i = 0; i < 1000; i++) {
        memset(line, 'x', sizeof(line));
        snprintf(line, sizeof(line), "%d\x1b[31m\r\n", i);
        say(handle, PAM_TEXT_INFO, line, NULL);
    }
    memset(line, 'y', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    say(handle, PAM_ERROR_MSG, line, NULL);
}

static int act(pam_handle_t *handle, const char *phase, int count, const char **arguments)
{
    int code = PAM_SUCCESS;
    for (int i = 0; i < count; i++) {
        const char *word = arguments[i];
        const char *value = strchr(word, '=') ? strchr(word, '=') + 1 : "";
        if (strncmp(word, "in=", 3) == 0 && strcmp(value, phase) != 0)
            break;
        else if (strcmp(word, "crash") == 0)
            abort(); /* the sanitizers would turn SIGSEGV into an exit */
        else if (strcmp(word, "exit") == 0)
            exit(0);
        else if (strcmp(word, "hang") == 0)
            for (;;)
                pause();
        else if (strcmp(word, "print") == 0) {
            for (int fd = 0; fd < 64; fd++)
                dprintf(fd, "230 printed on %d\r\n", fd);
        } else if (strcmp(word, "say") == 0)
            say(handle, PAM_TEXT_INFO, "220 said by a module\r\n530 and more", NULL);
        else if (strcmp(word, "flood") == 0)
            flood(handle);
        else if (strcmp(word, "ask") == 0)
            code = say(handle, PAM_PROMPT_ECHO_OFF, "Password: ", NULL);
        else if (strcmp(word, "ask-visibly") == 0)
            code = say(handle, PAM_PROMPT_ECHO_ON, "Favourite colour: ", NULL);
        else if (strcmp(word, "ask-name") == 0) {
            const char *name = NULL;
            pam_set_item(handle, PAM_USER, NULL);
            code = pam_get_user(handle, &name, NULL);
        } else if (strncmp(word, "name=", 5) == 0)
            pam_set_item(handle, PAM_USER, value);
        else if (strncmp(word, "code=", 5) == 0)
            code = atoi(value);
        else if (strncmp(word, "record=", 7) == 0)
            record(handle, phase, value);
    }
    return code;
}

#define PHASE(name, word)                                                                          \
    int name(pam_handle_t *handle, int flags, int count, const char **arguments)                   \
    {                                                                                              \
        (void)flags;                                                                               \
        return act(handle, word, count, arguments);                                                \
    }
PHASE(pam_sm_authenticate, "auth")
PHASE(pam_sm_acct_mgmt, "account")
PHASE(pam_sm_open_session, "open")
PHASE(pam_sm_close_session, "close")
int pam_sm_setcred(pam_handle_t *handle, int flags, int count, const char **arguments)
{
    return act(handle, flags & PAM_DELETE_CRED ? "delete" : "establish", count, arguments);
}

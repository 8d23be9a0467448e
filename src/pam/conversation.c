/* The conversation of one login with PAM modules: see conversation.h. */
#include "pam/conversation.h"

#include "lib/cleanup.h"

#include <string.h>

int pam_conversation_init(struct pam_conversation *conversation, const char *user,
                          const char *password)
{
    *conversation = (struct pam_conversation){.user = user, .password = strdup(password)};
    buffer_init(&conversation->text, PAM_TEXT_MAX + 1); /* and a terminator */
    return conversation->password ? 0 : -ENOMEM;
}

static void wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

void pam_conversation_free(struct pam_conversation *conversation)
{
    wipe(take_pointer(conversation->password));
    buffer_free(&conversation->text);
}

/* What a module says may have several lines; each counts. */
static void keep(struct pam_conversation *conversation, const char *text)
{
    while (*text) {
        size_t size = strcspn(text, "\r\n");
        size_t kept = size < PAM_LINE_MAX ? size : PAM_LINE_MAX;
        struct buffer *lines = &conversation->text;
        if (size > 0 &&
            (conversation->lines >= PAM_LINES_MAX || buffer_size(lines) + kept + 1 > PAM_TEXT_MAX ||
             buffer_append(lines, text, kept) < 0 || buffer_append(lines, "\n", 1) < 0))
            conversation->dropped++;
        else if (size > 0)
            conversation->lines++;
        text += size + (text[size] != '\0');
    }
}

/* The answer to one message, NULL where none is due. False if it cannot be answered. */
static bool answer(struct pam_conversation *conversation, const struct pam_message *message,
                   char **ret)
{
    const char *text = message->msg ? message->msg : "";
    switch (message->msg_style) {
    case PAM_PROMPT_ECHO_OFF:
        *ret = take_pointer(conversation->password); /* the module wipes and frees it */
        return *ret != NULL;
    case PAM_PROMPT_ECHO_ON:
        if (strcmp(text, PAM_NAME_PROMPT) != 0)
            return false;
        *ret = strdup(conversation->user);
        return *ret != NULL;
    case PAM_TEXT_INFO:
    case PAM_ERROR_MSG: keep(conversation, text); return true;
    default: return false;
    }
}

int pam_conversation_answer(int count, const struct pam_message **messages,
                            struct pam_response **ret, void *data)
{
    struct pam_conversation *conversation = data;
    if (count <= 0 || count > PAM_MAX_NUM_MSG) {
        conversation->broken = true;
        return PAM_CONV_ERR;
    }
    struct pam_response *responses = calloc((size_t)count, sizeof(*responses));
    if (!responses)
        return PAM_BUF_ERR;
    for (int i = 0; i < count; i++)
        if (!answer(conversation, messages[i], &responses[i].resp)) {
            for (int j = 0; j < i; j++)
                wipe(responses[j].resp);
            free(responses);
            conversation->broken = true;
            return PAM_CONV_ERR;
        }
    *ret = responses;
    return PAM_SUCCESS;
}

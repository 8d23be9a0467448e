/*
 * What PAM modules ask and say during one login (pam_conv(3)). Private to src/pam. A module is
 * told the password once and the user's name, and nothing else; what modules say is kept for the
 * log, within limits, and never reaches a client.
 */
#pragma once

#include "lib/buffer.h"

#include <security/pam_appl.h>
#include <stdbool.h>

enum { PAM_TEXT_MAX = 4096, PAM_LINES_MAX = 20, PAM_LINE_MAX = 400 };

/* The prompt for the name, so that it can be told from any other question. */
#define PAM_NAME_PROMPT "login: "

struct pam_conversation {
    const char *user;
    char *password;     /* NULL once it was given; owned */
    bool broken;        /* a module asked what nobody can answer: the try must end */
    unsigned lines;     /* in text */
    unsigned dropped;   /* lines that were too many */
    struct buffer text; /* what modules have said, a line each */
};

/* Copies PASSWORD. -ENOMEM. */
int pam_conversation_init(struct pam_conversation *conversation, const char *user,
                          const char *password);
/* Wipes the password if nobody has asked for it. */
void pam_conversation_free(struct pam_conversation *conversation);

/* The conversation function; DATA is the struct pam_conversation. */
int pam_conversation_answer(int count, const struct pam_message **messages,
                            struct pam_response **ret, void *data);

/*
 * commands.log: what it says of a command (option logs.commands). Private to src/session.
 *
 * A record is made before the command is served, because serving takes the line apart, and written
 * when the final reply is known: for a transfer that is its end. So the records stand in the order
 * in which the commands ended. A secret never gets into one: not the argument of PASS and the like,
 * not a line that is no command (it may be a password that was typed alone), and before the login
 * nothing behind the word PASS, wherever that stands.
 */
#pragma once

#include "session/session.h"

struct command_record;

/* The record of the line LINE of SIZE bytes (NULL: one that was too long to be kept). NULL, without
 * harm, if the option is off or there is no memory. */
struct command_record *command_record_begin(struct session *session, const char *line, size_t size);

/* Reports RECORD, which may be NULL, with the code of the last reply, and frees it. */
void command_record_end(struct session *session, struct command_record *record);

/* Where in TEXT a password may begin that somebody has put behind a name, as in "alice PASS
 * secret": behind the word PASS. SIZE if there is no such word. */
size_t command_secret(const char *text, size_t size);

/*
 * cellftpd --check: everything that a connection will need, tried out loud. Called by
 * monitor/main.c only. It changes nothing but what the first connection would make as well (the run
 * directory), and never reads from a network.
 */
#pragma once

/* Checks the configuration in CONFIG_FILE (NULL: the default), the directories, and builds a cell
 * and enters a folder in it. Prints one line a check on standard output, with the remedy for what
 * is wrong. Returns the exit status: 0, 1 if something is missing, 6 if the configuration is wrong.
 */
int check(const char *config_file);

/*
 * cellftpd --login-test: whether the user NAME could log in, all that it takes tried in the order
 * of a login; login_test.c. For "cellftpctl login-test", which makes it readable. A line for each
 * step on standard output, with tabs between: "ok", "failed" or "untested", the step, what was
 * found, and the remedy. PASSWORD may be NULL. Nothing is counted as a failed login, and nothing
 * changes but what a PAM session changes. Exit status 0 if nothing failed, 1, or 6 if the
 * configuration is wrong.
 */
int login_test(const char *config_file, const char *name, const char *password);

/*
 * cellftpd --check: everything that a connection will need, tried out loud. Called by main only. It
 * changes nothing but what the first connection would make as well (the run directory).
 */
#pragma once

/* Checks the configuration in CONFIG_FILE (NULL: the default), the directories, and builds a cell
 * and enters a folder in it. Prints one line a check on standard output, with the remedy for what
 * is wrong. Returns the exit status: 0, 1 if something is missing, 6 if the configuration is wrong.
 */
int check(const char *config_file);

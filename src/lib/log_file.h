/*
 * One log file: opened when it is first needed, opened anew when it was moved away, written in
 * whole lines. Private to lib/log.c. It needs no capability to append, never follows a symbolic
 * link, and never truncates.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

/* An open file and its identity: it is compared with what has the file's name now. */
struct log_file {
    int fd; /* -1 before the first line */
    dev_t device;
    ino_t inode;
    bool complained; /* that it cannot be written, since the last line that was */
};

/* Makes sure that FILE is what has the name NAME in DIRECTORY now, making it if there is none
 * (0640, group adm where that is possible). Negative errno. */
int log_file_refresh(int directory, const char *name, struct log_file *file);

/* Appends the SIZE bytes of PARTS, a whole line, in one system call. Negative errno. */
int log_file_append(const struct log_file *file, const struct iovec *parts, int count, size_t size);

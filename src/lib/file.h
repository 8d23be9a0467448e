/*
 * Small helpers for files and descriptors of the server itself. Monitor and cellftpctl use them,
 * never a session, never on a path inside a user's folder.
 */
#pragma once

#include <dirent.h>
#include <stddef.h>
#include <sys/types.h>

/* Opens the directory PATH (absolute) without following a symbolic link in any component, O_PATH if
 * FLAGS has it. Negative errno, -ELOOP for a symbolic link. */
int directory_open(const char *path, int flags);

/* All of SIZE bytes, past EINTR and short writes. Negative errno. */
int write_all(int fd, const void *bytes, size_t size);

/* The entries of the open directory FD, as a stream of its own; FD stays with the caller. Negative
 * errno. */
int directory_stream(int fd, DIR **ret);

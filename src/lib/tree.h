/*
 * Removing a whole tree of files that somebody else made and may still be changing. account_remove
 * uses it, as root. It never follows a symbolic link, never leaves the directory it was given,
 * never enters another mount, and needs two descriptors and no memory that grows, however deep the
 * tree is (CVE-2019-20176).
 */
#pragma once

#include "lib/buffer.h"

/* Removes everything in DIRECTORY, not DIRECTORY itself. -EBUSY or -EXDEV for a mount point, -EPERM
 * for an immutable file, other negative errno; which name it was goes to PROBLEM. What is gone by
 * then stays gone; the next run goes on. */
int tree_empty(int directory, struct buffer *problem);

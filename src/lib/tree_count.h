/*
 * How much a tree of files holds that others may be changing meanwhile. ledger_count uses it, as
 * root. It follows no symbolic link, leaves neither the file system nor the mount, and needs 32
 * descriptors and a few megabytes at most, however deep and wide the tree is, and however many
 * links its files have.
 */
#pragma once

#include "lib/ledger.h"

struct tree_count {
    struct ledger_amount found;
    struct ledger_amount running; /* uploads that are being written: not in "found" */
    bool unleased; /* an administrator writes one: in "found", but it is going to be longer */
    bool more;     /* so many files with several links that some were counted for each */
};

/* Counts what is below DIRECTORY. SWEEP removes uploads that nobody writes any more. -ETIMEDOUT
 * after DEADLINE (clock_msec, 0: none), -EAGAIN if a directory was moved under our feet, -E2BIG
 * past 65536 levels, other negative errno. */
int tree_count(int directory, uint64_t deadline, bool sweep, struct tree_count *ret);

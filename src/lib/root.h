/*
 * The root of a process exchanged for a mount. The session's process uses it twice: for the empty
 * root before a byte of the network is read, and for the user's folder after the login. It needs
 * CAP_SYS_ADMIN in the user namespace that owns the mount namespace.
 */
#pragma once

/* Makes the detached mount TREE (open_tree(2)) the root and the present directory, and unmounts
 * what was the root (pivot_root(2)). Negative errno: the process must end. */
int root_replace(int tree);

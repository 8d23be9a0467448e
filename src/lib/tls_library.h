/*
 * Finding the TLS library (lib/tls.h) at run time. Monitor and cellftpd --check use it, when TLS is
 * wanted and not before.
 */
#pragma once

#include "lib/tls.h"

/* Loads TLS_LIBRARY_FILE for good, from where the program's run path says. -ELIBACC if that fails,
 * and RET_WORDS has why and what to do. */
int tls_library_load(const struct tls_library **ret, char ret_words[TLS_WORDS_MAX]);

/*
 * The start of OpenSSL in a process: without its configuration file, which could load code from
 * anywhere, and without handlers at exit. Private to src/tls; everyone there calls it first.
 */
#pragma once

#include <errno.h>
#include <openssl/ssl.h>

static inline int library_start(void)
{
    return OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL) == 1
               ? 0
               : -ENOMEM;
}

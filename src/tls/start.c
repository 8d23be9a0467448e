/*
 * The start of OpenSSL. See start.h.
 *
 * Why memory is cleared: OpenSSL clears what it takes for a secret, but decoding a private key
 * leaves copies of the file behind, and records leave what users sent. Nothing that is freed shall
 * be found in a process later.
 */
#include "tls/start.h"

#include <errno.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

static void *allocate(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return malloc(size);
}

static void clear_and_free(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    if (memory)
        explicit_bzero(memory, malloc_usable_size(memory));
    free(memory);
}

/* Never by realloc(3), which would leave the old place as it is. */
static void *reallocate(void *memory, size_t size, const char *file, int line)
{
    size_t old_size = memory ? malloc_usable_size(memory) : 0;
    if (old_size >= size && size > 0)
        return memory;
    void *larger = size > 0 ? malloc(size) : NULL;
    if (size > 0 && !larger)
        return NULL;
    if (larger && memory)
        memcpy(larger, memory, old_size);
    clear_and_free(memory, file, line);
    return larger;
}

int library_start(void)
{
    /* Refused after the first time, or if somebody else in the process was faster. */
    (void)CRYPTO_set_mem_functions(allocate, reallocate, clear_and_free);
    return OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL) == 1
               ? 0
               : -ENOMEM;
}

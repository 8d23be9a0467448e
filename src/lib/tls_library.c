/* Finding the TLS library at run time: see tls_library.h. */
#include "lib/tls_library.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>

int tls_library_load(const struct tls_library **ret, char ret_words[TLS_WORDS_MAX])
{
    void *handle = dlopen(TLS_LIBRARY_FILE, RTLD_NOW | RTLD_LOCAL);
    const struct tls_library *library = handle ? dlsym(handle, TLS_LIBRARY_SYMBOL) : NULL;
    if (library) {
        *ret = library;
        return 0;
    }
    const char *why = dlerror();
    (void)snprintf(ret_words, TLS_WORDS_MAX,
                   "%s; install the server again, and the packages that it needs",
                   why ? why : "no " TLS_LIBRARY_SYMBOL " in " TLS_LIBRARY_FILE);
    return -ELIBACC;
}

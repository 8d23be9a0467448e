/*
 * free(3) and realloc(3) of the program and of every library in it: what is freed is cleared.
 * Called by everybody, without knowing it; never allocates anything by itself.
 *
 * Why: the first session begins as a copy of a monitor that knows nothing yet, but a fresh one
 * (AUTH, REIN) as a copy of a monitor that has read the records of the names that were given before
 * it, with their passwords' hashes. Most of those bytes are in places that libconfig has freed and
 * nobody else can get at; M_PERTURB of mallopt(3) leaves out what glibc keeps for the next
 * malloc(3) of the thread.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/* AddressSanitizer has an allocator of its own, and clears by its option max_free_fill_size. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FREE_IS_TAKEN
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define FREE_IS_TAKEN
#endif

#ifndef FREE_IS_TAKEN
/* glibc's own, under the names that it has for those who replace them. */
extern void __libc_free(void *memory);

void free(void *memory)
{
    if (memory)
        explicit_bzero(memory, malloc_usable_size(memory));
    __libc_free(memory);
}

/* Never by glibc's, which would leave the old place as it is. */
void *realloc(void *memory, size_t size)
{
    size_t old_size = memory ? malloc_usable_size(memory) : 0;
    if (memory && size == 0) {
        free(memory);
        return NULL;
    }
    if (memory && size <= old_size)
        return memory;
    void *larger = malloc(size > 0 ? size : 1);
    if (larger && memory) {
        memcpy(larger, memory, old_size);
        free(memory);
    }
    return larger;
}
#endif

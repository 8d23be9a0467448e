/* The dialogue of one test: see dialogue.h. */
#include "ftplint/dialogue.h"

#include "lib/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECRET_MIN = 4 };

void dialogue_begin(struct dialogue *dialogue)
{
    dialogue_free(dialogue);
    dialogue->begun = clock_msec();
}

void dialogue_free(struct dialogue *dialogue)
{
    for (size_t i = 0; i < dialogue->count; i++)
        free(dialogue->entries[i].bytes);
    dialogue->count = 0;
    dialogue->entered = 0;
    dialogue->left_out = 0;
    dialogue->in_vain = false;
}

/* Room for one more: the first half stays, of the rest the oldest goes. */
static struct dialogue_entry *next_entry(struct dialogue *dialogue)
{
    size_t half = DIALOGUE_ENTRIES_MAX / 2;
    if (dialogue->count == DIALOGUE_ENTRIES_MAX) {
        free(dialogue->entries[half].bytes);
        memmove(&dialogue->entries[half], &dialogue->entries[half + 1],
                (DIALOGUE_ENTRIES_MAX - half - 1) * sizeof(dialogue->entries[0]));
        dialogue->count--;
        dialogue->left_out++;
    }
    return &dialogue->entries[dialogue->count++];
}

void dialogue_hide(const struct dialogue *dialogue, char *bytes, size_t size)
{
    for (size_t i = 0; i < DIALOGUE_SECRETS_MAX; i++) {
        const char *secret = dialogue->secrets[i];
        size_t length = secret ? strlen(secret) : 0;
        if (length < SECRET_MIN)
            continue;
        for (char *at = bytes; (at = memmem(at, size - (size_t)(at - bytes), secret, length));)
            memset(at, '*', length);
    }
}

void dialogue_add(struct dialogue *dialogue, enum dialogue_kind kind, unsigned connection,
                  bool data, const void *bytes, size_t size)
{
    struct dialogue_entry *entry = next_entry(dialogue);
    size_t kept = size < DIALOGUE_BYTES_MAX ? size : DIALOGUE_BYTES_MAX;
    *entry = (struct dialogue_entry){
        .when = clock_msec() - dialogue->begun,
        .connection = connection,
        .data = data,
        .kind = kind,
        .whole = size,
    };
    entry->bytes = malloc(kept + 1);
    if (entry->bytes) {
        memcpy(entry->bytes, bytes, kept);
        entry->bytes[kept] = '\0';
        entry->size = kept;
        dialogue_hide(dialogue, entry->bytes, kept);
    }
    if (dialogue->watch && dialogue->entered++ < DIALOGUE_WATCHED_MAX)
        dialogue->watch(entry, dialogue->context);
}

void dialogue_event(struct dialogue *dialogue, unsigned connection, bool data, const char *format,
                    ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    dialogue_add(dialogue, DIALOGUE_EVENT, connection, data, text, strlen(text));
}

void dialogue_wait(struct dialogue *dialogue, unsigned connection, bool data, unsigned milliseconds)
{
    if (milliseconds < DIALOGUE_WAIT_MIN)
        return;
    dialogue->in_vain = true;
    dialogue_event(dialogue, connection, data, "nothing for %u ms", milliseconds);
}

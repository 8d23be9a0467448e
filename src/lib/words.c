/* Lists of words: see words.h. */
#include "lib/words.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t count(char *const *words)
{
    size_t number = 0;
    while (words && words[number])
        number++;
    return number;
}

void words_free(char **words)
{
    for (size_t i = 0; words && words[i]; i++)
        free(words[i]);
    free((void *)words);
}

int words_join(char *const *a, char *const *b, char ***ret)
{
    size_t first = count(a), second = count(b);
    char **joined = calloc(first + second + 1, sizeof(*joined));
    if (!joined)
        return -ENOMEM;
    for (size_t i = 0; i < first + second; i++) {
        joined[i] = strdup(i < first ? a[i] : b[i - first]);
        if (!joined[i]) {
            words_free(joined);
            return -ENOMEM;
        }
    }
    *ret = joined;
    return 0;
}

int words_copy(char *const *words, char ***ret)
{
    *ret = NULL;
    return words ? words_join(words, NULL, ret) : 0;
}

bool words_have(char *const *words, const char *word)
{
    for (size_t i = 0; words && words[i]; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

bool words_equal(char *const *a, char *const *b)
{
    size_t number = count(a);
    if (number != count(b))
        return false;
    for (size_t i = 0; i < number; i++)
        if (strcmp(a[i], b[i]) != 0)
            return false;
    return true;
}

int words_split(const char *text, const char *between, char ***ret)
{
    size_t most = strlen(text) / 2 + 2, number = 0;
    char **words = calloc(most, sizeof(*words));
    if (!words)
        return -ENOMEM;
    for (text += strspn(text, between); *text; text += strspn(text, between)) {
        size_t size = strcspn(text, between);
        words[number] = strndup(text, size);
        if (!words[number++]) {
            words_free(words);
            return -ENOMEM;
        }
        text += size;
    }
    *ret = words;
    return 0;
}

/*
 * Lists of words: arrays of strings that end with NULL. Everyone may use it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A copy, NULL of NULL. -ENOMEM. */
int words_copy(char *const *words, char ***ret);
/* The words and the list. NULL is none. */
void words_free(char **words);
/* Whether WORD is one of them; not if there is no list. */
bool words_have(char *const *words, const char *word);
bool words_equal(char *const *a, char *const *b);
/* The words of TEXT, which have one or more of the characters of BETWEEN between them. -ENOMEM. */
int words_split(const char *text, const char *between, char ***ret);
/* Those of A and then those of B; either may be NULL. -ENOMEM. */
int words_join(char *const *a, char *const *b, char ***ret);

/*
 * The rows of the table of rules, and where their defaults are. Only lib/rules*.c include it.
 */
#pragma once

#include "lib/option.h"
#include "lib/rules.h"

/* The same members in the same order as struct config begins with, so that they are in the same
 * places, and one behind them: the default of rules that have none. */
#define DEFAULT_MEMBER(type, group, key, initial, minimum, maximum, meaning)                       \
    OPTION_TYPE_##type group##_##key;
struct rule_defaults {
    OPTIONS(DEFAULT_MEMBER)
    char none;
};
#undef DEFAULT_MEMBER
_Static_assert(offsetof(struct rule_defaults, logs_reserve) ==
                   offsetof(struct config, logs_reserve),
               "the defaults of rules are members of struct config");

struct rule_row {
    enum rule_type type;
    const char *key;
    const char *meaning;
    size_t offset;  /* in struct rules */
    size_t initial; /* in struct config, or that of "none" */
};
extern const struct rule_row rule_rows[];

enum { RULE_HAS_NO_DEFAULT = offsetof(struct rule_defaults, none) };

/* Copies a value that is good. -ENOMEM. */
int rule_copy(const struct rules *from, enum rule rule, struct rules *to);

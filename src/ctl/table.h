/*
 * The output of every command that shows something: columns with a heading for people on a
 * terminal, tabs and no heading elsewhere, an array of objects with --json. Only src/ctl includes
 * it. A value that could be mistaken for another (a tab, a control character) is shown in quotes,
 * as in the logs; where a program reads it, one with a quote or a backslash too.
 *
 *   table_begin(&table, invocation, columns, ELEMENTS(columns), TABLE_OF_MANY);
 *   for each row: one table_put... for each column
 *   return table_end(&table);
 */
#pragma once

#include "ctl/command.h"
#include "ctl/json.h"
#include "lib/buffer.h"

#include <stdint.h>
#include <time.h>

enum { TABLE_COLUMNS_MAX = 64 };

enum table_type { TABLE_TEXT, TABLE_NUMBER, TABLE_BOOLEAN /* in words "yes" and "no" */ };

struct table_column {
    const char *heading; /* NULL: only in JSON */
    const char *member;  /* of the JSON object; NULL: not there */
    enum table_type type;
};

enum table_format { TABLE_ALIGNED, TABLE_TABS, TABLE_JSON };
/* TABLE_OF_ONE: each column a line "heading value", in JSON one object. TABLE_OF_BLOCKS: rows that
 * are too wide for a terminal, which shows each as a table of one; elsewhere like TABLE_OF_MANY. */
enum table_rows { TABLE_OF_MANY, TABLE_OF_BLOCKS, TABLE_OF_ONE };

struct table {
    enum table_format format;
    enum table_rows rows;
    const struct table_column *columns;
    size_t count;
    size_t last;   /* that people see: nothing is put behind it to fill it up */
    size_t column; /* the next one to be put */
    uint64_t done; /* rows */
    size_t widths[TABLE_COLUMNS_MAX];
    struct json_object object;
    struct buffer cells; /* each with a zero byte behind it; of TABLE_ALIGNED all */
    int error;
};

void table_begin(struct table *table, const struct invocation *invocation,
                 const struct table_column *columns, size_t count, enum table_rows rows);

/* The next value. NULL is none: "-", null in JSON. */
void table_put(struct table *table, const char *text);
void table_put_number(struct table *table, uint64_t number);
void table_put_boolean(struct table *table, bool value);
/* "2026-11-02T17:04:21Z"; none if WHEN is 0. */
void table_put_time(struct table *table, time_t when);

/* Prints what is not printed yet. STATUS_FAILED after having said why. */
enum exit_status table_end(struct table *table);

void table_free(struct table *table);
#define cleanup_table __attribute__((cleanup(table_free)))

/* WHEN as "2026-11-02T17:04:21Z". */
enum { TABLE_TIME_MAX = 32 };
void table_format_time(time_t when, char ret[TABLE_TIME_MAX]);

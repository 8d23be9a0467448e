/* The output of every command that shows something: see table.h. */
#include "ctl/table.h"

#include "ctl/actor.h"

#include "lib/calendar.h"
#include "lib/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The widths of columns are known when the last row is. */
enum { CELLS_MAX = 256 * 1024 * 1024, GAP = 2 };

void table_begin(struct table *table, const struct invocation *invocation,
                 const struct table_column *columns, size_t count, enum table_rows rows)
{
    *table = (struct table){.rows = rows, .columns = columns, .count = count};
    for (size_t i = 0; i < count; i++)
        table->last = columns[i].heading ? i : table->last;
    buffer_init(&table->cells, CELLS_MAX);
    if (option_given(invocation, OPTION_JSON))
        table->format = TABLE_JSON;
    else if (!isatty(STDOUT_FILENO) && actor_role() == ACTOR_HERE) /* else people read it */
        table->format = TABLE_TABS;
    if (table->format == TABLE_JSON && rows != TABLE_OF_ONE)
        (void)putchar('[');
}

void table_free(struct table *table)
{
    buffer_free(&table->cells);
}

/* Whether the heading may be bold: https://no-color.org */
static bool is_bold(void)
{
    const char *terminal = getenv("TERM");
    const char *refused = getenv("NO_COLOR");
    return terminal && terminal[0] != '\0' && strcmp(terminal, "dumb") != 0 &&
           !(refused && refused[0] != '\0');
}

/* --- JSON --- */

/* TEXT as it is if BARE, else as a string. */
static void json_put(struct table *table, const char *text, bool bare)
{
    if (table->column == 0) {
        if (table->rows != TABLE_OF_ONE)
            (void)fputs(table->done > 0 ? ",\n" : "\n", stdout);
        json_begin(&table->object, stdout);
    }
    const char *member = table->columns[table->column].member;
    if (member && bare)
        json_bare(&table->object, member, text);
    else if (member)
        json_text(&table->object, member, text);
}

/* --- Words --- */

/* Characters, not bytes: those that continue one in UTF-8 are not counted. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

/* Whether TEXT, which is QUOTED with quotes around it, has nothing that a terminal could act upon,
 * and with STRICT nothing either that a program could mistake for quotes. */
static bool is_harmless(const char *text, const char *quoted, bool strict)
{
    const char *q = quoted + 1;
    for (; *text; text++, q++) {
        if (*q == '\\' && !strict && (*text == '\\' || *text == '"'))
            q++;
        if (*q != *text || (strict && *text == '\\'))
            return false;
    }
    return true;
}

/* TEXT as it can be shown: in quotes only if it must. */
static int append_shown(struct buffer *buffer, const char *text, bool strict)
{
    size_t size = strlen(text);
    size_t before = buffer_size(buffer);
    int r = text_append_quoted(buffer, text, size);
    if (r < 0)
        return r;
    if (size > 0 && is_harmless(text, buffer_begin(buffer) + before, strict)) {
        buffer->end = buffer->start + before;
        r = buffer_append(buffer, text, size);
    }
    return r < 0 ? r : buffer_append(buffer, "", 1);
}

static void keep_cell(struct table *table, const char *text)
{
    if (!table->columns[table->column].heading || table->error < 0)
        return;
    size_t before = buffer_size(&table->cells);
    int r = append_shown(&table->cells, text, table->format != TABLE_ALIGNED);
    if (r < 0) {
        table->error = r;
        return;
    }
    size_t width = width_of(buffer_begin(&table->cells) + before);
    if (width > table->widths[table->column])
        table->widths[table->column] = width;
}

static void print_heading(const struct table *table)
{
    bool bold = is_bold();
    (void)fputs(bold ? "\033[1m" : "", stdout);
    size_t gap = 0;
    for (size_t i = 0; i < table->count; i++) {
        const char *heading = table->columns[i].heading;
        if (!heading)
            continue;
        int width = (int)table->widths[i];
        (void)printf("%*s", (int)gap, "");
        if (table->columns[i].type == TABLE_NUMBER)
            (void)printf("%*s", width, heading);
        else
            (void)printf("%-*s", i < table->last ? width : 0, heading);
        gap = GAP;
    }
    (void)puts(bold ? "\033[0m" : "");
}

/* One row of cells from CELL on; returns what is behind it. */
static const char *print_row(const struct table *table, const char *cell)
{
    size_t gap = 0;
    for (size_t i = 0; i < table->count; i++) {
        if (!table->columns[i].heading)
            continue;
        bool tabs = table->format == TABLE_TABS;
        int padding = tabs ? 0 : (int)(table->widths[i] - width_of(cell));
        bool right = table->columns[i].type == TABLE_NUMBER;
        if (tabs)
            (void)fputs(gap > 0 ? "\t" : "", stdout);
        else
            (void)printf("%*s", (int)gap + (right ? padding : 0), "");
        (void)fputs(cell, stdout);
        if (!right && i < table->last)
            (void)printf("%*s", padding, "");
        cell += strlen(cell) + 1;
        gap = GAP;
    }
    (void)putchar('\n');
    return cell;
}

/* A row as a line for each column; returns what is behind it. */
static const char *print_lines(const struct table *table, const char *cell)
{
    size_t longest = 0;
    for (size_t i = 0; i < table->count; i++)
        if (table->columns[i].heading && strlen(table->columns[i].heading) > longest)
            longest = strlen(table->columns[i].heading);
    for (size_t i = 0; i < table->count; i++) {
        if (!table->columns[i].heading)
            continue;
        size_t size = 0;
        for (const char *c = table->columns[i].heading; *c; c++, size++)
            (void)putchar(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
        if (table->format == TABLE_TABS)
            (void)printf("\t%s\n", cell);
        else
            (void)printf("%*s%s\n", (int)(longest - size + GAP), "", cell);
        cell += strlen(cell) + 1;
    }
    return cell;
}

/* --- Values --- */

static void put(struct table *table, const char *text, bool bare)
{
    if (table->format == TABLE_JSON)
        json_put(table, text, bare);
    else
        keep_cell(table, text ? text : "-");
    if (++table->column < table->count)
        return;

    table->column = 0;
    table->done++;
    if (table->format == TABLE_JSON) {
        json_end(&table->object);
    } else if (table->format == TABLE_TABS && table->error == 0) {
        if (table->rows == TABLE_OF_ONE)
            (void)print_lines(table, buffer_begin(&table->cells));
        else
            (void)print_row(table, buffer_begin(&table->cells));
        buffer_clear(&table->cells);
    }
}

void table_put(struct table *table, const char *text)
{
    put(table, text, false);
}

void table_put_number(struct table *table, uint64_t number)
{
    char text[24];
    (void)snprintf(text, sizeof(text), "%" PRIu64, number);
    put(table, text, true);
}

void table_put_boolean(struct table *table, bool value)
{
    if (table->format == TABLE_JSON)
        put(table, value ? "true" : "false", true);
    else
        put(table, value ? "yes" : "no", false);
}

void table_put_time(struct table *table, time_t when)
{
    char text[TABLE_TIME_MAX];
    table_format_time(when, text);
    put(table, when != 0 ? text : NULL, false);
}

void table_format_time(time_t when, char ret[TABLE_TIME_MAX])
{
    struct calendar calendar;
    calendar_of(when, &calendar);
    (void)snprintf(ret, TABLE_TIME_MAX, "%04u-%02u-%02uT%02u:%02u:%02uZ", calendar.year,
                   calendar.month + 1, calendar.day, calendar.hour, calendar.minute,
                   calendar.second);
}

static void print_aligned(struct table *table)
{
    const char *cell = buffer_begin(&table->cells);
    if (table->rows != TABLE_OF_MANY) {
        for (uint64_t i = 0; i < table->done; i++) {
            (void)fputs(i > 0 ? "\n" : "", stdout);
            cell = print_lines(table, cell);
        }
        return;
    }
    for (size_t i = 0; i < table->count; i++)
        if (table->columns[i].heading && strlen(table->columns[i].heading) > table->widths[i])
            table->widths[i] = strlen(table->columns[i].heading);
    print_heading(table);
    for (uint64_t i = 0; i < table->done; i++)
        cell = print_row(table, cell);
}

enum exit_status table_end(struct table *table)
{
    if (table->error < 0) {
        complain("cannot show so much: %s", strerror(-table->error));
        return STATUS_FAILED;
    }
    if (table->format == TABLE_JSON)
        (void)puts(table->rows == TABLE_OF_ONE ? "" : table->done > 0 ? "\n]" : "]");
    else if (table->format == TABLE_ALIGNED)
        print_aligned(table);
    return STATUS_OK;
}

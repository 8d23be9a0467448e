/* Entries of MLST and MLSD: see facts.h. */
#include "ftplint/facts.h"

#include "lib/cleanup.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

void facts_read(struct exam *exam, const char *line, struct facts *ret)
{
    *ret = (struct facts){.line = line};
    const char *space = strchr(line, ' ');
    const char *end = space ? space : line + strlen(line);
    ret->name = space ? space + 1 : "";
    for (const char *at = line; at < end && ret->count < FACTS_MAX;) {
        const char *stop = memchr(at, ';', (size_t)(end - at));
        const char *last = stop ? stop : end;
        const char *equals = memchr(at, '=', (size_t)(last - at));
        if (equals)
            ret->fact[ret->count++] = (struct fact){
                .name = exam_copy(exam, at, (size_t)(equals - at)),
                .value = exam_copy(exam, equals + 1, (size_t)(last - equals) - 1),
            };
        at = last + 1;
    }
}

const char *fact_value(const struct facts *facts, const char *name)
{
    for (size_t i = 0; i < facts->count; i++)
        if (strcasecmp(facts->fact[i].name, name) == 0)
            return facts->fact[i].value;
    return NULL;
}

/* RCHAR of RFC 3659, section 2.1. */
static bool is_rchar(char byte)
{
    return isalnum((unsigned char)byte) || (byte && strchr(",.:!@#$%^&()-_+?/\\'\"", byte));
}

/* What is wrong with one fact, without its semicolon; NULL if nothing is. */
static const char *fact_problem(struct exam *exam, const char *fact, size_t size)
{
    const char *equals = memchr(fact, '=', size);
    if (!equals || equals == fact)
        return exam_format(exam, "the fact \"%.*s\" is not NAME=VALUE", (int)size, fact);
    for (const char *at = fact; at < fact + size; at++)
        if (!is_rchar(*at) && *at != '=')
            return exam_format(exam, "the fact \"%.*s\" has a character that none may have",
                               (int)size, fact);
    return NULL;
}

/* True if NAME begins like a fact: then the space before it stands among the facts. */
static bool begins_with_fact(const char *name)
{
    static const char *const known[] = {"type=", "size=", "modify=", "perm=", "unique=", "create="};
    for (size_t i = 0; i < ELEMENTS(known); i++)
        if (strncasecmp(name, known[i], strlen(known[i])) == 0 && strchr(name, ';'))
            return true;
    return false;
}

const char *facts_problem(struct exam *exam, const char *line)
{
    const char *space = strchr(line, ' ');
    if (!space)
        return "no space before a name";
    if (space != line && space[-1] != ';')
        return "no semicolon behind the last fact";
    for (const char *at = line; at < space;) {
        const char *stop = memchr(at, ';', (size_t)(space - at));
        const char *problem = stop ? fact_problem(exam, at, (size_t)(stop - at)) : NULL;
        if (problem || !stop)
            return problem ? problem : "no semicolon behind the last fact";
        at = stop + 1;
    }
    return begins_with_fact(space + 1) ? "a space among the facts" : NULL;
}

struct facts reply_facts(struct client *client, const struct reply *reply)
{
    struct exam *exam = client->exam;
    struct facts facts;
    expect_code(client, reply, "250");
    if (reply->count < 3)
        fail(exam, "250 with a line of facts between the first line and the last", "%s",
             reply->lines[0]);
    const char *line = reply->lines[1];
    facts_read(exam, *line == ' ' ? line + 1 : line, &facts);
    return facts;
}

struct facts given_mlst(struct client *client, const char *command_line)
{
    client->exam->given++;
    struct facts facts = reply_facts(client, command(client, "%s", command_line));
    client->exam->given--;
    return facts;
}

struct facts_list given_mlsd(struct client *client, const char *command_line)
{
    struct exam *exam = client->exam;
    exam->given++;
    struct lines lines = list_lines(client, "%s", command_line);
    exam->given--;
    struct facts_list list = {.count = lines.count};
    list.entry = exam_allocate(exam, (lines.count + 1) * sizeof(*list.entry));
    for (size_t i = 0; i < lines.count; i++)
        facts_read(exam, lines.line[i], &list.entry[i]);
    return list;
}

bool facts_is_self(const struct facts *facts)
{
    const char *type = fact_value(facts, "type");
    return (type && (strcasecmp(type, "cdir") == 0 || strcasecmp(type, "pdir") == 0)) ||
           strcmp(facts->name, ".") == 0 || strcmp(facts->name, "..") == 0;
}

const struct facts *facts_find(const struct facts_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (!facts_is_self(&list->entry[i]) && strcmp(list->entry[i].name, name) == 0)
            return &list->entry[i];
    return NULL;
}

/* Of COUNT digits. */
static int number_of(const char *digits, int count)
{
    int number = 0;
    for (int i = 0; i < count; i++)
        number = number * 10 + (digits[i] - '0');
    return number;
}

bool time_value(const char *text, int64_t *ret)
{
    size_t digits = strspn(text, "0123456789");
    if (digits != 14)
        return false;
    if (text[14] != '\0' &&
        (text[14] != '.' || text[15] == '\0' || text[15 + strspn(text + 15, "0123456789")] != '\0'))
        return false;
    struct tm when = {
        .tm_year = number_of(text, 4),
        .tm_mon = number_of(text + 4, 2),
        .tm_mday = number_of(text + 6, 2),
        .tm_hour = number_of(text + 8, 2),
        .tm_min = number_of(text + 10, 2),
        .tm_sec = number_of(text + 12, 2),
    };
    if (when.tm_year < 1000 || when.tm_mon < 1 || when.tm_mon > 12 || when.tm_mday < 1 ||
        when.tm_mday > 31 || when.tm_hour > 23 || when.tm_min > 59 || when.tm_sec > 60)
        return false;
    when.tm_year -= 1900;
    when.tm_mon--;
    *ret = timegm(&when);
    return true;
}

struct fact_names fact_names_read(struct exam *exam, const char *text)
{
    struct fact_names names = {.count = 0};
    while (*text && names.count < FACTS_MAX) {
        size_t size = strcspn(text, "; ");
        bool star = size > 0 && text[size - 1] == '*';
        if (size > 0) {
            names.name[names.count] = exam_copy(exam, text, star ? size - 1 : size);
            names.selected[names.count++] = star;
        }
        text += size;
        text += strspn(text, "; ");
    }
    return names;
}

bool fact_names_have(const struct fact_names *names, const char *name, bool selected)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcasecmp(names->name[i], name) == 0)
            return !selected || names->selected[i];
    return false;
}

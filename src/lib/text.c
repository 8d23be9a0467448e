/*
 * Text of a stranger made fit for a log line, and questions about it: see text.h. It never changes
 * what it is asked about, never calls itself, and knows no locale.
 */
#include "lib/text.h"

#include "lib/cleanup.h"

#include <string.h>

enum { DISTANCE_BYTES_MAX = 64 }; /* of a text that is compared */

/* The character at the start of SIZE bytes. Returns its length, 0 if it is not well-formed (RFC
 * 3629 section 4: no overlong form, no surrogate, nothing above U+10FFFF, nothing cut short). */
static size_t utf8_decode(const unsigned char *bytes, size_t size, uint32_t *ret)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t smallest;
    } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

    for (size_t i = 0; i < ELEMENTS(forms); i++) {
        if ((bytes[0] & forms[i].mask) != forms[i].lead)
            continue;
        if (size < i + 1)
            return 0;
        uint32_t code = bytes[0] & (unsigned char)~forms[i].mask;
        for (size_t k = 1; k <= i; k++) {
            if ((bytes[k] & 0xc0) != 0x80)
                return 0;
            code = code << 6 | (bytes[k] & 0x3fu);
        }
        if (code < forms[i].smallest || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
            return 0;
        *ret = code;
        return i + 1;
    }
    return 0;
}

struct range {
    uint32_t first, last;
};

static bool is_in(const struct range *ranges, size_t count, uint32_t code)
{
    for (size_t i = 0; i < count; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}

/* Characters that a terminal or an editor would act upon instead of showing them. */
static bool is_unprintable(uint32_t code)
{
    static const struct range ranges[] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     /* C0, DEL, C1 */
        {0x061c, 0x061c}, {0x200e, 0x200f}, /* marks of the writing direction */
        {0x2028, 0x202e}, /* line and paragraph separator, embeddings and overrides */
        {0x2066, 0x2069}, /* isolates */
    };
    return is_in(ranges, ELEMENTS(ranges), code);
}

/* What is white space to anybody's program (Unicode's White_Space, without the unprintable). */
static bool is_space(uint32_t code)
{
    static const struct range ranges[] = {{0x20, 0x20},     {0xa0, 0xa0},     {0x1680, 0x1680},
                                          {0x2000, 0x200a}, {0x202f, 0x202f}, {0x205f, 0x205f},
                                          {0x3000, 0x3000}};
    return is_in(ranges, ELEMENTS(ranges), code);
}

struct text_character text_character(const char *bytes, size_t size)
{
    struct text_character character = {.code = (unsigned char)bytes[0], .size = 1};
    if (character.code >= ' ' && character.code <= '~') { /* nearly all of them */
        character.valid = character.printable = true;
        return character;
    }
    size_t wide = utf8_decode((const unsigned char *)bytes, size, &character.code);
    if (wide == 0)
        return character;
    character.size = wide;
    character.valid = true;
    character.printable = !is_unprintable(character.code);
    return character;
}

/* Writes the quoted form of the bytes to RET, or only counts it if RET is NULL. */
static size_t quote(const char *bytes, size_t size, char *ret)
{
    static const char hexadecimal[] = "0123456789abcdef";
    size_t length = 0;

    for (size_t i = 0; i < size;) {
        struct text_character character = text_character(bytes + i, size - i);
        for (size_t k = i; k < i + character.size; k++) {
            unsigned char byte = (unsigned char)bytes[k];
            char piece[4] = {'\\', 'x', hexadecimal[byte >> 4], hexadecimal[byte & 15]};
            size_t count = 4;
            if (character.printable) {
                count = 0;
                if (byte == '"' || byte == '\\')
                    piece[count++] = '\\';
                piece[count++] = (char)byte;
            }
            if (ret)
                memcpy(ret + length, piece, count);
            length += count;
        }
        i += character.size;
    }
    return length;
}

int text_append_quoted(struct buffer *buffer, const char *bytes, size_t size)
{
    size_t length = quote(bytes, size, NULL) + 2;
    char *room;
    int r = buffer_reserve(buffer, length, &room);
    if (r < 0)
        return r;
    room[0] = '"';
    (void)quote(bytes, size, room + 1);
    room[length - 1] = '"';
    buffer_commit(buffer, length);
    return 0;
}

int text_append_word(struct buffer *buffer, const char *bytes, size_t size)
{
    char *room;
    int r = buffer_reserve(buffer, size, &room);
    if (r < 0)
        return r;
    size_t used = 0;
    for (size_t i = 0; i < size;) {
        struct text_character character = text_character(bytes + i, size - i);
        if (!character.printable || is_space(character.code)) {
            room[used++] = '_';
        } else {
            memcpy(room + used, bytes + i, character.size);
            used += character.size;
        }
        i += character.size;
    }
    buffer_commit(buffer, used);
    return 0;
}

bool text_is_plain(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)bytes[i] < 0x20 || bytes[i] == 0x7f)
            return false;
    return true;
}

bool text_is_utf8(const char *bytes, size_t size)
{
    const unsigned char *from = (const unsigned char *)bytes;
    for (size_t i = 0; i < size;) {
        uint32_t code;
        size_t wide = utf8_decode(from + i, size - i, &code);
        if (wide == 0)
            return false;
        i += wide;
    }
    return true;
}

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool text_equal_ignoring_case(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

/* The set "[...]" at PATTERN against BYTE. Returns what follows the set, NULL if it never ends. As
 * in POSIX, a ']' that comes first stands for itself. */
static const char *match_set(const char *pattern, unsigned char byte, bool *ret_matches)
{
    const char *p = pattern + 1;
    bool inverted = *p == '!';
    bool found = false;
    if (inverted)
        p++;

    for (const char *first = p; *p != '\0'; p++) {
        if (*p == ']' && p > first) {
            *ret_matches = found != inverted;
            return p + 1;
        }
        if (*p == '\\' && p[1] != '\0')
            p++;
        unsigned char low = (unsigned char)*p;
        unsigned char high = low;
        if (p[1] == '-' && p[2] != ']' && p[2] != '\0') {
            p += 2;
            if (*p == '\\' && p[1] != '\0')
                p++;
            high = (unsigned char)*p;
        }
        if (byte >= low && byte <= high)
            found = true;
    }
    return NULL;
}

/* One element of the pattern (anything but '*') against one byte. Returns what follows the element,
 * or NULL if it does not match. A set that never ends is a plain '['; then no later one ends
 * either, and *PLAIN_FROM remembers it, so that the search for its end is made once and not for
 * every byte. */
static const char *match_element(const char *pattern, unsigned char byte, const char **plain_from)
{
    if (*pattern == '[' && (!*plain_from || pattern < *plain_from)) {
        bool matches = false;
        const char *next = match_set(pattern, byte, &matches);
        if (next)
            return matches ? next : NULL;
        *plain_from = pattern;
    }
    if (*pattern == '?')
        return pattern + 1;
    if (*pattern == '\\' && pattern[1] != '\0')
        pattern++;
    return *pattern != '\0' && (unsigned char)*pattern == byte ? pattern + 1 : NULL;
}

bool text_matches(const char *pattern, const char *name)
{
    /* Only the last '*' that was met ever needs to take more: whatever an earlier one could gain by
     * taking more, the later one can as well. So there is one place to return to and nothing to
     * nest. */
    const char *star = NULL;  /* behind the last '*' */
    const char *taken = NULL; /* up to where that one reaches in the name */
    const char *plain_from = NULL;

    while (*name != '\0') {
        if (*pattern == '*') {
            star = ++pattern;
            taken = name;
            continue;
        }
        const char *next = match_element(pattern, (unsigned char)*name, &plain_from);
        if (next) {
            pattern = next;
            name++;
        } else if (star) {
            pattern = star;
            name = ++taken;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

size_t text_distance(const char *a, const char *b)
{
    size_t length_b = strnlen(b, DISTANCE_BYTES_MAX);
    size_t row[DISTANCE_BYTES_MAX + 1];
    for (size_t k = 0; k <= length_b; k++)
        row[k] = k;
    for (size_t i = 0; i < DISTANCE_BYTES_MAX && a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t k = 0; k < length_b; k++) {
            size_t above = row[k + 1];
            row[k + 1] = smallest(above + 1, row[k] + 1, diagonal + (a[i] != b[k] ? 1 : 0));
            diagonal = above;
        }
    }
    return row[length_b];
}

/* What an account's file must not have in it although libconfig takes it: see account_record.h. */
#include "lib/account_record.h"

#include "lib/scan.h"
#include "lib/syntax.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

enum { INT64_DIGITS = 18 };

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-' || c == '+' || c == '.' || c == '*';
}

/* Decimal digits, and "L" if they do not fit an int. */
static bool is_plain_number(const char *word, size_t size)
{
    char digits[INT64_DIGITS + 1];
    size_t count = size;
    while (count > 0 && size - count < 2 && word[count - 1] == 'L') /* "L", of newer ones "LL" */
        count--;
    bool is_long = count < size;
    uint64_t value;

    if (count == 0 || count > INT64_DIGITS)
        return false;
    memcpy(digits, word, count);
    digits[count] = '\0';
    return scan_u64(digits, is_long ? INT64_MAX : INT_MAX, &value) == 0;
}

static const char *skip_word(const char *text)
{
    while (is_word(*text))
        text++;
    return text;
}

const char *account_record_fault(const char *text, const char **ret_where)
{
    while (text && *text) {
        *ret_where = text;
        const char *end = syntax_skip_quoted(text);
        if (end != text) {
            text = end;
        } else if (is_word(*text)) {
            const char *word = text;
            text = skip_word(word);
            if (strchr("0123456789+-.", *word) && !is_plain_number(word, (size_t)(text - word)))
                return "a number must be decimal digits, in range";
        } else {
            text++;
        }
    }
    return text ? NULL : "a quotation mark or a comment is not closed";
}

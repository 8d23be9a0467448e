/* The text of LIST and NLST lines: see listing_private.h. Formats by hand, since this runs once for
 * every entry of a directory. Never asks for a user, a group or a locale. */
#include "lib/text.h"
#include "session/listing_private.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    LINKS_COLUMNS = 3,
    SIZE_COLUMNS = 10,
    OWNER_COLUMNS = 8,
    HALF_YEAR = 31556952 / 2, /* seconds of the Gregorian mean year */
    CLOCK_SLACK = 60,         /* what is written while the listing runs is not from the future */
};

static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

char *listing_write_digits(char *ret, uint64_t value, unsigned digits)
{
    for (unsigned i = digits; i-- > 0; value /= 10)
        ret[i] = (char)('0' + value % 10);
    return ret + digits;
}

/* VALUE in at least WIDTH columns, at their right. */
static char *write_number(char *ret, uint64_t value, unsigned width)
{
    unsigned digits = 1;
    for (uint64_t rest = value; rest >= 10; rest /= 10)
        digits++;
    for (; width > digits; width--)
        *ret++ = ' ';
    return listing_write_digits(ret, value, digits);
}

char *listing_write_name(char *ret, const char *name, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)name[i];
        ret[i] = byte < 0x20 || byte == 0x7f ? '?' : (char)byte;
    }
    return ret + size;
}

static void fill_column(struct listing_column *column, const char *name)
{
    size_t size = 0;
    for (; size < sizeof(column->text) && name[size]; size++) {
        unsigned char byte = (unsigned char)name[size];
        /* A space would be the beginning of the next column. */
        column->text[size] = byte <= ' ' || byte == 0x7f ? '?' : (char)byte;
    }
    while (size < OWNER_COLUMNS)
        column->text[size++] = ' ';
    column->size = size;
}

void listing_memory_init(struct listing_memory *memory, const struct listing_view *view)
{
    *memory = (struct listing_memory){0};
    fill_column(&memory->owner, view->owner);
    fill_column(&memory->other, "other");
}

static char *write_column(char *ret, const struct listing_column *column)
{
    memcpy(ret, column->text, column->size);
    return ret + column->size;
}

static char type_letter(unsigned mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG: return '-';
    case S_IFDIR: return 'd';
    case S_IFLNK: return 'l';
    case S_IFIFO: return 'p';
    case S_IFSOCK: return 's';
    case S_IFCHR: return 'c';
    case S_IFBLK: return 'b';
    default: return '?';
    }
}

/* The execute column of one class, which also shows the SPECIAL bit, as POSIX says for ls. */
static char execute_letter(bool execute, bool special, char both)
{
    if (special)
        return execute ? both : (char)(both - 'a' + 'A');
    return execute ? 'x' : '-';
}

static char *write_mode(char *ret, unsigned mode)
{
    static const char letters[] = "rwx";
    *ret++ = type_letter(mode);
    for (unsigned i = 0; i < 9; i++)
        ret[i] = mode & (0400u >> i) ? letters[i % 3] : '-';
    ret[2] = execute_letter(mode & S_IXUSR, mode & S_ISUID, 's');
    ret[5] = execute_letter(mode & S_IXGRP, mode & S_ISGID, 's');
    ret[8] = execute_letter(mode & S_IXOTH, mode & S_ISVTX, 't');
    return ret + 9;
}

static void local_calendar(int64_t seconds, struct calendar *ret)
{
    struct tm local;
    time_t when = (time_t)seconds;
    if (seconds < CALENDAR_FIRST || seconds > CALENDAR_LAST || !localtime_r(&when, &local)) {
        calendar_of(seconds, ret);
        return;
    }
    *ret = (struct calendar){
        .year = (unsigned)(local.tm_year + 1900) % 10000,
        .month = (unsigned)local.tm_mon,
        .day = (unsigned)local.tm_mday,
        .hour = (unsigned)local.tm_hour,
        .minute = (unsigned)local.tm_min,
        .second = (unsigned)local.tm_sec,
    };
}

/* "Nov 22 17:04", or "Nov 22  2025" for what is older than half a year or from the future: POSIX ls
 * -l. */
static void format_date(char ret[12], const struct listing_memory *memory, bool local,
                        int64_t seconds)
{
    struct calendar calendar;
    if (local)
        local_calendar(seconds, &calendar);
    else
        calendar_of(seconds, &calendar);
    memcpy(ret, months[calendar.month], 3);
    ret[3] = ' ';
    char *at = write_number(ret + 4, calendar.day, 2);
    *at++ = ' ';
    if (seconds <= memory->now - HALF_YEAR || seconds > memory->now + CLOCK_SLACK) {
        *at++ = ' ';
        (void)listing_write_digits(at, calendar.year, 4);
        return;
    }
    at = listing_write_digits(at, calendar.hour, 2);
    *at++ = ':';
    (void)listing_write_digits(at, calendar.minute, 2);
}

char *listing_write_columns(char *ret, struct listing_memory *memory,
                            const struct listing_view *view, const struct statx *entry)
{
    bool folder = S_ISDIR(entry->stx_mode);
    int64_t seconds = entry->stx_mtime.tv_sec;
    if (!memory->date_known || memory->date_second != seconds) {
        format_date(memory->date, memory, view->local_time, seconds);
        memory->date_second = seconds;
        memory->date_known = true;
    }
    ret = write_mode(ret, entry->stx_mode);
    *ret++ = ' ';
    /* How many folders are in a folder is nobody's business, and not known on btrfs (C06). */
    ret = write_number(ret, folder ? 1 : entry->stx_nlink, LINKS_COLUMNS);
    *ret++ = ' ';
    ret = write_column(ret, entry->stx_uid == view->uid ? &memory->owner : &memory->other);
    *ret++ = ' ';
    /* An account's group has the number of its uid: see lib/account.h. */
    ret = write_column(ret, entry->stx_gid == view->uid ? &memory->owner : &memory->other);
    *ret++ = ' ';
    ret = write_number(ret, entry->stx_size, SIZE_COLUMNS);
    *ret++ = ' ';
    memcpy(ret, memory->date, sizeof(memory->date));
    ret += sizeof(memory->date);
    *ret++ = ' ';
    return ret;
}

/* A target is shown only if it says nothing about the host (C05), nothing about names that do not
 * exist for the user, and cannot be mistaken. */
/* True if a component of PATH is "..": where that leads above the root, it could tell of others. */
static bool climbs(const char *path)
{
    while (*path) {
        size_t size = strcspn(path, "/");
        if (size == 2 && path[0] == '.' && path[1] == '.')
            return true;
        path += size;
        path += strspn(path, "/");
    }
    return false;
}

char *listing_write_target(char *ret, const struct listing_view *view, int fd, const char *name)
{
    char target[PATH_MAX];
    ssize_t got = readlinkat(fd, name, target, sizeof(target));
    if (got <= 0 || (size_t)got == sizeof(target) || target[0] == '/')
        return ret;
    target[got] = '\0';
    if (!text_is_plain(target, (size_t)got) || !listing_path_exists(view, target) || climbs(target))
        return ret;
    memcpy(ret, " -> ", 4);
    return listing_write_name(ret + 4, target, (size_t)got);
}

/* Known findings: see baseline.h. */
#include "ftplint/baseline.h"

#include "ftplint/catalogue.h"
#include "lib/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

enum { BASELINE_MAX = 1 << 20 };

static bool complain(const char *path, const char *problem)
{
    (void)fprintf(stderr, "ftplint: %s: %s\n", path, problem);
    return false;
}

/* The first word of a line; its size. */
static size_t name_at(const char *line)
{
    return strcspn(line, " \t\r\n#");
}

/* A misspelt name would hide nothing and tell nobody. */
static bool check(const char *path, const char *text)
{
    for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        char name[128];
        (void)snprintf(name, sizeof(name), "%.*s", (int)name_at(at), at);
        if (*name && !catalogue_find(name, NULL))
            (void)fprintf(stderr, "ftplint: %s: there is no test %s (any more)\n", path, name);
    }
    return true;
}

static bool read_text(struct baseline *baseline, const char *path)
{
    cleanup_fclose FILE *file = fopen(path, "re");
    if (!file)
        return complain(path, strerror(errno));
    baseline->text = calloc(1, BASELINE_MAX);
    if (!baseline->text)
        return complain(path, strerror(ENOMEM));
    if (fread(baseline->text, 1, BASELINE_MAX, file) == BASELINE_MAX)
        return complain(path, "it is too large for a baseline");
    return check(path, baseline->text);
}

bool baseline_open(struct baseline *baseline, const char *read, const char *write)
{
    *baseline = (struct baseline){.text = NULL};
    if (read && !read_text(baseline, read))
        return false;
    if (!write)
        return true;
    baseline->written = fopen(write, "we");
    if (!baseline->written)
        return complain(write, strerror(errno));
    (void)fputs("# Findings that are known, for ftplint --baseline. The first word counts.\n",
                baseline->written);
    return true;
}

bool baseline_close(struct baseline *baseline)
{
    free(baseline->text);
    baseline->text = NULL;
    if (!baseline->written)
        return true;
    bool good = !ferror(baseline->written);
    good = fclose(baseline->written) == 0 && good;
    baseline->written = NULL;
    return good || complain("--write-baseline", strerror(errno));
}

bool baseline_has(const struct baseline *baseline, const char *name)
{
    if (!baseline->text)
        return false;
    size_t size = strlen(name);
    for (const char *at = baseline->text; *at; at += strcspn(at, "\n"), at += *at == '\n')
        if (name_at(at) == size && strncmp(at, name, size) == 0)
            return true;
    return false;
}

void baseline_add(struct baseline *baseline, const char *name, const char *severity,
                  const char *title)
{
    if (baseline->written)
        (void)fprintf(baseline->written, "%s  # %s: %s\n", name, severity, title);
}

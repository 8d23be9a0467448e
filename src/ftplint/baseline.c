/* Known findings: see baseline.h. */
#include "ftplint/baseline.h"

#include "ftplint/catalogue.h"
#include "lib/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { BASELINE_MAX = 1 << 20 };

static const char heading[] =
    "# Findings that are known, for ftplint --baseline. The first word counts.\n";

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
    baseline->text = calloc(1, BASELINE_MAX);
    if (!baseline->text)
        return complain(path, strerror(ENOMEM));
    FILE *file = fopen(path, "re");
    if (!file)
        return complain(path, strerror(errno));
    size_t size = fread(baseline->text, 1, BASELINE_MAX, file);
    int error = ferror(file) ? errno : 0;
    (void)fclose(file);
    if (size == BASELINE_MAX)
        return complain(path, "it is too large for a baseline");
    if (error)
        return complain(path, strerror(error));
    return check(path, baseline->text);
}

bool baseline_open(struct baseline *baseline, const char *read, const char *write)
{
    *baseline = (struct baseline){.text = NULL};
    if (read && !read_text(baseline, read))
        return false;
    if (!write)
        return true;
    /* What is in it stays until there is something to say. */
    baseline->written = fopen(write, "ae");
    if (!baseline->written)
        return complain(write, strerror(errno));
    buffer_init(&baseline->found, BASELINE_MAX);
    return buffer_append_string(&baseline->found, heading) == 0 || complain(write, "no memory");
}

static bool write_all(struct baseline *baseline)
{
    /* A pipe or a terminal cannot be cut. */
    if (ftruncate(fileno(baseline->written), 0) < 0 && errno != EINVAL)
        return false;
    size_t size = buffer_size(&baseline->found);
    return fwrite(buffer_begin(&baseline->found), 1, size, baseline->written) == size &&
           fflush(baseline->written) == 0;
}

bool baseline_close(struct baseline *baseline, bool examined)
{
    free(baseline->text);
    baseline->text = NULL;
    if (!baseline->written)
        return true;
    bool good = !examined || write_all(baseline) || complain("--write-baseline", strerror(errno));
    (void)fclose(baseline->written);
    baseline->written = NULL;
    buffer_free(&baseline->found);
    return good;
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
        (void)buffer_append_format(&baseline->found, "%s  # %s: %s\n", name, severity, title);
}

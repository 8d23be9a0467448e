/* Options, path and pattern of LIST, NLST and MLSD: see listing_private.h. Looks at text only,
 * never at a file. */
#include "session/listing_private.h"
#include "session/names.h"

#include <errno.h>
#include <string.h>

/* Takes the option groups off the front of TEXT and returns what is left. RFC 959 section 4.1.3
 * knows no options, but clients send them. A lone "-" is a name, "--" ends the options, as for ls.
 * Exactly one space belongs to the options: a name may begin with one. */
static const char *take_options(const char *text, struct listing_argument *ret)
{
    while (text[0] == '-' && text[1] != '\0' && text[1] != ' ') {
        size_t size = strcspn(text, " ");
        bool last = size == 2 && text[1] == '-';
        ret->all |= memchr(text, 'a', size) != NULL;
        ret->recursive |= memchr(text, 'R', size) != NULL;
        text += size;
        if (*text == ' ')
            text++;
        if (last)
            break;
    }
    return text;
}

const char *listing_skip_options(const char *path)
{
    struct listing_argument ignored = {0};
    return take_options(path, &ignored);
}

/* 0 if the SIZE bytes at NAME are a component that exists for the user. */
static int check_component(const struct listing_view *view, const char *name, size_t size)
{
    char component[LISTING_NAME_MAX + 1];
    if (size > LISTING_NAME_MAX)
        return -ENAMETOOLONG;
    if (size == 0)
        return 0;
    memcpy(component, name, size);
    component[size] = '\0';
    return name_exists_for_user(component, view->deny_names) ? 0 : -ENOENT;
}

/* Checks the components of PATH up to the one that begins at LAST. */
static int check_folders(const struct listing_view *view, const char *path, const char *last)
{
    while (path < last) {
        size_t size = strcspn(path, "/");
        int r = check_component(view, path, size);
        if (r < 0)
            return r;
        path += size + 1;
    }
    return 0;
}

static const char *last_component(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool listing_path_exists(const struct listing_view *view, const char *path)
{
    const char *last = last_component(path);
    return check_folders(view, path, last) == 0 && check_component(view, last, strlen(last)) == 0;
}

int listing_parse_argument(const struct listing_view *view, const char *text,
                           struct listing_argument *ret)
{
    bool facts = view->format == LISTING_FACTS;
    *ret = (struct listing_argument){
        .all = view->all || facts,
        .recursive = view->recursive && !facts,
        .path = text ? text : "",
        .literal = true,
    };
    if (!facts)
        ret->path = take_options(ret->path, ret);
    if (strlen(ret->path) >= PATH_MAX)
        return -ENAMETOOLONG;

    const char *last = last_component(ret->path);
    int r = check_folders(view, ret->path, last);
    if (r < 0)
        return r;
    if (!facts && strpbrk(last, "*?[")) {
        /* The work of matching is the product of the lengths (P07). */
        if (strlen(last) > NAME_MAX)
            return -ENAMETOOLONG;
        ret->pattern = last;
    }
    r = check_component(view, last, strlen(last));
    if (r == -ENOENT && ret->pattern) {
        ret->literal = false;
        return 0;
    }
    return r;
}

/*
 * Entries of MLST and MLSD (RFC 3659, section 7), read leniently, and what is wrong with their form
 * in words. Tests of listings, times and sizes use it. It never judges what a fact says.
 */
#pragma once

#include "ftplint/exam.h"

enum { FACTS_MAX = 32 };

struct fact {
    const char *name;
    const char *value;
};

struct facts {
    const char *line; /* as it came */
    size_t count;
    struct fact fact[FACTS_MAX];
    const char *name; /* of the entry, behind the one space */
};

/* Reads "type=file;size=3; name" (of MLST: without the space before it). */
void facts_read(struct exam *exam, const char *line, struct facts *ret);

/* The value of the fact of that name, whatever the letter case; NULL if it is not there. */
const char *fact_value(const struct facts *facts, const char *name);

/* What is wrong with the form of LINE, without the space of MLST; NULL if nothing is. */
const char *facts_problem(struct exam *exam, const char *line);

/* The entry in a reply of MLST; a finding (blocked within a given_ step) if there is none. */
struct facts reply_facts(struct client *client, const struct reply *reply);

/* MLST and MLSD on which a test stands: what goes wrong blocks it. COMMAND as it is sent. */
struct facts given_mlst(struct client *client, const char *command);
struct facts_list {
    struct facts *entry;
    size_t count;
};
struct facts_list given_mlsd(struct client *client, const char *command);

/* The entry of that name that is neither cdir nor pdir; NULL if there is none. */
const struct facts *facts_find(const struct facts_list *list, const char *name);

/* True for type=cdir and type=pdir, or the name "." or "..". */
bool facts_is_self(const struct facts *facts);

/* YYYYMMDDHHMMSS[.sss] (RFC 3659, section 2.3) as seconds since 1970; false if it is none. */
bool time_value(const char *text, int64_t *ret);

/* A list of facts as FEAT and OPTS have it: "type*;size;". */
struct fact_names {
    size_t count;
    const char *name[FACTS_MAX]; /* without the asterisk */
    bool selected[FACTS_MAX];    /* with one */
};
struct fact_names fact_names_read(struct exam *exam, const char *text);

/* True if NAME is in the list; SELECTED: with an asterisk. */
bool fact_names_have(const struct fact_names *names, const char *name, bool selected);

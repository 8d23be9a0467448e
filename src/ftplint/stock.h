/*
 * Folders with known content that tests of listings share: made once in a run, by the first test
 * that asks, and only read after that. They spare every test uploads of its own. Only src/ftplint
 * uses it.
 */
#pragma once

#include "ftplint/exam.h"

struct stock_entry {
    const char *name;
    bool directory;
    size_t size;
};

/* What is in the folder of given_stock(). No name needs quoting or is odd. */
enum { STOCK_COUNT = 5 };
extern const struct stock_entry stock_entries[STOCK_COUNT];

/* The names that tests ask for. */
#define STOCK_FILE      "plain.txt"
#define STOCK_OTHER     "other.txt"
#define STOCK_EMPTY     "empty.dat"
#define STOCK_FOLDER    "folder"
#define STOCK_FILE_SIZE 4321

/* The absolute path of the folder; NAME in it. */
const char *given_stock(struct exam *exam);
const char *stock_path(struct exam *exam, const char *name);

/* The shared session with the stock as its working directory; the next given_session() is elsewhere
 * again. */
struct client *given_stock_session(struct exam *exam);

/* The entry of that name; NULL if nothing in the stock is called so. */
const struct stock_entry *stock_find(const char *name);

/* A folder with CROWD_COUNT empty directories, crowd_name(0) to crowd_name(CROWD_COUNT - 1). */
enum { CROWD_COUNT = 400 };
const char *given_crowd(struct exam *exam);
const char *crowd_name(struct exam *exam, unsigned number);

/* Sends COUNT commands at once, "VERB FOLDER/NAME" for crowd_name(FIRST) and the following, and
 * reads the replies. Blocks the test if one of them is no success. */
void given_each(struct client *client, const char *verb, const char *folder, unsigned first,
                unsigned count);

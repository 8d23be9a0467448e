/*
 * Accounts that tests make, by SITE REGISTER or as the administrator, and log in to. Each has a
 * random name, "ftplint-XXXXXXXX", and is removed after the test by the administrator, if there is
 * one; else the result says that it stays. No password is shown. Only src/ftplint uses it.
 */
#pragma once

#include "ftplint/exam.h"

struct new_account {
    const char *name, *password;
};

/* A name and a password that no good server refuses; makes nothing. */
struct new_account new_account(struct exam *exam);

/* True if the list that SITE HELP gives to CLIENT has a line that begins with WORDS ("USER"). */
bool site_lists(struct client *client, const char *words);

/* Somebody who is not logged in; on this machine's loopback from an address that nobody else has,
 * so that what counts by address counts anew. */
struct client *given_applicant(struct exam *exam);

/* The same, if SITE HELP offers REGISTER; else the test is skipped. */
struct client *given_registrar(struct exam *exam);

/* A line that the dialogue does not show, and its reply. */
const struct reply *secretly(struct client *client, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* SITE REGISTER; the reply is the test's to judge. What is made is removed later. */
const struct reply *try_register(struct client *client, const char *name, const char *password);

/* As given steps: an account made by SITE REGISTER, or by the administrator (SITE USER ADD); the
 * third takes whichever there is. Each skips the test where the server makes none. */
struct new_account given_registered(struct exam *exam);
struct new_account given_added(struct exam *exam);
struct new_account given_account(struct exam *exam);

/* After the test: SITE USER DEL by the administrator, or a remark that it stays. */
void remove_account_later(struct exam *exam, const char *name);

/* True if it can log in, from a new connection. */
bool may_log_in(struct exam *exam, const char *name, const char *password);

/* Logged in to it, TYPE I, as a given step. */
struct client *given_inside(struct exam *exam, struct new_account account);

/*
 * What is known of the server: learnt once before the tests and by the way. The runner makes it,
 * tests read it. It never holds an opinion: whether an announcement is true is a test's business.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { SERVER_FEATURES_MAX = 128 };

struct exam;
struct client;

struct server {
    bool learnt;
    char *greeting; /* the first line's text */
    char *system;   /* SYST's */
    bool has_feat;
    char *features[SERVER_FEATURES_MAX]; /* lines of FEAT after login, without the first space */
    size_t count;
    bool offers_tls; /* AUTH TLS in FEAT before or after login, or the run is under TLS */
    bool has_epsv;   /* EPSV works: the first data connection tries it */
    bool tried_epsv;
    bool may_write;   /* MKD of ftplint's folder worked */
    char *start;      /* PWD after login */
    char *folder;     /* ftplint's own folder, absolute; NULL before it is made */
    unsigned folders; /* tests' folders in it so far */
    char *stock;      /* stock.h's folders, absolute; NULL before they are made */
    char *crowd;
    struct client *session; /* the shared one; NULL: none yet */
};

/* What stands behind FEATURE in FEAT ("" if nothing), NULL if it is not there. Letter case does not
 * matter. "REST STREAM" asks for that word behind REST. */
const char *server_feature(const struct server *server, const char *feature);

/* Gives the shared session up; the next test that asks for it gets a new one. */
void session_drop(struct server *server);

void server_free(struct server *server);

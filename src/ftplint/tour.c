/* A tour of a server's replies: see tour.h. */
#include "ftplint/tour.h"

#include "ftplint/exam.h"
#include "lib/cleanup.h"

#include <errno.h>

enum { LATE_MSEC = 20 };

/* 500 and 502 may answer every command that is not of the minimum, 421 any, and 530 what the
 * administrator has forbidden (ProFTPD, vsftpd: 550). */
const struct stop tour[] = {
    {"NOOP", "200 421"},
    {"SYST", "215 500 501 502 421"},
    {"PWD", "257 500 501 502 421 550"},
    {"STAT", "211 212 213 450 500 501 502 421 530"},
    {"HELP", "211 214 500 501 502 421"},
    {"FEAT", "211 4 5"},
    {"TYPE I", "200 500 501 504 421 530"},
    {"MODE S", "200 500 501 504 421 530"},
    {"STRU F", "200 500 501 504 421 530"},
    {"TYPE Q", "500 501 504 421 530"},
    {"MODE Q", "500 501 504 421 530"},
    {"STRU Q", "500 501 504 421 530"},
    {"CWD .", "250 500 501 502 421 530 550"},
    {"CWD ftplint-missing", "500 501 502 421 530 550"},
    {"RNTO ftplint-missing", "532 553 500 501 502 503 421 530 550"},
    {"RNFR ftplint-missing", "450 550 500 501 502 421 530"},
    {"DELE ftplint-missing", "450 550 500 501 502 421 530"},
    {"RMD ftplint-missing", "500 501 502 421 530 550"},
    {"SIZE ftplint-missing", "550 500 501 502 421 530 504"},
    {"MDTM ftplint-missing", "550 500 501 502 421 530 504"},
    {"MLST ftplint-missing", "550 500 501 502 421 530 504"},
    {"ALLO 1", "200 202 500 501 502 504 421 530 452 552"},
    {"PORT 1", "500 501 502 503 421 530"},
    {"ABOR", "225 226 500 501 502 421"},
    {"OPTS FTPLINT", "451 500 501 502 504 530"},
    {"SITE FTPLINT", "500 501 502 504 530 202"},
    {"FTPLINT", "500 502 421"},
    {"NOOP", "200 421"},
};
const size_t tour_stops = ELEMENTS(tour);

void tour_each(struct exam *exam, void (*visit)(struct client *client, const struct stop *stop,
                                                const struct reply *reply))
{
    struct client *client = given_session(exam);
    for (size_t i = 0; i < tour_stops; i++)
        visit(client, &tour[i], command(client, "%s", tour[i].line));
    /* A reply too many, which only one test is about, must not reach the tests that follow. */
    if (try_reply(client, LATE_MSEC)->error != -ETIMEDOUT)
        session_drop(exam->server);
}

/* How a test ends, and what it owns: see exam.h. */
#include "ftplint/exam.h"

#include "ftplint/interrupt.h"
#include "ftplint/planted.h"
#include "ftplint/runner.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one test may hold: no server makes this machine run out of memory. */
enum { MEMORY_MAX = 256 << 20 };

struct allocation {
    struct allocation *next;
    max_align_t bytes[];
};

struct undo {
    struct undo *next;
    const char *line;
    bool as_administrator;
};

void *exam_allocate(struct exam *exam, size_t size)
{
    if (size > MEMORY_MAX - exam->allocated)
        blocked(exam, "the server has sent more than the %d MiB that a test may hold",
                MEMORY_MAX >> 20);
    size_t whole = sizeof(struct allocation) + size;
    struct allocation *allocation = calloc(1, whole);
    if (!allocation)
        blocked(exam, "no memory for %zu bytes", size);
    exam->allocated += whole < MEMORY_MAX - exam->allocated ? whole : MEMORY_MAX - exam->allocated;
    allocation->next = exam->allocations;
    exam->allocations = allocation;
    return allocation->bytes;
}

char *exam_copy(struct exam *exam, const void *bytes, size_t size)
{
    char *copy = exam_allocate(exam, size + 1);
    if (size)
        memcpy(copy, bytes, size);
    return copy;
}

char *exam_formatv(struct exam *exam, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (size < 0)
        blocked(exam, "what is to be said is too long");
    char *text = exam_allocate(exam, (size_t)size + 1);
    (void)vsnprintf(text, (size_t)size + 1, format, arguments);
    return text;
}

char *exam_format(struct exam *exam, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = exam_formatv(exam, format, arguments);
    va_end(arguments);
    return text;
}

__attribute__((format(printf, 3, 0))) static void add_undo(struct exam *exam, bool as_administrator,
                                                           const char *format, va_list arguments)
{
    struct undo *undo = exam_allocate(exam, sizeof(*undo));
    *undo = (struct undo){
        .next = exam->undo,
        .line = exam_formatv(exam, format, arguments),
        .as_administrator = as_administrator,
    };
    exam->undo = undo;
}

void undo_later(struct exam *exam, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_undo(exam, false, format, arguments);
    va_end(arguments);
}

void undo_as_administrator(struct exam *exam, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_undo(exam, true, format, arguments);
    va_end(arguments);
}

__attribute__((format(printf, 2, 0))) static void set_got(struct exam *exam, const char *format,
                                                          va_list arguments)
{
    (void)vsnprintf(exam->result.got, sizeof(exam->result.got), format, arguments);
}

/* True if what was waited for in vain might have come if the test's time had not been over: the
 * server cannot be blamed for that. */
static bool is_late(const struct exam *exam)
{
    return exam->result.timed_out && clock_msec() >= exam->deadline;
}

void fail(struct exam *exam, const char *expected, const char *format, ...)
{
    struct result *result = &exam->result;
    va_list arguments;
    va_start(arguments, format);
    set_got(exam, format, arguments);
    va_end(arguments);
    if (exam->given || is_late(exam)) {
        char *got = strdup(result->got);
        (void)snprintf(result->got, sizeof(result->got), "%s expected %s, got %s",
                       exam->given ? "a step that leads to it" : "its time was over: it", expected,
                       got ? got : "something else");
        free(got);
        result->outcome = OUTCOME_BLOCKED;
    } else {
        (void)snprintf(result->expected, sizeof(result->expected), "%s", expected);
        result->outcome = OUTCOME_FAILED;
    }
    longjmp(exam->end, 1);
}

void skip(struct exam *exam, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    set_got(exam, format, arguments);
    va_end(arguments);
    exam->result.outcome = OUTCOME_SKIPPED;
    longjmp(exam->end, 1);
}

void blocked(struct exam *exam, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    set_got(exam, format, arguments);
    va_end(arguments);
    exam->result.outcome = OUTCOME_BLOCKED;
    longjmp(exam->end, 1);
}

void note(struct exam *exam, const char *format, ...)
{
    size_t used = strlen(exam->result.notes);
    size_t room = sizeof(exam->result.notes) - used;
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(exam->result.notes + used, room, format, arguments);
    va_end(arguments);
    if (written >= 0 && (size_t)written + 1 < room)
        memcpy(exam->result.notes + used + (size_t)written, "\n", 2);
}

unsigned exam_patience(const struct exam *exam)
{
    uint64_t now = clock_msec();
    uint64_t left = now < exam->deadline ? exam->deadline - now : 1;
    return left < exam->target->timeout ? (unsigned)left : exam->target->timeout;
}

void exam_go_on(struct exam *exam)
{
    if (interrupted() && !exam->finishing)
        blocked(exam, "interrupted");
    if (clock_msec() < exam->deadline)
        return;
    exam->result.timed_out = true;
    blocked(exam, "it was not finished when its time was over");
}

struct bytes exam_content(struct exam *exam, size_t size, unsigned seed)
{
    unsigned char *bytes = exam_allocate(exam, size + 1);
    uint32_t state = seed * 2654435761u + 12345u;
    for (size_t i = 0; i < size; i++) {
        state = state * 1664525u + 1013904223u;
        bytes[i] = i < 256 ? (unsigned char)i : (unsigned char)(state >> 24);
    }
    return (struct bytes){.data = (const char *)bytes, .size = size};
}

static void release_connections(struct exam *exam)
{
    planted_remove(exam);
    while (exam->data) {
        struct data *data = exam->data;
        exam->data = data->next;
        data_free(data);
    }
    while (exam->clients) {
        struct client *client = exam->clients;
        exam->clients = client->next;
        client_free(client);
    }
}

static void release(struct exam *exam)
{
    release_connections(exam);
    while (exam->allocations) {
        struct allocation *allocation = exam->allocations;
        exam->allocations = allocation->next;
        free(allocation);
    }
}

/* The test's own connections are closed first, so that nothing of it holds what is to go. */
static void undo_all(struct exam *exam)
{
    struct result result = exam->result;
    release_connections(exam);
    exam->deadline = clock_msec() + exam->target->timeout;
    exam->given = 1;
    exam->finishing = true;
    dialogue_event(exam->dialogue, 0, false, "the test is over; ftplint cleans up");
    if (setjmp(exam->end) == 0) {
        struct client *admin = NULL;
        for (const struct undo *undo = exam->undo; undo; undo = undo->next) {
            if (undo->as_administrator && !admin)
                admin = given_login(exam, ACCOUNT_ADMIN);
            (void)command(undo->as_administrator ? admin : given_session(exam), "%s", undo->line);
        }
    } else {
        session_drop(exam->server);
    }
    exam->result = result;
}

static void hide_secrets(struct exam *exam)
{
    struct result *result = &exam->result;
    dialogue_hide(exam->dialogue, result->expected, strlen(result->expected));
    dialogue_hide(exam->dialogue, result->got, strlen(result->got));
    dialogue_hide(exam->dialogue, result->notes, strlen(result->notes));
}

void exam_run(const struct test *test, const struct target *target, struct server *server,
              struct dialogue *dialogue, struct result *ret)
{
    struct exam exam = {
        .target = target,
        .server = server,
        .test = test,
        .dialogue = dialogue,
        .outside_fd = -1,
        .finishing = interrupted(),
        .deadline = clock_msec() + target->test_limit,
    };
    uint64_t begun = clock_msec();
    dialogue_begin(dialogue);
    if (setjmp(exam.end) == 0)
        test->run(&exam);
    /* Whatever it made of that: on a busy machine an answer may have been on its way. */
    exam.result.timed_out = exam.result.timed_out || dialogue->in_vain;
    /* A shared session is as a test that failed has left it: nobody knows how. */
    if (exam.result.outcome != OUTCOME_PASSED && exam.result.outcome != OUTCOME_SKIPPED)
        session_drop(server);
    if (exam.undo)
        undo_all(&exam);
    exam.result.duration = clock_msec() - begun;
    hide_secrets(&exam);
    *ret = exam.result;
    release(&exam);
    if (server->session) {
        server->session->exam = NULL;
        server->session->wire.deadline = NULL;
    }
}

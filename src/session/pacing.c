/* Rates of transfers: see pacing.h. */
#include "session/pacing.h"

#include "lib/clock.h"
#include "session/session.h"

void pacing_init(struct pacing *pacing, uint64_t rate, bool shared)
{
    *pacing = (struct pacing){.rate = rate, .shared = shared};
}

/* The next portion of our own rate. */
static void promise_own(struct pacing *pacing)
{
    struct pacing_promise *own = &pacing->own;
    if (own->bytes > 0)
        return;
    own->bytes = pace_portion(pacing->rate);
    own->when = pace_promise(&pacing->time, pacing->rate, own->bytes, clock_usec());
}

/* The next one of the user's. */
static int promise_common(struct session *session, enum pace_direction direction,
                          struct pacing_promise *common)
{
    uint32_t wait = 0;
    uint64_t now = clock_usec();
    if (common->bytes > 0)
        return 0;
    int r = ask_pace(session, direction, &wait, &common->bytes);
    common->when = now + (uint64_t)wait * 1000;
    return r;
}

int pacing_wait(struct session *session, enum pace_direction direction, uint64_t *ret_until)
{
    struct pacing *pacing = &session->pacing[direction];
    uint64_t when = 0;
    *ret_until = 0;
    if (pacing->shared) {
        int r = promise_common(session, direction, &pacing->common);
        if (r < 0)
            return r;
        when = pacing->common.when;
    }
    if (pacing->rate != NO_LIMIT) {
        promise_own(pacing);
        when = pacing->own.when > when ? pacing->own.when : when;
    }
    if (when > 0 && clock_usec() < when)
        *ret_until = (when + 999) / 1000;
    return 0;
}

size_t pacing_most(const struct session *session, enum pace_direction direction, size_t size)
{
    const struct pacing *pacing = &session->pacing[direction];
    uint64_t most = size;
    if (pacing->shared && pacing->common.bytes < most)
        most = pacing->common.bytes;
    if (pacing->rate != NO_LIMIT && pacing->own.bytes < most)
        most = pacing->own.bytes;
    return (size_t)most;
}

static void spend(struct pacing_promise *promise, uint64_t bytes)
{
    promise->bytes -= bytes < promise->bytes ? bytes : promise->bytes;
}

void pacing_spend(struct session *session, enum pace_direction direction, uint64_t bytes)
{
    spend(&session->pacing[direction].own, bytes);
    spend(&session->pacing[direction].common, bytes);
}

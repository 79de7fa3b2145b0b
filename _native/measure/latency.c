/* The twin of chain.py and offered.py in macsec/measure/latency/. */
#include "measure/latency.h"

#include <string.h>

/* ---------------------------------------------------------------- one frame */

enum { ARRIVED, COPIED, WIRE, BACK };

static uint8_t *area(const macsec_chain *chain, int which) {
    return chain->room + which * chain->area;
}

static int64_t following(macsec_chain *chain) {
    const int64_t row = chain->next;
    chain->next = row + 1 == chain->given->count ? 0 : row + 1;
    return row;
}

static int64_t to_ns(const macsec_chain *chain, int64_t ticks) {
    return (int64_t)((double)ticks * chain->ns_per_tick + 0.5);
}

static void count(const macsec_chain *chain, macsec_histogram *lane, int64_t ticks) {
    macsec_histogram_record(lane, to_ns(chain, ticks < 0 ? 0 : ticks), 1);
}

static int is_back(const macsec_chain *chain, const uint8_t *frame, size_t length, int64_t ended) {
    return (ended & 0xff) == MACSEC_OK && (size_t)(ended >> 8) == length &&
           memcmp(area(chain, BACK), frame, length) == 0;
}

/* ---------------------------------------------------------------- lanes */

static void time_clear(const macsec_chain *chain, const macsec_lanes *lanes, size_t length) {
    const int64_t from = macsec_clock_ticks();
    memcpy(area(chain, COPIED), area(chain, ARRIVED), length);
    const int64_t to = macsec_clock_ticks();
    count(chain, lanes->clear, to - from - chain->empty_ticks);
}

static void time_protected(macsec_chain *chain, const macsec_lanes *lanes, size_t length) {
    const uint8_t *arrived = area(chain, ARRIVED);
    uint8_t *wire = area(chain, WIRE);
    const int64_t from = macsec_clock_ticks();
    const int64_t sent = macsec_protect_frame(chain->tx, arrived, length, wire);
    const int64_t between = macsec_clock_ticks();
    const int64_t ended =
        macsec_validate_frame(chain->rx, wire, (size_t)(sent >> 8), area(chain, BACK));
    const int64_t to = macsec_clock_ticks();
    const int64_t protect = between - from - chain->empty_ticks;
    const int64_t validate = to - between - chain->empty_ticks;
    count(chain, lanes->protect, protect);
    count(chain, lanes->validate, validate);
    count(chain, lanes->both, protect + validate);
    chain->faults += !is_back(chain, arrived, length, ended);
}

static void time_nothing(const macsec_chain *chain, const macsec_lanes *lanes) {
    const int64_t from = macsec_clock_ticks();
    const int64_t to = macsec_clock_ticks();
    count(chain, lanes->clock, to - from - chain->empty_ticks);
}

void macsec_chain_lanes(macsec_chain *chain, const macsec_lanes *lanes, int64_t frames) {
    for (int64_t i = 0; i < frames; i++) {
        const int64_t row = following(chain);
        const size_t length = (size_t)chain->given->length[row];
        /* Not timed: copy the frame into the cache, where a frame is that has just arrived. */
        memcpy(area(chain, ARRIVED), chain->given->arena + chain->given->start[row], length);
        time_nothing(chain, lanes);
        if (i & 1) {
            time_protected(chain, lanes, length);
            time_clear(chain, lanes, length);
        } else {
            time_clear(chain, lanes, length);
            time_protected(chain, lanes, length);
        }
    }
}

/* ---------------------------------------------------------------- offered load */

/* The frames that wait, and the time: of the clock or, in virtual time, of this loop. */
typedef struct {
    macsec_chain *chain;
    macsec_offer *offer;
    int64_t from;
    int64_t now;
    int64_t arrived; /* frames that were due so far, lost ones included */
    int64_t head;
    int64_t waiting;
} queue;

static int64_t due(const queue *q, int64_t frame) {
    return q->from + (int64_t)(q->offer->interval_ticks * (double)frame);
}

static void admit(queue *q) {
    macsec_offer *offer = q->offer;
    while (q->arrived < offer->frames && due(q, q->arrived) <= q->now) {
        if (q->waiting == offer->capacity) {
            offer->lost++;
        } else {
            offer->ring[(q->head + q->waiting) % offer->capacity] = q->arrived;
            q->waiting++;
        }
        q->arrived++;
    }
}

static void wait_for_one(queue *q) {
    const int64_t next = due(q, q->arrived);
    if (q->offer->service == NULL) {
        q->now = macsec_clock_ticks();
    } else if (q->now < next) {
        q->now = next;
    }
}

static void handle(queue *q) {
    macsec_chain *chain = q->chain;
    if (q->offer->service != NULL) {
        q->now += q->offer->service[q->offer->handled];
        return;
    }
    const int64_t row = following(chain);
    const uint8_t *frame = chain->given->arena + chain->given->start[row];
    const size_t length = (size_t)chain->given->length[row];
    uint8_t *wire = area(chain, WIRE);
    const int64_t sent = macsec_protect_frame(chain->tx, frame, length, wire);
    const int64_t ended =
        macsec_validate_frame(chain->rx, wire, (size_t)(sent >> 8), area(chain, BACK));
    q->now = macsec_clock_ticks();
    chain->faults += (ended & 0xff) != MACSEC_OK || (size_t)(ended >> 8) != length;
}

void macsec_chain_offer(macsec_chain *chain, macsec_offer *offer) {
    queue q = {.chain = chain, .offer = offer};
    offer->handled = offer->late = offer->lost = offer->ticks = 0;
    if (offer->service == NULL) {
        q.from = q.now = macsec_clock_ticks();
    }
    while (q.arrived < offer->frames || q.waiting != 0) {
        admit(&q);
        if (q.waiting == 0) {
            wait_for_one(&q);
            continue;
        }
        const int64_t frame = offer->ring[q.head];
        handle(&q);
        admit(&q); /* its place becomes free only now */
        q.head = (q.head + 1) % offer->capacity;
        q.waiting--;
        offer->handled++;
        count(chain, offer->latency, q.now - due(&q, frame));
        offer->ticks = q.now - q.from;
        offer->late += offer->ticks > offer->deadline_ticks;
    }
}

/* Traffic: each frame departs at its host when it is due. The twin of
   macsec/lab/virtual/traffic/sources.py and playback.py. */
#include "lab/lab_state.h"

#include <string.h>

#include "frames/dissect.h"

#define PS_PER_S ((uwide)1000000000000u)
#define HORIZON_PS (((uwide)1 << 62) - 1)

enum { PS_PER_NS = 1000, ETHERNET_HEADER = 14, NUMBER_AT = 42, LOG_BITS = 40 };

int64_t macsec_lab_add_flow(macsec_lab *lab, int64_t from, int64_t to) {
    const int64_t at = LAB_ADD(lab->flows, lab->flow_count);
    if (at >= 0) {
        lab->flows[at].hosts[0] = (uint32_t)from;
        lab->flows[at].hosts[1] = (uint32_t)to;
    }
    return at;
}

void macsec_lab_flow(const macsec_lab *lab, int64_t at, macsec_lab_tally *tally) {
    *tally = lab->flows[at].tally;
}

void macsec_lab_late(const macsec_lab *lab, int64_t at, int64_t *number, uint64_t *high,
                     uint64_t *low) {
    const flow *l = &lab->flows[at];
    *number = l->number;
    *high = (uint64_t)(l->due_ps >> 64);
    *low = (uint64_t)l->due_ps;
}

/* ---------------------------------------------------------------- a generator */

/* Return the binary logarithm in units of 2^-LOG_BITS, bit by bit: squaring doubles it. */
static uint64_t log2_of(uint64_t value) {
    const unsigned whole = 63u - (unsigned)__builtin_clzll(value);
    uwide x = (uwide)value << (64 - whole); /* 1 <= x < 2, with 64 bits behind the point */
    uint64_t fraction = 0;
    for (int bit = 0; bit < LOG_BITS; bit++) {
        const uint64_t low = (uint64_t)x;
        x = ((uwide)1 << 64) + ((uwide)low << 1) + ((uwide)low * low >> 64);
        fraction <<= 1;
        if (x >> 65) {
            x >>= 1;
            fraction |= 1;
        }
    }
    return (uint64_t)whole << LOG_BITS | fraction;
}

/* Draw a time with an exponential distribution: exponential() of macsec/wire/distributions.py. */
static uwide exponential(stream *s, uwide mean) {
    const uint64_t ln2 = 0xB17217F7D1CF79ABu; /* in units of 2^-64 */
    const uint64_t log = ((uint64_t)32 << LOG_BITS) - log2_of((uint64_t)draw(s) + 1);
    const uwide product = mean * log;
    const uwide upper = (product >> 64) * ln2 + ((uwide)(uint64_t)product * ln2 >> 64);
    return upper >> LOG_BITS;
}

/* Return the time that frames, or bits, take at the rate. */
static uwide spaced(const macsec_lab_generator *g, uwide frames, uwide bits) {
    return g->pps != 0 ? frames * PS_PER_S / g->pps : bits * PS_PER_S / g->rate;
}

/* Return the due time of the next frame, and reserve the time that its size takes. */
static uwide paced(flow *l, int64_t size) {
    const macsec_lab_generator *g = &l->generator;
    const uwide bits = (uwide)size * 8;
    if (g->model == MACSEC_LAB_POISSON) {
        const uwide now = l->random_ps;
        l->random_ps += exponential(&l->times, spaced(g, 1, bits));
        return now;
    }
    const uwide busy = spaced(g, (uwide)l->frames, l->bits);
    l->frames++;
    l->bits += bits;
    if (g->model == MACSEC_LAB_CONSTANT) {
        return busy;
    }
    return busy + busy / (uint64_t)g->burst_ps * (uint64_t)g->pause_ps;
}

/* Find the next frame of the generator. Return 0 if it was the last. */
static int generate(flow *l) {
    const macsec_lab_generator *g = &l->generator;
    if (g->count >= 0 && l->number >= g->count) {
        return 0;
    }
    l->template = g->size_count > 1 ? (uint32_t)draw_below(&l->sizes, (int64_t)g->size_count) : 0;
    l->size = g->sizes[l->template];
    l->due_ps = (uint64_t)g->start_ps + paced(l, l->size);
    l->number++;
    return g->end_ps < 0 || l->due_ps < (uint64_t)g->end_ps;
}

static lab_frame *generated(macsec_lab *lab, const flow *l) {
    lab_frame *f = macsec_frame_copy(&lab->frames, l->generator.templates[l->template], l->size);
    if (f != NULL) {
        const size_t tag = clear_tags_end(f->octets, (size_t)f->length, 1) - ADDRESSES_LENGTH;
        store_be64(f->octets + NUMBER_AT + tag, (uint64_t)(l->number - 1));
    }
    return f;
}

/* ---------------------------------------------------------------- departures */

static void schedule(macsec_lab *lab, uint32_t at) {
    flow *l = &lab->flows[at];
    const uwide time_ps = (uint64_t)l->begin_ps + l->due_ps;
    if (time_ps > HORIZON_PS) {
        lab->ended = MACSEC_LAB_LATE;
        lab->ended_number = at;
        return;
    }
    if (lab->pauses && lab->pending == 0) {
        macsec_lab_call_hook(
            lab, &(macsec_lab_call){.what = MACSEC_LAB_PAUSES, .number = (int64_t)time_ps});
    }
    if (!lab->ended) {
        lab->pending++;
        macsec_lab_schedule(lab, (int64_t)time_ps, 0, AGENDA_DEPARTURE, at);
    }
}

/* Schedule the next frame of a flow: one at a time. */
static void go_on(macsec_lab *lab, uint32_t at) {
    flow *l = &lab->flows[at];
    if (l->is_generated) {
        if (generate(l)) {
            schedule(lab, at);
        }
    } else if (++l->row < l->feed.count) {
        l->due_ps = (uwide)(uint64_t)l->feed.time_ns[l->row] * PS_PER_NS;
        l->number = l->feed.number[l->row];
        schedule(lab, at);
    } else {
        lab->ended = MACSEC_LAB_FEED;
        lab->ended_number = at;
    }
}

/* Return whether a frame fits the MTU, which does not count a VLAN tag, as on Linux. */
static int can_send(const host *h, const lab_frame *f) {
    const int64_t room = h->mtu + ETHERNET_HEADER;
    const int64_t tag = (int64_t)clear_tags_end(f->octets, (size_t)f->length, 1) - ADDRESSES_LENGTH;
    return f->length <= room + tag;
}

static void send(macsec_lab *lab, uint32_t at, int side, lab_frame *f) {
    flow *l = &lab->flows[at];
    const uint32_t from = l->hosts[side], to = l->hosts[1 - side];
    if (!can_send(&lab->hosts[from], f)) {
        l->tally.too_long++;
        return;
    }
    l->tally.sent++;
    l->tally.sent_octets += f->length;
    if (!macsec_expected_add(&lab->hosts[to].expects, f, at, lab_now(lab))) {
        lab_no_memory(lab);
        return;
    }
    macsec_lab_host_put(lab, from, f);
}

void macsec_lab_flow_depart(macsec_lab *lab, uint32_t at) {
    const flow *l = &lab->flows[at];
    const macsec_lab_feed *feed = &l->feed;
    lab_frame *f = l->is_generated
                       ? generated(lab, l)
                       : macsec_frame_copy(&lab->frames, feed->arena + feed->start[l->row],
                                           feed->length[l->row]);
    lab->pending--;
    if (f == NULL) {
        lab_no_memory(lab);
        return;
    }
    send(lab, at, l->is_generated ? 0 : feed->side[l->row], f);
    frame_drop(&lab->frames, f);
    if (!lab->ended) {
        go_on(lab, at);
    }
}

macsec_lab_end macsec_lab_begin(macsec_lab *lab, int64_t at, int64_t begin_ps,
                                const macsec_lab_generator *generator) {
    flow *l = &lab->flows[at];
    l->begin_ps = begin_ps;
    if (generator == NULL) {
        return MACSEC_LAB_DONE;
    }
    l->is_generated = 1;
    l->generator = *generator;
    l->times = stream_from(generator->times_start, 0);
    l->sizes = stream_from(generator->sizes_start, 0);
    go_on(lab, (uint32_t)at);
    return lab_ended(lab);
}

macsec_lab_end macsec_lab_give(macsec_lab *lab, int64_t at, const macsec_lab_feed *feed) {
    flow *l = &lab->flows[at];
    l->feed = *feed;
    l->row = -1;
    if (feed->count > 0) {
        go_on(lab, (uint32_t)at);
    }
    return lab_ended(lab);
}

/* Impairments in netem's order: the twin of macsec/wire/impairments.py, function for function. */
#ifndef MACSEC_IMPAIRMENTS_H
#define MACSEC_IMPAIRMENTS_H

#include <stdint.h>

#include "wire/calendar_state.h"
#include "wire/fields.h"

enum { TABLE_SIZE = 4096, SCALE_BITS = 13, SCALE = 1 << SCALE_BITS };

/* Move of each state, 1 to 4: `here` for a draw below `first`, `there` for one below `second`, else
   `stay`. */
static int walk(macsec_wire *wire) {
    const uint64_t *p = wire->plan.loss_limits; /* p13 p31 p32 p23 p14 */
    const struct {
        uint64_t first;
        unsigned here;
        uint64_t second;
        unsigned there;
        unsigned stay;
    } moves[4] = {
        {p[4], 4, p[4] + p[0], 3, 1},
        {p[3], 3, p[3], 3, 2},
        {p[2], 2, p[2] + p[1], 1, 3},
        {0, 1, 0, 1, 1},
    };
    unsigned from = wire->loss_state;
    uint32_t d = draw(&wire->loss);
    wire->loss_state = d < moves[from].first    ? moves[from].here - 1
                       : d < moves[from].second ? moves[from].there - 1
                                                : moves[from].stay - 1;
    return wire->loss_state >= 2;
}

static int gilbert_elliott(macsec_wire *wire) {
    const uint64_t *p = wire->plan.loss_limits; /* p r 1-h 1-k */
    unsigned bad = wire->loss_state;
    if (draw(&wire->loss) < p[bad]) {
        wire->loss_state = 1 - bad;
    }
    return draw(&wire->loss) < p[bad ? 2 : 3];
}

static int is_lost(macsec_wire *wire) {
    switch (wire->plan.loss_model) {
    case MACSEC_WIRE_LOSS_RANDOM:
        return fall(&wire->loss, wire->plan.loss.below);
    case MACSEC_WIRE_LOSS_STATE:
        return walk(wire);
    case MACSEC_WIRE_LOSS_GEMODEL:
        return gilbert_elliott(wire);
    default:
        return 0;
    }
}

static int64_t spread_draw(const macsec_wire_spread *spread, stream *s) {
    int64_t jitter = spread->jitter_ps, time_ps = spread->mean_ps;
    if (jitter == 0) {
        return time_ps;
    }
    if (spread->table == NULL) {
        time_ps += draw_below(s, 2 * jitter) - jitter;
    } else {
        int64_t deviation = spread->table[draw_below(s, TABLE_SIZE)];
        /* Compilers shift negative numbers arithmetically, as Python does. */
        int64_t fine = ((jitter & (SCALE - 1)) * deviation + SCALE / 2) >> SCALE_BITS;
        time_ps += (jitter >> SCALE_BITS) * deviation + fine;
    }
    return time_ps > 0 ? time_ps : 0;
}

static int64_t bit_to_turn(macsec_wire *wire, const outgoing *frame) {
    if (!fall(&wire->corrupt, wire->plan.corrupt.below)) {
        return -1;
    }
    span field = octets_at(&wire->plan, frame->octets, frame->length);
    if (field.stop <= field.start) {
        return -1;
    }
    return field.start * 8 + draw_below(&wire->bits, (field.stop - field.start) * 8);
}

static int overtakes(macsec_wire *wire) {
    const macsec_wire_plan *plan = &wire->plan;
    if (plan->gap > 0 && wire->since + 1 >= plan->gap &&
        fall(&wire->reorder, plan->reorder.below)) {
        wire->since = 0;
        return 1;
    }
    wire->since++;
    return 0;
}

static void slot_renew(macsec_wire *wire, int64_t now_ps) {
    const macsec_wire_plan *plan = &wire->plan;
    slots *slot = &wire->slot;
    int64_t wait = plan->slot_least_ps;
    if (plan->slot_most_ps > 0) {
        wait += draw_below(&slot->draws, plan->slot_most_ps - plan->slot_least_ps);
    } else {
        wait = spread_draw(&plan->slot, &slot->draws);
    }
    slot->open_ps = now_ps + wait;
    slot->packets = plan->slot_packets;
    slot->octets = plan->slot_octets;
}

static void slot_took(macsec_wire *wire, int64_t now_ps, int64_t length) {
    wire->slot.packets--;
    wire->slot.octets -= length;
    if (wire->slot.packets <= 0 || wire->slot.octets <= 0) {
        slot_renew(wire, now_ps);
    }
}

#endif

/* One direction of a virtual wire: impairments in netem's order, and a calendar of the frames on
   their way. The twin of macsec/wire/lane.py, function for function; its parts are in headers.

   Times are in ps and stay below 2^62, so that the sum of two fits. The octets of a frame are read
   only when it is sent: the calendar holds its number, length and CRC. */
#include "wire/calendar.h"

#include <stdlib.h>
#include <string.h>

#include "base/octets.h"
#include "wire/calendar_state.h"
#include "wire/crc32.h"
#include "wire/fields.h"
#include "wire/impairments.h"
#include "wire/transits.h"

#define HORIZON_PS (((uint64_t)1 << 62) - 1)
#define PS_PER_S 1000000000000u

enum {
    RECORD = MACSEC_WIRE_RECORD,
    AHEAD = -1,                        /* due before all others, and not held by a slot */
    MOST_ENDS = MACSEC_WIRE_MOST_ENDS, /* of one frame when it is sent: the frame and its copy */
    NATIVE_OCTETS = 1 << 21            /* up to here octets * 8 * 10^12 fits 64 bits */
};

/* --- ends --- */

void macsec_wire_label(const macsec_wire *wire, uint8_t *record) {
    store_le16(record + 16, (uint16_t)wire->plan.link);
    record[18] = (uint8_t)wire->plan.direction;
}

static void add_end(const macsec_wire *wire, macsec_wire_ends *ends, macsec_wire_fate fate,
                    const transit *of) {
    uint64_t row = ends->count++;
    uint8_t *record = ends->records + row * RECORD;
    ends->number[row] = of->number;
    ends->bit[row] = of->bit;
    if (ends->frame != NULL) {
        ends->frame[row] = of->frame;
    }
    store_le64(record, (uint64_t)wire->now_ps);
    store_le32(record + 8, (uint32_t)of->length);
    store_le32(record + 12, of->crc);
    macsec_wire_label(wire, record);
    record[19] = (uint8_t)fate;
    record[20] = (uint8_t)of->mark;
    memset(record + 21, 0, 3);
}

static transit as_transit(const outgoing *frame, uint32_t mark, int64_t bit) {
    return (transit){.number = frame->number,
                     .bit = bit,
                     .length = frame->length,
                     .frame = frame->frame,
                     .crc = bit < 0 ? frame->crc
                                    : macsec_crc32_turned(frame->octets, frame->length, bit),
                     .mark = (uint16_t)(bit < 0 ? mark : mark | MACSEC_WIRE_CORRUPTED),
                     .eapol = (uint16_t)is_eapol(frame->octets, frame->length, bit)};
}

static void stop(macsec_wire *wire, macsec_wire_ends *ends, macsec_wire_fate fate,
                 const transit *of) {
    int64_t *const counts[] = {
        &wire->stats.received,   &wire->stats.lost,     &wire->stats.queue_drops,
        &wire->stats.down_drops, &wire->stats.too_long, &wire->stats.fcs_errors,
    };
    ++*counts[fate];
    add_end(wire, ends, fate, of);
}

/* --- in --- */

static void advance(macsec_wire *wire, int64_t now_ps) {
    wire->now_ps = now_ps;
    if (!wire->started) {
        wire->started = 1;
        wire->first_ps = now_ps;
    }
    wire->stats.elapsed_ps = now_ps - wire->first_ps;
}

/* Return 1 if the link is down. Time never goes back, so `next_edge` only rises. */
static int is_down(macsec_wire *wire) {
    while (wire->next_edge < wire->plan.edge_count &&
           wire->edges_ps[wire->next_edge] <= wire->now_ps) {
        wire->next_edge++;
    }
    return wire->next_edge & 1;
}

static int is_listed(macsec_wire *wire) {
    wire->matched++;
    if (wire->next_drop >= wire->plan.drop_count || wire->drops[wire->next_drop] != wire->matched) {
        return 0;
    }
    wire->next_drop++;
    return 1;
}

/* Return the time on the wire in whole ps, rounded up, at most the horizon. */
static uint64_t time_of(const macsec_wire_plan *plan, int64_t length) {
    int64_t octets = length + plan->overhead;
    if (octets < 0) {
        octets = 0;
    }
    if (plan->cell > 0) {
        octets = (octets + plan->cell - 1) / plan->cell * (plan->cell + plan->cell_overhead);
    }
    if (octets <= NATIVE_OCTETS) {
        uint64_t work = (uint64_t)octets * 8 * PS_PER_S;
        uint64_t time_ps = work / plan->rate + (work % plan->rate != 0);
        return time_ps < HORIZON_PS ? time_ps : HORIZON_PS;
    }
    uwide time_ps = ((uwide)octets * 8 * PS_PER_S + plan->rate - 1) / plan->rate;
    return time_ps < HORIZON_PS ? (uint64_t)time_ps : HORIZON_PS;
}

static uint64_t later(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

/* Return when a frame arrives. Unsigned, since at a few bit/s this may be far past the horizon. */
static uint64_t due_at(macsec_wire *wire, int64_t length, int64_t delay) {
    const macsec_wire_plan *plan = &wire->plan;
    const uint64_t now = (uint64_t)wire->now_ps, wait = (uint64_t)delay;
    uint64_t due = now + wait;
    if (plan->rate > 0) {
        uint64_t busy = time_of(plan, length);
        wire->stats.busy_ps += (int64_t)busy;
        if (plan->ordered == MACSEC_WIRE_ORDERED_NEVER) {
            wire->free_ps = later(wire->free_ps, now) + busy;
            due = wire->free_ps + wait;
        } else {
            due = wire->free_ps = later(wire->free_ps, due) + busy;
        }
    }
    if (plan->ordered == MACSEC_WIRE_ORDERED_ALWAYS) {
        due = later(due, wire->latest_ps);
    }
    wire->latest_ps = later(wire->latest_ps, due);
    if (due > HORIZON_PS) {
        wire->failed = MACSEC_WIRE_HORIZON;
    }
    return due;
}

static int is_full(macsec_wire *wire, macsec_wire_ends *ends, const transit *of) {
    if (wire->on_way < wire->plan.limit) {
        return 0;
    }
    stop(wire, ends, MACSEC_WIRE_QUEUE, of);
    return 1;
}

static void enter(macsec_wire *wire, transit *of, int impaired) {
    if (!heap_room(wire)) {
        wire->failed = MACSEC_WIRE_MEMORY;
        return;
    }
    if (impaired && overtakes(wire)) {
        of->due_ps = AHEAD;
    } else {
        int64_t mean = wire->plan.delay.mean_ps;
        int64_t delay = impaired ? spread_draw(&wire->plan.delay, &wire->delay) : mean;
        of->due_ps = (int64_t)due_at(wire, of->length, delay);
    }
    if (wire->failed) {
        return;
    }
    of->sequence = ++wire->sequence;
    heap_push(wire, of);
    if (wire->stats.queue_high < (int64_t)wire->on_way) {
        wire->stats.queue_high = (int64_t)wire->on_way;
    }
}

static transit corrupted(macsec_wire *wire, const outgoing *frame, uint32_t mark) {
    int64_t bit = bit_to_turn(wire, frame);
    wire->stats.corrupted += bit >= 0;
    return as_transit(frame, mark, bit);
}

/* Send the copy of a frame: before the frame itself, through all steps but the duplication. */
static void send_copy(macsec_wire *wire, macsec_wire_ends *ends, const outgoing *frame) {
    if (is_lost(wire)) {
        transit copy = as_transit(frame, MACSEC_WIRE_COPY, -1);
        stop(wire, ends, MACSEC_WIRE_LOST, &copy);
        return;
    }
    transit copy = corrupted(wire, frame, MACSEC_WIRE_COPY);
    if (!is_full(wire, ends, &copy)) {
        enter(wire, &copy, 1);
    }
}

static void impair(macsec_wire *wire, macsec_wire_ends *ends, const outgoing *frame) {
    int twice = fall(&wire->duplicate, wire->plan.duplicate.below);
    int lost = is_lost(wire);
    if (lost) {
        transit gone = as_transit(frame, 0, -1);
        stop(wire, ends, MACSEC_WIRE_LOST, &gone);
        if (!twice) {
            return;
        }
        wire->stats.duplicated++;
    }
    transit sent = corrupted(wire, frame, 0);
    if (is_full(wire, ends, &sent)) {
        return;
    }
    if (twice && !lost) {
        wire->stats.duplicated++;
        send_copy(wire, ends, frame);
    }
    if (!wire->failed) {
        enter(wire, &sent, 1);
    }
}

static void send(macsec_wire *wire, macsec_wire_ends *ends, const macsec_wire_given *given) {
    const uint8_t *octets = given->octets;
    const int64_t length = given->length;
    wire->stats.octets += length;
    outgoing frame = {octets, length, ++wire->stats.sent, given->frame, given->crc};
    transit of = as_transit(&frame, 0, -1);
    if (length > wire->plan.longest) {
        stop(wire, ends, MACSEC_WIRE_TOO_LONG, &of);
    } else if (is_down(wire)) {
        stop(wire, ends, MACSEC_WIRE_DOWN, &of);
    } else if (wire->plan.match != 0 && !matches(&wire->plan, octets, length)) {
        wire->stats.filtered++;
        if (!is_full(wire, ends, &of)) {
            enter(wire, &of, 0);
        }
    } else if (is_listed(wire)) {
        stop(wire, ends, MACSEC_WIRE_LOST, &of);
    } else {
        impair(wire, ends, &frame);
    }
}

/* --- out --- */

static int is_held(const macsec_wire *wire, const transit *of) {
    return wire->plan.slots && of->due_ps != AHEAD;
}

/* Return the time of the next event; past the horizon while no frame is on its way. */
static int64_t next_ps(const macsec_wire *wire) {
    if (wire->on_way == 0) {
        return INT64_MAX;
    }
    int64_t due = wire->way[0].due_ps;
    if (is_held(wire, &wire->way[0]) && due < wire->slot.open_ps) {
        due = wire->slot.open_ps;
    }
    return due < wire->now_ps ? wire->now_ps : due;
}

static void arrive(macsec_wire *wire, macsec_wire_ends *ends, const transit *of) {
    macsec_wire_stats *stats = &wire->stats;
    int down = is_down(wire);
    if (down || (of->mark & MACSEC_WIRE_CORRUPTED && !wire->plan.fcs_fix)) {
        stop(wire, ends, down ? MACSEC_WIRE_DOWN : MACSEC_WIRE_FCS, of);
        return;
    }
    stop(wire, ends, MACSEC_WIRE_ARRIVED, of);
    stats->received_octets += of->length;
    int64_t late = wire->newest - of->number;
    if (late > 0) {
        stats->reordered++;
        if (stats->reorder_extent < late) {
            stats->reorder_extent = late;
        }
    } else {
        wire->newest = of->number;
    }
}

/* Run the next event at this time: a frame arrives, or a slot is set. */
static void pop(macsec_wire *wire, macsec_wire_ends *ends, int64_t now_ps) {
    int held = is_held(wire, &wire->way[0]);
    if (held) {
        if (wire->slot.open_ps < wire->way[0].due_ps) {
            slot_renew(wire, now_ps);
        }
        if (wire->slot.open_ps > now_ps) {
            return;
        }
    }
    advance(wire, now_ps);
    transit of = heap_pop(wire);
    if (held) {
        slot_took(wire, now_ps, of.length);
    }
    arrive(wire, ends, &of);
}

/* --- the interface --- */

static int64_t *copied(const int64_t *values, uint64_t count) {
    int64_t *copy = calloc(count + 1, sizeof *copy);
    if (copy != NULL && count > 0) {
        memcpy(copy, values, count * sizeof *copy);
    }
    return copy;
}

macsec_wire *macsec_wire_new(const macsec_wire_plan *plan) {
    macsec_wire *wire = calloc(1, sizeof *wire);
    if (wire == NULL) {
        return NULL;
    }
    wire->plan = *plan;
    wire->drops = copied(plan->drops, plan->drop_count);
    wire->edges_ps = copied(plan->edges_ps, plan->edge_count);
    if (wire->drops == NULL || wire->edges_ps == NULL) {
        macsec_wire_free(wire);
        return NULL;
    }
    wire->duplicate = stream_from(plan->duplicate.start, plan->duplicate.weight);
    wire->loss = stream_from(plan->loss.start, plan->loss.weight);
    wire->corrupt = stream_from(plan->corrupt.start, plan->corrupt.weight);
    wire->bits = stream_from(plan->bit_start, 0);
    wire->reorder = stream_from(plan->reorder.start, plan->reorder.weight);
    wire->delay = stream_from(plan->delay.start, plan->delay.weight);
    wire->slot =
        (slots){stream_from(plan->slot_start, 0), 0, plan->slot_packets, plan->slot_octets};
    return wire;
}

void macsec_wire_free(macsec_wire *wire) {
    if (wire == NULL) {
        return;
    }
    free(wire->way);
    free(wire->drops);
    free(wire->edges_ps);
    free(wire);
}

const macsec_wire_stats *macsec_wire_counts(const macsec_wire *wire) {
    return &wire->stats;
}

macsec_wire_status macsec_wire_drain(macsec_wire *wire, int64_t until_ps, macsec_wire_ends *ends) {
    for (int64_t now; (now = next_ps(wire)) <= until_ps;) {
        if (ends->count >= ends->capacity) {
            return MACSEC_WIRE_FULL;
        }
        pop(wire, ends, now);
    }
    return MACSEC_WIRE_DONE;
}

macsec_wire_status macsec_wire_carry(macsec_wire *wire, macsec_wire_job *job,
                                     macsec_wire_ends *ends) {
    for (; job->done < job->count && !wire->failed; job->done++) {
        int64_t now = job->time_ps[job->done];
        if (macsec_wire_drain(wire, now, ends) == MACSEC_WIRE_FULL ||
            ends->capacity - ends->count < MOST_ENDS) {
            return MACSEC_WIRE_FULL;
        }
        advance(wire, now);
        const uint8_t *octets = job->arena + job->start[job->done];
        const int64_t length = job->length[job->done];
        send(wire, ends, &(macsec_wire_given){octets, length, macsec_crc32(octets, length), NULL});
    }
    return wire->failed;
}

int macsec_wire_put(macsec_wire *wire, int64_t now_ps, const macsec_wire_given *given,
                    macsec_wire_ends *ends, macsec_wire_status *status) {
    const uint64_t before = wire->on_way;
    advance(wire, now_ps);
    send(wire, ends, given);
    *status = wire->failed;
    wire->failed = MACSEC_WIRE_DONE; /* the next frame may fit */
    return (int)(wire->on_way - before);
}

int macsec_wire_take(macsec_wire *wire, int64_t now_ps, macsec_wire_ends *ends) {
    const uint64_t before = ends->count;
    if (wire->on_way > 0 && wire->way[0].due_ps <= now_ps) {
        pop(wire, ends, now_ps);
    }
    return ends->count > before;
}

int macsec_wire_drop(macsec_wire *wire, macsec_wire_ends *ends) {
    if (wire->on_way == 0) {
        return 0;
    }
    const transit of = heap_pop(wire);
    add_end(wire, ends, MACSEC_WIRE_LOST, &of);
    return 1;
}

uint64_t macsec_wire_on_way(const macsec_wire *wire) {
    return wire->on_way;
}

uint64_t macsec_wire_eapol_on_way(const macsec_wire *wire) {
    return wire->eapol_on_way;
}

int64_t macsec_wire_due(const macsec_wire *wire) {
    return next_ps(wire);
}

int64_t macsec_wire_oldest(const macsec_wire *wire) {
    int64_t oldest = 0;
    for (uint64_t i = 0; i < wire->on_way; i++) {
        if (i == 0 || wire->way[i].number < oldest) {
            oldest = wire->way[i].number;
        }
    }
    return oldest;
}

void macsec_wire_gather(uint8_t *const *arenas, uint64_t count, const int64_t *source,
                        const int64_t *start, const int64_t *length, const int64_t *bit,
                        uint8_t *out) {
    for (uint64_t i = 0; i < count; i++) {
        memcpy(out, arenas[source[i]] + start[i], (size_t)length[i]);
        if (bit[i] >= 0) {
            out[bit[i] >> 3] ^= (uint8_t)(1u << (bit[i] & 7));
        }
        out += length[i];
    }
}

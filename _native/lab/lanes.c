/* Links of a lab: the twin of _Way in macsec/wire/link.py. */
#include "lab/lab_state.h"

#include <string.h>

#include "base/octets.h"

enum { WIRE = -1, FATE_AT = 19 }; /* priority of arrivals; place of the fate in a record */

int64_t macsec_lab_add_lane(macsec_lab *lab, const macsec_wire_plan *plan, int keyed) {
    macsec_wire *wire = macsec_wire_new(plan);
    const int64_t at = wire == NULL ? -1 : LAB_ADD(lab->lanes, lab->lane_count);
    if (at < 0) {
        macsec_wire_free(wire);
        return -1;
    }
    lab->lanes[at].wire = wire;
    lab->lanes[at].armed_ps = NEVER;
    lab->lanes[at].keyed = keyed != 0;
    return at;
}

const macsec_wire_stats *macsec_lab_lane_stats(const macsec_lab *lab, int64_t at) {
    return macsec_wire_counts(lab->lanes[at].wire);
}

uint64_t macsec_lab_lane_length(const macsec_lab *lab, int64_t at) {
    return macsec_wire_on_way(lab->lanes[at].wire);
}

void macsec_lab_tap(macsec_lab *lab, int64_t at, int on) {
    lab->lanes[at].tapped = on != 0;
}

static int64_t users_on(const lane *l) {
    const uint64_t eapol = l->keyed ? macsec_wire_eapol_on_way(l->wire) : 0;
    return (int64_t)(macsec_wire_on_way(l->wire) - eapol);
}

static void arm(macsec_lab *lab, uint32_t at) {
    lane *l = &lab->lanes[at];
    const int64_t due_ps = macsec_wire_due(l->wire);
    if (due_ps != INT64_MAX && (l->armed_ps == NEVER || due_ps < l->armed_ps)) {
        l->armed_ps = due_ps;
        macsec_lab_schedule(lab, due_ps, WIRE, AGENDA_LANE, at);
    }
}

/* Ends of one frame. */
typedef struct few_ends {
    macsec_wire_ends ends;
    int64_t number[MACSEC_WIRE_MOST_ENDS], bit[MACSEC_WIRE_MOST_ENDS];
    void *frame[MACSEC_WIRE_MOST_ENDS];
    uint8_t records[MACSEC_WIRE_MOST_ENDS * MACSEC_WIRE_RECORD];
} few_ends;

static macsec_wire_ends *few_ends_ready(few_ends *few) {
    few->ends = (macsec_wire_ends){.number = few->number,
                                   .bit = few->bit,
                                   .records = few->records,
                                   .frame = few->frame,
                                   .capacity = MACSEC_WIRE_MOST_ENDS};
    return &few->ends;
}

/* ---------------------------------------------------------------- in */

static void put(macsec_lab *lab, uint32_t at, lab_frame *f) {
    lane *l = &lab->lanes[at];
    few_ends stopped;
    const macsec_wire_given given = {f->octets, f->length, frame_crc(f), f};
    const int64_t users = users_on(l);
    macsec_wire_status status;
    const int entered =
        macsec_wire_put(l->wire, lab_now(lab), &given, few_ends_ready(&stopped), &status);
    f->owners += (uint32_t)entered;
    lab->on_way += entered;
    lab->users += users_on(l) - users;
    for (uint64_t row = 0; row < stopped.ends.count; row++) {
        macsec_lab_record(lab, stopped.records + row * MACSEC_WIRE_RECORD);
    }
    if (status != MACSEC_WIRE_DONE) {
        lab->ended = status == MACSEC_WIRE_HORIZON ? MACSEC_LAB_HORIZON : MACSEC_LAB_NO_MEMORY;
    }
}

void macsec_lab_lane_send(macsec_lab *lab, uint32_t at, lab_frame *f) {
    const macsec_lab_watch watch = lab->lanes[at].watch;
    if (watch.tape != 0) {
        macsec_lab_tape_add(lab, &watch, f);
    }
    if (watch.hooked) {
        lab_hook(lab, MACSEC_LAB_LANE_SENDS, at, 0, f);
    }
    if (lab->ended) {
        return;
    }
    put(lab, at, f);
    arm(lab, at);
}

/* ---------------------------------------------------------------- out */

/* Return the frame as it arrives: with a bit inverted, if one turned. */
static lab_frame *as_arrived(macsec_lab *lab, lab_frame *f, int64_t bit) {
    if (bit < 0) {
        f->owners++;
        return f;
    }
    lab_frame *turned = macsec_frame_copy(&lab->frames, f->octets, f->length);
    if (turned == NULL) {
        lab_no_memory(lab);
        return NULL;
    }
    turned->octets[bit >> 3] ^= (uint8_t)(1u << (bit & 7));
    return turned;
}

static void arrive(macsec_lab *lab, uint32_t at, lab_frame *f, const uint8_t *record) {
    if (lab->lanes[at].tapped) {
        lab_hook(lab, MACSEC_LAB_LANE_ARRIVES, at, record[20], f);
        return;
    }
    macsec_lab_record(lab, record);
    if (!lab->ended) {
        macsec_lab_deliver(lab, (macsec_lab_port){0, at}, f);
    }
}

static int take(macsec_lab *lab, uint32_t at) {
    lane *l = &lab->lanes[at];
    few_ends out;
    const int64_t users = users_on(l);
    if (!macsec_wire_take(l->wire, lab_now(lab), few_ends_ready(&out))) {
        return 0;
    }
    lab->on_way--;
    lab->users += users_on(l) - users;
    lab_frame *f = out.frame[0];
    if (out.records[FATE_AT] != MACSEC_WIRE_ARRIVED) {
        macsec_lab_record(lab, out.records);
    } else {
        lab_frame *arrived = as_arrived(lab, f, out.bit[0]);
        if (arrived != NULL) {
            arrive(lab, at, arrived, out.records);
            frame_drop(&lab->frames, arrived);
        }
    }
    frame_drop(&lab->frames, f);
    return 1;
}

void macsec_lab_lane_fire(macsec_lab *lab, uint32_t at) {
    /* An event that an earlier one overtook finds another time armed, and does nothing. */
    if (lab->lanes[at].armed_ps != lab_now(lab)) {
        return;
    }
    while (!lab->ended && take(lab, at)) {
    }
    lab->lanes[at].armed_ps = NEVER;
    arm(lab, at);
}

macsec_lab_end macsec_lab_hand(macsec_lab *lab, int64_t at, uint32_t mark, const uint8_t *octets,
                               int64_t length) {
    lab_frame *f = macsec_frame_copy(&lab->frames, octets, length);
    if (f == NULL) {
        return MACSEC_LAB_NO_MEMORY;
    }
    uint8_t record[MACSEC_WIRE_RECORD] = {0};
    macsec_wire_label(lab->lanes[at].wire, record);
    store_le64(record, (uint64_t)lab_now(lab));
    store_le32(record + 8, (uint32_t)length);
    store_le32(record + 12, frame_crc(f));
    record[20] = (uint8_t)mark;
    macsec_lab_record(lab, record);
    if (!lab->ended) {
        macsec_lab_deliver(lab, (macsec_lab_port){0, (uint32_t)at}, f);
    }
    frame_drop(&lab->frames, f);
    return lab_ended(lab);
}

/* One direction of a virtual wire, frames by the batch: the twin of macsec/wire/lane.py and
   macsec/wire/impairments.py. The declarations between the marker lines are the header and the
   cffi cdef at once. */
#ifndef MACSEC_CALENDAR_H
#define MACSEC_CALENDAR_H

#include <stddef.h>
#include <stdint.h>

/* cdef: begin */
/* How a frame can end, and what happened to it on its way: Fate and Mark of wire/trace.py. */
#define MACSEC_WIRE_ARRIVED 0
#define MACSEC_WIRE_LOST 1
#define MACSEC_WIRE_QUEUE 2
#define MACSEC_WIRE_DOWN 3
#define MACSEC_WIRE_TOO_LONG 4
#define MACSEC_WIRE_FCS 5
#define MACSEC_WIRE_COPY 1
#define MACSEC_WIRE_CORRUPTED 2

#define MACSEC_WIRE_LOSS_NONE 0
#define MACSEC_WIRE_LOSS_RANDOM 1
#define MACSEC_WIRE_LOSS_STATE 2
#define MACSEC_WIRE_LOSS_GEMODEL 3

#define MACSEC_WIRE_MATCH_ETHERTYPE 1
#define MACSEC_WIRE_MATCH_VLAN 2
#define MACSEC_WIRE_MATCH_SCI 4
#define MACSEC_WIRE_MATCH_AN 8

#define MACSEC_WIRE_ORDERED_NETEM 0
#define MACSEC_WIRE_ORDERED_NEVER 1
#define MACSEC_WIRE_ORDERED_ALWAYS 2

/* Chances and weights are in units of 2^-32; `start` is the first state of a stream. */
typedef struct {
    uint64_t start;
    uint64_t weight;
    uint64_t below;
} macsec_wire_dice;

/* `table`: 4096 entries, or NULL for uniform; it has to outlive the wire. */
typedef struct {
    uint64_t start;
    uint64_t weight;
    int64_t mean_ps;
    int64_t jitter_ps;
    const int16_t *table;
} macsec_wire_spread;

typedef struct {
    macsec_wire_dice duplicate;
    macsec_wire_dice loss;
    macsec_wire_dice corrupt;
    macsec_wire_dice reorder;
    macsec_wire_spread delay;
    macsec_wire_spread slot; /* unless slot_most_ps is given */
    uint64_t loss_limits[5]; /* state: p13 p31 p32 p23 p14; gemodel: p r 1-h 1-k */
    uint64_t bit_start;      /* stream: which bit turns */
    uint64_t slot_start;     /* stream: between least and most */
    int64_t slot_least_ps;
    int64_t slot_most_ps;
    int64_t slot_packets;
    int64_t slot_octets;
    uint64_t rate; /* bit/s, 0 for none */
    int64_t overhead;
    int64_t cell;
    int64_t cell_overhead;
    uint64_t limit;
    uint64_t gap;
    int64_t longest;      /* octets of a frame */
    const int64_t *drops; /* sorted */
    uint64_t drop_count;
    const int64_t *edges_ps; /* sorted: down, up, down, up ... */
    uint64_t edge_count;
    uint64_t match_sci;
    uint32_t match_ethertype;
    uint32_t match_vlan;
    uint32_t match_an;
    uint32_t match; /* which of them are wanted */
    uint32_t loss_model;
    uint32_t slots; /* 0: none */
    uint32_t ordered;
    uint32_t fcs_fix;
    uint32_t corrupt_at; /* index in CORRUPT_AT of wire/param_values.py */
    uint32_t link;
    uint32_t direction;
} macsec_wire_plan;

/* In the order of LinkStats. */
typedef struct {
    int64_t sent;
    int64_t received;
    int64_t octets;
    int64_t received_octets;
    int64_t lost;
    int64_t queue_drops;
    int64_t fcs_errors;
    int64_t corrupted;
    int64_t duplicated;
    int64_t reordered;
    int64_t reorder_extent;
    int64_t queue_high;
    int64_t too_long;
    int64_t down_drops;
    int64_t filtered;
    int64_t busy_ps;
    int64_t elapsed_ps;
} macsec_wire_stats;

/* Frames to send. `done` says how far a run came. */
typedef struct {
    const uint8_t *arena;
    const int64_t *start;
    const int64_t *length;
    const int64_t *time_ps; /* never before that of the frame ahead */
    uint64_t count;
    uint64_t done;
} macsec_wire_job;

/* Ends of frames, in order: the number of the frame among those sent, from 1; the bit that turned
   or -1; and 24 octets as they are hashed (LAYOUT in wire/trace.py). */
typedef struct {
    int64_t *number;
    int64_t *bit;
    uint8_t *records;
    uint64_t capacity;
    uint64_t count;
} macsec_wire_ends;

typedef struct macsec_wire macsec_wire;

/* Why a run ended. */
#define MACSEC_WIRE_DONE 0
#define MACSEC_WIRE_FULL 1 /* the columns of ends: empty them and call again */
#define MACSEC_WIRE_MEMORY 2
#define MACSEC_WIRE_HORIZON 3 /* a frame would come out after the end of time */

/* NULL where memory is short. The plan is copied, its tables are not. */
macsec_wire *macsec_wire_new(const macsec_wire_plan *plan);
void macsec_wire_free(macsec_wire *wire);
const macsec_wire_stats *macsec_wire_counts(const macsec_wire *wire);

/* Send the frames from `done` on, each at its time, after all that was due up to it. */
int macsec_wire_carry(macsec_wire *wire, macsec_wire_job *job, macsec_wire_ends *ends);
/* Let all come out that is due up to a time. */
int macsec_wire_drain(macsec_wire *wire, int64_t until_ps, macsec_wire_ends *ends);
/* When something is to be done next, in ps; INT64_MAX while nothing is on its way. */
int64_t macsec_wire_due(const macsec_wire *wire);
/* The lowest number of a frame on its way, 0 if there is none. */
int64_t macsec_wire_oldest(const macsec_wire *wire);

/* Copy `count` frames one behind the other: the octets from `start` on of the arena of its
   `source`, with one bit turned unless that is -1. `out` has room for all. */
void macsec_wire_gather(uint8_t *const *arenas, uint64_t count, const int64_t *source,
                        const int64_t *start, const int64_t *length, const int64_t *bit,
                        uint8_t *out);
/* cdef: end */

#endif

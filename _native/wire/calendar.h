/* One direction of a virtual wire, frames in batches: the twin of macsec/wire/lane.py and
   macsec/wire/impairments.py. The declarations between the markers are cffi's too. */
#ifndef MACSEC_CALENDAR_H
#define MACSEC_CALENDAR_H

#include <stddef.h>
#include <stdint.h>

/* cdef: begin */
/* How a frame can end: Fate of macsec/wire/trace.py. */
typedef enum macsec_wire_fate {
    MACSEC_WIRE_ARRIVED = 0,
    MACSEC_WIRE_LOST = 1,
    MACSEC_WIRE_QUEUE = 2,
    MACSEC_WIRE_DOWN = 3,
    MACSEC_WIRE_TOO_LONG = 4,
    MACSEC_WIRE_FCS = 5
} macsec_wire_fate;

/* What happened to a frame on its way, as bits: Mark of macsec/wire/trace.py. */
typedef enum macsec_wire_mark { MACSEC_WIRE_COPY = 1, MACSEC_WIRE_CORRUPTED = 2 } macsec_wire_mark;

typedef enum macsec_wire_loss {
    MACSEC_WIRE_LOSS_NONE = 0,
    MACSEC_WIRE_LOSS_RANDOM = 1,
    MACSEC_WIRE_LOSS_STATE = 2,
    MACSEC_WIRE_LOSS_GEMODEL = 3
} macsec_wire_loss;

/* Fields that a filter compares, as bits. */
typedef enum macsec_wire_match {
    MACSEC_WIRE_MATCH_ETHERTYPE = 1,
    MACSEC_WIRE_MATCH_VLAN = 2,
    MACSEC_WIRE_MATCH_SCI = 4,
    MACSEC_WIRE_MATCH_AN = 8
} macsec_wire_match;

/* Whether a frame may overtake another: with a rate netem keeps the order, without one it does not.
 */
typedef enum macsec_wire_ordered {
    MACSEC_WIRE_ORDERED_NETEM = 0,
    MACSEC_WIRE_ORDERED_NEVER = 1,
    MACSEC_WIRE_ORDERED_ALWAYS = 2
} macsec_wire_ordered;

/* Where bits turn: CORRUPT_AT of macsec/wire/param_values.py. */
typedef enum macsec_wire_field {
    MACSEC_WIRE_AT_ANY = 0,
    MACSEC_WIRE_AT_DST = 1,
    MACSEC_WIRE_AT_SECTAG = 2,
    MACSEC_WIRE_AT_SCI = 3,
    MACSEC_WIRE_AT_PN = 4,
    MACSEC_WIRE_AT_PAYLOAD = 5,
    MACSEC_WIRE_AT_ICV = 6
} macsec_wire_field;

/* Chances and weights are in units of 2^-32; `start` is the first state of a stream. */
typedef struct {
    uint64_t start;
    uint64_t weight;
    uint64_t below;
} macsec_wire_dice;

/* `table`: 4096 entries, or NULL for a uniform distribution; it has to outlive the wire. */
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
    macsec_wire_spread slot; /* used unless slot_most_ps is given */
    uint64_t loss_limits[5]; /* state: p13 p31 p32 p23 p14; gemodel: p r 1-h 1-k */
    uint64_t bit_start;      /* stream: the bit to turn */
    uint64_t slot_start;     /* stream: from least to most */
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
    uint32_t match;      /* bits of macsec_wire_match */
    uint32_t loss_model; /* macsec_wire_loss */
    uint32_t slots;      /* 0: none */
    uint32_t ordered;    /* macsec_wire_ordered */
    uint32_t fcs_fix;
    uint32_t corrupt_at; /* index in CORRUPT_AT of wire/param_values.py */
    uint32_t sectag_ethertype;
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

/* Frames to send. `done` is the number of frames sent so far. */
typedef struct {
    const uint8_t *arena;
    const int64_t *start;
    const int64_t *length;
    const int64_t *time_ps; /* not before that of the previous frame */
    uint64_t count;
    uint64_t done;
} macsec_wire_job;

/* Ends of frames, in order: the number of the frame, counted from 1 as sent; the bit that turned,
   or -1; and 24 octets as the trace hashes them (LAYOUT in macsec/wire/trace.py). */
typedef struct {
    int64_t *number;
    int64_t *bit;
    uint8_t *records;
    void **frame; /* NULL, or where the caller's pointer to each frame goes */
    uint64_t capacity;
    uint64_t count;
} macsec_wire_ends;

typedef struct macsec_wire macsec_wire;

/* Why a run ended. */
typedef enum macsec_wire_status {
    MACSEC_WIRE_DONE = 0,
    MACSEC_WIRE_FULL = 1, /* the columns of ends: empty them and call again */
    MACSEC_WIRE_MEMORY = 2,
    MACSEC_WIRE_HORIZON = 3 /* a frame would arrive after the end of time */
} macsec_wire_status;

/* Make a wire, or return NULL where memory is short. The plan is copied; its tables are not. */
macsec_wire *macsec_wire_new(const macsec_wire_plan *plan);
void macsec_wire_free(macsec_wire *wire);
const macsec_wire_stats *macsec_wire_counts(const macsec_wire *wire);

/* Send the frames from `done` on, each at its time, after all arrivals up to that time. */
macsec_wire_status macsec_wire_carry(macsec_wire *wire, macsec_wire_job *job,
                                     macsec_wire_ends *ends);
/* Deliver all frames that are due up to a time. */
macsec_wire_status macsec_wire_drain(macsec_wire *wire, int64_t until_ps, macsec_wire_ends *ends);
/* Return the time of the next event in ps, or INT64_MAX while no frame is on its way. */
int64_t macsec_wire_due(const macsec_wire *wire);
/* Return the lowest number of the frames on their way, or 0. */
int64_t macsec_wire_oldest(const macsec_wire *wire);

/* Copy `count` frames one behind the other to `out`, which has room for all. Frame i has `length`
   octets from `start` on in the arena of its `source`; bit `bit` is inverted, unless it is -1. */
void macsec_wire_gather(uint8_t *const *arenas, uint64_t count, const int64_t *source,
                        const int64_t *start, const int64_t *length, const int64_t *bit,
                        uint8_t *out);
/* cdef: end */

/* One frame at a time, for a caller in C that has a calendar of its own. */
enum { MACSEC_WIRE_RECORD = 24, MACSEC_WIRE_MOST_ENDS = 3 };

typedef struct {
    const uint8_t *octets;
    int64_t length;
    uint32_t crc; /* of the octets */
    void *frame;  /* comes back with each end of the frame */
} macsec_wire_given;

/* Send a frame now; `ends` has room for MACSEC_WIRE_MOST_ENDS. Return how many times it is on its
   way now: 0, 1, or 2 if it was duplicated. `status` is DONE, MEMORY or HORIZON. */
int macsec_wire_put(macsec_wire *wire, int64_t now_ps, const macsec_wire_given *given,
                    macsec_wire_ends *ends, macsec_wire_status *status);
/* Take one frame out that is due now, with its end. Return 0 if there is none, or a slot waits. */
int macsec_wire_take(macsec_wire *wire, int64_t now_ps, macsec_wire_ends *ends);
/* Take out any frame that is on its way, due or not; it does not arrive and is not counted. Return
   0 if there is none. */
int macsec_wire_drop(macsec_wire *wire, macsec_wire_ends *ends);
/* Write link and direction into a record. */
void macsec_wire_label(const macsec_wire *wire, uint8_t *record);
/* Return how many frames are on their way, and how many of them are EAPOL. */
uint64_t macsec_wire_on_way(const macsec_wire *wire);
uint64_t macsec_wire_eapol_on_way(const macsec_wire *wire);

#endif

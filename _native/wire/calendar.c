/* One direction of a virtual wire: impairments in netem's order, and a calendar of what is on its
   way. The twin of macsec/sim/lane.py and macsec/sim/impairments.py, function for function.

   Times are ps and stay below 2^62, so that the sum of two fits. Frames are looked at when they
   are sent and never again: the calendar holds their number, length and CRC. */
#include "wire/calendar.h"

#include <stdlib.h>
#include <string.h>

#include "base/octets.h"
#include "base/sectag.h"

#define HORIZON_PS (((uint64_t)1 << 62) - 1)
#define PS_PER_S 1000000000000u
#define ONE ((uint64_t)1 << 32)

enum {
    RECORD = 24,
    AHEAD = -1, /* due before everything, and not held by a slot */
    TABLE_SIZE = 4096,
    SCALE_BITS = 13,
    SCALE = 1 << SCALE_BITS,
    MOST_ENDS = 3, /* of one frame when it is sent: it is lost, or it and its copy */
    FIRST_ROOM = 64,
    MOST_TAGS = 2,
    ICV_LENGTH = 16,
    NATIVE_OCTETS = 1 << 21 /* up to here octets * 8 * 10^12 fits 64 bits */
};

enum { AT_ANY, AT_DST, AT_SECTAG, AT_SCI, AT_PN, AT_PAYLOAD, AT_ICV };

__extension__ typedef unsigned __int128 uwide;

typedef struct {
    uint64_t state;
    uint64_t weight;
    uint64_t last;
} stream;

typedef struct {
    int64_t due_ps;
    uint64_t sequence;
    int64_t number;
    int64_t bit;
    int64_t length;
    uint32_t crc;
    uint32_t mark;
} transit;

typedef struct {
    stream draws;
    int64_t open_ps;
    int64_t packets;
    int64_t octets;
} slots;

struct macsec_wire {
    macsec_wire_plan plan;
    macsec_wire_stats stats;
    stream duplicate, loss, corrupt, bits, reorder, delay;
    slots slot;
    transit *way; /* a heap */
    uint64_t on_way, room;
    int64_t *drops, *edges_ps;
    uint64_t next_drop, next_edge;
    uint64_t since; /* frames since the last that overtook */
    uint64_t sequence;
    int64_t matched;
    int64_t newest;
    int64_t now_ps, first_ps;
    uint64_t free_ps, latest_ps;
    unsigned loss_state;
    int started;
    int failed; /* a MACSEC_WIRE_ status that ends the run */
};

/* A frame as it is sent. */
typedef struct {
    const uint8_t *octets;
    int64_t length;
    int64_t number;
    uint32_t crc;
} outgoing;

/* --- CRC-32 of IEEE 802.3, 16 octets at a time --- */

enum { CRC_SLICES = 16 };
static uint32_t crc_table[CRC_SLICES][256];

__attribute__((constructor)) static void crc_prepare(void) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (0xEDB88320u & (0u - (crc & 1)));
        }
        crc_table[0][i] = crc;
    }
    for (int slice = 1; slice < CRC_SLICES; slice++) {
        for (int i = 0; i < 256; i++) {
            uint32_t before = crc_table[slice - 1][i];
            crc_table[slice][i] = before >> 8 ^ crc_table[0][before & 0xFF];
        }
    }
}

/* What four octets give that have 4 * `words_behind` more of the step behind them. */
static uint32_t crc_word(uint32_t word, int words_behind) {
    uint32_t (*table)[256] = crc_table + 4 * words_behind;
    return table[3][word & 0xFF] ^ table[2][word >> 8 & 0xFF] ^ table[1][word >> 16 & 0xFF] ^
           table[0][word >> 24];
}

/* Continues a CRC whose bits are inverted, as it is between the parts of a frame. */
static uint32_t crc_more(uint32_t crc, const uint8_t *p, size_t length) {
    for (; length >= CRC_SLICES; p += CRC_SLICES, length -= CRC_SLICES) {
        crc = crc_word(load_le32(p) ^ crc, 3) ^ crc_word(load_le32(p + 4), 2) ^
              crc_word(load_le32(p + 8), 1) ^ crc_word(load_le32(p + 12), 0);
    }
    for (; length > 0; p++, length--) {
        crc = crc >> 8 ^ crc_table[0][(crc ^ *p) & 0xFF];
    }
    return crc;
}

static uint32_t crc_of(const uint8_t *octets, int64_t length) {
    return ~crc_more(~0u, octets, (size_t)length);
}

static uint32_t crc_turned(const outgoing *frame, int64_t bit) {
    size_t at = (size_t)(bit >> 3);
    uint8_t octet = (uint8_t)(frame->octets[at] ^ 1u << (bit & 7));
    uint32_t crc = crc_more(~0u, frame->octets, at);
    crc = crc_more(crc, &octet, 1);
    return ~crc_more(crc, frame->octets + at + 1, (size_t)frame->length - at - 1);
}

/* --- streams --- */

static uint32_t draw(stream *s) {
    uint64_t z = s->state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    uint64_t fresh = (z ^ z >> 31) >> 32;
    if (s->weight == 0) {
        return (uint32_t)fresh;
    }
    s->last = (fresh * (ONE - s->weight) + s->last * s->weight) >> 32;
    return (uint32_t)s->last;
}

static stream stream_from(uint64_t start, uint64_t weight) {
    stream s = {.state = start};
    if (weight != 0) {
        s.last = draw(&s);
        s.weight = weight;
    }
    return s;
}

static int64_t draw_below(stream *s, int64_t limit) {
    return (int64_t)((uwide)draw(s) * (uint64_t)limit >> 32);
}

static int fall(stream *s, uint64_t below) {
    return below > 0 && draw(s) < below;
}

/* --- fields of frames: macsec/sim/fields.py --- */

typedef struct {
    int64_t at; /* of the EtherType behind VLAN tags */
    int64_t ethertype;
    int64_t vlan;
    int has_tag;
    int has_sci;
    uint64_t sci;
    sectag tag;
} sight;

static void see_sci(sight *seen, const uint8_t *octets) {
    uint64_t system = load_be48(octets + 6);
    seen->has_sci = (seen->tag.tci & (TCI_SC | TCI_SCB | TCI_ES)) != 0;
    if (seen->tag.tci & TCI_SC) {
        seen->sci = load_be64(octets + seen->at + SECTAG_WITHOUT_SCI);
    } else {
        seen->sci = system << 16 | (seen->tag.tci & TCI_SCB ? 0 : 1);
    }
}

static sight observe(const uint8_t *octets, int64_t length) {
    sight seen = {.ethertype = -1, .vlan = -1};
    seen.at = (int64_t)clear_tags_end(octets, (size_t)length, MOST_TAGS);
    if (seen.at > ADDRESSES_LENGTH) {
        seen.vlan = load_be16(octets + ADDRESSES_LENGTH + 2) & 0xFFF;
    }
    if (length < seen.at + 2) {
        return seen;
    }
    seen.ethertype = load_be16(octets + seen.at);
    if (seen.ethertype == ETHERTYPE_MACSEC) {
        seen.has_tag = sectag_decode(octets + seen.at, (size_t)(length - seen.at), &seen.tag);
    }
    if (seen.has_tag) {
        see_sci(&seen, octets);
    }
    return seen;
}

static int matches(const macsec_wire_plan *plan, const uint8_t *octets, int64_t length) {
    sight seen = observe(octets, length);
    if (plan->match & MACSEC_WIRE_MATCH_ETHERTYPE && seen.ethertype != plan->match_ethertype) {
        return 0;
    }
    if (plan->match & MACSEC_WIRE_MATCH_VLAN && seen.vlan != plan->match_vlan) {
        return 0;
    }
    if (plan->match & MACSEC_WIRE_MATCH_SCI && !(seen.has_sci && seen.sci == plan->match_sci)) {
        return 0;
    }
    return !(plan->match & MACSEC_WIRE_MATCH_AN) || (seen.has_tag && seen.tag.an == plan->match_an);
}

typedef struct {
    int64_t start, stop;
} span;

static const span NOWHERE = {0, 0};

/* Secure Data or ICV, where their lengths fit. */
static span in_secure(const sight *seen, int64_t length, uint32_t where) {
    int64_t mpdu = length - seen->at, tag = (int64_t)seen->tag.length;
    int64_t secure = seen->tag.sl != 0 ? (int64_t)seen->tag.sl : mpdu - tag - ICV_LENGTH;
    if (secure < 1 || tag + secure + ICV_LENGTH > mpdu) {
        return NOWHERE;
    }
    int64_t start = seen->at + tag;
    if (where == AT_PAYLOAD) {
        return (span){start, start + secure};
    }
    return (span){start + secure, start + secure + ICV_LENGTH};
}

static span octets_at(uint32_t where, const uint8_t *octets, int64_t length) {
    if (where == AT_ANY || (where == AT_DST && length < 6)) {
        return (span){0, length};
    }
    if (where == AT_DST) {
        return (span){0, 6};
    }
    sight seen = observe(octets, length);
    if (where == AT_PAYLOAD && seen.ethertype != ETHERTYPE_MACSEC) {
        return length > seen.at + 2 ? (span){seen.at + 2, length} : NOWHERE;
    }
    if (!seen.has_tag) {
        return NOWHERE;
    }
    int64_t tag_end = seen.at + (int64_t)seen.tag.length;
    switch (where) {
    case AT_SECTAG:
        return (span){seen.at, tag_end};
    case AT_PN:
        return (span){seen.at + 4, seen.at + SECTAG_WITHOUT_SCI};
    case AT_SCI:
        return seen.tag.tci & TCI_SC ? (span){seen.at + SECTAG_WITHOUT_SCI, tag_end} : NOWHERE;
    default:
        return in_secure(&seen, length, where);
    }
}

/* --- impairments: macsec/sim/impairments.py --- */

/* Below the first number go here, below the second there, else stay so; states 1 to 4. */
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
    span field = octets_at(wire->plan.corrupt_at, frame->octets, frame->length);
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

/* --- the calendar: a binary heap by (due, sequence) --- */

static int before(const transit *a, const transit *b) {
    return a->due_ps < b->due_ps || (a->due_ps == b->due_ps && a->sequence < b->sequence);
}

static int heap_room(macsec_wire *wire) {
    if (wire->on_way < wire->room) {
        return 1;
    }
    uint64_t room = wire->room > 0 ? 2 * wire->room : FIRST_ROOM;
    transit *way = room > SIZE_MAX / sizeof *way ? NULL : realloc(wire->way, room * sizeof *way);
    if (way == NULL) {
        return 0;
    }
    wire->way = way;
    wire->room = room;
    return 1;
}

static void heap_push(macsec_wire *wire, const transit *added) {
    uint64_t at = wire->on_way++;
    while (at > 0 && before(added, &wire->way[(at - 1) / 2])) {
        wire->way[at] = wire->way[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    wire->way[at] = *added;
}

static transit heap_pop(macsec_wire *wire) {
    transit *way = wire->way, top = way[0];
    uint64_t count = --wire->on_way, at = 0, child = 1;
    const transit last = way[count];
    for (; child < count; child = 2 * at + 1) {
        if (child + 1 < count && before(&way[child + 1], &way[child])) {
            child++;
        }
        if (!before(&way[child], &last)) {
            break;
        }
        way[at] = way[child];
        at = child;
    }
    way[at] = last;
    return top;
}

/* --- ends --- */

static void add_end(const macsec_wire *wire, macsec_wire_ends *ends, int fate, const transit *of) {
    uint64_t row = ends->count++;
    uint8_t *record = ends->records + row * RECORD;
    ends->number[row] = of->number;
    ends->bit[row] = of->bit;
    store_le64(record, (uint64_t)wire->now_ps);
    store_le32(record + 8, (uint32_t)of->length);
    store_le32(record + 12, of->crc);
    store_le16(record + 16, (uint16_t)wire->plan.link);
    record[18] = (uint8_t)wire->plan.direction;
    record[19] = (uint8_t)fate;
    record[20] = (uint8_t)of->mark;
    memset(record + 21, 0, 3);
}

static transit as_transit(const outgoing *frame, uint32_t mark, int64_t bit) {
    return (transit){.number = frame->number,
                     .bit = bit,
                     .length = frame->length,
                     .crc = bit < 0 ? frame->crc : crc_turned(frame, bit),
                     .mark = bit < 0 ? mark : mark | MACSEC_WIRE_CORRUPTED};
}

static void stop(macsec_wire *wire, macsec_wire_ends *ends, int fate, const transit *of) {
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

/* Time never goes back, so the place among the edges only rises. */
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

/* Whole ps, rounded up. What is beyond the horizon comes out as the horizon. */
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

/* Unsigned, since a rate of a few bit/s may lead past the horizon, and then some. */
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

/* The second of a pair goes first, through all steps but the duplication. */
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

static void send(macsec_wire *wire, macsec_wire_ends *ends, const uint8_t *octets, int64_t length) {
    wire->stats.octets += length;
    outgoing frame = {octets, length, ++wire->stats.sent, crc_of(octets, length)};
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

/* When something is to be done next; past the horizon while nothing is on its way. */
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

/* What is to be done at this time, the next of it: a frame comes out, or a slot is set. */
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

int macsec_wire_drain(macsec_wire *wire, int64_t until_ps, macsec_wire_ends *ends) {
    for (int64_t now; (now = next_ps(wire)) <= until_ps;) {
        if (ends->count >= ends->capacity) {
            return MACSEC_WIRE_FULL;
        }
        pop(wire, ends, now);
    }
    return MACSEC_WIRE_DONE;
}

int macsec_wire_carry(macsec_wire *wire, macsec_wire_job *job, macsec_wire_ends *ends) {
    for (; job->done < job->count && !wire->failed; job->done++) {
        int64_t now = job->time_ps[job->done];
        if (macsec_wire_drain(wire, now, ends) == MACSEC_WIRE_FULL ||
            ends->capacity - ends->count < MOST_ENDS) {
            return MACSEC_WIRE_FULL;
        }
        advance(wire, now);
        send(wire, ends, job->arena + job->start[job->done], job->length[job->done]);
    }
    return wire->failed;
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

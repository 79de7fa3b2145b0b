/* pcap and pcapng: find each record, and write frames as records.

   The twin of ReferenceIndex in macsec/captures/index.py and of reference_emit in
   macsec/captures/emit.py: the same rows, the same faults, the same octets. Nothing here allocates.
   No length of the file is trusted: each is compared with the octets left before it is used, in the
   form `length <= left`, which cannot wrap. */
#include "captures/capture.h"

#include <string.h>

#include "base/octets.h"

enum {
    TYPE_IDB = 1,
    TYPE_PB = 2,
    TYPE_SPB = 3,
    TYPE_EPB = 6,
    TYPE_SHB = 0x0A0D0D0A,
    LINK_ETHERNET = 1,
    CAPTURED_MOST = 262144,
    BLOCK_MOST = 16 * 1024 * 1024 + 128 * 1024,
    PACKET_LEAST = 32, /* octets of an EPB or PB without frame and options */
    SIMPLE_LEAST = 16,
    BLOCK_LEAST = 12,
    OPTION_END = 0,
    OPTION_FLAGS = 2,
    FLAGS_FCS = 0x1E0,
    FLAGS_FCS_SHIFT = 5,
    OPTIONS_MOST = 1 << 24
};

#define NS_PER_S 1000000000

__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 uwide;

typedef struct {
    int64_t start, length, wire_length, time_ns, source, flags, options, options_length;
} row;

/* --- fields --- */

static uint32_t field32(const uint8_t *at, uint32_t big) {
    return big ? load_be32(at) : load_le32(at);
}

static uint32_t field16(const uint8_t *at, uint32_t big) {
    return big ? load_be16(at) : load_le16(at);
}

static uint8_t *append32(uint8_t *at, uint64_t value) {
    store_le32(at, (uint32_t)value);
    return at + 4;
}

static uint8_t *append16(uint8_t *at, uint64_t value) {
    store_le16(at, (uint16_t)value);
    return at + 2;
}

static uint64_t padded(uint64_t length) {
    return (length + 3) & ~(uint64_t)3;
}

/* --- index --- */

static void put_row(const macsec_capture_columns *columns, uint64_t at, const row *from) {
    columns->start[at] = from->start;
    columns->length[at] = from->length;
    columns->wire_length[at] = from->wire_length;
    columns->time_ns[at] = from->time_ns;
    columns->source[at] = from->source;
    columns->flags[at] = from->flags;
    columns->options[at] = from->options;
    columns->options_length[at] = from->options_length;
}

/* The three ways to end a step; each returns 0, which the caller returns in turn. */

static uint64_t want(macsec_capture_state *state, uint64_t needed) {
    state->stop = MACSEC_CAPTURE_MORE;
    state->needed = needed;
    return 0;
}

static uint64_t hand_over(macsec_capture_state *state) {
    state->stop = MACSEC_CAPTURE_BLOCK;
    return 0;
}

static uint64_t refuse(macsec_capture_state *state, macsec_capture_fault fault, uint64_t offset,
                       uint64_t value, uint64_t limit) {
    state->stop = MACSEC_CAPTURE_FAULT;
    state->fault = fault;
    state->fault_offset = offset;
    state->value = value;
    state->limit = limit;
    return 0;
}

/* Where the captured length is over the original one, the captured one counts, as in libpcap. */
static void set_lengths(row *into, uint64_t captured, uint64_t wire, uint64_t fcs) {
    if (wire < captured) {
        wire = captured;
    }
    wire = wire > fcs ? wire - fcs : 0;
    into->wire_length = (int64_t)wire;
    into->length = (int64_t)(captured < wire ? captured : wire);
}

static int64_t ticks_to_ns(const macsec_capture_interface *from, uint64_t ticks) {
    uwide scaled = 0;
    if (from->divide == 1) {
        scaled = from->shift < 128 ? (uwide)ticks * from->multiply >> from->shift : 0;
    } else if (from->divide > 1) {
        scaled = ticks / from->divide;
    }
    wide ns = (wide)scaled + (wide)from->offset_s * NS_PER_S;
    if (ns > INT64_MAX) {
        return INT64_MAX;
    }
    return ns < INT64_MIN ? INT64_MIN : (int64_t)ns;
}

/* Index one pcap record. Return its octets, or 0 with the reason in `state`. */
static uint64_t pcap_step(macsec_capture_state *state, const uint8_t *chunk, uint64_t at,
                          uint64_t left, row *into) {
    const uint64_t header = state->record_header;
    if (left < header) {
        return want(state, header);
    }
    const uint8_t *record = chunk + at;
    uint64_t captured = field32(record + 8, state->big);
    uint64_t wire = field32(record + 12, state->big);
    if (state->swapped == 1 || (state->swapped == 2 && captured > wire)) {
        const uint64_t first = captured;
        captured = wire;
        wire = first;
    }
    if (captured > CAPTURED_MOST) {
        return refuse(state, MACSEC_CAPTURE_CAPTURED, at + 8, captured, CAPTURED_MOST);
    }
    if (left - header < captured) {
        return want(state, header + captured);
    }
    into->start = (int64_t)(at + header);
    set_lengths(into, captured, wire, state->interfaces[0].fcs);
    into->time_ns = (int64_t)field32(record, state->big) * NS_PER_S +
                    (int64_t)(field32(record + 4, state->big) * state->interfaces[0].multiply);
    return header + captured;
}

/* The interface that a packet names, or NULL with the reason in `state`. */
static const macsec_capture_interface *find_interface(macsec_capture_state *state, uint64_t number,
                                                      uint64_t at) {
    if (number >= state->interface_count) {
        refuse(state, MACSEC_CAPTURE_INTERFACE, at + 8, number, state->interface_count);
        return NULL;
    }
    const macsec_capture_interface *found = state->interfaces + number;
    if (found->link_type != LINK_ETHERNET) {
        hand_over(state);
        return NULL;
    }
    return found;
}

static int captured_fits(macsec_capture_state *state, uint64_t captured, uint64_t offset,
                         uint64_t room, uint64_t total) {
    if (captured > CAPTURED_MOST) {
        refuse(state, MACSEC_CAPTURE_CAPTURED, offset, captured, CAPTURED_MOST);
    } else if (captured > room) {
        refuse(state, MACSEC_CAPTURE_ROOM, offset, captured, total);
    } else {
        return 1;
    }
    return 0;
}

/* Read the flags from the options in [at, end), and the place of the options if there are others.
 */
static void packet_options(const macsec_capture_state *state, const uint8_t *chunk, uint64_t at,
                           uint64_t end, row *into) {
    const uint64_t first = at;
    int others = 0;
    while (at < end && end - at >= 4) {
        const uint64_t code = field16(chunk + at, state->big);
        const uint64_t length = field16(chunk + at + 2, state->big);
        if (code == OPTION_END) {
            break;
        }
        if (padded(length) > end - at - 4) {
            into->flags |= MACSEC_CAPTURE_ODD;
            break;
        }
        if (code == OPTION_FLAGS && length == 4) {
            into->flags = (into->flags & MACSEC_CAPTURE_ODD) | field32(chunk + at + 4, state->big);
        } else {
            others = 1;
        }
        at += 4 + padded(length);
    }
    if (others) {
        into->options = (int64_t)first;
        into->options_length = (int64_t)(at - first);
    }
}

/* Fill the row of an enhanced (or obsolete) packet block that is whole at `at`. */
static int packet_row(macsec_capture_state *state, const uint8_t *chunk, uint64_t at,
                      uint64_t total, uint32_t type, row *into) {
    const uint8_t *block = chunk + at;
    const uint32_t big = state->big;
    const uint64_t number = type == TYPE_EPB ? field32(block + 8, big) : field16(block + 8, big);
    const macsec_capture_interface *from = find_interface(state, number, at);
    if (from == NULL) {
        return 0;
    }
    const uint64_t captured = field32(block + 20, big);
    if (!captured_fits(state, captured, at + 20, total - PACKET_LEAST, total)) {
        return 0;
    }
    const uint64_t options = at + 28 + padded(captured);
    packet_options(state, chunk, options, at + total - 4, into);
    uint64_t fcs = from->fcs;
    if (((uint64_t)into->flags & FLAGS_FCS) != 0 && !state->fcs_fixed) {
        fcs = ((uint64_t)into->flags & FLAGS_FCS) >> FLAGS_FCS_SHIFT;
    }
    into->start = (int64_t)(at + 28);
    set_lengths(into, captured, field32(block + 24, big), fcs);
    into->time_ns =
        ticks_to_ns(from, (uint64_t)field32(block + 12, big) << 32 | field32(block + 16, big));
    into->source = state->source_base + (int64_t)number;
    return 1;
}

/* Fill the row of a simple packet block that is whole at `at`: interface 0, no time. */
static int simple_row(macsec_capture_state *state, const uint8_t *chunk, uint64_t at,
                      uint64_t total, row *into) {
    const macsec_capture_interface *from = find_interface(state, 0, at);
    if (from == NULL) {
        return 0;
    }
    const uint64_t wire = field32(chunk + at + 8, state->big);
    const uint64_t snap = from->snap_length != 0 ? from->snap_length : wire;
    const uint64_t captured = wire < snap ? wire : snap;
    if (!captured_fits(state, captured, at + 8, total - SIMPLE_LEAST, total)) {
        return 0;
    }
    into->start = (int64_t)(at + 12);
    set_lengths(into, captured, wire, from->fcs);
    into->source = state->source_base;
    return 1;
}

static uint64_t least_length(uint32_t type) {
    if (type == TYPE_EPB || type == TYPE_PB) {
        return PACKET_LEAST;
    }
    return type == TYPE_SPB ? SIMPLE_LEAST : BLOCK_LEAST;
}

/* Index one block. Return its octets, or 0 with the reason in `state`. */
static uint64_t block_step(macsec_capture_state *state, const uint8_t *chunk, uint64_t at,
                           uint64_t left, row *into) {
    if (left < 8) {
        return want(state, 8);
    }
    const uint32_t type = field32(chunk + at, state->big);
    if (type == TYPE_SHB || type == TYPE_IDB) {
        return hand_over(state);
    }
    const uint64_t total = field32(chunk + at + 4, state->big);
    const uint64_t least = least_length(type);
    if (total < least || total % 4 != 0) {
        return refuse(state, MACSEC_CAPTURE_LENGTH, at + 4, total, least);
    }
    if (total > BLOCK_MOST) {
        return refuse(state, MACSEC_CAPTURE_BLOCK_LIMIT, at + 4, total, BLOCK_MOST);
    }
    if (left < total) {
        return want(state, total);
    }
    const uint64_t trailer = field32(chunk + at + total - 4, state->big);
    if (trailer != total) {
        return refuse(state, MACSEC_CAPTURE_TRAILER, at + total - 4, trailer, total);
    }
    int good = 1;
    if (type == TYPE_EPB || type == TYPE_PB) {
        good = packet_row(state, chunk, at, total, type, into);
    } else if (type == TYPE_SPB) {
        good = simple_row(state, chunk, at, total, into);
    } else {
        return hand_over(state);
    }
    return good ? total : 0;
}

uint64_t macsec_capture_index(macsec_capture_state *state, const uint8_t *chunk, uint64_t size,
                              const macsec_capture_columns *columns, uint64_t capacity) {
    uint64_t at = 0;
    uint64_t rows = 0;
    uint64_t octets = 0;
    state->stop = MACSEC_CAPTURE_FULL;
    state->fault = MACSEC_CAPTURE_NO_FAULT;
    state->needed = state->fault_offset = state->value = state->limit = 0;
    while (rows < capacity && octets < state->budget) {
        row found = {0, 0, 0, 0, 0, 0, 0, 0};
        const uint64_t step = state->pcapng ? block_step(state, chunk, at, size - at, &found)
                                            : pcap_step(state, chunk, at, size - at, &found);
        if (step == 0) {
            break;
        }
        at += step;
        put_row(columns, rows, &found);
        rows++;
        octets += (uint64_t)found.length;
    }
    state->consumed = at;
    return rows;
}

/* --- emission --- */

static int range_fits(int64_t start, int64_t length, uint64_t size) {
    return length >= 0 && (uint64_t)length <= size && start >= 0 &&
           (uint64_t)start <= size - (uint64_t)length;
}

static uint8_t *copy(uint8_t *at, const uint8_t *from, uint64_t length) {
    if (length != 0) {
        memcpy(at, from, length);
    }
    return at + length;
}

static uint8_t *zeros(uint8_t *at, uint64_t count) {
    memset(at, 0, count);
    return at + count;
}

static uint8_t *pcap_record(const macsec_capture_job *job, uint64_t i, uint8_t *at) {
    const uint64_t length = (uint64_t)job->length[i];
    const uint64_t time_ns = (uint64_t)job->time_ns[i];
    at = append32(at, time_ns / NS_PER_S);
    at = append32(at, time_ns % NS_PER_S);
    at = append32(at, length);
    at = append32(at, (uint64_t)job->wire_length[i]);
    return copy(at, job->arena + job->start[i], length);
}

/* Octets of the options of a frame, with the end of options; `others`: of those beside flags. */
static uint64_t options_size(uint64_t flags, uint64_t others) {
    const uint64_t size = others + (flags != 0 ? 8 : 0);
    return size != 0 ? size + 4 : 0;
}

static uint8_t *write_options(const macsec_capture_job *job, uint64_t i, uint64_t flags,
                              uint64_t others, uint8_t *at) {
    if (others != 0) {
        at = copy(at, job->options + job->options_start[i], others);
    }
    if (flags != 0) {
        at = append16(at, OPTION_FLAGS);
        at = append16(at, 4);
        at = append32(at, flags);
    }
    return others != 0 || flags != 0 ? append32(at, OPTION_END) : at;
}

static uint8_t *packet_block(const macsec_capture_job *job, uint64_t i, uint64_t total,
                             uint64_t flags, uint64_t others, uint8_t *at) {
    const uint64_t length = (uint64_t)job->length[i];
    const uint64_t time_ns = (uint64_t)job->time_ns[i];
    at = append32(at, TYPE_EPB);
    at = append32(at, total);
    at = append32(at, (uint64_t)job->source[i]);
    at = append32(at, time_ns >> 32);
    at = append32(at, time_ns);
    at = append32(at, length);
    at = append32(at, (uint64_t)job->wire_length[i]);
    at = copy(at, job->arena + job->start[i], length);
    at = zeros(at, padded(length) - length);
    at = write_options(job, i, flags, others, at);
    return append32(at, total);
}

/* Octets of the options of frame i beside flags, or -1 if they lie outside of `options`. */
static int64_t others_of(const macsec_capture_job *job, uint64_t i) {
    if (job->options == NULL) {
        return 0;
    }
    const int64_t length = job->options_length[i];
    if (length > OPTIONS_MOST || length % 4 != 0 ||
        !range_fits(job->options_start[i], length, job->options_size)) {
        return -1;
    }
    return length;
}

int64_t macsec_capture_emit(const macsec_capture_job *job, uint8_t *out, uint64_t size) {
    uint8_t *at = out;
    for (uint64_t i = 0; i < job->count; i++) {
        const uint64_t left = size - (uint64_t)(at - out);
        const uint64_t flags = job->flags != NULL ? (uint32_t)job->flags[i] : 0;
        const int64_t others = others_of(job, i);
        if (others < 0 || !range_fits(job->start[i], job->length[i], job->arena_size) ||
            job->length[i] > CAPTURED_MOST) {
            return -1;
        }
        const uint64_t length = (uint64_t)job->length[i];
        if (!job->pcapng) {
            if (left < 16 + length) {
                return -1;
            }
            at = pcap_record(job, i, at);
            continue;
        }
        const uint64_t total =
            PACKET_LEAST + padded(length) + options_size(flags, (uint64_t)others);
        if (left < total) {
            return -1;
        }
        at = packet_block(job, i, total, flags, (uint64_t)others, at);
    }
    return at - out;
}

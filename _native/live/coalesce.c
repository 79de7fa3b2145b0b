/* Which frames continue a large segment. */
#include "live/coalesce.h"

#include <string.h>

#include "base/octets.h"

enum {
    FIN = 0x01,
    PSH = 0x08,
    ACK = 0x10,
    ECE = 0x40,
};

/* A range of octets of a header that has to be the same in all frames. */
typedef struct same {
    size_t from, to;
} same;

/* All but total length, identification and checksum; all but payload length. */
static const same ipv4_same[] = {{0, 2}, {6, 10}, {12, PACKET_IPV4_HEADER}};
static const same ipv6_same[] = {{0, 4}, {6, PACKET_IPV6_HEADER}};
/* All but sequence number, flags and checksum; options are behind. */
static const same tcp_same[] = {{0, 4}, {8, 13}, {14, 16}, {18, PACKET_TCP_HEADER}};
static const same udp_same[] = {{0, 4}};

static int all_same(const uint8_t *one, const uint8_t *other, const same *ranges, size_t count) {
    for (size_t at = 0; at < count; at++) {
        const size_t from = ranges[at].from;
        if (memcmp(one + from, other + from, ranges[at].to - from) != 0) {
            return 0;
        }
    }
    return 1;
}

#define ALL_SAME(one, other, ranges)                                                               \
    all_same(one, other, ranges, sizeof(ranges) / sizeof(ranges)[0])

/* The frames joined so far: `first` is where, `size` its octets of payload, `octets` of all. */
typedef struct joined {
    const uint8_t *first;
    macsec_packet packet;
    size_t size, octets;
    int64_t count;
    int64_t most;
    int closed; /* 1: the last frame lets none follow */
} joined;

static size_t payload_of(const macsec_packet *p) {
    return p->length - p->payload;
}

static unsigned flags_of(const macsec_packet *p, const uint8_t *frame) {
    return p->protocol == PACKET_TCP ? frame[p->transport + 13] : 0;
}

/* Return 1 if other frames may follow this one. Flags that only a first or last frame may have are
   not its own: PSH and FIN end a segment, and CWR belongs to one frame. */
static int may_lead(const macsec_packet *p, const uint8_t *frame, int datagrams) {
    const size_t network =
        p->version == 4 ? (size_t)PACKET_IPV4_HEADER : (size_t)PACKET_IPV6_HEADER;
    if (p->transport - p->network != network || payload_of(p) == 0) {
        return 0; /* options of IP, extension headers, nothing to join */
    }
    return p->protocol == PACKET_UDP ? datagrams : (flags_of(p, frame) & ~(unsigned)ECE) == ACK;
}

static int same_network(const joined *j, const uint8_t *frame) {
    const size_t at = j->packet.network;
    const uint8_t *one = j->first + at, *other = frame + at;
    if (memcmp(j->first, frame, at) != 0) { /* addresses, tags, EtherType */
        return 0;
    }
    if (j->packet.version == 6) {
        return ALL_SAME(one, other, ipv6_same);
    }
    const uint16_t identification = (uint16_t)(load_be16(one + 4) + j->count);
    return ALL_SAME(one, other, ipv4_same) && load_be16(other + 4) == identification;
}

static int same_transport(const joined *j, const uint8_t *frame) {
    const size_t at = j->packet.transport;
    const uint8_t *one = j->first + at, *other = frame + at;
    if (j->packet.protocol == PACKET_UDP) {
        return ALL_SAME(one, other, udp_same);
    }
    const size_t options = j->packet.payload - at - PACKET_TCP_HEADER;
    return ALL_SAME(one, other, tcp_same) &&
           memcmp(one + PACKET_TCP_HEADER, other + PACKET_TCP_HEADER, options) == 0 &&
           load_be32(other + 4) == load_be32(one + 4) + (uint32_t)j->octets &&
           (other[13] & ~(unsigned)(PSH | FIN)) == one[13];
}

static int same_layout(const macsec_packet *one, const macsec_packet *other) {
    return one->network == other->network && one->transport == other->transport &&
           one->payload == other->payload && one->version == other->version &&
           one->protocol == other->protocol;
}

/* Join a frame if it continues the others. */
static int join(joined *j, const uint8_t *frame, size_t length) {
    macsec_packet p;
    if (j->closed || j->count == j->most || !macsec_packet_find(&p, frame, length) ||
        !same_layout(&j->packet, &p)) {
        return 0;
    }
    const size_t octets = payload_of(&p);
    if (octets == 0 || octets > j->size ||
        p.payload - p.network + j->octets + octets > PACKET_LONGEST || !same_network(j, frame) ||
        !same_transport(j, frame) || !macsec_packet_checksums_hold(&p, frame) ||
        (j->count == 1 && !macsec_packet_checksums_hold(&j->packet, j->first))) {
        return 0;
    }
    j->octets += octets;
    j->count++;
    j->closed = octets < j->size || (flags_of(&p, frame) & (PSH | FIN)) != 0;
    return 1;
}

/* Write the headers of the large segment. Its checksum is left to the kernel. */
static void write_head(macsec_group *group, const joined *j, unsigned last_flags) {
    macsec_packet p = j->packet;
    const size_t checksum_at = macsec_packet_checksum_at(&p);
    p.length = p.payload + j->octets;
    memcpy(group->head, j->first, p.payload);
    macsec_packet_set_lengths(&p, group->head);
    if (p.version == 4) {
        store_host16(group->head + p.network + 10, macsec_packet_network_checksum(&p, group->head));
    }
    store_host16(group->head + checksum_at, macsec_packet_pseudo_sum(&p, group->head));
    if (p.protocol == PACKET_TCP) {
        group->head[p.transport + 13] |= (uint8_t)last_flags;
    }
    group->head_octets = group->payload = p.payload;
    group->offload = (macsec_offload){
        .flags = OFFLOAD_NEEDS_CHECKSUM,
        .type = (uint8_t)(p.protocol == PACKET_UDP ? OFFLOAD_UDP
                          : p.version == 4         ? OFFLOAD_TCPV4
                                                   : OFFLOAD_TCPV6),
        .header_octets = (uint16_t)p.payload,
        .segment_octets = (uint16_t)j->size,
        .checksum_start = (uint16_t)p.transport,
        .checksum_at = (uint16_t)(checksum_at - p.transport),
    };
}

void macsec_coalesce(macsec_group *group, const uint8_t *arena, const int64_t *start,
                     const int64_t *length, int64_t first, int64_t end, int datagrams) {
    joined j = {.first = arena + start[first], .count = 1};
    group->offload = (macsec_offload){0};
    group->head_octets = group->payload = 0;
    group->frames = 1;
    if (!macsec_packet_find(&j.packet, j.first, (size_t)length[first]) ||
        !may_lead(&j.packet, j.first, datagrams)) {
        return;
    }
    j.octets = j.size = payload_of(&j.packet);
    j.most = j.packet.protocol == PACKET_UDP ? COALESCE_DATAGRAMS : end - first;
    int64_t at = first + 1;
    while (at < end && join(&j, arena + start[at], (size_t)length[at])) {
        at++;
    }
    if (j.count > 1) {
        write_head(group, &j, flags_of(&j.packet, arena + start[at - 1]));
        group->frames = j.count;
    }
}

int64_t macsec_coalesce_whole(const uint8_t *arena, const int64_t *start, const int64_t *length,
                              int64_t count, int datagrams, macsec_offload *offload, uint8_t *to,
                              int64_t *octets) {
    macsec_group group;
    macsec_coalesce(&group, arena, start, length, 0, count, datagrams);
    *offload = group.offload;
    uint8_t *end = to;
    memcpy(end, group.head, group.head_octets);
    end += group.head_octets;
    for (int64_t at = 0; at < group.frames; at++) {
        const size_t from = group.payload, more = (size_t)length[at] - from;
        memcpy(end, arena + start[at] + from, more);
        end += more;
    }
    *octets = end - to;
    return group.frames;
}

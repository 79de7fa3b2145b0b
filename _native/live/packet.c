/* The headers of TCP and UDP over IPv4 and IPv6. */
#include "live/packet.h"

#include "base/octets.h"
#include "frames/dissect.h"
#include "live/checksum.h"

enum {
    ETHERTYPE_LENGTH = 2,
    TYPE_IPV4 = 0x0800,
    TYPE_IPV6 = 0x86DD,
    HOP_BY_HOP = 0,
    ROUTING = 43,
    DESTINATION = 60,
    MOST_EXTENSIONS = 8,
    FRAGMENT_BITS = 0x3fff, /* more fragments, and the offset */
};

/* ---------------------------------------------------------------- found */

static int find_ipv4(macsec_packet *p, const uint8_t *frame) {
    const uint8_t *header = frame + p->network;
    const size_t room = p->length - p->network;
    if (room < PACKET_IPV4_HEADER || header[0] >> 4 != 4) {
        return 0;
    }
    const size_t octets = (size_t)(header[0] & 15) * 4;
    p->version = 4;
    p->protocol = header[9];
    p->transport = p->network + octets;
    return octets >= PACKET_IPV4_HEADER && octets <= room && load_be16(header + 2) == room &&
           (load_be16(header + 6) & FRAGMENT_BITS) == 0;
}

static int find_ipv6(macsec_packet *p, const uint8_t *frame) {
    const uint8_t *header = frame + p->network;
    const size_t room = p->length - p->network;
    if (room < PACKET_IPV6_HEADER || header[0] >> 4 != 6 ||
        load_be16(header + 4) != room - PACKET_IPV6_HEADER) {
        return 0;
    }
    p->version = 6;
    p->protocol = header[6];
    p->transport = p->network + PACKET_IPV6_HEADER;
    for (int i = 0; i < MOST_EXTENSIONS; i++) {
        if (p->protocol != HOP_BY_HOP && p->protocol != ROUTING && p->protocol != DESTINATION) {
            return 1;
        }
        if (p->length - p->transport < 8) {
            return 0;
        }
        const uint8_t *extension = frame + p->transport;
        const size_t octets = 8 * ((size_t)extension[1] + 1);
        if (p->length - p->transport < octets) {
            return 0;
        }
        p->protocol = extension[0];
        p->transport += octets;
    }
    return 0;
}

static int find_payload(macsec_packet *p, const uint8_t *frame) {
    const size_t room = p->length - p->transport;
    size_t octets = PACKET_UDP_HEADER;
    if (p->protocol == PACKET_TCP) {
        if (room < PACKET_TCP_HEADER) {
            return 0;
        }
        octets = (size_t)(frame[p->transport + 12] >> 4) * 4;
        if (octets < PACKET_TCP_HEADER) {
            return 0;
        }
    } else if (p->protocol != PACKET_UDP || room < octets ||
               load_be16(frame + p->transport + 4) != room) {
        return 0;
    }
    p->payload = p->transport + octets;
    return octets <= room && p->payload <= PACKET_HEADERS;
}

int macsec_packet_find(macsec_packet *p, const uint8_t *frame, size_t length) {
    const size_t at = clear_tags_end(frame, length, MOST_TAGS);
    if (length < at + ETHERTYPE_LENGTH) {
        return 0;
    }
    const uint16_t type = load_be16(frame + at);
    *p = (macsec_packet){.network = at + ETHERTYPE_LENGTH, .length = length};
    return (type == TYPE_IPV4   ? find_ipv4(p, frame)
            : type == TYPE_IPV6 ? find_ipv6(p, frame)
                                : 0) &&
           find_payload(p, frame);
}

/* ---------------------------------------------------------------- checksums */

size_t macsec_packet_checksum_at(const macsec_packet *p) {
    return p->transport + (p->protocol == PACKET_TCP ? 16 : 6);
}

/* Take the checksum field out of a sum that has it: adding its complement subtracts it. */
static uint64_t without(uint64_t sum, const uint8_t *field) {
    return sum + (uint16_t)~load_host16(field);
}

uint16_t macsec_packet_network_checksum(const macsec_packet *p, const uint8_t *frame) {
    if (p->version == 6) {
        return 0;
    }
    const uint8_t *header = frame + p->network;
    /* of the header alone: the IPv4 header reaches to the transport header */
    return checksum_of(without(checksum_sum(header, p->transport - p->network), header + 10));
}

static uint64_t pseudo_sum(const macsec_packet *p, const uint8_t *frame) {
    const uint8_t *header = frame + p->network;
    const uint64_t addresses =
        p->version == 4 ? checksum_sum(header + 12, 8) : checksum_sum(header + 8, 32);
    return addresses + as_be16(p->protocol) + as_be32((uint32_t)(p->length - p->transport));
}

uint16_t macsec_packet_pseudo_sum(const macsec_packet *p, const uint8_t *frame) {
    return (uint16_t)~checksum_of(pseudo_sum(p, frame));
}

uint16_t macsec_packet_transport_checksum(const macsec_packet *p, const uint8_t *frame) {
    const uint64_t sum = checksum_sum(frame + p->transport, p->length - p->transport);
    const uint16_t checksum =
        checksum_of(without(sum, frame + macsec_packet_checksum_at(p)) + pseudo_sum(p, frame));
    return checksum == 0 && p->protocol == PACKET_UDP ? 0xffff : checksum; /* 0: UDP has none */
}

void macsec_packet_set_lengths(const macsec_packet *p, uint8_t *frame) {
    const size_t octets = p->length - p->network;
    if (p->version == 4) {
        store_be16(frame + p->network + 2, (uint16_t)octets);
    } else {
        store_be16(frame + p->network + 4, (uint16_t)(octets - PACKET_IPV6_HEADER));
    }
    if (p->protocol == PACKET_UDP) {
        store_be16(frame + p->transport + 4, (uint16_t)(p->length - p->transport));
    }
}

void macsec_packet_set_checksums(const macsec_packet *p, uint8_t *frame) {
    if (p->version == 4) {
        store_host16(frame + p->network + 10, macsec_packet_network_checksum(p, frame));
    }
    store_host16(frame + macsec_packet_checksum_at(p), macsec_packet_transport_checksum(p, frame));
}

int macsec_packet_checksums_hold(const macsec_packet *p, const uint8_t *frame) {
    if (p->version == 4 &&
        load_host16(frame + p->network + 10) != macsec_packet_network_checksum(p, frame)) {
        return 0;
    }
    return load_host16(frame + macsec_packet_checksum_at(p)) ==
           macsec_packet_transport_checksum(p, frame);
}

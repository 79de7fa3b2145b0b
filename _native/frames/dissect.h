/* A frame taken apart without any key: the twin of macsec/frames/dissect.py (clauses 9.2 to 9.12).
 */
#ifndef MACSEC_DISSECT_H
#define MACSEC_DISSECT_H

#include <stddef.h>
#include <stdint.h>

#include "base/octets.h"
#include "frames/sectag.h"

enum { MOST_TAGS = 2 };

static inline int is_vlan_tpid(uint16_t type) {
    return type == 0x8100 || type == 0x88A8 || type == 0x9100;
}

/* Return where the SecTAG is, or is to go: behind up to `clear_tags` VLAN tags. */
static inline size_t clear_tags_end(const uint8_t *frame, size_t length, unsigned clear_tags) {
    size_t at = ADDRESSES_LENGTH;
    for (unsigned i = 0; i < clear_tags; i++) {
        if (length < at + 4 || !is_vlan_tpid(load_be16(frame + at))) {
            break;
        }
        at += 4;
    }
    return at;
}

/* Return where the EtherType is: behind the addresses, or a tag of VLAN 0, a priority tag. */
static inline size_t priority_tag_end(const uint8_t *frame, size_t length) {
    const size_t at = clear_tags_end(frame, length, 1);
    const int tagged = at > ADDRESSES_LENGTH && (load_be16(frame + at - 2) & 0xFFF) == 0;
    return tagged ? at : ADDRESSES_LENGTH;
}

/* 9.9: the SCI of the source address and a port. */
enum { PORT_SCB = 0, PORT_END_STATION = 1 };

static inline uint64_t source_sci(const uint8_t *frame, unsigned port) {
    return load_be64(frame + 4) << 16 | port;
}

/* A frame taken apart. */
typedef struct sight {
    int64_t at;        /* of the EtherType, behind the VLAN tags */
    int64_t ethertype; /* -1: the frame ends before it */
    int64_t vlan;      /* of the first VLAN tag; -1: none */
    int has_tag;       /* a whole SecTAG */
    int has_sci;       /* in the SecTAG, or named by its bits SCB and ES */
    uint64_t sci;
    sectag tag;
} sight;

static inline void dissect_sci(sight *seen, const uint8_t *octets) {
    const unsigned tci = seen->tag.tci;
    seen->has_sci = (tci & (TCI_SC | TCI_SCB | TCI_ES)) != 0;
    if (tci & TCI_SC) {
        seen->sci = load_be64(octets + seen->at + SECTAG_WITHOUT_SCI);
    } else {
        seen->sci = source_sci(octets, tci & TCI_SCB ? PORT_SCB : PORT_END_STATION);
    }
}

/* `ethertype`: that of SecTAGs. */
static inline sight dissect(const uint8_t *octets, int64_t length, uint32_t ethertype) {
    sight seen = {.ethertype = -1, .vlan = -1};
    seen.at = (int64_t)clear_tags_end(octets, (size_t)length, MOST_TAGS);
    if (seen.at > ADDRESSES_LENGTH) {
        seen.vlan = load_be16(octets + ADDRESSES_LENGTH + 2) & 0xFFF;
    }
    if (length < seen.at + 2) {
        return seen;
    }
    seen.ethertype = load_be16(octets + seen.at);
    if (seen.ethertype == ethertype) {
        seen.has_tag = sectag_decode(octets + seen.at, (size_t)(length - seen.at), &seen.tag);
    }
    if (seen.has_tag) {
        dissect_sci(&seen, octets);
    }
    return seen;
}

#endif

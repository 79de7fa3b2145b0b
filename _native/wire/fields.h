/* Fields of frames, for filters and aimed corruption: the twin of selects() and octets_at() in
   macsec/wire/impairments.py. */
#ifndef MACSEC_FIELDS_H
#define MACSEC_FIELDS_H

#include <stdint.h>
#include <string.h>

#include "frames/dissect.h"
#include "wire/calendar.h"

static int matches(const macsec_wire_plan *plan, const uint8_t *octets, int64_t length) {
    sight seen = dissect(octets, length, plan->sectag_ethertype);
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

/* Return 1 for an EtherType of EAPOL, behind two VLAN tags or fewer, in a frame with one bit
   inverted, or none if `bit` is -1: EAPOL_ETHERTYPES of macsec/terms.py. */
static int is_eapol(const uint8_t *octets, int64_t length, int64_t bit) {
    enum { HEAD = ADDRESSES_LENGTH + 4 * MOST_TAGS + 2 };
    uint8_t turned[HEAD];
    const uint8_t *head = octets;
    const size_t known = length < HEAD ? (size_t)length : HEAD;
    if (bit >= 0 && bit / 8 < (int64_t)known) {
        memcpy(turned, octets, known);
        turned[bit / 8] ^= (uint8_t)(1u << bit % 8);
        head = turned;
    }
    const size_t at = clear_tags_end(head, known, MOST_TAGS);
    const unsigned type = at + 2 <= known ? load_be16(head + at) : 0;
    return type == 0x888E || type == 0x876F;
}

typedef struct {
    int64_t start, stop;
} span;

static const span NOWHERE = {0, 0};

/* Return the span of Secure Data or ICV, or NOWHERE if the lengths do not fit. */
static span in_secure(const sight *seen, int64_t length, uint32_t where) {
    int64_t mpdu = length - seen->at, tag = (int64_t)seen->tag.length;
    int64_t secure = seen->tag.sl != 0 ? (int64_t)seen->tag.sl : mpdu - tag - ICV_LENGTH;
    if (secure < 1 || tag + secure + ICV_LENGTH > mpdu) {
        return NOWHERE;
    }
    int64_t start = seen->at + tag;
    if (where == MACSEC_WIRE_AT_PAYLOAD) {
        return (span){start, start + secure};
    }
    return (span){start + secure, start + secure + ICV_LENGTH};
}

static span octets_at(const macsec_wire_plan *plan, const uint8_t *octets, int64_t length) {
    const uint32_t where = plan->corrupt_at;
    if (where == MACSEC_WIRE_AT_ANY || (where == MACSEC_WIRE_AT_DST && length < 6)) {
        return (span){0, length};
    }
    if (where == MACSEC_WIRE_AT_DST) {
        return (span){0, 6};
    }
    sight seen = dissect(octets, length, plan->sectag_ethertype);
    if (where == MACSEC_WIRE_AT_PAYLOAD && seen.ethertype != plan->sectag_ethertype) {
        return length > seen.at + 2 ? (span){seen.at + 2, length} : NOWHERE;
    }
    if (!seen.has_tag) {
        return NOWHERE;
    }
    int64_t tag_end = seen.at + (int64_t)seen.tag.length;
    switch (where) {
    case MACSEC_WIRE_AT_SECTAG:
        return (span){seen.at, tag_end};
    case MACSEC_WIRE_AT_PN:
        return (span){seen.at + 4, seen.at + SECTAG_WITHOUT_SCI};
    case MACSEC_WIRE_AT_SCI:
        return seen.tag.tci & TCI_SC ? (span){seen.at + SECTAG_WITHOUT_SCI, tag_end} : NOWHERE;
    default:
        return in_secure(&seen, length, where);
    }
}

#endif

/* The SecTAG in C: the twin of macsec/frames/sectag.py (clauses 9.3 to 9.12). */
#ifndef MACSEC_SECTAG_H
#define MACSEC_SECTAG_H

#include <stddef.h>
#include <stdint.h>

#include "base/inlining.h"
#include "base/octets.h"

enum {
    ADDRESSES_LENGTH = 12,
    SECTAG_WITHOUT_SCI = 8,
    SECTAG_WITH_SCI = 16,
    ICV_LENGTH = 16, /* unless a control says otherwise */
    MPDU_MINIMUM = 17,
    SHORT_LENGTH_LIMIT = 48,
    ETHERTYPE_MACSEC = 0x88E5,
    TCI_V = 0x80,
    TCI_ES = 0x40,
    TCI_SC = 0x20,
    TCI_SCB = 0x10,
    TCI_E = 0x08,
    TCI_C = 0x04,
    AN_MASK = 0x03,
    SL_MASK = 0x3F
};

typedef struct sectag {
    unsigned tci; /* V to C, the AN masked out */
    unsigned an;
    unsigned sl; /* the whole octet */
    uint32_t pn;
    size_t length; /* 8 or 16 */
} sectag;

/* Decode an MPDU whose EtherType is that of a SecTAG. Return 0 where the SecTAG is cut short. */
static inline int sectag_decode(const uint8_t *mpdu, size_t length, sectag *tag) {
    if (length < SECTAG_WITHOUT_SCI) {
        return 0;
    }
    tag->tci = mpdu[2] & ~(unsigned)AN_MASK;
    tag->an = mpdu[2] & AN_MASK;
    tag->sl = mpdu[3];
    tag->pn = load_be32(mpdu + 4);
    tag->length = tag->tci & TCI_SC ? SECTAG_WITH_SCI : SECTAG_WITHOUT_SCI;
    return length >= tag->length;
}

/* Return 1 if a decoded SecTAG passes 9.12, a) to i). */
static ALWAYS_INLINE int sectag_valid(const sectag *tag, size_t length, int xpn, int exact_length,
                                      int refuse_sl_48, size_t icv_length) {
    if (length < MPDU_MINIMUM || tag->tci & TCI_V) {
        return 0;
    }
    if (tag->tci & TCI_SC && tag->tci & (TCI_ES | TCI_SCB)) {
        return 0;
    }
    if (tag->sl >= (refuse_sl_48 ? SHORT_LENGTH_LIMIT : SL_MASK + 1u)) {
        return 0;
    }
    if (tag->pn == 0 && !xpn) {
        return 0;
    }
    size_t room = length - tag->length;
    if (tag->sl == 0) {
        return room >= SHORT_LENGTH_LIMIT + icv_length;
    }
    return exact_length ? room == tag->sl + icv_length : room >= tag->sl + icv_length;
}

/* Octets of Secure Data of a valid MPDU; octets behind the ICV are padding (9.10). */
static inline size_t secure_data_length(const sectag *tag, size_t length, size_t icv_length) {
    return tag->sl ? tag->sl : length - tag->length - icv_length;
}

/* The first eight octets of a SecTAG (10.5.3) as a big-endian number. */
static inline uint64_t sectag_front(unsigned ethertype, unsigned tci_an, size_t user_data,
                                    uint32_t pn) {
    const uint64_t sl = user_data < SHORT_LENGTH_LIMIT ? user_data : 0;
    return (uint64_t)ethertype << 48 | (uint64_t)tci_an << 40 | sl << 32 | pn;
}

/* Write a SecTAG; return its length. */
static inline size_t sectag_write(uint8_t *out, unsigned ethertype, unsigned tci_an,
                                  size_t user_data, uint32_t pn, uint64_t sci) {
    store_be64(out, sectag_front(ethertype, tci_an, user_data, pn));
    if (!(tci_an & TCI_SC)) {
        return SECTAG_WITHOUT_SCI;
    }
    store_be64(out + 8, sci);
    return SECTAG_WITH_SCI;
}

#endif

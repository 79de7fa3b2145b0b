/* Definitions that protection and validation of a frame share. */
#ifndef MACSEC_SECY_FRAME_H
#define MACSEC_SECY_FRAME_H
#include "secy/secy.h"

#include <stddef.h>
#include <string.h>

#include "base/dissect.h"
#include "base/inlining.h"
#include "base/octets.h"

enum {
    RUNT_LENGTH = 14, /* on receipt: addresses and an EtherType */
    OVERHEAD = SECTAG_WITH_SCI + ICV_LENGTH,
    /* User Data that is authenticated in the head of a cipher: 32 octets less the shortest front */
    HEAD_BORROWS = 2 * ICV_LENGTH - ADDRESSES_LENGTH - SECTAG_WITHOUT_SCI
};

#define SCI_NONE UINT64_MAX
#define AN_UNKNOWN 255

/* The controls of most SecYs. The steps of a frame are compiled twice: for any controls, and for
   these, where the compiler removes the branches of each switch. So read a switch through the
   argument `c`, and from secy->controls only what PLAIN leaves open: encodingsa, xpn, window,
   longest. */
static const macsec_controls PLAIN = {
    .protect = 1,
    .encrypt = 1,
    .validate = MACSEC_VALIDATE_STRICT,
    .replay = 1,
    .send_sci = 1,
    .icv_length = ICV_LENGTH,
    .refuse_sl_48 = 1,
    .scb_port_zero = 1,
    .too_long_counts_octets = 1,
    .ethertype = ETHERTYPE_MACSEC,
};

/* Return 1 if the controls are PLAIN, apart from the ones that only the other direction reads. */
static int is_plain(const macsec_secy *secy, int sending) {
    macsec_controls folded = secy->controls;
    folded.encodingsa = folded.xpn = 0;
    if (!sending) {
        folded.protect = PLAIN.protect;
        folded.encrypt = PLAIN.encrypt;
        folded.send_sci = PLAIN.send_sci;
        folded.too_long_counts_octets = PLAIN.too_long_counts_octets;
        folded.end_station = folded.scb = 0;
    }
    return memcmp(&folded, &PLAIN, offsetof(macsec_controls, window)) == 0;
}

/* Return 1 if a frame is of a protocol that passes in clear, and has no SecTAG. */
static NEVER_INLINE int lets_pass(const macsec_secy *secy, const uint8_t *frame, size_t length) {
    static const struct {
        uint64_t destination; /* 0: any */
        uint16_t type;        /* 0: any */
    } protocols[] = {
        {0, 0x8809}, {0, 0x88CC},         {0, 0x8808},         {0, 0x888E},
        {0, 0x88F7}, {0x0180C2000000, 0}, {0x01000CCCCCCC, 0},
    };
    const macsec_controls *c = &secy->controls;
    if (length < RUNT_LENGTH) {
        return 0;
    }
    const uint64_t destination = load_be64(frame) >> 16;
    const uint16_t type = load_be16(frame + ADDRESSES_LENGTH);
    for (size_t at = 0; at < sizeof protocols / sizeof *protocols; at++) {
        if (c->clear >> at & 1 && (protocols[at].type == 0 || protocols[at].type == type) &&
            (protocols[at].destination == 0 || protocols[at].destination == destination)) {
            return type != c->ethertype;
        }
    }
    if (c->clear >> MACSEC_CLEAR_VALUES & 1 && type != c->ethertype) {
        for (size_t at = 0; at < MACSEC_CLEAR_VALUES_MOST; at++) {
            const uint64_t value = secy->clear_values[at];
            if (value != 0 && (value == type || value == destination)) {
                return 1;
            }
        }
    }
    return 0;
}

/* Result of one frame, beside its verdict. */
typedef struct row {
    uint64_t sci;
    uint64_t pn;
    size_t out_length; /* 0: no frame is sent or delivered */
    uint8_t an;
} row;

/* Load four octets, followed by zeros. */
static inline uint64_t load_32_low(const uint8_t *p) {
    return macsec_gcm_join(load_host32(p), 0);
}

/* Return the IV of 14.5 to 14.8 and the first count. `base` is the IV for a PN of zero. */
static ALWAYS_INLINE macsec_gcm_block first_counter(const uint8_t base[12], uint64_t pn) {
    return macsec_gcm_block_of(
        load_host64(base) ^ as_be64(pn >> 32),
        macsec_gcm_join(load_host32(base + 8) ^ as_be32((uint32_t)pn), as_be32(1)));
}

/* 14.5: octets of User Data left in clear: all of it where it is no longer than the offset. */
static ALWAYS_INLINE size_t clear_octets(const macsec_controls *c, int encrypted, size_t length) {
    if (!encrypted) {
        return length;
    }
    return c->offset < length ? c->offset : length;
}

#endif

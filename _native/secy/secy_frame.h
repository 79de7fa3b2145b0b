/* Definitions that protection and validation of a frame share. */
#ifndef MACSEC_SECY_FRAME_H
#define MACSEC_SECY_FRAME_H
#include "secy/secy.h"

#include <stddef.h>
#include <string.h>

#include "base/inlining.h"
#include "base/octets.h"
#include "frames/dissect.h"

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

/* Return where the SecTAG is, or is to go: behind the clear tags, if the first is of a VLAN that
   keeps them in clear. */
static inline size_t sectag_place(const macsec_secy *secy, const macsec_controls *c,
                                  const uint8_t *frame, size_t length) {
    const size_t at = clear_tags_end(frame, length, c->clear_tags);
    if (at > ADDRESSES_LENGTH) {
        const unsigned vlan = load_be16(frame + ADDRESSES_LENGTH + 2) & 0xFFF;
        if (!(secy->clear_vlans[vlan / 64] >> vlan % 64 & 1)) {
            return ADDRESSES_LENGTH;
        }
    }
    return at;
}

/* Return 1 if a rule of `clear` knows a frame of at least RUNT_LENGTH. */
static int clear_rule_knows(const macsec_clear_rule *rule, const uint8_t *frame, size_t length) {
    const uint16_t type = load_be16(frame + ADDRESSES_LENGTH);
    const int longer = length >= ADDRESSES_LENGTH + 4;
    if (rule->first_vlan >= 0) {
        const int vlan = longer ? load_be16(frame + ADDRESSES_LENGTH + 2) & 0xFFF : -1;
        return is_vlan_tpid(type) && vlan >= rule->first_vlan && vlan <= rule->last_vlan;
    }
    const int64_t destination = (int64_t)(load_be64(frame) >> 16);
    return (rule->ethertype < 0 || rule->ethertype == type) &&
           (rule->destination < 0 || rule->destination == destination) &&
           (rule->opcode < 0 ||
            (longer && rule->opcode == load_be16(frame + ADDRESSES_LENGTH + 2)));
}

/* Return the index of the first rule of `clear` that knows a frame without a SecTAG, or -1. */
static NEVER_INLINE int clear_rule_of(const macsec_secy *secy, const uint8_t *frame,
                                      size_t length) {
    if (length < RUNT_LENGTH) {
        return -1;
    }
    const size_t at = sectag_place(secy, &secy->controls, frame, length);
    if (length >= at + 2 && load_be16(frame + at) == secy->controls.ethertype) {
        return -1;
    }
    for (int i = 0; i < secy->clear_rule_count; i++) {
        if (clear_rule_knows(&secy->clear_rules[i], frame, length)) {
            return i;
        }
    }
    return -1;
}

/* Return 1 if a frame is sent in clear, and count it at its rule. */
static NEVER_INLINE int goes_in_clear(macsec_secy *secy, const uint8_t *frame, size_t length) {
    const int rule = clear_rule_of(secy, frame, length);
    const int clear = rule >= 0 && secy->clear_rules[rule].mode == MACSEC_CLEAR_BYPASS;
    if (clear) {
        secy->clear_counts[rule].sent++;
    }
    return clear;
}

/* Return the verdict on a received frame without a SecTAG that a rule knows, and count it there;
   else `other`. */
static NEVER_INLINE macsec_verdict comes_in_clear(macsec_secy *secy, const uint8_t *frame,
                                                  size_t length, macsec_verdict other) {
    const int rule = clear_rule_of(secy, frame, length);
    if (rule < 0) {
        return other;
    }
    if (secy->clear_rules[rule].mode == MACSEC_CLEAR_STRICT) {
        secy->clear_counts[rule].refused++;
        return MACSEC_REFUSED_CLEAR;
    }
    secy->clear_counts[rule].received++;
    return MACSEC_EXCEPTED;
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

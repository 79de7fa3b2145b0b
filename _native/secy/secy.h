/* The state of a SecY, shared by management (lmi.c) and frame processing (secy.c). */
#ifndef MACSEC_SECY_H
#define MACSEC_SECY_H

#include "base/slab.h"
#include "gcm/gcm.h"
#include "secy/macsec.h"
#include "secy/replay.h"

enum { AN_COUNT = 4, SC_VERDICTS = 8, SA_VERDICTS = 3, CLASSES = MACSEC_TRAFFIC_CLASSES };

typedef struct tx_sa {
    macsec_gcm_key key;
    uint8_t iv[12]; /* for a PN of zero: the PN is XORed into the last eight octets */
    uint8_t present;
    uint8_t enabled;
    uint8_t dead; /* it belongs to the parent: see fork.h */
    uint64_t last;
    uint64_t limit;    /* the last PN that may be used: the lower of pn_last and `reserved` */
    uint64_t reserved; /* set by macsec_secy_limit_tx_pn() */
    uint64_t encrypted;
    uint64_t protected_;
} tx_sa;

typedef struct tx_sc {
    tx_sa sa[AN_COUNT];
    uint64_t sci;
    int enabled;
} tx_sc;

/* The SC of a traffic class other than 0, with its share of the counters of the SecY. */
typedef struct tx_class {
    tx_sc sc;
    macsec_tx_tally tally;
} tx_class;

typedef struct rx_sa {
    macsec_gcm_key key;
    /* Beside the key, a frame needs one cache line: up to the second of the counters. */
    uint8_t iv[12];
    uint8_t present;
    uint8_t enabled;
    replay_window window;
    uint64_t frames[SA_VERDICTS];
} rx_sa;

typedef struct rx_sc {
    /* A frame needs the first cache line only, and the rarer counters. */
    uint8_t enabled;
    uint64_t validated;
    uint64_t decrypted;
    uint64_t frames[SC_VERDICTS];
    uint64_t sci;
    rx_sa sa[AN_COUNT];
} rx_sc;

/* The SCI is beside the pointer: a look-up reads no SC, not even the one that it finds. */
typedef struct rx_slot {
    uint64_t sci;
    rx_sc *sc; /* NULL: the slot is free, and `sci` is 0 */
} rx_slot;

struct macsec_secy {
    tx_sc tx; /* of traffic class 0 */
    const macsec_gcm_kernel *kernel;
    macsec_controls controls;
    replay_rule rule;
    uint64_t pn_last; /* the last PN that can be used */
    int tx_alone;     /* `tx` is enabled and the only transmit SC */
    rx_slot
        *slots; /* receive SCs by hashed SCI, open addressing, at most half of the slots in use */
    uint64_t slot_mask;
    macsec_slab rx_memory;
    size_t rx_count;
    size_t rx_enabled;
    rx_sc *rx_any; /* the only one, when there is one */
    macsec_tally tally;
    macsec_secy *next, *previous; /* in the list of SecYs that fork.c watches */
    macsec_clear_rule clear_rules[MACSEC_CLEAR_RULES_MOST];
    macsec_clear_count clear_counts[MACSEC_CLEAR_RULES_MOST];
    int clear_rule_count;
    uint64_t clear_vlans[MACSEC_VLAN_WORDS];
    tx_class *classes[CLASSES];   /* NULL: that class has no SC; 0 is `tx` */
    int class_count;              /* other than NULL */
    uint8_t class_of[CLASSES];    /* the Traffic Class Table, by user priority */
    uint8_t asked;                /* priority of the request, or MACSEC_PRIORITY_OF_TAG */
    uint8_t first_octets;         /* of the frames of a batch, ORed: odd if one is to a group */
    macsec_tx_tally classes_gone; /* counts of SCs that were deleted */
};

static inline uint64_t sci_hash(uint64_t sci) {
    sci *= 0x9E3779B97F4A7C15u; /* 2^64 over the golden ratio: spreads consecutive addresses */
    return sci ^ sci >> 32;
}

/* Return the slot of an SCI, or the free slot for it. */
static inline rx_slot *rx_slot_of(const macsec_secy *secy, uint64_t sci) {
    for (uint64_t at = sci_hash(sci);; at++) {
        rx_slot *slot = &secy->slots[at & secy->slot_mask];
        if (slot->sci == sci || slot->sc == NULL) {
            return slot;
        }
    }
}

/* Return the receive SC of an SCI, or NULL. */
static inline rx_sc *rx_sc_find(const macsec_secy *secy, uint64_t sci) {
    return rx_slot_of(secy, sci)->sc;
}

#endif

/* The state of a SecY, shared by management (lmi.c) and frame processing (secy.c). */
#ifndef MACSEC_SECY_H
#define MACSEC_SECY_H

#include "base/slab.h"
#include "secy/macsec.h"
#include "secy/replay.h"

enum { AN_COUNT = 4, SC_VERDICTS = 8, SA_VERDICTS = 3 };

typedef struct tx_sa {
    macsec_gcm_key key;
    uint8_t iv[12]; /* with a PN of zero: the PN is XORed into the last eight octets */
    uint8_t present;
    uint8_t enabled;
    uint8_t dead; /* it was the parent's: see fork.h */
    uint64_t last;
    uint64_t limit;    /* the last PN that may be used: the lower of pn_last and this one: */
    uint64_t reserved; /* as macsec_secy_limit_tx_pn() set it */
    uint64_t encrypted;
    uint64_t protected_;
} tx_sa;

typedef struct rx_sa {
    macsec_gcm_key key;
    /* Besides the key, a frame needs one line: up to the second of the counters. */
    uint8_t iv[12];
    uint8_t present;
    uint8_t enabled;
    replay_window window;
    uint64_t frames[SA_VERDICTS];
} rx_sa;

typedef struct rx_sc {
    /* What a frame needs is in the first line, but for the rarer counters. */
    uint8_t enabled;
    uint64_t validated;
    uint64_t decrypted;
    uint64_t frames[SC_VERDICTS];
    uint64_t sci;
    rx_sa sa[AN_COUNT];
} rx_sc;

/* The SCI lies beside the pointer: a look-up touches no SC, not even the one that it finds. */
typedef struct rx_slot {
    uint64_t sci;
    rx_sc *sc; /* NULL: the slot is free, and `sci` is 0 */
} rx_slot;

struct macsec_secy {
    tx_sa tx[AN_COUNT];
    const macsec_gcm_kernel *kernel;
    macsec_controls controls;
    replay_rule rule;
    uint64_t pn_last; /* the last PN that can be used */
    uint64_t tx_sci;
    int tx_enabled;
    rx_slot *slots; /* receive SCs by hashed SCI, open addressing, at most half of them in use */
    uint64_t slot_mask;
    macsec_slab rx_memory;
    size_t rx_count;
    size_t rx_enabled;
    rx_sc *rx_any; /* the only one, when there is one */
    macsec_tally tally;
    macsec_secy *next, *previous; /* of those that fork.c watches */
};

static inline uint64_t sci_hash(uint64_t sci) {
    sci *= 0x9E3779B97F4A7C15u; /* 2^64 over the golden ratio: spreads addresses that count up */
    return sci ^ sci >> 32;
}

/* The slot of an SCI, or the free one where it would go. */
static inline rx_slot *rx_slot_of(const macsec_secy *secy, uint64_t sci) {
    for (uint64_t at = sci_hash(sci);; at++) {
        rx_slot *slot = &secy->slots[at & secy->slot_mask];
        if (slot->sci == sci || slot->sc == NULL) {
            return slot;
        }
    }
}

/* NULL when there is none. */
static inline rx_sc *rx_sc_find(const macsec_secy *secy, uint64_t sci) {
    return rx_slot_of(secy, sci)->sc;
}

#endif

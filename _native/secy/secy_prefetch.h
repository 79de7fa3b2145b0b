/* Looking ahead. With thousands of SCs, what a frame needs is seldom in a cache, and each frame
   would wait for memory in turn: for the slot of its SCI, the SC, the SA and the key. But a batch
   knows which frames come next. So memory is asked while earlier frames are in work: first for the
   frame, then for the slot that its SecTAG leads to, then for what the slot leads to. This touches
   the caches and nothing else. */
#ifndef MACSEC_SECY_PREFETCH_H
#define MACSEC_SECY_PREFETCH_H

#include "secy/secy_validate.h"

enum {
    FORESEEN_FROM = 256,  /* receive SCs: what fewer need is in a second-level cache */
    FRAME_AHEAD = 24,     /* rows */
    FRAME_FETCHED = 2048, /* octets: the CPU itself sees that a longer frame goes on */
    SLOT_AHEAD = 12,
    SC_AHEAD = 6,
    LINE = 64
};

#if defined(__GNUC__)
/* To the second-level cache: in the first they would push out what the next frames need. */
#define FETCH(line) __builtin_prefetch(line, 0, 2)
#else
#define FETCH(line) (void)(line)
#endif

/* These are in line for GCC's sake: it sees no effect in a function that does nothing but this. */
static ALWAYS_INLINE void fetch(const void *octets, size_t length) {
    for (size_t at = 0; at < length; at += LINE) {
        FETCH((const uint8_t *)octets + at);
    }
}

static ALWAYS_INLINE void foresee_frame(const macsec_frames *in, int64_t i) {
    if (i >= in->count) {
        return;
    }
    const size_t length = (size_t)in->length[i];
    fetch(in->arena + in->start[i], length < FRAME_FETCHED ? length : FRAME_FETCHED);
}

/* The SCI and the AN of a row, if it is there and has a SecTAG. */
static ALWAYS_INLINE int foretold(const macsec_secy *secy, const macsec_frames *in, int64_t i,
                                  uint64_t *sci, unsigned *an) {
    if (i < 0 || i >= in->count) {
        return 0;
    }
    const uint8_t *frame = in->arena + in->start[i];
    const size_t length = (size_t)in->length[i];
    const size_t front = clear_tags_end(frame, length, secy->controls.clear_tags);
    if (length < front + SECTAG_WITH_SCI || load_be16(frame + front) != ETHERTYPE_MACSEC) {
        return 0;
    }
    received f = {.frame = frame, .mpdu = frame + front};
    f.tag.tci = f.mpdu[2] & ~(unsigned)AN_MASK;
    *an = f.mpdu[2] & AN_MASK;
    *sci = received_sci(secy, &secy->controls, &f);
    return 1;
}

/* Not in line: where there are few SCs, each() is to be as if this were not here. */
static NEVER_INLINE void foresee(const macsec_secy *secy, const macsec_frames *in, int64_t i) {
    uint64_t sci;
    unsigned an;
    foresee_frame(in, i + FRAME_AHEAD);
    if (foretold(secy, in, i + SLOT_AHEAD, &sci, &an)) {
        fetch(&secy->slots[sci_hash(sci) & secy->slot_mask], 1);
    }
    if (!foretold(secy, in, i + SC_AHEAD, &sci, &an)) {
        return;
    }
    const rx_sc *sc = rx_sc_find(secy, sci);
    if (sc != NULL) {
        fetch(sc, LINE);
        fetch(&sc->sa[an], sizeof sc->sa[an].key + LINE);
    }
}

#endif

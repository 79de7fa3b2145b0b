/* Prefetch for validation. With thousands of SCs, the state of a frame is seldom in a cache, and
   each frame would wait for memory several times: for the slot of its SCI, the SC, the SA and the
   key. But a batch knows the frames that follow. So prefetch while earlier frames are validated:
   first the frame, then the slot of the SCI in its SecTAG, then the SC, SA and key of the slot.
   This changes the caches and nothing else. */
#ifndef MACSEC_SECY_PREFETCH_H
#define MACSEC_SECY_PREFETCH_H

#include "secy/secy_validate.h"

enum {
    PREFETCH_FROM = 256,  /* receive SCs: the state of fewer fits into a second-level cache */
    FRAME_AHEAD = 24,     /* rows */
    FRAME_FETCHED = 2048, /* octets: of a longer frame, the CPU prefetches the rest by itself */
    SLOT_AHEAD = 12,
    SC_AHEAD = 6,
    LINE = 64
};

#if defined(__GNUC__)
/* To the second-level cache: in the first, the lines would displace those of the next frames. */
#define FETCH(line) __builtin_prefetch(line, 0, 2)
#else
#define FETCH(line) (void)(line)
#endif

/* Keep these ALWAYS_INLINE: GCC removes calls of a function that only prefetches, since it sees no
   effect. */
static ALWAYS_INLINE void fetch(const void *octets, size_t length) {
    for (size_t at = 0; at < length; at += LINE) {
        FETCH((const uint8_t *)octets + at);
    }
}

static ALWAYS_INLINE void prefetch_frame(const macsec_frames *in, int64_t i) {
    if (i >= in->count) {
        return;
    }
    const size_t length = (size_t)in->length[i];
    fetch(in->arena + in->start[i], length < FRAME_FETCHED ? length : FRAME_FETCHED);
}

/* Read SCI and AN of a row. Return 0 where there is no such row, or no SecTAG in it. */
static ALWAYS_INLINE int read_sci_and_an(const macsec_secy *secy, const macsec_frames *in,
                                         int64_t i, uint64_t *sci, unsigned *an) {
    if (i < 0 || i >= in->count) {
        return 0;
    }
    const uint8_t *frame = in->arena + in->start[i];
    const size_t length = (size_t)in->length[i];
    const size_t front = sectag_place(secy, &secy->controls, frame, length);
    if (length < front + SECTAG_WITH_SCI || load_be16(frame + front) != secy->controls.ethertype) {
        return 0;
    }
    received f = {.frame = frame, .mpdu = frame + front};
    f.tag.tci = f.mpdu[2] & ~(unsigned)AN_MASK;
    *an = f.mpdu[2] & AN_MASK;
    *sci = received_sci(secy, &secy->controls, &f);
    return 1;
}

/* Keep this NEVER_INLINE: with few SCs, each() then runs as if there were no prefetch. */
static NEVER_INLINE void prefetch(const macsec_secy *secy, const macsec_frames *in, int64_t i) {
    uint64_t sci;
    unsigned an;
    prefetch_frame(in, i + FRAME_AHEAD);
    if (read_sci_and_an(secy, in, i + SLOT_AHEAD, &sci, &an)) {
        fetch(&secy->slots[sci_hash(sci) & secy->slot_mask], 1);
    }
    if (!read_sci_and_an(secy, in, i + SC_AHEAD, &sci, &an)) {
        return;
    }
    const rx_sc *sc = rx_sc_find(secy, sci);
    if (sc != NULL) {
        fetch(sc, LINE);
        fetch(&sc->sa[an], sizeof sc->sa[an].key + LINE);
    }
}

#endif

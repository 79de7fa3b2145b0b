/* What a frame waits for, timed one by one: a chain of two SecYs, protect and then validate, beside
   a plain copy. What stands between the markers is the cffi cdef too.

   The twin is macsec/measure/latency/chain.py. Memory is the caller's; one thread at a time per chain. */
#ifndef MACSEC_LATENCY_H
#define MACSEC_LATENCY_H

#include "measure/clock.h"
#include "measure/histogram.h"
#include "secy/macsec.h"

/* cdef: begin */
/* Frames of `given` come in turn. `room`: four areas of `area` octets, each with place for the
   longest frame and 32 octets more. `faults` counts frames that were not protected, or did not come
   back as they were. */
typedef struct macsec_chain {
    macsec_secy *tx;
    macsec_secy *rx;
    const macsec_frames *given;
    uint8_t *room;
    int64_t area;
    int64_t next;
    int64_t faults;
    double ns_per_tick;
    int64_t empty_ticks; /* of the clock itself, taken off each interval */
} macsec_chain;

/* Where the time of each frame is counted; `both`: protect and validate. */
typedef struct macsec_lanes {
    macsec_histogram *clock; /* nothing at all */
    macsec_histogram *clear; /* the frame copied */
    macsec_histogram *protect;
    macsec_histogram *validate;
    macsec_histogram *both;
} macsec_lanes;

/* So many frames, each through all lanes; clear goes first for every other one. */
void macsec_chain_lanes(macsec_chain *chain, const macsec_lanes *lanes, int64_t frames);

/* Frames that fall due at even intervals, whether or not the chain keeps up. `ring`: `capacity`
   places where frames wait until they are handled; one that finds none is lost. */
typedef struct macsec_offer {
    double interval_ticks;
    int64_t frames;
    int64_t *ring;
    int64_t capacity;
    const int64_t *service; /* ticks that each frame handled takes, in virtual time; NULL: real */
    int64_t deadline_ticks; /* from the first one due */
    macsec_histogram *latency; /* from when it was due until it was handled */
    int64_t handled;
    int64_t late; /* of those, after the deadline */
    int64_t lost;
    int64_t ticks; /* from the first one due to the last one handled */
} macsec_offer;

void macsec_chain_offer(macsec_chain *chain, macsec_offer *offer);
/* cdef: end */

#endif

/* Latency of single frames: a chain of two SecYs, protect and then validate, beside a plain copy.
   The declarations between the markers are cffi's too.

   The twin is macsec/measure/latency/chain.py. Memory belongs to the caller; use a chain from one
   thread at a time. */
#ifndef MACSEC_LATENCY_H
#define MACSEC_LATENCY_H

#include "measure/clock.h"
#include "measure/histogram.h"
#include "secy/macsec.h"

/* cdef: begin */
/* Frames of `given` are used in turn. `room`: four areas of `area` octets, each with room for the
   longest frame and 32 octets more. `faults` counts frames that were not protected, or were not
   delivered as they were sent. */
typedef struct macsec_chain {
    macsec_secy *tx;
    macsec_secy *rx;
    const macsec_frames *given;
    uint8_t *room;
    int64_t area;
    int64_t next;
    int64_t faults;
    double ns_per_tick;
    int64_t empty_ticks; /* of the clock itself, subtracted from each interval */
} macsec_chain;

/* Histograms of the time of each frame; `both`: protect and validate. */
typedef struct macsec_lanes {
    macsec_histogram *clock; /* nothing at all */
    macsec_histogram *clear; /* the frame copied */
    macsec_histogram *protect;
    macsec_histogram *validate;
    macsec_histogram *both;
} macsec_lanes;

/* Send `frames` frames, each through all lanes; every second one through `clear` first. */
void macsec_chain_lanes(macsec_chain *chain, const macsec_lanes *lanes, int64_t frames);

/* Frames that are due at even intervals, even if the chain does not keep up. `ring`: `capacity`
   places where frames wait; a frame that finds none is lost. */
typedef struct macsec_offer {
    double interval_ticks;
    int64_t frames;
    int64_t *ring;
    int64_t capacity;
    const int64_t *service;    /* ticks for each frame, in virtual time; NULL: real time */
    int64_t deadline_ticks;    /* from the first one due */
    macsec_histogram *latency; /* from when it was due until it was handled */
    int64_t handled;
    int64_t late; /* handled after the deadline */
    int64_t lost;
    int64_t ticks; /* from the first one due to the last one handled */
} macsec_offer;

void macsec_chain_offer(macsec_chain *chain, macsec_offer *offer);
/* cdef: end */

#endif

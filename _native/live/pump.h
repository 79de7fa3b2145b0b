/* A pump: move frames between a clear end and a wire end, through one SecY, without Python,
   in one thread (D-15).

   For the ends see ends.h. */
#ifndef MACSEC_PUMP_H
#define MACSEC_PUMP_H

#include <stdint.h>

#include "secy/macsec.h"

/* cdef: begin */

/* Counts of one direction. In: read from one end. Out: written to the other. The SecY discarded the
   difference, or the frame was `blocked`: dropped because the Controlled Port was closed.
   `too_long` and `dropped`: refused by the end that they were written to. */
typedef struct macsec_pump_counts {
    uint64_t frames_in;
    uint64_t octets_in;
    uint64_t batches;
    uint64_t frames_out;
    uint64_t octets_out;
    uint64_t too_long;
    uint64_t dropped;
    uint64_t blocked;
} macsec_pump_counts;

typedef struct macsec_pump macsec_pump;

/* Make a pump, or return NULL where memory is short. `lock` is the address of a pthread_mutex_t:
   the pump holds it while a batch is in the SecY. The Controlled Port is open at first. Ends, SecY
   and lock belong to the caller, and have to outlive the pump. */
macsec_pump *macsec_pump_new(macsec_secy *secy, uintptr_t lock, int clear, int wire);
void macsec_pump_free(macsec_pump *pump);

/* Open or close the Controlled Port, from any thread. Once this returns, no frame enters the SecY
   while the port is closed: frames from either end are dropped. */
void macsec_pump_open(macsec_pump *pump, int open);

/* Move frames until `stop` (an eventfd) can be read. Returns 0, or the errno of the end that
   failed; `failed` says which end that is. */
int macsec_pump_run(macsec_pump *pump, int stop, macsec_which_end *failed);

/* Read the counts to the wire (0) or from it (1), at any time, from any thread. */
void macsec_pump_read(const macsec_pump *pump, int from_wire, macsec_pump_counts *counts);

/* cdef: end */
#endif
